//! How often exemptions are used, in their status: every replica counts what it admits, and replaces only
//! the version that it read.
//!
//! The count is for people, and no verdict depends on it. So nobody waits for it: it is written beside the
//! answers, and later where the API server is away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{Api, ListParams, Patch, PatchParams};
use kube::{Client, Error, ResourceExt as _};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::metrics::{Family, metrics};
use crate::judge::{Decision, Verdict};
use crate::policy::spec::exemption::Exemption;
use crate::policy::spec::values::Moment;
use crate::request::Request;

/// How many admitted requests may wait to be counted.
const WAITING: usize = 1024;
/// How often a write is tried that others come before.
const TRIES: u32 = 8;
/// The longest pause before another try.
const PAUSE: Duration = Duration::from_millis(50);
/// How long one count may take.
const BUDGET: Duration = Duration::from_secs(10);
/// When what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Where it is told what was admitted.
#[derive(Debug, Clone)]
pub struct Uses(mpsc::Sender<Used>);

/// The exemptions that lifted something of one request, and when.
#[derive(Debug)]
struct Used {
    exemptions: BTreeSet<String>,
    at: Timestamp,
}

/// Uses of an exemption that are not written yet.
#[derive(Debug, Clone, Copy)]
struct Tally {
    uses: u32,
    last: Timestamp,
}

impl Uses {
    /// A counter, and the work to be done for it.
    pub fn of(client: Client) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (sender, used) = mpsc::channel(WAITING);
        (Self(sender), work(used, Api::all(client)))
    }

    /// Counts the exemptions without which this request would not have been admitted so.
    pub fn count(&self, request: &Request, verdict: &Verdict, at: Timestamp) {
        let violations = verdict.violations.iter();
        let exemptions = violations.filter_map(|it| it.exempted_by.clone());
        let exemptions: BTreeSet<String> = exemptions.collect();
        let admitted = verdict.decision != Decision::Deny && !request.dry_run;
        if !admitted || exemptions.is_empty() {
            return;
        }
        for exemption in &exemptions {
            metrics().count(Family::Exempted, &[exemption]);
        }
        if self.0.try_send(Used { exemptions, at }).is_err() {
            tracing::warn!("a use of exemptions is not counted: too many wait for that");
        }
    }
}

/// Writes what is told until nobody is left to tell it.
async fn work(mut used: mpsc::Receiver<Used>, exemptions: Api<Exemption>) {
    let mut pending = BTreeMap::new();
    loop {
        let next = timeout(AGAIN, used.recv()).await;
        let ended = matches!(next, Ok(None));
        let told = next.ok().flatten();
        let more = std::iter::from_fn(|| used.try_recv().ok());
        for next in told.into_iter().chain(more) {
            add(&mut pending, next);
        }
        pending = left(&exemptions, pending).await;
        if ended {
            return;
        }
    }
}

fn add(pending: &mut BTreeMap<String, Tally>, Used { exemptions, at }: Used) {
    for name in exemptions {
        let tally = pending.entry(name).or_insert(Tally { uses: 0, last: at });
        tally.uses = tally.uses.saturating_add(1);
        tally.last = tally.last.max(at);
    }
}

/// Writes what is pending; what could not be written is left.
async fn left(
    exemptions: &Api<Exemption>,
    pending: BTreeMap<String, Tally>,
) -> BTreeMap<String, Tally> {
    let mut left = BTreeMap::new();
    for (name, tally) in pending {
        let written = timeout(BUDGET, write(exemptions, &name, tally)).await;
        let written = written.unwrap_or_else(|_| Err("no answer".to_owned()));
        if let Err(why) = written {
            tracing::warn!(exemption = name, why, "its uses could not be counted yet");
            left.insert(name, tally);
        }
    }
    left
}

async fn write(exemptions: &Api<Exemption>, name: &str, tally: Tally) -> Result<(), String> {
    let named = ListParams::default().fields(&format!("metadata.name={name}"));
    for _ in 0..TRIES {
        let found = exemptions.list(&named).await;
        let found = found.map_err(|error| error.to_string())?;
        let Some(exemption) = found.items.into_iter().next() else {
            return Ok(());
        };
        let patch = Patch::Merge(counted(&exemption, tally));
        let how = PatchParams::default();
        match exemptions.patch_status(name, &how, &patch).await {
            Ok(_) => return Ok(()),
            Err(Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(Error::Api(status)) if status.code == 409 => {
                sleep(PAUSE.mul_f64(fastrand::f64())).await;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(format!("others have written it {TRIES} times in a row"))
}

/// What becomes of the version of an exemption that was read, and of no other.
fn counted(exemption: &Exemption, tally: Tally) -> serde_json::Value {
    let before = exemption.status.clone().unwrap_or_default();
    let uses = before.uses.unwrap_or_default().saturating_add(tally.uses);
    let last = before
        .last_used
        .map_or(tally.last, |it| it.0.max(tally.last));
    json!({
        "metadata": {"resourceVersion": exemption.resource_version()},
        "status": {"uses": uses, "lastUsed": Moment(last)},
    })
}
