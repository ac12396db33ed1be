//! The live cluster: watches every kind that a verdict depends on, and has a view of it at hand.
//!
//! A watch is a task that lists and follows one kind (`feed`) and tells the keeper (`keeper`) what
//! changes. The keeper alone holds the cluster, and makes views. Which kinds there are to watch is
//! followed too (`kinds`, `discover`). Whoever needs the cluster once has it read by lists (`once`).

mod backoff;
mod decode;
mod discover;
mod served;
mod wire;
mod once;
mod sign;
mod feed;
mod keeper;
mod kinds;

pub use once::{Seen, read};
pub use served::Served;
pub use sign::{Health, State};

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use kube::Client;
use tokio::sync::{Notify, Semaphore, mpsc};

use super::backup::Beside;
use super::view::{Outlook, View};
use crate::fault::Accounts;
use crate::inventory::Inventory;
use crate::policy::PolicySet;
use feed::Shared;
use keeper::{Desk, Keeper};
use kinds::Kinds;
use sign::Signs;

/// How old what is known of a cluster may be, where nothing else is said.
pub const STALENESS: Duration = Duration::from_mins(2);

/// How many kinds are listed at the same time.
const LISTS: usize = 4;
/// How many changes may wait to be kept.
const WAITING: usize = 256;

const NOT_YET: &str = "the cluster has not been listed yet";

/// The live cluster.
pub struct Watch {
    signs: Arc<Signs>,
    view: Arc<ArcSwap<View>>,
    beside: Arc<ArcSwap<Beside>>,
    settings: Settings,
}

/// What may be chosen about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How old what is known may be.
    pub staleness: Duration,
    /// The accounts that are known.
    pub accounts: Accounts,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            staleness: STALENESS,
            accounts: Accounts::default(),
        }
    }
}

impl Watch {
    /// The cluster behind this client; and the work to be done for it,
    /// which ends only when it cannot go on. Nothing is written to the API server.
    pub fn new(
        client: Client,
        settings: Settings,
    ) -> (
        Arc<Self>,
        impl Future<Output = anyhow::Error> + Send + use<>,
    ) {
        let watch = Arc::new(Self {
            signs: Arc::new(Signs::new()),
            view: Arc::new(ArcSwap::from_pointee(unavailable(NOT_YET, &settings))),
            beside: Arc::new(ArcSwap::from_pointee(Beside::unknown(NOT_YET))),
            settings,
        });
        let working = Arc::clone(&watch);
        (watch, async move { working.work(client).await })
    }

    async fn work(&self, client: Client) -> anyhow::Error {
        let (sender, changes) = mpsc::channel(WAITING);
        let rediscover = Arc::new(Notify::new());
        let shared = Shared {
            client,
            keeper: sender,
            lists: Arc::new(Semaphore::new(LISTS)),
            staleness: self.settings.staleness,
            lasting: feed::lasting(self.settings.staleness),
            rediscover: Arc::clone(&rediscover),
            signs: Arc::clone(&self.signs),
        };
        let desk = Desk {
            signs: Arc::clone(&self.signs),
            view: Arc::clone(&self.view),
            beside: Arc::clone(&self.beside),
            rediscover,
            accounts: self.settings.accounts.clone(),
        };
        let keeper = Keeper::new(changes, desk);
        let kinds = Kinds::new(shared, Arc::clone(&self.signs));
        let ended = tokio::select! {
            ended = keeper.run() => ended,
            ended = kinds.run() => ended,
        };
        let unwatched = "the cluster is not watched any more";
        let view = unavailable(unwatched, &self.settings);
        self.view.store(Arc::new(view));
        self.beside.store(Arc::new(Beside::unknown(unwatched)));
        let why = ended.err();
        why.unwrap_or_else(|| anyhow!("there is nothing left to watch"))
    }

    /// Why it is not ready to judge by, where it is not.
    #[must_use]
    pub fn unready(&self) -> Option<String> {
        let Some(waiting) = self.signs.unsettled() else {
            return Some(NOT_YET.to_owned());
        };
        if !waiting.is_empty() {
            return Some(format!("not listed yet: {}", waiting.join(", ")));
        }
        let stale = self.signs.stale(self.settings.staleness);
        let unavailable = || {
            let view = self.view.load();
            view.inventory.unavailable().map(str::to_owned)
        };
        stale.or_else(unavailable)
    }

    /// How long ago the watch that is furthest behind was last known to be right.
    #[must_use]
    pub fn staleness(&self) -> Option<Duration> {
        self.signs.oldest(|_| ()).map(|(age, ())| age)
    }

    /// How each watch is.
    #[must_use]
    pub fn health(&self) -> Vec<Health> {
        let signs = self.signs.all();
        signs.iter().map(|sign| sign.health()).collect()
    }
}

impl Outlook for Watch {
    /// Ages are told by a clock that nobody sets, so the time of the verdict is not asked.
    fn view(&self, _: Timestamp) -> View {
        let view = self.view.load();
        match self.signs.stale(self.settings.staleness) {
            None => View::clone(&view),
            Some(why) => View {
                inventory: Arc::new(Inventory::unlisted(why)),
                policies: Arc::clone(&view.policies),
            },
        }
    }

    fn beside(&self) -> Arc<Beside> {
        match self.signs.stale(self.settings.staleness) {
            None => self.beside.load_full(),
            Some(why) => Arc::new(Beside::unknown(&why)),
        }
    }
}

/// The view of a cluster of which nothing is known, policies included.
fn unavailable(why: &str, settings: &Settings) -> View {
    let policies = PolicySet::unknown(why);
    View {
        inventory: Arc::new(Inventory::unlisted(why)),
        policies: Arc::new(policies.with_accounts(settings.accounts.clone())),
    }
}
