//! What the operators of Percona for MySQL and MongoDB spell alike: storages by name, and entries
//! that name them.

use serde_json::{Map, Value, json};

use super::case::{Case, Proposal, incomplete};
use super::release::Release;
use crate::backup::injection::Left;
use crate::object::Field;

/// The keys that jobs read from the secret of a storage.
pub(super) const KEYS: &[&str] = &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];

/// The storage that backups of a section go to.
pub(super) enum Storage<'a> {
    /// The one that is added.
    Ours,
    /// One that the user wrote.
    Theirs(&'a str, Field<'a>),
}

impl Storage<'_> {
    pub(super) fn name<'n>(&'n self, case: &'n Case<'_>) -> &'n str {
        match self {
            Self::Ours => &case.one.spec.storage.name,
            Self::Theirs(name, _) => name,
        }
    }
}

/// The user's storage that backups can go to: their only one, or the one called as in the defaults.
pub(super) fn theirs<'a>(
    case: &Case<'_>,
    backup: &Field<'a>,
    list: &str,
    proposal: &mut Proposal,
) -> Result<Option<Storage<'a>>, Left> {
    let found = backup.get("storages").entries()?;
    let ours = case.one.spec.storage.name.as_str();
    let named = found.iter().find(|(name, _)| *name == ours);
    match (named, found.as_slice()) {
        (Some((name, field)), _) | (None, [(name, field)]) => {
            Ok(Some(Storage::Theirs(name, field.clone())))
        }
        (None, several) => {
            if !backup.get(list).is_set() {
                proposal.off(format!(
                    "{}: not added, because spec.backup.storages has {} storages and none is {ours:?}",
                    backup.get(list).path(),
                    several.len()
                ));
            }
            Ok(None)
        }
    }
}

/// Every storage that the entries of a list name, or the logs, is one that the section has; the
/// operator refuses the database else.
pub(super) fn names_known_storages(backup: &Field<'_>, list: &str) -> Result<(), Left> {
    let storages = backup.get("storages").entries()?;
    let check = |field: Field<'_>| match field.text()? {
        Some(name) if !name.is_empty() && storages.iter().all(|(known, _)| *known != name) => {
            let why = format!("{name:?} is no storage of spec.backup.storages");
            Err(incomplete(&field, &why))
        }
        Some(_) | None => Ok(()),
    };
    for entry in backup.get(list).items()? {
        check(entry.get("storageName"))?;
    }
    let pitr = backup.get("pitr");
    if pitr.get("enabled").boolean()? == Some(true) {
        check(pitr.get("storageName"))?;
    }
    Ok(())
}

/// Whether the user left a list out.
pub(super) fn is_left_out(list: &Field<'_>, proposal: &mut Proposal) -> Result<bool, Left> {
    if list.is_set() && list.items()?.is_empty() {
        proposal.off(format!(
            "{} is empty: left as it is, so no backup is ever made",
            list.path()
        ));
    }
    Ok(!list.is_set())
}

/// How backups of an entry go: by `retention` where the schema and the operator of this `crVersion`
/// heed it, else by `keep`.
pub(super) fn retains(case: &Case<'_>, list: &str, since: Release) -> Result<bool, Left> {
    Ok(case.schema.has(&format!("{list}[].retention.count"))
        && case.cr_version_is_at_least(since)?)
}

/// The one storage with a path of its own in the field `prefix`.
pub(super) fn storages(case: &Case<'_>, proposal: &mut Proposal) -> Result<Value, Left> {
    proposal.warnings.extend(case.secret(KEYS)?);
    let storage = &case.one.spec.storage;
    let mut s3 = case.s3();
    s3.insert("bucket".to_owned(), json!(storage.s3.bucket));
    s3.insert("prefix".to_owned(), json!(case.place()?));
    let mut entry = Map::new();
    entry.insert("type".to_owned(), json!("s3"));
    if let Some(verify) = storage.s3.verify_tls {
        if case.schema.has("spec.backup.storages{}.verifyTLS") {
            entry.insert("verifyTLS".to_owned(), json!(verify));
        } else if case
            .schema
            .has("spec.backup.storages{}.s3.insecureSkipTLSVerify")
        {
            s3.insert("insecureSkipTLSVerify".to_owned(), json!(!verify));
        } else {
            proposal.warn("spec.backup.storages: storage.s3.verifyTls is not said, because this release has no field for it");
        }
    }
    entry.insert("s3".to_owned(), Value::Object(s3));
    let mut storages = Map::new();
    storages.insert(storage.name.clone(), Value::Object(entry));
    Ok(Value::Object(storages))
}

/// Adds the fields of the defaults for this kind alone to a section that is filled.
pub(super) fn fill_overrides(case: &Case<'_>, proposal: &mut Proposal) {
    if proposal.additions.is_empty() {
        return;
    }
    let (overrides, unknown) = case.overrides(&["spec", "backup"]);
    for (key, value) in overrides {
        proposal.add(&["spec", "backup", &key], value);
    }
    proposal.warnings.extend(unknown);
}

/// The whole section as one addition.
pub(super) fn add_section(
    case: &Case<'_>,
    mut section: Map<String, Value>,
    proposal: &mut Proposal,
) {
    let (overrides, unknown) = case.overrides(&["spec", "backup"]);
    section.extend(overrides);
    proposal.warnings.extend(unknown);
    proposal.add(&["spec", "backup"], Value::Object(section));
}
