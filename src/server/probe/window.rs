//! What a probe answered within its window, and what that says: good, a breach, not good yet, or nothing.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::rule::{ENOUGH, Lasting, Rule};
use crate::schedule::spec::status::ResultWord;

/// How many answers are kept at most.
const MOST: usize = 10_000;

/// One answer: what was seen, or what was wrong.
pub(super) type Told = Result<String, Wrong>;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Something answered, or should have, and it was not what it should be.
    Failed(String),
    /// There is no figure.
    Silent(String),
}

impl Wrong {
    fn seen(&self) -> &str {
        match self {
            Self::Failed(seen) | Self::Silent(seen) => seen,
        }
    }
}

/// The answers of a probe within its window.
#[derive(Debug)]
pub(super) struct Window {
    rule: Rule,
    /// When each came, and whether it was a success.
    answers: VecDeque<(Instant, bool)>,
    last: Option<(Instant, Told)>,
    failing: Failing,
}

/// Failures in a row.
#[derive(Debug, Default)]
struct Failing {
    since: Option<Instant>,
    count: u32,
    silent: u32,
}

impl Window {
    pub(super) fn new(rule: Rule) -> Self {
        Self {
            rule,
            answers: VecDeque::new(),
            last: None,
            failing: Failing::default(),
        }
    }

    /// Forgets all answers.
    pub(super) fn anew(&mut self) {
        *self = Self::new(self.rule.clone());
    }

    pub(super) fn add(&mut self, at: Instant, told: Told) {
        match &told {
            Ok(_) => self.failing = Failing::default(),
            Err(wrong) => {
                let silent = matches!(wrong, Wrong::Silent(_));
                let failing = &mut self.failing;
                failing.since = failing.since.or(Some(at));
                failing.count = failing.count.saturating_add(1);
                failing.silent = if silent {
                    failing.silent.saturating_add(1)
                } else {
                    0
                };
            }
        }
        self.answers.push_back((at, told.is_ok()));
        self.last = Some((at, told));
        self.slide(at);
    }

    /// Lets go of what is older than the window.
    fn slide(&mut self, now: Instant) {
        let over = self.rule.over;
        let old = |(at, _): &(Instant, bool)| now.saturating_duration_since(*at) > over;
        while self.answers.len() > MOST || self.answers.front().is_some_and(old) {
            self.answers.pop_front();
        }
    }

    /// What the answers say now, for machines and for people.
    pub(super) fn says(&mut self, now: Instant) -> (ResultWord, String) {
        self.slide(now);
        let Some((at, last)) = &self.last else {
            return (ResultWord::Unknown, "it was not asked yet".to_owned());
        };
        let age = now.saturating_duration_since(*at);
        if age > self.rule.stale() {
            let seen = format!("there was no answer for {}s", age.as_secs());
            return (ResultWord::Unknown, seen);
        }
        let breach = self.share().or_else(|| self.figure(*at));
        match (breach, last) {
            (Some(breach), Err(wrong)) => (ResultWord::Bad, format!("{breach}: {}", wrong.seen())),
            (Some(breach), Ok(_)) => (ResultWord::Bad, breach),
            (None, Err(wrong)) => (ResultWord::Waiting, wrong.seen().to_owned()),
            (None, Ok(seen)) => (ResultWord::Good, seen.clone()),
        }
    }

    /// A breach by the share of failures.
    fn share(&self) -> Option<String> {
        let most = self.rule.share?;
        let all = self.answers.len();
        let failed = self.answers.iter().filter(|(_, good)| !good).count();
        let most_of_all = all.saturating_mul(usize::try_from(most).unwrap_or(usize::MAX));
        let breach = all >= self.rule.enough() && failed.saturating_mul(100) > most_of_all;
        let over = self.rule.over.as_secs();
        breach.then(|| format!("{failed} of {all} answers in {over}s failed, {most}% may"))
    }

    /// A breach by a figure that is out of its bounds, or not there, for too long.
    fn figure(&self, last: Instant) -> Option<String> {
        let lasting = self.rule.figure?;
        let Failing {
            since,
            count,
            silent,
        } = &self.failing;
        let lasted = last.saturating_duration_since((*since)?);
        // However long a figure may be out of its bounds, nobody may be blind for that.
        let breach = *silent >= ENOUGH
            || match lasting {
                Lasting::Answers(most) => *count >= most,
                Lasting::For(most) => lasted >= most,
            };
        breach.then(|| format!("{count} answers in a row over {}s", lasted.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::policy::spec::values::Span;
    use crate::schedule::spec::probe::{ProbeSpec, QuerySpec};

    fn failed() -> Told {
        Err(Wrong::Failed("refused".to_owned()))
    }

    fn silent() -> Told {
        Err(Wrong::Silent("empty".to_owned()))
    }

    const GOOD: fn() -> Told = || Ok("200".to_owned());
    const FAILED: fn() -> Told = failed;
    const SILENT: fn() -> Told = silent;

    /// What is said after answers that came one an interval.
    fn says(probe: &ProbeSpec, answers: &[fn() -> Told]) -> (ResultWord, String) {
        let rule = Rule::of(probe);
        let mut now = Instant::now();
        let mut window = Window::new(rule.clone());
        for answer in answers {
            now += rule.interval;
            window.add(now, answer());
        }
        window.says(now)
    }

    fn figure(lasting: Option<u64>) -> ProbeSpec {
        let lasting = lasting.map(|it| Span(Duration::from_secs(it)));
        let prometheus = QuerySpec {
            lasting,
            ..QuerySpec::default()
        };
        ProbeSpec {
            prometheus: Some(prometheus),
            ..ProbeSpec::default()
        }
    }

    #[test]
    fn what_was_not_asked_is_unknown() {
        assert_eq!(says(&ProbeSpec::default(), &[]).0, ResultWord::Unknown);
    }

    #[test]
    fn a_share_of_failures_is_a_breach_once_there_are_enough_answers() {
        let probe = ProbeSpec::default();
        assert_eq!(says(&probe, &[GOOD]), (ResultWord::Good, "200".to_owned()));
        assert_eq!(says(&probe, &[failed]).0, ResultWord::Waiting);
        assert_eq!(says(&probe, &[failed, failed]).0, ResultWord::Waiting);
        let (result, seen) = says(&probe, &[failed, failed, failed]);
        assert_eq!(result, ResultWord::Bad);
        assert_eq!(seen, "3 of 3 answers in 60s failed, 25% may: refused");
        // A quarter is allowed, a third is not, whatever the last answer was.
        assert_eq!(
            says(&probe, &[failed, GOOD, GOOD, GOOD]).0,
            ResultWord::Good
        );
        assert_eq!(says(&probe, &[failed, GOOD, GOOD]).0, ResultWord::Bad);
        assert_eq!(
            says(&probe, &[GOOD, GOOD, GOOD, failed]).0,
            ResultWord::Waiting
        );
    }

    #[test]
    fn a_window_with_room_for_two_is_judged_by_two() {
        let span = |seconds| Some(Span(Duration::from_secs(seconds)));
        let probe = ProbeSpec {
            interval: span(30),
            over: span(60),
            max_failed_percent: Some(0),
            ..ProbeSpec::default()
        };
        assert_eq!(says(&probe, &[failed]).0, ResultWord::Waiting);
        assert_eq!(says(&probe, &[GOOD, failed]).0, ResultWord::Bad);
    }

    #[test]
    fn failures_leave_the_window_and_answers_that_stay_away_are_unknown() {
        let rule = Rule::of(&ProbeSpec::default());
        let mut window = Window::new(rule.clone());
        let now = Instant::now();
        (0..3).for_each(|_| window.add(now, failed()));
        assert_eq!(window.says(now).0, ResultWord::Bad);
        let later = now + Duration::from_secs(61);
        window.add(later, Ok("200".to_owned()));
        assert_eq!(window.says(later).0, ResultWord::Good);
        let stale = later + rule.stale() + Duration::from_secs(1);
        assert_eq!(window.says(stale).0, ResultWord::Unknown);
        window.anew();
        assert_eq!(window.says(later).0, ResultWord::Unknown);
    }

    #[test]
    fn a_figure_is_a_breach_after_three_answers_in_a_row() {
        let probe = figure(None);
        assert_eq!(says(&probe, &[failed, failed]).0, ResultWord::Waiting);
        assert_eq!(says(&probe, &[failed, failed, failed]).0, ResultWord::Bad);
        assert_eq!(says(&probe, &[failed, silent, failed]).0, ResultWord::Bad);
        let broken: [fn() -> Told; 5] = [failed, failed, GOOD, failed, failed];
        assert_eq!(says(&probe, &broken).0, ResultWord::Waiting);
        // Failures that are no breach do not add up, unless that is asked for.
        let broken: [fn() -> Told; 4] = [failed, failed, GOOD, GOOD];
        assert_eq!(says(&probe, &broken).0, ResultWord::Good);
        let strict = ProbeSpec {
            max_failed_percent: Some(25),
            ..probe
        };
        assert_eq!(says(&strict, &broken).0, ResultWord::Bad);
    }

    #[test]
    fn a_figure_that_may_be_out_of_its_bounds_for_long_may_not_be_away_for_long() {
        let probe = figure(Some(20));
        assert_eq!(says(&probe, &[FAILED; 4]).0, ResultWord::Waiting);
        assert_eq!(says(&probe, &[FAILED; 5]).0, ResultWord::Bad);
        assert_eq!(says(&probe, &[SILENT; 3]).0, ResultWord::Bad);
        assert_eq!(
            says(&probe, &[silent, failed, silent, silent]).0,
            ResultWord::Waiting
        );
    }
}
