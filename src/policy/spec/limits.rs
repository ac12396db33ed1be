//! `spec.limits` of a BlastRadiusPolicy, as its user writes it.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::values::{ActionName, Count, EffectName, Span};
use crate::fault::Action;

/// What is permitted. What is absent is not limited by this policy, but for `effects`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limits {
    /// `true`: no chaos may reach these pods at all.
    #[serde(default, skip_serializing_if = "is_false")]
    pub protected: bool,
    /// Chaos may reach only pods, or namespaces, that carry this label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opt_in: Option<OptIn>,
    /// Healthy pods of each workload or database that must be left in the worst case: a number such as `2`, or a percentage of its size such as `60%`, rounded up. Experiments that are live already count too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_healthy: Option<Count>,
    /// Pods that one experiment may hit at once, at worst.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pods: Option<u32>,
    /// The share of each workload or database that one experiment may hit at once, in percent of its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_share_percent: Option<u32>,
    /// Nodes that one experiment may take at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_nodes: Option<u32>,
    /// Namespaces in which one experiment may hit pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_namespaces: Option<u32>,
    /// Experiments that may be live at once on one workload or database, the new one included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_concurrent: Option<u32>,
    /// The shortest time between two runs of a schedule, and between the start of a live experiment and the next one on the same workload or database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_interval: Option<Span>,
    /// How long a fault may last. A fault that nothing ends is over every bound; one that acts in an instant is under all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_duration: Option<Span>,
    /// How long a fault may last, by action. Where `maxDuration` bounds it too, the smaller one counts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "durations_by_action")]
    pub max_durations: BTreeMap<ActionName, Span>,
    /// How strong a fault may be. One that does not say how strong it is is over the bound for its action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intensity: Option<IntensityLimits>,
    /// Which actions are permitted; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<Actions>,
    /// Which effects are permitted; absent: all but `Corrupting`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4))]
    pub effects: Option<Vec<EffectName>>,
    /// `true`: the worst case may not break a PodDisruptionBudget, although chaos tools bypass budgets.
    #[serde(default, skip_serializing_if = "is_false")]
    pub respect_budgets: bool,
    /// Who may start chaos here; absent: anyone who may create the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Accounts>,
    /// What holds for databases beside the limits above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseLimits>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

fn durations_by_action(generator: &mut SchemaGenerator) -> Schema {
    let actions: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
    let known = format!("self.all(action, action in ['{}'])", actions.join("', '"));
    json_schema!({
        "type": "object",
        "additionalProperties": generator.subschema_for::<Span>(),
        "maxProperties": Action::ALL.len(),
        "x-kubernetes-validations": [{
            "rule": known,
            "message": "each key must be the name of an action, such as NetworkPartition",
        }],
    })
}

/// A label that says that chaos is welcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptIn {
    /// The label's key.
    #[schemars(length(min = 1, max = 317))]
    pub label: String,
    /// The value it must have.
    #[schemars(length(max = 63))]
    pub value: String,
    /// What must carry it; absent: `Either`. (Not `on`, which YAML reads as `true`.)
    #[serde(default)]
    pub scope: OptInScope,
}

/// What must carry the label of `optIn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum OptInScope {
    /// The namespace.
    Namespace,
    /// Every pod that can be hit.
    Pod,
    /// The namespace, or else every pod that can be hit.
    #[default]
    Either,
}

/// How strong a fault may be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntensityLimits {
    /// Load on the processor, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_percent: Option<u32>,
    /// Memory taken, in percent of the limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_percent: Option<u32>,
    /// Disk filled, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_fill_percent: Option<u32>,
    /// Delay added to each packet, call or file operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Span>,
    /// Packets lost or corrupted, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_percent: Option<u32>,
}

/// Which actions are permitted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "has(self.allow) != has(self.deny)",
    "message": "either allow or deny",
}]))]
pub struct Actions {
    /// Only these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub allow: Option<Vec<ActionName>>,
    /// All but these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub deny: Option<Vec<ActionName>>,
}

/// Whose requests are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Accounts {
    /// Names of users, such as `system:serviceaccount:chaos-*:*`, and groups, such as `group:sre`. `*` stands for any text.
    #[schemars(length(max = 256))]
    pub allow: Vec<String>,
}

/// What holds for databases. A member that may be writing is protected as soon as this is present.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatabaseLimits {
    /// Whether the primary may be hit; absent: `Never`. Where any member may be written to, `quorum` decides; where one is and nothing tells which, every member is guarded.
    #[serde(default)]
    pub primary: Primary,
    /// Healthy members able to take over that must be left whenever the primary is hit; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_standbys: Option<u32>,
    /// Whether a database that needs a majority, or a number of standbys, to serve must keep it; absent: `Keep`.
    #[serde(default)]
    pub quorum: QuorumRule,
    /// Units of one resource that one experiment may hit at once, such as the shards of a sharded cluster and its config servers. Most resources are a single database, and have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_units: Option<u32>,
    /// In which state a database may be hit; absent: `Any`.
    #[serde(default)]
    pub state: DatabaseState,
    /// How far its replicas may lag behind. Where nothing tells the lag it counts as too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_replication_lag: Option<Span>,
    /// Which backup it must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupRule>,
}

/// Whether the primary of a database may be hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum Primary {
    /// It may not be hit.
    #[default]
    Never,
    /// It may be hit when, in every draw that includes it, `minStandbys` healthy members able to take over remain.
    WithHealthyStandby,
}

/// Whether quorum must be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum QuorumRule {
    /// The members it needs must stay in the worst case.
    #[default]
    Keep,
    /// They need not.
    Ignore,
}

/// In which state a database may be hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum DatabaseState {
    /// Only when it is healthy, and neither paused, upgrading, restoring nor backing up.
    Healthy,
    /// In any state.
    #[default]
    Any,
}

/// Which backup a database must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupRule {
    /// How old its newest finished backup may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// Whether it must be restorable to a point in time.
    #[serde(default, skip_serializing_if = "is_false")]
    pub require_point_in_time: bool,
    /// What follows when its backups cannot be told; absent: `Deny`.
    #[serde(default)]
    pub on_unknown: OnUnknown,
}

/// What follows when a database's backups cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum OnUnknown {
    /// It counts as too old.
    #[default]
    Deny,
    /// A warning.
    Warn,
    /// Nothing.
    Allow,
}
