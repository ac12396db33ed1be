//! Which chaos objects of the cluster are live, and which pods they hold.
//!
//! Conditions are not asked: a finished kill says "all injected" for ever, and one that never
//! began says "all recovered". Records, the desired phase and whether the fault is an instant tell
//! the truth.

use std::collections::BTreeSet;

use serde_json::Value;

use super::active::created;
use super::{Active, Inventory, PodId};
use crate::fault::{self, Aim, Experiment, Lifetime};
use crate::object::{Object, ObjectRef};

/// What is live in a cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Live {
    /// The experiments.
    pub experiments: Vec<Active>,
    /// Chaos objects that may be live and cannot be read, a sentence each. What they hold is not
    /// known, so nothing else can be bounded while they are there.
    pub unread: Vec<String>,
    /// Chaos objects that are there and do nothing any more, or nothing by themselves.
    pub over: Vec<ObjectRef>,
}

impl Live {
    /// Of what could do anything by rights that are not known, nobody can tell what it holds.
    pub(super) fn doubt(&mut self, why: &str) {
        let untold = |active: &&Active| {
            let mut faults = active.experiment.faults.iter();
            faults.any(|fault| matches!(fault.aim, Aim::Unknown(_)))
        };
        let untold = self.experiments.iter().filter(untold);
        self.unread.extend(untold.map(|active| {
            format!(
                "{} is live and may do anything: {why}",
                active.experiment.object
            )
        }));
    }
}

/// Every live experiment among `objects`, whose pods are in `inventory`. A schedule is not live
/// between its ticks, and each run it starts is an object of its own; and so is everything that a
/// workflow of Argo applies. What does not say that it is chaos is how the cluster is.
#[must_use]
pub fn live(objects: &[Object], inventory: &Inventory) -> Live {
    let objects: Vec<&Object> = objects.iter().collect();
    among(&objects, inventory)
}

/// The same of objects wherever they are kept.
pub(super) fn among(objects: &[&Object], inventory: &Inventory) -> Live {
    let mut live = Live::default();
    let runs = |object: &&Object| {
        let by_others = fault::acts_through_others(object) || is_passive(object, inventory);
        !is_finished(object) && !by_others
    };
    for object in objects.iter().copied().filter(runs) {
        match fault::read(object, inventory.surroundings()) {
            Ok(None) => {}
            Ok(Some(experiment)) => {
                live.experiments.extend(active(object, experiment, inventory));
            }
            Err(problem) => live.unread.push(format!(
                "{} is in the cluster and cannot be read ({problem}), so what it holds is not known",
                object.reference()
            )),
        }
    }
    let now = live.experiments.iter().map(|it| &it.experiment.object);
    let now: BTreeSet<&ObjectRef> = now.collect();
    let of_tools = objects.iter().filter(|it| fault::is_of_a_tool(it));
    let over = of_tools.map(|it| it.reference());
    let over = over.filter(|it| !now.contains(it));
    live.over = over.cloned().collect();
    live
}

fn active(object: &Object, experiment: Experiment, inventory: &Inventory) -> Option<Active> {
    if experiment.schedule.is_some() || !experiment.declared {
        return None;
    }
    let started = created(object);
    let records = object
        .value()
        .pointer("/status/experiment/containerRecords");
    let records = records.and_then(Value::as_array);
    let is_live = match records {
        None if fault::engine_is_at_work(object) => true,
        None => !is_stopped(object) && !experiment.dormant,
        Some(records) => holds(&experiment, records, is_stopped(object)),
    };
    is_live.then(|| Active {
        records: records.map(|records| pods(records, inventory)),
        experiment,
        started,
    })
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

/// Whether other objects do what this one says: engines what their definition says, and the engine
/// of a schedule that starts a single one.
fn is_passive(object: &Object, inventory: &Inventory) -> bool {
    const LITMUS: &str = "litmuschaos.io";
    let reference = object.reference();
    let engine = (LITMUS, "ChaosEngine");
    let around = inventory.surroundings();
    let started = || around.find(engine, &reference.namespace, &reference.name);
    object.is(LITMUS, "ChaosExperiment")
        || object.is(LITMUS, "ChaosSchedule") && started().is_some()
}

/// Whether the object's own word is that it is over. An engine's is not taken for it: whoever may
/// change engines may write their status.
fn is_finished(object: &Object) -> bool {
    let over =
        |pointer: &str, words: &[&str]| text(object, pointer).is_some_and(|w| words.contains(&w));
    over("/spec/engineState", &["stop"]) && !fault::engine_is_at_work(object)
        || over("/status/phase", &["Succeeded", "Failed", "Error"])
        || object.has_condition(&["Accomplished", "Complete", "Failed"])
}

fn text<'a>(object: &'a Object, pointer: &str) -> Option<&'a str> {
    object.value().pointer(pointer).and_then(Value::as_str)
}
