//! How often something recurs, and how many of its runs may hurt at the same time.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Effect, Fault, Lifetime, Overlap, Recurrence, Unreadable};
use crate::calendar::{self, Dialect, Schedule};

/// How long a victim of a one-shot action is assumed to be away. A tick within that time may take
/// another pod while the first is not back.
const ASSUMED_RECOVERY: Duration = Duration::from_mins(5);

/// The gap between ticks that never come.
const NEVER: Duration = Duration::MAX;

/// The start of the year whose changes of clocks stand for those of every year.
const SAMPLE_YEAR: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// When runs start, and whether one waits for the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rhythm {
    pub(super) gap: Duration,
    pub(super) allows_overlap: bool,
}

impl Rhythm {
    /// Counts the draws of all runs that may hurt together. What kills leaves its victim away for a
    /// while after its end.
    pub(super) fn stack(self, faults: &mut [Fault]) {
        for fault in faults {
            let runs = self.runs(fault);
            fault.overlap = match (fault.overlap, runs) {
                (Overlap::AtMost(draws), Some(runs)) => Overlap::AtMost(draws.saturating_mul(runs)),
                (Overlap::Unbounded, _) | (_, None) => Overlap::Unbounded,
            };
            fault.later = true;
        }
    }

    fn runs(self, fault: &Fault) -> Option<u32> {
        let recovery = if fault.effect >= Effect::Down {
            ASSUMED_RECOVERY
        } else {
            Duration::ZERO
        };
        let span = match fault.lifetime {
            Lifetime::Forever if self.allows_overlap => return None,
            Lifetime::Never | Lifetime::Forever => return Some(1),
            Lifetime::For(span) if self.allows_overlap => span.saturating_add(recovery),
            // The next run waits for the end of this one, not for the recovery of its victims.
            Lifetime::Instant | Lifetime::For(_) => recovery,
        };
        let gap = match fault.lifetime {
            Lifetime::For(span) if !self.allows_overlap => self.gap.max(span),
            Lifetime::For(_) | Lifetime::Instant | Lifetime::Forever | Lifetime::Never => self.gap,
        };
        let runs = span.as_nanos().div_ceil(gap.as_nanos().max(1)).max(1);
        u32::try_from(runs).ok()
    }
}

/// A recurrence after these schedules, all in one zone (UTC where none is named: its clocks never
/// change, so that no gap is missed by much).
pub(super) fn recurrence(
    schedules: Vec<String>,
    field: String,
    time_zone: Option<String>,
    dialect: Dialect,
) -> Result<Recurrence, Unreadable> {
    let error = |found: &str, accepted: String| {
        Unreadable::new(field.clone(), format!("\"{found}\""), accepted)
    };
    let zone = match &time_zone {
        None => TimeZone::UTC,
        Some(name) => calendar::zone(name).map_err(|unknown| error(name, unknown.to_string()))?,
    };
    let read = |text: &String| {
        Schedule::parse(text, dialect, &zone).map_err(|refused| error(text, refused.to_string()))
    };
    let read: Vec<Schedule> = schedules.iter().map(read).collect::<Result<_, _>>()?;
    let shortest_gap = match &read[..] {
        [only] => only.shortest_gap(SAMPLE_YEAR).unwrap_or(NEVER),
        several => gap_of_any(several),
    };
    Ok(Recurrence {
        schedules,
        field,
        time_zone,
        shortest_gap,
    })
}

/// The shortest time between any two ticks of several schedules within a year. Where there are too
/// many ticks to look at, two may fall together.
fn gap_of_any(schedules: &[Schedule]) -> Duration {
    const MOST: usize = 2_000;
    const YEAR: SignedDuration = SignedDuration::from_hours(24 * 366);
    let mut next: Vec<Option<Timestamp>> = schedules
        .iter()
        .map(|schedule| schedule.next_after(SAMPLE_YEAR))
        .collect();
    let (mut gap, mut last) = (NEVER, None);
    for _ in 0..MOST {
        let soonest = next
            .iter()
            .enumerate()
            .filter_map(|(at, tick)| Some(((*tick)?, at)))
            .min();
        let Some((tick, at)) = soonest else {
            return gap;
        };
        if let Some(last) = last {
            let passed: Duration = tick.duration_since(last).try_into().unwrap_or_default();
            gap = gap.min(passed);
        }
        if tick.duration_since(SAMPLE_YEAR) > YEAR {
            return gap;
        }
        last = Some(tick);
        if let (Some(slot), Some(schedule)) = (next.get_mut(at), schedules.get(at)) {
            *slot = schedule.next_after(tick);
        }
    }
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(schedules: &[&str]) -> Duration {
        let schedules = schedules.iter().map(|text| (*text).to_owned()).collect();
        let read = recurrence(schedules, String::new(), None, Dialect::Standard);
        read.unwrap().shortest_gap
    }

    #[test]
    fn the_gap_of_several_schedules_is_that_between_any_two_ticks() {
        assert_eq!(gap(&["0 2 * * *", "0 3 * * *"]), Duration::from_hours(1));
        assert_eq!(gap(&["0 2 * * *", "0 2 * * 1"]), Duration::ZERO);
        assert_eq!(
            gap(&["0 0 30 2 *", "0 2 1 1 *"]),
            Duration::from_hours(24 * 365)
        );
        assert_eq!(gap(&["* * * * *", "30 2 * * *"]), Duration::ZERO);
    }
}
