//! One step in the making: what is seen, and what the next status is so far.

use std::time::Duration;

use jiff::Timestamp;

use super::Step;
use crate::policy::spec::values::Moment;
use crate::schedule::effect::Effect;
use crate::schedule::observed::{Observed, Subject};
use crate::schedule::plan::Plan;
use crate::schedule::run::Run;
use crate::schedule::spec::status::{
    ExperimentRunStatus, Happening, OutcomeWord, PhaseWord, RevertStatus,
};

/// How much of a timeline is kept: its beginning and its end tell what happened.
const TIMELINE: usize = 64;

/// The end of a fault that nobody had to end.
pub(super) const OVER: &str = "DurationOver";

pub(super) struct Turn<'a> {
    pub(super) run: &'a Run,
    pub(super) plan: &'a Plan,
    pub(super) seen: &'a Observed,
    pub(super) now: Timestamp,
    pub(super) next: ExperimentRunStatus,
    effects: Vec<Effect>,
    wait: Option<Duration>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(run: &'a Run, seen: &'a Observed, now: Timestamp) -> Self {
        Self {
            run,
            plan: &run.plan,
            seen,
            now,
            next: run.status.clone(),
            effects: Vec::new(),
            wait: None,
        }
    }

    pub(super) fn finish(mut self) -> Step {
        if self.next != self.run.status {
            self.next.epoch = Some(self.run.status.epoch.unwrap_or(0).saturating_add(1));
        }
        let wait = if self.next.phase == self.run.status.phase {
            self.wait
        } else {
            Some(Duration::ZERO)
        };
        Step {
            wake: wait.map(|wait| self.now.saturating_add(wait).unwrap_or(Timestamp::MAX)),
            status: self.next,
            effects: self.effects,
        }
    }

    /// Asks for something to be done once the status is stored.
    pub(super) fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Looks again after this long.
    pub(super) fn wait(&mut self, wait: Duration) {
        self.wait = Some(self.wait.map_or(wait, |other| other.min(wait)));
    }

    /// Goes on to another phase. What is asked for there is asked for once that is stored.
    pub(super) fn enter(&mut self, phase: PhaseWord, what: &str) {
        self.tell(what);
        self.next.phase = phase;
        self.next.since = Some(Moment(self.now));
    }

    /// Notes down what happened.
    pub(super) fn tell(&mut self, what: &str) {
        if self.next.timeline.len() >= TIMELINE {
            self.next.timeline.remove(TIMELINE / 2);
        }
        self.next.timeline.push(Happening {
            at: Moment(self.now),
            phase: self.next.phase,
            what: what.to_owned(),
        });
    }

    /// Ends a run of which nothing was injected.
    pub(super) fn skip(&mut self, reason: &str, message: &str) {
        self.close(OutcomeWord::Skipped, reason, message);
    }

    /// Goes on to give everything back, with how it ended.
    pub(super) fn close(&mut self, outcome: OutcomeWord, reason: &str, message: &str) {
        self.next.outcome = Some(outcome);
        self.next.reason = Some(reason.to_owned());
        self.next.message = Some(message.to_owned());
        self.enter(PhaseWord::Closing, &format!("{reason}: {message}"));
    }

    /// Ends the fault.
    pub(super) fn revert(&mut self, reason: &str, message: &str) {
        self.next.revert = Some(RevertStatus {
            reason: reason.to_owned(),
            requested_at: Moment(self.now),
            deleted_at: None,
            stuck_since: None,
            reverted_at: None,
        });
        if reason != OVER {
            self.next.message = Some(message.to_owned());
            let (reason, message) = (reason.to_owned(), message.to_owned());
            self.ask(Effect::Tell { reason, message });
        }
        self.enter(PhaseWord::Reverting, &format!("{reason}: {message}"));
    }

    /// How long this phase has taken.
    pub(super) fn elapsed(&self) -> Duration {
        self.since(self.run.status.since.map(|it| it.0))
    }

    /// How long ago that was; a long time where it is not known.
    pub(super) fn since(&self, instant: Option<Timestamp>) -> Duration {
        let Some(instant) = instant else {
            return Duration::MAX;
        };
        // A clock that was set back has not undone anything.
        Duration::try_from(self.now.duration_since(instant)).unwrap_or(Duration::ZERO)
    }

    /// The database or workload, if it can be seen.
    pub(super) fn subject(&self) -> Option<&'a Subject> {
        self.seen.subject.seen()
    }

    /// Whether a pod was seen to be hit before.
    pub(super) fn was_hit(&self, name: &str) -> bool {
        let watch = self.run.status.watch.as_ref();
        watch.is_some_and(|watch| watch.hit.iter().any(|it| it == name))
    }

    /// Ends it where somebody says so who may, in a phase in which that means something; whether it did.
    pub(super) fn end_where_told(&mut self) -> bool {
        let phase = self.run.status.phase;
        if phase >= PhaseWord::Reverting {
            return false;
        }
        let Some((reason, message)) = self.ending() else {
            return false;
        };
        if phase < PhaseWord::Injecting {
            self.skip(reason, &message);
        } else {
            self.revert(reason, &message);
        }
        true
    }

    /// Why it is to end whatever else is seen.
    fn ending(&self) -> Option<(&'static str, String)> {
        let by_hand = "somebody ended it";
        let closed = self.seen.closed.as_ref();
        let starting = self.run.status.phase < PhaseWord::Injecting;
        if let Some(why) = &self.seen.stopped {
            return Some(("EmergencyStop", why.clone()));
        }
        if self.run.deleting {
            return Some(("UserAbort", "the run was deleted".to_owned()));
        }
        if self.run.spec.abort {
            return Some(("UserAbort", by_hand.to_owned()));
        }
        closed
            .filter(|window| starting || window.halts)
            .map(|window| ("Blackout", window.why.clone()))
    }
}
