//! Databases that were made from what another one backed up: where a restore is a new database, they
//! are what tells of it.

use jiff::Timestamp;

use super::Evidence;
use crate::inventory::kinds::Kind;
use crate::inventory::lenient::instant;
use crate::inventory::world::namespace;
use crate::object::Object;

const CREATED: &str = "/metadata/creationTimestamp";

/// When the last of those was made that are copies of this database, of its present life: nothing says when
/// a restore ended, and it was no earlier.
pub(super) fn latest<'e>(
    evidence: &Evidence<'e>,
    kind: Kind,
    is_copy: impl Fn(&'e Object) -> bool,
) -> Option<Timestamp> {
    evidence.resource?;
    let others = evidence
        .world
        .all(kind)
        .filter(|it| !is_itself(evidence, it));
    let made = others.filter(|it| is_copy(it));
    let made = made.filter_map(|it| instant(it.value(), CREATED));
    made.filter(|at| is_since(evidence, *at)).max()
}

/// Whether this is no earlier than the database itself, which may have had one of its name before it.
pub(super) fn is_since(evidence: &Evidence<'_>, at: Timestamp) -> bool {
    instant(evidence.value(), CREATED).is_none_or(|created| created <= at)
}

fn is_itself(evidence: &Evidence<'_>, other: &Object) -> bool {
    namespace(other) == evidence.namespace && other.reference().name == evidence.name
}
