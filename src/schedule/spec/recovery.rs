//! What a run tells of recovery, and what it measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::policy::spec::values::Moment;

/// How a database or workload recovered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecoveryStatus {
    /// From when it is counted.
    pub clock_start: Moment,
    /// By when it must be over.
    pub deadline: Moment,
    /// When it was last seen not to be good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_bad: Option<Moment>,
    /// When it was first seen to be good and stayed so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_good: Option<Moment>,
    /// When it was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sample: Option<Moment>,
    /// The longest time in which nothing could be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_seconds: Option<u64>,
    /// How long it took, at least and at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<BoundsStatus>,
    /// The same, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took: Option<String>,
    /// What was not good when it was last looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// Between which two numbers something lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoundsStatus {
    /// At least.
    pub low: u64,
    /// At most.
    pub high: u64,
}

/// What a run measured. What nothing tells is absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResilienceMetrics {
    /// From the injection until it was noticed by a member or a probe, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_detection_seconds: Option<f64>,
    /// From the start of the clock until recovery, at most, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_recovery_seconds: Option<f64>,
    /// Data that was acknowledged and is lost, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_loss_bytes: Option<u64>,
    /// For how long nothing could be written, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downtime_seconds: Option<f64>,
    /// How many requests of probes failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_requests: Option<u64>,
    /// The share of requests of probes that succeeded, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<f64>,
    /// The median of answers of probes, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_p50_seconds: Option<f64>,
    /// The 99th percentile of answers of probes, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_p99_seconds: Option<f64>,
    /// By which share probes got fewer answers than before, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput_drop_ratio: Option<f64>,
    /// The longest lag of a replica, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_lag_seconds: Option<f64>,
    /// How often more than one member took writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_brain_events: Option<u64>,
    /// Whether data was lost, doubled or different between members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_inconsistent: Option<bool>,
}
