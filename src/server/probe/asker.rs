//! Asks one probe, again and again, until it is told to end. There are never two questions at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use super::kind::{Kind, Place};
use super::latency::Latency;
use super::rule::{PAUSE, Rule};
use super::window::{Told, Window, Wrong};
use super::{Measured, Traffic};
use crate::schedule::observed::Answers;
use crate::schedule::spec::probe::ProbeSpec;
use crate::schedule::spec::status::ResultWord;
use crate::server::Clock;

/// How many beginnings of failures are remembered.
const ONSETS: usize = 64;

/// A probe that is asked in the background. Once it is dropped it is asked no more.
pub(super) struct Asker {
    question: ProbeSpec,
    work: Arc<Work>,
    order: oneshot::Sender<()>,
}

/// What the background does.
struct Work {
    rule: Rule,
    kind: Kind,
    now: Clock,
    hurry: Notify,
    state: Mutex<State>,
}

/// What was answered so far.
struct State {
    window: Window,
    asked: u64,
    failed: u64,
    latency: Latency,
    fails: bool,
    /// When it began to fail.
    onsets: VecDeque<Timestamp>,
}

/// What is said of a probe of which nothing is known.
pub(super) fn unknown(name: &str, seen: &str) -> Answers {
    Answers {
        name: name.to_owned(),
        result: ResultWord::Unknown,
        seen: seen.to_owned(),
        data: None,
    }
}

impl Asker {
    /// Begins to ask.
    pub(super) fn begin(question: ProbeSpec, place: Place) -> Self {
        let rule = Rule::of(&question);
        let state = State {
            window: Window::new(rule.clone()),
            asked: 0,
            failed: 0,
            latency: Latency::default(),
            fails: false,
            onsets: VecDeque::new(),
        };
        let work = Arc::new(Work {
            rule,
            now: place.now.clone(),
            kind: Kind::of(&question, place),
            hurry: Notify::new(),
            state: Mutex::new(state),
        });
        let (order, ended) = oneshot::channel();
        tokio::spawn(go_on(Arc::clone(&work), ended));
        Self {
            question,
            work,
            order,
        }
    }

    pub(super) fn question(&self) -> &ProbeSpec {
        &self.question
    }

    pub(super) fn writes(&self) -> bool {
        self.work.kind.writes()
    }

    /// What it says now.
    pub(super) fn says(&self) -> Answers {
        let (result, seen) = self.work.state().window.says(Instant::now());
        Answers {
            name: self.question.name.clone(),
            result,
            seen,
            data: self.work.kind.wrong(),
        }
    }

    /// What it says now that nobody asks: whether the rows are there that it wrote. That its window holds
    /// failures is no breach any more.
    pub(super) fn still_says(&self) -> Answers {
        let says = self.says();
        let result = match says.result {
            ResultWord::Good => ResultWord::Good,
            ResultWord::Bad | ResultWord::Waiting | ResultWord::Unknown => ResultWord::Waiting,
        };
        Answers { result, ..says }
    }

    /// Forgets what was answered, and asks at once.
    pub(super) fn anew(&self) {
        self.work.state().window.anew();
        self.work.hurry.notify_one();
    }

    /// When it first began to fail from this instant on.
    pub(super) fn first_failed(&self, since: Timestamp) -> Option<Timestamp> {
        let state = self.work.state();
        state.onsets.iter().copied().find(|it| *it >= since)
    }

    /// What it measured.
    pub(super) fn measured(&self) -> Measured {
        let kind = &self.work.kind;
        if !kind.is_traffic() {
            return Measured::default();
        }
        let state = self.work.state();
        let mut traffic = Traffic {
            asked: state.asked,
            failed: state.failed,
            ..Traffic::default()
        };
        let latency = state.latency.clone();
        drop(state);
        kind.account(&mut traffic);
        Measured { traffic, latency }
    }

    /// Ends it, and removes what it wrote.
    pub(super) fn end(self) {
        // Where nobody hears that, it has ended.
        self.order.send(()).ok();
    }
}

/// Asks until it is told to end, or nobody is there to tell.
async fn go_on(work: Arc<Work>, ended: oneshot::Receiver<()>) {
    tokio::select! {
        told = ended => {
            if told.is_ok() {
                work.kind.tidy().await;
            }
        }
        () = work.ask_on() => {}
    }
}

impl Work {
    async fn ask_on(&self) {
        let mut left = 0_u32;
        loop {
            let began = Instant::now();
            left = if self.ask().await {
                left.saturating_add(1)
            } else {
                0
            };
            let pause = pause(self.rule.interval, left);
            tokio::select! {
                () = sleep_until(began + pause) => {}
                () = self.hurry.notified() => {}
            }
        }
    }

    /// Asks once; whether the question was left with a server that did not answer it.
    async fn ask(&self) -> bool {
        if let Err(why) = self.kind.prepare().await {
            self.note(Err(Wrong::Failed(why)), None);
            return false;
        }
        let began = Instant::now();
        if let Ok(told) = timeout(self.rule.timeout, self.kind.ask()).await {
            self.note(told, Some(began.elapsed()));
            return false;
        }
        self.note(Err(self.kind.late(self.rule.timeout)), None);
        self.kind.is_inside()
    }

    fn note(&self, told: Told, took: Option<Duration>) {
        let mut state = self.state();
        state.asked = state.asked.saturating_add(1);
        let fails = told.is_err();
        if fails {
            state.failed = state.failed.saturating_add(1);
        } else if let Some(took) = took {
            state.latency.count(took);
        }
        if fails && !state.fails {
            state.onsets.push_back((self.now)());
            if state.onsets.len() > ONSETS {
                state.onsets.pop_front();
            }
        }
        state.fails = fails;
        state.window.add(Instant::now(), told);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long after a question the next one is asked. A server that lets us in and does not answer is asked less
/// and less often: each time it may be left with one more session, and it has few.
fn pause(interval: Duration, left: u32) -> Duration {
    let longer = interval.saturating_mul(1_u32.checked_shl(left).unwrap_or(u32::MAX));
    longer.min(PAUSE.max(interval))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_answer_is_asked_less_and_less_often() {
        let seconds = Duration::from_secs;
        assert_eq!(pause(seconds(5), 0), seconds(5));
        assert_eq!(pause(seconds(5), 1), seconds(10));
        assert_eq!(pause(seconds(5), 3), PAUSE);
        assert_eq!(pause(seconds(5), 4_000_000_000), PAUSE);
        assert_eq!(pause(seconds(60), 2), seconds(60));
    }
}
