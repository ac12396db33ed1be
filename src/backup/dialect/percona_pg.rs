//! Percona Operator for PostgreSQL: `spec.backups`, without which its definition refuses a cluster.

use serde_json::json;

use super::case::{Case, Proposal};
use super::{
    Dialect, Restores, is_any, is_paused, no_companions, no_notes, pgbackrest, refuses_nothing,
};
use crate::backup::cadence::FIVE_FIELDS;
use crate::backup::injection::Left;
use crate::backup::known::Around;
use crate::object::Object;

pub(super) const KIND: &str = "PerconaPGCluster";

pub(super) const DIALECT: Dialect = Dialect {
    group: "pgv2.percona.com",
    kind: KIND,
    versions: &["v2"],
    notation: FIVE_FIELDS,
    makers: &[],
    restores: Some(Restores {
        kind: "PerconaPGRestore",
        database: "/spec/pgCluster",
        is_over: |restore| is_any(restore, "/status/state", &["Succeeded", "Failed"]),
    }),
    rests: is_paused,
    refuses: refuses_nothing,
    notes: no_notes,
    propose,
    companions: no_companions,
    lacks,
};

fn lacks(object: &Object, _: &dyn Around) -> Option<String> {
    let backups = object.spec().get("backups");
    if backups.get("enabled").boolean() == Ok(Some(false)) {
        return Some("spec.backups.enabled is false".to_owned());
    }
    pgbackrest::lacks(&backups)
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let backups = case.spec().get("backups");
    let mut proposal = Proposal::default();
    if backups.is_set() {
        if backups.get("enabled").boolean()? == Some(false) {
            proposal.off("spec.backups.enabled is false: left as it is, so no backup is ever made");
        } else {
            pgbackrest::theirs(&backups.get("pgbackrest"), &mut proposal)?;
        }
        return Ok(proposal);
    }
    let mut section = pgbackrest::section(case, &mut proposal)?;
    if let Some(image) = case.image(None, None) {
        section.insert("image".to_owned(), json!(image));
    } else if case.spec().get("dataSource").is_set() {
        proposal.warn("spec.backups.pgbackrest.image: not added, and needed beside spec.dataSource unless the operator has one");
    }
    pgbackrest::add(case, section, &mut proposal);
    Ok(proposal)
}
