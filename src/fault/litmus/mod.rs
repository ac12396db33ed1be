//! LitmusChaos: every kind of the group `litmuschaos.io`.
//!
//! An `engine` names faults of the `hub`, a table that says how each chooses its victims and what it
//! does to them. Their variables, `env`, decide the rest: whom they hit (`text` is what the operator
//! writes down, `target` what the faults make of it), for how long, and with which `strength`; what
//! reaches a `shell` has to be harmless there. `code` finds what runs besides the faults, and a
//! `schedule` starts an engine again and again.

mod code;
mod engine;
mod env;
mod hub;
mod schedule;
mod shell;
mod strength;
mod target;
mod text;

pub(super) use engine::{read, read_definition, read_result, read_unknown};
pub(super) use schedule::read as read_schedule;

/// Whether the hub has a fault of this name.
pub(super) fn is_fault(name: &str) -> bool {
    hub::HubFault::named(name).is_some()
}
