//! What Kubernetes itself carries out: a Job acts as long as it runs.

use serde_json::{Value, json};

use crate::object::{Field, Object};
use crate::schedule::observed::ToolState;

pub(super) fn job(object: &Object) -> ToolState {
    let status = object.root().get("status");
    let conditions = status.get("conditions").items().unwrap_or_default();
    let says = |it: &Field<'_>, key: &str, word: &str| {
        it.get(key).text().is_ok_and(|text| text == Some(word))
    };
    let has = |name: &str| {
        let mut all = conditions.iter();
        all.any(|it| says(it, "type", name) && says(it, "status", "True"))
    };
    let active = status.get("active").integer().ok().flatten().unwrap_or(0);
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
