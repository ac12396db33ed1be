//! BackupDefaults as its user writes it. What serialises here is a promise.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, CustomResourceExt as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::policy;
use crate::policy::spec::Selector;
use crate::policy::spec::values::Span;

/// The backups that a database gets which is applied without any. Of several that apply to a database the most specific counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "firebreak.dev",
    version = "v1alpha1",
    kind = "BackupDefaults",
    plural = "backupdefaults",
    singular = "backupdefaults",
    shortname = "bd",
    category = "firebreak",
    status = "BackupDefaultsStatus",
    derive = "PartialEq",
    doc = "The backups that a database gets which is applied without any.",
    printcolumn = r#"{"name": "Databases", "type": "string", "jsonPath": ".spec.appliesTo.databases"}"#,
    printcolumn = r#"{"name": "Schedules", "type": "string", "jsonPath": ".spec.schedules[*].schedule"}"#,
    printcolumn = r#"{"name": "Injected", "type": "integer", "jsonPath": ".status.injected"}"#,
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupDefaultsSpec {
    /// To which databases.
    pub applies_to: AppliesTo,
    /// Whether a change of a database without backups gives it backups too; absent: `Never`, only its creation does.
    #[serde(default)]
    pub on_update: OnUpdate,
    /// Whether a change may also do so where the operator then restarts the database.
    #[serde(default)]
    pub allow_restart: bool,
    /// Where backups are stored.
    pub storage: StorageSpec,
    /// What is done where the secret of the storage is absent or lacks a key; absent: `Skip`.
    #[serde(default)]
    pub missing_secret: MissingSecret,
    /// Whether the logs are stored too, so that any instant can be restored; absent: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_in_time: Option<PointInTime>,
    /// When a backup is made, and how many are kept.
    #[schemars(length(min = 1, max = 16))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub schedules: Vec<ScheduleSpec>,
    /// By up to how many minutes the minute of a schedule is moved within its hour, by the name of the database, so that not all begin at once.
    #[serde(default)]
    #[schemars(range(max = 59))]
    pub jitter_minutes: u32,
    /// How far back a database can be restored, such as `30d`, `8w` or `12m`, for operators that keep by one window instead of counts; absent: as far as the oldest backup of the schedules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), regex(pattern = r"^[1-9][0-9]*[dwm]$"))]
    pub recovery_window: Option<String>,
    /// Images that make backups, by kind of database and then by release of its server, such as `8.4`; by a whole image of a server where its tag tells no release; `*` for any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, BTreeMap<String, String>>,
    /// Fields of the operator's backup section for which there is no word here, verbatim, by kind of database.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "verbatim")]
    pub overrides: BTreeMap<String, Map<String, Value>>,
}

/// To which databases defaults apply.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppliesTo {
    /// Those in namespaces with these labels; absent: in every namespace. A database or namespace with the annotation `firebreak.dev/backup-defaults: ignore` is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Selector>,
    /// Those of these kinds: `PerconaXtraDBCluster`, or with the API group `Cluster.postgresql.cnpg.io`; `*` for every database.
    #[schemars(length(min = 1, max = 64))]
    pub databases: Vec<String>,
}

/// Whether a change of a database without backups gives it backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum OnUpdate {
    /// It does not.
    #[default]
    Never,
    /// It does, where its operator does not restart the database for it.
    Inject,
}

/// What is done where the secret of the storage is absent or lacks a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum MissingSecret {
    /// Nothing is added, and a warning says why.
    #[default]
    Skip,
    /// Backups are added all the same, with a warning.
    Inject,
}

/// Where backups are stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageSpec {
    /// What the storage is called in the database; the name of the ObjectStore where an operator has such.
    #[schemars(
        length(min = 1, max = 48),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub name: String,
    /// A bucket that speaks the protocol of S3.
    pub s3: S3Spec,
    /// A part of every path that is changed when a database begins anew under its old name; absent: `1`. The annotation `firebreak.dev/backup-epoch` of a database says it for that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 32),
        regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    )]
    pub epoch: Option<String>,
    /// Whether the data of a backup goes with it when it is one too many; absent: it does. Needs the right to delete in the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_data: Option<bool>,
}

/// A bucket that speaks the protocol of S3.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3Spec {
    /// Its name.
    #[schemars(length(min = 1, max = 63))]
    pub bucket: String,
    /// The path within the bucket, in which `{namespace}` and `{name}` must stand for those of the database; absent: `{namespace}/{name}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub prefix: Option<String>,
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub region: Option<String>,
    /// The URL of the server; absent: the one of AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512), regex(pattern = r"^https?://[^/\s]+/?$"))]
    pub endpoint_url: Option<String>,
    /// The secret with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, in the namespace of the database.
    #[schemars(length(min = 1, max = 253))]
    pub credentials_secret: String,
    /// Whether the certificate of the server is verified; absent: it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_tls: Option<bool>,
}

/// How the logs are stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PointInTime {
    /// Whether they are.
    pub enabled: bool,
    /// How often; absent: as the operator does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
}

/// When a backup is made, and how many are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleSpec {
    /// Its name.
    #[schemars(
        length(min = 1, max = 32),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub name: String,
    /// When, in five fields or as `@daily`. It counts in the time zone of the operator, mostly UTC.
    #[schemars(length(min = 1, max = 128))]
    pub schedule: String,
    /// How many of its backups are kept.
    #[schemars(range(min = 1, max = 1000))]
    pub keep: u32,
}

/// What is known of defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupDefaultsStatus {
    /// The generation that the conditions are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// How many databases have backups of these defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub injected: Option<u32>,
    /// Databases without backups to which these defaults apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unprotected: Vec<UnprotectedSpec>,
    /// `Ready`: whether they can be used. `StorageReachable`: whether an object could be stored and deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// A database without backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnprotectedSpec {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Why it has none.
    pub reason: String,
}

fn verbatim(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "description": "Fields of the operator's backup section for which there is no word here, verbatim, by kind of database.",
        "additionalProperties": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    })
}

/// The CustomResourceDefinition of BackupDefaults.
#[must_use]
pub fn crd() -> CustomResourceDefinition {
    policy::tidied(BackupDefaults::crd())
}
