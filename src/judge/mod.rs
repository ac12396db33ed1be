//! The whole product as one pure function: a request held against the cluster and the policies.

mod explain;
mod occasion;
mod suggest;
mod verdict;

pub use occasion::{Occasion, occasion};
pub use suggest::{Change, Suggestion, apply};
pub use verdict::{Assessment, Decision, Prospect, Verdict};

use std::borrow::Cow;

use jiff::Timestamp;

use crate::blast::{self, BlastRadius};
use crate::fault::{self, Experiment, Unreadable};
use crate::inventory::Inventory;
use crate::object::Object;
use crate::policy::{self, Case, Enforcement, Policy, PolicyError, PolicySet, Reason, Violation};
use crate::request::Request;

/// Judges a request. Total: every request gets a verdict, whatever it holds.
#[must_use]
pub fn judge(
    inventory: &Inventory,
    policies: &PolicySet,
    request: &Request,
    now: Timestamp,
) -> Verdict {
    let court = Court {
        inventory,
        policies,
        request,
        now,
    };
    let occasion = occasion(request, policies.accounts());
    // A policy is held against nothing but itself: it can be mended at any time.
    let blind = matches!(occasion, Occasion::Pass(_) | Occasion::Rule(_));
    if let (Some(why), false) = (inventory.unavailable(), blind) {
        return court.refuse(Reason::InventoryUnavailable, &unlisted(why));
    }
    match occasion {
        Occasion::Pass(why) => Verdict::passed(request, why),
        Occasion::Rule(object) => rule(request, object),
        Occasion::Forged(problem) => court.refuse(Reason::ForgedStatus, &problem),
        Occasion::Change { old, new } => court.hear(fault::read_change(old, new), new),
        Occasion::Removal(object) => court.hear(fault::read_removal(object, request.grace), object),
        Occasion::Injection(object) => {
            let beside = beside(inventory, request, object);
            let court = Court {
                inventory: &beside,
                ..court
            };
            court.hear(fault::read(object, beside.surroundings()), object)
        }
    }
}

/// What counts beside an object: all that is live but the same object with the same spec, as when it
/// goes on after a pause. A changed one is another experiment, and what the old one holds stays held.
fn beside<'i>(inventory: &'i Inventory, request: &Request, object: &Object) -> Cow<'i, Inventory> {
    let spec = |object: &Object| object.value().get("spec").cloned();
    let old = request.old_object.as_ref();
    if old.is_some_and(|old| spec(old) == spec(object)) {
        inventory.without(object)
    } else {
        Cow::Borrowed(inventory)
    }
}

/// What a verdict depends on.
#[derive(Clone, Copy)]
struct Court<'a> {
    inventory: &'a Inventory,
    policies: &'a PolicySet,
    request: &'a Request,
    now: Timestamp,
}

impl Court<'_> {
    fn hear(self, reading: Result<Option<Experiment>, Unreadable>, object: &Object) -> Verdict {
        match reading {
            Ok(None) => Verdict::passed(self.request, "no chaos object"),
            Ok(Some(experiment)) => self.weigh(experiment, object),
            Err(problem) => self.refuse(Reason::Unreadable, &problem),
        }
    }

    fn weigh(self, experiment: Experiment, object: &Object) -> Verdict {
        if experiment.faults.is_empty() && !experiment.declared {
            return self.noted(&experiment);
        }
        let (blast, violations) = self.violations(&experiment);
        if !experiment.declared && !self.reaches_a_database(&blast) {
            return Verdict::passed(self.request, "it reaches no database");
        }
        let mut verdict = Verdict::of(self.request, violations);
        if verdict.decision == Decision::Deny {
            verdict.suggestion = suggest::suggest(self, &experiment, object, &verdict.violations);
        }
        verdict.headline = explain::headline(&experiment, &blast, self.inventory);
        let assessment = Assessment { experiment, blast };
        verdict.warnings = explain::warnings(&assessment, &verdict, self);
        verdict.assessment = Some(Box::new(assessment));
        verdict
    }

    /// Passes what does nothing by itself, and says what its author should know.
    fn noted(self, experiment: &Experiment) -> Verdict {
        let notes = experiment.notes.iter().map(explain::note);
        Verdict {
            warnings: notes.collect(),
            ..Verdict::passed(self.request, "nothing in it injects")
        }
    }

    /// Whether it may hit a member of a database, or nobody can tell. What may be hit later, because
    /// nothing is now, is asked of chaos alone.
    fn reaches_a_database(self, blast: &BlastRadius) -> bool {
        let mut hit = blast.impacts.iter().map(|impact| impact.group);
        // What is not known of other chaos in the cluster says nothing of this.
        let untold = blast.unknown.iter().any(|unknown| unknown.fault.is_some());
        untold || hit.any(|id| self.inventory.group(id).database.is_some())
    }

    /// Measures an experiment and lists everything it does not keep.
    fn violations(self, experiment: &Experiment) -> (BlastRadius, Vec<Violation>) {
        let blast = blast::measure(experiment, self.inventory);
        let case = Case {
            request: self.request,
            experiment,
            blast: &blast,
            inventory: self.inventory,
            now: self.now,
        };
        let mut violations = self.broken();
        violations.extend(self.refusals(experiment));
        violations.extend(policy::evaluate(self.policies, &case));
        (blast, violations)
    }

    /// What is wrong with the policies themselves: what they would forbid is not known.
    fn broken(self) -> Vec<Violation> {
        let broken = self.policies.broken().iter().cloned();
        broken.map(uncompiled).collect()
    }

    /// What makes an experiment unacceptable beside what it would do, by the strictest policy.
    fn refusals(self, experiment: &Experiment) -> Vec<Violation> {
        let Some(policy) = strictest(self.policies) else {
            return Vec::new();
        };
        let refusals = experiment.refusals.iter();
        refusals
            .map(|problem| refusal(Reason::Unreadable, problem, policy))
            .collect()
    }

    /// Refuses what cannot be bounded, by the strictest of the policies.
    fn refuse(self, reason: Reason, problem: &Unreadable) -> Verdict {
        let mut violations = self.broken();
        let Some(policy) = strictest(self.policies) else {
            let mut verdict = Verdict::of(self.request, violations);
            verdict.warnings = vec![problem.to_string()];
            if self.policies.is_empty() {
                verdict.warnings.push(explain::UNPROTECTED.to_owned());
            }
            return verdict;
        };
        let mut violation = refusal(reason, problem, policy);
        if reason == Reason::Unreadable {
            violation.message += " is over every limit, because nothing bounds it";
        }
        violations.push(violation);
        Verdict::of(self.request, violations)
    }
}

/// Denies a request for a reason that lies outside of it, as the strictest of the policies counts it.
#[must_use]
pub fn refuse(policies: &PolicySet, request: &Request, reason: Reason, why: &str) -> Verdict {
    let mut violations: Vec<Violation> =
        policies.broken().iter().cloned().map(uncompiled).collect();
    let Some(policy) = strictest(policies) else {
        return Verdict::of(request, violations);
    };
    let problem = Unreadable::new("", why, "");
    let mut violation = refusal(reason, &problem, policy);
    violation.remedy = String::new();
    violations.push(violation);
    Verdict::of(request, violations)
}

fn unlisted(why: &str) -> Unreadable {
    Unreadable::new("", why, "a cluster that has been listed")
}

/// A policy or exemption is refused when it does not compile: what it was meant to forbid would
/// not be known.
fn rule(request: &Request, object: &Object) -> Verdict {
    let problems = PolicySet::compile([object]).err().unwrap_or_default();
    compiled(request, problems)
}

/// The verdict on what others will be held against, which cannot be used as it is written where there
/// are errors.
#[must_use]
pub fn compiled(request: &Request, errors: Vec<PolicyError>) -> Verdict {
    Verdict::of(request, errors.into_iter().map(uncompiled).collect())
}

/// Denies a request whatever the policies say, also where there are none.
#[must_use]
pub fn forbid(request: &Request, reason: Reason, field: &str, why: &str) -> Verdict {
    let object = request.target.clone();
    let problem = Unreadable::new(field, why, "");
    let violation = Violation {
        reason,
        policy: String::new(),
        limit: policy::EVERY_LIMIT.to_owned(),
        ..uncompiled(PolicyError { object, problem })
    };
    Verdict::of(request, vec![violation])
}

/// A policy or exemption that cannot be used as it is written.
fn uncompiled(error: PolicyError) -> Violation {
    Violation {
        reason: Reason::PolicyInvalid,
        own_reason: None,
        policy: error.object.name,
        limit: "compilation".to_owned(),
        enforcement: Enforcement::Deny,
        message: error.problem.to_string(),
        field: error.problem.field,
        measured: error.problem.found,
        permitted: error.problem.expected,
        remedy: String::new(),
        group: None,
        exempted_by: None,
    }
}

fn strictest(policies: &PolicySet) -> Option<&Policy> {
    let policies = policies.policies().iter();
    policies.max_by_key(|policy| policy.enforcement)
}

/// What no policy would accept.
fn refusal(reason: Reason, problem: &Unreadable, policy: &Policy) -> Violation {
    Violation {
        reason,
        own_reason: None,
        policy: policy.name.clone(),
        limit: policy::EVERY_LIMIT.to_owned(),
        measured: problem.found.clone(),
        permitted: problem.expected.clone(),
        field: problem.field.clone(),
        message: problem.found.clone(),
        remedy: format!("expected {}", problem.expected),
        enforcement: policy.enforcement,
        group: None,
        exempted_by: None,
    }
}
