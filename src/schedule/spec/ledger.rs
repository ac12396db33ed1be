//! BlastLedger as it is kept in the cluster.

use kube::CustomResource;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What experiments are promised of one database or workload. Written by firebreak alone, with a
/// compare-and-swap, so that two experiments that are admitted at once cannot breach together what each
/// of them keeps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "firebreak.dev",
    version = "v1alpha1",
    kind = "BlastLedger",
    plural = "blastledgers",
    namespaced,
    category = "firebreak",
    derive = "PartialEq",
    doc = "What experiments are promised of one database or workload. Written by firebreak alone.",
    printcolumn = r#"{"name": "Of", "type": "string", "jsonPath": ".spec.of"}"#,
    printcolumn = r#"{"name": "Holders", "type": "string", "jsonPath": ".spec.reservations[*].holder.name"}"#,
    printcolumn = r#"{"name": "States", "type": "string", "jsonPath": ".spec.reservations[*].state"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct BlastLedgerSpec {
    /// The database or workload, such as `StatefulSet payments/ledger`.
    pub of: String,
    /// Who holds how much of it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<ReservationSpec>,
}

/// What one experiment is promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationSpec {
    /// The chaos object.
    pub holder: HolderSpec,
    /// Whether the object has been seen in the cluster.
    pub state: StateWord,
    /// When it was admitted, by the clock of whoever admitted it, RFC 3339. For people: nothing expires by it.
    pub since: String,
    /// Pods that it may hit at worst, `namespace/name`, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pods: Vec<String>,
    /// The chaos object as it was admitted, without its status. What it may do is read from it.
    #[schemars(schema_with = "anything")]
    pub object: Value,
}

/// A chaos object, named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HolderSpec {
    /// API version with the group.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace, empty where the kind has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its uid, where the API server told it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

/// Where a reservation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum StateWord {
    /// The object was admitted; whether it exists is not known yet.
    Tentative,
    /// The object was seen.
    Confirmed,
    /// The object is over or gone, and its victims are not all back yet.
    Releasing,
}

fn anything(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "description": "The chaos object as it was admitted, without its status. What it may do is read from it.",
        "x-kubernetes-preserve-unknown-fields": true,
    })
}
