//! What a run does next: the whole of its life, one phase a file.
//!
//! The answer is a status to be stored, and what is to be done once it is. So what was about to be done is
//! known to whoever continues, and everything that is done may be done again. There is one way out: whatever
//! ends a run, its fault is reverted, its recovery awaited, and what was promised to it given back.

mod active;
mod backing_up;
mod closing;
mod injecting;
mod pending;
mod preflight;
mod reserving;
mod reverting;
mod sound;
mod turn;
mod verifying;

use jiff::Timestamp;

use super::effect::Effect;
use super::observed::{Member, Observed};
use super::run::Run;
use super::spec::status::{ExperimentRunStatus, PhaseWord, ResultWord, WatchStatus};
use turn::Turn;

/// What a run does next.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is to be stored, if it is not what is.
    pub status: ExperimentRunStatus,
    /// What is to be done then, in this order.
    pub effects: Vec<Effect>,
    /// When to look again at the latest; none: it is over.
    pub wake: Option<Timestamp>,
}

/// What a run does next. The same arguments always give the same step.
#[must_use]
pub fn advance(run: &Run, seen: &Observed, now: Timestamp) -> Step {
    let mut turn = Turn::new(run, seen, now);
    if !sound::mend(&mut turn) && !turn.end_where_told() {
        match run.status.phase {
            PhaseWord::Pending => pending::step(&mut turn),
            PhaseWord::Preflight => preflight::step(&mut turn),
            PhaseWord::BackingUp => backing_up::step(&mut turn),
            PhaseWord::Reserving => reserving::step(&mut turn),
            PhaseWord::Injecting => injecting::step(&mut turn),
            PhaseWord::Active => active::step(&mut turn),
            PhaseWord::Reverting => reverting::step(&mut turn),
            PhaseWord::Verifying => verifying::step(&mut turn),
            PhaseWord::Closing => closing::step(&mut turn),
            PhaseWord::Closed => closing::closed(&mut turn),
        }
    }
    turn.finish()
}
