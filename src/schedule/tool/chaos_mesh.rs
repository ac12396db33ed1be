//! Chaos Mesh: records per victim, and the phase that its controller steers them to.

use serde_json::{Value, json};

use crate::fault::{self, Lifetime, Surroundings};
use crate::object::Object;
use crate::schedule::observed::ToolState;

/// Whether it acts in an instant: it is over once everybody was hit, and is never paused.
fn is_instant(object: &Object) -> bool {
    let read = fault::read(object, Surroundings::NONE).ok().flatten();
    read.is_some_and(|it| {
        it.faults
            .iter()
            .all(|fault| fault.lifetime == Lifetime::Instant)
    })
}

pub(super) fn state(object: &Object) -> ToolState {
    let experiment = object.root().get("status").get("experiment");
    let desired = experiment.get("desiredPhase").text().ok().flatten();
    let stopping = desired == Some("Stop");
    let records = experiment.get("containerRecords");
    if !records.is_set() {
        return ToolState::Beginning;
    }
    let Ok(records) = records.items() else {
        return ToolState::Beginning;
    };
    let phases: Vec<&str> = records
        .iter()
        .map(|it| it.get("phase").text().ok().flatten().unwrap_or_default())
        .collect();
    let all = |phase: &str| phases.iter().all(|it| *it == phase);
    match (is_instant(object), stopping) {
        (true, _) if all("Injected") => ToolState::Over,
        (false, true) if all("Not Injected") => ToolState::Over,
        // What waits to be injected is injected first and recovered then.
        (false, true) => ToolState::InEffect,
        (false, false) if all("Injected") => ToolState::InEffect,
        (true, _) | (false, false) => ToolState::Beginning,
    }
}

pub(super) fn stop(object: &Object) -> Option<Value> {
    let pause = json!({"metadata": {"annotations": {"experiment.chaos-mesh.org/pause": "true"}}});
    (!is_instant(object)).then_some(pause)
}

pub(super) fn force() -> Value {
    let forced = "chaos-mesh.chaos-mesh.org/cleanFinalizer";
    json!({"metadata": {"annotations": {forced: "forced"}}})
}
