//! The ticks of our own schedules, against a walk minute by minute over what the clocks of a zone show.

use firebreak::calendar::{Dialect, Schedule, zone};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Zones whose clocks change at all sorts of hours and by all sorts of amounts, and some that do not.
const ZONES: [&str; 20] = [
    "UTC",
    "Europe/Prague",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Dublin",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "America/Asuncion",
    "America/Scoresbysund",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Jerusalem",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Chatham",
];

/// Schedules, each with its minutes, its hours and whether those are free, and its days; `None` is any.
type Plain = (
    &'static str,
    &'static [i8],
    &'static [i8],
    bool,
    Option<i8>,
    Option<i8>,
);

const PLAIN: &[Plain] = &[
    ("30 2 * * *", &[30], &[2], false, None, None),
    ("0 0 * * *", &[0], &[0], false, None, None),
    (
        "15,45 0-3 * * *",
        &[15, 45],
        &[0, 1, 2, 3],
        false,
        None,
        None,
    ),
    ("5 23 * * *", &[5], &[23], false, None, None),
    ("0 1 * * 0", &[0], &[1], false, None, Some(0)),
    ("30 1 1 * *", &[30], &[1], false, Some(1), None),
    ("10,40 * * * *", &[10, 40], &[], true, None, None),
];

fn fits(&(_, minutes, hours, free, day, weekday): &Plain, at: DateTime) -> bool {
    let weekdays = at.date().weekday().to_sunday_zero_offset();
    minutes.contains(&at.minute())
        && (free || hours.contains(&at.hour()))
        && day.is_none_or(|day| day == at.day())
        && weekday.is_none_or(|weekday| weekday == weekdays)
}

/// The ticks between two instants, found minute by minute: a minute that the clock shows once more is past
/// for a fixed time, and those that it leaps over are made up for at once, together.
fn minute_by_minute(
    plain: &Plain,
    zone: &TimeZone,
    (from, until): (Timestamp, Timestamp),
) -> Vec<Timestamp> {
    let minute = SignedDuration::from_mins(1);
    let shown = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
    let (mut ticks, mut at) = (Vec::new(), from);
    let mut furthest = shown(from - minute);
    while at < until {
        let now = shown(at);
        let mut due = fits(plain, now) && (plain.3 || now > furthest);
        let mut leapt = furthest.checked_add(minute).unwrap();
        while leapt < now {
            due |= !plain.3 && fits(plain, leapt);
            leapt = leapt.checked_add(minute).unwrap();
        }
        if due {
            ticks.push(at);
        }
        furthest = furthest.max(now);
        at += minute;
    }
    ticks
}

/// Two days around each change of clocks in ten years, and a few without any.
fn stretches(zone: &TimeZone) -> Vec<(Timestamp, Timestamp)> {
    let (first, days) = ("2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap(), 3_652);
    let midnight = |day: i64| first + SignedDuration::from_hours(24 * day);
    let offset = |day: i64| zone.to_offset(midnight(day));
    let changes = (1..days).filter(|day| offset(day - 1) != offset(*day) || day % 400 == 0);
    changes
        .map(|day| (midnight(day - 3), midnight(day + 2)))
        .collect()
}

#[test]
fn ticks_are_those_that_a_walk_minute_by_minute_finds_in_twenty_zones_and_ten_years() {
    let mut changes = 0;
    for name in ZONES {
        let zone = zone(name).unwrap();
        for (from, until) in stretches(&zone) {
            changes += 1;
            for plain in PLAIN {
                let schedule = Schedule::parse(plain.0, Dialect::Ours, &zone).unwrap();
                let expected = minute_by_minute(plain, &zone, (from, until));
                let mut found = Vec::new();
                let mut at = from - SignedDuration::from_secs(1);
                while let Some(next) = schedule.next_after(at).filter(|next| *next < until) {
                    found.push(next);
                    at = next;
                }
                assert_eq!(found, expected, "{} in {name} from {from}", plain.0);
                for (tick, after) in expected.iter().zip(expected.iter().skip(1)) {
                    let before =
                        schedule.previous_before_or_at(*after - SignedDuration::from_secs(1));
                    assert_eq!(before, Some(*tick), "{} in {name} before {after}", plain.0);
                }
            }
        }
    }
    assert!(changes > 300, "{changes}");
}
