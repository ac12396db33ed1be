//! What the resources of Percona's operators have in common.

use serde_json::Value;

use super::Evidence;
use super::backup::Records;
use crate::inventory::lenient::{count, list, text, truth};

/// The states in which an operator takes its database down, or has.
const PAUSED: &[&str] = &["paused", "stopping"];

/// Whether the database is meant to be down.
pub(super) fn paused(resource: &Value) -> bool {
    truth(resource, "/spec/pause") || PAUSED.contains(&text(resource, "/status/state"))
}

/// Why the database is not healthy by its own word.
pub(super) fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    if !evidence.has_status() {
        return None;
    }
    let resource = evidence.value();
    let state = text(resource, "/status/state");
    if state != "ready" {
        let message = match text(resource, "/status/message") {
            "" => text(resource, "/status/message/0"),
            message => message,
        };
        let colon = if message.is_empty() { "" } else { ": " };
        return Some(format!("its state is \"{state}\"{colon}{message}"));
    }
    let generation = count(resource, "/metadata/generation");
    let observed = count(resource, "/status/observedGeneration");
    let behind = generation.is_some() && observed != generation;
    behind.then(|| "its operator has not seen its current spec yet".to_owned())
}

/// What keeps the database busy: a restore or backup that has not ended, members that are added,
/// or a rollout of one of these StatefulSets.
pub(super) fn busy(
    evidence: &Evidence<'_>,
    records: &[Records],
    sets: &[String],
) -> Option<String> {
    let mut records = records.iter();
    let unfinished = records.find_map(|it| it.unfinished(evidence));
    let initializing = text(evidence.value(), "/status/state") == "initializing";
    let initializing = || initializing.then(|| "it is initializing".to_owned());
    let mut sets = sets.iter();
    let rollout = || sets.find_map(|set| evidence.rollout(set));
    unfinished.or_else(initializing).or_else(rollout)
}

/// The schedules of these backups, in the time zone of the operator.
pub(super) fn schedules<'v>(
    backups: impl Iterator<Item = &'v Value>,
) -> Vec<(String, Option<String>)> {
    backups
        .map(|it| (text(it, "/schedule").to_owned(), None))
        .collect()
}

/// The schedules of backups that the resource lists, where backups are on.
pub(super) fn scheduled<'v>(resource: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    let on = truth(resource, "/spec/backup/enabled");
    list(resource, pointer).iter().filter(move |_| on)
}
