//! Windows of a policy: the hours allowed, the blackouts, and where the clock changes under them.

use std::time::Duration;

use firebreak::calendar::{
    Blackout, Closure, Dialect, Opening, Period, Schedule, WindowError, Windows, zone,
};
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

const WORKDAYS: [Weekday; 4] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
];

fn prague() -> TimeZone {
    zone("Europe/Prague").unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

fn blackout(name: &str, period: Period) -> Blackout {
    Blackout {
        name: name.to_owned(),
        period,
        halt_running: false,
    }
}

fn recurring(name: &str, schedule: &str, duration: Duration) -> Blackout {
    blackout(
        name,
        Period::recurring(schedule, &prague(), duration).unwrap(),
    )
}

fn once(name: &str, from: &str, to: &str) -> Blackout {
    blackout(name, Period::once(at(from), at(to)).unwrap())
}

fn opening(days: &[Weekday], from: &str, to: &str) -> Windows {
    let allow = vec![Opening::new(days, from, to).unwrap()];
    Windows {
        zone: prague(),
        allow,
        blackouts: vec![],
    }
}

fn closing(blackouts: Vec<Blackout>) -> Windows {
    Windows {
        zone: prague(),
        allow: vec![],
        blackouts,
    }
}

/// The windows of the policy everyone reads first.
fn production() -> Windows {
    let blackouts = vec![
        recurring("month-end", "0 0 28 * *", hours(96)),
        once("freeze", "2026-12-18T00:00:00Z", "2027-01-04T00:00:00Z"),
    ];
    Windows {
        blackouts,
        ..opening(&WORKDAYS, "09:00", "16:00")
    }
}

const OPEN: &str = "open";

/// Why and until when it is closed; no time where no end is in sight.
fn closed(windows: &Windows, now: &str) -> String {
    let Some(closed) = windows.closed(at(now)) else {
        return OPEN.to_owned();
    };
    pair(
        &closed.by.to_string(),
        &closed
            .until
            .map_or(String::new(), |until| until.to_string()),
    )
}

/// Why and from when on something would run too long.
fn closes(windows: &Windows, now: &str, duration: Duration) -> String {
    let Some(closing) = windows.closes_within(at(now), duration) else {
        return OPEN.to_owned();
    };
    pair(&closing.by.to_string(), &closing.at.to_string())
}

fn pair(by: &str, when: &str) -> String {
    format!("{by}: {when}")
}

#[test]
fn outside_the_hours_allowed_chaos_waits_for_the_next_opening() {
    let windows = production();
    let outside = "outside the hours allowed";
    for (now, until) in [
        ("2026-11-23T07:59:59Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T15:00:00Z", "2026-11-24T08:00:00Z"),
        ("2026-11-20T12:00:00Z", "2026-11-23T08:00:00Z"),
    ] {
        assert_eq!(closed(&windows, now), pair(outside, until), "{now}");
    }
    for now in ["2026-11-23T08:00:00Z", "2026-11-23T14:59:59.999Z"] {
        assert_eq!(closed(&windows, now), OPEN, "{now}");
    }
}

#[test]
fn a_blackout_lasts_from_its_tick_for_its_duration() {
    let windows = closing(vec![recurring("month-end", "0 0 28 * *", hours(96))]);
    for now in ["2026-11-27T22:59:59Z", "2026-12-01T23:00:00Z"] {
        assert_eq!(closed(&windows, now), OPEN, "{now}");
    }
    for now in [
        "2026-11-27T23:00:00Z",
        "2026-11-30T00:00:00Z",
        "2026-12-01T22:59:59Z",
    ] {
        assert_eq!(
            closed(&windows, now),
            pair("blackout month-end", "2026-12-01T23:00:00Z"),
            "{now}"
        );
    }
}

#[test]
fn the_end_of_a_closure_is_when_everything_is_open_again() {
    // The freeze ends on a Monday at one in the morning, month-end on a Friday: both wait for hours.
    assert_eq!(
        closed(&production(), "2026-12-20T12:00:00Z"),
        pair("blackout freeze", "2027-01-04T08:00:00Z")
    );
    assert_eq!(
        closed(&production(), "2026-10-29T10:00:00Z"),
        pair("blackout month-end", "2026-11-02T08:00:00Z")
    );
    let always = closing(vec![recurring("always", "0 0 * * *", hours(25))]);
    assert_eq!(
        closed(&always, "2026-11-23T10:00:00Z"),
        pair("blackout always", "")
    );
}

#[test]
fn an_experiment_may_not_run_on_past_what_is_open() {
    let windows = production();
    let now = "2026-11-23T10:00:00Z";
    assert_eq!(closes(&windows, now, hours(5)), OPEN);
    let end = pair("outside the hours allowed", "2026-11-23T15:00:00Z");
    assert_eq!(
        closes(&windows, now, hours(5) + Duration::from_nanos(1)),
        end
    );
    assert_eq!(closes(&windows, now, Duration::MAX), end);
    let closed = pair("outside the hours allowed", "2026-11-22T10:00:00Z");
    assert_eq!(
        closes(&windows, "2026-11-22T10:00:00Z", Duration::ZERO),
        closed
    );
}

#[test]
fn an_experiment_may_not_run_into_a_blackout() {
    let windows = closing(vec![
        recurring("nightly", "0 2 * * *", hours(1)),
        once("demo", "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z"),
    ]);
    let now = "2026-11-23T11:00:00Z";
    assert_eq!(closes(&windows, now, hours(1)), OPEN);
    assert_eq!(
        closes(&windows, now, hours(2)),
        pair("blackout demo", "2026-11-23T12:00:00Z")
    );
    let evening = "2026-11-23T13:00:00Z";
    assert_eq!(closes(&windows, evening, hours(12)), OPEN);
    assert_eq!(
        closes(&windows, evening, hours(13)),
        pair("blackout nightly", "2026-11-24T01:00:00Z")
    );
}

#[test]
fn hours_may_run_on_into_the_next_day() {
    let nights = opening(&[Weekday::Friday], "22:00", "06:00");
    for (now, open) in [
        ("2026-11-20T20:59:59Z", false),
        ("2026-11-20T21:00:00Z", true),
        ("2026-11-21T04:59:59Z", true),
        ("2026-11-21T05:00:00Z", false),
        ("2026-11-21T21:30:00Z", false),
    ] {
        assert_eq!(closed(&nights, now) == OPEN, open, "{now}");
    }
    let noon_to_noon = opening(&[Weekday::Friday], "12:00", "12:00");
    assert_eq!(closed(&noon_to_noon, "2026-11-21T10:59:59Z"), OPEN);
    assert_ne!(closed(&noon_to_noon, "2026-11-21T11:00:00Z"), OPEN);
}

#[test]
fn openings_that_touch_are_one() {
    let days = opening(&[Weekday::Monday, Weekday::Tuesday], "00:00", "24:00");
    let end = pair("outside the hours allowed", "2026-11-24T23:00:00Z");
    assert_eq!(closes(&days, "2026-11-22T23:00:00Z", hours(48)), OPEN);
    assert_eq!(closes(&days, "2026-11-22T23:00:00Z", hours(49)), end);
    let always = opening(&[], "00:00", "24:00");
    assert_eq!(closes(&always, "2026-11-22T23:00:00Z", Duration::MAX), OPEN);
}

#[test]
fn nothing_configured_closes_nothing() {
    let windows = closing(vec![]);
    assert_eq!(closed(&windows, "2026-11-22T23:00:00Z"), OPEN);
    assert_eq!(
        closes(&windows, "2026-11-22T23:00:00Z", Duration::MAX),
        OPEN
    );
}

#[test]
fn a_blackout_keeps_its_length_where_the_clock_changes() {
    // The night of 29 March 2026 has no 02:30, that of 25 October has two.
    let windows = closing(vec![recurring("nightly", "30 2 * * *", hours(2))]);
    let night = |until| pair("blackout nightly", until);
    assert_eq!(closed(&windows, "2026-03-29T00:59:59Z"), OPEN);
    assert_eq!(
        closed(&windows, "2026-03-29T01:00:00Z"),
        night("2026-03-29T03:00:00Z")
    );
    assert_eq!(closed(&windows, "2026-03-29T03:00:00Z"), OPEN);
    assert_eq!(
        closed(&windows, "2026-10-25T00:30:00Z"),
        night("2026-10-25T02:30:00Z")
    );
    assert_eq!(closed(&windows, "2026-10-25T02:30:00Z"), OPEN);
}

#[test]
fn hours_that_touch_a_changing_clock_open_no_longer_than_they_say() {
    for (from, to, span) in [
        (
            "02:30",
            "04:00",
            Some(("2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z")),
        ),
        (
            "01:00",
            "02:30",
            Some(("2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z")),
        ),
        ("02:10", "02:50", None),
    ] {
        assert_eq!(
            open_span(from, to, "2026-03-28T23:00:00Z"),
            span.map(|(a, b)| (at(a), at(b))),
            "{from}"
        );
    }
    for (from, to, span) in [
        (
            "02:30",
            "04:00",
            Some(("2026-10-25T01:30:00Z", "2026-10-25T03:00:00Z")),
        ),
        (
            "01:00",
            "02:30",
            Some(("2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z")),
        ),
        ("02:10", "02:50", None),
    ] {
        assert_eq!(
            open_span(from, to, "2026-10-24T22:00:00Z"),
            span.map(|(a, b)| (at(a), at(b))),
            "{from}"
        );
    }
}

/// From when until when it is open on the Sunday that begins at `midnight`.
fn open_span(from: &str, to: &str, midnight: &str) -> Option<(Timestamp, Timestamp)> {
    let windows = opening(&[Weekday::Sunday], from, to);
    let opens = windows.closed(at(midnight))?.until?;
    let closes = windows.closes_within(opens, Duration::MAX)?.at;
    let same_day = opens.duration_since(at(midnight)).as_hours() < 25;
    same_day.then_some((opens, closes))
}

#[test]
fn what_makes_no_window_is_refused_in_a_sentence() {
    let refused = |schedule| {
        Period::recurring(schedule, &prague(), hours(1))
            .expect_err(schedule)
            .to_string()
    };
    for (schedule, words) in [
        ("0 0 30 2 *", "names no date that ever comes"),
        ("@every 1h", "counts from no fixed time"),
        ("TZ=UTC 0 0 * * *", "timeZone"),
        ("0 0 0 * * *", "has 6 fields"),
        ("0 25 * * *", "hour \"25\" is out of range"),
    ] {
        let error = refused(schedule);
        assert!(error.contains(words), "{error}");
        assert!(error.contains(schedule), "{error}");
    }
    assert_eq!(
        Period::recurring("0 0 * * *", &prague(), Duration::ZERO),
        Err(WindowError::NoTime)
    );
    let now = at("2026-11-23T10:00:00Z");
    assert!(matches!(
        Period::once(now, now),
        Err(WindowError::Backward { .. })
    ));
    for time in [
        "", "9:00", "24:00", "23:60", "09:00:00", "0900", "-1:00", "+9:00", "ab:cd",
    ] {
        assert_eq!(
            Opening::new(&[], time, "24:00"),
            Err(WindowError::From(time.to_owned()))
        );
    }
    assert_eq!(
        Opening::new(&[], "00:00", "24:01"),
        Err(WindowError::To("24:01".to_owned()))
    );
}

#[test]
fn a_blackout_that_began_nobody_knows_when_is_always_on() {
    let schedule = Schedule::parse("@every 6h", Dialect::Standard, &prague()).unwrap();
    let unknown = Period::Recurring {
        schedule: schedule.clone(),
        duration: hours(1),
    };
    let windows = closing(vec![blackout("backups", unknown)]);
    assert_eq!(
        closed(&windows, "2026-11-23T10:00:00Z"),
        pair("blackout backups", "")
    );
    let known = schedule.anchored(at("2026-11-23T00:00:00Z"));
    let windows = closing(vec![blackout(
        "backups",
        Period::Recurring {
            schedule: known,
            duration: hours(1),
        },
    )]);
    assert_eq!(
        closed(&windows, "2026-11-23T12:30:00Z"),
        pair("blackout backups", "2026-11-23T13:00:00Z")
    );
    assert_eq!(closed(&windows, "2026-11-23T13:00:00Z"), OPEN);
}

#[test]
fn the_blackouts_of_an_instant_are_told() {
    let halting = Blackout {
        halt_running: true,
        ..once("demo", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z")
    };
    let windows = closing(vec![
        halting,
        recurring("month-end", "0 0 28 * *", hours(96)),
    ]);
    let names = |now| {
        windows
            .blackouts_at(at(now))
            .map(|blackout| blackout.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("2026-11-28T12:00:00Z"), ["demo", "month-end"]);
    assert_eq!(names("2026-11-29T00:00:00Z"), ["month-end"]);
    assert_eq!(
        windows.closed(at("2026-11-28T12:00:00Z")).unwrap().by,
        Closure::Blackout("month-end".into())
    );
}
