//! What is in the cluster, as far as a decision needs it: small facts and indexes, not objects.
//!
//! One code path builds it from recorded objects, from manifests alone, and later from a watch:
//! [`Inventory::from_objects`].

mod group;
mod pod;

pub use group::{Backup, Database, Group, Quorum, Writer};
pub use pod::{Owner, Pod};

use std::collections::BTreeMap;

use crate::fault::{Experiment, NodeTarget, Selection};
use crate::object::Object;

/// A pod of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId(pub u32);

/// A node of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A group of an inventory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `topology.kubernetes.io/zone`, empty when it has none.
    pub zone: String,
    /// The pods that run there.
    pub pods: Vec<PodId>,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Namespace {
    /// Labels; `kubernetes.io/metadata.name` is always among them.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The pods it covers.
    pub pods: Vec<PodId>,
    /// How many healthy pods it wants left.
    pub min_healthy: u32,
}

/// An experiment that is live, or may become live, beside the one that is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Active {
    /// What it does.
    pub experiment: Experiment,
    /// The pods it holds already, where the tool recorded them; otherwise it may still draw any of
    /// its candidates.
    pub records: Option<Vec<PodId>>,
    /// When it began, where that is known.
    pub started: Option<jiff::Timestamp>,
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

/// What is in the cluster.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    pods: Vec<Pod>,
}

impl Inventory {
    /// An inventory of these objects. What a decision does not need is left out; what cannot be
    /// understood makes the pods concerned unhealthy or their database unknown, never absent.
    #[must_use]
    pub fn from_objects(objects: &[Object], origin: Origin) -> Self {
        let _ = (objects, origin);
        Self::default()
    }

    /// A pod.
    #[must_use]
    pub fn pod(&self, id: PodId) -> &Pod {
        &self.pods[id.0 as usize]
    }

    /// The pods that a selection matches. Costs what it matches, not what exists.
    #[must_use]
    pub fn select(&self, selection: &Selection, view: View) -> Candidates {
        let _ = (selection, view);
        Candidates::default()
    }

    /// The nodes that a node target may hit.
    #[must_use]
    pub fn select_nodes(&self, target: &NodeTarget, view: View) -> Vec<NodeId> {
        let _ = (target, view);
        Vec::new()
    }
}
