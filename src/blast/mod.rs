//! The worst that can happen: an experiment and an inventory measured into a blast radius.

mod draw;
mod flow;
mod problem;
mod radius;
mod ways;
mod search;
pub mod worst_case;

pub use radius::{BlastRadius, BudgetImpact, Concurrent, FaultReach, Impact, Unknown};

use crate::fault::Experiment;
use crate::inventory::Inventory;

/// The worst that `experiment` can do to `inventory`, together with what is live there already.
#[must_use]
pub fn measure(experiment: &Experiment, inventory: &Inventory) -> BlastRadius {
    let _ = (experiment, inventory);
    BlastRadius::default()
}
