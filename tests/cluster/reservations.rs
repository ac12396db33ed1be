//! Reservations in a real store: what is admitted at once never breaches together.

use std::sync::Arc;
use std::time::Duration;

use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::schedule::PATIENCE;
use firebreak::server::admission::Guard;
use firebreak::server::ledger::{self, Cluster, Ledgers, Page, Refused, Store};
use firebreak::server::view::View;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::bed::balancer::{Backend, Balancer};
use crate::bed::webhook::{Registered, StandIn, registrations};
use crate::bed::{self, Bed};

/// The pods of the one StatefulSet, and how many have to stay healthy.
const PODS: usize = 6;
const KEPT: usize = 2;
/// So many experiments of one pod each fit beside each other.
const LIMIT: usize = PODS - KEPT;

const PLACE: &str = "reservations";

/// A cluster with one StatefulSet, and a policy for it.
fn view() -> View {
    let labels = json!({"app": "ledger"});
    let pod = |index: usize| {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("ledger-{index}"), "namespace": PLACE, "labels": labels,
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "ledger",
                    "uid": "1", "controller": true}]},
            "spec": {"containers": [{"name": "ledger", "image": "ledger"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "ledger", "namespace": PLACE},
        "spec": {"replicas": PODS, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}});
    let policy = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "p"}, "spec": {"limits": {"minHealthy": KEPT}}});
    let object = |value: Value| Object::new(value).unwrap();
    let objects: Vec<Object> = (0..PODS).map(pod).chain([set]).map(object).collect();
    View {
        inventory: Arc::new(Inventory::from_objects(&objects, Origin::Recorded)),
        policies: Arc::new(PolicySet::compile(&[object(policy)]).unwrap()),
    }
}

/// A pod-failure of one pod, whichever; without a name one is generated.
fn chaos(name: Option<&str>) -> DynamicObject {
    let metadata = match name {
        Some(name) => json!({"name": name, "namespace": PLACE}),
        None => json!({"generateName": "drawn-", "namespace": PLACE}),
    };
    let object = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos", "metadata": metadata,
        "spec": {"action": "pod-failure", "mode": "one", "duration": "5m",
            "selector": {"namespaces": [PLACE], "labelSelectors": {"app": "ledger"}}}});
    serde_json::from_value(object).unwrap()
}

/// Two replicas of the guard behind one port, with what they reserve in the cluster.
struct Replicas<'a> {
    bed: &'a Bed,
    ledgers: Api<firebreak::schedule::spec::BlastLedger>,
    chaos: Api<DynamicObject>,
    _guards: Vec<StandIn>,
    _balancer: Balancer,
    _registered: Registered<'a>,
}

fn early() -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(5)
}

fn late() -> Timestamp {
    Timestamp::now() + SignedDuration::from_mins(5)
}

impl<'a> Replicas<'a> {
    /// With clocks ten minutes apart.
    fn start(bed: &'a Bed, wrap: fn(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        bed.define_kinds();
        bed.namespace(PLACE);
        bed.namespace("firebreak");
        let guard = |now: fn() -> Timestamp| {
            let store = Cluster::new(bed.admin_client(), "firebreak");
            bed.stand_in(Guard {
                outlook: Arc::new(view()),
                ledgers: Some(Ledgers::new(wrap(Arc::new(store)))),
                uses: None,
                fence: None,
                now: Arc::new(now),
            })
        };
        let guards = vec![guard(early), guard(late)];
        let backend = |guard: &StandIn| Backend {
            address: ([127, 0, 0, 1], guard.balancer.port()).into(),
            probe: None,
        };
        let balancer = Balancer::new(guards.iter().map(backend).collect());
        let authorities: String = guards.iter().map(|it| it.authority.as_str()).collect();
        let shipped = registrations("webhooks.yaml");
        let registered = bed.register(shipped, balancer.port(), Some(&authorities));
        let kind = GroupVersionKind::gvk("chaos-mesh.org", "v1alpha1", "PodChaos");
        let resource = ApiResource::from_gvk_with_plural(&kind, "podchaos");
        let client = bed.admin_client();
        Self {
            bed,
            ledgers: Api::namespaced(client.clone(), "firebreak"),
            chaos: Api::namespaced_with(client, PLACE, &resource),
            _guards: guards,
            _balancer: balancer,
            _registered: registered,
        }
    }

    /// Creates one; why it was denied, where it was.
    async fn create(&self, object: &DynamicObject, dry_run: bool) -> Result<(), String> {
        let how = PostParams {
            dry_run,
            ..PostParams::default()
        };
        let created = self.chaos.create(&how, object).await;
        created.map(drop).map_err(|error| error.to_string())
    }

    /// Creates many at once; how many were admitted.
    fn create_all(&self, names: &[Option<String>]) -> (usize, Vec<String>) {
        let creations = names
            .iter()
            .map(|name| async move { self.create(&chaos(name.as_deref()), false).await });
        let at_once = stream::iter(creations).buffer_unordered(names.len());
        let results: Vec<_> = self.bed.wait(at_once.collect::<Vec<_>>());
        let denied: Vec<String> = results.iter().filter_map(|it| it.clone().err()).collect();
        (results.len() - denied.len(), denied)
    }

    /// Who holds a reservation, and the version of the ledger.
    fn holders(&self) -> Vec<(String, String)> {
        let all = ListParams::default();
        let ledgers = self.bed.wait(self.ledgers.list(&all)).unwrap();
        let holders = ledgers.into_iter().flat_map(|ledger| {
            let version = ledger.metadata.resource_version.unwrap_or_default();
            let reservations = ledger.spec.reservations.into_iter();
            reservations.map(move |it| (it.holder.name, version.clone()))
        });
        holders.collect()
    }

    fn forget(&self) {
        let (how, all) = (DeleteParams::default(), ListParams::default());
        self.bed.wait(async {
            self.chaos.delete_collection(&how, &all).await.unwrap();
            self.ledgers.delete_collection(&how, &all).await.unwrap();
        });
    }
}

pub(crate) fn of_two_hundred_at_once_exactly_as_many_are_admitted_as_fit(bed: &Bed) {
    let replicas = Replicas::start(bed, |store| store);
    for round in 0..50 {
        let names: Vec<Option<String>> =
            (0..200).map(|it| Some(format!("r{round}-{it}"))).collect();
        let (admitted, denied) = replicas.create_all(&names);
        assert_eq!(admitted, LIMIT, "round {round}: {denied:#?}");
        assert_eq!(replicas.holders().len(), LIMIT, "round {round}");
        let why =
            |it: &&String| !it.contains("MinHealthyBreached") && !it.contains("ReservationFailed");
        let others: Vec<&String> = denied.iter().filter(why).collect();
        assert!(others.is_empty(), "round {round}: {others:?}");
        replicas.forget();
    }
}

pub(crate) fn a_dry_run_leaves_the_ledger_as_it_is_and_generated_names_are_held(bed: &Bed) {
    let replicas = Replicas::start(bed, |store| store);
    bed.wait(replicas.create(&chaos(Some("first")), false))
        .unwrap();
    let before = replicas.holders();
    for at in 0..20 {
        let name = format!("dry-{at}");
        bed.wait(replicas.create(&chaos(Some(&name)), true))
            .unwrap();
    }
    assert_eq!(replicas.holders(), before);
    let (admitted, denied) = replicas.create_all(&vec![None; 20]);
    assert_eq!(admitted, LIMIT - 1, "{denied:#?}");
    let names: Vec<String> = replicas.holders().into_iter().map(|it| it.0).collect();
    let drawn = names.iter().filter(|it| it.len() > "drawn-".len());
    assert_eq!(
        drawn.filter(|it| it.starts_with("drawn-")).count(),
        LIMIT - 1,
        "{names:?}"
    );
    assert!(
        bed.wait(replicas.create(&chaos(Some("dry")), true))
            .is_err()
    );
    replicas.forget();
}

/// A store whose user dies once it has written, before it can answer.
struct Dying(Arc<dyn Store>);

impl Store for Dying {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Page, Refused>> {
        self.0.read(name)
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(String, Page)>, Refused>> {
        self.0.all()
    }

    fn write<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        Box::pin(async move {
            self.0.write(name, page).await?;
            std::future::pending().await
        })
    }

    fn remove<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        self.0.remove(name, page)
    }
}

pub(crate) fn a_guard_that_dies_before_it_answers_leaves_a_ghost_that_its_client_does_not_meet(
    bed: &Bed,
) {
    let names: Vec<Option<String>> = (0..LIMIT).map(|it| Some(format!("lost-{it}"))).collect();
    {
        let dying = Replicas::start(bed, |store| Arc::new(Dying(store)));
        let (admitted, _) = dying.create_all(&names);
        assert_eq!(admitted, 0);
        assert!(!dying.holders().is_empty());
    }
    let replicas = Replicas::start(bed, |store| store);
    let ghosts = replicas.holders().len();
    let (admitted, denied) = replicas.create_all(&names);
    assert_eq!(admitted, LIMIT, "beside {ghosts} ghosts: {denied:#?}");
    assert!(
        bed.wait(replicas.create(&chaos(Some("another")), false))
            .is_err()
    );
    replicas.forget();
}

/// A webhook of somebody else, which refuses every chaos object.
fn refuser(bed: &Bed) -> (StandIn, Registered<'_>) {
    let nothing = View {
        inventory: Arc::new(Inventory::unlisted("somebody else says no")),
        policies: view().policies,
    };
    let refuser = bed.stand_in(Guard {
        outlook: Arc::new(nothing),
        ledgers: None,
        uses: None,
        fence: None,
        now: Arc::new(Timestamp::now),
    });
    let mut others = registrations("webhooks.yaml");
    others[0]["metadata"]["name"] = json!("somebody-else");
    let registered = bed.register(others, refuser.balancer.port(), Some(&refuser.authority));
    (refuser, registered)
}

/// A store that is asked where time passes as it does for everybody.
#[derive(Clone)]
struct Elsewhere(Arc<dyn Store>, Handle);

impl Elsewhere {
    fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T> {
        let work = self.1.spawn(work);
        Box::pin(async { work.await.unwrap() })
    }
}

impl Store for Elsewhere {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Page, Refused>> {
        let (store, name) = (Arc::clone(&self.0), name.to_owned());
        self.run(async move { store.read(&name).await })
    }

    fn all(&self) -> BoxFuture<'_, Result<Vec<(String, Page)>, Refused>> {
        let store = Arc::clone(&self.0);
        self.run(async move { store.all().await })
    }

    fn write<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        let (store, name, page) = (Arc::clone(&self.0), name.to_owned(), page.clone());
        self.run(async move { store.write(&name, &page).await })
    }

    fn remove<'a>(&'a self, name: &'a str, page: &'a Page) -> BoxFuture<'a, Result<(), Refused>> {
        let (store, name, page) = (Arc::clone(&self.0), name.to_owned(), page.clone());
        self.run(async move { store.remove(&name, &page).await })
    }
}

/// Has the ledgers kept, by a clock that waits for nobody, until nothing is reserved; for how long that was.
fn until_nothing_is_held(bed: &Bed) -> Duration {
    let store = Arc::new(Cluster::new(bed.admin_client(), "firebreak"));
    let store = Elsewhere(store, bed.wait(async { Handle::current() }));
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let begun = Instant::now();
        tokio::spawn(ledger::keep(Arc::new(store.clone()), Arc::new(view())));
        while !store.all().await.unwrap().is_empty() {
            assert!(
                begun.elapsed() < Duration::from_hours(1),
                "something is held"
            );
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        begun.elapsed()
    })
}

pub(crate) fn what_somebody_else_refuses_is_held_until_it_cannot_come_any_more(bed: &Bed) {
    let replicas = Replicas::start(bed, |store| store);
    {
        let (_guard, _registered) = refuser(bed);
        bed::until("somebody else is asked", || {
            match bed.wait(replicas.create(&chaos(Some("dry")), true)) {
                Err(told) if told.contains("somebody else says no") => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        let refused = bed.wait(replicas.create(&chaos(Some("refused")), false));
        assert!(refused.unwrap_err().contains("somebody else says no"));
    }
    bed::until("it is held", || match replicas.holders().as_slice() {
        [(name, _)] if name == "refused" => Ok(()),
        others => Err(format!("{others:?}")),
    });
    bed::until("nobody else is asked", || {
        bed.wait(replicas.create(&chaos(Some("refused")), true))
    });
    // Whether it will come is not known yet: it counts.
    let names: Vec<Option<String>> = (0..LIMIT).map(|it| Some(format!("other-{it}"))).collect();
    let (admitted, denied) = replicas.create_all(&names);
    assert_eq!(admitted, LIMIT - 1, "{denied:#?}");
    assert!(denied[0].contains("refused"), "{denied:?}");
    // Nor is it in its own way.
    bed.wait(replicas.create(&chaos(Some("refused")), true))
        .unwrap();
    let held = until_nothing_is_held(bed);
    assert!(held >= PATIENCE, "{held:?}");
    replicas.forget();
}
