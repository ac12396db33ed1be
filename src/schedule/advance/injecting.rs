//! The fault is injected, at most once: only before its deadline, only under a name that is a function of the
//! run, and never again once it was seen.

use std::time::Duration;

use super::reserving::drifted;
use super::turn::Turn;
use crate::policy::spec::values::Moment;
use crate::schedule::effect::Effect;
use crate::schedule::observed::{Sight, Sighting, ToolState};
use crate::schedule::plan::Evidence;
use crate::schedule::spec::status::{ChaosObject, OutcomeWord, PhaseWord, PinnedPod, UndoStatus};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(1);

pub(super) fn step(turn: &mut Turn<'_>) {
    match &turn.run.status.chaos_object {
        None => act(turn),
        Some(object) => by_object(turn, object),
    }
}

/// Without an object what is done bears its own bounds: instances by uid, numbers that are absolute.
fn act(turn: &mut Turn<'_>) {
    if !hit(turn).is_empty() || applied(turn) {
        confirmed(turn);
    } else if expired(turn) {
        turn.revert("InjectionUnconfirmed", "nothing came of it in time");
    } else {
        ask(turn);
    }
}

/// Whether all that is to be put back is seen to be changed, where nothing else shows the fault.
fn applied(turn: &Turn<'_>) -> bool {
    let undo = turn.run.status.undo.len();
    let changed = |it: &Sight<bool>| *it == Sight::Seen(false);
    turn.plan.evidence == Evidence::ToolAlone
        && undo > 0
        && turn.seen.put_back.len() == undo
        && turn.seen.put_back.iter().all(changed)
}

fn ask(turn: &mut Turn<'_>) {
    let pinned = turn.run.status.pinned.clone().unwrap_or_default();
    let scaled = turn
        .run
        .status
        .undo
        .iter()
        .any(UndoStatus::changes_something);
    if scaled {
        turn.ask(Effect::Apply);
    } else {
        turn.ask(Effect::Remove(pinned));
    }
    turn.wait(LOOK);
}

fn by_object(turn: &mut Turn<'_>, object: &ChaosObject) {
    match (&turn.seen.object, &object.uid) {
        (Sight::Blind(_), _) => waiting(turn),
        (Sight::Seen(None), None) => create(turn, object),
        (Sight::Seen(None), Some(_)) => {
            turn.revert("ObjectGone", "its chaos object was deleted by somebody");
        }
        (Sight::Seen(Some(it)), None) if !it.own => {
            let taken = "an object of that name is not this run's";
            turn.close(OutcomeWord::Error, "NameTaken", taken);
        }
        (Sight::Seen(Some(it)), None) => {
            if let Some(object) = &mut turn.next.chaos_object {
                object.uid = Some(it.uid.clone());
            }
            turn.tell("its chaos object was made");
            turn.wait(Duration::ZERO);
        }
        (Sight::Seen(Some(it)), Some(uid)) if it.uid != *uid || !it.own => {
            turn.revert(
                "ObjectReplaced",
                "its chaos object was replaced by somebody",
            );
        }
        (Sight::Seen(Some(it)), Some(_)) => confirm(turn, it),
    }
}

fn create(turn: &mut Turn<'_>, object: &ChaosObject) {
    let by = turn.run.status.inject_by.map(|by| by.0);
    let pinned = turn.run.status.pinned.clone().unwrap_or_default();
    if by.is_none_or(|by| turn.now >= by) {
        let late = "its chaos object was not made in time";
        // The last request may be under way: the fence refuses it once this is stored.
        return turn.close(OutcomeWord::Error, "NotInjected", late);
    }
    if let Some(gone) = drifted(turn, &pinned) {
        return turn.close(OutcomeWord::Error, "TargetDrift", &gone);
    }
    turn.ask(Effect::Create(Box::new(object.clone())));
    turn.wait(LOOK);
}

fn confirm(turn: &mut Turn<'_>, it: &Sighting) {
    let seen = match turn.plan.evidence {
        Evidence::ToolAlone => true,
        Evidence::Pods => !hit(turn).is_empty(),
    };
    match &it.state {
        ToolState::Failed(why) => turn.revert("InjectionFailed", why),
        ToolState::InEffect | ToolState::Over if seen => confirmed(turn),
        ToolState::Beginning | ToolState::InEffect | ToolState::Over => waiting(turn),
    }
}

fn waiting(turn: &mut Turn<'_>) {
    if expired(turn) {
        turn.revert("InjectionUnconfirmed", "its effect was not seen in time");
    } else {
        turn.wait(LOOK);
    }
}

fn expired(turn: &Turn<'_>) -> bool {
    let within = turn
        .plan
        .create_within
        .saturating_add(turn.plan.confirm_within);
    turn.elapsed() > within
}

fn confirmed(turn: &mut Turn<'_>) {
    let hit = hit(turn);
    let ends = turn.now.saturating_add(turn.plan.in_effect());
    turn.next.injected_at = Some(Moment(turn.now));
    turn.next.fault_ends_at = ends.ok().map(Moment);
    turn.next.watch = Some(super::WatchStatus {
        last_sample: Some(Moment(turn.now)),
        hit: hit.clone(),
        ..super::WatchStatus::default()
    });
    let what = match turn.plan.evidence {
        Evidence::Pods => format!("in effect on {}", hit.join(", ")),
        Evidence::ToolAlone => "in effect by the word of its tool alone".to_owned(),
    };
    turn.enter(PhaseWord::Active, &what);
}

/// The pinned pods of which the API server shows that they were hit.
pub(super) fn hit(turn: &Turn<'_>) -> Vec<String> {
    let Some(subject) = turn.subject() else {
        return Vec::new();
    };
    let pinned = turn.run.status.pinned.iter().flatten();
    let was_hit = |pod: &&PinnedPod| {
        let Some(it) = subject.member(&pod.namespace, &pod.name) else {
            return true;
        };
        let before = turn.run.status.before.iter().find(|it| it.uid == pod.uid);
        it.uid != pod.uid || !it.ready || before.is_some_and(|was| it.restarts > was.restarts)
    };
    pinned.filter(was_hit).map(|pod| pod.name.clone()).collect()
}
