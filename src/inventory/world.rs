//! The objects an inventory is made of, by kind, namespace and name.

use std::collections::BTreeMap;

use super::Origin;
use crate::object::Object;

type ByName<'a> = BTreeMap<&'a str, &'a Object>;
type ByNamespace<'a> = BTreeMap<&'a str, ByName<'a>>;

/// API group and kind.
pub(super) type Kind<'k> = (&'k str, &'k str);

/// The objects an inventory is made of. Of two with the same name, the later one counts.
pub(super) struct World<'a> {
    kinds: BTreeMap<&'a str, BTreeMap<&'a str, ByNamespace<'a>>>,
    /// Where they come from.
    pub(super) origin: Origin,
}

impl<'a> World<'a> {
    pub(super) fn new(objects: &'a [Object], origin: Origin) -> Self {
        let mut kinds = BTreeMap::<_, BTreeMap<_, ByNamespace<'a>>>::new();
        for object in objects {
            let reference = object.reference();
            let group = kinds.entry(reference.group.as_str()).or_default();
            let kind = group.entry(reference.kind.as_str()).or_default();
            let place = kind.entry(namespace(object)).or_default();
            place.insert(reference.name.as_str(), object);
        }
        Self { kinds, origin }
    }

    /// Every object of a kind, by namespace and name.
    pub(super) fn all(&self, kind: Kind<'_>) -> impl Iterator<Item = &'a Object> {
        let places = self.of(kind).into_iter().flat_map(BTreeMap::values);
        places.flat_map(BTreeMap::values).copied()
    }

    /// Every object of a kind in one namespace, by name.
    pub(super) fn within(&self, kind: Kind<'_>, place: &str) -> impl Iterator<Item = &'a Object> {
        let place = self.of(kind).and_then(|places| places.get(place));
        place.into_iter().flat_map(BTreeMap::values).copied()
    }

    /// The object of this kind with this namespace and name.
    pub(super) fn find(&self, kind: Kind<'_>, place: &str, name: &str) -> Option<&'a Object> {
        self.of(kind)?.get(place)?.get(name).copied()
    }

    /// The object of this kind with this name, of a kind that has no namespaces.
    pub(super) fn cluster_wide(&self, kind: Kind<'_>, name: &str) -> Option<&'a Object> {
        self.find(kind, DEFAULT, name)
    }

    fn of(&self, (group, kind): Kind<'_>) -> Option<&ByNamespace<'a>> {
        self.kinds.get(group)?.get(kind)
    }
}

/// Where an object is that names no namespace.
const DEFAULT: &str = "default";

/// The namespace of an object, as `kubectl` would put it.
pub(super) fn namespace(object: &Object) -> &str {
    match object.reference().namespace.as_str() {
        "" => DEFAULT,
        namespace => namespace,
    }
}
