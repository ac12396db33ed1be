//! The rounds of whoever leads, and of everybody else.
//!
//! What there is, is listed once a round from what the API server has at hand. A run is taken on when it has
//! changed, when its time has come, and when somebody stops something; what it is then is read anew.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};

use super::read::{self, RUN, STOP, Stored};
use super::stopped::Stops;
use super::turn::Turned;
use super::{Scheduler, Who};
use crate::object::Object;
use crate::schedule::sanctioned::KIND;
use crate::schedule::spec::status::PhaseWord;

/// How often it is looked whether anything is new, while something runs and while nothing does.
const BUSY: Duration = Duration::from_secs(1);
const IDLE: Duration = Duration::from_secs(2);
/// The same where there is nothing that could run.
const EMPTY: Duration = Duration::from_secs(5);
/// The same where our kinds may not be read.
const ABSENT: Duration = Duration::from_secs(15);
/// How often who does not lead looks at what runs.
const BESIDE: Duration = Duration::from_secs(15);
/// How long one turn of a run may take.
const TURN: Duration = Duration::from_secs(20);
/// After how long without sight of emergency stops one is taken to be there.
const BLIND: Duration = Duration::from_secs(30);
/// How often an experiment is looked at that has not changed.
const TICK: Duration = Duration::from_secs(15);
/// How often it is looked for what was left behind.
const SWEEP: Duration = Duration::from_mins(1);

/// What there is at one instant.
pub(super) struct Seen {
    pub(super) experiments: Vec<Object>,
    pub(super) runs: Vec<Stored>,
    pub(super) stops: Stops,
}

/// When something is to be looked at next: in which version it was seen, and when its time has come.
#[derive(Default)]
pub(super) struct Due(HashMap<String, (String, Option<Timestamp>)>);

impl Due {
    /// Whether it has changed, or its time has come.
    pub(super) fn is(&self, uid: &str, version: &str, now: Timestamp) -> bool {
        self.0
            .get(uid)
            .is_none_or(|(seen, wake)| seen != version || wake.is_some_and(|wake| wake <= now))
    }

    pub(super) fn set(&mut self, uid: &str, version: &str, wake: Option<Timestamp>) {
        self.0.insert(uid.to_owned(), (version.to_owned(), wake));
    }

    /// Keeps those that are there. Whose else is forgotten is told.
    fn keep(&mut self, there: impl Fn(&str) -> bool) -> Vec<String> {
        let gone = self.0.keys().filter(|uid| !there(uid)).cloned();
        let gone: Vec<String> = gone.collect();
        self.0.retain(|uid, _| there(uid));
        gone
    }
}

/// Emergency stops as they were last seen.
struct LastStops {
    seen: Option<(Vec<Object>, Instant)>,
}

impl LastStops {
    /// What is known of them now. Soon after they were last seen they are what they were.
    fn now(&mut self, listed: Result<Vec<Object>, String>) -> Stops {
        match listed {
            Ok(stops) => {
                self.seen = Some((stops.clone(), Instant::now()));
                Ok(stops)
            }
            Err(why) => match &self.seen {
                Some((stops, at)) if at.elapsed() < BLIND => Ok(stops.clone()),
                Some(_) | None => Err(why),
            },
        }
    }
}

impl Scheduler {
    /// What there is; nothing where our kinds cannot be read.
    async fn seen(&self, last: &mut LastStops) -> Option<Seen> {
        let (experiments, runs, stops) = tokio::join!(
            read::all(&self.reach, KIND),
            read::all(&self.reach, RUN),
            read::all(&self.reach, STOP),
        );
        let stops = last.now(stops.map_err(|failure| failure.to_string()));
        let (experiments, runs) = match (experiments, runs) {
            (Ok(experiments), Ok(runs)) => (experiments, runs),
            (Err(failure), _) | (_, Err(failure)) => {
                tracing::warn!(%failure, "sanctioned experiments cannot be read");
                return None;
            }
        };
        let runs = runs.into_iter().filter_map(|it| {
            let name = it.reference().to_string();
            let read = Stored::read(it);
            read.inspect_err(|error| tracing::error!(name, error, "a run cannot be read"))
                .ok()
        });
        Some(Seen {
            experiments,
            runs: runs.collect(),
            stops,
        })
    }

    /// Takes those of the runs on whose time has come.
    async fn take_on(&self, seen: &Seen, due: &mut Due) {
        let now = (self.now)();
        let is_due = |run: &&Stored| {
            !run.is_over() && due.is(run.uid(), run.version(), now)
                || stops_some(&seen.stops) && is_live(run)
        };
        let those: Vec<&Stored> = seen.runs.iter().filter(is_due).collect();
        let turns = those.iter().map(|run| async {
            let place = (run.namespace(), run.name());
            let turn = Box::pin(self.turn(place, &seen.stops, Who::Leader));
            let late = (Turned::Again, String::new());
            timeout(TURN, turn).await.unwrap_or(late)
        });
        let turned = join_all(turns).await;
        for (run, (turned, version)) in those.into_iter().zip(turned) {
            let wake = match turned {
                Turned::Over => None,
                Turned::Wake(wake) => Some(wake),
                Turned::Again => Some((self.now)()),
            };
            due.set(run.uid(), &version, wake);
        }
    }
}

/// Whether anything is stopped, or nobody knows.
fn stops_some(stops: &Stops) -> bool {
    stops.as_ref().map_or(true, |stops| !stops.is_empty())
}

/// Whether a run may have something in effect, or is about to.
fn is_live(run: &Stored) -> bool {
    run.status.phase < PhaseWord::Reverting
}

/// The rounds of the leader.
pub(super) async fn lead(scheduler: &Scheduler) {
    let mut last = LastStops { seen: None };
    let (mut runs, mut ticks) = (Due::default(), Due::default());
    let mut swept: Option<Instant> = None;
    loop {
        let Some(mut seen) = scheduler.seen(&mut last).await else {
            sleep(ABSENT).await;
            continue;
        };
        scheduler.take_on(&seen, &mut runs).await;
        let there = |uid: &str| seen.runs.iter().any(|it| it.uid() == uid);
        for uid in runs.keep(there) {
            scheduler.forget(&uid);
        }
        ticks.keep(|uid| seen.experiments.iter().any(|it| it.uid() == Some(uid)));
        scheduler.tick_all(&mut seen, &mut ticks, TICK).await;
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            swept = Some(Instant::now());
            scheduler.sweep(&seen).await;
        }
        let idle = seen.runs.iter().all(Stored::is_over);
        sleep(match (idle, seen.experiments.is_empty()) {
            (false, _) => BUSY,
            (true, false) => IDLE,
            (true, true) => EMPTY,
        })
        .await;
    }
}

/// The rounds of everybody: what runs is looked at, and ended where it must not go on.
pub(super) async fn watch(scheduler: &Scheduler) {
    let mut last = LastStops { seen: None };
    loop {
        // Not all at the same time.
        sleep(BESIDE.mul_f64(0.75 + fastrand::f64() / 2.0)).await;
        let Some(seen) = scheduler.seen(&mut last).await else {
            continue;
        };
        let phases = [
            PhaseWord::Injecting,
            PhaseWord::Active,
            PhaseWord::Reverting,
        ];
        let runs = seen
            .runs
            .iter()
            .filter(|run| phases.contains(&run.status.phase));
        let turns = runs.map(|run| async {
            let place = (run.namespace(), run.name());
            let turn = Box::pin(scheduler.turn(place, &seen.stops, Who::Any));
            // What was not done now is done at the next round.
            drop(timeout(TURN, turn).await);
        });
        join_all(turns).await;
    }
}

impl Scheduler {
    /// Forgets what is remembered of a run that is no more.
    fn forget(&self, uid: &str) {
        self.promises.forget(uid);
        self.prober.forget(uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_new_changed_or_has_its_time_is_due() {
        let mut due = Due::default();
        assert!(due.is("a", "1", at(0)));
        due.set("a", "1", Some(at(10)));
        assert!(!due.is("a", "1", at(9)));
        assert!(due.is("a", "1", at(10)) && due.is("a", "2", at(0)));
        due.set("a", "2", None);
        assert!(!due.is("a", "2", at(1_000)));
        assert_eq!(due.keep(|_| false), ["a".to_owned()]);
        assert!(due.is("a", "2", at(0)));
    }

    #[tokio::test(start_paused = true)]
    async fn stops_that_are_out_of_sight_for_too_long_are_not_known() {
        let mut last = LastStops { seen: None };
        let failed = || Err("no answer".to_owned());
        assert!(last.now(failed()).is_err());
        assert!(last.now(Ok(Vec::new())).is_ok());
        assert!(last.now(failed()).is_ok());
        tokio::time::advance(BLIND).await;
        assert!(last.now(failed()).is_err());
    }
}
