//! Schedules of other tools, against what robfig/cron answered.

use std::time::Duration;

use firebreak::calendar::{Dialect, Schedule, ScheduleError, zone};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

/// One recorded answer.
#[derive(Debug, Deserialize)]
struct Answer {
    expr: String,
    parser: String,
    zone: Option<String>,
    from: Option<Timestamp>,
    next: Option<Vec<Timestamp>>,
    error: Option<String>,
}

impl Answer {
    fn dialect(&self) -> Dialect {
        match self.parser.as_str() {
            "standard" => Dialect::Standard,
            "seconds" => Dialect::Seconds,
            other => panic!("an unknown parser: {other}"),
        }
    }

    fn schedule(&self) -> Result<Schedule, ScheduleError> {
        let default = self
            .zone
            .as_deref()
            .map_or(TimeZone::UTC, |name| zone(name).unwrap());
        Schedule::parse(&self.expr, self.dialect(), &default)
    }
}

fn answers() -> Vec<Answer> {
    let lines = include_str!("data/cron/cases.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Those with ticks: the schedule, where it was asked, what was answered.
fn ticking() -> impl Iterator<Item = (Answer, Schedule, Timestamp, Vec<Timestamp>)> {
    answers()
        .into_iter()
        .filter(|answer| answer.error.is_none())
        .map(|mut answer| {
            let schedule = answer
                .schedule()
                .unwrap_or_else(|error| panic!("{answer:?}: {error}"));
            let (from, next) = (answer.from.unwrap(), answer.next.take().unwrap());
            (answer, schedule, from, next)
        })
}

#[test]
fn every_recorded_answer_is_ours() {
    let mut wrong = Vec::new();
    for (answer, schedule, from, expected) in ticking() {
        let ticks = std::iter::successors(Some(from), |tick| schedule.next_after(*tick));
        let ticks: Vec<_> = ticks.skip(1).take(5).collect();
        if ticks != expected {
            wrong.push(format!(
                "{answer:?}\n  expected {expected:?}\n  answered {ticks:?}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(ticking().count(), 2_728);
}

#[test]
fn every_recorded_error_is_an_error_that_quotes_the_schedule() {
    let refused: Vec<_> = answers()
        .into_iter()
        .filter(|answer| answer.error.is_some())
        .collect();
    assert_eq!(refused.len(), 99);
    for answer in refused {
        let error = answer.schedule().expect_err(&answer.expr).to_string();
        assert!(error.contains(&format!("{:?}", answer.expr)), "{error}");
    }
}

#[test]
fn looking_back_from_a_recorded_tick_finds_it() {
    for (answer, schedule, from, ticks) in ticking() {
        let schedule = schedule.anchored(from);
        for tick in ticks {
            let just_after = tick + SignedDuration::from_millis(1);
            for asked in [tick, just_after] {
                assert_eq!(
                    schedule.previous_before_or_at(asked),
                    Some(tick),
                    "{answer:?}"
                );
            }
        }
    }
}

#[test]
fn no_two_recorded_ticks_are_nearer_than_the_shortest_gap() {
    for (answer, schedule, from, ticks) in ticking() {
        let gap = schedule.shortest_gap(from);
        for pair in ticks.windows(2) {
            let between = pair[1].duration_since(pair[0]).unsigned_abs();
            assert!(
                gap.is_some_and(|gap| gap <= between),
                "{answer:?}: {gap:?} {between:?}"
            );
        }
    }
}

#[test]
fn the_shortest_gap_is_what_counting_a_year_finds() {
    let mut counts = 0;
    for (answer, schedule, from, _) in ticking().step_by(3) {
        let gap = schedule
            .shortest_gap(from)
            .filter(|gap| gap.as_secs() > 3_600);
        let counted = gap.and_then(|_| counted_gap(&schedule, from));
        let (Some(gap), Some(counted)) = (gap, counted) else {
            continue;
        };
        // The original misses midnight where the clock changes by half an hour; we do not count on it.
        let misses = answer.zone.as_deref() == Some("Australia/Lord_Howe") && gap < counted;
        assert!(gap == counted || misses, "{answer:?}: {gap:?} {counted:?}");
        counts += 1;
    }
    assert!(
        counts > 100,
        "only {counts} schedules are slow enough to be counted"
    );
}

fn counted_gap(schedule: &Schedule, from: Timestamp) -> Option<Duration> {
    let year = from + SignedDuration::from_hours(366 * 24);
    let next = |tick: &Timestamp| schedule.next_after(*tick);
    let ticks = std::iter::successors(schedule.next_after(from), next);
    let ticks: Vec<_> = ticks.take_while(|tick| *tick <= year).collect();
    ticks
        .windows(2)
        .map(|pair| pair[1].duration_since(pair[0]).unsigned_abs())
        .min()
}
