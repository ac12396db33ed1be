//! What is permitted: policies and exemptions, and how a case is held against them.

mod crds;
pub mod spec;
pub mod spec_exemption;
pub mod spec_limits;
pub mod spec_values;
pub mod spec_windows;
mod violation;

pub use crds::crds;
pub use violation::{Enforcement, Reason, Violation};

use jiff::Timestamp;

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

/// Policies and exemptions, compiled.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {}

/// Every limit and rule that the case does not keep, in a stable order.
#[must_use]
pub fn evaluate(policies: &PolicySet, case: &Case<'_>) -> Vec<Violation> {
    let _ = (policies, case);
    Vec::new()
}
