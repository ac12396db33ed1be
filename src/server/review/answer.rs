//! The answer: a verdict, or what is added to a database.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};

use super::{API_VERSION, KIND, NotAReview};
use crate::backup::{Injection, Patch, additions, cut};
use crate::judge::{Decision, Verdict};
use crate::policy::Violation;

/// All warnings of one answer together, in characters: the API server cuts what is longer.
const WARNINGS: usize = 4096;

/// The answer on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    api_version: &'static str,
    kind: &'static str,
    response: Response,
}

#[derive(Debug, Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Response {
    uid: String,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: BTreeMap<&'static str, String>,
}

/// The answer that carries a verdict back under the uid of its request.
#[must_use]
pub fn answer(uid: String, verdict: &Verdict) -> Answer {
    let denied = verdict.decision == Decision::Deny;
    Answer::of(Response {
        uid,
        allowed: !denied,
        status: denied.then(|| status(verdict)),
        warnings: fitting(&verdict.warnings),
        audit_annotations: audit(verdict),
        ..Response::default()
    })
}

/// The answer that adds something to a database, or says why it does not. Nothing is ever refused by it.
///
/// # Errors
/// When the patch cannot be written.
pub fn injected(uid: String, injection: &Injection) -> serde_json::Result<Answer> {
    let response = Response {
        uid,
        allowed: true,
        warnings: fitting(&injection.warnings),
        audit_annotations: added(injection),
        ..Response::default()
    };
    Ok(Answer::of(if injection.patch.is_empty() {
        response
    } else {
        Response {
            patch_type: Some("JSONPatch"),
            patch: Some(STANDARD.encode(serde_json::to_vec(&injection.patch)?)),
            ..response
        }
    }))
}

/// The answer to a review that cannot be read but for its uid: nothing is added, and nothing refused.
#[must_use]
pub fn untouched(uid: String, problem: &NotAReview) -> Answer {
    Answer::of(Response {
        uid,
        allowed: true,
        warnings: vec![cut(format!("{problem}; no backups are added"))],
        ..Response::default()
    })
}

/// The patch of an answer that came over the wire; `None` where there is none that can be read.
#[must_use]
pub fn patch(answer: &Value) -> Option<Patch> {
    let text = answer.pointer("/response/patch")?.as_str()?;
    serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()
}

/// What the audit log is told of an injection.
fn added(injection: &Injection) -> BTreeMap<&'static str, String> {
    let mut annotations = BTreeMap::new();
    if let Some(defaults) = &injection.defaults {
        annotations.insert("defaults", defaults.clone());
    }
    let paths: Vec<String> = additions(&injection.patch).map(|(path, _)| path).collect();
    if !paths.is_empty() {
        annotations.insert("added", paths.join(", "));
    }
    if let Some(left) = &injection.left {
        let why = left.why.name();
        annotations.insert("left", format!("{why}: {}", left.message));
    }
    annotations
}

impl Answer {
    fn of(response: Response) -> Self {
        Self {
            api_version: API_VERSION,
            kind: KIND,
            response,
        }
    }
}

fn status(verdict: &Verdict) -> Value {
    let subject = &verdict.subject;
    let cause = |violation: &Violation| {
        json!({
            "reason": violation.word(),
            "message": format!("{}: {}", violation.source(), violation.message),
            "field": violation.field,
        })
    };
    let counting = verdict
        .violations
        .iter()
        .filter(|violation| violation.exempted_by.is_none());
    // Whoever drains a node tries again after a 429, as after the refusal of a budget.
    let (code, reason) = match subject.kind.as_str() {
        "Eviction" => (429, "TooManyRequests"),
        _ => (403, "Forbidden"),
    };
    json!({
        "code": code,
        "status": "Failure",
        "reason": reason,
        "message": verdict.explain(),
        "details": {
            "group": subject.group,
            "kind": subject.kind,
            "name": subject.name,
            "causes": counting.map(cause).collect::<Vec<_>>(),
        },
    })
}

/// The warnings that are not cut.
fn fitting(warnings: &[String]) -> Vec<String> {
    let mut left = WARNINGS;
    let fits = |warning: &&String| {
        let length = warning.chars().count();
        let fits = length <= left;
        left = left.saturating_sub(length);
        fits
    };
    warnings.iter().take_while(fits).cloned().collect()
}

fn audit(verdict: &Verdict) -> BTreeMap<&'static str, String> {
    if verdict.passed.is_some() {
        return BTreeMap::new();
    }
    let name = |violation: &Violation| {
        let exempt = violation
            .exempted_by
            .as_deref()
            .map(|name| format!(" exempt by {name}"));
        format!(
            "{}/{}{}",
            violation.policy,
            violation.word(),
            exempt.unwrap_or_default()
        )
    };
    let mut annotations = BTreeMap::from([("decision", verdict.decision.name().to_owned())]);
    if !verdict.violations.is_empty() {
        let names: Vec<String> = verdict.violations.iter().map(name).collect();
        annotations.insert("violations", names.join(", "));
    }
    if !verdict.headline.is_empty() {
        let worst: Vec<String> = verdict.headline.iter().map(ToString::to_string).collect();
        annotations.insert("worst-case", worst.join("; "));
    }
    annotations
}
