//! Zalando postgresql: logical backups, switched on by a boolean. Physical ones are the operator's
//! own affair, and nothing of a cluster tells of them.

use serde_json::json;

use super::case::{Case, Proposal};
use super::{Dialect, no_companions, no_notes, refuses_nothing};
use crate::backup::cadence::{Fields, Notation, by_frequency, oldest};
use crate::backup::injection::{Left, Why};
use crate::backup::known::Around;
use crate::object::Object;

const KIND: &str = "postgresql";
const ENABLE: &str = "enableLogicalBackup";

pub(super) const DIALECT: Dialect = Dialect {
    group: "acid.zalan.do",
    kind: KIND,
    versions: &["v1"],
    notation: Notation {
        every: false,
        descriptors: false,
        fields: Fields::Plain,
    },
    makers: &[],
    restores: None,
    rests,
    refuses: refuses_nothing,
    notes: no_notes,
    propose,
    companions: no_companions,
    lacks,
};

fn lacks(object: &Object, _: &dyn Around) -> Option<String> {
    let enabled = object.spec().get(ENABLE).boolean() == Ok(Some(true));
    (!enabled).then(|| format!("spec.{ENABLE} is not true, and nothing tells of physical backups"))
}

fn rests(object: &Object) -> Option<String> {
    let spec = object.spec();
    if spec.get("numberOfInstances").integer() == Ok(Some(0)) {
        return Some("spec.numberOfInstances is 0".to_owned());
    }
    let begins = ["standby", "clone"]
        .into_iter()
        .find(|key| spec.get(key).is_set());
    begins.map(|key| format!("spec.{key} is set, so it is no primary of its own"))
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let spec = case.spec();
    let mut proposal = Proposal::default();
    let enabled = spec.get(ENABLE);
    if enabled.is_set() {
        if enabled.boolean()? != Some(true) {
            proposal.off(format!(
                "spec.{ENABLE} is false: left as it is, so no dump is ever made"
            ));
        }
        return Ok(proposal);
    }
    if spec.get("logicalBackupSchedule").is_set() {
        proposal.off(format!(
            "spec.logicalBackupSchedule is set without {ENABLE}: left as it is"
        ));
        return Ok(proposal);
    }
    if case.own_field(ENABLE) != Some(&json!(true)) {
        let message = format!(
            "spec.{ENABLE}: {} does not say that the operator has a bucket (overrides.{KIND}.{ENABLE}: true); \
             no backups are added",
            case.one
        );
        return Err(Left::new(Why::Storage, message));
    }
    let sorted = by_frequency(&case.one.spec.schedules);
    let Some(first) = sorted.first() else {
        return Ok(proposal);
    };
    proposal.add(&["spec", ENABLE], json!(true));
    proposal.add(&["spec", "logicalBackupSchedule"], json!(case.cron(first)?));
    let retention = "spec.logicalBackupRetention";
    let days = oldest(first).map(|age| age.as_secs().div_ceil(24 * 60 * 60));
    match days {
        Some(days) if case.schema.has(retention) => {
            proposal.add(
                &["spec", "logicalBackupRetention"],
                json!(format!("{days} days")),
            );
        }
        _ => proposal.warn(
            "spec.logicalBackupRetention: not known to this definition; the operator's own counts",
        ),
    }
    if sorted.len() > 1 {
        proposal.warn(format!(
            "spec.logicalBackupSchedule: takes one schedule; only {} is added",
            first.name
        ));
    }
    if case.one.has_logs() {
        proposal.warn(
            "dumps are no point-in-time recovery; that is switched on for the whole operator",
        );
    }
    Ok(proposal)
}
