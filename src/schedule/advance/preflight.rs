//! What must hold before: all of it, for a while without a break.

use std::time::Duration;

use super::turn::Turn;
use crate::policy::spec::values::Moment;
use crate::schedule::observed::{Answers, Backup, Check, Sight, Subject};
use crate::schedule::spec::sanctioned::BackupWord;
use crate::schedule::spec::status::{BackupTaken, CheckStatus, PhaseWord, ResultWord};

/// How many looks make a while.
const LOOKS: u32 = 3;

pub(super) fn step(turn: &mut Turn<'_>) {
    let checks = checks(turn);
    let bad = checks.iter().find(|it| it.result == ResultWord::Bad);
    let bad = bad.map(|it| (it.name.clone(), it.seen.clone()));
    let open = checks.iter().find(|it| it.result != ResultWord::Good);
    let open = open.map(|it| (it.name.clone(), it.seen.clone()));
    let at = Moment(turn.now);
    turn.next.checks = checks.into_iter().map(|it| noted(turn, it, at)).collect();
    if let Some((name, seen)) = bad {
        return turn.skip(&name, &seen);
    }
    turn.next.good_since = match &open {
        Some(_) => None,
        None => Some(turn.next.good_since.unwrap_or(at)),
    };
    let good = turn.next.good_since.map(|since| turn.since(Some(since.0)));
    let late = turn.elapsed() > turn.plan.preflight;
    match (good, open) {
        (Some(good), _) if good >= turn.plan.stable_before => ready(turn),
        (_, Some((name, seen))) if late => turn.skip(&name, &seen),
        (_, None) if late => turn.skip("Unstable", "it was not healthy for long enough"),
        _ => turn.wait(look(turn.plan.stable_before)),
    }
}

/// How often it is looked at, so that a while is seen in several looks.
fn look(stable: Duration) -> Duration {
    (stable / LOOKS).max(Duration::from_secs(1))
}

/// A check as it is noted, with the instant at which its result came to be.
fn noted(turn: &Turn<'_>, check: Check, now: Moment) -> CheckStatus {
    let before = turn.run.status.checks.iter();
    let same = before
        .filter(|it| it.name == check.name && it.result == check.result && it.seen == check.seen)
        .map(|it| it.at);
    CheckStatus {
        at: same.min_by_key(|at| at.0).unwrap_or(now),
        name: check.name,
        result: check.result,
        seen: check.seen,
    }
}

/// Everything holds: a backup is made, or victims are chosen.
fn ready(turn: &mut Turn<'_>) {
    let plan = turn.plan;
    let fresh = match &turn.seen.backup {
        Backup::At { finished, .. } => {
            let young = |max: Duration| turn.since(Some(*finished)) <= max;
            plan.max_age.is_some_and(young).then_some(*finished)
        }
        Backup::Running | Backup::Failed(_) | Backup::Never | Backup::Unknown(_) => None,
    };
    match (plan.backup, fresh) {
        (BackupWord::Never, _) => turn.enter(PhaseWord::Reserving, "what must hold before holds"),
        (BackupWord::IfStale, Some(finished)) => {
            turn.next.backup = Some(BackupTaken {
                name: None,
                finished_at: Some(Moment(finished)),
            });
            turn.enter(PhaseWord::Reserving, "the newest backup is new enough");
        }
        (BackupWord::IfStale, None) | (BackupWord::Always, _) => {
            turn.next.backup = Some(BackupTaken {
                name: Some(turn.run.backup_name()),
                finished_at: None,
            });
            turn.enter(PhaseWord::BackingUp, "a backup is made");
        }
    }
}

/// All that is looked at. A bad one ends the run, the others are awaited.
fn checks(turn: &Turn<'_>) -> Vec<Check> {
    let mut all = match &turn.seen.subject {
        Sight::Blind(why) => vec![check("Unseen", ResultWord::Unknown, why)],
        Sight::Seen(subject) => of_subject(subject, turn),
    };
    if turn.plan.backup == BackupWord::Never
        && let Some(max) = turn.plan.max_age
    {
        all.push(backup(turn, max));
    }
    all.extend(turn.seen.checks.iter().cloned());
    all.extend(turn.seen.probes.iter().map(probe));
    all
}

/// What of a database has to hold before it is hurt, and after.
pub(super) fn of_subject(subject: &Subject, turn: &Turn<'_>) -> Vec<Check> {
    let (ready, size) = (subject.ready(), subject.size);
    let primary = !subject.has_primary || subject.members.iter().any(|it| it.primary && it.ready);
    let slow = subject.lag.filter(|lag| *lag > turn.plan.max_lag);
    let awaited = |name: &str, good: bool, seen: String| {
        let result = if good {
            ResultWord::Good
        } else {
            ResultWord::Waiting
        };
        check(name, result, &seen)
    };
    let unless = |name: &str, told: Option<&String>, otherwise: &str| {
        let seen = told.map_or(otherwise, String::as_str);
        awaited(name, told.is_none(), seen.to_owned())
    };
    vec![
        awaited(
            "NotReady",
            ready >= size && size > 0,
            format!("{ready} of {size} members are ready"),
        ),
        unless(
            "Unhealthy",
            subject.unhealthy.as_ref(),
            "healthy by its own word",
        ),
        awaited(
            "NoPrimary",
            primary,
            if primary {
                "a member takes writes"
            } else {
                "no ready member is the primary"
            }
            .to_owned(),
        ),
        unless("Busy", subject.busy.as_ref(), "nothing keeps it busy"),
        awaited(
            "Lagging",
            slow.is_none(),
            slow.map_or("replicas keep up".to_owned(), |lag| {
                format!("a replica is {lag:?} behind")
            }),
        ),
    ]
}

fn backup(turn: &Turn<'_>, max: Duration) -> Check {
    let (result, seen) = match &turn.seen.backup {
        Backup::At { finished, .. } if turn.since(Some(*finished)) <= max => (
            ResultWord::Good,
            format!("the newest finished at {finished}"),
        ),
        Backup::At { finished, .. } => (
            ResultWord::Bad,
            format!("the newest finished at {finished}, and may be {max:?} old"),
        ),
        Backup::Running => (ResultWord::Waiting, "one is being made".to_owned()),
        Backup::Failed(why) | Backup::Unknown(why) => (ResultWord::Unknown, why.clone()),
        Backup::Never => (ResultWord::Bad, "there is none".to_owned()),
    };
    check("BackupStale", result, &seen)
}

/// A probe that fails may come to succeed; a figure out of its bounds may come back.
fn probe(answers: &Answers) -> Check {
    let result = match answers.result {
        ResultWord::Bad => ResultWord::Waiting,
        other @ (ResultWord::Good | ResultWord::Waiting | ResultWord::Unknown) => other,
    };
    check(&format!("Probe:{}", answers.name), result, &answers.seen)
}

fn check(name: &str, result: ResultWord, seen: &str) -> Check {
    Check {
        name: name.to_owned(),
        result,
        seen: seen.to_owned(),
    }
}
