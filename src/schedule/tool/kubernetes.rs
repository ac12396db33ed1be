//! What Kubernetes itself carries out: a Job acts as long as it runs.

use serde_json::{Value, json};

use crate::object::Object;
use crate::schedule::observed::ToolState;

pub(super) fn job(object: &Object) -> ToolState {
    let active = object.root().get("status").get("active").integer();
    let active = active.ok().flatten().unwrap_or(0);
    let has = |condition: &str| object.has_condition(&[condition]);
    if has("Failed") {
        ToolState::Failed("its Job failed".to_owned())
    } else if has("Complete") || (has("Suspended") && active == 0) {
        ToolState::Over
    } else if active > 0 {
        ToolState::InEffect
    } else {
        ToolState::Beginning
    }
}

pub(super) fn suspend() -> Value {
    json!({"spec": {"suspend": true}})
}
