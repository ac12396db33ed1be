//! What rules may name: the variables, and the records that they are made of.

use super::facts::VARIABLES;
use super::{asked, group, place, plan, reach};
use crate::cel::{Environment, Shape};

/// Every record, each after those it is made of.
pub const SHAPES: &[Shape] = &[
    asked::KIND,
    asked::RESOURCE,
    asked::USER,
    asked::REQUEST,
    place::METADATA,
    place::SPEC,
    place::CONDITION,
    place::STATUS,
    place::NAMESPACE,
    plan::INTENSITY,
    plan::FAULT,
    plan::TARGET,
    plan::SCHEDULE,
    plan::EXPERIMENT,
    reach::POD,
    reach::NODE,
    reach::BUDGET,
    reach::CONCURRENT,
    group::QUORUM,
    group::BACKUP,
    group::DATABASE,
    group::GROUP,
    reach::BLAST,
];

/// What an expression of a policy may name, before its own variables.
#[must_use]
pub fn environment() -> Environment {
    Environment::new(SHAPES, VARIABLES)
}
