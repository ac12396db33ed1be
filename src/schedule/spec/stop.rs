//! EmergencyStop as its user writes it.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sanctioned::SubjectSpec;
use crate::policy::spec::Selector;
use crate::policy::spec::values::Moment;

/// While it exists nothing starts in its scope, and what runs there is aborted. Deleting it releases.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "firebreak.dev",
    version = "v1alpha1",
    kind = "EmergencyStop",
    plural = "emergencystops",
    shortname = "estop",
    category = "firebreak",
    status = "EmergencyStopStatus",
    derive = "PartialEq",
    doc = "While it exists nothing starts in its scope, and what runs there is aborted.",
    printcolumn = r#"{"name": "Reason", "type": "string", "jsonPath": ".spec.reason"}"#,
    printcolumn = r#"{"name": "Stopping", "type": "integer", "jsonPath": ".status.stopping"}"#,
    printcolumn = r#"{"name": "Stopped", "type": "integer", "jsonPath": ".status.stopped"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct EmergencyStopSpec {
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 1024))]
    pub reason: String,
    /// What it stops; absent: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeSpec>,
}

/// What an EmergencyStop stops: what fits both.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeSpec {
    /// Experiments that hit pods in namespaces with these labels; absent: in every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Selector>,
    /// Experiments that hit this database or workload; absent: every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<SubjectSpec>,
}

/// What an EmergencyStop has stopped.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmergencyStopStatus {
    /// How many runs are being stopped.
    #[serde(default)]
    pub stopping: u32,
    /// How many were.
    #[serde(default)]
    pub stopped: u32,
    /// Since when it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
}
