//! What a run is promised: it stands in the ledgers as the chaos object that it makes, or as one that does what
//! it does by itself. The guard then finds it there when that object is made, and enters no second one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::native::stand_in;
use super::reach::WAIT;
use super::read::Open;
use crate::inventory::{Group, GroupId};
use crate::judge::{Decision, judge};
use crate::object::{Object, ObjectRef};
use crate::request::{Request, User};
use crate::schedule::observed::Promise;
use crate::schedule::pin::For;
use crate::schedule::spec::status::{ChaosObject, PhaseWord};
use crate::schedule::{PATIENCE, Reservation, State, ledger_name, ledgers_of};
use crate::server::ledger::{Admitted, Ledgers, Page, Refused, Store};
use crate::server::view::View;

/// How often it is entered again: well before it expires.
const AGAIN: Duration = PATIENCE.saturating_sub(Duration::from_mins(1));

/// The ledgers, for runs.
pub(super) struct Promises {
    store: Arc<dyn Store>,
    ledgers: Ledgers,
    account: String,
    /// Why nothing was promised to a run, by its uid.
    refused: Mutex<BTreeMap<String, String>>,
    /// When what is promised to a run was last entered again, by its uid.
    renewed: Mutex<BTreeMap<String, Instant>>,
}

impl Promises {
    pub(super) fn new(store: Arc<dyn Store>, account: &str) -> Self {
        Self {
            ledgers: Ledgers::new(Arc::clone(&store)),
            store,
            account: account.to_owned(),
            refused: Mutex::default(),
            renewed: Mutex::default(),
        }
    }

    /// What is promised to a run, where it is asked for that.
    pub(super) async fn look(&self, open: &Open, view: &View, now: Timestamp) -> Promise {
        let phase = open.run.status.phase;
        let reserving = phase == PhaseWord::Reserving;
        if !reserving && phase != PhaseWord::Closing {
            return Promise::Unknown("it was not asked for".to_owned());
        }
        let Some(object) = held(open) else {
            return Promise::None;
        };
        let pages = match within(self.store.all()).await {
            Ok(pages) => pages,
            Err(refused) => return Promise::Unknown(refused.to_string()),
        };
        let within = |page: &Page| {
            let mut all = page.ledger.reservations.iter();
            all.any(|it| it.holder() == object.reference())
        };
        let entered = |name: &str| pages.iter().any(|(it, page)| it == name && within(page));
        if !reserving {
            let any = pages.iter().any(|(_, page)| within(page));
            return if any { Promise::Held } else { Promise::None };
        }
        if let Some(why) = self.refusal(&open.run.uid) {
            return Promise::Refused(why);
        }
        let request = Request::create(object.clone(), User::named(&self.account));
        let verdict = judge(&view.inventory, &view.policies, &request, now);
        let wanted = ledgers_of(&verdict, &view.inventory, &view.policies);
        if verdict.decision == Decision::Deny {
            return Promise::None;
        }
        if wanted.iter().all(|(name, _)| entered(name)) {
            Promise::Held
        } else {
            Promise::None
        }
    }

    /// Has what a run is pinned to promised to it.
    pub(super) async fn reserve(&self, open: &Open, view: &View, now: Timestamp) {
        let Some(object) = held(open) else {
            return;
        };
        let request = Request::create(object, User::named(&self.account));
        let verdict = judge(&view.inventory, &view.policies, &request, now);
        let admitted = Admitted {
            view,
            request: &request,
            verdict: &verdict,
            now,
        };
        let verdict = match verdict.decision {
            Decision::Deny => verdict.clone(),
            Decision::Allow | Decision::Warn => self.ledgers.admit(admitted).await,
        };
        if verdict.decision != Decision::Deny {
            return;
        }
        let why = verdict.violations.iter().map(|it| it.message.clone());
        let why: Vec<String> = why.chain(verdict.warnings.iter().cloned()).collect();
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(open.run.uid.clone(), why.join("; "));
    }

    /// Enters again what was promised to a run that injects by itself: nobody sees an object of the name in the
    /// ledger, and what nobody sees expires.
    pub(super) async fn renew(&self, open: &Open, (view, group): (&View, GroupId), now: Timestamp) {
        let phase = open.run.status.phase;
        let runs = phase >= PhaseWord::Injecting && phase <= PhaseWord::Verifying;
        let Some(object) = held(open).filter(|_| runs && is_native(open)) else {
            return;
        };
        if !self.is_due(&open.run.uid) {
            return;
        }
        let group = view.inventory.group(group);
        let mut policies = view.policies.policies().iter();
        if !policies.any(|it| it.protects.covers(group, &[], &view.inventory)) {
            return;
        }
        let pinned = open.run.status.pinned.iter().flatten();
        let new = Reservation {
            object,
            uid: String::new(),
            state: State::Tentative,
            since: now.to_string(),
            pods: pinned
                .map(|pod| format!("{}/{}", pod.namespace, pod.name))
                .collect(),
        };
        if let Err(refused) = self.enter((&ledger_name(group), group), new).await {
            tracing::warn!(run = open.run.name, %refused, "what is promised was not entered again");
        }
    }

    async fn enter(&self, (name, of): (&str, &Group), new: Reservation) -> Result<(), Refused> {
        let mut page = within(self.store.read(name)).await?;
        page.ledger.of = of.to_string();
        page.ledger.enter(new);
        within(self.store.write(name, &page)).await
    }

    /// Whether it is time to enter something again. Once it was asked it is not, for a while.
    fn is_due(&self, uid: &str) -> bool {
        let now = Instant::now();
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let last = renewed.get(uid);
        let due = last.is_none_or(|at| now.saturating_duration_since(*at) >= AGAIN);
        if due {
            renewed.insert(uid.to_owned(), now);
        }
        due
    }

    /// Gives back what was promised to a run. Whatever others have written meanwhile is looked at again.
    pub(super) async fn release(&self, open: &Open) -> Result<(), Refused> {
        let Some(object) = held(open) else {
            return Ok(());
        };
        for (name, mut page) in within(self.store.all()).await? {
            let before = page.ledger.reservations.len();
            page.ledger
                .reservations
                .retain(|it| it.holder() != object.reference());
            if page.ledger.reservations.len() < before {
                within(self.store.write(&name, &page)).await?;
            }
        }
        Ok(())
    }

    /// Forgets a run.
    pub(super) fn forget(&self, uid: &str) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.remove(uid);
        drop(refused);
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        renewed.remove(uid);
    }

    fn refusal(&self, uid: &str) -> Option<String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(uid).cloned()
    }
}

/// Waits for the store, as long as for any other answer.
async fn within<T>(request: impl Future<Output = Result<T, Refused>>) -> Result<T, Refused> {
    let answer = timeout(WAIT, request).await;
    answer.unwrap_or_else(|_| Err(Refused::Failed(format!("no answer within {WAIT:?}"))))
}

/// The object under which a run stands in the ledgers; none where it is pinned to nothing.
fn held(open: &Open) -> Option<Object> {
    let status = &open.run.status;
    let pinned = status.pinned.as_ref()?;
    if let (false, Some(object)) = (is_native(open), &status.chaos_object) {
        return Object::new(object.object.clone()).ok();
    }
    let of = For {
        namespace: &open.run.namespace,
        name: &open.run.name,
        uid: &open.run.uid,
        fence: status.fence.as_deref().unwrap_or_default(),
    };
    let pods: Vec<(&str, &str)> = pinned
        .iter()
        .map(|pod| (pod.namespace.as_str(), pod.name.as_str()))
        .collect();
    let seconds = open.run.plan.lasts.map_or(0, |lasts| lasts.as_secs());
    stand_in(of, &pods, seconds)
}

/// Whether it injects by itself.
pub(super) fn is_native(open: &Open) -> bool {
    open.spec().is_some_and(|it| it.native.is_some())
}

/// How the chaos object of a run is named.
pub(super) fn reference(object: &ChaosObject) -> ObjectRef {
    let api_version = object.api_version.as_str();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ObjectRef {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: object.kind.clone(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
    }
}
