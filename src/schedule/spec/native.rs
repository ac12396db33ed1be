//! What firebreak does itself, as its user writes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::spec::values::{Count, Span};

/// A fault that needs no chaos tool. One of its fields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "[has(self.podDelete), has(self.partition), has(self.stress), has(self.scale), has(self.drain)].filter(it, it).size() == 1",
    "message": "one of podDelete, partition, stress, scale, drain",
}]))]
pub struct NativeSpec {
    /// Pods are deleted or evicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_delete: Option<PodDeleteSpec>,
    /// Pods are cut off by a NetworkPolicy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionSpec>,
    /// A Job takes processor or memory on the nodes of the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stress: Option<StressSpec>,
    /// The workload is scaled down, and back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleSpec>,
    /// The nodes of the pods are cordoned, and where asked drained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<DrainSpec>,
}

/// Pods are deleted or evicted, each only as the instance that the run is pinned to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodDeleteSpec {
    /// How many; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// How; absent: `Delete`.
    #[serde(default)]
    pub how: RemovalWord,
    /// How long a pod may take to stop; absent: what the pod itself says. `0s` kills it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Span>,
}

/// How a pod is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum RemovalWord {
    /// Deleted, whatever its PodDisruptionBudget says.
    #[default]
    Delete,
    /// Evicted, as its PodDisruptionBudget permits.
    Evict,
}

/// Pods are cut off by a NetworkPolicy, which is removed at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartitionSpec {
    /// How many pods; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// For how long.
    pub duration: Span,
    /// In which direction; absent: `Both`.
    #[serde(default)]
    pub direction: DirectionWord,
}

/// In which direction a partition cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum DirectionWord {
    /// Nothing gets in.
    Ingress,
    /// Nothing gets out.
    Egress,
    /// Neither.
    #[default]
    Both,
}

/// A Job on the node of each pod takes processor or memory, within limits of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StressSpec {
    /// How many pods; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// For how long.
    pub duration: Span,
    /// The image; it is started with `command`.
    #[schemars(length(min = 1, max = 512))]
    pub image: String,
    /// What runs in it.
    #[schemars(length(min = 1, max = 64))]
    pub command: Vec<String>,
    /// What it may take at most, such as `cpu: "2"`, `memory: 1Gi`. Both are required by firebreak.
    pub limits: BTreeMap<String, String>,
}

/// The workload is scaled down, and at the end back to what it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScaleSpec {
    /// By how many replicas.
    pub by: Count,
    /// For how long.
    pub duration: Span,
}

/// The nodes of the pods are cordoned, and at the end uncordoned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DrainSpec {
    /// How many pods, whose nodes are meant; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Count>,
    /// For how long.
    pub duration: Span,
    /// Whether the pods of the database or workload are evicted from there; absent: they are not, only new ones are kept away.
    #[serde(default)]
    pub evict: bool,
}
