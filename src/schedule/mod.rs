//! Sanctioned experiments: what a run does next, and what experiments are promised. Pods that one of them may
//! still hit are not there for another.

pub mod spec;

mod ledger;
mod settle;

pub mod effect;
pub mod observed;
pub mod plan;
pub mod run;
pub mod tick;

pub mod pin;

pub mod native;
pub mod tool;
pub mod sanctioned;
pub mod disaster;

pub mod advance;

pub use advance::{Step, advance};
pub use ledger::{Ledger, Reservation, State, ledger_name, ledgers_of, promised, reservation};
pub use settle::{PATIENCE, settle};
pub use spec::crds;
