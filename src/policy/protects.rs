//! Whose pods a policy protects: decided by the victim, never by where the chaos object lies.

use crate::inventory::{Group, Inventory};
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

    /// Whether the policy protects this database or workload.
    #[must_use]
    pub fn covers(&self, group: &Group, inventory: &Inventory) -> bool {
        self.covers_kind(group)
            && self.covers_namespace(&group.namespace, inventory)
            && self.covers_pods(group, inventory)
    }

    /// A namespace that is not in the inventory may have any labels, so that every policy covers it.
    fn covers_namespace(&self, name: &str, inventory: &Inventory) -> bool {
        inventory
            .namespace(name)
            .is_none_or(|namespace| self.namespaces.matches(&namespace.labels))
    }

    /// A workload whose pods are not known may have any labels too.
    fn covers_pods(&self, group: &Group, inventory: &Inventory) -> bool {
        let mut members = group.members.iter().map(|pod| &inventory.pod(*pod).labels);
        group.members.is_empty() || members.any(|labels| self.pods.matches(labels))
    }

    fn covers_kind(&self, group: &Group) -> bool {
        let Some(kinds) = &self.databases else {
            return true;
        };
        let named = |kind: &String| match kind.split_once('.') {
            Some((kind, api_group)) => kind == group.kind && api_group == group.api_group,
            None => kind == "*" || *kind == group.kind,
        };
        group.database.is_some() && kinds.iter().any(named)
    }
}
