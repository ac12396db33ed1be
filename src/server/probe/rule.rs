//! How often a probe is asked, and what of its answers is a breach.

use std::time::Duration;

use crate::schedule::spec::probe::ProbeSpec;

/// How often, how long and over how long, by default.
const INTERVAL: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(2);
const OVER: Duration = Duration::from_mins(1);
/// What share of failures may be, in percent.
const SHARE: u32 = 25;
/// How many answers say something, and how many in a row are no accident.
pub(super) const ENOUGH: u32 = 3;
/// The least time between two questions, whatever is asked for.
const OFTEN: Duration = Duration::from_millis(100);
/// The longest pause between two questions to a server that takes them and does not answer.
pub(super) const PAUSE: Duration = Duration::from_secs(30);
/// How long what has to be known before a question may take.
pub(super) const BEFORE: Duration = Duration::from_secs(10);

/// How often a probe is asked, and what of its answers is a breach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// How often.
    pub(super) interval: Duration,
    /// How long an answer may take.
    pub(super) timeout: Duration,
    /// Over how long a share is taken.
    pub(super) over: Duration,
    /// What share may fail, in percent; none: any.
    pub(super) share: Option<u32>,
    /// For how long a figure may be out of its bounds; none for what is no figure.
    pub(super) figure: Option<Lasting>,
}

/// For how long a figure may be out of its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    /// Not for this many answers in a row.
    Answers(u32),
    /// Less than this.
    For(Duration),
}

impl Rule {
    pub(super) fn of(probe: &ProbeSpec) -> Self {
        let interval = probe.interval.map_or(INTERVAL, |it| it.0).max(OFTEN);
        let query = probe.prometheus.as_ref();
        // A figure has a rule of its own; a share of its failures is a breach where that is asked for.
        let share = if query.is_some() { None } else { Some(SHARE) };
        Self {
            interval,
            timeout: probe.timeout.map_or(TIMEOUT.min(interval), |it| it.0),
            over: probe.over.map_or(OVER, |it| it.0).max(interval),
            share: probe.max_failed_percent.or(share),
            figure: query.map(|it| {
                let lasting = it.lasting.map(|it| Lasting::For(it.0));
                lasting.unwrap_or(Lasting::Answers(ENOUGH))
            }),
        }
    }

    /// How many answers there must be before a share of them is a breach.
    pub(super) fn enough(&self) -> usize {
        let fit = self.over.as_millis() / self.interval.as_millis().max(1);
        let enough = fit.clamp(1, u128::from(ENOUGH));
        usize::try_from(enough).unwrap_or(1)
    }

    /// After how long without an answer nothing is known any more.
    pub(super) fn stale(&self) -> Duration {
        let pause = self.interval.max(PAUSE);
        pause.saturating_add(self.timeout).saturating_add(BEFORE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::spec::values::Span;

    #[test]
    fn answers_may_take_no_longer_than_it_takes_to_ask_again() {
        let often = ProbeSpec {
            interval: Some(Span(Duration::from_secs(1))),
            ..ProbeSpec::default()
        };
        assert_eq!(Rule::of(&often).timeout, Duration::from_secs(1));
        assert_eq!(Rule::of(&ProbeSpec::default()).timeout, TIMEOUT);
    }
}
