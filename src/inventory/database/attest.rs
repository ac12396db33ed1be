//! What users say of their backups, where nothing else tells.

use super::backup::Success;
use crate::inventory::lenient::is_set;
use crate::object::Object;

/// The annotation that says when the last backup of a database finished.
pub(super) const LAST_BACKUP: &str = "firebreak.dev/last-backup-time";

/// The backups that objects attest by an annotation. One that holds no time has no time.
pub(super) fn attested<'o>(objects: impl Iterator<Item = &'o Object>) -> Vec<Success> {
    let said = objects
        .filter(|it| !is_set(it.value(), "/metadata/deletionTimestamp"))
        .filter_map(|it| it.annotation(LAST_BACKUP));
    let success = |said: &str| Success {
        what: format!("its annotation {LAST_BACKUP}, \"{said}\","),
        at: said.parse().ok(),
    };
    said.map(success).collect()
}
