//! Hours of the week in which a policy allows chaos.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::span::Span;
use super::window::WindowError;

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// Hours of some days of the week; they may run on into the next day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Empty: every day.
    days: Vec<Weekday>,
    /// In minutes of the day it opens.
    from: i64,
    to: i64,
}

impl Opening {
    /// Reads hours written as `HH:MM`. `24:00` ends a day; hours that end at or before their
    /// beginning end on the next day. Without days, every day.
    ///
    /// # Errors
    ///
    /// When a text is not a time of day.
    pub fn new(days: &[Weekday], from: &str, to: &str) -> Result<Self, WindowError> {
        let begin = minutes(from).ok_or_else(|| WindowError::From(from.to_owned()))?;
        let end = if to == "24:00" {
            Some(DAY)
        } else {
            minutes(to)
        };
        let end = end.ok_or_else(|| WindowError::To(to.to_owned()))?;
        let next_day = if end <= begin { DAY } else { 0 };
        Ok(Self {
            days: days.to_vec(),
            from: begin,
            to: end + next_day,
        })
    }

    /// From when until when it is open, of the opening that begins on a date.
    ///
    /// Where the clock goes back, both edges take the reading that opens less; an opening within
    /// the repeated hour may vanish that day.
    pub(super) fn on(&self, date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        if !self.days.is_empty() && !self.days.contains(&date.weekday()) {
            return None;
        }
        let (_, from) = readings(after_midnight(date, self.from)?, zone)?;
        let (to, _) = readings(after_midnight(date, self.to)?, zone)?;
        (from < to).then_some((from, to))
    }
}

fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hour, minute) = (hours.parse().ok()?, minutes.parse().ok()?);
    Time::new(hour, minute, 0, 0).ok()?;
    Some(i64::from(hour) * 60 + i64::from(minute))
}

fn after_midnight(date: Date, minutes: i64) -> Option<DateTime> {
    date.at(0, 0, 0, 0).checked_add(minutes.minutes()).ok()
}

/// When a wall time happens first and last. One that the clock leaps over happens at the leap.
fn readings(wall: DateTime, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => {
            let instant = offset.to_timestamp(wall).ok()?;
            Some((instant, instant))
        }
        AmbiguousOffset::Fold { before, after } => Some((
            before.to_timestamp(wall).ok()?,
            after.to_timestamp(wall).ok()?,
        )),
        AmbiguousOffset::Gap { before, .. } => {
            let leap = Span::at(zone, before.to_timestamp(wall).ok()?).start;
            Some((leap, leap))
        }
    }
}
