//! LitmusChaos: every kind of the group `litmuschaos.io`.
//!
//! An `engine` names faults by their `definition`, and each is a `shot`. The `hub` is a table that
//! says how each fault chooses its victims and what it does to them. Their variables, `env`, decide
//! the rest: whom they hit (`text` is what the operator writes down, `target` what the faults make
//! of it, of `nodes` too), for how long, and with which `strength`, by each `number` as Go reads it; what reaches a
//! `shell` has to be harmless there. `code` finds what runs besides the faults, a `schedule` starts
//! an engine again and again, the `guard` judges definitions by the engines that name them, and a
//! `partition` tells the NetworkPolicies that engines make.

mod code;
mod definition;
mod engine;
mod env;
mod guard;
mod hub;
mod nodes;
mod number;
mod partition;
mod schedule;
mod shell;
mod shot;
mod strength;
mod target;
mod text;

pub(super) use engine::{read, read_result, read_unknown};
pub(super) use guard::read as read_definition;
pub(super) use partition::owns;
pub(super) use schedule::read as read_schedule;

/// Whether the hub has a fault of this name.
pub(super) fn is_fault(name: &str) -> bool {
    hub::HubFault::named(name).is_some()
}
