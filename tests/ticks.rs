//! Schedules, case by case: what Chaos Mesh accepts and how often it fires, and where our own differ.

use std::time::Duration;

use firebreak::calendar::{Dialect, Schedule, zone};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The time most tests ask at.
fn now() -> Timestamp {
    "2026-11-21T10:20:30Z".parse().unwrap()
}

fn gap(text: &str, zone_name: &str) -> Option<u64> {
    let schedule = Schedule::parse(text, Dialect::ChaosMesh, &zone(zone_name).unwrap()).unwrap();
    schedule.shortest_gap(now()).map(|gap| gap.as_secs())
}

#[test]
fn chaos_mesh_schedules_have_the_gaps_their_cron_has() {
    for (text, seconds) in [
        ("* * * * *", 60),
        ("*/5 * * * * *", 5),
        ("@every 1m", 60),
        ("@every 90s", 90),
        ("@every 500ms", 1),
        ("@every 0s", 1),
        ("@every -1h", 1),
        ("@every 1500ms", 1),
        ("0 2 * * *", 86_400),
        ("0,1 2 * * *", 60),
        ("TZ=Europe/Rome 59 23 * * *", 82_800),
        ("CRON_TZ=Europe/Rome 59 23 * * *", 82_800),
        ("@hourly", 3_600),
        ("0,59 * * * * *", 1),
        ("59 59 23 * * *", 86_400),
        ("0 23,0 * * *", 3_600),
        ("0 0 1 1 *", 31_536_000),
        ("0 0 29 2 *", 126_230_400),
        ("0 0 1,3 * *", 172_800),
    ] {
        assert_eq!(gap(text, "UTC"), Some(seconds), "{text}");
    }
    // In the week the clock goes back a fixed time in the repeated hour happens twice.
    assert_eq!(gap("30 2 * * *", "Europe/Rome"), Some(3_600));
    assert_eq!(gap("30 4 * * *", "Europe/Rome"), Some(82_800));
}

#[test]
fn a_tick_too_many_after_a_missing_midnight_counts() {
    // The walk steps over the missing midnight of 2027-04-30 without asking for the day again.
    let schedule = Schedule::parse(
        "0 5 29 4 *",
        Dialect::Standard,
        &zone("Africa/Cairo").unwrap(),
    );
    assert_eq!(
        schedule.unwrap().shortest_gap(now()),
        Some(Duration::from_hours(23))
    );
}

#[test]
fn chaos_mesh_schedules_that_never_run_have_no_gap() {
    for text in [
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
        ", * * * *",
        "0 , * * *",
        "0 0 , * *",
    ] {
        assert_eq!(gap(text, "UTC"), None, "{text}");
    }
}

#[test]
fn what_chaos_mesh_refuses_is_refused() {
    for text in [
        "* * * *",
        "* * * * * * *",
        "0 0 * * 7",
        "60 * * * *",
        "*/0 * * * *",
        "@reboot",
        "@every 1d",
        "TZ=UTC",
        "CRON_TZ=UTC",
        "",
        " @daily",
        "@daily ",
        "@Daily",
        "TZ=utc * * * * *",
        "TZ=../UTC * * * * *",
        "1/2/3 * * * *",
        "1-2-3 * * * *",
        "-5 * * * *",
        "*/-5 * * * *",
        "99999999999999999999 * * * *",
        "*/99999999999999999999 * * * *",
        "\u{661} * * * *",
        "@every",
        "@every  1h",
        "TZ=UTC ",
    ] {
        let error = Schedule::parse(text, Dialect::ChaosMesh, &TimeZone::UTC).expect_err(text);
        assert!(
            error.to_string().contains(&format!("{text:?}")) || text.contains("TZ="),
            "{error}"
        );
    }
}

#[test]
fn oddities_chaos_mesh_accepts_are_accepted() {
    for text in [
        "TZ=UTC @daily",
        "TZ= @daily",
        "TZ=Local  0 0 * * * ",
        "*-5 * * * *",
        "*/9223372036854775807 * * * *",
        "? ? ? ? ?",
        ",,5,, * * * *",
        "0 0 * JaN sUn",
        "+5 +5 * * *",
        "1 2 3 4 5 6",
        "@every 1h1m1s",
    ] {
        let read = Schedule::parse(text, Dialect::ChaosMesh, &TimeZone::UTC);
        assert!(
            read.is_ok_and(|schedule| schedule.next_after(now()).is_some()),
            "{text}"
        );
    }
}

#[test]
fn two_restricted_day_fields_are_each_enough() {
    let days = |text| {
        let schedule = Schedule::parse(text, Dialect::ChaosMesh, &TimeZone::UTC).unwrap();
        let ticks = std::iter::successors(Some(now()), |tick| schedule.next_after(*tick));
        ticks
            .skip(1)
            .take(4)
            .map(|tick| tick.strftime("%a %-d").to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(days("0 0 13 * 5"), ["Fri 27", "Fri 4", "Fri 11", "Sun 13"]);
    assert_eq!(days("0 0 13 * *"), ["Sun 13", "Wed 13", "Sat 13", "Sat 13"]);
    assert_eq!(
        days("0 0 */2 * 5"),
        ["Mon 23", "Wed 25", "Fri 27", "Sun 29"]
    );
    assert_eq!(days("0 0 1-7 * */1"), ["Tue 1", "Wed 2", "Thu 3", "Fri 4"]);
}

#[test]
fn an_anchored_beat_counts_from_its_anchor() {
    let beat = Schedule::parse("@every 90s", Dialect::ChaosMesh, &TimeZone::UTC).unwrap();
    assert_eq!(beat.previous_before_or_at(now()), None);
    let at = |second| now() + SignedDuration::from_secs(second);
    assert_eq!(beat.next_after(at(5)), Some(at(95)));
    let beat = beat.anchored(now());
    let next = |second| beat.next_after(at(second));
    assert_eq!(
        [next(-500), next(0), next(89), next(90)].map(Option::unwrap),
        [90, 90, 90, 180].map(at)
    );
    let previous = |second| beat.previous_before_or_at(at(second));
    assert_eq!(
        [previous(89), previous(90), previous(200)],
        [None, Some(at(90)), Some(at(180))]
    );
}

/// The ticks of one of our own schedules between two instants, as wall times with their offsets.
fn ours(text: &str, zone_name: &str, [from, until]: [&str; 2]) -> Vec<String> {
    let zone = zone(zone_name).unwrap();
    let schedule = Schedule::parse(text, Dialect::Ours, &zone).unwrap();
    let [from, until]: [Timestamp; 2] = [from.parse().unwrap(), until.parse().unwrap()];
    let next = |tick: &Timestamp| schedule.next_after(*tick);
    let ticks = std::iter::successors(schedule.next_after(from), next);
    let ticks: Vec<_> = ticks.take_while(|tick| *tick <= until).collect();
    for pair in ticks.windows(2) {
        let just_before = pair[1] - SignedDuration::from_secs(1);
        assert_eq!(
            schedule.previous_before_or_at(just_before),
            Some(pair[0]),
            "{text}"
        );
        assert_eq!(
            schedule.previous_before_or_at(pair[1]),
            Some(pair[1]),
            "{text}"
        );
    }
    let wall = |tick: Timestamp| {
        tick.to_zoned(zone.clone())
            .strftime("%d %H:%M %:z")
            .to_string()
    };
    ticks.into_iter().map(wall).collect()
}

#[test]
fn our_own_fixed_times_happen_once_where_the_clock_goes_forward() {
    let week_end = ["2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z"];
    let ticks = ["28 02:30 +01:00", "29 03:00 +02:00", "30 02:30 +02:00"];
    assert_eq!(ours("30 2 * * *", "Europe/Prague", week_end), ticks);
    assert_eq!(
        ours("0,30 2 29 * *", "Europe/Prague", week_end),
        ["29 03:00 +02:00"]
    );
    let night = ["2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"];
    let ticks = [
        "29 01:30 +01:00",
        "29 03:00 +02:00",
        "29 03:30 +02:00",
        "29 04:00 +02:00",
    ];
    assert_eq!(ours("*/30 * * * *", "Europe/Prague", night), ticks);
    assert_eq!(
        ours(
            "0 0 30 4 *",
            "Africa/Cairo",
            ["2027-04-29T00:00:00Z", "2027-05-01T00:00:00Z"]
        ),
        ["30 01:00 +03:00"]
    );
}

#[test]
fn our_own_fixed_times_happen_once_where_the_clock_goes_back() {
    let week_end = ["2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"];
    let ticks = ["25 02:30 +02:00", "26 02:30 +01:00"];
    assert_eq!(ours("30 2 * * *", "Europe/Prague", week_end), ticks);
    let night = ["2026-10-25T00:00:00Z", "2026-10-25T02:10:00Z"];
    let once = ["25 02:30 +02:00", "25 03:00 +01:00"];
    assert_eq!(ours("0,30 2-3 * * *", "Europe/Prague", night), once);
    let twice = [
        "25 02:30 +02:00",
        "25 02:00 +01:00",
        "25 02:30 +01:00",
        "25 03:00 +01:00",
    ];
    assert_eq!(ours("*/30 * * * *", "Europe/Prague", night), twice);
}

#[test]
fn our_own_schedules_leave_the_zone_to_its_field() {
    for text in [
        "TZ=UTC 0 0 * * *",
        "CRON_TZ=UTC @daily",
        "0 0 0 * * *",
        "0 0 L * *",
        "0 0 * * 5#2",
    ] {
        assert!(
            Schedule::parse(text, Dialect::Ours, &TimeZone::UTC).is_err(),
            "{text}"
        );
    }
    for text in [" 0  2 * * * ", "@midnight", "@every 2h", "0 3 1 1,4,7,10 *"] {
        assert!(
            Schedule::parse(text, Dialect::Ours, &TimeZone::UTC).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn a_schedule_is_possible_exactly_when_some_date_fits_it() {
    for (text, possible) in [
        ("0 0 29 2 *", true),
        ("0 0 30 2 *", false),
        ("0 0 30 2 1", true),
        ("0 0 31 2,4 *", false),
        ("0 0 31 2,5 *", true),
        ("0 0 , * 1", true),
        ("0 0 1 * ,", true),
        ("0 0 , * ,", false),
        ("0 0 * * ,", false),
        ("@every 1h", true),
    ] {
        let schedule = Schedule::parse(text, Dialect::Standard, &TimeZone::UTC).unwrap();
        assert_eq!(schedule.is_possible(), possible, "{text}");
        let ticks = (
            schedule.next_after(now()),
            schedule.anchored(now() - SignedDuration::from_hours(2)),
        );
        assert_eq!(ticks.0.is_some(), possible, "{text}");
        assert_eq!(
            ticks.1.previous_before_or_at(now()).is_some(),
            possible,
            "{text}"
        );
    }
}

#[test]
fn the_ends_of_time_are_survived() {
    for text in ["* * * * *", "0 0 29 2 *", "30 2 * * 0", "@every 2562047h"] {
        for name in ["UTC", "Europe/Prague", "Pacific/Apia", "America/Sao_Paulo"] {
            for dialect in [Dialect::ChaosMesh, Dialect::Ours] {
                survives(&Schedule::parse(text, dialect, &zone(name).unwrap()).unwrap());
            }
        }
    }
}

fn survives(schedule: &Schedule) {
    let year_one = "0001-01-01T00:00:00Z".parse().unwrap();
    for at in [
        Timestamp::MIN,
        year_one,
        Timestamp::UNIX_EPOCH,
        Timestamp::MAX,
    ] {
        assert!(
            schedule.next_after(at).is_none_or(|next| next > at),
            "{schedule:?} {at}"
        );
        let last = schedule.previous_before_or_at(at);
        assert!(last.is_none_or(|last| last <= at), "{schedule:?} {at}");
        assert!(
            schedule.shortest_gap(at).is_none_or(|gap| !gap.is_zero()),
            "{schedule:?} {at}"
        );
    }
}

#[test]
fn a_day_that_a_zone_left_out_stops_nobody() {
    let before: Timestamp = "2011-12-29T20:00:00Z".parse().unwrap();
    let schedule = Schedule::parse(
        "0 0 31 12 *",
        Dialect::Standard,
        &zone("Pacific/Apia").unwrap(),
    )
    .unwrap();
    assert_eq!(
        schedule.next_after(before),
        "2011-12-30T10:00:00Z".parse().ok()
    );
}
