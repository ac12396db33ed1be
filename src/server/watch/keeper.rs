//! Keeps what is known of the cluster, and makes views of it. Only the keeper touches it, so no
//! lock is needed: changes come through a channel, and while a view is made they wait there.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout_at};

use super::feed::Change;
use super::served::Served;
use super::sign::{Sign, Signs};
use crate::fault::Accounts;
use crate::inventory::Cluster;
use crate::object::ObjectRef;
use crate::policy::PolicySet;
use crate::policy::spec::GROUP;
use crate::server::backup::Beside;
use crate::server::view::View;

/// How many changes are taken at once.
const BATCH: usize = 256;
/// After making a view, wait this many times as long as it took: a tenth of a core is spent on it.
const REST: u32 = 9;
/// The longest wait.
const LONGEST_REST: Duration = Duration::from_secs(2);
/// How often the keeper shows that it is there.
const BEAT: Duration = Duration::from_secs(5);

/// The kind whose objects are policies.
const POLICY: &str = "BlastRadiusPolicy";

/// What is known of the cluster, and of what is permitted in it.
pub(super) struct Keeper {
    cluster: Cluster,
    policies: Arc<PolicySet>,
    /// Why the policies cannot be known.
    unknown: Option<String>,
    /// Whether the view is behind.
    behind: bool,
    amended: Amended,
    ready: bool,
    changes: mpsc::Receiver<Change>,
    desk: Desk,
}

/// What of a view is behind.
#[derive(Default)]
struct Amended {
    policies: bool,
    /// What backups depend on.
    beside: bool,
}

/// What the keeper works with.
pub(super) struct Desk {
    pub(super) signs: Arc<Signs>,
    /// Where views are put.
    pub(super) view: Arc<ArcSwap<View>>,
    /// Where it is put what backups depend on.
    pub(super) beside: Arc<ArcSwap<Beside>>,
    /// What wakes the discovery of kinds.
    pub(super) rediscover: Arc<Notify>,
    /// The accounts that are known.
    pub(super) accounts: Accounts,
}

impl Keeper {
    pub(super) fn new(changes: mpsc::Receiver<Change>, desk: Desk) -> Self {
        Self {
            cluster: Cluster::default(),
            policies: Arc::default(),
            unknown: None,
            behind: true,
            amended: Amended {
                policies: true,
                beside: true,
            },
            ready: false,
            changes,
            desk,
        }
    }

    /// Takes changes and makes views until there is nobody left to tell of changes.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let mut batch = Vec::with_capacity(BATCH);
        let mut due = Instant::now();
        loop {
            self.desk.signs.keeper.alive();
            let now = Instant::now();
            let wanted = self.behind && self.is_ready();
            if wanted && now >= due {
                self.behind = false;
                self.build().await?;
                let rest = now.elapsed().saturating_mul(REST).min(LONGEST_REST);
                due = Instant::now() + rest;
                continue;
            }
            let wake = now + BEAT;
            let wake = if wanted { due.min(wake) } else { wake };
            match timeout_at(wake, self.changes.recv_many(&mut batch, BATCH)).await {
                Ok(0) => return Ok(()),
                Ok(_) => batch.drain(..).for_each(|change| self.apply(change)),
                Err(_) => {}
            }
        }
    }

    /// Whether every kind has been listed once, or cannot be.
    fn is_ready(&mut self) -> bool {
        self.ready = self.ready
            || self
                .desk
                .signs
                .unsettled()
                .is_some_and(|all| all.is_empty());
        self.ready
    }

    fn apply(&mut self, change: Change) {
        let served = &change.sign().served;
        if served.names_only {
            self.definitions(&change);
            return;
        }
        self.behind = true;
        self.amended.policies |= served.group == GROUP;
        self.amended.beside |= Beside::depends_on(&served.group, &served.kind);
        if (served.group.as_str(), served.kind.as_str()) == (GROUP, POLICY) {
            match &change {
                Change::Appeared(sign) => self.unknown = Some(not_yet(sign)),
                Change::Marked(_, why) => self.unknown.clone_from(why),
                Change::Listed(..) | Change::Gone(_) => self.unknown = None,
                Change::Put(..) | Change::Removed(..) => {}
            }
        }
        self.keep(change);
    }

    fn keep(&mut self, change: Change) {
        let cluster = &mut self.cluster;
        match change {
            Change::Put(_, object) => cluster.put(object),
            Change::Removed(_, reference) => cluster.remove(&reference),
            Change::Listed(sign, list) => {
                cluster.adopt(&sign.served.group, &sign.served.kind, list);
                sign.settle();
            }
            Change::Marked(sign, why) => {
                cluster.mark(&sign.served.group, &sign.served.kind, why);
                sign.settle();
            }
            Change::Appeared(sign) => {
                let why = Some(not_yet(&sign));
                cluster.mark(&sign.served.group, &sign.served.kind, why);
            }
            Change::Gone(sign) => {
                cluster.adopt(&sign.served.group, &sign.served.kind, Cluster::default());
            }
        }
    }

    /// A definition of a kind came, changed or went: what is served may have changed with it.
    fn definitions(&mut self, change: &Change) {
        match change {
            Change::Put(_, object) => self.defined(object.reference()),
            Change::Removed(_, reference) => self.defined(reference),
            Change::Listed(sign, _) => {
                sign.settle();
                self.desk.rediscover.notify_one();
            }
            Change::Marked(sign, _) => sign.settle(),
            Change::Appeared(_) | Change::Gone(_) => {}
        }
    }

    fn defined(&self, definition: &ObjectRef) {
        let group = definition.name.split_once('.').map(|(_, group)| group);
        if group.is_some_and(super::discover::is_watched) {
            self.desk.rediscover.notify_one();
        }
    }

    /// Makes a view of what is known, and puts it in the place of the one before.
    async fn build(&mut self) -> anyhow::Result<()> {
        let cluster = std::mem::take(&mut self.cluster);
        let (amended, unknown) = (std::mem::take(&mut self.amended), self.unknown.clone());
        let making = tokio::task::spawn_blocking(move || {
            let inventory = cluster.inventory();
            let policies = amended.policies.then(|| policies(&cluster, unknown));
            let beside = amended.beside.then(|| Beside::of(&cluster));
            (cluster, inventory, policies, beside)
        });
        let (cluster, inventory, policies, beside) = making.await.context("making an inventory")?;
        self.cluster = cluster;
        if let Some(beside) = beside {
            beside.told(&self.desk.beside.load());
            self.desk.beside.store(Arc::new(beside));
        }
        if let Some(policies) = policies {
            told(&policies);
            let accounts = self.desk.accounts.clone();
            self.policies = Arc::new(policies.with_accounts(accounts));
        }
        for sign in self.desk.signs.all().iter() {
            let Served { group, kind, .. } = &sign.served;
            let count = self.cluster.count(group, kind);
            sign.objects.store(count, Ordering::Relaxed);
        }
        self.desk.view.store(Arc::new(View {
            inventory: Arc::new(inventory),
            policies: Arc::clone(&self.policies),
        }));
        Ok(())
    }
}

fn not_yet(sign: &Sign) -> String {
    format!("{} has not been listed yet", sign.served.resource())
}

fn policies(cluster: &Cluster, unknown: Option<String>) -> PolicySet {
    let kinds = [POLICY, "Exemption"];
    let objects = kinds.into_iter().flat_map(|kind| cluster.all(GROUP, kind));
    match unknown {
        Some(why) => PolicySet::unknown(&why),
        None => PolicySet::in_force(objects),
    }
}

fn told(policies: &PolicySet) {
    for problem in policies.broken() {
        tracing::error!(%problem, "a policy does not compile: nothing is permitted until it does");
    }
}
