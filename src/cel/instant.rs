//! Instants of the years 1 to 9999, to the nanosecond, each with the offset from UTC it was written with.

use std::cmp::Ordering;

/// An instant. The offset it was written with is kept to write it again, and is no part of what it is.
#[derive(Debug, Clone, Copy)]
pub struct Instant {
    seconds: i64,
    nanos: i32,
    offset: i32,
}

/// The first second of the year 1 and the last of the year 9999, counted from 1970.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

const NANOS_A_SECOND: i64 = 1_000_000_000;

impl Instant {
    /// The instant so many seconds after 1970 began, and so many nanoseconds after that; `None` when
    /// it is not in the years 1 to 9999, or when the nanoseconds make up a second or more.
    #[must_use]
    pub fn of(seconds: i64, nanos: i32) -> Option<Self> {
        let within = SECONDS.contains(&seconds) && (0..1_000_000_000).contains(&nanos);
        within.then_some(Self {
            seconds,
            nanos,
            offset: 0,
        })
    }

    /// The same instant, written with so many seconds east of UTC.
    #[must_use]
    pub fn written_at(self, offset: i32) -> Self {
        Self { offset, ..self }
    }

    /// Seconds since 1970 began.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds since its second began.
    #[must_use]
    pub fn nanos(self) -> i32 {
        self.nanos
    }

    /// The instant so many nanoseconds later, written as this one.
    #[must_use]
    pub fn plus(self, duration: i64) -> Option<Self> {
        let nanos = i64::from(self.nanos) + duration % NANOS_A_SECOND;
        let seconds = self.seconds + duration / NANOS_A_SECOND + nanos.div_euclid(NANOS_A_SECOND);
        let nanos = i32::try_from(nanos.rem_euclid(NANOS_A_SECOND)).ok()?;
        Some(Self::of(seconds, nanos)?.written_at(self.offset))
    }

    /// How many nanoseconds it is after another instant.
    #[must_use]
    pub fn since(self, other: Self) -> Option<i64> {
        (self.seconds - other.seconds)
            .checked_mul(NANOS_A_SECOND)?
            .checked_add(i64::from(self.nanos - other.nanos))
    }
}

impl PartialEq for Instant {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Instant {}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}
