//! Victims are chosen and written down with what has to be put back; then they are promised to the run.

use std::time::Duration;

use super::turn::Turn;
use crate::policy::spec::values::Moment;
use crate::schedule::effect::Effect;
use crate::schedule::observed::{Chosen, Promise, Verdict};
use crate::schedule::spec::status::{MemberStatus, PhaseWord, PinnedPod};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(1);

pub(super) fn step(turn: &mut Turn<'_>) {
    if turn.elapsed() > turn.plan.reserve_within {
        return turn.skip("NotReserved", "nothing could be promised to it in time");
    }
    if let Some(message) = unfit(turn) {
        return turn.skip("NotHealthy", &message);
    }
    match &turn.run.status.pinned {
        None => choose(turn),
        Some(pinned) => promise(turn, pinned),
    }
}

/// The backup may have taken long: what must hold is looked at once more, right before.
fn unfit(turn: &Turn<'_>) -> Option<String> {
    let subject = turn.subject()?;
    let checks = super::preflight::of_subject(subject, turn);
    let open = checks
        .into_iter()
        .find(|it| it.result != super::ResultWord::Good);
    open.map(|it| format!("{}: {}", it.name, it.seen))
}

fn choose(turn: &mut Turn<'_>) {
    match &turn.seen.chosen {
        None => turn.wait(LOOK),
        Some(Err(refused)) => turn.skip(refused.reason, &refused.message),
        Some(Ok(chosen)) => match &chosen.verdict {
            Verdict::Denied(why) => turn.skip("Denied", why),
            Verdict::Unavailable(why) => turn.skip("GuardUnavailable", why),
            Verdict::Allowed => pin(turn, chosen),
        },
    }
}

fn pin(turn: &mut Turn<'_>, chosen: &Chosen) {
    let pinned = chosen.members.iter().map(|it| PinnedPod {
        namespace: it.namespace.clone(),
        name: it.name.clone(),
        uid: it.uid.clone(),
        primary: it.primary,
        node: it.node.clone(),
    });
    let pinned: Vec<PinnedPod> = pinned.collect();
    let names: Vec<&str> = pinned.iter().map(|it| it.name.as_str()).collect();
    let message = format!("it would hit {}", names.join(", "));
    turn.next.pinned = Some(pinned);
    let members = turn.subject().map(|it| it.members.iter());
    turn.next.before = members
        .into_iter()
        .flatten()
        .map(|it| MemberStatus {
            namespace: it.namespace.clone(),
            name: it.name.clone(),
            uid: it.uid.clone(),
            restarts: it.restarts,
            ready: it.ready,
        })
        .collect();
    turn.next.undo.clone_from(&chosen.undo);
    turn.next.chaos_object.clone_from(&chosen.object);
    turn.next.fence = Some(chosen.fence.clone());
    if turn.run.spec.dry_run {
        return turn.skip("DryRun", &message);
    }
    turn.tell(&message);
    turn.wait(Duration::ZERO);
}

fn promise(turn: &mut Turn<'_>, pinned: &[PinnedPod]) {
    if let Some(gone) = drifted(turn, pinned) {
        return turn.skip("TargetDrift", &gone);
    }
    match &turn.seen.promise {
        Promise::Held => {
            let by = turn.now.saturating_add(turn.plan.create_within);
            turn.next.inject_by = by.ok().map(Moment);
            turn.enter(PhaseWord::Injecting, "promised to it");
        }
        Promise::Refused(why) => turn.skip("WouldBreach", why),
        Promise::None => {
            turn.ask(Effect::Reserve);
            turn.wait(LOOK);
        }
        Promise::Unknown(_) => turn.wait(LOOK),
    }
}

/// What has become of the chosen members, when they are not what they were.
pub(super) fn drifted(turn: &Turn<'_>, pinned: &[PinnedPod]) -> Option<String> {
    let Some(subject) = turn.subject() else {
        return Some("its members cannot be seen".to_owned());
    };
    pinned
        .iter()
        .find_map(|pod| match subject.member(&pod.namespace, &pod.name) {
            None => Some(format!("{} is gone", pod.name)),
            Some(it) if it.uid != pod.uid => Some(format!("{} is another instance", pod.name)),
            Some(it) if it.primary && !pod.primary => {
                Some(format!("{} became the primary", pod.name))
            }
            Some(_) => None,
        })
}
