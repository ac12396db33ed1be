//! Whose pods a policy protects: decided by the victim, never by where the chaos object lies.

use crate::inventory::{Group, Inventory, Namespace, PodId};
use crate::object::{Field, Unreadable};
use crate::selector::LabelSelector;

/// Whose pods a policy protects, compiled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Protected {
    namespaces: LabelSelector,
    pods: LabelSelector,
    databases: Option<Vec<String>>,
}

impl Protected {
    pub(super) fn compile(
        field: &Field<'_>,
        databases: Option<Vec<String>>,
    ) -> Result<Self, Unreadable> {
        if databases.as_ref().is_some_and(Vec::is_empty) {
            let accepted = "at least one kind, or `*` for every database";
            return Err(field.get("databases").unreadable(accepted));
        }
        Ok(Self {
            namespaces: LabelSelector::read(&field.get("namespaces"))?,
            pods: LabelSelector::read(&field.get("pods"))?,
            databases,
        })
    }

    /// Whether the policy protects this database or workload, of which `others` are pods beside its
    /// members.
    #[must_use]
    pub fn covers(&self, group: &Group, others: &[PodId], inventory: &Inventory) -> bool {
        let namespace = inventory.namespace(&group.namespace);
        self.covers_in((group, namespace), others, inventory)
    }

    /// The same of a group whose namespace has been looked up.
    pub(super) fn covers_in(
        &self,
        (group, namespace): (&Group, Option<&Namespace>),
        others: &[PodId],
        inventory: &Inventory,
    ) -> bool {
        self.covers_kind(group)
            && self.covers_namespace(namespace)
            && self.covers_pods(group.members.iter().chain(others), inventory)
    }

    /// A namespace that is not in the inventory may have any labels, so that every policy covers it.
    fn covers_namespace(&self, namespace: Option<&Namespace>) -> bool {
        let matches = |namespace: &Namespace| self.namespaces.matches(&namespace.labels);
        self.namespaces.is_empty() || namespace.is_none_or(matches)
    }

    /// A workload whose pods are not known may have any labels too.
    fn covers_pods<'a>(
        &self,
        pods: impl Iterator<Item = &'a PodId>,
        inventory: &Inventory,
    ) -> bool {
        if self.pods.is_empty() {
            return true;
        }
        let mut pods = pods.map(|pod| &inventory.pod(*pod).labels).peekable();
        pods.peek().is_none() || pods.any(|labels| self.pods.matches(labels))
    }

    fn covers_kind(&self, group: &Group) -> bool {
        let Some(kinds) = &self.databases else {
            return true;
        };
        let named = |kind: &String| match kind.split_once('.') {
            Some((kind, api_group)) => group.kind == kind && group.api_group == api_group,
            None => kind == "*" || group.kind == *kind,
        };
        group.database.is_some() && kinds.iter().any(named)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::PolicySet;
    use super::super::fixture::{Fixture, policy};

    /// Whether a policy that protects this covers StatefulSet shop/ledger, as a database or not.
    fn covers(protects: &Value, is_database: bool) -> bool {
        let fixture = if is_database {
            Fixture::database(3, 1)
        } else {
            Fixture::new(3, 1)
        };
        let set = PolicySet::compile(&[policy(&json!({"protects": protects}))]).unwrap();
        let protected = &set.policies()[0].protects;
        protected.covers(&fixture.group, &[], &fixture.inventory)
    }

    #[test]
    fn the_victim_decides_by_its_namespace_and_by_any_of_its_pods() {
        let cases = [
            (json!({}), true),
            (
                json!({"namespaces": {"matchLabels": {"environment": "production"}}}),
                true,
            ),
            (
                json!({"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}),
                true,
            ),
            (
                json!({"namespaces": {"matchLabels": {"environment": "staging"}}}),
                false,
            ),
            (json!({"pods": {"matchLabels": {"role": "primary"}}}), true),
            (json!({"pods": {"matchLabels": {"role": "arbiter"}}}), false),
            (json!({"namespaces": {}, "pods": {}}), true),
            (
                json!({"namespaces": {"matchLabels": {"environment": "production"}},
                "pods": {"matchLabels": {"role": "arbiter"}}}),
                false,
            ),
        ];
        for (protects, expected) in cases {
            assert_eq!(covers(&protects, false), expected, "{protects}");
        }
    }

    #[test]
    fn a_policy_for_databases_covers_no_workload() {
        let cases = [
            (json!({"databases": ["*"]}), true),
            (json!({"databases": ["StatefulSet"]}), true),
            (json!({"databases": ["StatefulSet.apps"]}), true),
            (
                json!({"databases": ["PerconaXtraDBCluster", "StatefulSet"]}),
                true,
            ),
            (json!({"databases": ["StatefulSet.other.dev"]}), false),
            (json!({"databases": ["PerconaXtraDBCluster"]}), false),
        ];
        for (protects, expected) in cases {
            assert_eq!(covers(&protects, true), expected, "{protects}");
            assert!(!covers(&protects, false), "{protects}");
        }
    }

    #[test]
    fn a_namespace_that_is_not_known_may_be_any() {
        let mut fixture = Fixture::new(3, 1);
        fixture.group.namespace = "elsewhere".into();
        let staging = json!({"namespaces": {"matchLabels": {"environment": "staging"}}});
        let set = PolicySet::compile(&[policy(&json!({"protects": staging}))]).unwrap();
        let protected = &set.policies()[0].protects;
        assert!(protected.covers(&fixture.group, &[], &fixture.inventory));
    }
}
