//! Probes: what is asked of a database while a run goes on, and what it answers.

use jiff::Timestamp;
use kube::Client;

use super::Clock;
use crate::schedule::observed::{Answers, Member};
use crate::schedule::spec::probe::{BreakerSpec, ProbeSpec};
use crate::schedule::spec::status::ResultWord;

/// A run, as far as its probes are concerned.
#[derive(Debug, Clone)]
pub struct Probed<'a> {
    /// Its uid.
    pub uid: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The probes of its phase.
    pub probes: Vec<&'a ProbeSpec>,
    /// The circuit breakers of its phase.
    pub breakers: Vec<&'a BreakerSpec>,
    /// The members of the database or workload.
    pub members: &'a [Member],
}

/// Asks probes and remembers what they have answered.
pub struct Prober {
    _client: Client,
    now: Clock,
}

impl Prober {
    /// One that asks by this client.
    #[must_use]
    pub fn new(client: Client, now: Clock) -> Self {
        Self {
            _client: client,
            now,
        }
    }

    /// What the probes of a run answer: nobody asks them yet, and what nobody asks is not known.
    pub async fn answers(&self, run: &Probed<'_>) -> Vec<Answers> {
        let at: Timestamp = (self.now)();
        let names = run.probes.iter().map(|it| &it.name);
        let names = names.chain(run.breakers.iter().map(|it| &it.name));
        let answers = names.map(|name| Answers {
            name: name.clone(),
            result: ResultWord::Unknown,
            seen: format!("nobody has asked it, {at}"),
            data: None,
        });
        std::future::ready(answers.collect()).await
    }

    /// Forgets a run.
    pub fn forget(&self, _uid: &str) {}
}
