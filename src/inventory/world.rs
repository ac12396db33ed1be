//! The objects an inventory is made of, by kind, namespace and name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kinds::Kind;
use super::pod::Facts;
use super::store::{ByPlace, Store};
use super::untold::{Missed, Untold};
use super::workload::Workload;
use super::{Origin, Owner};
use crate::object::Object;

/// The objects an inventory is made of. Of two with the same name, the later one counts.
pub(super) struct World<'a> {
    pub(super) store: &'a Store,
    /// Where they come from.
    pub(super) origin: Origin,
    /// What is asked for and not known.
    pub(super) missed: Missed<'a>,
}

impl<'a> World<'a> {
    pub(super) fn new(store: &'a Store, origin: Origin, untold: &'a Untold) -> Self {
        Self {
            store,
            origin,
            missed: Missed::new(untold),
        }
    }

    /// Every object of a kind, by namespace and name.
    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.missed.asked(kind);
        self.store.all(kind.pair()).map(Arc::as_ref)
    }

    /// Every object of a kind in one namespace, by name.
    pub(super) fn within(
        &self,
        kind: Kind,
        place: &str,
    ) -> impl Iterator<Item = &'a Object> + use<'a> {
        let place = self.of(kind).and_then(|places| places.get(place));
        let objects = place.into_iter().flat_map(BTreeMap::values);
        objects.map(Arc::as_ref)
    }

    /// The object of this kind with this namespace and name.
    pub(super) fn find(&self, kind: Kind, place: &str, name: &str) -> Option<&'a Object> {
        let found = self.of(kind)?.get(place)?.get(name);
        found.map(Arc::as_ref)
    }

    /// Every pod, by namespace and name.
    pub(super) fn pods(&self) -> impl Iterator<Item = &'a Arc<Facts>> + use<'a> {
        self.store.pods.values().flat_map(BTreeMap::values)
    }

    /// The pods of a namespace, by name.
    pub(super) fn pods_in(&self, place: &str) -> impl Iterator<Item = &'a Arc<Facts>> + use<'a> {
        let names = self.store.pods.get(place);
        names.into_iter().flat_map(BTreeMap::values)
    }

    /// A pod.
    pub(super) fn pod(&self, place: &str, name: &str) -> Option<&'a Arc<Facts>> {
        self.store.pods.get(place)?.get(name)
    }

    /// Every workload of a kind, by namespace and name.
    pub(super) fn workloads(&self, kind: Kind) -> impl Iterator<Item = &'a Workload> + use<'a> {
        let places = self.workloads_of(kind.pair()).into_iter();
        places.flat_map(BTreeMap::values).flat_map(BTreeMap::values)
    }

    /// The workload that pods of a namespace say is theirs.
    pub(super) fn workload(&self, place: &str, owner: &Owner) -> Option<&'a Workload> {
        let places = self.workloads_of(owner.resource())?;
        places.get(place)?.get(owner.name.as_str())
    }

    fn workloads_of(&self, (group, kind): (&str, &str)) -> Option<&'a ByPlace<Workload>> {
        self.store.workloads.get(group)?.get(kind)
    }

    fn of(&self, kind: Kind) -> Option<&'a ByPlace<Arc<Object>>> {
        self.missed.asked(kind);
        self.store.objects.get(kind.group())?.get(kind.name())
    }
}

/// Where an object is that names no namespace.
pub(super) const DEFAULT: &str = "default";

/// The namespace of an object, as `kubectl` would put it.
pub(super) fn namespace(object: &Object) -> &str {
    match object.reference().namespace.as_str() {
        "" => DEFAULT,
        namespace => namespace,
    }
}
