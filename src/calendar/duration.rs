//! Durations as Go writes them: read exactly as Go's `time.ParseDuration` reads, because that is what
//! the chaos tools do with the same text, and written in the words people use.

use std::time::Duration;

use thiserror::Error;

/// Units, in nanoseconds. The two spellings of micro differ: U+00B5 and U+03BC.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Units a duration is written in, in milliseconds, largest first.
const WORDS: [(&str, u128); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The magnitude of the most negative count: 2^63 nanoseconds, about 292 years.
const LIMIT: u64 = 1 << 63;

/// Text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DurationError {
    /// Not numbers and units at all.
    #[error(
        "{text:?} is not a duration ({why}); accepted are numbers with the units h, m, s, ms, us or ns, such as \"90s\", \"10m\" or \"1h30m\""
    )]
    Malformed {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// More than a signed count of nanoseconds holds.
    #[error("duration {0:?} is too long; at most about 292 years are accepted")]
    TooLong(String),
    /// Below zero where time only runs forward.
    #[error("duration {0:?} is negative; zero or more is accepted")]
    Negative(String),
}

/// A signed count of nanoseconds, as Go counts time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

impl GoDuration {
    /// The count itself.
    #[must_use]
    pub fn nanoseconds(self) -> i64 {
        self.0
    }

    /// Whether any time passes at all.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The time that passes: none for a negative count.
    #[must_use]
    pub fn as_duration(self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0).unwrap_or(0))
    }
}

/// Reads a duration exactly as Go's `time.ParseDuration` does.
///
/// # Errors
///
/// When Go would refuse the text.
pub fn parse_go_duration(text: &str) -> Result<GoDuration, DurationError> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(GoDuration(0));
    }
    if rest.is_empty() {
        return Err(malformed(text, "it is empty"));
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (part, after) = part(text, rest)?;
        total = total
            .checked_add(part)
            .filter(|&sum| sum <= LIMIT)
            .ok_or_else(|| too_long(text))?;
        rest = after;
    }
    signed(total, negative)
        .map(GoDuration)
        .ok_or_else(|| too_long(text))
}

/// Reads a duration of our own kinds: Go's syntax, zero or more.
///
/// # Errors
///
/// When the text is not a duration, or is negative.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let duration = parse_go_duration(text)?;
    if duration.0 < 0 {
        return Err(DurationError::Negative(text.to_owned()));
    }
    Ok(duration.as_duration())
}

/// Writes a duration with the largest units and without zero parts: `1h30m`, `10m`, `250ms`.
/// Seconds below two minutes stay seconds (`90s`). What is below a millisecond is rounded up, so that something never reads as nothing.
#[must_use]
pub fn format_duration(duration: Duration) -> String {
    let mut left = duration.as_nanos().div_ceil(1_000_000);
    if left == 0 {
        return "0s".to_owned();
    }
    if left < 120_000 && left.is_multiple_of(1_000) && !left.is_multiple_of(60_000) {
        return format!("{}s", left / 1_000);
    }
    let part = |(unit, size)| {
        let count = left / size;
        left %= size;
        (count > 0).then(|| format!("{count}{unit}"))
    };
    WORDS.into_iter().filter_map(part).collect()
}

/// One number with its unit at the start of `rest`, in nanoseconds, and what follows it.
fn part<'t>(text: &str, rest: &'t str) -> Result<(u64, &'t str), DurationError> {
    let (whole, after) = split_digits(rest);
    let (fraction, after) = match after.strip_prefix('.') {
        Some(after) => split_digits(after),
        None => ("", after),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(malformed(text, "a number is missing"));
    }
    let end = after
        .find(|c: char| c == '.' || c.is_ascii_digit())
        .unwrap_or(after.len());
    let (unit, after) = after.split_at(end);
    if unit.is_empty() {
        return Err(malformed(text, "a unit is missing"));
    }
    let (_, unit) = UNITS
        .into_iter()
        .find(|(name, _)| *name == unit)
        .ok_or_else(|| malformed(text, "a unit is unknown"))?;
    let nanoseconds = leading_integer(whole)
        .and_then(|whole| whole.checked_mul(unit))
        .and_then(|whole| whole.checked_add(part_of_unit(fraction, unit)))
        .filter(|&sum| sum <= LIMIT)
        .ok_or_else(|| too_long(text))?;
    Ok((nanoseconds, after))
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

fn leading_integer(digits: &str) -> Option<u64> {
    digits.bytes().try_fold(0_u64, |sum, digit| {
        sum.checked_mul(10)?
            .checked_add(u64::from(digit - b'0'))
            .filter(|&sum| sum <= LIMIT)
    })
}

/// The decimals' share of a unit, with Go's own rounding: through a float, cut at the nanosecond.
/// Digits beyond what a count of 63 bits holds are ignored, as Go ignores them.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go computes this in floats; the result is below one unit"
)]
fn part_of_unit(digits: &str, unit: u64) -> u64 {
    let mut value = 0_u64;
    let mut scale = 1_f64;
    for digit in digits.bytes() {
        let longer = value
            .checked_mul(10)
            .and_then(|ten| ten.checked_add(u64::from(digit - b'0')));
        match longer {
            Some(longer) if longer <= LIMIT => value = longer,
            Some(_) | None => break,
        }
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

fn signed(magnitude: u64, negative: bool) -> Option<i64> {
    if negative {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

fn malformed(text: &str, why: &'static str) -> DurationError {
    DurationError::Malformed {
        text: text.to_owned(),
        why,
    }
}

fn too_long(text: &str) -> DurationError {
    DurationError::TooLong(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_read_as_go_reads_them() {
        let second = 1_000_000_000;
        for (text, nanoseconds) in [
            ("0", 0),
            ("-0", 0),
            ("+0", 0),
            ("0s", 0),
            ("30s", 30 * second),
            ("1h30m", 5400 * second),
            ("1.5h", 5400 * second),
            (".5s", second / 2),
            ("5.s", 5 * second),
            ("-5m", -300 * second),
            ("+5m", 300 * second),
            ("3ns", 3),
            ("3us", 3_000),
            ("3\u{b5}s", 3_000),
            ("3\u{3bc}s", 3_000),
            ("3ms", 3_000_000),
            ("1h1h", 7200 * second),
            ("1m0.5s", 60 * second + second / 2),
            ("0.3333333333333333333h", 1200 * second),
            ("0.100000000000000000000h", 360 * second),
            ("0.830103483285477580700h", 2_988_372_539_827),
            ("9223372036854775807ns", i64::MAX),
            ("-9223372036854775808ns", i64::MIN),
            ("9223372036.854775807s", i64::MAX),
        ] {
            assert_eq!(
                parse_go_duration(text),
                Ok(GoDuration(nanoseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_go_refuses_is_refused_and_quoted() {
        for text in [
            "",
            "10",
            "1d",
            "5 m",
            "1m30",
            "1H",
            "soon",
            " 1s",
            "1s ",
            "-",
            "+",
            ".",
            "-.",
            ".s",
            "+.s",
            "--1s",
            "1e3s",
            "300y",
            "\u{661}s",
            "9223372036854775808ns",
            "-9223372036854775809ns",
            "2562048h",
            "3000000h",
            "99999999999999999999s",
            "9223372036854775808ns9223372036854775808ns",
            "9223372036854ms775us808ns",
        ] {
            let error = parse_go_duration(text).expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn our_own_durations_never_run_backward() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5400),
            ("26h", 93_600),
            ("96h", 345_600),
            ("0", 0),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert_eq!(
            parse_duration("-1s"),
            Err(DurationError::Negative("-1s".into()))
        );
        assert_eq!(
            parse_go_duration("-1s").map(GoDuration::as_duration),
            Ok(Duration::ZERO)
        );
        assert_eq!(
            parse_go_duration("-1s").map(GoDuration::is_positive),
            Ok(false)
        );
    }

    #[test]
    fn durations_are_written_in_the_largest_units() {
        for (milliseconds, text) in [
            (0, "0s"),
            (90_000, "90s"),
            (60_000, "1m"),
            (150_000, "2m30s"),
            (600_000, "10m"),
            (5_400_000, "1h30m"),
            (345_600_000, "96h"),
            (45_000, "45s"),
            (1_500, "1s500ms"),
            (250, "250ms"),
        ] {
            assert_eq!(format_duration(Duration::from_millis(milliseconds)), text);
        }
        assert_eq!(format_duration(Duration::from_nanos(1)), "1ms");
        assert_eq!(
            parse_duration(&format_duration(Duration::from_millis(3_661_001))),
            Ok(Duration::from_millis(3_661_001))
        );
    }
}
