//! How long answers took, in buckets: their number does not grow with that of the answers.

use std::time::Duration;

/// How many buckets a doubling has: what is told is at most a sixteenth too much.
const PARTS: u64 = 16;
/// How many doublings above the first sixteen microseconds are told apart; the last is more than a day.
const DOUBLINGS: u64 = 33;
const BUCKETS: usize = 16 * 34;

/// How long answers took.
#[derive(Debug, Clone, Default)]
pub(super) struct Latency {
    /// Empty until there is an answer.
    counts: Vec<u64>,
}

impl Latency {
    /// Counts an answer.
    pub(super) fn count(&mut self, took: Duration) {
        self.counts.resize(BUCKETS, 0);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.counts.get_mut(bucket(micros)) {
            *count = count.saturating_add(1);
        }
    }

    /// Counts all that another has counted.
    pub(super) fn add(&mut self, other: &Self) {
        if other.counts.is_empty() {
            return;
        }
        self.counts.resize(BUCKETS, 0);
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    /// Within which time this share of answers came, in percent; none before the first.
    pub(super) fn quantile(&self, percent: u64) -> Option<Duration> {
        let all = self
            .counts
            .iter()
            .fold(0_u64, |sum, it| sum.saturating_add(*it));
        let wanted = all.saturating_mul(percent).div_ceil(100).max(1);
        let mut seen = 0_u64;
        let at = self.counts.iter().position(|count| {
            seen = seen.saturating_add(*count);
            seen >= wanted
        })?;
        Some(Duration::from_micros(most(at)))
    }
}

/// The bucket of a number: numbers below sixteen have one each, those above share one with their neighbours.
fn bucket(micros: u64) -> usize {
    let doublings = u64::from((micros / PARTS).checked_ilog2().map_or(0, |it| it + 1));
    let doublings = doublings.min(DOUBLINGS);
    let at = if doublings == 0 {
        micros
    } else {
        let part = (micros >> (doublings - 1)).min(2 * PARTS - 1) - PARTS;
        doublings * PARTS + part
    };
    usize::try_from(at).unwrap_or(BUCKETS - 1)
}

/// The greatest number of a bucket.
fn most(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    let (doublings, part) = (bucket / PARTS, bucket % PARTS);
    if doublings == 0 {
        part
    } else {
        ((PARTS + part + 1) << (doublings - 1)) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_a_bucket_that_is_at_most_a_sixteenth_more() {
        for number in (0..5000).chain([60_000_000, 3_600_000_000, 86_000_000_000]) {
            let most = most(bucket(number));
            assert!(most >= number, "{number}: {most}");
            assert!(most - number <= number / 16, "{number}: {most}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn the_median_is_in_the_middle_and_the_last_is_rare() {
        let mut latency = Latency::default();
        assert_eq!(latency.quantile(50), None);
        for _ in 0..98 {
            latency.count(Duration::from_micros(10));
        }
        let mut slow = Latency::default();
        slow.count(Duration::from_micros(15));
        slow.count(Duration::from_secs(1));
        latency.add(&slow);
        assert_eq!(latency.quantile(50), Some(Duration::from_micros(10)));
        assert_eq!(latency.quantile(99), Some(Duration::from_micros(15)));
        assert!(latency.quantile(100).unwrap() >= Duration::from_secs(1));
    }
}
