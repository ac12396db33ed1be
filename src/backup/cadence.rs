//! Schedules and retention, said as each operator says them.
//!
//! The common words are five fields or `@daily`, and how many backups are kept. What an operator
//! cannot say is said to be so, never guessed: one reads five fields as six, another crashes on
//! `@every`, a third refuses ranges.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::spec::ScheduleSpec;
use crate::calendar::{Dialect, Schedule};

/// How an operator writes when a backup is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Notation {
    /// Whether it reads `@every 6h`. Those that cast the schedule to fields crash on it.
    pub(super) every: bool,
    /// Whether it reads `@daily`.
    pub(super) descriptors: bool,
    /// Which fields it reads.
    pub(super) fields: Fields,
}

/// The fields of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fields {
    /// Five of cron.
    Five,
    /// Six, seconds first: five would be read as the first five of six.
    Six,
    /// Five that are only `N`, `*`, `*/N` or `N/N`.
    Plain,
}

/// Five fields or a descriptor, as a CronJob and most operators read them.
pub(super) const FIVE_FIELDS: Notation = Notation {
    every: false,
    descriptors: true,
    fields: Fields::Five,
};

/// Descriptors in five fields.
const DESCRIPTORS: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Notation {
    /// A schedule as this operator writes it, moved within its hour.
    ///
    /// # Errors
    /// What would be accepted.
    pub(super) fn say(self, text: &str, moved: u32) -> Result<String, String> {
        let text = text.trim();
        if read(text).is_none_or(|schedule| !schedule.is_possible()) {
            return Err("five fields that name some time, or a word such as @daily".to_owned());
        }
        if text.starts_with("@every") {
            let accepted = "five fields: the operator cannot keep @every";
            return self
                .every
                .then(|| text.to_owned())
                .ok_or_else(|| accepted.to_owned());
        }
        let expanded = DESCRIPTORS.iter().find(|(word, _)| *word == text);
        let fields = expanded.map_or(text, |(_, fields)| fields);
        if expanded.is_some() && self.descriptors && moved == 0 {
            return Ok(text.to_owned());
        }
        let fields = shifted(fields, moved);
        match self.fields {
            Fields::Plain if !fields.split(' ').all(is_plain) => Err(
                "fields of the form N, *, */N or N/N: the operator takes no ranges, lists or names"
                    .to_owned(),
            ),
            Fields::Five | Fields::Plain => Ok(fields),
            Fields::Six => Ok(format!("0 {fields}")),
        }
    }
}

fn read(text: &str) -> Option<Schedule> {
    Schedule::parse(text, Dialect::Ours, &TimeZone::UTC).ok()
}

/// The five fields, separated by single spaces, with a plain minute moved within its hour.
fn shifted(fields: &str, moved: u32) -> String {
    let mut parts: Vec<String> = fields.split_whitespace().map(str::to_owned).collect();
    if let Some(minute) = parts.first_mut()
        && let Ok(number) = minute.parse::<u32>()
    {
        *minute = (number.saturating_add(moved) % 60).to_string();
    }
    parts.join(" ")
}

fn is_plain(field: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match field.split_once('/') {
        Some((start, step)) => (start == "*" || number(start)) && number(step),
        None => field == "*" || number(field),
    }
}

/// By how many minutes the schedules of a database are moved: always the same for the same name.
pub(super) fn moved(namespace: &str, name: &str, jitter: u32) -> u32 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = namespace.bytes().chain([b'/']).chain(name.bytes());
    let hash = bytes.fold(BASIS, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    let steps = u64::from(jitter.min(59)) + 1;
    u32::try_from(hash % steps).unwrap_or(0)
}

/// The longest time over which as many backups as are kept are spread: any that is younger is kept.
pub(super) fn oldest(schedule: &ScheduleSpec) -> Option<Duration> {
    // Half a year before a leap day, so that the longest year is among those looked at.
    const FROM: i64 = 1_819_756_800;
    let read = read(&schedule.schedule)?.anchored(Timestamp::from_second(FROM).ok()?);
    let keep = usize::try_from(schedule.keep).ok()?;
    let mut at = Timestamp::from_second(FROM).ok()?;
    let mut ticks = Vec::new();
    for _ in 0..keep.saturating_add(400).min(2000) {
        let Some(next) = read.next_after(at) else {
            break;
        };
        ticks.push(next.as_second());
        at = next;
    }
    let spans = ticks.iter().zip(ticks.iter().skip(keep));
    let longest = spans.map(|(from, to)| to.saturating_sub(*from)).max()?;
    Some(Duration::from_secs(u64::try_from(longest).ok()?))
}

/// The shortest window of days that keeps whatever the schedules keep, such as `366d`.
pub(super) fn window(schedules: &[ScheduleSpec]) -> Option<String> {
    const DAY: u64 = 24 * 60 * 60;
    let longest = schedules.iter().filter_map(oldest).max()?;
    Some(format!("{}d", longest.as_secs().div_ceil(DAY).max(1)))
}

/// The schedules, the most frequent first.
pub(super) fn by_frequency(schedules: &[ScheduleSpec]) -> Vec<&ScheduleSpec> {
    let period = |schedule: &&ScheduleSpec| {
        oldest(&ScheduleSpec {
            keep: 1,
            ..(*schedule).clone()
        })
    };
    let mut sorted: Vec<&ScheduleSpec> = schedules.iter().collect();
    sorted.sort_by_key(period);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(text: &str, keep: u32) -> ScheduleSpec {
        ScheduleSpec {
            name: "x".to_owned(),
            schedule: text.to_owned(),
            keep,
        }
    }

    #[test]
    fn each_notation_says_a_schedule_its_own_way_or_not_at_all() {
        let six = Notation {
            every: true,
            fields: Fields::Six,
            ..FIVE_FIELDS
        };
        let plain = Notation {
            descriptors: false,
            fields: Fields::Plain,
            ..FIVE_FIELDS
        };
        let cases = [
            (FIVE_FIELDS, "0 2 * * *", Some("0 2 * * *")),
            (FIVE_FIELDS, "@daily", Some("@daily")),
            (FIVE_FIELDS, "@every 6h", None),
            (six, "0 2 * * *", Some("0 0 2 * * *")),
            (six, "0 1 * * 0", Some("0 0 1 * * 0")),
            (six, "30 1 1 * *", Some("0 30 1 1 * *")),
            (six, "@every 6h", Some("@every 6h")),
            (six, "0 0 2 * * *", None),
            (plain, "@daily", Some("0 0 * * *")),
            (plain, "*/5 1/2 * * 0", Some("*/5 1/2 * * 0")),
            (plain, "0 1-5 * * *", None),
            (plain, "0 1 * * mon", None),
            (FIVE_FIELDS, "0 0 30 2 *", None),
            (FIVE_FIELDS, "TZ=Europe/Prague 0 2 * * *", None),
        ];
        for (notation, text, expected) in cases {
            assert_eq!(notation.say(text, 0).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_schedule_moves_within_its_hour_and_always_alike() {
        assert_eq!(FIVE_FIELDS.say("50 2 * * *", 20).unwrap(), "10 2 * * *");
        assert_eq!(FIVE_FIELDS.say("*/5 2 * * *", 20).unwrap(), "*/5 2 * * *");
        assert_eq!(FIVE_FIELDS.say("@daily", 20).unwrap(), "20 0 * * *");
        assert_eq!(moved("a", "b", 0), 0);
        assert_eq!(moved("a", "b", 30), moved("a", "b", 30));
        assert!((0..100).any(|n| moved("a", &n.to_string(), 30) != moved("a", "b", 30)));
    }

    #[test]
    fn counts_become_ages() {
        let hours = |text: &str, keep| oldest(&schedule(text, keep)).unwrap().as_secs() / 3600;
        assert_eq!(hours("0 2 * * *", 7), 168);
        assert_eq!(hours("0 1 * * 0", 8), 1344);
        assert_eq!(hours("30 1 1 * *", 12), 8784);
        assert_eq!(hours("@every 6h", 4), 24);
        let all = [schedule("0 2 * * *", 7), schedule("30 1 1 * *", 12)];
        assert_eq!(window(&all).unwrap(), "366d");
        assert_eq!(by_frequency(&all)[0].schedule, "0 2 * * *");
    }
}
