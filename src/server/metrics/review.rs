//! What is counted of reviews.

use std::time::Duration;

use super::{Family, metrics};
use crate::backup::Injection;
use crate::judge::Verdict;
use crate::policy::{Enforcement, Violation};
use crate::request::{Operation, Request};

/// Counts a verdict, and what it took.
pub fn verdict(request: &Request, verdict: &Verdict, took: Duration) {
    let metrics = metrics();
    metrics.observe(Family::Answers, &["validate"], took);
    let decision = match verdict.passed {
        Some(_) => "Pass",
        None => verdict.decision.name(),
    };
    let dry_run = if request.dry_run { "true" } else { "false" };
    let labels = [
        verdict.subject.kind.as_str(),
        word(request.operation),
        decision,
        dry_run,
    ];
    metrics.count(Family::Verdicts, &labels);
    if request.dry_run {
        return;
    }
    for violation in &verdict.violations {
        let labels = [&violation.policy, violation.word(), counted(violation)];
        metrics.count(Family::Violations, &labels);
    }
}

/// How a violation counted.
fn counted(violation: &Violation) -> &'static str {
    match (&violation.exempted_by, violation.enforcement) {
        (Some(_), _) => "Exempted",
        (None, Enforcement::Deny) => "Deny",
        (None, Enforcement::Warn) => "Warn",
        (None, Enforcement::Audit) => "Audit",
    }
}

/// Counts what became of the backups of a database that was written.
pub fn injection(request: &Request, injection: &Injection, took: Duration) {
    let metrics = metrics();
    metrics.observe(Family::Answers, &["mutate"], took);
    if request.dry_run {
        return;
    }
    let left = injection.left.as_ref();
    let outcome = left.map_or("Injected", |left| left.why.name());
    metrics.count(Family::Injections, &[&request.target.kind, outcome]);
}

fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    }
}
