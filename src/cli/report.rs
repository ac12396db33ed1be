//! Verdicts as the command line writes them for machines. The shapes here are a promise: a change
//! that a reader could trip over raises [`VERSION`].

use serde::Serialize;
use serde_json::Value;

use crate::inventory::{Inventory, PodId};
use crate::judge::{Assessment, Decision, Verdict};
use crate::object::ObjectRef;
use crate::policy::{Enforcement, Violation};

/// Version of the JSON shapes.
pub const VERSION: &str = "firebreak.dev/report/v1";

/// What `check --format json` writes.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// Version of this shape.
    pub version: &'static str,
    /// One result a chaos object, in order of file and line.
    pub results: Vec<CheckResult>,
    /// Inputs that could not be read.
    pub failures: Vec<Failure>,
    /// Counts.
    pub summary: Summary,
}

/// The verdict on one object.
#[derive(Debug, Serialize)]
pub struct CheckResult {
    /// Where it stands.
    pub source: Source,
    /// What it is.
    pub object: Named,
    /// `Allow`, `Warn` or `Deny`.
    pub decision: &'static str,
    /// What could happen, a line each.
    pub worst: Vec<String>,
    /// Everything that is not kept.
    pub violations: Vec<Broken>,
    /// What the author should know.
    pub warnings: Vec<String>,
    /// Changes with which it would be allowed, by field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suggestion: Vec<Change>,
    /// Whether pods were assumed from manifests.
    pub assumed: bool,
}

/// A place in a file.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// The file as given, `-` for standard input.
    pub file: String,
    /// The first line of the object, from 1.
    pub line: usize,
}

/// How an object is named.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// Group and version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// One limit that is not kept.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// The word for machines.
    pub reason: &'static str,
    /// The policy.
    pub policy: String,
    /// The limit in it.
    pub limit: String,
    /// What was measured.
    pub measured: String,
    /// What is permitted.
    pub permitted: String,
    /// The field to change.
    pub field: String,
    /// A sentence.
    pub message: String,
    /// What would be accepted.
    pub remedy: String,
    /// `Deny`, `Warn` or `Audit`.
    pub enforcement: &'static str,
    /// The exemption that lifts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempted_by: Option<String>,
}

/// One field and the value it should have.
#[derive(Debug, Serialize)]
pub struct Change {
    /// The field's path.
    pub field: String,
    /// The value.
    pub value: Value,
}

/// An input that could not be read.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// The file as given.
    pub file: String,
    /// Line, from 1; 0 where it is not known.
    pub line: usize,
    /// Column, from 1; 0 where it is not known.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}: {}", self.file, self.message),
            (line, 0) => write!(f, "{}:{line}: {}", self.file, self.message),
            (line, column) => write!(f, "{}:{line}:{column}: {}", self.file, self.message),
        }
    }
}

/// Counts over all inputs.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Chaos objects allowed without a warning by policy.
    pub allowed: usize,
    /// Chaos objects allowed with one.
    pub warned: usize,
    /// Chaos objects denied.
    pub denied: usize,
    /// Inputs that could not be read.
    pub failed: usize,
    /// Objects of kinds that cause no chaos, by kind.
    pub not_chaos: std::collections::BTreeMap<String, usize>,
}

/// What `plan --format json` writes.
#[derive(Debug, Serialize)]
pub struct PlanReport {
    /// Version of this shape.
    pub version: &'static str,
    /// One plan a chaos object, in order of file and line.
    pub results: Vec<Plan>,
    /// Inputs that could not be read.
    pub failures: Vec<Failure>,
}

/// What one object would hit.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Where it stands.
    pub source: Source,
    /// What it is.
    pub object: Named,
    /// Each database or workload it can reach, in the worst case.
    pub groups: Vec<GroupPlan>,
    /// Every candidate pod, `namespace/name`.
    pub pods: Vec<String>,
    /// Every candidate node.
    pub nodes: Vec<String>,
    /// How long: `5m`, `once`, or `null` without an end.
    pub duration: Option<String>,
    /// Effect classes.
    pub effects: Vec<&'static str>,
    /// Actions.
    pub actions: Vec<&'static str>,
    /// The pods of one worst draw.
    pub witness: Vec<String>,
    /// What cannot be read or resolved, a sentence each.
    pub unreadable: Vec<String>,
    /// What the author should know.
    pub warnings: Vec<String>,
    /// Whether pods were assumed from manifests.
    pub assumed: bool,
}

/// The worst case for one database or workload.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupPlan {
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Members it should have.
    pub size: u32,
    /// Members healthy now.
    pub healthy: u32,
    /// The most members hit at once.
    pub hits: u32,
    /// The fewest healthy members left.
    pub remaining: u32,
    /// Whether a member that may be writing can be hit.
    pub primary_at_risk: bool,
    /// Whether it keeps the members it needs; `null` where it needs none in particular.
    pub quorum_kept: Option<bool>,
}

impl From<&ObjectRef> for Named {
    fn from(reference: &ObjectRef) -> Self {
        Self {
            api_version: reference.api_version(),
            kind: reference.kind.clone(),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
        }
    }
}

impl From<&Violation> for Broken {
    fn from(violation: &Violation) -> Self {
        Self {
            reason: violation.reason.name(),
            policy: violation.policy.clone(),
            limit: violation.limit.clone(),
            measured: violation.measured.clone(),
            permitted: violation.permitted.clone(),
            field: violation.field.clone(),
            message: violation.message.clone(),
            remedy: violation.remedy.clone(),
            enforcement: enforcement(violation.enforcement),
            exempted_by: violation.exempted_by.clone(),
        }
    }
}

fn enforcement(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::Audit => "Audit",
        Enforcement::Warn => "Warn",
        Enforcement::Deny => "Deny",
    }
}

impl Summary {
    /// Counts a verdict on a chaos object.
    pub fn count(&mut self, decision: Decision) {
        match decision {
            Decision::Allow => self.allowed += 1,
            Decision::Warn => self.warned += 1,
            Decision::Deny => self.denied += 1,
        }
    }
}

/// The result for one object.
#[must_use]
pub fn result(source: Source, verdict: &Verdict, assumed: bool) -> CheckResult {
    let changes = verdict
        .suggestion
        .iter()
        .flat_map(|suggestion| &suggestion.changes);
    CheckResult {
        source,
        object: Named::from(&verdict.subject),
        decision: verdict.decision.name(),
        worst: verdict.headline.clone(),
        violations: verdict.violations.iter().map(Broken::from).collect(),
        warnings: verdict.warnings.clone(),
        suggestion: changes
            .map(|change| Change {
                field: change.field.clone(),
                value: change.value.clone(),
            })
            .collect(),
        assumed,
    }
}

/// The plan for one object that was read and measured.
#[must_use]
pub fn plan(source: Source, found: &Assessment, inventory: &Inventory) -> Plan {
    let (experiment, blast) = (&found.experiment, &found.blast);
    let names = |pods: &[PodId]| pods.iter().map(|pod| pod_name(inventory, *pod)).collect();
    let faults = &experiment.faults;
    let nodes = blast.faults.iter().flat_map(|fault| &fault.nodes);
    let refused = experiment.refusals.iter().map(ToString::to_string);
    let unknown = blast.unknown.iter().map(|unknown| unknown.what.clone());
    Plan {
        source,
        object: Named::from(&experiment.object),
        groups: blast
            .impacts
            .iter()
            .map(|impact| group(impact, inventory))
            .collect(),
        pods: names(&blast.candidates),
        nodes: sorted(
            nodes
                .map(|node| inventory.node(*node).name.clone())
                .collect(),
        ),
        duration: blast.lifetime.and_then(duration),
        effects: sorted(faults.iter().map(|fault| fault.effect.name()).collect()),
        actions: sorted(faults.iter().map(|fault| fault.action.name()).collect()),
        witness: names(&blast.witness),
        unreadable: refused.chain(unknown).collect(),
        warnings: experiment
            .notes
            .iter()
            .map(|n| format!("{}: {}", n.field, n.message))
            .collect(),
        assumed: inventory.assumed(),
    }
}

/// The plan for an object that cannot be read.
#[must_use]
pub fn unreadable(source: Source, object: &ObjectRef, problem: &str) -> Plan {
    Plan {
        source,
        object: Named::from(object),
        groups: Vec::new(),
        pods: Vec::new(),
        nodes: Vec::new(),
        duration: None,
        effects: Vec::new(),
        actions: Vec::new(),
        witness: Vec::new(),
        unreadable: vec![problem.to_owned()],
        warnings: Vec::new(),
        assumed: false,
    }
}

fn group(impact: &crate::blast::Impact, inventory: &Inventory) -> GroupPlan {
    let group = inventory.group(impact.group);
    GroupPlan {
        kind: group.kind.clone(),
        namespace: group.namespace.clone(),
        name: group.name.clone(),
        size: impact.size,
        healthy: impact.healthy,
        hits: impact.hits,
        remaining: impact.remaining,
        primary_at_risk: impact.primary,
        quorum_kept: impact.quorum_kept,
    }
}

/// `namespace/name` of a pod.
#[must_use]
pub fn pod_name(inventory: &Inventory, pod: PodId) -> String {
    let pod = inventory.pod(pod);
    format!("{}/{}", pod.namespace, pod.name)
}

fn duration(lifetime: crate::fault::Lifetime) -> Option<String> {
    use crate::fault::Lifetime;
    match lifetime {
        Lifetime::For(duration) => Some(crate::calendar::duration::format_duration(duration)),
        Lifetime::Instant => Some("once".to_owned()),
        Lifetime::Never => Some("0s".to_owned()),
        Lifetime::Forever => None,
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
