//! When a MariaDB was last backed up. The status of a backup says "complete" of one that failed,
//! so what counts is what the backup left behind: Jobs, CronJobs, snapshots of volumes.

use jiff::Timestamp;
use serde_json::Value;

use super::backup::{Success, latest, named, newest};
use super::{Evidence, copy};
use crate::inventory::kinds::{
    CRON_JOB, JOB, Kind, MARIADB, MARIADB_BACKUP, MARIADB_PHYSICAL_BACKUP, MARIADB_RESTORE,
    VOLUME_SNAPSHOT,
};
use crate::inventory::lenient::{condition, instant, is_set, list, text, truth};
use crate::inventory::workload::controller;
use crate::inventory::world::namespace;
use crate::inventory::{Backup, Origin};
use crate::object::Object;

const PHYSICAL: Kind = MARIADB_PHYSICAL_BACKUP;
const LOGICAL: Kind = MARIADB_BACKUP;
const RESTORE: Kind = MARIADB_RESTORE;
const KINDS: [Kind; 2] = [PHYSICAL, LOGICAL];

/// What a backup makes, where a success stands, and since when.
const TRACES: [(Kind, &str); 3] = [
    (JOB, "/status/completionTime"),
    (CRON_JOB, "/status/lastSuccessfulTime"),
    (VOLUME_SNAPSHOT, "/status/creationTime"),
];

const OF_PHYSICAL: &str = "physicalbackup.k8s.mariadb.com/name";

/// The newest backup that is proved to have succeeded.
pub(super) fn backup(evidence: &Evidence<'_>) -> Backup {
    let objects = backups(evidence);
    let successes: Vec<Success> = objects
        .iter()
        .flat_map(|it| successes(evidence, it))
        .collect();
    let known = newest(evidence, &successes, &restores(evidence));
    if known != Backup::Never {
        return known;
    }
    let origin = origin(evidence).and_then(|it| it.at);
    let unproved = || {
        let unproved = objects.iter().find(|it| is_unproved(evidence, it))?;
        Some(Backup::Unknown(format!(
            "{} ran, and nothing of what it made is in the inventory",
            named(unproved)
        )))
    };
    origin.map(Backup::At).or_else(unproved).unwrap_or(known)
}

/// The backups of this database. What they refer to may be of another kind, or in another
/// namespace.
fn backups<'e>(evidence: &Evidence<'e>) -> Vec<&'e Object> {
    let all = KINDS.iter().flat_map(|kind| referring(evidence, *kind));
    all.collect()
}

fn referring<'e>(
    evidence: &Evidence<'e>,
    kind: Kind,
) -> impl Iterator<Item = &'e Object> + use<'e> {
    let (name, place) = (evidence.name, evidence.namespace);
    evidence.world.all(kind).filter(move |object| {
        let reference = |field: &str| text(object.value(), &format!("/spec/mariaDbRef/{field}"));
        let told = match reference("namespace") {
            "" => namespace(object),
            place => place,
        };
        let kept = !is_set(object.value(), "/metadata/deletionTimestamp");
        let ours = ["", "MariaDB"].contains(&reference("kind")) && reference("name") == name;
        kept && ours && told == place
    })
}

/// What a backup left behind.
fn traces<'e>(
    evidence: &Evidence<'e>,
    backup: &'e Object,
) -> impl Iterator<Item = (&'e Object, &'static str)> + use<'e> {
    let reference = backup.reference();
    let world = evidence.world;
    let made_by = move |object: &Object| {
        let owner = controller(object);
        let owned = owner.is_some_and(|it| {
            it.resource() == (LOGICAL.group(), &*reference.kind) && it.name == reference.name
        });
        let labelled = reference.kind == PHYSICAL.name()
            && object.label(OF_PHYSICAL) == Some(reference.name.as_str());
        let kept = !is_set(object.value(), "/metadata/deletionTimestamp");
        kept && (owned || labelled)
    };
    TRACES.iter().flat_map(move |(kind, at)| {
        let objects = world.within(*kind, namespace(backup));
        objects
            .filter(move |it| made_by(it))
            .map(move |it| (it, *at))
    })
}

/// Whether a Job may be what a backup left behind.
pub(in crate::inventory) fn is_trace(object: &Object) -> bool {
    let owned = controller(object).is_some_and(|it| it.api_group == LOGICAL.group());
    owned || object.label(OF_PHYSICAL).is_some()
}

fn successes<'e>(evidence: &Evidence<'e>, backup: &'e Object) -> Vec<Success> {
    let succeeded = traces(evidence, backup).filter(|(object, at)| succeeded(object, at));
    let success = |(object, at): (&Object, &str)| Success {
        what: named(object),
        at: instant(object.value(), at),
    };
    succeeded.map(success).collect()
}

fn succeeded(object: &Object, at: &str) -> bool {
    let value = object.value();
    match object.reference().kind.as_str() {
        "Job" => condition(value, "Complete") == Some("True"),
        "VolumeSnapshot" => truth(value, "/status/readyToUse"),
        _ => is_set(value, at),
    }
}

/// Whether a backup says that it ran, and left nothing that says how it ended.
fn is_unproved<'e>(evidence: &Evidence<'e>, backup: &'e Object) -> bool {
    let value = backup.value();
    let ran =
        is_set(value, "/status/lastScheduleTime") || condition(value, "Complete") == Some("True");
    ran && traces(evidence, backup).next().is_none()
}

/// The backup that the database was made from. It holds what the database held at first, however
/// much older it is.
fn origin(evidence: &Evidence<'_>) -> Option<Success> {
    let from = evidence.value().pointer("/spec/bootstrapFrom")?;
    let snapshot = text(from, "/volumeSnapshotRef/name");
    let (kind, at) = TRACES[2];
    let snapshot = evidence.world.find(kind, evidence.namespace, snapshot);
    let snapshot = snapshot.filter(|it| succeeded(it, at)).map(|it| Success {
        what: named(it),
        at: instant(it.value(), at),
    });
    let told = text(from, "/backupRef/kind");
    let kind = if told == PHYSICAL.name() {
        PHYSICAL
    } else {
        LOGICAL
    };
    let name = text(from, "/backupRef/name");
    let backup = evidence.world.find(kind, evidence.namespace, name);
    let of_backup = backup.map(|it| successes(evidence, it)).unwrap_or_default();
    let all = snapshot.into_iter().chain(of_backup);
    let restored = !restores(evidence).is_empty();
    all.max_by_key(|it| it.at).filter(|_| !restored)
}

/// Restores that succeeded, but for the one that filled the database when it was made.
fn restores(evidence: &Evidence<'_>) -> Vec<Success> {
    let first = format!("{}-restore", evidence.name);
    let made_from = is_set(evidence.value(), "/spec/bootstrapFrom");
    let restores = referring(evidence, RESTORE);
    let later = restores.filter(|it| !(made_from && it.reference().name == first));
    let success = |object: &Object| {
        let complete = complete(object.value())?;
        (text(complete, "/reason") == "JobComplete").then(|| Success {
            what: named(object),
            at: instant(complete, "/lastTransitionTime"),
        })
    };
    later.filter_map(success).collect()
}

/// When it was last restored, or one of its backups into another database.
pub(super) fn restored(evidence: &Evidence<'_>) -> Option<Timestamp> {
    latest(&restores(evidence)).max(copied(evidence))
}

fn copied(evidence: &Evidence<'_>) -> Option<Timestamp> {
    let own = backups(evidence);
    copy::latest(evidence, MARIADB, |it| {
        let from = |field: &str| {
            text(
                it.value(),
                &format!("/spec/bootstrapFrom/backupRef/{field}"),
            )
        };
        let kind = match from("kind") {
            "" => LOGICAL.name(),
            told => told,
        };
        let is_origin = |backup: &&Object| {
            let reference = backup.reference();
            let here = namespace(backup) == namespace(it);
            here && reference.kind == kind && reference.name == from("name")
        };
        condition(it.value(), "BackupRestored") == Some("True") && own.iter().any(is_origin)
    })
}

/// The condition that says that something ended, well or not.
fn complete(value: &Value) -> Option<&Value> {
    let mut conditions = list(value, "/status/conditions").iter();
    conditions.find(|it| text(it, "/type") == "Complete" && text(it, "/status") == "True")
}

/// A backup or a restore that has begun, or is about to begin, and has not ended.
pub(super) fn unfinished(evidence: &Evidence<'_>) -> Option<String> {
    if evidence.world.origin == Origin::Manifests {
        return None;
    }
    let backups = backups(evidence);
    let traces = backups.iter().flat_map(|it| traces(evidence, it));
    let mut running = traces.filter(|(object, _)| runs(object));
    if let Some((object, _)) = running.next() {
        return Some(format!("{} is running", named(object)));
    }
    let mut restores = referring(evidence, RESTORE);
    if let Some(restore) = restores.find(|it| complete(it.value()).is_none()) {
        return Some(format!("{} has not ended", named(restore)));
    }
    if is_restoring(evidence.value()) {
        return Some("the backup it is made from is not restored yet".to_owned());
    }
    let due = backups.iter().find(|it| is_due(evidence, it))?;
    Some(format!("{} has not begun", named(due)))
}

fn is_restoring(resource: &Value) -> bool {
    let restored = condition(resource, "BackupRestored") == Some("True");
    is_set(resource, "/spec/bootstrapFrom") && !restored
}

fn runs(object: &Object) -> bool {
    let value = object.value();
    let is = |kind: &str| condition(value, kind) == Some("True");
    match object.reference().kind.as_str() {
        "Job" => !is("Complete") && !is("Failed") && !truth(value, "/spec/suspend"),
        "CronJob" => !list(value, "/status/active").is_empty(),
        _ => !truth(value, "/status/readyToUse") && !is_set(value, "/status/error"),
    }
}

/// Whether a backup begins at once, because it never ran or is told to run now.
fn is_due<'e>(evidence: &Evidence<'e>, backup: &'e Object) -> bool {
    let value = backup.value();
    let asked = text(value, "/spec/schedule/onDemand");
    let now = !asked.is_empty() && asked != text(value, "/status/lastScheduleOnDemand");
    let physical = backup.reference().kind == PHYSICAL.name();
    let waits = truth(value, "/spec/schedule/suspend")
        || value.pointer("/spec/schedule/immediate") == Some(&Value::Bool(false))
        || (!physical && is_set(value, "/spec/schedule"));
    let ran = is_set(value, "/status/lastScheduleTime") || complete(value).is_some();
    let fresh = !ran && traces(evidence, backup).next().is_none();
    now || (fresh && !waits)
}

/// Whether the binary log is archived. Told to, but without anything archived yet, it is not.
pub(super) fn point_in_time(evidence: &Evidence<'_>) -> Option<bool> {
    let resource = evidence.resource?.value();
    let told = !text(resource, "/spec/pointInTimeRecoveryRef/name").is_empty();
    let failing = condition(resource, "BinlogsArchived") == Some("False");
    let archived = is_set(resource, "/status/pointInTimeRecovery/lastArchivedTime");
    let assumed = evidence.world.origin == Origin::Manifests;
    Some(told && !failing && (archived || assumed))
}

/// The schedules of its backups that are not suspended.
pub(super) fn schedules(evidence: &Evidence<'_>) -> Vec<(String, Option<String>)> {
    let objects = backups(evidence).into_iter();
    let schedule = |object: &Object| {
        let value = object.value();
        let cron = text(value, "/spec/schedule/cron");
        let zone = text(value, "/spec/timeZone");
        let runs = !cron.is_empty() && !truth(value, "/spec/schedule/suspend");
        runs.then(|| (cron.to_owned(), (!zone.is_empty()).then(|| zone.to_owned())))
    };
    objects.filter_map(schedule).collect()
}
