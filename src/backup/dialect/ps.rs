//! Percona Server for MySQL: `spec.backup`, turned on by `enabled`, which restarts a running cluster.

use serde_json::{Map, Value, json};

use super::case::{Case, Proposal};
use super::percona::{
    Storage, add_section, fill_overrides, is_left_out, names_known_storages, storages, theirs,
};
use super::release::Release;
use super::{Dialect, Restores, is_any, is_paused, no_companions, no_notes, refuses_nothing};
use crate::backup::cadence::FIVE_FIELDS;
use crate::backup::injection::{Left, Why};
use crate::backup::known::Around;
use crate::backup::spec::ScheduleSpec;
use crate::object::Object;

const KIND: &str = "PerconaServerMySQL";

pub(super) const DIALECT: Dialect = Dialect {
    group: "ps.percona.com",
    kind: KIND,
    versions: &["v1"],
    notation: FIVE_FIELDS,
    makers: &[],
    restores: Some(Restores {
        kind: "PerconaServerMySQLRestore",
        database: "/spec/clusterName",
        is_over: |restore| is_any(restore, "/status/state", &["Succeeded", "Failed", "Error"]),
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
    let none = backup
        .get("schedule")
        .items()
        .unwrap_or_default()
        .is_empty();
    none.then(|| "spec.backup.schedule has no entry".to_owned())
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let backup = case.spec().get("backup");
    backup.entries()?;
    let mut proposal = Proposal::default();
    if backup.get("enabled").boolean()? == Some(false) {
        proposal.off("spec.backup.enabled is false: left as it is, so no backup is ever made");
        return Ok(proposal);
    }
    names_known_storages(&backup, "schedule")?;
    let mut section = Map::new();
    proposal.restarts = !backup.get("enabled").is_set();
    if proposal.restarts {
        section.insert("enabled".to_owned(), json!(true));
    }
    if !backup.get("image").is_set() {
        section.insert("image".to_owned(), json!(image(case)?));
    }
    let storage = if backup.get("storages").is_set() {
        theirs(case, &backup, "schedule", &mut proposal)?
    } else if backup.get("schedule").is_set() {
        None
    } else {
        section.insert("storages".to_owned(), storages(case, &mut proposal)?);
        Some(Storage::Ours)
    };
    if backup.is_set() {
        for (key, value) in section {
            proposal.additions.add(&["spec", "backup", &key], value);
        }
        if is_left_out(&backup.get("schedule"), &mut proposal)?
            && let Some(storage) = &storage
        {
            let entries = schedule(case, storage.name(case), &mut proposal)?;
            proposal.add(&["spec", "backup", "schedule"], entries);
        }
        fill_overrides(case, &mut proposal);
    } else {
        let name = &case.one.spec.storage.name;
        let entries = schedule(case, name, &mut proposal)?;
        section.insert("schedule".to_owned(), entries);
        add_section(case, section, &mut proposal);
    }
    if case.one.has_logs() && !proposal.additions.is_empty() && !backup.get("pitr").is_set() {
        proposal.warn(
            "spec.backup.pitr: not added, because storing binlogs is a preview of this operator; \
             no instant between backups can be restored",
        );
    }
    Ok(proposal)
}

fn image<'a>(case: &Case<'a>) -> Result<&'a str, Left> {
    let server = case.spec().get("mysql").get("image").text()?;
    let found = case.image(server, server.and_then(Release::of_image));
    found.ok_or_else(|| {
        let message = format!(
            "spec.mysql.image {:?}: {} has no image for its backups (images.{KIND}); no backups are added",
            server.unwrap_or_default(),
            case.one
        );
        Left::new(Why::Image, message)
    })
}

fn schedule(case: &Case<'_>, storage: &str, proposal: &mut Proposal) -> Result<Value, Left> {
    if case.one.spec.storage.delete_data == Some(false) {
        proposal
            .warn("spec.backup.schedule: keep deletes the data too; this operator cannot leave it");
    }
    let entry = |it: &ScheduleSpec| -> Result<Value, Left> {
        Ok(json!({
            "name": it.name, "schedule": case.cron(it)?, "storageName": storage, "keep": it.keep,
        }))
    };
    let entries: Result<Vec<Value>, Left> = case.one.spec.schedules.iter().map(entry).collect();
    entries.map(Value::Array)
}
