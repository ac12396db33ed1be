//! How each operator spells backups: one file an operator, one line each in [`ALL`].

mod case;
mod cnpg;
mod crunchy;
mod innodb_cluster;
mod mariadb;
mod percona;
mod percona_pg;
mod pgbackrest;
mod ps;
mod psmdb;
mod pxc;
mod release;
mod zalando;

use std::fmt;

use serde_json::Value;

pub use case::Companions;
pub(super) use case::{Case, Proposal};

use super::cadence::Notation;
use super::injection::Left;
use super::known::Around;
use super::spec::BackupDefaultsSpec;
use crate::object::Object;

/// Every operator whose databases can be given backups.
pub(super) static ALL: &[Dialect] = &[
    pxc::DIALECT,
    ps::DIALECT,
    psmdb::DIALECT,
    cnpg::DIALECT,
    percona_pg::DIALECT,
    crunchy::DIALECT,
    zalando::DIALECT,
    innodb_cluster::DIALECT,
    mariadb::DIALECT,
];

/// How one operator spells backups.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    /// API group.
    pub(super) group: &'static str,
    /// Kind.
    pub(super) kind: &'static str,
    /// The versions of its API whose shape is known.
    pub(super) versions: &'static [&'static str],
    /// How it writes when a backup is made.
    pub(super) notation: Notation,
    /// The kinds of databases that make such objects as parts of themselves.
    pub(super) makers: &'static [&'static str],
    /// The objects that restore one of its databases in place.
    pub(super) restores: Option<Restores>,
    /// Why a database of it is at rest.
    pub(super) rests: fn(&Object) -> Option<String>,
    /// What of the defaults it can never do: the field, and what would be accepted.
    pub(super) refuses: fn(&BackupDefaultsSpec) -> Option<(&'static str, &'static str)>,
    /// What of the defaults needs care.
    pub(super) notes: fn(&BackupDefaultsSpec) -> Option<String>,
    /// What is added to a database.
    pub(super) propose: fn(&Case<'_>) -> Result<Proposal, Left>,
    /// The objects that make its backups beside it.
    pub(super) companions: fn(&Case<'_>) -> Result<Companions, Left>,
    /// Why a database has no backups.
    pub(super) lacks: fn(&Object, &dyn Around) -> Option<String>,
}

/// The objects that restore a database in place.
#[derive(Clone, Copy)]
pub(super) struct Restores {
    /// Their kind, of the same API group.
    pub(super) kind: &'static str,
    /// The JSON pointer to the name of the database.
    pub(super) database: &'static str,
    /// Whether one is over.
    pub(super) is_over: fn(&Object) -> bool,
}

impl Dialect {
    /// The dialect of an object, in whatever version.
    pub(super) fn of(object: &Object) -> Option<&'static Self> {
        ALL.iter().find(|it| object.is(it.group, it.kind))
    }

    /// Whether a text names the kind, alone or with its API group.
    pub(super) fn is_named(&self, text: &str) -> bool {
        let group = text.strip_prefix(self.kind);
        group.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('.') == Some(self.group))
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        (self.group, self.kind) == (other.group, other.kind)
    }
}

impl Eq for Dialect {}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.group)
    }
}

/// Whether the state of a restore is one of the words that end it.
fn is_any(restore: &Object, pointer: &str, words: &[&str]) -> bool {
    let state = restore.value().pointer(pointer).and_then(Value::as_str);
    state.is_some_and(|state| words.contains(&state))
}

/// Nothing of the defaults is beyond the operator.
fn refuses_nothing(_: &BackupDefaultsSpec) -> Option<(&'static str, &'static str)> {
    None
}

/// Nothing needs care.
fn no_notes(_: &BackupDefaultsSpec) -> Option<String> {
    None
}

/// Its backups are not objects of their own.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a row of the table, whose other companions may be impossible"
)]
fn no_companions(_: &Case<'_>) -> Result<Companions, Left> {
    Ok(Companions::default())
}

/// `spec.pause` is true.
fn is_paused(object: &Object) -> Option<String> {
    let paused = object.spec().get("pause").boolean() == Ok(Some(true));
    paused.then(|| "spec.pause is true".to_owned())
}
