//! Formats of fields: an identifier, bytes, a day, an instant.

use jiff::civil::Date;

/// What is wrong with a UUID, of any version, with its dashes or without.
pub(super) fn uuid(text: &str) -> Vec<String> {
    refusal(is_uuid(text), "does not match the UUID format")
}

/// What is wrong with bytes in base64.
pub(super) fn byte(text: &str) -> Vec<String> {
    refusal(is_base64(text), "invalid base64")
}

/// What is wrong with a day.
pub(super) fn date(text: &str) -> Vec<String> {
    refusal(is_date(text), "invalid date")
}

/// What is wrong with an instant.
pub(super) fn datetime(text: &str) -> Vec<String> {
    refusal(is_datetime(text), "invalid datetime")
}

fn refusal(fits: bool, says: &str) -> Vec<String> {
    if fits {
        Vec::new()
    } else {
        vec![says.to_owned()]
    }
}

fn is_uuid(text: &str) -> bool {
    let hex = |part: &str| part.bytes().all(|letter| letter.is_ascii_hexdigit());
    let mut rest = text;
    for length in [8, 4, 4, 4] {
        rest = match rest.split_at_checked(length) {
            Some((part, more)) if hex(part) => more.strip_prefix('-').unwrap_or(more),
            _ => return false,
        };
    }
    rest.len() == 12 && hex(rest)
}

fn is_base64(text: &str) -> bool {
    let padded = text.strip_suffix('=').unwrap_or(text);
    let digits = padded.strip_suffix('=').unwrap_or(padded);
    let in_alphabet = |letter: u8| letter.is_ascii_alphanumeric() || b"+/".contains(&letter);
    !text.is_empty() && text.len().is_multiple_of(4) && digits.bytes().all(in_alphabet)
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    match (number(year, 4), number(month, 2), number(day, 2)) {
        (Some(year), Some(month), Some(day)) => Date::new(year, month, day).is_ok(),
        _ => false,
    }
}

/// Whether it is a day, `T` and a time. What stands behind a second `T` is not looked at, as in Kubernetes.
fn is_datetime(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut parts = lower.split('t');
    parts.next().is_some_and(is_date) && parts.next().is_some_and(is_time)
}

/// Whether it is a time with its zone, as in `10:00:00z` or `10:00:00.5+01:00`.
fn is_time(text: &str) -> bool {
    let Some((clock, rest)) = text.split_at_checked(8) else {
        return false;
    };
    let parts: Vec<_> = clock.split(':').map(|part| number::<u8>(part, 2)).collect();
    let [Some(hour), Some(minute), Some(second)] = parts[..] else {
        return false;
    };
    hour < 24 && minute < 60 && second < 60 && is_fraction_and_zone(rest)
}

fn is_fraction_and_zone(text: &str) -> bool {
    let fraction = match text.strip_suffix('z') {
        Some(fraction) => Some(fraction),
        None => text
            .len()
            .checked_sub(6)
            .and_then(|at| text.split_at_checked(at))
            .and_then(|(fraction, zone)| is_offset(zone).then_some(fraction)),
    };
    fraction.is_some_and(is_fraction)
}

/// Whether it is nothing, or digits behind any one letter.
fn is_fraction(text: &str) -> bool {
    let mut letters = text.chars();
    match letters.next() {
        None => true,
        Some('\n') => false,
        Some(_) => {
            let digits = letters.as_str();
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
        }
    }
}

fn is_offset(text: &str) -> bool {
    let parts = text
        .strip_prefix(['+', '-'])
        .and_then(|offset| offset.split_once(':'));
    parts.is_some_and(|(hours, minutes)| {
        number::<u8>(hours, 2).is_some() && number::<u8>(minutes, 2).is_some()
    })
}

/// The number that a text of so many digits writes.
fn number<N: std::str::FromStr>(text: &str, digits: usize) -> Option<N> {
    let fits = text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}
