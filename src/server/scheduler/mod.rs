//! Sanctioned experiments, carried out. The core (`schedule`) decides what is next; here it is looked at what it
//! decides by (`look` and those it asks), and done what it asks for (`carry_out`), in an order in which nothing
//! is done twice (`turn`).
//!
//! The leader makes runs of ticks and takes them on (`rounds`, `ticks`, `history`), and removes what runs have
//! left that are no more (`sweep`). Every replica watches what runs, and may end it: any may stop, only the
//! leader may start. A chaos object that says that it is a run's is admitted only while that run is injecting
//! (`fence`).

mod acts;
mod backups;
mod carry_out;
mod choose;
mod fence;
mod history;
mod look;
mod measure;
mod native;
mod promise;
mod reach;
mod read;
mod rounds;
mod rule;
mod stopped;
mod subject;
mod sweep;
mod tell;
mod ticks;
mod turn;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use kube::Client;

pub use fence::Fence;
pub use rule::verdict;

use super::Clock;
use super::ledger::Store;
use super::probe::Prober;
use super::view::Outlook;
use promise::Promises;
use reach::Reach;

/// Who takes a run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// The leader, who may start and stop.
    Leader,
    /// Any replica, which may only stop.
    Any,
}

/// Carries sanctioned experiments out.
pub struct Scheduler {
    reach: Reach,
    outlook: Arc<dyn Outlook>,
    promises: Promises,
    prober: Prober,
    now: Clock,
    /// Who we are to the guard.
    account: String,
    /// What others have left behind and people were told of, by uid.
    told: Mutex<BTreeSet<String>>,
}

/// The kinds of which backups are made before experiments, group and kind.
pub(in crate::server) fn backup_kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    backups::kinds()
}

impl Scheduler {
    /// One on this cluster, in this namespace of ours.
    #[must_use]
    pub fn new(
        client: Client,
        (outlook, store): (Arc<dyn Outlook>, Arc<dyn Store>),
        namespace: &str,
        now: Clock,
    ) -> Self {
        let account = format!("system:serviceaccount:{namespace}:firebreak");
        Self {
            prober: Prober::new(client.clone(), Arc::clone(&now)),
            promises: Promises::new(store, &account),
            reach: Reach::new(client),
            outlook,
            now,
            account,
            told: Mutex::default(),
        }
    }

    /// Everything that only the leader does, until it is cancelled.
    pub async fn lead(&self) {
        rounds::lead(self).await;
    }

    /// What every replica does: it ends what must not go on.
    pub async fn watch(&self) {
        rounds::watch(self).await;
    }
}
