//! Percona XtraDB Cluster: `spec.backup`, whose presence alone turns backups on.

use serde_json::{Map, Value, json};

use super::case::{Case, Proposal};
use super::percona::{
    KEYS, Storage, add_section, fill_overrides, is_left_out, names_known_storages, retains, theirs,
};
use super::release::Release;
use super::{Dialect, Restores, is_any, is_paused, no_companions, refuses_nothing};
use crate::backup::cadence::FIVE_FIELDS;
use crate::backup::injection::{Left, Why};
use crate::backup::known::Around;
use crate::backup::spec::{BackupDefaultsSpec, ScheduleSpec};
use crate::object::{Field, Object};

const GROUP: &str = "pxc.percona.com";
const KIND: &str = "PerconaXtraDBCluster";
/// What is said of an image that nobody wrote.
const IMAGE_ADDED: &str =
    "spec.backup.image: added, because the operator refuses a cluster without it";
/// From this on the operator heeds all of `retention`.
const RETENTION: Release = Release(1, 18, 0);
/// From this server on binlogs can be collected.
const LOGS: Release = Release(8, 0, 21);

pub(super) const DIALECT: Dialect = Dialect {
    group: GROUP,
    kind: KIND,
    versions: &["v1"],
    notation: FIVE_FIELDS,
    makers: &[],
    restores: Some(Restores {
        kind: "PerconaXtraDBClusterRestore",
        database: "/spec/pxcCluster",
        is_over: |restore| is_any(restore, "/status/state", &["Succeeded", "Failed"]),
    }),
    rests: is_paused,
    refuses: refuses_nothing,
    notes,
    propose,
    companions: no_companions,
    lacks,
};

fn notes(spec: &BackupDefaultsSpec) -> Option<String> {
    let logs = spec.point_in_time.as_ref().is_some_and(|it| it.enabled);
    let deletes = spec.storage.delete_data.unwrap_or(true);
    let note = "the operator's documentation calls pointInTime incompatible with counts that delete data: \
        storage.deleteData: false and a lifecycle of the bucket are its way";
    (logs && deletes).then(|| note.to_owned())
}

fn lacks(object: &Object, _: &dyn Around) -> Option<String> {
    let backup = object.spec().get("backup");
    if !backup.is_set() {
        return Some("spec.backup is missing".to_owned());
    }
    let schedules = backup.get("schedule").items().unwrap_or_default();
    let none = schedules.is_empty();
    none.then(|| "spec.backup.schedule has no entry".to_owned())
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    if !case.schema.has("spec.backup.schedule[].storageName") {
        let version = &case.object.reference().version;
        let message = format!(
            "spec.backup: the schema of version {version} does not name it; no backups are added"
        );
        return Err(Left::new(Why::Unknown, message));
    }
    let backup = case.spec().get("backup");
    if backup.is_set() {
        filled(case, &backup)
    } else {
        whole(case)
    }
}

/// The whole section.
fn whole(case: &Case<'_>) -> Result<Proposal, Left> {
    let mut proposal = Proposal::default();
    let storage = &case.one.spec.storage.name;
    let mut section = Map::new();
    section.insert("image".to_owned(), json!(image(case)?));
    proposal.warn(IMAGE_ADDED);
    let logs = own_logs(case, &mut proposal);
    let all = storages(case, logs.is_some(), &mut proposal)?;
    section.insert("storages".to_owned(), all);
    section.insert(
        "schedule".to_owned(),
        schedule(case, storage, &mut proposal)?,
    );
    section.extend(logs.map(|logs| ("pitr".to_owned(), logs)));
    add_section(case, section, &mut proposal);
    Ok(proposal)
}

/// What is missing in a section that is there.
fn filled(case: &Case<'_>, backup: &Field<'_>) -> Result<Proposal, Left> {
    backup.entries()?;
    names_known_storages(backup, "schedule")?;
    let mut proposal = Proposal::default();
    if !backup.get("image").is_set() {
        proposal.add(&["spec", "backup", "image"], json!(image(case)?));
        proposal.warn(IMAGE_ADDED);
    }
    let wanted = !backup.get("schedule").is_set() || !backup.get("pitr").is_set();
    let storage = if backup.get("storages").is_set() {
        theirs(case, backup, "schedule", &mut proposal)?
    } else if wanted {
        let logs = !backup.get("pitr").is_set() && case.one.has_logs();
        let ours = storages(case, logs, &mut proposal)?;
        proposal.add(&["spec", "backup", "storages"], ours);
        Some(Storage::Ours)
    } else {
        None
    };
    if is_left_out(&backup.get("schedule"), &mut proposal)?
        && let Some(storage) = &storage
    {
        let entries = schedule(case, storage.name(case), &mut proposal)?;
        proposal.add(&["spec", "backup", "schedule"], entries);
    }
    fill_logs(case, backup, storage.as_ref(), &mut proposal)?;
    fill_overrides(case, &mut proposal);
    Ok(proposal)
}

fn fill_logs(
    case: &Case<'_>,
    backup: &Field<'_>,
    storage: Option<&Storage<'_>>,
    proposal: &mut Proposal,
) -> Result<(), Left> {
    let field = backup.get("pitr");
    if !case.one.has_logs() {
        return Ok(());
    }
    if field.is_set() {
        if field.get("enabled").boolean()? != Some(true) {
            proposal.off("spec.backup.pitr is not enabled: left as it is, so no instant between backups can be restored");
        }
        return Ok(());
    }
    let added = match storage {
        None => None,
        Some(Storage::Ours) => own_logs(case, proposal),
        Some(Storage::Theirs(name, storage)) => match unshared(case, storage) {
            Ok(()) => logs(case, name, proposal),
            Err(why) => {
                proposal.off(format!("spec.backup.pitr: not added, because {why}"));
                None
            }
        },
    };
    if let Some(logs) = added {
        proposal.add(&["spec", "backup", "pitr"], logs);
    }
    Ok(())
}

/// That no other cluster writes where this storage is: binlogs are stored without a cluster's name.
fn unshared(case: &Case<'_>, storage: &Field<'_>) -> Result<(), String> {
    let kind = storage.get("type").text().ok().flatten();
    if !matches!(kind, Some("s3" | "azure")) {
        return Err(format!("{} is neither s3 nor azure", storage.path()));
    }
    let own = bucket(storage).ok_or_else(|| format!("{} names no bucket", storage.path()))?;
    let others = case.around.objects(GROUP, KIND, "");
    let others = others.ok_or("whether another cluster uses its bucket is not known")?;
    let is_self = |other: &Object| {
        let it = other.reference();
        it.namespace == case.namespace && it.name == case.name
    };
    for other in others.iter().filter(|other| !is_self(other)) {
        let storages = other.spec().get("backup").get("storages");
        let storages = storages.entries().unwrap_or_default();
        if storages
            .iter()
            .any(|(_, it)| bucket(it).as_ref() == Some(&own))
        {
            return Err(format!("{} uses its bucket too", other.reference()));
        }
    }
    Ok(())
}

/// Where a storage is, as far as two can be told apart.
fn bucket(storage: &Field<'_>) -> Option<String> {
    let at = [("s3", "bucket"), ("azure", "container")];
    let mut found = at
        .iter()
        .filter_map(|(kind, key)| storage.get(kind).get(key).text().ok().flatten());
    found
        .next()
        .map(|bucket| bucket.trim_matches('/').to_owned())
}

/// The image that makes backups of this server: its major release must be that of the server.
fn image<'a>(case: &Case<'a>) -> Result<&'a str, Left> {
    let server = case.spec().get("pxc").get("image").text()?;
    let found = case.image(server, server.and_then(Release::of_image));
    found.ok_or_else(|| {
        let message = format!(
            "spec.pxc.image {:?}: {} has no image for its backups (images.{KIND}); no backups are added",
            server.unwrap_or_default(),
            case.one
        );
        Left::new(Why::Image, message)
    })
}

/// The storage of backups, and one of its own for binlogs.
fn storages(case: &Case<'_>, logs: bool, proposal: &mut Proposal) -> Result<Value, Left> {
    proposal.warnings.extend(case.secret(KEYS)?);
    let place = case.place()?;
    let storage = &case.one.spec.storage;
    let at = |part: &str| {
        let mut s3 = case.s3();
        let bucket = format!("{}/{place}/{part}", storage.s3.bucket);
        s3.insert("bucket".to_owned(), json!(bucket));
        let mut entry = Map::new();
        entry.insert("type".to_owned(), json!("s3"));
        entry.insert("s3".to_owned(), Value::Object(s3));
        if let Some(verify) = storage.s3.verify_tls {
            entry.insert("verifyTLS".to_owned(), json!(verify));
        }
        Value::Object(entry)
    };
    let mut storages = Map::new();
    storages.insert(storage.name.clone(), at("full"));
    if logs {
        storages.insert(binlogs(case), at("binlogs"));
    }
    Ok(Value::Object(storages))
}

fn binlogs(case: &Case<'_>) -> String {
    format!("{}-binlogs", case.one.spec.storage.name)
}

fn schedule(case: &Case<'_>, storage: &str, proposal: &mut Proposal) -> Result<Value, Left> {
    let retains = retains(case, "spec.backup.schedule", RETENTION)?;
    if !retains && !case.schema.has("spec.backup.schedule[].keep") {
        let message = "spec.backup.schedule: the schema names neither retention nor keep, so that backups would \
            never go; no backups are added";
        return Err(Left::new(Why::Impossible, message));
    }
    if !retains {
        proposal.warn(
            "spec.backup.schedule: keep in place of retention, which this release does not heed",
        );
    }
    if !retains && case.one.spec.storage.delete_data == Some(false) {
        proposal
            .warn("spec.backup.schedule: keep deletes the data too; this operator cannot leave it");
    }
    let entry = |schedule| entry(case, schedule, storage, retains);
    let entries: Result<Vec<Value>, Left> = case.one.spec.schedules.iter().map(entry).collect();
    entries.map(Value::Array)
}

fn entry(
    case: &Case<'_>,
    schedule: &ScheduleSpec,
    storage: &str,
    retains: bool,
) -> Result<Value, Left> {
    let mut entry = Map::new();
    entry.insert("name".to_owned(), json!(schedule.name));
    entry.insert("schedule".to_owned(), json!(case.cron(schedule)?));
    entry.insert("storageName".to_owned(), json!(storage));
    if retains {
        entry.insert("retention".to_owned(), case.retention(schedule.keep));
    } else {
        entry.insert("keep".to_owned(), json!(schedule.keep));
    }
    Ok(Value::Object(entry))
}

/// Binlogs into their own storage, where they are wanted.
fn own_logs(case: &Case<'_>, proposal: &mut Proposal) -> Option<Value> {
    if !case.one.has_logs() {
        return None;
    }
    logs(case, &binlogs(case), proposal)
}

fn logs(case: &Case<'_>, storage: &str, proposal: &mut Proposal) -> Option<Value> {
    let server = case.spec().get("pxc").get("image").text().ok().flatten();
    let release = server.and_then(Release::of_image);
    if release.is_none_or(|release| release < LOGS) {
        proposal.off("spec.backup.pitr: not added, because spec.pxc.image does not tell a release of 8.0.21 or later");
        return None;
    }
    let mut pitr = Map::new();
    pitr.insert("enabled".to_owned(), json!(true));
    pitr.insert("storageName".to_owned(), json!(storage));
    if let Some(seconds) = case.log_interval() {
        pitr.insert("timeBetweenUploads".to_owned(), json!(seconds));
    }
    Some(Value::Object(pitr))
}
