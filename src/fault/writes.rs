//! Which writes of a chaos object inject, which only keep books, and which forge the books.
//!
//! Chaos Mesh and Litmus keep their records in the objects people write, without a status
//! subresource. A record is trusted input to the tool: where one is present the selector is not
//! asked at all.

use serde_json::Value;

use super::{Unreadable, kube_monkey};
use crate::object::Object;

const CHAOS_MESH: &str = "chaos-mesh.org";
const LITMUS: &str = "litmuschaos.io";
const ARGO: &str = "argoproj.io";

const PAUSE: &str = "experiment.chaos-mesh.org/pause";
const FORCED_CLEANUP: &str = "chaos-mesh.chaos-mesh.org/cleanFinalizer";
const FINALIZERS: &[&str] = &["metadata", "finalizers"];
const RECOVERY: &str = "chaos-mesh/records";
const RECORDS: &[&str] = &["status", "experiment", "containerRecords"];
const DESIRED_PHASE: &[&str] = &["status", "experiment", "desiredPhase"];
const ENGINE_STATE: &[&str] = &["spec", "engineState"];
const ENGINE_STATUS: &[&str] = &["status", "engineStatus"];
const SCHEDULE_STATE: &[&str] = &["spec", "scheduleState"];
/// The label by which Litmus finds what it has to stop.
const STOP_LABEL: &str = "chaosUID";
/// The finalizer with which Litmus aborts before the object goes.
const ABORT: &str = "chaosengine.litmuschaos.io/finalizer";

/// Objects that Chaos Mesh writes for itself; written by hand they inject without a selector.
pub const INTERNAL: &[&str] = &[
    "PodNetworkChaos",
    "PodIOChaos",
    "PodHttpChaos",
    "WorkflowNode",
];

/// Whether only its tool is meant to write this object.
#[must_use]
pub fn is_internal(object: &Object) -> bool {
    let reference = object.reference();
    reference.group == CHAOS_MESH && INTERNAL.contains(&reference.kind.as_str())
}

/// A status on a new object that would make its tool skip the selector. The empty shells that the
/// tool's own mutating webhook adds are none.
#[must_use]
pub fn forged_status(object: &Object) -> Option<Unreadable> {
    if engine_is_active(object)
        && let Some(value) = filled(object, ENGINE_STATUS)
    {
        let found = format!("a status written by hand ({value})");
        let expected = "an engine without status";
        return Some(Unreadable::new("status.engineStatus", found, expected));
    }
    if object.reference().group != CHAOS_MESH {
        return None;
    }
    [(RECORDS, "records"), (DESIRED_PHASE, "a desired phase")]
        .into_iter()
        .find_map(|(path, what)| {
            let value = filled(object, path)?;
            Some(Unreadable::new(
                path.join("."),
                format!("{what} written by hand ({value})"),
                "an object without status",
            ))
        })
}

/// A change of records that only the tool may make: it would select again, or hit what the records
/// name.
#[must_use]
pub fn forged_change(old: &Object, new: &Object) -> Option<Unreadable> {
    let label = new.label(STOP_LABEL);
    if new.is(LITMUS, "ChaosEngine") && label.is_some() && label != old.label(STOP_LABEL) {
        return Some(Unreadable::new(
            "metadata.labels.chaosUID",
            format!("\"{}\" written by hand", label.unwrap_or_default()),
            "no such label: with it, stopping the engine stops nothing",
        ));
    }
    if old.reference().group != CHAOS_MESH || old.at(RECORDS) == new.at(RECORDS) {
        return None;
    }
    Some(Unreadable::new(
        "status.experiment.containerRecords",
        "records changed by hand, after which the experiment is injected again",
        "the records as they were, or a new object under a new name",
    ))
}

/// Whether an update that leaves the spec alone lets an experiment act: it is un-paused, runs again,
/// its fault is about to be orphaned, or a workload enrols for chaos.
#[must_use]
pub fn arms(old: &Object, new: &Object) -> bool {
    match old.reference().group.as_str() {
        CHAOS_MESH => {
            let unpaused = paused(old) && !paused(new);
            let unguarded = guarded(old, RECOVERY) && !guarded(new, RECOVERY);
            let left = forced(new) && !forced(old) || unguarded;
            let orphaned = left && holds_a_fault(new);
            unpaused || orphaned
        }
        LITMUS => {
            let orphaned = guarded(old, ABORT) && !guarded(new, ABORT) && engine_is_running(new);
            orphaned || engine_is_active(new) && !engine_is_running(old)
        }
        "apps" => kube_monkey::enrols(old, new),
        _ => false,
    }
}

/// Whether an update stops an experiment and forges nothing on the way. Whatever else it writes is
/// judged when the experiment is set going again.
#[must_use]
pub fn stops(old: &Object, new: &Object) -> bool {
    if new.reference().group == ARGO {
        return halts(old, new);
    }
    let says = |path: &[&str], word: &str| text(new, path) == Some(word);
    let honest = old.at(ENGINE_STATUS) == new.at(ENGINE_STATUS);
    new.is(LITMUS, "ChaosEngine") && says(ENGINE_STATE, "stop") && honest
        || new.is(LITMUS, "ChaosSchedule") && says(SCHEDULE_STATE, "halt")
}

/// Whether Litmus still works on an engine, or would start it at once, whatever its status says:
/// one that is stopped while it ran goes on until its operator has found everything.
#[must_use]
pub fn engine_is_at_work(object: &Object) -> bool {
    let is_engine = object.is(LITMUS, "ChaosEngine");
    is_engine && (engine_is_active(object) || text(object, ENGINE_STATUS) == Some("initialized"))
}

/// Whether an update does nothing to a workflow but end it, or keep it from going on.
fn halts(old: &Object, new: &Object) -> bool {
    let spec = |object: &Object| object.value().get("spec").cloned().unwrap_or_default();
    let (mut before, mut after) = (spec(old), spec(new));
    let text = |key: &str| after.get(key).and_then(Value::as_str).unwrap_or_default();
    let ends = !text("shutdown").is_empty();
    let waits = after.get("suspend") == Some(&Value::Bool(true));
    for spec in [&mut before, &mut after] {
        if let Some(spec) = spec.as_object_mut() {
            spec.retain(|key, _| !["shutdown", "suspend"].contains(&key.as_str()));
        }
    }
    (ends || waits) && before == after
}

fn paused(object: &Object) -> bool {
    object.annotation(PAUSE) == Some("true")
}

fn forced(object: &Object) -> bool {
    object.annotation(FORCED_CLEANUP) == Some("forced")
}

/// Whether the tool will recover before the object goes.
fn guarded(object: &Object, finalizer: &str) -> bool {
    let finalizers = object.at(FINALIZERS).and_then(Value::as_array);
    finalizers.is_some_and(|all| all.iter().any(|it| it.as_str() == Some(finalizer)))
}

fn holds_a_fault(object: &Object) -> bool {
    let records = object.at(RECORDS).and_then(Value::as_array);
    let live = |record: &Value| record.get("phase").and_then(Value::as_str) != Some("Not Injected");
    records.is_some_and(|records| records.iter().any(live))
}

fn engine_is_active(object: &Object) -> bool {
    let is_engine = object.is(LITMUS, "ChaosEngine");
    is_engine && matches!(text(object, ENGINE_STATE), None | Some("active" | ""))
}

/// A finished or stopped engine that is set active, or left active, runs again from the start.
fn engine_is_running(object: &Object) -> bool {
    let status = text(object, ENGINE_STATUS);
    engine_is_active(object) && !matches!(status, Some("completed" | "stopped"))
}

fn text<'a>(object: &'a Object, path: &[&str]) -> Option<&'a str> {
    object.at(path).and_then(Value::as_str)
}

fn filled<'a>(object: &'a Object, path: &[&str]) -> Option<&'a Value> {
    let value = object.at(path)?;
    let empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    (!empty).then_some(value)
}
