//! A pod, as far as a decision needs it.

use std::collections::BTreeMap;

use super::{GroupId, NodeId};

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub struct Pod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// The node it runs on.
    pub node: Option<NodeId>,
    /// The node's name as the pod says it, also where that node is not in the inventory.
    pub node_name: String,
    /// `status.phase`.
    pub phase: String,
    /// Its own address.
    pub ip: String,
    /// `spec.serviceAccountName`.
    pub service_account: String,
    /// `spec.schedulerName`.
    pub scheduler: String,
    /// `spec.restartPolicy`.
    pub restart_policy: String,
    /// `status.nominatedNodeName`.
    pub nominated_node: String,
    /// Whether it shares the node's network.
    pub host_network: bool,
    /// Names of its regular containers, in order.
    pub containers: Vec<String>,
    /// The workload it belongs to, a ReplicaSet's owner in place of the ReplicaSet.
    pub owner: Option<Owner>,
    /// The database or workload it is counted in.
    pub group: GroupId,
    /// Whether it serves: Ready, not being deleted, and not under an active fault that hides
    /// behind readiness.
    pub healthy: bool,
    /// Whether it was derived from a controller's template and only assumed to exist.
    pub assumed: bool,
}

/// The controlling owner of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Kind, as Kubernetes spells it.
    pub kind: String,
    /// Name.
    pub name: String,
}
