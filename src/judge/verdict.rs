//! The answer to a request.

use std::fmt;

use super::suggest::Suggestion;
use crate::blast::BlastRadius;
use crate::fault::Experiment;
use crate::object::ObjectRef;
use crate::policy::{Enforcement, Violation};
use crate::request::Request;

/// Whether a request may go ahead. The larger one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// It may.
    Allow,
    /// It may, with a warning.
    Warn,
    /// It may not.
    Deny,
}

impl Decision {
    /// The name used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Warn => "Warn",
            Self::Deny => "Deny",
        }
    }
}

/// One thing that could happen, to one database or workload where it is to any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// A sentence.
    pub sentence: String,
    /// The pods of one worst draw, as a list in words; empty where there are none.
    pub witness: String,
}

impl fmt::Display for Prospect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)?;
        if self.witness.is_empty() {
            return Ok(());
        }
        write!(f, ", for example {}", self.witness)
    }
}

impl From<&str> for Prospect {
    fn from(sentence: &str) -> Self {
        Self {
            sentence: sentence.to_owned(),
            witness: String::new(),
        }
    }
}

/// What was read and measured on the way to a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// What the chaos object would do.
    pub experiment: Experiment,
    /// The worst of it.
    pub blast: BlastRadius,
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Whether it may go ahead.
    pub decision: Decision,
    /// The object it is about.
    pub subject: ObjectRef,
    /// What could happen, a line each.
    pub headline: Vec<Prospect>,
    /// Everything that is not kept, those lifted by an exemption included.
    pub violations: Vec<Violation>,
    /// What the author should know, a sentence each.
    pub warnings: Vec<String>,
    /// A change with which the request would be allowed; it was tried.
    pub suggestion: Option<Suggestion>,
    /// What was read and measured, where there was anything to measure.
    pub assessment: Option<Box<Assessment>>,
    /// Why the request was not judged, where it was not.
    pub passed: Option<&'static str>,
}

impl Verdict {
    /// The verdict on a request that is not judged.
    #[must_use]
    pub fn passed(request: &Request, why: &'static str) -> Self {
        Self {
            passed: Some(why),
            ..Self::of(request, Vec::new())
        }
    }

    /// The verdict that follows from these violations.
    #[must_use]
    pub fn of(request: &Request, violations: Vec<Violation>) -> Self {
        Self {
            decision: decide(&violations),
            subject: request.target.clone(),
            headline: Vec::new(),
            violations,
            warnings: Vec::new(),
            suggestion: None,
            assessment: None,
            passed: None,
        }
    }

    /// The violations that count with this enforcement.
    pub fn counting(&self, enforcement: Enforcement) -> impl Iterator<Item = &Violation> {
        let counts = move |violation: &&Violation| {
            violation.enforcement == enforcement && violation.exempted_by.is_none()
        };
        self.violations.iter().filter(counts)
    }
}

fn decide(violations: &[Violation]) -> Decision {
    let counting = violations
        .iter()
        .filter(|violation| violation.exempted_by.is_none());
    match counting.map(|violation| violation.enforcement).max() {
        Some(Enforcement::Deny) => Decision::Deny,
        Some(Enforcement::Warn) => Decision::Warn,
        Some(Enforcement::Audit) | None => Decision::Allow,
    }
}
