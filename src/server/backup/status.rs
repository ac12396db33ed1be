//! The status of BackupDefaults: whether they can be used, and which databases have no backups.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::beside::Beside;
use crate::backup::spec::{BackupDefaultsStatus, UnprotectedSpec};
use crate::object::Object;

/// How many databases without backups are named.
const MOST: usize = 100;

/// What is found of the databases to which BackupDefaults apply.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) injected: u32,
    pub(super) unprotected: Vec<UnprotectedSpec>,
}

/// The status with what was found, in place of what it was. Conditions that somebody else keeps stay.
pub(super) fn status(
    defaults: &Object,
    before: &BackupDefaultsStatus,
    (found, beside): (Found, &Beside),
    now: Timestamp,
) -> BackupDefaultsStatus {
    let mut ready = ready(defaults, beside, now);
    ready.observed_generation = defaults.generation();
    let mut conditions = before.conditions.clone();
    match conditions.iter_mut().find(|it| it.type_ == ready.type_) {
        Some(known) => {
            if known.status == ready.status {
                ready.last_transition_time = known.last_transition_time.clone();
            }
            *known = ready;
        }
        None => conditions.push(ready),
    }
    let mut unprotected = found.unprotected;
    unprotected.truncate(MOST);
    BackupDefaultsStatus {
        observed_generation: defaults.generation(),
        injected: Some(found.injected),
        unprotected,
        conditions,
    }
}

fn ready(defaults: &Object, beside: &Beside, now: Timestamp) -> Condition {
    let name = &defaults.reference().name;
    let problems = beside.problems(name);
    let one = beside.defaults().all().iter().find(|one| one.name == *name);
    let notes = one.map(|one| one.notes().join("; ")).unwrap_or_default();
    let (status, reason, message) = if problems.is_empty() {
        ("True", "Compiled", notes)
    } else {
        ("False", "Invalid", problems.join("; "))
    };
    Condition {
        type_: "Ready".to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message,
        observed_generation: None,
        last_transition_time: Time(now),
    }
}
