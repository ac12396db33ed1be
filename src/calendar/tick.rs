//! The instants a schedule names; the only door to the `croner` crate.
//!
//! Schedules of other tools must be read as those tools read them, and nearly all of them read with
//! robfig/cron: its notation is in `notation` and `field`, its way of finding the next tick in
//! `walk`. Our own schedules are written in the same notation and keep the promise its users expect
//! where a clock changes: a fixed time happens once. What both need besides, the nearest wall time
//! forward or backward that six plain lists of values name, is `croner`'s part; it never sees the
//! text as written, and never a time zone, because it reads both differently.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::field::{Field, Fields};
use super::notation::{self, Rhythm};
use super::span::{Span, whole_second};
use super::walk;

pub use super::notation::{Dialect, ScheduleError};

/// Days in the five years beyond which a tick counts as never.
const FAR: SignedDuration = SignedDuration::from_hours(24 * (365 * 5 + 2));

/// More than any change of clocks.
const MARGIN: SignedDuration = SignedDuration::from_hours(26);

/// A cron expression in its zone, or a steady beat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    pub(super) ticks: Ticks,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ticks {
    Beat {
        seconds: i64,
        anchor: Option<Timestamp>,
    },
    Clock(Box<Clock>),
}

/// The wall times six fields name, in one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) fields: Fields,
    pub(super) zone: TimeZone,
    /// Whether fixed times happen once where a clock changes; other tools skip and repeat them.
    ours: bool,
    /// The fields as `croner` searches them; none when no date and time fits them.
    search: Option<Cron>,
}

impl Schedule {
    /// Reads a schedule in a dialect. `default_zone` counts where the text names none.
    ///
    /// # Errors
    ///
    /// When the tool whose dialect it is would refuse the text.
    pub fn parse(
        text: &str,
        dialect: Dialect,
        default_zone: &TimeZone,
    ) -> Result<Self, ScheduleError> {
        let (rhythm, zone) = notation::read(text, dialect, default_zone)?;
        let ticks = match rhythm {
            Rhythm::Beat { seconds } => Ticks::Beat {
                seconds,
                anchor: None,
            },
            Rhythm::Fields(fields) => {
                let search = fields.is_possible().then(|| search(&fields)).flatten();
                let ours = dialect == Dialect::Ours;
                Ticks::Clock(Box::new(Clock {
                    fields: *fields,
                    zone,
                    ours,
                    search,
                }))
            }
        };
        Ok(Self {
            text: text.to_owned(),
            ticks,
        })
    }

    /// The same schedule with `@every` counted from an instant, tick k falling k periods after it.
    /// Without an anchor it counts from wherever it is asked.
    #[must_use]
    pub fn anchored(mut self, at: Timestamp) -> Self {
        if let Ticks::Beat { anchor, .. } = &mut self.ticks {
            *anchor = Some(at);
        }
        self
    }

    /// The text as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is an `@every` rather than a cron expression.
    #[must_use]
    pub fn is_beat(&self) -> bool {
        matches!(self.ticks, Ticks::Beat { .. })
    }

    /// Whether nobody knows when it began: an `@every` without an anchor.
    #[must_use]
    pub fn is_adrift(&self) -> bool {
        matches!(self.ticks, Ticks::Beat { anchor: None, .. })
    }

    /// Whether some date and time fits it; the thirtieth of February does not exist.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        match &self.ticks {
            Ticks::Beat { .. } => true,
            Ticks::Clock(clock) => clock.search.is_some(),
        }
    }

    /// The first tick after an instant; none when there is none within five years.
    #[must_use]
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        match &self.ticks {
            Ticks::Beat { seconds, anchor } => next_beat(*seconds, *anchor, instant),
            Ticks::Clock(clock) => clock.next_after(instant),
        }
    }

    /// The last tick at an instant or before; none when there is none within five years. An `@every`
    /// without an anchor has no past.
    #[must_use]
    pub fn previous_before_or_at(&self, instant: Timestamp) -> Option<Timestamp> {
        match &self.ticks {
            Ticks::Beat { seconds, anchor } => last_beat(*seconds, (*anchor)?, instant),
            Ticks::Clock(clock) => clock.previous(instant),
        }
    }
}

fn next_beat(seconds: i64, anchor: Option<Timestamp>, instant: Timestamp) -> Option<Timestamp> {
    let now = whole_second(instant);
    let start = anchor.map_or(now, whole_second);
    let beats = now
        .checked_sub(start)?
        .div_euclid(seconds)
        .max(0)
        .checked_add(1)?;
    Timestamp::from_second(start.checked_add(beats.checked_mul(seconds)?)?).ok()
}

fn last_beat(seconds: i64, anchor: Timestamp, instant: Timestamp) -> Option<Timestamp> {
    let start = whole_second(anchor);
    let beats = whole_second(instant)
        .checked_sub(start)?
        .div_euclid(seconds);
    let last = start.checked_add(beats.checked_mul(seconds)?)?;
    if beats < 1 {
        None
    } else {
        Timestamp::from_second(last).ok()
    }
}

impl Clock {
    pub(super) fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        if self.ours {
            self.next(instant)
        } else {
            walk::next(&self.fields, &self.zone, instant)
        }
    }

    /// The first tick after an instant, found from the fields alone.
    pub(super) fn next(&self, instant: Timestamp) -> Option<Timestamp> {
        let limit = instant.checked_add(FAR).ok()?;
        let mut from = Timestamp::from_second(whole_second(instant).checked_add(1)?).ok()?;
        while from <= limit {
            let span = Span::at(&self.zone, from);
            if from == span.start && self.makes_up(&span) {
                return Some(from);
            }
            let earliest = span.wall(from).max(self.floor(&span));
            let tick = span.instant(self.find_next(earliest)?)?;
            let Some(end) = span.end.filter(|end| *end <= tick) else {
                return Some(tick).filter(|tick| *tick <= limit);
            };
            from = end.max(tick.checked_sub(MARGIN).ok()?);
        }
        None
    }

    /// The last tick at an instant or before, found from the fields alone.
    pub(super) fn previous(&self, instant: Timestamp) -> Option<Timestamp> {
        let limit = instant.checked_sub(FAR).ok()?;
        let mut until = Timestamp::from_second(whole_second(instant)).ok()?;
        while until >= limit {
            let span = Span::at(&self.zone, until);
            let wall = self.find_previous(span.wall(until))?;
            let tick = span.instant(wall)?;
            if tick >= span.start && wall >= self.floor(&span) {
                return Some(tick).filter(|tick| *tick >= limit);
            }
            if self.makes_up(&span) {
                return Some(span.start).filter(|tick| *tick >= limit);
            }
            let before = span.start.checked_sub(SignedDuration::from_secs(1)).ok()?;
            until = before.min(tick.checked_add(MARGIN).ok()?);
        }
        None
    }

    /// Whether a fixed time fell into the hour the clock leapt over: it is made up for at once.
    fn makes_up(&self, span: &Span) -> bool {
        let skipped = span
            .skipped()
            .filter(|_| self.ours && !self.fields.hour_is_free);
        skipped.is_some_and(|(from, until)| self.find_next(from).is_some_and(|time| time < until))
    }

    /// The earliest wall time that counts in a stretch: a fixed time is not repeated.
    fn floor(&self, span: &Span) -> DateTime {
        let repeated = span
            .repeated()
            .filter(|_| self.ours && !self.fields.hour_is_free);
        repeated.map_or(DateTime::MIN, |(_, until)| until)
    }

    fn find_next(&self, from: DateTime) -> Option<DateTime> {
        self.search.as_ref()?.find_next_occurrence(&from, true).ok()
    }

    fn find_previous(&self, until: DateTime) -> Option<DateTime> {
        self.search
            .as_ref()?
            .find_previous_occurrence(&until, true)
            .ok()
    }
}

/// The fields in the only notation both sides read alike: plain lists.
fn search(fields: &Fields) -> Option<Cron> {
    let Fields {
        second,
        minute,
        hour,
        day,
        month,
        weekday,
        ..
    } = *fields;
    let texts = [second, minute, hour, day, month, weekday].map(list);
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Disallowed)
        .build();
    parser.parse(&texts.join(" ")).ok()
}

/// A day field that names no day leaves the choice to the other, as a star does.
fn list(field: Field) -> String {
    if field.is_star() || field.is_empty() {
        return "*".to_owned();
    }
    field
        .values()
        .map(|value| value.to_string())
        .collect::<Vec<_>>()
        .join(",")
}
