//! Chaos Mesh: every kind of the group `chaos-mesh.org`.
//!
//! An experiment kind is a row of `kinds`, which names the reader of its spec: `pods` for those
//! that do one thing to the pods they select, `network` and `stress` for those that combine
//! several, `elsewhere` for victims that are no pods. What they share, a spec and where it stands,
//! is a `site`; which pods a spec selects, and how many of them, `selector` says. `schedule`
//! and `workflow` embed specs of every kind, and `internal` objects carry them out. `lint`
//! finds what would be dropped or changed on the way into the cluster.

mod elsewhere;
mod internal;
mod kinds;
mod lint;
mod network;
mod pods;
mod records;
mod schedule;
pub mod selector;
mod site;
mod stress;
mod workflow;

pub(super) use elsewhere::{read_cluster, read_harmless};
pub(super) use internal::{read_http, read_io, read_network, read_node};
pub(super) use schedule::read as read_schedule;
pub(super) use workflow::read as read_workflow;

use kinds::Kind;
use site::{Found, Site, namespace};

use crate::fault::{Reading, Unreadable};
use crate::object::Object;

/// Reads an object of an experiment kind.
pub(super) fn read(object: &Object) -> Reading {
    let Some(kind) = Kind::named(&object.reference().kind) else {
        return read_unknown(object);
    };
    let mut found = Found::of_one();
    Site::new(kind, object.spec(), namespace(object))?.read(&mut found)?;
    lint::last_applied(object, &mut found);
    Ok(Some(found.experiment(object)))
}

/// A kind that this version does not know. It may hurt anything, but one that only has another name
/// today is measured under that.
pub(in crate::fault) fn read_unknown(object: &Object) -> Reading {
    let reference = object.reference();
    let written = format!("\"{}\" of {}", reference.kind, reference.group);
    let name = lint::current_kind(&reference.kind);
    let Some(kind) = name.and_then(Kind::named) else {
        let accepted = "a kind of Chaos Mesh 2, as chaos-mesh.org/v1alpha1";
        return Err(Unreadable::new("kind", written, accepted));
    };
    let accepted = format!("{} of chaos-mesh.org/v1alpha1", kind.name);
    let renamed = Unreadable::new("kind", written, accepted);
    let mut found = Found::default();
    found.refuse(renamed.clone());
    let site = Site::new(kind, object.spec(), namespace(object));
    site.and_then(|site| site.read(&mut found))
        .map_err(|_| renamed)?;
    Ok(Some(found.experiment(object)))
}
