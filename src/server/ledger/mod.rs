//! Reservations: two experiments that are admitted at once must not breach together what each of them
//! keeps.
//!
//! Whatever an admitted experiment may hit is entered in a ledger, by compare-and-swap, before it is
//! admitted; and every verdict is given again with what the ledger holds as if it were live. So each
//! write was judged against exactly the version that it replaces, and versions are ordered by the store.
//! That is the model of the quota of a namespace.

mod keeper;
mod store;

pub use keeper::keep;
pub use store::{Cluster, Page, Refused, Store};

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};

use super::metrics::{Family, metrics};
use super::view::View;
use crate::judge::{Decision, Verdict, judge, refuse};
use crate::policy::Reason;
use crate::request::Request;
use crate::schedule::{Reservation, ledgers_of, promised, reservation};

/// How often a write is tried that others come before.
const TRIES: u32 = 4;

/// How long all of it may take: less than the API server waits for a webhook.
const BUDGET: Duration = Duration::from_secs(3);

/// The longest pause before another try.
const PAUSE: Duration = Duration::from_millis(50);

/// How many locks this process has for its own requests, which then need not collide in the store.
const LOCKS: usize = 64;

/// The ledgers, as far as requests are concerned.
pub struct Ledgers {
    store: Arc<dyn Store>,
    locks: Vec<Mutex<()>>,
}

/// A request, and the verdict that permits it as far as reservations are not asked.
#[derive(Clone, Copy)]
pub struct Admitted<'a> {
    /// What it was judged with.
    pub view: &'a View,
    /// The request.
    pub request: &'a Request,
    /// The verdict.
    pub verdict: &'a Verdict,
    /// The instant of the judgement.
    pub now: Timestamp,
}

/// What is to be entered, and where: the name of each ledger, and what it is of.
struct Claim {
    new: Reservation,
    ledgers: Vec<(String, String)>,
}

impl Ledgers {
    /// The ledgers in this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// Reserves what a permitted request may hit. The verdict is the one that was given, or a denial:
    /// for what others have been promised, or because nothing could be reserved.
    pub async fn admit(&self, admitted: Admitted<'_>) -> Verdict {
        let Some(claim) = admitted.claim() else {
            return admitted.verdict.clone();
        };
        let reserved = self.reserve(admitted, &claim);
        match tokio::time::timeout(BUDGET, reserved).await {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(refused)) => admitted.refuse(&format!("the ledger: {refused}")),
            Err(_) => admitted.refuse(&format!("the ledger did not answer within {BUDGET:?}")),
        }
    }

    async fn reserve(&self, admitted: Admitted<'_>, claim: &Claim) -> Result<Verdict, Refused> {
        let _turn = self.turn(claim).await;
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(PAUSE.mul_f64(fastrand::f64())).await;
            }
            let reads = claim.ledgers.iter().map(|it| self.store.read(&it.0));
            let pages = try_join_all(reads).await?;
            let verdict = admitted.judged_beside(&claim.new, &pages);
            match (verdict.decision, admitted.request.dry_run) {
                (_, true) => return Ok(verdict),
                (Decision::Deny, false) => {
                    self.withdraw(claim, pages).await;
                    return Ok(verdict);
                }
                (Decision::Allow | Decision::Warn, false) => {}
            }
            match self.enter(claim, pages).await {
                Ok(()) => return Ok(verdict),
                Err(Refused::Conflict) => metrics().count(Family::Conflicts, &[]),
                Err(failed @ Refused::Failed(_)) => return Err(failed),
            }
        }
        Err(Refused::Failed(format!(
            "others have written it {TRIES} times in a row; try again"
        )))
    }

    /// Waits until no other request of this process writes these ledgers. Locks are taken in one order.
    async fn turn(&self, claim: &Claim) -> Vec<MutexGuard<'_, ()>> {
        let places: BTreeSet<usize> = claim.ledgers.iter().map(|it| place(&it.0)).collect();
        let mut held = Vec::with_capacity(places.len());
        for lock in places.iter().filter_map(|at| self.locks.get(*at)) {
            held.push(lock.lock().await);
        }
        held
    }

    async fn enter(&self, claim: &Claim, pages: Vec<Page>) -> Result<(), Refused> {
        for ((name, of), mut page) in claim.ledgers.iter().zip(pages) {
            page.ledger.of.clone_from(of);
            page.ledger.enter(claim.new.clone());
            self.store.write(name, &page).await?;
        }
        Ok(())
    }

    /// Takes back what an earlier try has entered, as far as that works: what is left is found to be
    /// without an object, and expires.
    async fn withdraw(&self, claim: &Claim, pages: Vec<Page>) {
        for ((name, _), mut page) in claim.ledgers.iter().zip(pages) {
            let before = page.ledger.reservations.len();
            page.ledger.withdraw(&claim.new);
            if page.ledger.reservations.len() < before
                && let Err(refused) = self.store.write(name, &page).await
            {
                tracing::debug!(ledger = name, %refused, "a reservation was not withdrawn");
            }
        }
    }
}

impl Admitted<'_> {
    /// What has to be reserved, if anything.
    fn claim(self) -> Option<Claim> {
        let Self {
            view,
            request,
            verdict,
            now,
        } = self;
        if verdict.decision == Decision::Deny {
            return None;
        }
        let ledgers = ledgers_of(verdict, &view.inventory, &view.policies);
        if ledgers.is_empty() {
            return None;
        }
        let new = reservation(request, verdict, &view.inventory, now)?;
        Some(Claim { new, ledgers })
    }

    /// The verdict once what the ledgers hold counts as live.
    fn judged_beside(self, new: &Reservation, pages: &[Page]) -> Verdict {
        let inventory = &self.view.inventory;
        let others = pages
            .iter()
            .flat_map(|page| page.ledger.others(new, inventory));
        let mut distinct: Vec<&Reservation> = Vec::new();
        for other in others {
            if !distinct.iter().any(|it| it.is_same(other)) {
                distinct.push(other);
            }
        }
        if distinct.is_empty() {
            return self.verdict.clone();
        }
        let holders: Vec<String> = distinct.iter().map(ToString::to_string).collect();
        let beside = promised(inventory, distinct);
        let mut verdict = judge(&beside, &self.view.policies, self.request, self.now);
        if verdict.decision == Decision::Deny {
            verdict.warnings.extend(holders);
        }
        verdict
    }

    fn refuse(self, why: &str) -> Verdict {
        let reason = Reason::ReservationFailed;
        refuse(&self.view.policies, self.request, reason, why)
    }
}

/// Which lock a ledger has.
fn place(name: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or_default()
}
