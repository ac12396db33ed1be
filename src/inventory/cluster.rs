//! What is kept of a cluster while it is watched.

use std::collections::BTreeMap;

use super::{Inventory, Origin, live};
use crate::object::{Object, ObjectRef};

/// API group and kind.
type Kind = (String, String);

/// What is kept of a cluster: objects come and go, and an inventory can be made at any time.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    objects: BTreeMap<Kind, BTreeMap<(String, String), Object>>,
    unlisted: BTreeMap<Kind, String>,
}

impl Cluster {
    /// Keeps what a decision needs of an object, in place of what was kept under its name.
    pub fn put(&mut self, object: Object) {
        let ObjectRef {
            namespace, name, ..
        } = object.reference().clone();
        let kind = kind(object.reference());
        let objects = self.objects.entry(kind).or_default();
        objects.insert((namespace, name), object);
    }

    /// Forgets an object.
    pub fn remove(&mut self, reference: &ObjectRef) {
        if let Some(objects) = self.objects.get_mut(&kind(reference)) {
            objects.remove(&(reference.namespace.clone(), reference.name.clone()));
        }
    }

    /// Forgets every object of a kind but those that `keep` wants, by namespace and name.
    pub fn retain(&mut self, group: &str, kind: &str, keep: impl Fn(&str, &str) -> bool) {
        let kind = (group.to_owned(), kind.to_owned());
        if let Some(objects) = self.objects.get_mut(&kind) {
            objects.retain(|(namespace, name), _| keep(namespace, name));
        }
    }

    /// Takes a whole list of a kind at once: what `list` keeps of it stands in the place of what was
    /// kept here, and the kind is known.
    pub fn adopt(&mut self, group: &str, kind: &str, mut list: Self) {
        self.mark(group, kind, None);
        let kind = (group.to_owned(), kind.to_owned());
        match list.objects.remove(&kind) {
            Some(objects) => drop(self.objects.insert(kind, objects)),
            None => drop(self.objects.remove(&kind)),
        }
    }

    /// How many objects of a kind are kept.
    #[must_use]
    pub fn count(&self, group: &str, kind: &str) -> usize {
        let kind = (group.to_owned(), kind.to_owned());
        self.objects.get(&kind).map_or(0, BTreeMap::len)
    }

    /// Says that the objects of a kind that is served cannot be known, and why; or, with `None`, that
    /// they are known again.
    pub fn mark(&mut self, group: &str, kind: &str, unlisted: Option<String>) {
        let kind = (group.to_owned(), kind.to_owned());
        match unlisted {
            Some(why) => drop(self.unlisted.insert(kind, why)),
            None => drop(self.unlisted.remove(&kind)),
        }
    }

    /// Every object of a kind, by namespace and name.
    pub fn all(&self, group: &str, kind: &str) -> impl Iterator<Item = &Object> {
        let kind = (group.to_owned(), kind.to_owned());
        let objects = self.objects.get(&kind);
        objects.into_iter().flat_map(BTreeMap::values)
    }

    /// The cluster as it is now, with what is live in it.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let objects = self.objects.values().flat_map(BTreeMap::values);
        let objects: Vec<Object> = objects.cloned().collect();
        let inventory = Inventory::from_objects(&objects, Origin::Recorded);
        let live = live(&objects, &inventory);
        inventory.with_live(live)
    }
}

fn kind(reference: &ObjectRef) -> Kind {
    (reference.group.clone(), reference.kind.clone())
}
