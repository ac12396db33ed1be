//! Probes of running experiments. Each is asked in the background at its own interval (`asker`), of what it
//! answered its window is kept (`window`, by its `rule`), and what that says is told whenever somebody wants to know.
//!
//! One file a kind of probe, behind one name (`kind`): `http`, `tcp`, `exec`, `promql`, `condition`, and
//! `sql` over the protocols of `postgres` and `mysql`. A probe that writes keeps account of its rows (`writes`).
//!
//! Soundness: what was not asked is unknown, what could not be asked has failed, and no figure is a figure out of
//! its bounds. Nothing of a Secret is in what is told.

mod latency;
mod rule;
mod window;
mod writes;
mod secrets;
mod web;
mod http;
mod tcp;
mod exec;
mod promql;
mod condition;
mod postgres;
mod mysql;
mod sql;
mod kind;
mod asker;

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;

use crate::schedule::observed::{Answers, Member};
use crate::schedule::spec::probe::{BreakerSpec, ProbeSpec};
use crate::server::Clock;
use asker::Asker;
use exec::Members;
use kind::Place;
use latency::Latency;

/// How many are asked for one run at most: all that an experiment can name.
const MOST: usize = 64;

/// Asks the probes of runs.
pub struct Prober {
    client: Client,
    now: Clock,
    runs: Mutex<BTreeMap<String, Run>>,
}

/// A run, and what is to be asked for it now.
pub struct Probed<'a> {
    /// Its uid.
    pub uid: &'a str,
    /// The namespace of its experiment, in which Secrets are.
    pub namespace: &'a str,
    /// The probes.
    pub probes: Vec<&'a ProbeSpec>,
    /// The circuit breakers.
    pub breakers: Vec<&'a BreakerSpec>,
    /// The members of the database or workload, as they are now.
    pub members: &'a [Member],
}

/// What the probes of a run measured from its beginning: those of `http`, `tcp` and `sql`, which ask as users do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traffic {
    /// How often they were asked.
    pub asked: u64,
    /// How often that failed.
    pub failed: u64,
    /// The median of how long answers took, rounded up.
    pub p50: Option<Duration>,
    /// The 99th percentile of that.
    pub p99: Option<Duration>,
    /// How long nothing could be written, at most; none where nothing writes.
    pub write_downtime: Option<Duration>,
    /// How many rows were acknowledged and are not there.
    pub lost: u64,
    /// How many are there twice.
    pub doubled: u64,
    /// How many were not acknowledged and are there.
    pub late: u64,
}

/// What is asked for one run.
#[derive(Default)]
struct Run {
    members: Members,
    askers: Vec<Asker>,
    /// What was measured by those that are not asked any more.
    before: Measured,
}

/// What one or several probes measured.
#[derive(Debug, Clone, Default)]
struct Measured {
    traffic: Traffic,
    latency: Latency,
}

impl Prober {
    /// One that reads Secrets and asks pods and objects by this client.
    #[must_use]
    pub fn new(client: Client, now: Clock) -> Self {
        Self {
            client,
            now,
            runs: Mutex::default(),
        }
    }

    /// What each probe and circuit breaker says now. Those that are new begin to be asked; those that are not
    /// named any more end, but for those that write: they go on until the run is forgotten, because the rows
    /// that they wrote are to be there at its end, and say so under their names.
    pub fn answers(&self, run: &Probed<'_>) -> Ready<Vec<Answers>> {
        let questions = run.questions();
        let mut runs = self.runs();
        let known = runs.entry(run.uid.to_owned()).or_default();
        known.members.set(run.members);
        known.end(|asker| questions.contains(asker.question()) || asker.writes());
        for question in &questions {
            if known.asker(question).is_none() && known.askers.len() < MOST {
                let place = self.place(run, &known.members);
                known.askers.push(Asker::begin(question.clone(), place));
            }
        }
        let told = questions.iter().map(|it| known.says(it));
        let mut told: Vec<Answers> = told.collect();
        let silent = known.askers.iter();
        let silent = silent.filter(|it| !questions.contains(it.question()));
        told.extend(silent.map(Asker::still_says));
        ready(told)
    }

    /// Forgets what was answered so far, and asks at once: what was true during a fault says nothing of after.
    /// What was measured and which rows were written is kept.
    pub fn anew(&self, uid: &str) {
        if let Some(run) = self.runs().get(uid) {
            run.askers.iter().for_each(Asker::anew);
        }
    }

    /// Ends all that is asked for a run, and removes the rows that were written for it.
    pub fn forget(&self, uid: &str) {
        if let Some(run) = self.runs().remove(uid) {
            run.askers.into_iter().for_each(Asker::end);
        }
    }

    /// What the probes of a run measured.
    #[must_use]
    pub fn traffic(&self, uid: &str) -> Traffic {
        let runs = self.runs();
        let Some(run) = runs.get(uid) else {
            return Traffic::default();
        };
        let mut all = run.before.clone();
        run.askers.iter().for_each(|it| all.add(&it.measured()));
        Traffic {
            p50: all.latency.quantile(50),
            p99: all.latency.quantile(99),
            ..all.traffic
        }
    }

    /// When a probe of a run first began to fail from this instant on.
    #[must_use]
    pub fn first_failed(&self, uid: &str, since: Timestamp) -> Option<Timestamp> {
        let runs = self.runs();
        let each = runs.get(uid)?.askers.iter();
        each.filter_map(|it| it.first_failed(since)).min()
    }

    fn place(&self, run: &Probed<'_>, members: &Members) -> Place {
        Place {
            client: self.client.clone(),
            now: self.now.clone(),
            uid: run.uid.to_owned(),
            namespace: run.namespace.to_owned(),
            members: members.clone(),
        }
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<String, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Probed<'_> {
    /// All that is asked. A circuit breaker is a probe of a figure.
    fn questions(&self) -> Vec<ProbeSpec> {
        let breaker = |it: &&BreakerSpec| ProbeSpec {
            name: it.name.clone(),
            prometheus: Some(it.prometheus.clone()),
            ..ProbeSpec::default()
        };
        let probes = self.probes.iter().map(|it| (*it).clone());
        probes.chain(self.breakers.iter().map(breaker)).collect()
    }
}

impl Run {
    fn asker(&self, question: &ProbeSpec) -> Option<&Asker> {
        self.askers.iter().find(|it| it.question() == question)
    }

    fn says(&self, question: &ProbeSpec) -> Answers {
        self.asker(question).map_or_else(
            || asker::unknown(&question.name, "too many probes are asked for this run"),
            Asker::says,
        )
    }

    /// Ends those that are not to go on. What they measured stays.
    fn end(&mut self, stays: impl Fn(&Asker) -> bool) {
        let (stay, ended) = std::mem::take(&mut self.askers)
            .into_iter()
            .partition(stays);
        self.askers = stay;
        let ended: Vec<Asker> = ended;
        for asker in ended {
            self.before.add(&asker.measured());
            asker.end();
        }
    }
}

impl Measured {
    fn add(&mut self, other: &Self) {
        let (to, from) = (&mut self.traffic, &other.traffic);
        to.asked = to.asked.saturating_add(from.asked);
        to.failed = to.failed.saturating_add(from.failed);
        to.lost = to.lost.saturating_add(from.lost);
        to.doubled = to.doubled.saturating_add(from.doubled);
        to.late = to.late.saturating_add(from.late);
        // Nothing could be written where the probe that was worst off could write nothing.
        to.write_downtime = to.write_downtime.max(from.write_downtime);
        self.latency.add(&other.latency);
    }
}
