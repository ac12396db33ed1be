//! ExperimentRun as it is made.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sanctioned::SanctionedExperimentSpec;
use super::status::ExperimentRunStatus;
use crate::policy::spec::values::Moment;

/// One execution of a sanctioned experiment. Its status tells all that happened.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "firebreak.dev",
    version = "v1alpha1",
    kind = "ExperimentRun",
    plural = "experimentruns",
    shortname = "run",
    shortname = "runs",
    namespaced,
    category = "firebreak",
    status = "ExperimentRunStatus",
    derive = "PartialEq",
    doc = "One execution of a sanctioned experiment. Its status tells all that happened.",
    printcolumn = r#"{"name": "Experiment", "type": "string", "jsonPath": ".spec.experiment"}"#,
    printcolumn = r#"{"name": "Phase", "type": "string", "jsonPath": ".status.phase"}"#,
    printcolumn = r#"{"name": "Outcome", "type": "string", "jsonPath": ".status.outcome"}"#,
    printcolumn = r#"{"name": "Reason", "type": "string", "jsonPath": ".status.reason"}"#,
    printcolumn = r#"{"name": "Targets", "type": "string", "jsonPath": ".status.pinned[*].name"}"#,
    printcolumn = r#"{"name": "Recovery", "type": "string", "jsonPath": ".status.recovery.took"}"#,
    printcolumn = r#"{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "self.experiment == oldSelf.experiment && self.dryRun == oldSelf.dryRun",
    "message": "what runs is not changed; make another run",
}, {
    "rule": "!has(oldSelf.tick) || has(self.tick) && self.tick == oldSelf.tick",
    "message": "the tick is not changed; make another run",
}, {
    "rule": "!has(oldSelf.frozen) || has(self.frozen) && self.frozen == oldSelf.frozen",
    "message": "what is frozen stays as it is",
}, {
    "rule": "!oldSelf.abort || self.abort",
    "message": "an abort is not taken back",
}]))]
pub struct ExperimentRunSpec {
    /// The sanctioned experiment, in the same namespace.
    #[schemars(length(min = 1, max = 63))]
    pub experiment: String,
    /// The tick that it runs for; absent: somebody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tick: Option<Moment>,
    /// The experiment as it was when the run was made; written by firebreak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Box<SanctionedExperimentSpec>>,
    /// `true`: everything is checked and nothing is injected.
    #[serde(default)]
    pub dry_run: bool,
    /// `true`: it is to be aborted.
    #[serde(default)]
    pub abort: bool,
    /// Who agreed to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub approved_by: Option<String>,
}
