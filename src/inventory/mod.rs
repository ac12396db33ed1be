//! What is in the cluster, as far as a decision needs it: small facts and indexes, not objects.
//!
//! One code path builds it from recorded objects, from manifests alone, and later from a watch:
//! [`Inventory::from_objects`].

mod active;
mod budget;
mod build;
mod cluster;
mod database;
mod excerpt;
mod expand;
mod group;
mod index;
mod kinds;
mod lenient;
mod live;
mod namespace;
mod node;
mod pod;
mod scaled;
mod select;
mod service;
mod sets;
mod store;
mod template;
mod traffic;
mod toleration;
mod untold;
mod watched;
mod words;
mod workload;
mod with;
mod world;

pub use active::Active;
pub use budget::Budget;
pub use cluster::Cluster;
pub use database::{FamilyKind, ROLE_LABEL, engines, families};
pub use excerpt::excerpt;
pub use group::{Backup, Database, Group, Quorum, Writer};
pub use live::{Live, live};
pub use namespace::Namespace;
pub use node::Node;
pub use pod::{Facts, Owner, Pod, is_dropped};
pub use template::{ContainerPort, Template};
pub use toleration::Toleration;
pub use traffic::{Side, Traffic};
pub use watched::{Watched, watched, watches};
pub use words::{Labels, Text};

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::fault::{NetworkPolicy, Surroundings};
use crate::object::{Object, ObjectRef};
use index::{Index, Span};
use scaled::Scalable;
use service::Service;
use store::Store;
use untold::Untold;
use world::World;

/// A pod of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PodId(pub u32);

/// A node of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A group of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GroupId(pub u32);

/// Where the objects of an inventory come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A cluster: what is not there does not exist.
    Recorded,
    /// Manifests alone: controllers and databases are expanded to the pods they would have,
    /// assumed healthy.
    Manifests,
}

/// The answer to a selection.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Candidates {
    /// The distinct pods, ascending.
    pub pods: Vec<PodId>,
    /// How many entries the tool's own list has; modes draw from that list.
    pub listed: usize,
    /// Whether the tool itself would fail here and select nothing (a named node is missing).
    pub fails: bool,
}

/// How a selection is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As the cluster is now.
    Now,
    /// As it may be when the fault selects: conditions on what changes by itself (phase, node,
    /// address) are taken as true.
    Later,
}

/// What is in the cluster. Ids are given in order of namespace and name, so that the same objects
/// always have the same ids.
///
/// A copy shares everything with it but what is changed in it.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    pods: Arc<Vec<Pod>>,
    placed: Arc<Placed>,
    active: Arc<Vec<Active>>,
    unread: Vec<String>,
    over: Arc<Vec<ObjectRef>>,
    unavailable: Option<String>,
}

/// What is in the cluster beside pods.
#[derive(Debug, Clone, Default)]
struct Placed {
    nodes: Vec<Node>,
    namespaces: BTreeMap<Text, Arc<Namespace>>,
    groups: Vec<Group>,
    budgets: Vec<Budget>,
    budgets_untold: Option<String>,
    services: Vec<Service>,
    network_policies: BTreeMap<String, Vec<NetworkPolicy>>,
    scalable: Vec<Scalable>,
    surroundings: Arc<Surroundings>,
    index: Index,
    assumed: bool,
}

impl Inventory {
    /// An inventory of these objects. What a decision does not need is left out; what cannot be
    /// understood makes the pods concerned unhealthy or their database unknown, never absent.
    #[must_use]
    pub fn from_objects(objects: &[Object], origin: Origin) -> Self {
        let around = Arc::new(Surroundings::of(objects));
        let store = Store::of(objects);
        build::inventory(&World::new(&store, origin, &Untold::default()), around)
    }

    /// An inventory of a cluster that has not been listed, or not for too long; a phrase says why.
    /// Nothing is judged by it: every verdict is a refusal.
    #[must_use]
    pub fn unlisted(why: impl Into<String>) -> Self {
        Self {
            unavailable: Some(why.into()),
            ..Self::default()
        }
    }

    /// Why the cluster is not known, where it is not.
    #[must_use]
    pub fn unavailable(&self) -> Option<&str> {
        self.unavailable.as_deref()
    }

    /// Whether a chaos object of this kind, namespace and name is there, live or not.
    #[must_use]
    pub fn has_seen(&self, object: &ObjectRef) -> bool {
        let mut active = self.active.iter();
        self.over.contains(object) || active.any(|it| it.experiment.object == *object)
    }

    /// Chaos objects of the cluster that may be live and cannot be read, a sentence each.
    #[must_use]
    pub fn unread(&self) -> &[String] {
        &self.unread
    }

    /// Why no PodDisruptionBudget is known, where that is so.
    #[must_use]
    pub fn budgets_untold(&self) -> Option<&str> {
        self.placed.budgets_untold.as_deref()
    }

    /// Every pod, by namespace and name.
    #[must_use]
    pub fn pods(&self) -> impl ExactSizeIterator<Item = (PodId, &Pod)> {
        self.pods
            .iter()
            .enumerate()
            .map(|(at, pod)| (PodId(narrow(at)), pod))
    }

    /// A pod.
    #[must_use]
    pub fn pod(&self, id: PodId) -> &Pod {
        &self.pods[id.0 as usize]
    }

    /// The pod with this namespace and name.
    #[must_use]
    pub fn find_pod(&self, namespace: &str, name: &str) -> Option<PodId> {
        self.find_in(&self.placed.index.span(namespace), name)
    }

    /// Every node, by name.
    #[must_use]
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (NodeId, &Node)> {
        self.placed
            .nodes
            .iter()
            .enumerate()
            .map(|(at, node)| (NodeId(narrow(at)), node))
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.placed.nodes[id.0 as usize]
    }

    /// The nodes a pod may run on, by number: every one for a pod that is only assumed to exist.
    #[must_use]
    pub fn nodes_of(&self, id: PodId) -> Range<u32> {
        let pod = self.pod(id);
        match pod.node {
            Some(node) => node.0..node.0.saturating_add(1),
            None if pod.assumed && pod.node_name.is_empty() => 0..narrow(self.placed.nodes.len()),
            None => 0..0,
        }
    }

    /// A namespace that exists, or that has pods.
    #[must_use]
    pub fn namespace(&self, name: &str) -> Option<&Namespace> {
        self.placed.namespaces.get(name).map(Arc::as_ref)
    }

    /// Every namespace that exists or has pods, by name.
    pub fn namespaces(&self) -> impl Iterator<Item = (&str, &Namespace)> {
        let all = self.placed.namespaces.iter();
        all.map(|(name, it)| (name.as_str(), it.as_ref()))
    }

    /// Every database and workload, by namespace, kind and name.
    #[must_use]
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (GroupId, &Group)> {
        self.placed
            .groups
            .iter()
            .enumerate()
            .map(|(at, group)| (GroupId(narrow(at)), group))
    }

    /// A database or workload.
    #[must_use]
    pub fn group(&self, id: GroupId) -> &Group {
        &self.placed.groups[id.0 as usize]
    }

    /// The units of the resource that this database is a unit of; itself alone where it is none.
    pub fn units(&self, id: GroupId) -> impl Iterator<Item = GroupId> {
        let (group, at) = (self.group(id), id.0 as usize);
        let beside = |it: &&Group| !group.unit.is_empty() && it.resource() == group.resource();
        let (before, rest) = self.placed.groups.split_at(at);
        let before = before.iter().rev().take_while(beside).count();
        let after = rest.iter().skip(1).take_while(beside).count();
        (narrow(at - before)..=narrow(at + after)).map(GroupId)
    }

    /// What people call a database or workload, such as `StatefulSet payments/ledger`.
    #[must_use]
    pub fn group_name(&self, id: GroupId) -> String {
        self.group(id).to_string()
    }

    /// The PodDisruptionBudgets, by namespace and name.
    #[must_use]
    pub fn budgets(&self) -> &[Budget] {
        &self.placed.budgets
    }

    /// Which of [`Inventory::budgets`] are of this namespace.
    #[must_use]
    pub fn budgets_in(&self, namespace: &str) -> Range<usize> {
        let start = self
            .placed
            .budgets
            .partition_point(|it| it.namespace.as_str() < namespace);
        let end = self
            .placed
            .budgets
            .partition_point(|it| it.namespace.as_str() <= namespace);
        start..end
    }

    /// The databases and workloads of a namespace.
    pub fn groups_in(&self, namespace: &str) -> impl Iterator<Item = (GroupId, &Group)> {
        let start = self
            .placed
            .groups
            .partition_point(|it| it.namespace.as_str() < namespace);
        let ids = (narrow(start)..).map(GroupId);
        let here = self.placed.groups.iter().skip(start);
        let here = here.take_while(move |it| it.namespace == namespace);
        ids.zip(here)
    }

    /// The NetworkPolicies of a namespace, by name.
    #[must_use]
    pub fn network_policies_in(&self, namespace: &str) -> &[NetworkPolicy] {
        let found = self.placed.network_policies.get(namespace);
        found.map_or(&[], Vec::as_slice)
    }

    /// The experiments that are live, or may become live.
    #[must_use]
    pub fn active(&self) -> &[Active] {
        &self.active
    }

    /// The objects that chaos objects refer to.
    #[must_use]
    pub fn surroundings(&self) -> &Surroundings {
        &self.placed.surroundings
    }

    /// Whether any of the pods is only assumed to exist.
    #[must_use]
    pub fn assumed(&self) -> bool {
        self.placed.assumed
    }

    fn find_in(&self, span: &Span, name: &str) -> Option<PodId> {
        select::find(&self.pods, span, name)
    }

    /// Whether there is no node of this name, as far as nodes are known.
    fn lacks_node(&self, name: &str) -> bool {
        let by_name = |node: &Node| node.name.as_str().cmp(name);
        let known = self.placed.nodes.first().is_some_and(|node| node.known);
        known && self.placed.nodes.binary_search_by(by_name).is_err()
    }

    /// Where every pod is.
    fn span(&self) -> Span {
        0..narrow(self.pods.len())
    }
}

/// A position as an id holds it. No inventory has more entries than ids.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
