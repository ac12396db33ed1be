//! Rules in CEL: what their expressions may name, how they are compiled, and how they are held against
//! a case.

mod ask;
mod asked;
mod compile;
mod facts;
mod group;
mod place;
mod plan;
mod reach;
mod record;
mod run;
mod shapes;
mod words;

pub use ask::ask;
pub use facts::{Facts, Known, VARIABLES};
pub use run::{STEPS_OF_A_POLICY, STEPS_OF_A_RULE};
pub use shapes::{SHAPES, environment};

pub(super) use compile::Rules;
pub(super) use run::Trial;
pub(super) use words::is_reason;
