//! A run that was just made: it is held, so that it is not gone before it is closed.

use std::time::Duration;

use super::turn::Turn;
use crate::schedule::effect::Effect;
use crate::schedule::spec::status::PhaseWord;

/// How often a run is looked at that waits for somebody.
const AGAIN: Duration = Duration::from_secs(1);

pub(super) fn step(turn: &mut Turn<'_>) {
    let due = turn.run.due();
    let late = turn.since(Some(due)) > turn.plan.starting_deadline;
    if late && turn.run.unapproved {
        turn.skip(
            "NotApproved",
            "nobody approved it before its starting deadline",
        );
    } else if late {
        turn.skip("TooLate", "its starting deadline has passed");
    } else if !turn.run.held {
        turn.ask(Effect::Hold);
        turn.wait(AGAIN);
    } else if turn.run.unapproved {
        turn.wait(AGAIN);
    } else {
        turn.enter(PhaseWord::Preflight, "begun");
    }
}
