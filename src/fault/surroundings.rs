//! The objects that chaos objects refer to, and without which nobody can tell what they do: the
//! ChaosExperiment that an engine names, the template of a workflow, the rights of an account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::object::{Object, ObjectRef};

/// API group and kind.
type Kind<'k> = (&'k str, &'k str);

/// The API group of what tells rights.
const RIGHTS: &str = "rbac.authorization.k8s.io";

/// The kinds that are kept, because a reader asks for them.
const KINDS: &[Kind<'static>] = &[
    ("litmuschaos.io", "ChaosEngine"),
    ("litmuschaos.io", "ChaosExperiment"),
    ("litmuschaos.io", "ChaosSchedule"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("argoproj.io", "CronWorkflow"),
    ("argoproj.io", "WorkflowTemplate"),
    (RIGHTS, "ClusterRole"),
    (RIGHTS, "ClusterRoleBinding"),
    (RIGHTS, "Role"),
    (RIGHTS, "RoleBinding"),
];

/// Shared, so that surroundings with a few objects more are cheap.
type ByName = BTreeMap<String, Arc<Object>>;

/// What is known of the objects around a chaos object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    kinds: BTreeMap<Kind<'static>, BTreeMap<String, ByName>>,
    /// The kinds whose objects are all known.
    told: BTreeSet<Kind<'static>>,
}

impl Surroundings {
    /// Nothing is known: a chaos object stands alone.
    pub const NONE: &Self = &Self {
        kinds: BTreeMap::new(),
        told: BTreeSet::new(),
    };

    /// Those of `objects` that a chaos object may refer to. Of two with the same name, the later
    /// one counts.
    #[must_use]
    pub fn of(objects: &[Object]) -> Self {
        let mut around = Self::default();
        for object in objects.iter().filter(|it| Self::keeps(it)) {
            around.place(Arc::new(object.clone()));
        }
        around.told = around.kinds.keys().copied().collect();
        around
    }

    /// These surroundings once `objects` have been applied as well. They take the place of those
    /// that have their names; what was not known of a kind still is not.
    #[must_use]
    pub fn with<'o>(&self, objects: impl IntoIterator<Item = &'o Object>) -> Self {
        let mut around = self.clone();
        for object in objects.into_iter().filter(|it| Self::keeps(it)) {
            around.place(Arc::new(object.clone()));
        }
        around
    }

    /// Whether objects of this kind are kept.
    #[must_use]
    pub fn keeps(object: &Object) -> bool {
        KINDS.iter().any(|(group, kind)| object.is(group, kind))
    }

    /// API group and kind of everything that is kept.
    pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        KINDS.iter().copied()
    }

    /// Keeps an object of a cluster that is listed, in place of what had its name.
    pub fn put(&mut self, object: Arc<Object>) {
        if let Some(kind) = self.place(object) {
            self.told.insert(kind);
        }
    }

    /// Whether an object of this name is kept.
    #[must_use]
    pub fn has(&self, reference: &ObjectRef) -> bool {
        let kind = (reference.group.as_str(), reference.kind.as_str());
        self.find(kind, &reference.namespace, &reference.name)
            .is_some()
    }

    /// Forgets an object.
    pub fn remove(&mut self, reference: &ObjectRef) {
        let kind = (reference.group.as_str(), reference.kind.as_str());
        self.retain(kind, |namespace, name| {
            (namespace, name) != (&*reference.namespace, &*reference.name)
        });
    }

    /// Takes what others hold of a kind, which is all there is of it.
    pub fn adopt(&mut self, kind: Kind<'_>, others: &Self) {
        if let Some(known) = KINDS.iter().copied().find(|known| *known == kind) {
            let places = others.kinds.get(&known).cloned();
            self.kinds.insert(known, places.unwrap_or_default());
            self.told.insert(known);
        }
    }

    /// Forgets every object of a kind but those that `keep` wants, by namespace and name.
    pub fn retain(&mut self, kind: Kind<'_>, keep: impl Fn(&str, &str) -> bool) {
        let known = KINDS.iter().find(|known| **known == kind);
        let places = known.and_then(|known| self.kinds.get_mut(known));
        for (place, names) in places.into_iter().flatten() {
            names.retain(|name, _| keep(place, name));
        }
    }

    fn place(&mut self, object: Arc<Object>) -> Option<Kind<'static>> {
        let reference = object.reference().clone();
        let mut kinds = KINDS.iter().copied();
        let kind = kinds.find(|(group, kind)| object.is(group, kind))?;
        let places = self.kinds.entry(kind).or_default();
        let place = places.entry(reference.namespace).or_default();
        place.insert(reference.name, object);
        Some(kind)
    }

    /// These surroundings where nobody's rights are known.
    #[must_use]
    pub fn without_rights(&self) -> Self {
        let mut around = self.clone();
        around.kinds.retain(|(group, _), _| *group != RIGHTS);
        around.told.retain(|(group, _)| *group != RIGHTS);
        around
    }

    /// Whether objects of this kind are known at all. Where none is, one that is missing may well
    /// exist; where some are, it does not.
    #[must_use]
    pub fn knows(&self, kind: Kind<'_>) -> bool {
        self.told.contains(&kind)
    }

    /// The object of this kind, namespace (empty where the kind has none) and name.
    #[must_use]
    pub fn find(&self, kind: Kind<'_>, namespace: &str, name: &str) -> Option<&Object> {
        let found = self.of_kind(kind)?.get(namespace)?.get(name);
        found.map(Arc::as_ref)
    }

    /// Every object of a kind in one namespace, by name.
    pub fn within(&self, kind: Kind<'_>, namespace: &str) -> impl Iterator<Item = &Object> {
        let place = self.of_kind(kind).and_then(|it| it.get(namespace));
        let objects = place.into_iter().flat_map(BTreeMap::values);
        objects.map(Arc::as_ref)
    }

    /// Every object of a kind, by namespace and name.
    pub fn all(&self, kind: Kind<'_>) -> impl Iterator<Item = &Object> {
        let places = self.of_kind(kind).into_iter().flat_map(BTreeMap::values);
        places.flat_map(BTreeMap::values).map(Arc::as_ref)
    }

    fn of_kind(&self, kind: Kind<'_>) -> Option<&BTreeMap<String, ByName>> {
        let known = KINDS.iter().find(|known| **known == kind)?;
        self.kinds.get(known)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEFINITION: Kind<'static> = ("litmuschaos.io", "ChaosExperiment");

    #[test]
    fn what_is_applied_as_well_takes_the_place_of_its_namesake() {
        let object = |image: &str| {
            let metadata = json!({"name": "x", "namespace": "db"});
            Object::new(json!({
                "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosExperiment",
                "metadata": metadata, "spec": {"definition": {"image": image}}
            }))
            .unwrap()
        };
        let around = Surroundings::of(&[object("old")]).with(&[object("new")]);
        assert_eq!(around.find(DEFINITION, "db", "x"), Some(&object("new")));
        assert!(around.knows(DEFINITION));
        assert!(!Surroundings::NONE.with(&[object("new")]).knows(DEFINITION));
    }

    #[test]
    fn what_no_reader_asks_for_is_not_kept() {
        let object = |api_version: &str, kind: &str| {
            let metadata = json!({"name": "x", "namespace": "db"});
            Object::new(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata}))
                .unwrap()
        };
        let objects = [
            object("litmuschaos.io/v1alpha1", "ChaosExperiment"),
            object("apps/v1", "Deployment"),
        ];
        let around = Surroundings::of(&objects);
        assert_eq!(around.find(DEFINITION, "db", "x"), Some(&objects[0]));
        assert_eq!(around.find(DEFINITION, "web", "x"), None);
        assert_eq!(around.within(DEFINITION, "db").count(), 1);
        assert!(!around.knows(("apps", "Deployment")));
    }
}
