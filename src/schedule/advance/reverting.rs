//! The fault is ended and everything is put back. There is no other way out of a run that may have injected
//! anything, and it is left only when nothing of the fault is there any more.

use std::time::Duration;

use super::turn::Turn;
use crate::policy::spec::values::Moment;
use crate::schedule::effect::Effect;
use crate::schedule::observed::{Sight, Sighting, ToolState};
use crate::schedule::plan::Evidence;
use crate::schedule::spec::recovery::RecoveryStatus;
use crate::schedule::spec::sanctioned::ClockWord;
use crate::schedule::spec::status::{ChaosObject, PhaseWord, RevertStatus};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// How long a chaos object may take to stop before it is deleted.
const STOPPING: Duration = Duration::from_secs(30);

pub(super) fn step(turn: &mut Turn<'_>) {
    let Some(revert) = turn.run.status.revert.clone() else {
        return;
    };
    let stopped = stop(turn, &revert);
    let undone = put_back(turn);
    let swept = sweep(turn);
    if stopped && undone && swept {
        reverted(turn);
    } else {
        report_stuck(turn, &revert);
        turn.wait(LOOK);
    }
}

/// Whether nothing of the chaos object is in effect any more; else it is seen to.
fn stop(turn: &mut Turn<'_>, revert: &RevertStatus) -> bool {
    let Some(object) = turn.run.status.chaos_object.clone() else {
        return true;
    };
    match &turn.seen.object {
        Sight::Blind(_) => false,
        Sight::Seen(None) => true,
        // Whoever made that one has it judged and watched as everybody else's.
        Sight::Seen(Some(it)) if !it.own => true,
        Sight::Seen(Some(it)) if it.state == ToolState::Over => true,
        Sight::Seen(Some(it)) => {
            end(turn, revert, object, it);
            false
        }
    }
}

fn end(turn: &mut Turn<'_>, revert: &RevertStatus, object: ChaosObject, it: &Sighting) {
    let object = Box::new(ChaosObject {
        uid: Some(it.uid.clone()),
        ..object
    });
    let tried = turn.since(Some(revert.requested_at.0));
    if tried < STOPPING && !it.deleting {
        return turn.ask(Effect::Stop(object));
    }
    if let Some(next) = turn.next.revert.as_mut()
        && next.deleted_at.is_none()
    {
        next.deleted_at = Some(Moment(turn.now));
    }
    // A tool that is away never lets go. Its victims took the fault with them when they are gone.
    let forced = it.deleting && revert.stuck_since.is_some() && victims_are_gone(turn);
    turn.ask(if forced {
        Effect::Force(object)
    } else {
        Effect::Delete(object)
    });
}

/// Whether none of the pinned instances is there any more, and the fault was one that a pod takes with it.
fn victims_are_gone(turn: &Turn<'_>) -> bool {
    let Some(subject) = turn.subject() else {
        return false;
    };
    let mut pinned = turn.run.status.pinned.iter().flatten();
    turn.plan.evidence == Evidence::Pods
        && pinned.all(|pod| subject.members.iter().all(|it| it.uid != pod.uid))
}

/// Whether everything is as before; else it is put back.
fn put_back(turn: &mut Turn<'_>) -> bool {
    let mut all = true;
    for (at, undo) in turn.run.status.undo.iter().enumerate() {
        let seen = turn.seen.put_back.get(at);
        if undo.done || seen == Some(&Sight::Seen(true)) {
            if let Some(next) = turn.next.undo.get_mut(at) {
                next.done = true;
            }
        } else {
            all = false;
            turn.ask(Effect::PutBack(undo.clone()));
        }
    }
    all
}

fn sweep(turn: &mut Turn<'_>) -> bool {
    match &turn.seen.leftovers {
        Sight::Seen(none) if none.is_empty() => true,
        Sight::Seen(_) => {
            turn.ask(Effect::Sweep);
            false
        }
        Sight::Blind(_) => false,
    }
}

fn report_stuck(turn: &mut Turn<'_>, revert: &RevertStatus) {
    let tried = turn.since(Some(revert.requested_at.0));
    if tried < turn.plan.stuck_after || revert.stuck_since.is_some() {
        return;
    }
    if let Some(next) = turn.next.revert.as_mut() {
        next.stuck_since = Some(Moment(turn.now));
    }
    let message = "the fault does not end; what is promised to the run is kept".to_owned();
    turn.tell(&message);
    let reason = "CleanupStuck".to_owned();
    turn.ask(Effect::Tell { reason, message });
}

fn reverted(turn: &mut Turn<'_>) {
    if let Some(next) = turn.next.revert.as_mut() {
        next.reverted_at = Some(Moment(turn.now));
    }
    let start = match (turn.plan.clock, turn.run.status.injected_at) {
        (ClockWord::Injection, Some(injected)) => injected.0,
        (ClockWord::Injection, None) | (ClockWord::Revert, _) => turn.now,
    };
    let deadline = start.saturating_add(turn.plan.recovery);
    turn.next.recovery = Some(RecoveryStatus {
        clock_start: Moment(start),
        deadline: Moment(deadline.unwrap_or(turn.now)),
        last_bad: None,
        first_good: None,
        last_sample: None,
        blind_seconds: None,
        seconds: None,
        took: None,
        missing: Vec::new(),
    });
    turn.enter(PhaseWord::Verifying, "nothing of the fault is left");
}
