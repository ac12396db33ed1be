//! Crunchy PostgresCluster: `spec.backups`, a one-way door: once it has made a repository host, the
//! operator stops all its work on a cluster from which the section disappears.

use super::case::{Case, Proposal};
use super::{Dialect, no_companions, no_notes, percona_pg, pgbackrest, refuses_nothing};
use crate::backup::cadence::FIVE_FIELDS;
use crate::backup::injection::Left;
use crate::backup::known::Around;
use crate::object::Object;

pub(super) const DIALECT: Dialect = Dialect {
    group: "postgres-operator.crunchydata.com",
    kind: "PostgresCluster",
    versions: &["v1", "v1beta1"],
    notation: FIVE_FIELDS,
    makers: &[percona_pg::KIND],
    restores: None,
    rests,
    refuses: refuses_nothing,
    notes: no_notes,
    propose,
    companions: no_companions,
    lacks: |object, _: &dyn Around| pgbackrest::lacks(&object.spec().get("backups")),
};

fn rests(object: &Object) -> Option<String> {
    let spec = object.spec();
    let is_true = |path: &[&str]| {
        let field = path.iter().fold(spec.clone(), |field, key| field.get(key));
        (field.boolean() == Ok(Some(true))).then(|| format!("{} is true", field.path()))
    };
    let states = [&["paused"][..], &["shutdown"], &["standby", "enabled"]];
    let found = states.iter().find_map(|path| is_true(path));
    let status = object.root().get("status").get("pgbackrest").get("restore");
    let restoring = status.is_set() && status.get("finished").boolean() != Ok(Some(true));
    found.or_else(|| restoring.then(|| "status.pgbackrest.restore is not finished".to_owned()))
}

fn propose(case: &Case<'_>) -> Result<Proposal, Left> {
    let backups = case.spec().get("backups");
    let mut proposal = Proposal::default();
    if backups.is_set() {
        backups.entries()?;
        pgbackrest::theirs(&backups.get("pgbackrest"), &mut proposal)?;
        return Ok(proposal);
    }
    let section = pgbackrest::section(case, &mut proposal)?;
    pgbackrest::add(case, section, &mut proposal);
    proposal.only_new = true;
    Ok(proposal)
}
