//! Which chaos objects of the cluster are live, and which pods they hold.
//!
//! Conditions are not asked: a finished kill says "all injected" for ever, and one that never
//! began says "all recovered". Records, the desired phase and whether the fault is an instant tell
//! the truth.

use serde_json::Value;

use super::{Active, Inventory, PodId};
use crate::fault::{self, Experiment, Lifetime};
use crate::object::Object;

/// Every live experiment among `objects`, whose pods are in `inventory`.
///
/// A schedule is not live between its ticks, and each run it starts is an object of its own. An
/// object that cannot be read is left out: nothing tells what it holds.
#[must_use]
pub fn active(objects: &[Object], inventory: &Inventory) -> Vec<Active> {
    objects
        .iter()
        .filter_map(|object| live(object, inventory))
        .collect()
}

fn live(object: &Object, inventory: &Inventory) -> Option<Active> {
    let experiment = fault::read(object).ok()??;
    if experiment.schedule.is_some() || is_finished(object) {
        return None;
    }
    let created = object.root().get("metadata").get("creationTimestamp");
    let started = created
        .text()
        .ok()
        .flatten()
        .and_then(|text| text.parse().ok());
    let records = object
        .value()
        .pointer("/status/experiment/containerRecords");
    match records.and_then(Value::as_array) {
        None if is_stopped(object) || experiment.dormant => None,
        None => Some(Active {
            experiment,
            records: None,
            started,
        }),
        Some(records) => holds(&experiment, records, is_stopped(object)).then(|| Active {
            records: Some(pods(records, inventory)),
            experiment,
            started,
        }),
    }
}

/// Whether the records say that something is, or will be, injected.
fn holds(experiment: &Experiment, records: &[Value], stopped: bool) -> bool {
    let phase = |record: &Value| {
        record
            .get("phase")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let all = |wanted: &str| {
        records
            .iter()
            .all(|record| phase(record).as_deref() == Some(wanted))
    };
    let instant = experiment
        .faults
        .iter()
        .all(|fault| fault.lifetime == Lifetime::Instant);
    if instant {
        !all("Injected")
    } else {
        !(stopped && all("Not Injected"))
    }
}

/// The pods that the records name, `namespace/pod` or `namespace/pod/container`.
fn pods(records: &[Value], inventory: &Inventory) -> Vec<PodId> {
    let pod = |record: &Value| {
        let mut parts = record.get("id")?.as_str()?.split('/');
        inventory.find_pod(parts.next()?, parts.next()?)
    };
    let mut pods: Vec<PodId> = records.iter().filter_map(pod).collect();
    pods.sort_unstable();
    pods.dedup();
    pods
}

fn is_stopped(object: &Object) -> bool {
    text(object, "/status/experiment/desiredPhase") == Some("Stop")
}

/// Whether the object's own word is that it is over.
fn is_finished(object: &Object) -> bool {
    let over =
        |pointer: &str, words: &[&str]| text(object, pointer).is_some_and(|w| words.contains(&w));
    over("/status/engineStatus", &["completed", "stopped"])
        || over("/spec/engineState", &["stop"])
        || over("/status/phase", &["Succeeded", "Failed", "Error"])
        || has_condition(object, &["Accomplished", "Complete", "Failed"])
}

fn has_condition(object: &Object, types: &[&str]) -> bool {
    let conditions = object
        .value()
        .pointer("/status/conditions")
        .and_then(Value::as_array);
    let holds = |condition: &Value| {
        let of_type = condition.get("type").and_then(Value::as_str);
        of_type.is_some_and(|found| types.contains(&found))
            && condition.get("status").and_then(Value::as_str) == Some("True")
    };
    conditions.is_some_and(|all| all.iter().any(holds))
}

fn text<'a>(object: &'a Object, pointer: &str) -> Option<&'a str> {
    object.value().pointer(pointer).and_then(Value::as_str)
}
