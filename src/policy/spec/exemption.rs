//! Exemption as its user writes it. What serialises here is a promise.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::limits::Accounts;
use super::values::{Moment, Permit};

/// A named, reasoned and expiring permission to exceed named limits of named policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "firebreak.dev",
    version = "v1alpha1",
    kind = "Exemption",
    plural = "exemptions",
    category = "firebreak",
    status = "ExemptionStatus",
    derive = "PartialEq",
    doc = "A named, reasoned and expiring permission to exceed named limits of named policies.",
    printcolumn = r#"{"name": "Policies", "type": "string", "jsonPath": ".spec.policies"}"#,
    printcolumn = r#"{"name": "Permits", "type": "string", "jsonPath": ".spec.permits"}"#,
    printcolumn = r#"{"name": "From", "type": "string", "jsonPath": ".spec.from"}"#,
    printcolumn = r#"{"name": "Until", "type": "string", "jsonPath": ".spec.until"}"#,
    printcolumn = r#"{"name": "State", "type": "string", "jsonPath": ".status.state"}"#,
    printcolumn = r#"{"name": "Uses", "type": "integer", "jsonPath": ".status.uses"}"#,
    printcolumn = r#"{"name": "Approved by", "type": "string", "jsonPath": ".spec.approvedBy", "priority": 1}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "self.until > self.from && self.until - self.from <= duration('720h')",
    "message": "until must be after from, by at most 30 days",
    "fieldPath": ".until",
}, {
    "rule": "has(self.primary) == self.permits.exists(reason, reason == 'PrimaryAtRisk')",
    "message": "primary: Allowed and permits PrimaryAtRisk belong together",
}]))]
pub struct ExemptionSpec {
    /// Why it is needed, for whoever reads the record.
    #[schemars(length(min = 1, max = 1024), regex(pattern = r"\S"))]
    pub reason: String,
    /// Who approved it.
    #[schemars(length(min = 1, max = 256), regex(pattern = r"\S"))]
    pub approved_by: String,
    /// The policies whose violations it lifts, by name.
    #[schemars(length(min = 1, max = 64))]
    pub policies: Vec<String>,
    /// The reasons of the violations it lifts: those of `docs/checks.md`, and those that rules give themselves.
    #[schemars(length(min = 1, max = 64))]
    pub permits: Vec<Permit>,
    /// That the primary of a database may be hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary: Option<PrimaryWord>,
    /// The chaos objects it is meant for. At least one condition must be given.
    pub objects: Objects,
    /// Whose requests it is meant for; absent: anyone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Accounts>,
    /// The instant at which it begins.
    pub from: Moment,
    /// The instant at which it has ended, at most 30 days after `from`.
    pub until: Moment,
}

/// That the primary of a database may be hit: said once more on purpose, because neither this nor `permits: [PrimaryAtRisk]` is accepted without the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PrimaryWord {
    /// It may.
    Allowed,
}

/// Chaos objects, by conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "has(self.kinds) || has(self.namespaces) || has(self.names)",
    "message": "at least one of kinds, namespaces, names",
}]))]
pub struct Objects {
    /// Of these kinds; absent: of any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub kinds: Option<Vec<String>>,
    /// In these namespaces; absent: in any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub namespaces: Option<Vec<String>>,
    /// With these names, in which `*` stands for any text; absent: with any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub names: Option<Vec<String>>,
}

/// What is known of an exemption.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExemptionStatus {
    /// Where it is in its life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<ExemptionState>,
    /// How many requests were admitted of which it lifted a violation; dry runs do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// When the last of them was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Moment>,
}

/// Where an exemption is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ExemptionState {
    /// It has not begun.
    Pending,
    /// It lifts violations.
    Active,
    /// It has ended.
    Expired,
}
