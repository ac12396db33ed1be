//! Verdicts as the command line writes them for machines. The shapes here are a promise: a change
//! that a reader could trip over raises [`VERSION`].

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::backups::Unprotected;
use crate::judge::{Decision, Verdict};
use crate::object::ObjectRef;
use crate::policy::{Enforcement, Reason, Violation};

/// Version of the JSON shapes.
pub const VERSION: &str = "firebreak.dev/report/v1";

/// What `check --format json` writes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// Version of this shape.
    pub version: &'static str,
    /// The policies judged with.
    pub policies: Vec<String>,
    /// Where these policies are from.
    pub policies_from: PolicyOrigin,
    /// One result a chaos object, in order of file and line.
    pub results: Vec<CheckResult>,
    /// Databases without backups, which deny nothing.
    pub unprotected: Vec<Unprotected>,
    /// Documents in directories that are no Kubernetes objects, and were not judged.
    pub skipped: Vec<Source>,
    /// Inputs that could not be read.
    pub failures: Vec<Failure>,
    /// Counts.
    pub summary: Summary,
}

/// Who chose the policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyOrigin {
    /// They were named by `--policy`.
    Given,
    /// They are in force in the world.
    World,
    /// There were none, so the shipped default applies.
    Shipped,
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
    /// Changes that together would be allowed; empty where none is known.
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
    /// The word for machines; a rule's own where it has one.
    pub reason: String,
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
    /// The exemption that lifts it, if one does.
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

/// How many objects of which kind were not judged, by the reason why not.
pub type NotJudged = BTreeMap<&'static str, BTreeMap<String, usize>>;

/// Counts over all inputs.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Objects read: all that were judged and all that were not.
    pub read: usize,
    /// Chaos objects allowed without a warning by policy.
    pub allowed: usize,
    /// Chaos objects allowed with one.
    pub warned: usize,
    /// Chaos objects denied.
    pub denied: usize,
    /// Those of them that cannot be understood, or only in part.
    pub unreadable: usize,
    /// Inputs that could not be read.
    pub failed: usize,
    /// Documents in directories that are no Kubernetes objects.
    pub skipped: usize,
    /// Objects that were not judged, by reason and kind.
    pub not_judged: NotJudged,
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
            reason: violation.word().to_owned(),
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
    /// Counts a verdict.
    pub fn count(&mut self, verdict: &Verdict) {
        self.read += 1;
        if let Some(why) = verdict.passed {
            return pass(&mut self.not_judged, why, &verdict.subject.kind);
        }
        match verdict.decision {
            Decision::Allow => self.allowed += 1,
            Decision::Warn => self.warned += 1,
            Decision::Deny => self.denied += 1,
        }
        let mut counting = verdict.counting(Enforcement::Deny);
        self.unreadable += usize::from(counting.any(|it| it.reason == Reason::Unreadable));
    }
}

/// Counts an object that is not judged.
pub fn pass(not_judged: &mut NotJudged, why: &'static str, kind: &str) {
    let kinds = not_judged.entry(why).or_default();
    *kinds.entry(kind.to_owned()).or_default() += 1;
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
        worst: verdict.headline.iter().map(ToString::to_string).collect(),
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

/// Writes a report as JSON.
///
/// # Errors
/// When the output cannot be written.
pub fn write(out: &mut dyn Write, report: &impl Serialize) -> anyhow::Result<()> {
    let json = serde_json::to_vec_pretty(report)?;
    out.write_all(&json)?;
    writeln!(out)?;
    Ok(())
}
