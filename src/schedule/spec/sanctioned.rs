//! SanctionedExperiment as its user writes it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::native::NativeSpec;
use super::probe::{BreakerSpec, ProbeSpec};
use super::status::OutcomeWord;
use super::verbatim;
use crate::policy::spec::values::{Count, Moment, Span};

/// An experiment that may run by itself: what it does, to which database, when, and under which care.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "firebreak.dev",
    version = "v1alpha1",
    kind = "SanctionedExperiment",
    plural = "sanctionedexperiments",
    shortname = "se",
    namespaced,
    category = "firebreak",
    status = "SanctionedExperimentStatus",
    derive = "PartialEq",
    doc = "An experiment that may run by itself: what it does, to which database, when, and under which care.",
    printcolumn = r#"{"name": "Target", "type": "string", "jsonPath": ".status.target"}"#,
    printcolumn = r#"{"name": "Schedule", "type": "string", "jsonPath": ".spec.schedules[*].schedule"}"#,
    printcolumn = r#"{"name": "Suspended", "type": "boolean", "jsonPath": ".spec.suspend"}"#,
    printcolumn = r#"{"name": "Next", "type": "string", "jsonPath": ".status.nextTicks[0]"}"#,
    printcolumn = r#"{"name": "Last", "type": "string", "jsonPath": ".status.lastOutcome"}"#,
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "has(self.database) != has(self.workload)",
    "message": "one of database and workload",
}, {
    "rule": "has(self.template) != has(self.native)",
    "message": "one of template and native",
}]))]
pub struct SanctionedExperimentSpec {
    /// What is expected to hold, a sentence.
    #[schemars(length(min = 1, max = 1024))]
    pub hypothesis: String,
    /// The database that it is aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<SubjectSpec>,
    /// The workload that it is aimed at, where that is no database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<SubjectSpec>,
    /// The chaos object of another tool, with `apiVersion`, `kind` and `spec`. Its selection is replaced by the pods that a run is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "verbatim")]
    pub template: Option<Value>,
    /// What firebreak does itself, without a chaos tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<NativeSpec>,
    /// Whom it may hit; absent: `Replicas`.
    #[serde(default)]
    pub targets: TargetsWord,
    /// When it runs; absent: only when somebody asks for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub schedules: Vec<TickSpec>,
    /// How late a run may begin; absent: `5m`, at least `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starting_deadline: Option<Span>,
    /// What happens at a tick while another run is open; absent: `Forbid`.
    #[serde(default)]
    pub concurrency: ConcurrencyWord,
    /// By up to how much the beginning of a run is put off, the same for the same tick; absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Span>,
    /// The least time between two runs on one database; absent: twice the deadline of recovery, and at least `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_interval: Option<Span>,
    /// `true`: no tick starts a run.
    #[serde(default)]
    pub suspend: bool,
    /// Whether a person has to agree; absent: `Never`.
    #[serde(default)]
    pub approval: ApprovalWord,
    /// What must hold before.
    #[serde(default)]
    pub preflight: PreflightSpec,
    /// Whether a backup is made before.
    #[serde(default)]
    pub backup: BackupSpec,
    /// What must hold during it, else it is aborted.
    #[serde(default)]
    pub safety: SafetySpec,
    /// What recovery is, and by when.
    #[serde(default)]
    pub recovery: RecoverySpec,
    /// How many closed runs are kept.
    #[serde(default)]
    pub history: HistorySpec,
    /// After how many failures in a row ticks start nothing any more, until its spec is changed; absent: 1, 0: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_after_failures: Option<u32>,
}

/// A database or workload, named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubjectSpec {
    /// Kind, such as `PerconaXtraDBCluster`, or with its API group: `Cluster.postgresql.cnpg.io`.
    #[schemars(length(min = 1, max = 253))]
    pub kind: String,
    /// Name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Namespace; absent: that of the experiment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// The part of it, such as a replica set, where one resource stands for several databases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub unit: Option<String>,
}

/// Whom an experiment may hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum TargetsWord {
    /// Members that are not the primary, and cannot become it before the run is pinned.
    #[default]
    Replicas,
    /// The primary.
    Primary,
    /// Any member.
    Any,
}

/// When an experiment runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TickSpec {
    /// Five cron fields such as `0 10 * * 2`, a name such as `@weekly`, or `@every 24h`.
    #[schemars(length(min = 1, max = 256))]
    pub schedule: String,
    /// IANA zone; absent: `UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub time_zone: Option<String>,
}

/// What happens at a tick while another run is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ConcurrencyWord {
    /// The tick is skipped.
    #[default]
    Forbid,
    /// The open run is aborted, and the tick starts a run once that is closed, if that is in time.
    Replace,
}

/// Whether a person has to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ApprovalWord {
    /// Nobody has to.
    #[default]
    Never,
    /// Once, for the experiment as it is written: annotation `firebreak.dev/approved` with its generation.
    Once,
    /// For each run: `spec.approvedBy` of the run, before its starting deadline.
    Required,
}

/// What must hold before an experiment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreflightSpec {
    /// How long the database must have been healthy, seen in samples; absent: `45s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_for: Option<Span>,
    /// How far replicas may lag behind; absent: `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lag: Option<Span>,
    /// Probes that must succeed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub probes: Vec<ProbeSpec>,
}

/// Whether a backup is made before an experiment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupSpec {
    /// When; absent: `Never`.
    #[serde(default)]
    pub before: BackupWord,
    /// How old the newest backup may be, for `IfStale` and for `Never`; absent: `24h` for `IfStale`, any age for `Never`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
}

/// When a backup is made before an experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum BackupWord {
    /// It is not.
    #[default]
    Never,
    /// When the newest is too old.
    IfStale,
    /// Before each run.
    Always,
}

/// What must hold during an experiment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SafetySpec {
    /// How many members must be healthy beside those that it hits; absent: what the quorum of the database needs, for a workload 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_healthy: Option<Count>,
    /// How long no member may be writable; absent: `60s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_no_primary: Option<Span>,
    /// Probes that must succeed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub probes: Vec<ProbeSpec>,
    /// Figures that must stay within their bounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub circuit_breakers: Vec<BreakerSpec>,
}

/// What recovery is, and by when.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecoverySpec {
    /// By when, counted from `from`; absent: `120s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Span>,
    /// How long everything must have been good; absent: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_for: Option<Span>,
    /// How often it is looked at; absent: `15s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<Span>,
    /// From when it is counted; absent: `Injection` for what takes pods down in an instant, `Revert` for all that lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ClockWord>,
    /// Probes that must succeed beside the database itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub probes: Vec<ProbeSpec>,
}

/// From when recovery is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ClockWord {
    /// From the confirmed injection.
    Injection,
    /// From the confirmed end of the fault.
    Revert,
}

/// How many closed runs are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistorySpec {
    /// Of those that passed or were skipped; absent: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<u32>,
    /// Of the others; absent: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<u32>,
}

/// What became of an experiment so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SanctionedExperimentStatus {
    /// The generation of the spec that this is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Whom it is aimed at, such as `PerconaXtraDBCluster percona/cluster1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The newest tick that was dealt with, whether it started a run or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_tick: Option<Moment>,
    /// The ticks to come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next_ticks: Vec<Moment>,
    /// How many ticks passed while nobody was there.
    #[serde(default)]
    pub missed_ticks: u64,
    /// Runs that are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub active: Vec<String>,
    /// How the newest closed run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<OutcomeWord>,
    /// Why the newest tick started no run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_skip: Option<SkipStatus>,
    /// How many runs failed in a row.
    #[serde(default)]
    pub consecutive_failures: u32,
    /// The generation of the spec at which failures began to be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_generation: Option<i64>,
    /// `Ready`: it is valid, and its ticks start runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// A tick that started no run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SkipStatus {
    /// The tick.
    pub tick: Moment,
    /// Why, for machines.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}
