//! The objects that chaos objects refer to, and without which nobody can tell what they do: the
//! ChaosExperiment that an engine names, the template of a workflow, the rights of an account.

use std::collections::BTreeMap;

use crate::object::Object;

/// API group and kind.
type Kind<'k> = (&'k str, &'k str);

/// The kinds that are kept, because a reader asks for them.
const KINDS: &[Kind<'static>] = &[
    ("litmuschaos.io", "ChaosEngine"),
    ("litmuschaos.io", "ChaosExperiment"),
    ("litmuschaos.io", "ChaosSchedule"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("argoproj.io", "WorkflowTemplate"),
];

type ByName = BTreeMap<String, Object>;

/// What is known of the objects around a chaos object.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surroundings {
    kinds: BTreeMap<Kind<'static>, BTreeMap<String, ByName>>,
}

impl Surroundings {
    /// Nothing is known: a chaos object stands alone.
    pub const NONE: &Self = &Self {
        kinds: BTreeMap::new(),
    };

    /// Those of `objects` that a chaos object may refer to. Of two with the same name, the later
    /// one counts.
    #[must_use]
    pub fn of(objects: &[Object]) -> Self {
        let mut around = Self::default();
        for object in objects {
            let reference = object.reference();
            let asked_for = KINDS.iter().find(|(group, kind)| object.is(group, kind));
            if let Some(kind) = asked_for {
                let places = around.kinds.entry(*kind).or_default();
                let place = places.entry(reference.namespace.clone()).or_default();
                place.insert(reference.name.clone(), object.clone());
            }
        }
        around
    }

    /// Whether objects of this kind are known at all. Where none is, one that is missing may well
    /// exist; where some are, it does not.
    #[must_use]
    pub fn knows(&self, kind: Kind<'_>) -> bool {
        self.of_kind(kind).is_some()
    }

    /// The object of this kind, namespace (empty where the kind has none) and name.
    #[must_use]
    pub fn find(&self, kind: Kind<'_>, namespace: &str, name: &str) -> Option<&Object> {
        self.of_kind(kind)?.get(namespace)?.get(name)
    }

    /// Every object of a kind in one namespace, by name.
    pub fn within(&self, kind: Kind<'_>, namespace: &str) -> impl Iterator<Item = &Object> {
        let place = self.of_kind(kind).and_then(|it| it.get(namespace));
        place.into_iter().flat_map(BTreeMap::values)
    }

    /// Every object of a kind, by namespace and name.
    pub fn all(&self, kind: Kind<'_>) -> impl Iterator<Item = &Object> {
        let places = self.of_kind(kind).into_iter().flat_map(BTreeMap::values);
        places.flat_map(BTreeMap::values)
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
