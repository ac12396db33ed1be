//! What users say of their backups, where nothing else tells.

use super::backup::Success;
use crate::inventory::lenient::is_set;
use crate::object::Object;

/// The annotation that says when the last backup of a database finished.
pub(super) const LAST_BACKUP: &str = "firebreak.dev/last-backup-time";

/// The backup that a resource attests by the annotation, while it stays.
pub(super) fn by_resource(resource: Option<&Object>) -> Vec<Success> {
    let stays = |it: &&Object| !is_set(it.value(), "/metadata/deletionTimestamp");
    let said = resource.filter(stays);
    attested(said.and_then(|it| it.annotation(LAST_BACKUP)).into_iter())
}

/// The backups that annotations attest. One that holds no time has no time.
pub(super) fn attested<'o>(said: impl Iterator<Item = &'o str>) -> Vec<Success> {
    let success = |said: &str| Success {
        what: format!("its annotation {LAST_BACKUP}, \"{said}\","),
        at: said.parse().ok(),
    };
    said.map(success).collect()
}
