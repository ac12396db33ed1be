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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::object::Object;
    use crate::schedule::observed::{Backup, Member, Observed, Promise, Subject};
    use crate::schedule::run::Run;
    use crate::schedule::sanctioned::Sanctioned;
    use crate::schedule::spec::status::{ExperimentRunStatus, MemberStatus, UndoWord};

    /// A run that drains the node of `pg-1`, and is injecting.
    fn run(evict: bool, now: Timestamp) -> Run {
        let object = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "SanctionedExperiment",
            "metadata": {"name": "drill", "namespace": "db"},
            "spec": {"hypothesis": "it holds", "workload": {"kind": "StatefulSet", "name": "pg"},
                "native": {"drain": {"duration": "60s", "evict": evict}}}});
        let object = Object::new(object).unwrap();
        let sanctioned = Sanctioned::compile(&object, crate::fault::Surroundings::NONE).unwrap();
        let undo = UndoStatus {
            what: UndoWord::Uncordon,
            api_version: "v1".to_owned(),
            kind: "Node".to_owned(),
            namespace: String::new(),
            name: "node-1".to_owned(),
            replicas: None,
            done: false,
        };
        let pinned = PinnedPod {
            namespace: "db".to_owned(),
            name: "pg-1".to_owned(),
            uid: "uid-1".to_owned(),
            primary: false,
            node: "node-1".to_owned(),
        };
        let before = MemberStatus {
            namespace: "db".to_owned(),
            name: "pg-1".to_owned(),
            uid: "uid-1".to_owned(),
            restarts: 0,
            ready: true,
        };
        Run {
            namespace: "db".to_owned(),
            name: "drill-1".to_owned(),
            uid: "run".to_owned(),
            created: now,
            deleting: false,
            held: true,
            spec: crate::schedule::spec::run::ExperimentRunSpec::default(),
            plan: sanctioned.plan,
            unapproved: false,
            status: ExperimentRunStatus {
                phase: PhaseWord::Injecting,
                since: Some(Moment(now)),
                pinned: Some(vec![pinned]),
                before: vec![before],
                undo: vec![undo],
                inject_by: Some(Moment(now)),
                ..ExperimentRunStatus::default()
            },
        }
    }

    fn seen(put_back: Sight<bool>) -> Observed {
        let member = Member {
            namespace: "db".to_owned(),
            name: "pg-1".to_owned(),
            uid: "uid-1".to_owned(),
            ready: true,
            ..Member::default()
        };
        Observed {
            stopped: None,
            closed: None,
            subject: Sight::Seen(Subject {
                size: 1,
                members: vec![member],
                ..Subject::default()
            }),
            checks: Vec::new(),
            probes: Vec::new(),
            backup: Backup::Never,
            promise: Promise::Held,
            object: Sight::Seen(None),
            put_back: vec![put_back],
            leftovers: Sight::Seen(Vec::new()),
            chosen: None,
        }
    }

    #[test]
    fn a_node_that_is_only_cordoned_shows_by_that_and_one_that_is_drained_by_its_pods() {
        let now: Timestamp = "2026-10-01T10:00:00Z".parse().unwrap();
        let rows = [
            (false, Sight::Seen(false), PhaseWord::Active),
            (false, Sight::Seen(true), PhaseWord::Injecting),
            (
                false,
                Sight::Blind("no answer".to_owned()),
                PhaseWord::Injecting,
            ),
            (true, Sight::Seen(false), PhaseWord::Injecting),
        ];
        for (evict, put_back, phase) in rows {
            let name = format!("{evict} {put_back:?}");
            let step = crate::schedule::advance(&run(evict, now), &seen(put_back), now);
            assert_eq!(step.status.phase, phase, "{name}");
        }
    }
}
