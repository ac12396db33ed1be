//! InnoDBCluster: `spec.backupProfiles` and `spec.backupSchedules`. Dumps, kept forever, without logs.

use serde_json::{Map, Value, json};

use super::case::{Case, Proposal};
use super::{Dialect, no_companions, no_notes, refuses_nothing};
use crate::backup::cadence::FIVE_FIELDS;
use crate::backup::injection::{Left, Why};
use crate::backup::known::Around;
use crate::backup::spec::ScheduleSpec;
use crate::object::{Field, Object};

/// The file that mysqlsh reads from the secret.
const KEYS: &[&str] = &["credentials"];

pub(super) const DIALECT: Dialect = Dialect {
    group: "mysql.oracle.com",
    kind: "InnoDBCluster",
    versions: &["v2"],
    notation: FIVE_FIELDS,
    makers: &[],
    restores: None,
    rests: |_| None,
    refuses: refuses_nothing,
    notes: no_notes,
    propose,
    companions: no_companions,
    lacks,
};

fn lacks(object: &Object, _: &dyn Around) -> Option<String> {
    let schedules = object
        .spec()
        .get("backupSchedules")
        .items()
        .unwrap_or_default();
    let is_on = |it: &Field<'_>| it.get("enabled").boolean() != Ok(Some(false));
    let none = !schedules.iter().any(is_on);
    none.then(|| "spec.backupSchedules has no entry that is enabled".to_owned())
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let (profiles, schedules) = (
        case.spec().get("backupProfiles"),
        case.spec().get("backupSchedules"),
    );
    let mut proposal = Proposal::default();
    if schedules.is_set() {
        if schedules.items()?.is_empty() {
            proposal.off("spec.backupSchedules is empty: left as it is, so no backup is ever made");
        }
        return Ok(proposal);
    }
    let profile = if profiles.is_set() {
        match profiles.items()?.as_slice() {
            [only] => only.get("name").required_text()?.to_owned(),
            several => {
                proposal.off(format!(
                    "spec.backupSchedules: not added, because spec.backupProfiles has {} entries",
                    several.len()
                ));
                return Ok(proposal);
            }
        }
    } else {
        let name = case.one.spec.storage.name.clone();
        let ours = ours(case, &name, &mut proposal)?;
        proposal.add(&["spec", "backupProfiles"], json!([ours]));
        name
    };
    let schedule = |it: &ScheduleSpec| -> Result<Value, Left> {
        Ok(json!({
            "name": it.name, "schedule": case.cron(it)?, "backupProfileName": profile,
            "enabled": true, "deleteBackupData": false,
        }))
    };
    let all: Result<Vec<Value>, Left> = case.one.spec.schedules.iter().map(schedule).collect();
    proposal.add(&["spec", "backupSchedules"], Value::Array(all?));
    proposal.warn("spec.backupSchedules: this operator keeps every dump; a lifecycle of the bucket lets them go");
    if case.one.has_logs() {
        proposal.warn("spec.backupSchedules: this operator stores no logs; no instant between dumps can be restored");
    }
    Ok(proposal)
}

fn ours(case: &Case<'_>, name: &str, proposal: &mut Proposal) -> Result<Value, Left> {
    let settings = &case.one.spec.storage.s3;
    let place = case.place()?;
    let source = case
        .spec()
        .get("initDB")
        .get("dump")
        .get("storage")
        .get("s3");
    let from = source
        .get("prefix")
        .text()?
        .map(|prefix| prefix.trim_matches('/'));
    if source.get("bucketName").text()? == Some(&settings.bucket) && from == Some(&place) {
        let message = "spec.initDB: it begins from the place where its backups would go; no backups are added";
        return Err(Left::new(Why::SamePlace, message));
    }
    proposal.warnings.extend(case.secret(KEYS)?);
    let mut s3 = Map::new();
    s3.insert("bucketName".to_owned(), json!(settings.bucket));
    s3.insert("prefix".to_owned(), json!(place));
    s3.insert("config".to_owned(), json!(settings.credentials_secret));
    if let Some(endpoint) = &settings.endpoint_url {
        s3.insert("endpoint".to_owned(), json!(endpoint));
    }
    Ok(json!({"name": name, "dumpInstance": {"storage": {"s3": s3}}}))
}
