//! Instants of the years 1 to 9999, to the nanosecond, each with the offset from UTC it was written with.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::Offset;

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

/// After so many years the calendar is the same again, days of the week and all. It is read that much
/// earlier, where no offset leads out of the years that it is made for.
const CYCLE_YEARS: i64 = 400;
const CYCLE: i64 = 146_097 * 24 * 60 * 60;

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

    /// The first there is.
    #[must_use]
    pub fn first() -> Self {
        Self {
            seconds: *SECONDS.start(),
            nanos: 0,
            offset: 0,
        }
    }

    /// The instant of a text such as `2026-11-21T10:00:00Z` or `2026-11-21T10:00:00.5+02:00`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest(text);
        let [year, month, day] = [rest.number(4)?, rest.after('-', 2)?, rest.after('-', 2)?];
        rest.skip(&['T'])?;
        // The clock that Kubernetes reads with takes an hour of one digit, too.
        let hour = rest.number(2).or_else(|| rest.number(1))?;
        let [minute, second] = [rest.after(':', 2)?, rest.after(':', 2)?];
        let nanos = rest.fraction()?;
        let offset = rest.offset()?;
        let part = |number: i32| i8::try_from(number).ok();
        let past = DateTime::new(
            i16::try_from(i64::from(year) - CYCLE_YEARS).ok()?,
            part(month)?,
            part(day)?,
            part(hour)?,
            part(minute)?,
            part(second)?,
            0,
        );
        let past = Offset::UTC.to_timestamp(past.ok()?).ok()?;
        let seconds = past.as_second() + CYCLE - i64::from(offset);
        let whole = rest.0.is_empty();
        whole.then(|| Self::of(seconds, nanos).map(|instant| instant.written_at(offset)))?
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

    /// What calendar and clock show so many seconds east of UTC.
    #[must_use]
    pub fn shown_at(self, offset: i32) -> Shown {
        let seconds = self.seconds + i64::from(offset) - CYCLE;
        let past = jiff::Timestamp::new(seconds, self.nanos).unwrap_or(jiff::Timestamp::MAX);
        Shown(Offset::UTC.to_datetime(past))
    }

    /// How many nanoseconds it is after another instant.
    #[must_use]
    pub fn since(self, other: Self) -> Option<i64> {
        (self.seconds - other.seconds)
            .checked_mul(NANOS_A_SECOND)?
            .checked_add(i64::from(self.nanos - other.nanos))
    }
}

/// What calendar and clock show.
#[derive(Debug, Clone, Copy)]
pub struct Shown(DateTime);

impl Shown {
    /// The year, which is 0 or 10000 only by an offset.
    #[must_use]
    pub fn year(&self) -> i64 {
        i64::from(self.0.year()) + CYCLE_YEARS
    }

    /// All that is shown but the year.
    #[must_use]
    pub fn in_its_year(&self) -> DateTime {
        self.0
    }
}

/// As RFC 3339 has it, with as many digits of a second as there are.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.shown_at(self.offset);
        let (year, rest) = (shown.year(), shown.in_its_year());
        write!(f, "{year:04}{}", rest.strftime("-%m-%dT%H:%M:%S%.f"))?;
        let minutes = self.offset.unsigned_abs() / 60;
        match self.offset {
            0 => f.write_str("Z"),
            east => {
                let sign = if east < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
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

/// What is not read yet of a text.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    /// A number of so many digits.
    fn number(&mut self, digits: usize) -> Option<i32> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let number = number
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(number)?;
        self.0 = rest;
        number.parse().ok()
    }

    /// A number of so many digits after a sign.
    fn after(&mut self, sign: char, digits: usize) -> Option<i32> {
        self.skip(&[sign])?;
        self.number(digits)
    }

    /// One of these signs.
    fn skip(&mut self, signs: &[char]) -> Option<char> {
        let sign = self.0.chars().next().filter(|sign| signs.contains(sign))?;
        self.0 = self.0.strip_prefix(sign)?;
        Some(sign)
    }

    /// The nanoseconds of a fraction, 0 where there is none. Digits after the ninth count for nothing.
    fn fraction(&mut self) -> Option<i32> {
        if self.skip(&['.', ',']).is_none() {
            return Some(0);
        }
        let rest = self
            .0
            .trim_start_matches(|sign: char| sign.is_ascii_digit());
        let digits = self
            .0
            .strip_suffix(rest)
            .filter(|digits| !digits.is_empty())?;
        self.0 = rest;
        format!("{digits:0<9}").get(..9)?.parse().ok()
    }

    /// The seconds east of UTC of `Z` or an offset.
    fn offset(&mut self) -> Option<i32> {
        let sign = match self.skip(&['Z', '+', '-'])? {
            'Z' => return Some(0),
            '+' => 1,
            _ => -1,
        };
        let (hours, minutes) = (self.number(2)?, self.after(':', 2)?);
        let within = hours <= 24 && minutes <= 60;
        within.then_some(sign * (hours * 60 + minutes) * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_was_read() {
        for text in [
            "0001-01-01T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "2026-11-21T10:20:30.123Z",
            "2026-11-21T10:20:30-02:30",
            "9999-12-31T23:59:59.999999999Z",
            "0000-12-31T23:00:00-02:00",
        ] {
            assert_eq!(Instant::parse(text).unwrap().to_string(), text);
        }
        let late = Instant::of(*SECONDS.end(), 0).unwrap().written_at(3600);
        assert_eq!(late.to_string(), "10000-01-01T00:59:59+01:00");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026-11-21",
            "2026-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T10:00:60Z",
            "2026-11-21T10:00:00",
            "2026-11-21t10:00:00Z",
            "2026-11-21T10:00:00.Z",
            "2026-11-21T10:00:00+0200",
            "2026-11-21T10:00:00+25:00",
            "2026-11-21T10:00:00Z ",
            "+026-11-21T10:00:00Z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "é026-11-21T10:00:00Z",
        ] {
            assert!(Instant::parse(text).is_none(), "{text} is read");
        }
    }

    #[test]
    fn odd_spellings_are_read_as_kubernetes_reads_them() {
        let same = Instant::parse("2026-11-21T01:02:03.5Z");
        assert!(same.is_some());
        assert_eq!(Instant::parse("2026-11-21T1:02:03,5Z"), same);
        assert_eq!(Instant::parse("2026-11-21T01:02:03.5000000009Z"), same);
        assert_eq!(Instant::parse("2026-11-21T03:02:03.5+02:00"), same);
    }

    #[test]
    fn sums_stay_within_the_years() {
        let first = Instant::parse("0001-01-01T00:00:00Z").unwrap();
        let last = Instant::parse("9999-12-31T23:59:59.999999999Z").unwrap();
        assert!(first.plus(-1).is_none() && last.plus(1).is_none());
        assert_eq!(
            first.plus(i64::MAX).and_then(|later| later.since(first)),
            Some(i64::MAX)
        );
        assert_eq!(last.since(first), None);
        assert_eq!(
            last.plus(-1_000_000_000).and_then(|at| at.since(last)),
            Some(-1_000_000_000)
        );
    }
}
