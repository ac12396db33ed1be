//! Chaos Mesh: its experiment kinds.

use super::{Reading, Unreadable};
use crate::object::Object;

/// The API group of every kind of Chaos Mesh.
pub(super) const GROUP: &str = "chaos-mesh.org";

/// A kind that this version does not know. It may hurt anything.
pub(super) fn read_unknown(object: &Object) -> Reading {
    let found = format!("\"{}\"", object.reference().kind);
    Err(Unreadable::new("kind", found, "a kind of Chaos Mesh 2.8"))
}
