//! Probes, asked by the prober of servers on loopback: small ones of ours, and real databases.

mod databases;
mod engines;
mod kubernetes;
mod relay;
mod web;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firebreak::schedule::observed::{Answers, Member};
use firebreak::schedule::spec::probe::{BreakerSpec, ProbeSpec};
use firebreak::schedule::spec::status::ResultWord;
use firebreak::server::probe::{Probed, Prober, Traffic};
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::fake_api::FakeApi;

/// How long is waited for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A run, whose probes are asked.
struct Asked {
    prober: Prober,
    probes: Vec<ProbeSpec>,
    breakers: Vec<BreakerSpec>,
    members: Vec<Member>,
}

impl Asked {
    fn new(api: &FakeApi, probes: &[Value]) -> Self {
        Self::with(api.client(), probes)
    }

    fn with(client: Client, probes: &[Value]) -> Self {
        let probes = probes.iter().map(|it| serde_json::from_value(it.clone()));
        Self {
            prober: Prober::new(client, Arc::new(Timestamp::now)),
            probes: probes.collect::<Result<_, _>>().unwrap(),
            breakers: Vec::new(),
            members: Vec::new(),
        }
    }

    /// What every probe says now.
    async fn says(&self) -> Vec<Answers> {
        let run = Probed {
            uid: "0b5c",
            namespace: "shop",
            probes: self.probes.iter().collect(),
            breakers: self.breakers.iter().collect(),
            members: &self.members,
        };
        self.prober.answers(&run).await
    }

    /// What the first one says, once it says that.
    async fn until(&self, result: ResultWord) -> Answers {
        self.once(|it| it.result == result).await
    }

    /// Waits until the first one says that, in these words among others.
    async fn seen(&self, result: ResultWord, words: &str) -> Answers {
        self.once(|it| it.result == result && it.seen.contains(words))
            .await
    }

    /// What the first one says, once that is so.
    async fn once(&self, is: impl Fn(&Answers) -> bool) -> Answers {
        let begun = Instant::now();
        loop {
            let says = self.says().await.remove(0);
            if is(&says) {
                return says;
            }
            assert!(begun.elapsed() < PATIENCE, "still {says:?}");
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn traffic(&self) -> Traffic {
        self.prober.traffic("0b5c")
    }

    /// Waits until so much was measured.
    async fn measured(&self, is: impl Fn(&Traffic) -> bool) -> Traffic {
        let begun = Instant::now();
        loop {
            let traffic = self.traffic();
            if is(&traffic) {
                return traffic;
            }
            assert!(begun.elapsed() < PATIENCE, "still {traffic:?}");
            self.says().await;
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A probe that is asked often.
fn probe(kind: &str, spec: Value) -> Value {
    let mut probe = json!({"name": kind, "interval": "200ms", "over": "2s"});
    probe[kind] = spec;
    probe
}

/// Puts a Secret beside the experiment.
fn put_secret(api: &FakeApi, name: &str, values: &[(&str, &str)]) {
    let data = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value))));
    let data: serde_json::Map<String, Value> = data.collect();
    let secret = json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": name, "namespace": "shop"}, "data": data});
    api.put(
        &format!("/api/v1/namespaces/shop/secrets/{name}"),
        Some(secret),
    );
}
