//! The account of rows that a probe has written: which were acknowledged, and which are there.
//!
//! A number is used for one attempt, and an attempt is never repeated: so a row that is there twice was written
//! twice by somebody else, such as a proxy that tries again. The acknowledgement of a statement that stands alone
//! is that of its commit. Where it does not come, be it refused, cut off or late, the server may have committed
//! or not, or may still do so: such a row is never lost, and if it is there it is late. A row that was acknowledged
//! and is not there is lost.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// How many of the newest rows are looked at. Those before were looked at as often.
const MOST: usize = 10_000;
/// How many numbers are told.
const TOLD: usize = 5;

/// The account of one probe.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// The number of the first row that is looked at, less one.
    before: u64,
    rows: VecDeque<Row>,
    /// What was found of those that are not looked at any more.
    gone: Found,
    /// When something was last acknowledged, or else first tried.
    since: Option<Instant>,
    /// Whether an attempt since then has failed.
    missed: bool,
    down: Duration,
}

#[derive(Debug, Default, Clone, Copy)]
struct Row {
    acknowledged: bool,
    /// How often it was there when it was last looked at.
    there: Option<u64>,
}

/// How many rows are not as they should be.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) lost: u64,
    pub(super) doubled: u64,
    pub(super) late: u64,
}

impl Row {
    fn is_lost(self) -> bool {
        self.acknowledged && self.there == Some(0)
    }

    fn is_doubled(self) -> bool {
        self.there.is_some_and(|there| there > 1)
    }

    fn is_late(self) -> bool {
        !self.acknowledged && self.there.is_some_and(|there| there > 0)
    }
}

impl Found {
    fn count(&mut self, row: Row) {
        self.lost += u64::from(row.is_lost());
        self.doubled += u64::from(row.is_doubled());
        self.late += u64::from(row.is_late());
    }
}

impl Writes {
    /// Begins an attempt, and gives it a number that none had before.
    pub(super) fn begin(&mut self, now: Instant) -> u64 {
        self.missed |= self.rows.back().is_some_and(|row| !row.acknowledged);
        self.since = self.since.or(Some(now));
        if self.rows.len() >= MOST
            && let Some(row) = self.rows.pop_front()
        {
            self.gone.count(row);
            self.before += 1;
        }
        self.rows.push_back(Row::default());
        self.last()
    }

    /// An attempt was acknowledged.
    pub(super) fn acknowledge(&mut self, number: u64, now: Instant) {
        let index = number.checked_sub(self.before + 1);
        let row = index.and_then(|it| self.rows.get_mut(usize::try_from(it).ok()?));
        if let Some(row) = row {
            row.acknowledged = true;
        }
        self.down = self.downtime(now);
        self.missed = false;
        self.since = Some(now);
    }

    /// The number from which on rows are looked at.
    pub(super) fn first(&self) -> u64 {
        self.before + 1
    }

    /// Takes note of how often each number is there, of all from the first to the newest attempt.
    pub(super) fn look(&mut self, there: &BTreeMap<u64, u64>) {
        for (number, row) in (self.before + 1..).zip(&mut self.rows) {
            row.there = Some(there.get(&number).copied().unwrap_or(0));
        }
    }

    /// What is wrong with data; late rows are not.
    pub(super) fn wrong(&self) -> Option<String> {
        let found = self.found();
        let lost = self.numbers(Row::is_lost);
        let doubled = self.numbers(Row::is_doubled);
        let all = [
            (
                found.lost,
                format!("acknowledged rows lost: {}{lost}", found.lost),
            ),
            (
                found.doubled,
                format!("rows there twice: {}{doubled}", found.doubled),
            ),
        ];
        let all = all.into_iter().filter(|(count, _)| *count > 0);
        let all: Vec<String> = all.map(|(_, told)| told).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    pub(super) fn found(&self) -> Found {
        let mut found = self.gone;
        self.rows.iter().for_each(|row| found.count(*row));
        found
    }

    /// How long nothing could be written until now, at most: from the last acknowledgement before a failure
    /// to the first after it.
    pub(super) fn downtime(&self, now: Instant) -> Duration {
        let open = self.since.filter(|_| self.missed);
        let open = open.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.down.saturating_add(open)
    }

    fn last(&self) -> u64 {
        let rows = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        self.before.saturating_add(rows)
    }

    /// The first numbers of such rows.
    fn numbers(&self, is: impl Fn(Row) -> bool) -> String {
        let each = (self.before + 1..).zip(&self.rows);
        let mut each = each
            .filter(|(_, row)| is(**row))
            .map(|(it, _)| it.to_string());
        let mut told: Vec<String> = each.by_ref().take(TOLD).collect();
        if each.next().is_some() {
            told.push("...".to_owned());
        }
        if told.is_empty() {
            return String::new();
        }
        format!(" (number {})", told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(since: Instant, seconds: u64) -> Instant {
        since + Duration::from_secs(seconds)
    }

    /// Attempts one a second, of which these are acknowledged.
    fn written(start: Instant, acknowledged: &[bool]) -> Writes {
        let mut writes = Writes::default();
        for (at, good) in (0..).zip(acknowledged) {
            let number = writes.begin(seconds(start, at));
            if *good {
                writes.acknowledge(number, seconds(start, at));
            }
        }
        writes
    }

    #[test]
    fn lost_doubled_and_late_rows_are_told_apart() {
        let mut writes = written(Instant::now(), &[true, true, false, false, true]);
        assert_eq!(writes.found(), Found::default());
        assert_eq!(writes.wrong(), None);
        writes.look(&BTreeMap::from([(1, 1), (3, 1), (5, 2)]));
        let found = Found {
            lost: 1,
            doubled: 1,
            late: 1,
        };
        assert_eq!(writes.found(), found);
        let wrong = "acknowledged rows lost: 1 (number 2), rows there twice: 1 (number 5)";
        assert_eq!(writes.wrong().unwrap(), wrong);
    }

    #[test]
    fn an_attempt_that_was_not_acknowledged_is_never_lost() {
        let mut writes = written(Instant::now(), &[true, false, true]);
        writes.look(&BTreeMap::from([(1, 1), (3, 1)]));
        assert_eq!(writes.found(), Found::default());
        // It arrives in the end: that is late, and nothing is wrong with it.
        writes.look(&BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
        assert_eq!(writes.found().late, 1);
        assert_eq!(writes.wrong(), None);
    }

    #[test]
    fn nothing_could_be_written_from_the_last_acknowledgement_to_the_next() {
        let start = Instant::now();
        let mut writes = written(start, &[true, true, false, false, true, true]);
        assert_eq!(writes.downtime(seconds(start, 60)), Duration::from_secs(3));
        writes.begin(seconds(start, 6));
        assert_eq!(writes.downtime(seconds(start, 6)), Duration::from_secs(3));
        writes.begin(seconds(start, 7));
        // What is open counts until now, from the last that was acknowledged.
        assert_eq!(writes.downtime(seconds(start, 10)), Duration::from_secs(8));
    }

    #[test]
    fn a_long_run_keeps_its_newest_rows_and_what_was_found_of_the_others() {
        let mut writes = written(Instant::now(), &[true]);
        writes.look(&BTreeMap::new());
        for _ in 0..MOST {
            let number = writes.begin(Instant::now());
            writes.acknowledge(number, Instant::now());
        }
        assert_eq!(writes.first(), 2);
        assert_eq!(writes.rows.len(), MOST);
        assert_eq!(writes.found().lost, 1);
        assert_eq!(writes.wrong().unwrap(), "acknowledged rows lost: 1");
    }
}
