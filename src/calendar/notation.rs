//! How a schedule is written: zone prefix, descriptor or fields.

use jiff::tz::TimeZone;
use thiserror::Error;

use super::duration::{DurationError, parse_go_duration};
use super::field::{BadItem, Fields};
use super::zone::{UnknownZone, zone};

/// Whose notation a schedule is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Five fields: CronJob, Argo, most operators.
    Standard,
    /// Five or six fields, seconds first, day of week last and optional.
    Seconds,
    /// Five fields, or six with seconds first.
    ChaosMesh,
    /// Our own: five fields, no zone in the text; a fixed time happens once where a clock changes.
    Ours,
}

/// Text that is not a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// Not as many fields as the dialect has.
    #[error("schedule {text:?} has {found} fields; {accepted} are accepted")]
    FieldCount {
        /// The text.
        text: String,
        /// How many fields it has.
        found: usize,
        /// What would be accepted.
        accepted: &'static str,
    },
    /// An item of a field that cannot be read.
    #[error("schedule {text:?}: {field} {item:?} {why}; accepted are {accepted}")]
    Field {
        /// The text.
        text: String,
        /// Which field.
        field: &'static str,
        /// The item.
        item: String,
        /// What is wrong with it.
        why: &'static str,
        /// What would be accepted.
        accepted: String,
    },
    /// An `@` word that means nothing.
    #[error(
        "schedule {0:?} is no descriptor; accepted are @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every <duration>"
    )]
    Descriptor(String),
    /// An `@every` without a duration.
    #[error("schedule {text:?}: {source}")]
    Every {
        /// The text.
        text: String,
        /// What is wrong with the duration.
        source: DurationError,
    },
    /// A zone prefix without anything after it.
    #[error(
        "schedule {0:?} names a time zone and nothing else; a space and a schedule must follow"
    )]
    OnlyZone(String),
    /// A zone prefix that names no zone.
    #[error("schedule {text:?}: {source}")]
    Zone {
        /// The text.
        text: String,
        /// What is wrong with the zone.
        source: UnknownZone,
    },
    /// A zone prefix where the zone has a field of its own.
    #[error(
        "schedule {0:?} names a time zone; accepted are five fields, the zone goes into timeZone"
    )]
    Prefixed(String),
}

/// What a schedule says, read.
pub(super) enum Rhythm {
    Beat { seconds: i64 },
    Fields(Box<Fields>),
}

/// Descriptors, and the six fields they stand for.
const DESCRIPTORS: [(&str, [&str; 6]); 7] = [
    ("@yearly", ["0", "0", "0", "1", "1", "*"]),
    ("@annually", ["0", "0", "0", "1", "1", "*"]),
    ("@monthly", ["0", "0", "0", "1", "*", "*"]),
    ("@weekly", ["0", "0", "0", "*", "*", "0"]),
    ("@daily", ["0", "0", "0", "*", "*", "*"]),
    ("@midnight", ["0", "0", "0", "*", "*", "*"]),
    ("@hourly", ["0", "0", "*", "*", "*", "*"]),
];

/// Reads a schedule and the zone it counts in.
pub(super) fn read(
    text: &str,
    dialect: Dialect,
    default_zone: &TimeZone,
) -> Result<(Rhythm, TimeZone), ScheduleError> {
    let (body, zone) = match prefix(text)? {
        Some(_) if dialect == Dialect::Ours => {
            return Err(ScheduleError::Prefixed(text.to_owned()));
        }
        Some((name, body)) => (
            body,
            zone_of(name, default_zone).map_err(|source| ScheduleError::Zone {
                text: text.to_owned(),
                source,
            })?,
        ),
        None if dialect == Dialect::Ours => (text.trim(), default_zone.clone()),
        None => (text, default_zone.clone()),
    };
    let rhythm = if body.starts_with('@') {
        descriptor(body)
    } else {
        expression(body, dialect)
    };
    Ok((rhythm?, zone))
}

/// The zone a text begins with and what follows it.
fn prefix(text: &str) -> Result<Option<(&str, &str)>, ScheduleError> {
    let Some(rest) = text
        .strip_prefix("TZ=")
        .or_else(|| text.strip_prefix("CRON_TZ="))
    else {
        return Ok(None);
    };
    // The original crashes without a space.
    let (name, body) = rest
        .split_once(' ')
        .ok_or_else(|| ScheduleError::OnlyZone(text.to_owned()))?;
    Ok(Some((name, body.trim())))
}

/// The names Go knows besides the database's.
fn zone_of(name: &str, default_zone: &TimeZone) -> Result<TimeZone, UnknownZone> {
    match name {
        "" => Ok(TimeZone::UTC),
        "Local" => Ok(default_zone.clone()),
        name => zone(name),
    }
}

fn descriptor(text: &str) -> Result<Rhythm, ScheduleError> {
    if let Some(duration) = text.strip_prefix("@every ") {
        let every = |source| ScheduleError::Every {
            text: text.to_owned(),
            source,
        };
        let duration = parse_go_duration(duration).map_err(every)?.nanoseconds();
        // Less than a second is a second, and fractions of a second are dropped.
        return Ok(Rhythm::Beat {
            seconds: (duration / 1_000_000_000).max(1),
        });
    }
    let known = DESCRIPTORS.into_iter().find(|(name, _)| *name == text);
    let (_, fields) = known.ok_or_else(|| ScheduleError::Descriptor(text.to_owned()))?;
    fields_of(text, fields)
}

fn expression(text: &str, dialect: Dialect) -> Result<Rhythm, ScheduleError> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let fields = match (dialect, words.as_slice()) {
        (Dialect::Seconds, &[second, minute, hour, day, month]) => {
            [second, minute, hour, day, month, "*"]
        }
        (_, &[minute, hour, day, month, weekday]) => ["0", minute, hour, day, month, weekday],
        (Dialect::Seconds | Dialect::ChaosMesh, &[second, minute, hour, day, month, weekday]) => {
            [second, minute, hour, day, month, weekday]
        }
        (_, words) => {
            return Err(ScheduleError::FieldCount {
                text: text.to_owned(),
                found: words.len(),
                accepted: dialect.fields(),
            });
        }
    };
    fields_of(text, fields)
}

fn fields_of(text: &str, fields: [&str; 6]) -> Result<Rhythm, ScheduleError> {
    match Fields::read(fields) {
        Ok(fields) => Ok(Rhythm::Fields(Box::new(fields))),
        Err(BadItem {
            item,
            field,
            why,
            accepted,
        }) => Err(ScheduleError::Field {
            text: text.to_owned(),
            field,
            item,
            why,
            accepted,
        }),
    }
}

impl Dialect {
    fn fields(self) -> &'static str {
        match self {
            Self::Standard | Self::Ours => "five (minute, hour, day of month, month, day of week)",
            Self::Seconds => "five or six (second, minute, hour, day of month, month, day of week)",
            Self::ChaosMesh => {
                "five (minute, hour, day of month, month, day of week), or six with the second first,"
            }
        }
    }
}
