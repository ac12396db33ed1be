//! How often something recurs, and how many of its runs may hurt at the same time.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Effect, Fault, Lifetime, Overlap, Recurrence, Unreadable};
use crate::calendar::{self, Dialect, Schedule};

/// How long a victim of a one-shot action is assumed to be away. A tick within that time may take
/// another pod while the first is not back.
const ASSUMED_RECOVERY: Duration = Duration::from_mins(5);

/// The gap between ticks that never come.
const NEVER: Duration = Duration::MAX;

/// The start of the year whose changes of clocks stand for those of every year.
const SAMPLE_YEAR: jiff::Timestamp = jiff::Timestamp::constant(1_767_225_600, 0);

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
/// change, so that no gap is missed by much). The shortest gap of several is that between any two.
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
    let mut gap = NEVER;
    for text in &schedules {
        let schedule = Schedule::parse(text, dialect, &zone)
            .map_err(|refused| error(text, refused.to_string()))?;
        gap = gap.min(schedule.shortest_gap(SAMPLE_YEAR).unwrap_or(NEVER));
    }
    // Ticks of two schedules may fall together.
    let shortest_gap = if schedules.len() > 1 {
        Duration::ZERO
    } else {
        gap
    };
    Ok(Recurrence {
        schedules,
        field,
        time_zone,
        shortest_gap,
    })
}
