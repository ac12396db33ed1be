//! When a database was last backed up, and whether that or a restore is under way.

use jiff::Timestamp;
use serde_json::Value;

use super::Evidence;
use crate::inventory::kinds::Kind;
use crate::inventory::lenient::{instant, is_set, text};
use crate::inventory::{Backup, Origin};
use crate::object::Object;

/// How the objects of one kind record a backup or a restore. Fields are JSON pointers, words exact.
pub(super) struct Records {
    pub(super) kind: Kind,
    /// Where it names its database.
    pub(super) of: &'static str,
    pub(super) state: &'static str,
    pub(super) succeeded: &'static str,
    pub(super) failed: &'static [&'static str],
    /// Where it says when it finished.
    pub(super) at: &'static str,
}

/// Something that succeeded, and when it finished, where that can be read.
pub(super) struct Success {
    pub(super) what: String,
    pub(super) at: Option<Timestamp>,
}

impl Records {
    /// What succeeded, of those not being deleted.
    pub(super) fn successes(&self, evidence: &Evidence<'_>) -> Vec<Success> {
        let objects = evidence.naming(self.kind, self.of);
        let kept = objects.filter(|it| !is_set(it.value(), "/metadata/deletionTimestamp"));
        let succeeded = kept.filter(|it| self.state(it.value()) == self.succeeded);
        let success = |object: &Object| Success {
            what: named(object),
            at: instant(object.value(), self.at),
        };
        succeeded.map(success).collect()
    }

    /// One that has neither succeeded nor failed yet.
    pub(super) fn unfinished(&self, evidence: &Evidence<'_>) -> Option<String> {
        self.first_unfinished(evidence)
            .map(|(_, unfinished)| unfinished)
    }

    /// The first that has neither succeeded nor failed yet, and a phrase on it.
    pub(super) fn first_unfinished<'e>(
        &self,
        evidence: &Evidence<'e>,
    ) -> Option<(&'e Object, String)> {
        let finished = |object: &Object| {
            let state = self.state(object.value());
            state == self.succeeded || self.failed.contains(&state)
        };
        let mut objects = evidence
            .naming(self.kind, self.of)
            .filter(|it| !finished(it));
        let object = objects.next()?;
        let unfinished = match self.state(object.value()) {
            "" => format!("{} has not begun", named(object)),
            state => format!("{} is \"{state}\"", named(object)),
        };
        Some((object, unfinished))
    }

    fn state<'v>(&self, object: &'v Value) -> &'v str {
        text(object, self.state)
    }
}

/// When the last of these finished.
pub(super) fn latest(successes: &[Success]) -> Option<Timestamp> {
    successes.iter().filter_map(|it| it.at).max()
}

/// Kind and name of an object, as messages name it.
pub(super) fn named(object: &Object) -> String {
    format!("{} {}", object.reference().kind, object.reference().name)
}

/// The newest of `backups` that is of this database, and not of an earlier one of its name or of
/// what it held before it was restored.
pub(super) fn newest(evidence: &Evidence<'_>, backups: &[Success], restores: &[Success]) -> Backup {
    let created = instant(evidence.value(), "/metadata/creationTimestamp");
    let told = newest_since(created, backups, restores);
    told.unwrap_or_else(|| match evidence.resource {
        _ if evidence.world.origin == Origin::Manifests => unrecorded(),
        None => Backup::Unknown("its resource is not in the inventory".to_owned()),
        Some(_) => Backup::Never,
    })
}

/// What is said of backups where the world is manifests.
pub(super) fn unrecorded() -> Backup {
    Backup::Unknown("manifests do not tell what was backed up".to_owned())
}

/// The newest of `backups` since the database was made and since it was last restored; `None`
/// where there is none.
pub(super) fn newest_since(
    created: Option<Timestamp>,
    backups: &[Success],
    restores: &[Success],
) -> Option<Backup> {
    let untold =
        |it: &Success| Backup::Unknown(format!("{} does not say when it finished", it.what));
    if let Some(restore) = restores.iter().find(|it| it.at.is_none()) {
        return Some(untold(restore));
    }
    let since = restores.iter().filter_map(|it| it.at).chain(created).max();
    let times = backups.iter().filter_map(|it| it.at);
    let times = times.filter(|at| since.is_none_or(|since| *at >= since));
    let newest = times.max().map(Backup::At);
    newest.or_else(|| backups.iter().find(|it| it.at.is_none()).map(untold))
}
