//! BlastRadiusPolicy as its user writes it. What serialises here is a promise.

pub mod crds;
pub mod exemption;
pub mod limits;
pub mod values;
pub mod windows;

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use limits::Limits;
use windows::WindowsSpec;

use super::Enforcement;

/// API group of the kinds we define.
pub const GROUP: &str = "firebreak.dev";

/// Their version.
pub const VERSION: &str = "v1alpha1";

/// What chaos may do to the pods that it protects. Every policy that protects a victim applies, so that the strictest wins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "firebreak.dev",
    version = "v1alpha1",
    kind = "BlastRadiusPolicy",
    plural = "blastradiuspolicies",
    shortname = "brp",
    category = "firebreak",
    status = "BlastRadiusPolicyStatus",
    derive = "PartialEq",
    doc = "What chaos may do to the pods that it protects.",
    printcolumn = r#"{"name": "Enforcement", "type": "string", "jsonPath": ".spec.enforcement"}"#,
    printcolumn = r#"{"name": "Protects", "type": "string", "jsonPath": ".spec.protects"}"#,
    printcolumn = r#"{"name": "Rules", "type": "string", "jsonPath": ".spec.rules[*].name", "priority": 1}"#,
    printcolumn = r#"{"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type=='Ready')].status"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlastRadiusPolicySpec {
    /// How its violations count; absent: `Deny`.
    #[serde(default)]
    pub enforcement: EnforcementWord,
    /// Whose pods; absent: all. Decided by the victim, never by where the chaos object lies.
    #[serde(default)]
    pub protects: Protects,
    /// What is permitted.
    #[serde(default)]
    pub limits: Limits,
    /// When it is permitted; absent: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowsSpec>,
    /// Names for parts of rules. A rule reads one as `variables.owner`, and a variable those before it. Each is worked out when it is first read, and once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub variables: Vec<VariableSpec>,
    /// Rules of your own in CEL, for what no limit says. Each that is not true is a violation; so is one whose expression errs, or takes more than 1,000,000 steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub rules: Vec<RuleSpec>,
    /// The policy is not asked, its limits neither, unless all of them are true. They see what rules see but `variables`. One that errs is a violation, unless another is false.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["name"]))]
    pub match_conditions: Vec<ConditionSpec>,
}

/// How violations count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum EnforcementWord {
    /// They deny the request.
    #[default]
    Deny,
    /// They are returned as warnings.
    Warn,
    /// They are recorded.
    Audit,
}

impl From<EnforcementWord> for Enforcement {
    fn from(word: EnforcementWord) -> Self {
        match word {
            EnforcementWord::Deny => Self::Deny,
            EnforcementWord::Warn => Self::Warn,
            EnforcementWord::Audit => Self::Audit,
        }
    }
}

/// Whose pods a policy protects. A workload or database is protected as a whole, and all conditions must hold for it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Protects {
    /// Those in namespaces with these labels; absent: in every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Selector>,
    /// Those of which any pod has these labels; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods: Option<Selector>,
    /// Databases of these kinds only: `PerconaXtraDBCluster`, or with the API group `Cluster.postgresql.cnpg.io`; `StatefulSet` for those recognised without an operator; `*` for every database. Absent: databases and workloads alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub databases: Option<Vec<String>>,
}

/// Conditions on labels that must all hold. Without conditions it matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selector {
    /// Labels and the values they must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub match_labels: BTreeMap<String, String>,
    /// Conditions on single labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub match_expressions: Vec<Expression>,
}

/// A condition on one label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expression {
    /// The label's key.
    #[schemars(length(min = 1, max = 317))]
    pub key: String,
    /// How it is compared.
    pub operator: OperatorWord,
    /// With what; only for `In` and `NotIn`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub values: Vec<String>,
}

/// How a label is compared with values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OperatorWord {
    /// It is one of them.
    In,
    /// It is absent or none of them.
    NotIn,
    /// It is present.
    Exists,
    /// It is absent.
    DoesNotExist,
}

/// A variable: a name for an expression in CEL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VariableSpec {
    /// Its name, as expressions spell it.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$")
    )]
    pub name: String,
    /// The expression, of any type.
    #[schemars(length(min = 1, max = 16384))]
    pub expression: String,
}

/// A condition in CEL under which a policy is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConditionSpec {
    /// Its name.
    #[schemars(
        length(min = 1, max = 317),
        regex(pattern = r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")
    )]
    pub name: String,
    /// The expression that must be true, of type bool.
    #[schemars(length(min = 1, max = 16384))]
    pub expression: String,
}

/// A rule in CEL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RuleSpec {
    /// Its name.
    #[schemars(
        length(min = 1, max = 317),
        regex(pattern = r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$")
    )]
    pub name: String,
    /// The expression that must be true, of type bool. `firebreak rules eval` tries it.
    #[schemars(length(min = 1, max = 16384))]
    pub expression: String,
    /// An expression for the message, of type string. Where it errs, or gives an empty text or more than one line, `message` stands in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16384))]
    pub message_expression: Option<String>,
    /// What is said where it is not true, one line; absent: the expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub message: Option<String>,
    /// The word for machines in PascalCase, which an Exemption permits; absent: `RuleNotKept`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Z][A-Za-z0-9]*$"))]
    pub reason: Option<String>,
}

/// What is known of a policy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlastRadiusPolicyStatus {
    /// The generation that the conditions are about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Workloads that it protects now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workloads: Option<u32>,
    /// Databases that it protects now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub databases: Option<u32>,
    /// `Ready`: whether it can be held against chaos objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
