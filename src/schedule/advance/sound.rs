//! A status that no run can have: somebody has edited it. What may be in effect is ended all the same.

use super::turn::Turn;
use crate::schedule::spec::status::{ExperimentRunStatus, OutcomeWord, PhaseWord};

const REASON: &str = "StatusTampered";

/// Mends a status that no run can have; whether it had to.
pub(super) fn mend(turn: &mut Turn<'_>) -> bool {
    let Some(wrong) = wrong(&turn.run.status) else {
        return false;
    };
    if turn.run.status.phase < PhaseWord::Injecting && !may_be_live(turn) {
        turn.close(OutcomeWord::Error, REASON, wrong);
    } else if turn.run.status.phase >= PhaseWord::Closing {
        turn.next.outcome = Some(OutcomeWord::Error);
        turn.next.reason = Some(REASON.to_owned());
        turn.next.message = Some(wrong.to_owned());
    } else {
        turn.revert(REASON, wrong);
    }
    true
}

/// Whether something was injected, whatever its phase says.
fn may_be_live(turn: &Turn<'_>) -> bool {
    let status = &turn.run.status;
    let made = status.chaos_object.as_ref();
    let made = made.is_some_and(|it| it.uid.is_some());
    let seen = turn.seen.object.seen().and_then(Option::as_ref);
    status.injected_at.is_some() || made || seen.is_some_and(|it| it.own)
}

/// What is missing that its phase needs.
fn wrong(status: &ExperimentRunStatus) -> Option<&'static str> {
    let needs = |from: PhaseWord, there: bool| status.phase < from || there;
    let live = status.phase < PhaseWord::Closing;
    let early = status.phase < PhaseWord::Reserving && status.pinned.is_some();
    let set_back = status.phase < PhaseWord::Active && status.injected_at.is_some();
    let rows = [
        (
            !early && !set_back,
            "it has been further than it says it is",
        ),
        (
            needs(PhaseWord::Preflight, status.since.is_some()),
            "it does not say since when it is where it is",
        ),
        (
            !live || needs(PhaseWord::Injecting, status.pinned.is_some()),
            "it names no pods that it may hit",
        ),
        (
            !live || needs(PhaseWord::Injecting, status.inject_by.is_some()),
            "it does not say by when it is injected",
        ),
        (
            status.phase != PhaseWord::Active
                || (status.injected_at.is_some() && status.fault_ends_at.is_some()),
            "it does not say when it was injected, or until when",
        ),
        (
            !live || needs(PhaseWord::Reverting, status.revert.is_some()),
            "it does not say why it is ended",
        ),
        (
            status.phase != PhaseWord::Verifying || status.recovery.is_some(),
            "it does not say from when recovery is counted",
        ),
        (
            needs(PhaseWord::Closing, status.outcome.is_some()),
            "it does not say how it ended",
        ),
    ];
    rows.iter()
        .find(|(sound, _)| !sound)
        .map(|(_, wrong)| *wrong)
}
