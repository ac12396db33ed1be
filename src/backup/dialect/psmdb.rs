//! Percona Server for MongoDB: `spec.backup`, of which `enabled` and `image` are required.
//!
//! There is only ever one storage of ours, and none beside the user's: a second one without a `main`
//! stops the cluster, or its point-in-time recovery, depending on the release.

use serde_json::{Map, Value, json};

use super::case::{Case, Proposal, incomplete};
use super::percona::{
    Storage, add_section, fill_overrides, is_left_out, names_known_storages, retains, storages,
};
use super::release::Release;
use super::{Dialect, Restores, is_any, is_paused, no_companions, no_notes, refuses_nothing};
use crate::backup::cadence::{FIVE_FIELDS, Notation};
use crate::backup::injection::{Left, Why};
use crate::backup::known::Around;
use crate::backup::spec::ScheduleSpec;
use crate::object::{Field, Object};

const KIND: &str = "PerconaServerMongoDB";
/// From this `crVersion` on the operator heeds `retention`.
const RETENTION: Release = Release(1, 21, 0);

pub(super) const DIALECT: Dialect = Dialect {
    group: "psmdb.percona.com",
    kind: KIND,
    versions: &["v1"],
    notation: Notation {
        every: true,
        ..FIVE_FIELDS
    },
    makers: &[],
    restores: Some(Restores {
        kind: "PerconaServerMongoDBRestore",
        database: "/spec/clusterName",
        is_over: |restore| is_any(restore, "/status/state", &["ready", "error", "rejected"]),
    }),
    rests: is_paused,
    refuses: refuses_nothing,
    notes: no_notes,
    propose,
    companions: no_companions,
    lacks,
};

fn lacks(object: &Object, _: &dyn Around) -> Option<String> {
    let backup = object.spec().get("backup");
    if backup.get("enabled").boolean() != Ok(Some(true)) {
        return Some("spec.backup.enabled is not true".to_owned());
    }
    let tasks = backup.get("tasks").items().unwrap_or_default();
    let is_on = |task: &Field<'_>| {
        task.get("enabled").boolean() == Ok(Some(true)) && task.get("schedule").is_set()
    };
    let none = !tasks.iter().any(is_on);
    none.then(|| "spec.backup.tasks has no entry that is enabled".to_owned())
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let backup = case.spec().get("backup");
    let mut proposal = Proposal::default();
    if backup.is_set() {
        filled(case, &backup, &mut proposal)?;
        return Ok(proposal);
    }
    let mut section = Map::new();
    section.insert("enabled".to_owned(), json!(true));
    section.insert("image".to_owned(), json!(image(case)?));
    section.insert("storages".to_owned(), storages(case, &mut proposal)?);
    let name = &case.one.spec.storage.name;
    section.insert("tasks".to_owned(), tasks(case, name, &mut proposal)?);
    if case.one.has_logs() {
        section.insert("pitr".to_owned(), logs(case, &mut proposal));
    }
    add_section(case, section, &mut proposal);
    proposal.restarts = true;
    Ok(proposal)
}

fn filled(case: &Case<'_>, backup: &Field<'_>, proposal: &mut Proposal) -> Result<(), Left> {
    for required in ["enabled", "image"] {
        backup.entries()?;
        if !backup.get(required).is_set() {
            return Err(incomplete(
                &backup.get(required),
                "the definition requires it",
            ));
        }
    }
    if backup.get("enabled").boolean()? != Some(true) {
        proposal.off("spec.backup.enabled is false: left as it is, so no backup is ever made");
        return Ok(());
    }
    names_known_storages(backup, "tasks")?;
    let storage = if backup.get("storages").is_set() {
        main(backup, proposal)?
    } else if backup.get("tasks").is_set() {
        None
    } else {
        let ours = storages(case, proposal)?;
        proposal.add(&["spec", "backup", "storages"], ours);
        Some(Storage::Ours)
    };
    if is_left_out(&backup.get("tasks"), proposal)?
        && let Some(storage) = &storage
    {
        let entries = tasks(case, storage.name(case), proposal)?;
        proposal.add(&["spec", "backup", "tasks"], entries);
    }
    let pitr = backup.get("pitr");
    if case.one.has_logs() && pitr.is_set() && pitr.get("enabled").boolean()? != Some(true) {
        proposal.off("spec.backup.pitr is not enabled: left as it is, so no instant between backups can be restored");
    } else if case.one.has_logs() && !pitr.is_set() && storage.is_some() {
        let logs = logs(case, proposal);
        proposal.add(&["spec", "backup", "pitr"], logs);
    }
    fill_overrides(case, proposal);
    Ok(())
}

/// The storage that the user made the main one, or their only one.
fn main<'a>(backup: &Field<'a>, proposal: &mut Proposal) -> Result<Option<Storage<'a>>, Left> {
    let found = backup.get("storages").entries()?;
    let is_main = |(_, field): &&(&str, Field<'_>)| field.get("main").boolean() == Ok(Some(true));
    let mains: Vec<_> = found.iter().filter(is_main).collect();
    match (mains.as_slice(), found.as_slice()) {
        ([(name, field)], _) | ([], [(name, field)]) => {
            Ok(Some(Storage::Theirs(name, field.clone())))
        }
        (_, several) => {
            proposal.off(format!(
                "spec.backup: not added to, because spec.backup.storages has {} storages and not one that is main",
                several.len()
            ));
            Ok(None)
        }
    }
}

/// The image of the backup agent, which must fit the operator, as `crVersion` tells it.
fn image<'a>(case: &Case<'a>) -> Result<&'a str, Left> {
    let version = case.spec().get("crVersion").text()?;
    let found = case.image(None, version.and_then(Release::read));
    found.ok_or_else(|| {
        let message = format!(
            "spec.crVersion {:?}: {} has no image for backups of this release (images.{KIND}); no backups are added",
            version.unwrap_or_default(),
            case.one
        );
        Left::new(Why::Image, message)
    })
}

fn tasks(case: &Case<'_>, storage: &str, proposal: &mut Proposal) -> Result<Value, Left> {
    let retains = retains(case, "spec.backup.tasks", RETENTION)?;
    if !retains {
        proposal.warn(
            "spec.backup.tasks: keep in place of retention, which this release does not heed",
        );
    }
    if !retains && case.one.spec.storage.delete_data == Some(false) {
        proposal
            .warn("spec.backup.tasks: keep deletes the data too; this operator cannot leave it");
    }
    let task = |it: &ScheduleSpec| -> Result<Value, Left> {
        let mut task = json!({
            "name": it.name, "enabled": true, "schedule": case.cron(it)?, "storageName": storage,
        });
        let (key, value) = if retains {
            ("retention", case.retention(it.keep))
        } else {
            ("keep", json!(it.keep))
        };
        task[key] = value;
        Ok(task)
    };
    let tasks: Result<Vec<Value>, Left> = case.one.spec.schedules.iter().map(task).collect();
    tasks.map(Value::Array)
}

/// The oplog, which goes to the main storage; its span is counted in minutes.
fn logs(case: &Case<'_>, proposal: &mut Proposal) -> Value {
    let mut pitr = json!({"enabled": true});
    if let Some(seconds) = case.log_interval() {
        let minutes = seconds.div_ceil(60);
        pitr["oplogSpanMin"] = json!(minutes);
        if seconds % 60 != 0 {
            proposal.warn(format!(
                "spec.backup.pitr.oplogSpanMin: {minutes}, because this operator counts in minutes; pointInTime.interval is {seconds}s"
            ));
        }
    }
    pitr
}
