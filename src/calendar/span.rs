//! Stretches of time between two changes of a zone's clock: within one, wall time and elapsed time
//! run alike.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// One stretch with a constant offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The change that began it.
    pub(super) start: Timestamp,
    /// The change that ends it, if there will be one.
    pub(super) end: Option<Timestamp>,
    offset: Offset,
    /// The offset before it.
    before: Offset,
}

impl Span {
    /// The stretch an instant lies in.
    pub(super) fn at(zone: &TimeZone, instant: Timestamp) -> Self {
        let after = instant
            .saturating_add(SignedDuration::from_nanos(1))
            .unwrap_or(instant);
        let change = zone.preceding(after).next();
        let start = change.map_or(Timestamp::MIN, |change| change.timestamp());
        let offset = zone.to_offset(instant);
        let earlier = start.checked_sub(SignedDuration::from_secs(1));
        Self {
            start,
            end: zone
                .following(instant)
                .next()
                .map(|change| change.timestamp()),
            offset,
            before: earlier.map_or(offset, |earlier| zone.to_offset(earlier)),
        }
    }

    pub(super) fn wall(&self, instant: Timestamp) -> DateTime {
        self.offset.to_datetime(instant)
    }

    pub(super) fn instant(&self, wall: DateTime) -> Option<Timestamp> {
        self.offset.to_timestamp(wall).ok()
    }

    /// The wall times the change at the start leapt over, from and until.
    pub(super) fn skipped(&self) -> Option<(DateTime, DateTime)> {
        let (from, until) = self.hands();
        (from < until).then_some((from, until))
    }

    /// The wall times the change at the start brought back, from and until.
    pub(super) fn repeated(&self) -> Option<(DateTime, DateTime)> {
        let (from, until) = self.hands();
        (until < from).then_some((until, from))
    }

    /// Where the hands stood at the start, before and after the change.
    fn hands(&self) -> (DateTime, DateTime) {
        (
            self.before.to_datetime(self.start),
            self.offset.to_datetime(self.start),
        )
    }
}

/// The second an instant lies in, since the epoch.
pub(super) fn whole_second(instant: Timestamp) -> i64 {
    let second = instant.as_second();
    if instant.subsec_nanosecond() < 0 {
        second.saturating_sub(1)
    } else {
        second
    }
}
