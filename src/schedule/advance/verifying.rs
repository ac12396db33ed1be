//! Recovery is awaited and measured: between the last look at which something was missing, and the first from
//! which on nothing was.

use std::time::Duration;

use jiff::Timestamp;

use super::preflight::of_subject;
use super::turn::{OVER, Turn};
use crate::policy::spec::values::Moment;
use crate::schedule::observed::Sight;
use crate::schedule::spec::recovery::{BoundsStatus, RecoveryStatus};
use crate::schedule::spec::status::{OutcomeWord, ResultWord};

/// What of a database is no part of recovery: that its operator is at work is how it recovers.
const BESIDE: &str = "Busy";

pub(super) fn step(turn: &mut Turn<'_>) {
    let Some(before) = turn.run.status.recovery.clone() else {
        return;
    };
    let recovery = match missing(turn) {
        None => before.clone(),
        Some(missing) => looked(turn, &before, missing),
    };
    let stable = recovery
        .first_good
        .is_some_and(|good| turn.since(Some(good.0)) >= turn.plan.stable_after);
    let good_by = recovery.first_good.map_or(turn.now, |good| good.0);
    let late = good_by > recovery.deadline.0;
    // Who cannot look cannot tell that it is late; that ends as long again after the deadline.
    let given_up = turn.since(Some(recovery.deadline.0)) > turn.plan.recovery;
    let blind = recovery.last_sample != Some(Moment(turn.now));
    turn.next.recovery = Some(recovery);
    if blind && !given_up {
        turn.wait(turn.plan.poll);
    } else if stable || late || blind {
        conclude(turn, stable && !late);
    } else {
        turn.wait(turn.plan.poll);
    }
}

/// What is missing; none when that cannot be told.
fn missing(turn: &Turn<'_>) -> Option<Vec<String>> {
    let subject = turn.subject()?;
    let checks = of_subject(subject, turn).into_iter();
    let awaited = checks.filter(|it| it.name != BESIDE && it.result != ResultWord::Good);
    let probes = turn.seen.probes.iter();
    let silent = probes.clone().any(|it| it.result == ResultWord::Unknown);
    let failed = probes
        // One that is no breach yet is no success either.
        .filter(|it| matches!(it.result, ResultWord::Bad | ResultWord::Waiting))
        .map(|it| format!("{}: {}", it.name, it.seen));
    let missing: Vec<String> = awaited
        .map(|it| format!("{}: {}", it.name, it.seen))
        .chain(failed)
        .collect();
    // A probe that says nothing tells no recovery, but what else is missing is missing.
    (!silent || !missing.is_empty()).then_some(missing)
}

/// What is known after a look.
fn looked(turn: &Turn<'_>, before: &RecoveryStatus, missing: Vec<String>) -> RecoveryStatus {
    let now = Moment(turn.now);
    let begun = turn.run.status.since.map(|it| it.0);
    let gap = turn.since(before.last_sample.map(|it| it.0).or(begun));
    let blind = (gap > turn.plan.poll.saturating_mul(2)).then_some(gap.as_secs());
    let blind = blind.max(before.blind_seconds);
    let mut after = RecoveryStatus {
        last_sample: Some(now),
        blind_seconds: blind,
        missing,
        ..before.clone()
    };
    if after.missing.is_empty() {
        after.first_good = before.first_good.or(Some(now));
    } else {
        after.last_bad = Some(now);
        after.first_good = None;
    }
    after.seconds = after.first_good.map(|good| bounds(&after, good.0));
    after.took = after.seconds.map(|it| format!("{}-{}s", it.low, it.high));
    after
}

/// It was over after the last look at which something was missing, and by the first at which nothing was.
fn bounds(recovery: &RecoveryStatus, good: Timestamp) -> BoundsStatus {
    let start = recovery.clock_start.0;
    let after = |instant: Timestamp| {
        let took = Duration::try_from(instant.duration_since(start));
        took.unwrap_or(Duration::ZERO)
    };
    let low = recovery.last_bad.map_or(Duration::ZERO, |bad| after(bad.0));
    let high = after(good);
    BoundsStatus {
        low: low.as_secs(),
        high: high.as_secs() + u64::from(high.subsec_nanos() > 0),
    }
}

/// How it ends.
fn conclude(turn: &mut Turn<'_>, recovered: bool) {
    let revert = turn.run.status.revert.as_ref();
    let ended = revert.map_or(OVER, |it| it.reason.as_str()).to_owned();
    let recovery = turn.next.recovery.clone();
    let recovery = recovery.as_ref();
    let gap = recovery.and_then(|it| it.blind_seconds);
    let missing = recovery.map_or_else(String::new, |it| it.missing.join("; "));
    let took = recovery.and_then(|it| it.took.clone()).unwrap_or_default();
    let after = if recovered {
        format!("recovered in {took}")
    } else {
        format!("not recovered in time: {missing}")
    };
    let data = turn.seen.probes.iter().find_map(|it| it.data.clone());
    let blind = matches!(turn.seen.subject, Sight::Blind(_)) && !recovered;
    score(turn, recovered, ended == OVER, data.is_none());
    match (data, ended.as_str()) {
        (Some(wrong), _) => turn.close(OutcomeWord::Failed, "DataInconsistency", &wrong),
        (None, "InjectionUnconfirmed") => {
            turn.close(OutcomeWord::Inconclusive, "InjectionUnconfirmed", &after);
        }
        (None, "StatusTampered") => turn.close(OutcomeWord::Error, "StatusTampered", &after),
        (None, reason) if reason != OVER => {
            let why = turn.next.message.clone().unwrap_or_default();
            turn.close(OutcomeWord::Aborted, reason, &format!("{why}; {after}"));
        }
        (None, _) if gap.is_some() || blind => {
            let message = "nothing could be seen for too long while it recovered";
            turn.close(OutcomeWord::Inconclusive, "ObservationGap", message);
        }
        (None, _) if recovered => turn.close(OutcomeWord::Passed, "Recovered", &after),
        (None, _) => turn.close(OutcomeWord::Failed, "RecoveryDeadlineExceeded", &after),
    }
}

/// The share of what was looked at that was good.
fn score(turn: &mut Turn<'_>, recovered: bool, undisturbed: bool, intact: bool) {
    let checks = turn
        .next
        .checks
        .iter()
        .filter(|it| it.result == ResultWord::Good);
    let good = checks.count();
    let known = turn.next.checks.iter();
    let known = known.filter(|it| it.result != ResultWord::Unknown).count();
    let own = [recovered, undisturbed, intact];
    let good = good + own.iter().filter(|it| **it).count();
    let all = known + own.len();
    turn.next.score = u32::try_from(good * 100 / all).ok();
}
