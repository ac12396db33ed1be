//! What experiments are promised: pods that one of them may still hit are not there for another.

mod ledger;
mod settle;
pub mod spec;

pub use ledger::{Ledger, Reservation, State, ledger_name, ledgers_of, promised, reservation};
pub use settle::{PATIENCE, settle};
pub use spec::crds;
