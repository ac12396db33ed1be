//! The fault is in effect. Whatever must not happen meanwhile ends it, and so does not knowing.

use std::time::Duration;

use super::injecting::hit;
use super::turn::{OVER, Turn};
use crate::policy::spec::values::Moment;
use crate::schedule::observed::{Sight, Subject, ToolState};
use crate::schedule::plan::Evidence;
use crate::schedule::spec::status::{BreachStatus, PinnedPod, ResultWord, WatchStatus};

/// Something that must not be, and for how long it may.
struct Breach {
    reason: String,
    seen: String,
    patience: Duration,
    samples: u32,
}

impl Breach {
    fn at_once(reason: &str, seen: impl Into<String>) -> Self {
        Self::after(reason, seen, Duration::ZERO)
    }

    fn after(reason: &str, seen: impl Into<String>, patience: Duration) -> Self {
        Self {
            reason: reason.to_owned(),
            seen: seen.into(),
            patience,
            samples: 1,
        }
    }
}

pub(super) fn step(turn: &mut Turn<'_>) {
    let found = breaches(turn);
    let mut watch = turn.run.status.watch.clone().unwrap_or_default();
    if is_seen(turn) {
        watch.last_sample = Some(Moment(turn.now));
    }
    let names = hit(turn);
    watch
        .hit
        .extend(names.into_iter().filter(|name| !turn.was_hit(name)));
    watch.breaches = counted(turn, &watch, &found);
    let ended = found.iter().zip(&watch.breaches).find(|(breach, counted)| {
        turn.since(Some(counted.since.0)) >= breach.patience && counted.samples >= breach.samples
    });
    let ended = ended.map(|(breach, _)| (breach.reason.clone(), breach.seen.clone()));
    let blind = turn.since(watch.last_sample.map(|it| it.0)) > turn.plan.blind;
    turn.next.watch = Some(watch);
    match ended {
        Some((reason, seen)) => turn.revert(&reason, &seen),
        None if blind => turn.revert("Blind", "nothing could be seen for too long"),
        None => until_over(turn),
    }
}

/// Whether this look saw what it needs.
fn is_seen(turn: &Turn<'_>) -> bool {
    let object = turn.run.status.chaos_object.is_none() || turn.seen.object.seen().is_some();
    object && turn.subject().is_some()
}

/// The fault ends by itself; what does not is ended.
fn until_over(turn: &mut Turn<'_>) {
    let ends = turn.run.status.fault_ends_at.map(|it| it.0);
    let past = ends.is_none_or(|ends| turn.now >= ends);
    let over = match &turn.seen.object {
        Sight::Seen(Some(it)) => it.state == ToolState::Over,
        Sight::Seen(None) => turn.run.status.chaos_object.is_none(),
        Sight::Blind(_) => false,
    };
    // What acts in an instant is over when its tool says so; its victims are watched a moment longer.
    let shown = turn.plan.lasts.is_some() && over;
    let overrun = ends.is_none_or(|ends| turn.since(Some(ends)) > turn.plan.grace);
    if shown || (past && over) {
        turn.revert(OVER, "the fault is over");
    } else if past && !turn.plan.ends_itself {
        turn.revert(OVER, "the time of the fault is over");
    } else if overrun {
        turn.revert("Overrun", "its tool has not ended it in time");
    } else {
        turn.wait(turn.plan.watch);
    }
}

/// Those that were there at the last look go on, the others begin.
fn counted(turn: &Turn<'_>, watch: &WatchStatus, found: &[Breach]) -> Vec<BreachStatus> {
    let count = |breach: &Breach| {
        let before = watch.breaches.iter().find(|it| it.reason == breach.reason);
        BreachStatus {
            reason: breach.reason.clone(),
            since: before.map_or(Moment(turn.now), |it| it.since),
            samples: before.map_or(1, |it| it.samples.saturating_add(1)),
            seen: breach.seen.clone(),
        }
    };
    found.iter().map(count).collect()
}

/// Everything that must not be, and is.
fn breaches(turn: &Turn<'_>) -> Vec<Breach> {
    let mut all = turn
        .subject()
        .map_or_else(Vec::new, |it| of_members(turn, it));
    all.extend(of_probes(turn));
    all.extend(of_object(turn));
    all
}

fn of_members(turn: &Turn<'_>, subject: &Subject) -> Vec<Breach> {
    let pinned: Vec<&PinnedPod> = turn.run.status.pinned.iter().flatten().collect();
    let is_pinned = |name: &str| pinned.iter().any(|pod| pod.name == name);
    let mut all = Vec::new();
    let healthy = subject.ready();
    if healthy < subject.minimum {
        let seen = format!("{healthy} members are ready, {} must be", subject.minimum);
        all.push(Breach::at_once("InsufficientHealthyReplicas", seen));
    }
    let writers: Vec<&str> = subject
        .members
        .iter()
        .filter(|it| it.primary && it.ready)
        .map(|it| it.name.as_str())
        .collect();
    if subject.has_primary && writers.is_empty() {
        let patience = turn.plan.max_no_primary;
        all.push(Breach::after(
            "NoWritableMember",
            "no ready member is the primary",
            patience,
        ));
    }
    let hurt: Vec<&str> = subject
        .members
        .iter()
        .filter(|it| !is_pinned(&it.name) && changed(turn, it))
        .map(|it| it.name.as_str())
        .collect();
    if !hurt.is_empty() {
        let seen = format!("{} changed, and is not a target", hurt.join(", "));
        all.push(Breach::at_once("CollateralDamage", seen));
    }
    let risen = pinned
        .iter()
        .find(|pod| !pod.primary && writers.contains(&pod.name.as_str()));
    if let Some(pod) = risen {
        let seen = format!("{} became the primary", pod.name);
        all.push(Breach::at_once("TargetDrift", seen));
    }
    if let Some(busy) = &subject.busy {
        all.push(Breach::at_once("Maintenance", busy));
    }
    all
}

/// Whether a member is another instance than before, restarted, or no longer ready.
fn changed(turn: &Turn<'_>, member: &super::Member) -> bool {
    let mut before = turn.run.status.before.iter();
    let was = before.find(|it| it.namespace == member.namespace && it.name == member.name);
    was.is_some_and(|was| {
        was.uid != member.uid || member.restarts > was.restarts || (was.ready && !member.ready)
    })
}

fn of_probes(turn: &Turn<'_>) -> Vec<Breach> {
    let mut all = Vec::new();
    for answers in &turn.seen.probes {
        if let Some(wrong) = &answers.data {
            all.push(Breach::at_once("DataInconsistency", wrong));
        }
        let reason = format!("ProbeBreach:{}", answers.name);
        match answers.result {
            ResultWord::Bad => all.push(Breach::at_once(&reason, &answers.seen)),
            ResultWord::Unknown => {
                all.push(Breach::after(&reason, &answers.seen, turn.plan.blind));
            }
            ResultWord::Good | ResultWord::Waiting => {}
        }
    }
    all
}

/// What its chaos object says beside that it is in effect.
fn of_object(turn: &Turn<'_>) -> Option<Breach> {
    let recorded = turn.run.status.chaos_object.as_ref()?.uid.as_ref()?;
    match &turn.seen.object {
        Sight::Seen(Some(it)) if it.uid != *recorded => Some(Breach::at_once(
            "ObjectReplaced",
            "its chaos object was replaced",
        )),
        Sight::Seen(Some(it)) => match &it.state {
            ToolState::Failed(why) => Some(Breach::at_once("InjectionFailed", why)),
            ToolState::Beginning | ToolState::InEffect | ToolState::Over => None,
        },
        Sight::Seen(None) => Some(Breach::at_once(
            "ObjectGone",
            "its chaos object was deleted",
        )),
        Sight::Blind(_) => None,
    }
    .filter(|_| turn.plan.evidence != Evidence::Pods || turn.plan.lasts.is_some())
}
