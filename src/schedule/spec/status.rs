//! What an ExperimentRun tells of itself. All that a run is is here: whoever continues one reads nothing else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::recovery::{RecoveryStatus, ResilienceMetrics};
use super::verbatim;
use crate::policy::spec::values::Moment;

/// Where a run is. A run only moves forward in this order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
pub enum PhaseWord {
    /// It exists.
    #[default]
    Pending,
    /// What must hold before is looked at.
    Preflight,
    /// A backup is made.
    BackingUp,
    /// Its victims are chosen and promised to it.
    Reserving,
    /// The fault is being injected.
    Injecting,
    /// The fault is in effect.
    Active,
    /// The fault is being ended, and what it left is removed.
    Reverting,
    /// Recovery is awaited.
    Verifying,
    /// What was promised is given back.
    Closing,
    /// It is over.
    Closed,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum OutcomeWord {
    /// It recovered in time, and nothing was breached or lost.
    Passed,
    /// It recovered late or not, or something was lost.
    Failed,
    /// It was ended before its time.
    Aborted,
    /// What happened cannot be told well enough.
    Inconclusive,
    /// Nothing was injected, by decision.
    Skipped,
    /// Nothing was injected, by a failure.
    Error,
}

/// What a run tells of itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "!has(oldSelf.phase) || has(self.phase) && {'Pending': 0, 'Preflight': 1, 'BackingUp': 2, 'Reserving': 3, 'Injecting': 4, 'Active': 5, 'Reverting': 6, 'Verifying': 7, 'Closing': 8, 'Closed': 9}[self.phase] >= {'Pending': 0, 'Preflight': 1, 'BackingUp': 2, 'Reserving': 3, 'Injecting': 4, 'Active': 5, 'Reverting': 6, 'Verifying': 7, 'Closing': 8, 'Closed': 9}[oldSelf.phase]",
    "message": "a run only goes forward",
}, {
    "rule": "!has(oldSelf.fence) || has(self.fence) && self.fence == oldSelf.fence",
    "message": "the fence is written once",
}, {
    "rule": "!has(oldSelf.pinned) || has(self.pinned) && self.pinned == oldSelf.pinned",
    "message": "what is pinned is written once",
}, {
    "rule": "!has(oldSelf.epoch) || has(self.epoch) && self.epoch >= oldSelf.epoch",
    "message": "the epoch does not go back",
}]))]
pub struct ExperimentRunStatus {
    /// Where it is.
    #[serde(default)]
    pub phase: PhaseWord,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeWord>,
    /// Why, for machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How often it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// When its phase began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// What was looked at before, and what was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckStatus>,
    /// Since when all of that has been good without a break.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_since: Option<Moment>,
    /// The backup that was made or found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupTaken>,
    /// The pods that it may hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Vec<PinnedPod>>,
    /// How the members were before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<MemberStatus>,
    /// What has to be put back, written before anything is changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<UndoStatus>,
    /// The chaos object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chaos_object: Option<ChaosObject>,
    /// What a chaos object must carry to be taken for this run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<String>,
    /// By when it must be injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inject_by: Option<Moment>,
    /// When the fault was seen to be in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injected_at: Option<Moment>,
    /// When the fault ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault_ends_at: Option<Moment>,
    /// What the watch has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<WatchStatus>,
    /// How it is being ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revert: Option<RevertStatus>,
    /// How it recovered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryStatus>,
    /// What it measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ResilienceMetrics>,
    /// The share of what was looked at that was good, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u32>,
    /// What happened, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Happening>,
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckStatus {
    /// What.
    pub name: String,
    /// What was found.
    pub result: ResultWord,
    /// What was seen, for people.
    pub seen: String,
    /// When.
    pub at: Moment,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResultWord {
    /// It holds.
    Good,
    /// It does not.
    Bad,
    /// It may come to hold, and is awaited.
    Waiting,
    /// It cannot be told.
    Unknown,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupTaken {
    /// Its name, where the run asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Moment>,
}

/// A pod that may be hit, and no other instance of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedPod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Whether it was the primary, or may have been.
    #[serde(default)]
    pub primary: bool,
    /// The node that it ran on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub node: String,
}

/// A member, as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberStatus {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// How often its containers had been restarted.
    #[serde(default)]
    pub restarts: u32,
    /// Whether it was ready.
    #[serde(default)]
    pub ready: bool,
}

/// Something that has to be put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UndoStatus {
    /// What is done.
    pub what: UndoWord,
    /// API version with the group.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace, empty where the kind has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The number of replicas, where it is scaled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Whether it was seen to be as before.
    #[serde(default)]
    pub done: bool,
}

impl UndoStatus {
    /// Whether something that is there is changed, and not something made.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        match self.what {
            UndoWord::Scale | UndoWord::Uncordon => true,
            UndoWord::Delete => false,
        }
    }
}

/// What is done to put something back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UndoWord {
    /// An object that was made is deleted.
    Delete,
    /// A workload gets the number of replicas it had.
    Scale,
    /// A node is uncordoned.
    Uncordon,
}

/// The chaos object of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChaosObject {
    /// API version with the group.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its uid, once it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// It, as it is to be made.
    #[schemars(schema_with = "verbatim")]
    pub object: Value,
}

/// What the watch has seen while the fault was in effect.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WatchStatus {
    /// When it last saw everything it needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sample: Option<Moment>,
    /// What does not hold, and since when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<BreachStatus>,
    /// Pods that were seen to be gone, restarted or unready for the fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hit: Vec<String>,
    /// How many pods of a pinned name were seen to go, at most.
    #[serde(default)]
    pub gone: u32,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BreachStatus {
    /// What, as the reason of an abort.
    pub reason: String,
    /// Since when.
    pub since: Moment,
    /// How often in a row.
    pub samples: u32,
    /// What was seen.
    pub seen: String,
}

/// How a fault is being ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevertStatus {
    /// Why: `DurationOver`, or the reason of an abort.
    pub reason: String,
    /// When that was decided.
    pub requested_at: Moment,
    /// When it was first tried to delete the chaos object, because it did not stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Moment>,
    /// Since when it is stuck, and somebody has to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck_since: Option<Moment>,
    /// When nothing of the fault was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverted_at: Option<Moment>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Happening {
    /// When.
    pub at: Moment,
    /// In which phase.
    pub phase: PhaseWord,
    /// What.
    pub what: String,
}
