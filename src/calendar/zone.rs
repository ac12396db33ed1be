//! Time zones, always from the database compiled in: a minimal image has no zone files, and a verdict
//! must not depend on the host it was reached on.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use thiserror::Error;

/// The bundled database; it keeps every zone it has parsed.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Names longer than this are no slip of the pen.
const LONGEST_NAME: usize = 40;

/// A name that no zone has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name:?} is not a time zone; accepted are IANA names such as {hint:?}")]
pub struct UnknownZone {
    /// The name as written.
    pub name: String,
    /// The nearest name there is.
    pub hint: String,
}

/// The zone of that IANA name, spelled exactly: a zone file is found by its exact name too.
///
/// # Errors
///
/// When there is no such zone; the error suggests the nearest.
pub fn zone(name: &str) -> Result<TimeZone, UnknownZone> {
    match ZONES.get(name) {
        Ok(zone) if zone.iana_name() == Some(name) => Ok(zone),
        // `Etc/UTC` and its kin all answer to `UTC`.
        Ok(zone)
            if zone == TimeZone::UTC && ZONES.available().any(|known| known.as_str() == name) =>
        {
            Ok(zone)
        }
        Ok(_) | Err(_) => Err(UnknownZone {
            name: name.to_owned(),
            hint: nearest(name),
        }),
    }
}

/// The known name most like `name`: the same city, or the fewest letters to change.
fn nearest(name: &str) -> String {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return "Europe/Prague".to_owned();
    }
    let name = name.to_ascii_lowercase().replace(' ', "_");
    let known = ZONES.available().map(|known| known.as_str().to_owned());
    known
        .min_by_key(|known| unlikeness(&name, &known.to_ascii_lowercase()))
        .unwrap_or_default()
}

fn unlikeness(name: &str, known: &str) -> usize {
    let city = known.rsplit('/').next().unwrap_or(known);
    distance(name, known).min(distance(name, city).saturating_add(1))
}

/// How many letters to insert, delete or change to make one text the other.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.bytes().enumerate() {
        let mut before = above;
        let mut cost = above + 1;
        for (cell, other) in row
            .iter_mut()
            .zip(std::iter::once(letter).chain(right.bytes()))
            .skip(1)
        {
            let change = before + usize::from(letter != other);
            before = *cell;
            cost = change.min(before + 1).min(cost + 1);
            *cell = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_their_exact_names() {
        for name in [
            "UTC",
            "Etc/UTC",
            "Europe/Prague",
            "America/New_York",
            "Asia/Kolkata",
            "US/Eastern",
            "GMT",
        ] {
            assert!(zone(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "utc",
            "europe/prague",
            "Nope/Zone",
            "Etc/Unknown",
            "../etc/passwd",
            "+02:00",
        ] {
            assert!(zone(name).is_err(), "{name}");
        }
    }

    #[test]
    fn an_unknown_zone_is_quoted_with_the_nearest_name() {
        for (name, hint) in [
            ("europe/prague", "Europe/Prague"),
            ("Prague", "Europe/Prague"),
            ("Europe/Pragu", "Europe/Prague"),
            ("America/New York", "America/New_York"),
        ] {
            let error = zone(name).expect_err(name);
            assert_eq!(error.hint, hint);
            assert!(error.to_string().contains(&format!("{name:?}")));
        }
    }

    #[test]
    fn distances_count_letters() {
        for (left, right, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "adc", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), count, "{left} {right}");
        }
    }
}
