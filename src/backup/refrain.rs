//! When a database is left as it is, whatever the defaults say.

use super::defaults::opts_out;
use super::dialect::{self, Dialect};
use super::injection::{Left, Why};
use super::known::Known;
use crate::object::Object;
use crate::request::{Request, fits};

/// Why a request passes untouched: no field of it is to be added, and none that was added before.
pub(super) fn untouched(
    request: &Request,
    object: &Object,
    dialect: &Dialect,
    known: &Known<'_>,
) -> Option<Left> {
    let version = &object.reference().version;
    let metadata = object.root().get("metadata");
    if metadata.get("deletionTimestamp").is_set() {
        return Some(Left::new(Why::Deleted, "it is being deleted"));
    }
    let user = &request.user.name;
    if known.operators.iter().any(|account| fits(account, user)) {
        return Some(Left::new(Why::Operator, format!("{user} is its operator")));
    }
    if let Some(owner) = maker(object, dialect) {
        return Some(Left::new(Why::Owned, format!("{owner} made it")));
    }
    if opts_out(object) {
        return Some(Left::new(Why::OptedOut, "it asks to be left alone"));
    }
    if !dialect.versions.contains(&version.as_str()) {
        let known = dialect.versions.join(" and ");
        let message = format!(
            "apiVersion {:?}: only {known} is known of {}; no backups are added",
            object.reference().api_version(),
            dialect.kind
        );
        return Some(Left::new(Why::Unreadable, message));
    }
    let spec = object.spec();
    spec.value().is_none_or(|it| !it.is_object()).then(|| {
        let problem = spec.unreadable("a map");
        Left::new(Why::Unreadable, format!("{problem}; no backups are added"))
    })
}

/// The database that made this one as a part of itself.
fn maker(object: &Object, dialect: &Dialect) -> Option<String> {
    let (kind, name) = object.controller()?;
    let known = dialect::ALL.iter().any(|it| it.kind == kind);
    (known || dialect.makers.contains(&kind)).then(|| format!("{kind} {name}"))
}

/// Why a database is given nothing now: it is at rest, or is being restored.
pub(super) fn waiting(
    object: &Object,
    (namespace, name): (&str, &str),
    dialect: &Dialect,
    known: &Known<'_>,
) -> Option<Left> {
    if let Some(why) = (dialect.rests)(object) {
        let message = format!("{why}; no backups are added");
        return Some(Left::new(Why::Resting, message));
    }
    let restores = dialect.restores?;
    let Some(all) = known
        .around
        .objects(dialect.group, restores.kind, namespace)
    else {
        let message = format!(
            "whether a {} of it is under way is not known; no backups are added",
            restores.kind
        );
        return Some(Left::new(Why::Unknown, message));
    };
    let of_it = |restore: &&Object| {
        let database = restore.value().pointer(restores.database);
        database.and_then(|it| it.as_str()) == Some(name)
    };
    let mut running = all
        .iter()
        .filter(of_it)
        .filter(|it| !(restores.is_over)(it));
    running.next().map(|restore| {
        let message = format!(
            "{} {} is under way; no backups are added",
            restores.kind,
            restore.reference().name
        );
        Left::new(Why::Restoring, message)
    })
}
