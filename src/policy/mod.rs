//! What is permitted: policies and exemptions, and how a case is held against them.

mod account;
mod compile;
mod context;
mod crds;
mod exemption;
#[cfg(test)]
mod fixture;
mod limits;
mod limits_amount;
mod limits_backup;
mod limits_database;
mod limits_reach;
mod limits_time;
mod limits_windows;
mod protects;
mod remedy;
pub mod spec;
pub mod spec_exemption;
pub mod spec_limits;
pub mod spec_values;
pub mod spec_windows;
mod violation;
mod windows;

pub use compile::{Policy, PolicyError, PolicySet};
pub use crds::crds;
pub use exemption::Exemption;
pub use limits::limit_names;
pub use protects::Protected;
pub use violation::{Enforcement, Reason, Violation};

use jiff::Timestamp;

use context::LimitContext;
use limits::LIMITS;

use crate::blast::BlastRadius;
use crate::fault::Experiment;
use crate::inventory::Inventory;
use crate::request::Request;

/// Everything that a limit or a rule may see.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Who asks for what.
    pub request: &'a Request,
    /// What it would do.
    pub experiment: &'a Experiment,
    /// The worst of it.
    pub blast: &'a BlastRadius,
    /// The cluster.
    pub inventory: &'a Inventory,
    /// The instant of the judgement.
    pub now: Timestamp,
}

/// Every limit that the case does not keep, of every policy that protects what it can reach, in a
/// stable order. Those that an exemption lifts are among them and say so.
#[must_use]
pub fn evaluate(policies: &PolicySet, case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for policy in policies.policies() {
        let context = LimitContext::new(policy, case);
        if context.is_asked() {
            violations.extend(LIMITS.iter().flat_map(|limit| (limit.check)(&context)));
        }
    }
    violations.sort_by(|a, b| order(a).cmp(&order(b)));
    violations.dedup();
    for violation in &mut violations {
        let mut exemptions = policies.exemptions().iter();
        let lifting = exemptions.find(|exemption| exemption.lifts(violation, case));
        violation.exempted_by = lifting.map(|exemption| exemption.name.clone());
    }
    violations
}

fn order(violation: &Violation) -> impl Ord + '_ {
    let Violation {
        reason,
        policy,
        group,
        limit,
        field,
        message,
        ..
    } = violation;
    (*reason, policy, *group, limit, field, message)
}
