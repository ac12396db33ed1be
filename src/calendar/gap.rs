//! The shortest time between two ticks of a schedule, without counting them.

use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::field::Fields;
use super::tick::{Clock, Schedule, Ticks};

const DAY: i64 = 86_400;

/// How many days are looked at.
const YEAR: i64 = 366;

impl Schedule {
    /// The shortest time between two ticks within a year; of ticks further apart, the next two. None
    /// when it never ticks twice. Never longer than the truth; shorter only where a change of clocks
    /// takes away one of the two nearest ticks.
    #[must_use]
    pub fn shortest_gap(&self, from: Timestamp) -> Option<Duration> {
        let seconds = match &self.ticks {
            Ticks::Beat { seconds, .. } => *seconds,
            Ticks::Clock(clock) => {
                let first = self.next_after(from)?;
                let far = || Some(seconds_between(first, self.next_after(first)?));
                clock.gaps(from).into_iter().min().or_else(far)?
            }
        };
        u64::try_from(seconds).ok().map(Duration::from_secs)
    }
}

impl Clock {
    /// Candidates: within a minute, an hour, a day; from day to day; over each change of the clock.
    fn gaps(&self, from: Timestamp) -> Vec<i64> {
        let today = self.zone.to_offset(from).to_datetime(from).date();
        let mut gaps = self.fields.gaps(today);
        let year = from
            .saturating_add(SignedDuration::from_hours(24 * YEAR))
            .unwrap_or(from);
        let changes = self.zone.following(from).map(|change| change.timestamp());
        for change in changes.take_while(|change| *change <= year) {
            gaps.extend(self.gaps_over(change));
        }
        gaps
    }

    /// From the last tick before a change to the next, and from that to its next; both as the fields
    /// say and as the walk goes, which here may miss a tick or find one too many.
    fn gaps_over(&self, change: Timestamp) -> impl Iterator<Item = i64> {
        let before = change.checked_sub(SignedDuration::from_secs(1)).ok();
        let last = before.and_then(|before| self.previous(before));
        [Self::next, Self::next_after]
            .into_iter()
            .flat_map(move |next| {
                let first = last.and_then(|last| next(self, last));
                let second = first.and_then(|first| next(self, first));
                let pairs = [last.zip(first), first.zip(second)];
                pairs.map(|pair| pair.map(|(left, right)| seconds_between(left, right)))
            })
            .flatten()
    }
}

impl Fields {
    fn gaps(&self, today: Date) -> Vec<i64> {
        let seam = self.second.first() - self.second.last();
        let minute_seam = (self.minute.first() - self.minute.last()) * 60 + seam;
        let hour_seam = (self.hour.first() - self.hour.last()) * 3_600 + minute_seam;
        let second = self.second.shortest_step();
        let minute = self.minute.shortest_step().map(|step| step * 60 + seam);
        let hour = self
            .hour
            .shortest_step()
            .map(|step| step * 3_600 + minute_seam);
        let day = self.shortest_days(today).map(|step| step * DAY + hour_seam);
        [second, minute, hour, day].into_iter().flatten().collect()
    }

    /// The fewest days from one of its days to the next within a year.
    fn shortest_days(&self, today: Date) -> Option<i64> {
        let mut last = None;
        let mut shortest = None;
        for (count, date) in (0..YEAR).zip(today.series(jiff::Span::new().days(1))) {
            if self.has_date(date) {
                let step = last.replace(count).map(|last| count - last);
                shortest = [shortest, step].into_iter().flatten().min();
            }
            if shortest == Some(1) {
                break;
            }
        }
        shortest
    }
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.as_second().saturating_sub(earlier.as_second())
}
