//! Instants and spans of time.

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::elements::written;
use super::{Function, Literal, function};
use crate::calendar;
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::instant::{Instant, Shown};
use crate::cel::value::Value;

/// The signatures of what is read of an instant, and of a duration where it is named.
macro_rules! reads {
    ($name:literal $(, $duration:literal)?) => {
        &[
            concat!("<timestamp>.", $name, "() -> int"),
            concat!("<timestamp>.", $name, "(string) -> int"),
            $(concat!("<", $duration, ">.", $name, "() -> int"),)?
        ]
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &[
            "timestamp(timestamp) -> timestamp",
            "timestamp(int) -> timestamp",
            "timestamp(string) -> timestamp",
        ],
        "The instant that a text has as RFC 3339 writes it, or so many seconds after 1970 began.",
        timestamp,
    )
    .shown(&[
        ("timestamp('2026-11-21T10:00:00+02:00') == timestamp('2026-11-21T08:00:00Z')", "true"),
        ("timestamp(0) == timestamp('1970-01-01T00:00:00Z')", "true"),
    ])
    .literal(Literal::Checked),
    function(
        &[
            "duration(duration) -> duration",
            "duration(int) -> duration",
            "duration(string) -> duration",
        ],
        "The span of time that a text has in the units h, m, s, ms, us and ns. A whole number is declared and always an error, as in Kubernetes.",
        duration,
    )
    .shown(&[
        ("duration('1h30m') == duration('90m')", "true"),
        ("duration('1.5s') > duration('1s')", "true"),
    ])
    .literal(Literal::Checked),
    function(
        reads!("getFullYear"),
        "The year of an instant, in UTC or in a zone.",
        |args, budget| of_instant(args, budget, Shown::year),
    )
    .shown(&[("timestamp('2026-11-21T10:00:00Z').getFullYear()", "2026")]),
    function(
        reads!("getMonth"),
        "The month of an instant, in UTC or in a zone; January is 0.",
        |args, budget| of_instant(args, budget, |at| i64::from(at.in_its_year().month()) - 1),
    )
    .shown(&[("timestamp('2026-11-21T10:00:00Z').getMonth()", "10")]),
    function(
        reads!("getDate"),
        "The day of the month of an instant, in UTC or in a zone; the first is 1.",
        |args, budget| of_instant(args, budget, |at| at.in_its_year().day().into()),
    )
    .shown(&[("timestamp('2026-11-21T10:00:00Z').getDate()", "21")]),
    function(
        reads!("getDayOfMonth"),
        "The day of the month of an instant, in UTC or in a zone; the first is 0.",
        |args, budget| of_instant(args, budget, |at| i64::from(at.in_its_year().day()) - 1),
    )
    .shown(&[("timestamp('2026-11-21T10:00:00Z').getDayOfMonth()", "20")]),
    function(
        reads!("getDayOfYear"),
        "The day of the year of an instant, in UTC or in a zone; the first is 0.",
        |args, budget| of_instant(args, budget, |at| i64::from(at.in_its_year().day_of_year()) - 1),
    )
    .shown(&[("timestamp('2026-02-01T10:00:00Z').getDayOfYear()", "31")]),
    function(
        reads!("getDayOfWeek"),
        "The day of the week of an instant, in UTC or in a zone; Sunday is 0.",
        |args, budget| {
            of_instant(args, budget, |at| at.in_its_year().weekday().to_sunday_zero_offset().into())
        },
    )
    .shown(&[("timestamp('2026-11-21T10:00:00Z').getDayOfWeek()", "6")]),
    function(
        reads!("getHours", "duration"),
        "The hour of an instant, in UTC or in a zone, or all the hours of a duration.",
        |args, budget| of_either(args, budget, 3_600_000_000_000, DateTime::hour),
    )
    .shown(&[
        ("timestamp('2026-11-21T10:00:00Z').getHours('Europe/Prague')", "11"),
        ("timestamp('2026-11-21T10:00:00Z').getHours('-02:30')", "7"),
        ("duration('90m').getHours()", "1"),
    ]),
    function(
        reads!("getMinutes", "duration"),
        "The minute of an instant, in UTC or in a zone, or all the minutes of a duration.",
        |args, budget| of_either(args, budget, 60_000_000_000, DateTime::minute),
    )
    .shown(&[
        ("timestamp('2026-11-21T10:20:30Z').getMinutes()", "20"),
        ("duration('90m').getMinutes()", "90"),
    ]),
    function(
        reads!("getSeconds", "duration"),
        "The second of an instant, in UTC or in a zone, or all the seconds of a duration.",
        |args, budget| of_either(args, budget, 1_000_000_000, DateTime::second),
    )
    .shown(&[
        ("timestamp('2026-11-21T10:20:30Z').getSeconds()", "30"),
        ("duration('90m').getSeconds()", "5400"),
    ]),
    function(
        reads!("getMilliseconds", "duration"),
        "The milliseconds of the second of an instant, or all the milliseconds of a duration.",
        milliseconds,
    )
    .shown(&[
        ("timestamp('2026-11-21T10:20:30.125Z').getMilliseconds()", "125"),
        ("duration('1.5s').getMilliseconds()", "1500"),
    ]),
];

fn timestamp<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let instant = match args {
        [Value::Timestamp(same)] => Some(*same),
        [Value::Int(seconds)] => Instant::of(*seconds, 0),
        [Value::String(text)] => {
            budget.charge_text(text.len())?;
            Instant::parse(text)
        }
        _ => return Err(Failure::Unfit),
    };
    instant.map(Value::Timestamp).ok_or_else(|| {
        let given: String = args.iter().map(written).collect();
        wrong(format!(
            "{given} is no instant of the years 1 to 9999, such as \"2026-11-21T10:00:00Z\""
        ))
    })
}

fn duration<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Duration(*nanos)),
        // Kubernetes declares it, and has no answer.
        [Value::Int(number)] => Err(wrong(format!(
            "{number} is not a duration; write one such as \"90s\", with its unit"
        ))),
        [Value::String(text)] => {
            budget.charge_text(text.len())?;
            match calendar::parse_go_duration(text) {
                Ok(duration) => Ok(Value::Duration(duration.nanoseconds())),
                Err(error) => Err(wrong(error.to_string())),
            }
        }
        _ => Err(Failure::Unfit),
    }
}

/// What calendar and clock show at an instant, in UTC or in a zone.
fn shown(args: &[Value<'_>], budget: &mut Budget) -> Result<Shown, Failure> {
    match args {
        [Value::Timestamp(instant)] => Ok(instant.shown_at(0)),
        [Value::Timestamp(instant), Value::String(zone)] => {
            budget.charge_text(zone.len())?;
            Ok(instant.shown_at(offset(zone, *instant)?))
        }
        _ => Err(Failure::Unfit),
    }
}

/// How many seconds a zone is east of UTC at an instant; a zone is a name or hours and minutes.
fn offset(zone: &str, at: Instant) -> Result<i32, Failure> {
    if zone.is_empty() {
        return Ok(0);
    }
    if let Some((hours, minutes)) = zone.split_once(':') {
        let east = fixed(hours, minutes);
        return east.ok_or_else(|| {
            let zone = written(&Value::text(zone));
            wrong(format!("{zone} is no offset from UTC such as \"+02:00\""))
        });
    }
    let zone = calendar::zone(zone).map_err(|error| wrong(error.to_string()))?;
    let at = Timestamp::from_second(at.seconds()).unwrap_or(Timestamp::MAX);
    Ok(zone.to_offset(at).seconds())
}

/// The seconds of an offset of hours, with or without a sign, and minutes.
fn fixed(hours: &str, minutes: &str) -> Option<i32> {
    let (count, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let within = (-24..=24).contains(&count) && (0..60).contains(&minutes);
    let minutes = if hours.starts_with('-') {
        -minutes
    } else {
        minutes
    };
    within.then_some((count * 60 + minutes) * 60)
}

fn of_instant<'a>(args: &[Value<'a>], budget: &mut Budget, read: fn(&Shown) -> i64) -> Answer<'a> {
    shown(args, budget).map(|shown| Value::Int(read(&shown)))
}

fn of_either<'a>(
    args: &[Value<'a>],
    budget: &mut Budget,
    unit: i64,
    read: fn(DateTime) -> i8,
) -> Answer<'a> {
    if let [Value::Duration(nanos)] = args {
        return Ok(Value::Int(total(*nanos, unit)));
    }
    let shown = shown(args, budget)?;
    Ok(Value::Int(read(shown.in_its_year()).into()))
}

/// How many whole units there are in so many nanoseconds, as Go counts them: through a float, which
/// makes the next of a number that is nearly there.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "Go computes this in floats"
)]
fn total(nanos: i64, unit: i64) -> i64 {
    let (whole, rest) = (nanos / unit, nanos % unit);
    (whole as f64 + rest as f64 / unit as f64) as i64
}

fn milliseconds<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::Duration(nanos)] => Ok(Value::Int(nanos / 1_000_000)),
        [Value::Timestamp(instant), ..] => {
            shown(args, budget)?;
            Ok(Value::Int(i64::from(instant.nanos() / 1_000_000)))
        }
        _ => Err(Failure::Unfit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls a function of this library.
    fn call<'a>(name: &str, args: &[Value<'a>]) -> Answer<'a> {
        let named = |row: &&Function| {
            row.signatures
                .iter()
                .all(|own| own.contains(&format!("{name}(")))
        };
        let row = FUNCTIONS.iter().find(named).expect(name);
        (row.run)(args, &mut Budget::new(1_000))
    }

    fn read(name: &str, time: &str, zone: &str) -> Option<i64> {
        let time = Value::Timestamp(Instant::parse(time).expect(time));
        let args = [time, Value::text(zone.to_owned())];
        let args = if zone.is_empty() {
            &args[..1]
        } else {
            &args[..]
        };
        match call(name, args) {
            Ok(Value::Int(number)) => Some(number),
            _ => None,
        }
    }

    #[test]
    fn instants_are_read_in_utc_and_in_zones() {
        let (evening, first) = ("2009-02-13T23:31:30Z", "0001-01-01T00:00:00Z");
        let (dawn, last) = ("2009-02-13T02:00:00Z", "9999-12-31T23:59:59Z");
        for (name, time, zone, number) in [
            ("getFullYear", evening, "", 2009),
            ("getFullYear", evening, "-09:30", 2009),
            ("getFullYear", first, "-02:00", 0),
            ("getFullYear", last, "+00:01", 10_000),
            ("getMonth", evening, "UTC", 1),
            ("getDate", evening, "Australia/Sydney", 14),
            ("getDayOfMonth", evening, "US/Central", 12),
            ("getDayOfMonth", evening, "+11:00", 13),
            ("getDayOfMonth", dawn, "-02:30", 11),
            ("getDayOfMonth", dawn, "America/St_Johns", 11),
            ("getDayOfWeek", evening, "", 5),
            ("getDayOfWeek", first, "", 1),
            ("getDayOfWeek", last, "", 5),
            ("getDayOfYear", evening, "US/Central", 43),
            ("getDayOfYear", last, "", 364),
            ("getHours", evening, "02:00", 1),
            ("getHours", first, "-02:00", 22),
            ("getHours", first, "America/New_York", 19),
            ("getHours", last, "Europe/Prague", 0),
            ("getHours", "2026-10-25T00:30:00Z", "Europe/Prague", 2),
            ("getHours", "2026-10-25T01:30:00Z", "Europe/Prague", 2),
            ("getHours", "2026-11-21T10:20:30+02:00", "", 8),
            ("getMinutes", evening, "Asia/Kathmandu", 16),
            ("getSeconds", evening, "-00:00", 30),
            ("getMilliseconds", "2009-02-13T23:31:20.123456789Z", "", 123),
        ] {
            assert_eq!(read(name, time, zone), Some(number), "{time} {name} {zone}");
        }
    }

    #[test]
    fn what_is_no_zone_is_an_error() {
        for zone in [
            "Nope/Zone",
            "utc",
            "Local",
            ":",
            "+02:",
            ":30",
            "+02:60",
            "+02:-1",
            "+99:00",
            "a:b",
        ] {
            assert_eq!(
                read("getHours", "2026-11-21T10:00:00Z", zone),
                None,
                "{zone}"
            );
        }
    }

    #[test]
    fn durations_are_counted_whole() {
        let count = |name, nanos| match call(name, &[Value::Duration(nanos)]) {
            Ok(Value::Int(number)) => number,
            other => panic!("{other:?}"),
        };
        assert_eq!(count("getHours", 5_400_000_000_000), 1);
        assert_eq!(count("getMinutes", 5_400_000_000_000), 90);
        assert_eq!(count("getSeconds", -2_900_000_000), -2);
        assert_eq!(count("getMilliseconds", -2_900_000_000), -2_900);
        // 9223372036.854775807 seconds are a float that has fewer digits.
        assert_eq!(count("getSeconds", i64::MAX), 9_223_372_036);
        assert_eq!(
            count("getSeconds", 8_589_934_592_999_999_999),
            8_589_934_593
        );
    }

    #[test]
    fn texts_and_numbers_become_times() {
        let made = |name, value| call(name, &[value]).is_ok();
        for (seconds, fits) in [
            (-62_135_596_801, false),
            (-62_135_596_800, true),
            (253_402_300_799, true),
            (253_402_300_800, false),
        ] {
            assert_eq!(made("timestamp", Value::Int(seconds)), fits, "{seconds}");
        }
        assert!(!made("timestamp", Value::text("2026-11-21")));
        assert!(!made("timestamp", Value::Double(0.0)));
        for text in ["", "1", "1d", "1h ", "9999999h", "-320000000000s"] {
            assert!(!made("duration", Value::text(text)), "{text}");
        }
        let nanos = call("duration", &[Value::text("-1.5h")]);
        assert!(matches!(nanos, Ok(Value::Duration(-5_400_000_000_000))));
    }

    #[test]
    fn errors_quote_what_was_given() {
        let error = call("timestamp", &[Value::text("soon")])
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("\"soon\" is no instant"), "{error}");
        let error = call("duration", &[Value::text("1d")])
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("\"1d\" is not a duration"), "{error}");
    }
}
