//! Reservations over a store in memory: what is admitted at once never breaches together, whoever is
//! stopped in the middle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firebreak::inventory::{Inventory, Origin, live};
use firebreak::judge::{Decision, Verdict, judge};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::request::{Request, User};
use firebreak::schedule::{Ledger, PATIENCE, Reservation, State};
use firebreak::server::ledger::{Admitted, Ledgers, Page, Refused, Store, keep};
use firebreak::server::view::View;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The pods of the one StatefulSet, and how many of them have to stay healthy.
const PODS: usize = 6;
const KEPT: usize = 3;
/// So many experiments of one pod each fit beside each other.
const LIMIT: usize = PODS - KEPT;

fn now() -> Timestamp {
    "2026-10-01T10:00:00Z".parse().unwrap()
}

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

/// A StatefulSet of which the first `ready` pods are ready, and these chaos objects.
fn inventory(ready: usize, chaos: &[Object]) -> Arc<Inventory> {
    let labels = json!({"app": "ledger"});
    let pod = |index: usize| {
        let status = if index < ready { "True" } else { "False" };
        object(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("ledger-{index}"), "namespace": "payments", "labels": labels,
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "ledger",
                    "uid": "1", "controller": true}]},
            "spec": {"containers": [{"name": "ledger", "image": "ledger"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": status}]}}))
    };
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "ledger", "namespace": "payments"},
        "spec": {"replicas": PODS, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}});
    let mut objects: Vec<Object> = (0..PODS).map(pod).collect();
    objects.push(object(set));
    objects.extend(chaos.iter().cloned());
    let inventory = Inventory::from_objects(&objects, Origin::Recorded);
    let live = live(&objects, &inventory);
    Arc::new(inventory.with_live(live))
}

fn view(ready: usize, chaos: &[Object]) -> View {
    let policy = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "p"}, "spec": {"limits": {"minHealthy": KEPT}}});
    View {
        inventory: inventory(ready, chaos),
        policies: Arc::new(PolicySet::compile(&[object(policy)]).unwrap()),
    }
}

/// A pod-failure of one pod, whichever.
fn chaos(name: &str, uid: &str) -> Object {
    object(
        json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": name, "namespace": "payments", "uid": uid},
        "spec": {"action": "pod-failure", "mode": "one", "duration": "5m",
            "selector": {"namespaces": ["payments"], "labelSelectors": {"app": "ledger"}}}}),
    )
}

fn create(name: &str, uid: &str) -> Request {
    Request::create(chaos(name, uid), User::named("engineer"))
}

/// Ledgers in memory, which others may come before and which may be lost for a while.
#[derive(Default)]
struct Memory {
    pages: Mutex<BTreeMap<String, (u64, Ledger)>>,
    writes: Mutex<u64>,
    away: Mutex<bool>,
}

impl Memory {
    fn pages(&self) -> BTreeMap<String, (u64, Ledger)> {
        self.pages.lock().unwrap().clone()
    }

    fn holders(&self) -> Vec<String> {
        let pages = self.pages();
        let all = pages.values().flat_map(|(_, page)| &page.reservations);
        all.map(|it| it.holder().name.clone()).collect()
    }

    fn is_away(&self) -> Result<(), Refused> {
        let away = *self.away.lock().unwrap();
        if away {
            Err(Refused::Failed("etcd is away".to_owned()))
        } else {
            Ok(())
        }
    }

    /// Lets others come first, as a network does.
    async fn travel() {
        for _ in 0..fastrand::u8(0..4) {
            tokio::task::yield_now().await;
        }
    }

    fn replace(&self, name: &str, page: &Page) -> Result<(), Refused> {
        self.is_away()?;
        let mut pages = self.pages.lock().unwrap();
        let version = pages.get(name).map(|it| it.0.to_string());
        if version != page.version {
            return Err(Refused::Conflict);
        }
        let mut writes = self.writes.lock().unwrap();
        *writes += 1;
        pages.insert(name.to_owned(), (*writes, page.ledger.clone()));
        Ok(())
    }
}

impl Store for Memory {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Page, Refused>> {
        Box::pin(async move {
            Self::travel().await;
            self.is_away()?;
            let found = self.pages().remove(name);
            Ok(found.map_or_else(Page::default, page))
        })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(String, Page)>, Refused>> {
        Box::pin(async move {
            self.is_away()?;
            let pages = self.pages().into_iter();
            Ok(pages.map(|(name, it)| (name, page(it))).collect())
        })
    }

    fn write<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            Self::travel().await;
            let written = self.replace(name, page);
            Self::travel().await;
            written
        })
    }

    fn remove<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            self.replace(name, page)?;
            self.pages.lock().unwrap().remove(name);
            Ok(())
        })
    }
}

fn page((version, ledger): (u64, Ledger)) -> Page {
    Page {
        ledger,
        version: Some(version.to_string()),
    }
}

async fn admit(ledgers: &Ledgers, view: &View, request: &Request, now: Timestamp) -> Verdict {
    let verdict = judge(&view.inventory, &view.policies, request, now);
    let verdict = &verdict;
    let admitted = Admitted {
        view,
        request,
        verdict,
        now,
    };
    ledgers.admit(admitted).await
}

fn allowed(verdict: &Verdict) -> bool {
    verdict.decision == Decision::Allow
}

fn word(verdict: &Verdict) -> &str {
    verdict.violations[0].word()
}

#[tokio::test]
async fn of_many_at_once_exactly_as_many_are_admitted_as_fit() {
    for seed in 0..50 {
        fastrand::seed(seed);
        let store = Arc::new(Memory::default());
        let replicas: Vec<Ledgers> = (0..2).map(|_| Ledgers::new(store.clone())).collect();
        let view = view(PODS, &[]);
        let requests: Vec<Request> = (0..20)
            .map(|it| create(&format!("kill-{it}"), &format!("uid-{it}")))
            .collect();
        let asked = requests.iter().enumerate().map(|(at, request)| {
            let replica = &replicas[at % replicas.len()];
            admit(replica, &view, request, now())
        });
        let verdicts = futures::future::join_all(asked).await;
        let admitted = verdicts.iter().filter(|it| allowed(it)).count();
        assert_eq!(admitted, LIMIT, "seed {seed}: {verdicts:#?}");
        assert_eq!(store.holders().len(), LIMIT, "seed {seed}");
        let denied = verdicts.iter().filter(|it| !allowed(it));
        for verdict in denied {
            assert_eq!(word(verdict), "MinHealthyBreached", "{}", verdict.explain());
            let names = verdict
                .warnings
                .iter()
                .filter(|it| it.contains("was admitted since"));
            assert_eq!(names.count(), LIMIT, "{:?}", verdict.warnings);
        }
    }
}

#[tokio::test]
async fn a_dry_run_reads_and_never_writes() {
    let store = Arc::new(Memory::default());
    let ledgers = Ledgers::new(store.clone());
    let view = view(PODS, &[]);
    let dry = |name: &str| Request {
        dry_run: true,
        ..create(name, name)
    };
    assert!(allowed(&admit(&ledgers, &view, &dry("dry"), now()).await));
    assert!(store.pages().is_empty());
    for name in ["a", "b", "c"] {
        assert!(allowed(
            &admit(&ledgers, &view, &create(name, name), now()).await
        ));
    }
    let before = store.pages();
    let verdict = admit(&ledgers, &view, &dry("dry"), now()).await;
    assert_eq!(word(&verdict), "MinHealthyBreached");
    assert_eq!(store.pages(), before);
}

#[tokio::test]
async fn nobody_is_denied_by_his_own_ghost() {
    let store = Arc::new(Memory::default());
    let ledgers = Ledgers::new(store.clone());
    let view = view(PODS, &[]);
    for name in ["a", "b"] {
        assert!(allowed(
            &admit(&ledgers, &view, &create(name, name), now()).await
        ));
    }
    // The answer never arrived, and the client tries again: a new uid, the same object.
    for uid in ["first", "second", "third"] {
        let verdict = admit(&ledgers, &view, &create("c", uid), now()).await;
        assert!(allowed(&verdict), "{uid}: {}", verdict.explain());
    }
    assert_eq!(store.holders(), ["a", "b", "c"]);
    assert!(!allowed(
        &admit(&ledgers, &view, &create("d", "d"), now()).await
    ));
}

#[tokio::test]
async fn another_content_under_the_same_name_is_another_experiment() {
    let store = Arc::new(Memory::default());
    let ledgers = Ledgers::new(store.clone());
    let view = view(PODS, &[]);
    let with = |mode: &str, uid: &str| {
        let mut value = chaos("a", uid).value().clone();
        value["spec"]["mode"] = json!("fixed");
        value["spec"]["value"] = json!(mode);
        Request::create(object(value), User::named("engineer"))
    };
    assert!(allowed(
        &admit(&ledgers, &view, &with("2", "x"), now()).await
    ));
    // Which of the two will exist is not known: together they would take four of six.
    assert!(!allowed(
        &admit(&ledgers, &view, &with("3", "y"), now()).await
    ));
    assert_eq!(store.holders(), ["a"]);
    assert!(allowed(
        &admit(&ledgers, &view, &with("1", "z"), now()).await
    ));
    assert_eq!(store.holders(), ["a", "a"]);
}

#[test]
fn what_is_withdrawn_is_ones_own() {
    let reservation = |uid: &str| Reservation {
        object: chaos("a", uid),
        uid: uid.to_owned(),
        state: State::Tentative,
        since: now().to_string(),
        pods: Vec::new(),
    };
    let mut ledger = Ledger::default();
    ledger.enter(reservation("carried out"));
    ledger.withdraw(&reservation("denied"));
    assert_eq!(ledger.reservations, [reservation("carried out")]);
    ledger.withdraw(&reservation("carried out"));
    assert!(ledger.reservations.is_empty());
}

#[tokio::test]
async fn a_ledger_that_is_away_denies_what_would_have_to_be_entered() {
    let store = Arc::new(Memory::default());
    *store.away.lock().unwrap() = true;
    let ledgers = Ledgers::new(store.clone());
    let verdict = admit(&ledgers, &view(PODS, &[]), &create("a", "a"), now()).await;
    assert_eq!(word(&verdict), "ReservationFailed");
    assert!(
        verdict.explain().contains("etcd is away"),
        "{}",
        verdict.explain()
    );
}

#[tokio::test]
async fn what_the_cluster_shows_is_not_counted_twice() {
    let store = Arc::new(Memory::default());
    let ledgers = Ledgers::new(store.clone());
    let empty = view(PODS, &[]);
    for name in ["a", "b"] {
        assert!(allowed(
            &admit(&ledgers, &empty, &create(name, name), now()).await
        ));
    }
    let seen = view(PODS, &[chaos("a", "a"), chaos("b", "b")]);
    let verdict = admit(&ledgers, &seen, &create("c", "c"), now()).await;
    assert!(allowed(&verdict), "{}", verdict.explain());
    assert!(!allowed(
        &admit(&ledgers, &seen, &create("d", "d"), now()).await
    ));
}

#[tokio::test]
async fn clocks_that_differ_change_nothing() {
    let store = Arc::new(Memory::default());
    let (early, late) = (Ledgers::new(store.clone()), Ledgers::new(store.clone()));
    let skew = SignedDuration::from_mins(5);
    let view = view(PODS, &[]);
    let mut admitted = 0;
    for at in 0..8 {
        let name = format!("kill-{at}");
        let (ledgers, now) = match at % 2 {
            0 => (&early, now() - skew),
            _ => (&late, now() + skew),
        };
        admitted += usize::from(allowed(
            &admit(ledgers, &view, &create(&name, &name), now).await,
        ));
    }
    assert_eq!(admitted, LIMIT);
}

/// Lets the keeper see `view` for a while.
async fn keep_for(store: &Arc<Memory>, view: View, time: Duration) {
    let keeping = keep(store.clone(), Arc::new(view));
    assert!(tokio::time::timeout(time, keeping).await.is_err());
}

fn states(store: &Memory) -> Vec<String> {
    let pages = store.pages();
    let all = pages.values().flat_map(|(_, page)| &page.reservations);
    all.map(|it| format!("{} {:?}", it.holder().name, it.state))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_nobody_used_expires() {
    let store = Arc::new(Memory::default());
    let ledgers = Ledgers::new(store.clone());
    let empty = view(PODS, &[]);
    // Killed between the ledger and the answer: the entry is there, the object never will be.
    for name in ["a", "b", "c"] {
        admit(&ledgers, &empty, &create(name, name), now()).await;
    }
    let almost = PATIENCE.checked_sub(Duration::from_secs(10)).unwrap();
    keep_for(&store, empty.clone(), almost).await;
    assert_eq!(store.holders().len(), LIMIT);
    assert!(!allowed(
        &admit(&ledgers, &empty, &create("d", "d"), now()).await
    ));
    keep_for(&store, empty.clone(), PATIENCE + Duration::from_secs(10)).await;
    assert!(store.pages().is_empty(), "{:?}", states(&store));
    assert!(allowed(
        &admit(&ledgers, &empty, &create("d", "d"), now()).await
    ));
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_is_released_only_when_it_is_over_and_its_victims_are_back() {
    let store = Arc::new(Memory::default());
    let ledgers = Ledgers::new(store.clone());
    admit(&ledgers, &view(PODS, &[]), &create("a", "a"), now()).await;
    let long = Duration::from_hours(5);
    let live = view(PODS, &[chaos("a", "a")]);
    keep_for(&store, live, long).await;
    assert_eq!(states(&store), ["a Confirmed"]);
    // Gone, but a pod is still away.
    keep_for(&store, view(PODS - 1, &[]), long).await;
    assert_eq!(states(&store), ["a Releasing"]);
    let unknown = View {
        inventory: Arc::new(Inventory::unlisted("the API server is away")),
        ..view(PODS, &[])
    };
    keep_for(&store, unknown, long).await;
    assert_eq!(states(&store), ["a Releasing"]);
    keep_for(&store, view(PODS, &[]), Duration::from_secs(6)).await;
    assert!(store.pages().is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_there_is_nothing_to_do_nothing_is_written() {
    let store = Arc::new(Memory::default());
    let ledgers = Ledgers::new(store.clone());
    admit(&ledgers, &view(PODS, &[]), &create("a", "a"), now()).await;
    let live = view(PODS, &[chaos("a", "a")]);
    keep_for(&store, live.clone(), Duration::from_secs(6)).await;
    let writes = *store.writes.lock().unwrap();
    keep_for(&store, live, Duration::from_hours(1)).await;
    assert_eq!(*store.writes.lock().unwrap(), writes);
}
