//! Sanctioned experiments carried out on an API server in memory, in a time that passes when nothing else does:
//! pods that come back, requests that lose a race, and leaders that are gone in the middle.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::server::Clock;
use firebreak::server::ledger::Cluster;
use firebreak::server::scheduler::Scheduler;
use firebreak::server::view::{Outlook, View};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

const GROUP: &str = "/apis/firebreak.dev/v1alpha1";
const RUN: &str = "/apis/firebreak.dev/v1alpha1/namespaces/db/experimentruns/drill-now";
const POD: &str = "/api/v1/namespaces/db/pods/ledger-";

/// Objects by path, each with a version.
#[derive(Default)]
struct Store {
    objects: BTreeMap<String, Value>,
    version: u64,
    uids: u64,
    /// What was written, method and path.
    writes: Vec<(Method, String)>,
    /// When a pod is ready again.
    back: BTreeMap<String, Instant>,
}

/// The API server, with a controller that makes pods again, and what is seen of it.
#[derive(Clone, Default)]
struct World(Arc<Mutex<Store>>);

impl World {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap()
    }

    /// A cluster with a StatefulSet of three pods, and an experiment.
    fn new(experiment: &Value) -> Self {
        let world = Self::default();
        {
            let mut store = world.store();
            for index in 0..3 {
                store.pod(&format!("{POD}{index}"), true);
            }
            let labels = json!({"app": "ledger"});
            store.put(
                "/apis/apps/v1/namespaces/db/statefulsets/ledger",
                json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
                    "metadata": {"name": "ledger", "namespace": "db"},
                    "spec": {"replicas": 3, "selector": {"matchLabels": labels},
                        "template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}}),
            );
            store.put(
                &format!("{GROUP}/namespaces/db/sanctionedexperiments/drill"),
                json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "SanctionedExperiment",
                    "metadata": {"name": "drill", "namespace": "db", "generation": 1,
                        "creationTimestamp": "2026-10-01T09:00:00Z"},
                    "spec": experiment}),
            );
        }
        world
    }

    fn client(&self) -> Client {
        let world = self.clone();
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            let world = world.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
                // Others have their turn, and an answer takes a while.
                sleep(Duration::from_millis(5)).await;
                let query = parts.uri.query().unwrap_or_default().to_owned();
                let (status, answer) =
                    world
                        .store()
                        .answer(&parts.method, (parts.uri.path(), &query), &body);
                let mut response = Response::new(Body::from(answer.to_string()));
                *response.status_mut() = status;
                Ok::<_, Infallible>(response)
            }
        });
        Client::new(service, "default")
    }

    fn scheduler(&self, clock: &Clock) -> Scheduler {
        let store = Arc::new(Cluster::new(self.client(), "firebreak"));
        let seen: Arc<dyn Outlook> = Arc::new(self.clone());
        Scheduler::new(self.client(), (seen, store), "firebreak", Arc::clone(clock))
    }

    /// Somebody asks for a run.
    fn run(&self, spec: &Value) {
        let run = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "ExperimentRun",
            "metadata": {"name": "drill-now", "namespace": "db",
                "creationTimestamp": "2026-10-01T10:00:00Z"}, "spec": spec});
        self.store().put(RUN, run);
    }

    fn get(&self, path: &str) -> Option<Value> {
        self.store().objects.get(path).cloned()
    }

    fn phase(&self) -> String {
        let run = self.get(RUN).unwrap_or_default();
        run["status"]["phase"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// How many pods were deleted.
    fn deleted(&self) -> usize {
        let store = self.store();
        let all = store.writes.iter();
        all.filter(|(method, path)| *method == Method::DELETE && path.starts_with(POD))
            .count()
    }
}

impl Outlook for World {
    fn view(&self, _: Timestamp) -> View {
        let mut store = self.store();
        store.come_back();
        let objects = store.objects.iter();
        let seen = objects.filter(|(path, _)| !path.starts_with(GROUP));
        let seen: Vec<Object> = seen
            .map(|(_, object)| Object::new(object.clone()).unwrap())
            .collect();
        View {
            inventory: Arc::new(Inventory::from_objects(&seen, Origin::Recorded)),
            policies: Arc::new(PolicySet::default()),
        }
    }
}

impl Store {
    fn put(&mut self, path: &str, mut object: Value) -> Value {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        if object["metadata"]["uid"].is_null() {
            self.uids += 1;
            object["metadata"]["uid"] = json!(format!("uid-{}", self.uids));
        }
        self.objects.insert(path.to_owned(), object.clone());
        object
    }

    fn pod(&mut self, path: &str, ready: bool) {
        let name = path.rsplit('/').next().unwrap();
        let ready = if ready { "True" } else { "False" };
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "db", "labels": {"app": "ledger"},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "ledger",
                    "uid": "set", "controller": true}]},
            "spec": {"containers": [{"name": "main", "image": "main"}], "nodeName": "node"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}});
        self.put(path, pod);
    }

    /// What a controller and a node do meanwhile.
    fn come_back(&mut self) {
        let now = Instant::now();
        let due = self.back.iter().filter(|(_, at)| **at <= now);
        let due: Vec<String> = due.map(|(path, _)| path.clone()).collect();
        for path in due {
            self.back.remove(&path);
            let mut pod = self.objects[&path].clone();
            pod["status"]["conditions"][0]["status"] = json!("True");
            self.put(&path, pod);
        }
    }

    fn answer(
        &mut self,
        method: &Method,
        (path, query): (&str, &str),
        body: &Value,
    ) -> (StatusCode, Value) {
        self.come_back();
        if *method == Method::GET {
            return match self.objects.get(path) {
                Some(object) => (StatusCode::OK, object.clone()),
                // Of the names in here none ends as those of collections do.
                None if path.ends_with('s') => self.list(path, query),
                None => failure(404),
            };
        }
        let dry = query.contains("dryRun=All") || body["dryRun"].is_array();
        let name = body["metadata"]["name"].as_str().unwrap_or("event");
        let path = match *method {
            Method::POST => format!("{path}/{name}"),
            _ => path.trim_end_matches("/status").to_owned(),
        };
        let old = self.objects.get(&path).cloned();
        if old.is_some() == (*method == Method::POST) {
            return failure(if old.is_some() { 409 } else { 404 });
        }
        let version = &body["metadata"]["resourceVersion"];
        let old = old.unwrap_or_default();
        let stale = !version.is_null() && *version != old["metadata"]["resourceVersion"];
        let uid = &body["preconditions"]["uid"];
        if stale || !uid.is_null() && *uid != old["metadata"]["uid"] {
            return failure(409);
        }
        if dry {
            let gone = *method == Method::DELETE;
            return (StatusCode::OK, if gone { old } else { body.clone() });
        }
        self.writes.push((method.clone(), path.clone()));
        (StatusCode::OK, self.change(method, &path, (old, body)))
    }

    fn change(&mut self, method: &Method, path: &str, (old, body): (Value, &Value)) -> Value {
        if *method == Method::DELETE {
            if old["metadata"]["finalizers"]
                .as_array()
                .is_none_or(Vec::is_empty)
            {
                self.objects.remove(path);
            } else {
                let mut going = old.clone();
                going["metadata"]["deletionTimestamp"] = json!("2026-10-01T10:00:00Z");
                self.put(path, going);
            }
            if path.starts_with(POD) {
                self.pod(path, false);
                self.back
                    .insert(path.to_owned(), Instant::now() + Duration::from_secs(7));
            }
            return old;
        }
        let mut new = old;
        if *method == Method::PATCH {
            merge(&mut new, body);
        } else {
            let uid = new["metadata"]["uid"].clone();
            new = body.clone();
            new["metadata"]["uid"] = uid;
        }
        let new = self.put(path, new);
        let held = new["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|it| !it.is_empty());
        if !new["metadata"]["deletionTimestamp"].is_null() && !held {
            self.objects.remove(path);
        }
        new
    }

    /// What is kept in a collection, of one namespace or of all.
    fn list(&self, path: &str, query: &str) -> (StatusCode, Value) {
        let (group, plural) = path.rsplit_once('/').unwrap();
        let below = self.objects.iter().filter(|(it, _)| {
            let mut parts = it.rsplitn(3, '/').skip(1);
            let (of, rest) = (parts.next(), parts.next().unwrap_or_default());
            of == Some(plural) && rest.starts_with(group)
        });
        let wanted = query
            .split('&')
            .find_map(|it| it.strip_prefix("labelSelector="));
        let wanted = wanted
            .unwrap_or_default()
            .replace("%2F", "/")
            .replace("%3D", "=");
        let (label, value) = wanted.split_once('=').unwrap_or((&wanted, ""));
        let fits = |object: &&Value| {
            let found = object["metadata"]["labels"][label].as_str();
            label.is_empty() || found.is_some_and(|it| value.is_empty() || it == value)
        };
        let items: Vec<&Value> = below.map(|(_, object)| object).filter(fits).collect();
        let metadata = json!({"resourceVersion": self.version.to_string()});
        (
            StatusCode::OK,
            json!({"metadata": metadata, "items": items}),
        )
    }
}

fn merge(object: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (name, field) in fields {
        if field.is_null() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut object[name], field);
        }
    }
}

fn failure(code: u16) -> (StatusCode, Value) {
    let reason = if code == 404 { "NotFound" } else { "Conflict" };
    let body = json!({"apiVersion": "v1", "kind": "Status", "status": "Failure", "message": "no",
        "reason": reason, "code": code});
    (StatusCode::from_u16(code).unwrap(), body)
}

/// A clock that goes with the time of the test.
fn clock() -> Clock {
    let begun = Instant::now();
    let start: Timestamp = "2026-10-01T10:00:00Z".parse().unwrap();
    Arc::new(move || start + begun.elapsed())
}

fn native() -> Value {
    json!({"hypothesis": "it comes back", "workload": {"kind": "StatefulSet", "name": "ledger"},
        "targets": "Any", "native": {"podDelete": {}}, "preflight": {"stableFor": "3s"},
        "recovery": {"deadline": "60s", "stableFor": "3s", "poll": "1s"}})
}

fn template() -> Value {
    let mut spec = native();
    spec["native"] = Value::Null;
    spec.as_object_mut().unwrap().remove("native");
    spec["template"] = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "spec": {"action": "pod-failure", "mode": "one", "duration": "60s",
            "selector": {"namespaces": ["db"], "labelSelectors": {"app": "ledger"}}}});
    spec
}

/// Leads until this is so, or for so long.
async fn lead(scheduler: &Scheduler, longest: Duration, until: impl Fn() -> bool) {
    let done = async {
        while !until() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = scheduler.lead() => {}
        _ = timeout(longest, done) => {}
    }
}

const LONG: Duration = Duration::from_mins(10);

#[tokio::test(start_paused = true)]
async fn a_pod_is_deleted_once_and_its_recovery_is_measured() {
    let (world, clock) = (World::new(&native()), clock());
    world.run(&json!({"experiment": "drill"}));
    let scheduler = world.scheduler(&clock);
    lead(&scheduler, LONG, || world.phase() == "Closed").await;
    let run = world.get(RUN).unwrap();
    assert_eq!(run["status"]["outcome"], "Passed", "{}", run["status"]);
    let high = run["status"]["recovery"]["seconds"]["high"]
        .as_u64()
        .unwrap();
    assert!((5..=15).contains(&high), "{}", run["status"]);
    let told = run["status"]["metrics"]["timeToRecoverySeconds"].as_f64();
    assert_eq!(told.map(|it| it.to_string()), Some(high.to_string()));
    assert_eq!(world.deleted(), 1);
}

#[tokio::test(start_paused = true)]
async fn two_who_lead_at_once_delete_no_second_pod() {
    let (world, clock) = (World::new(&native()), clock());
    world.run(&json!({"experiment": "drill"}));
    let (one, other) = (world.scheduler(&clock), world.scheduler(&clock));
    tokio::select! {
        () = other.lead() => {}
        () = lead(&one, LONG, || world.phase() == "Closed") => {}
    }
    let run = world.get(RUN).unwrap();
    assert_eq!(run["status"]["outcome"], "Passed", "{}", run["status"]);
    assert_eq!(world.deleted(), 1);
}

#[tokio::test(start_paused = true)]
async fn whenever_a_leader_is_gone_the_next_one_deletes_no_second_pod() {
    for writes in 1..25 {
        let (world, clock) = (World::new(&native()), clock());
        world.run(&json!({"experiment": "drill"}));
        let first = world.scheduler(&clock);
        lead(&first, LONG, || {
            world.store().writes.len() >= writes || world.phase() == "Closed"
        })
        .await;
        drop(first);
        sleep(Duration::from_secs(16)).await;
        let next = world.scheduler(&clock);
        lead(&next, LONG, || world.phase() == "Closed").await;
        assert_eq!(world.phase(), "Closed", "{writes}");
        assert!(world.deleted() <= 1, "{writes}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_while_somebody_stops_everything() {
    let (world, clock) = (World::new(&native()), clock());
    world.run(&json!({"experiment": "drill"}));
    let stop = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "EmergencyStop",
        "metadata": {"name": "incident", "creationTimestamp": "2026-10-01T10:00:00Z"}, "spec": {}});
    let path = format!("{GROUP}/emergencystops/incident");
    world.store().put(&path, stop);
    let scheduler = world.scheduler(&clock);
    lead(&scheduler, LONG, || world.phase() == "Closed").await;
    let run = world.get(RUN).unwrap();
    assert_eq!(
        run["status"]["reason"], "EmergencyStop",
        "{}",
        run["status"]
    );
    assert_eq!(run["status"]["outcome"], "Skipped");
    assert_eq!(world.deleted(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_chooses_and_touches_nothing() {
    let (world, clock) = (World::new(&native()), clock());
    world.run(&json!({"experiment": "drill", "dryRun": true}));
    let scheduler = world.scheduler(&clock);
    lead(&scheduler, LONG, || world.phase() == "Closed").await;
    let run = world.get(RUN).unwrap();
    assert_eq!(run["status"]["reason"], "DryRun", "{}", run["status"]);
    assert_eq!(run["status"]["pinned"].as_array().map(Vec::len), Some(1));
    assert_eq!(world.deleted(), 0);
}

#[tokio::test(start_paused = true)]
async fn any_replica_ends_what_runs_and_a_deleted_run_leaves_nothing() {
    let chaos = "/apis/chaos-mesh.org/v1alpha1/namespaces/db/podchaos/drill-now";
    let (world, clock) = (World::new(&template()), clock());
    world.run(&json!({"experiment": "drill"}));
    let scheduler = world.scheduler(&clock);
    lead(&scheduler, LONG, || {
        let run = world.get(RUN).unwrap_or_default();
        !run["status"]["chaosObject"]["uid"].is_null()
    })
    .await;
    assert!(world.get(chaos).is_some());
    assert_eq!(world.phase(), "Injecting");
    {
        let mut store = world.store();
        let mut run = store.objects[RUN].clone();
        run["metadata"]["deletionTimestamp"] = json!("2026-10-01T10:00:00Z");
        store.put(RUN, run);
    }
    // Nobody leads; who only watches ends it all the same.
    let watching = world.scheduler(&clock);
    let _ = timeout(Duration::from_mins(2), watching.watch()).await;
    assert!(
        world.get(chaos).is_none(),
        "{}",
        world.get(RUN).unwrap()["status"]
    );
    assert_eq!(world.phase(), "Reverting");
    lead(&scheduler, LONG, || world.get(RUN).is_none()).await;
    assert!(world.get(RUN).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_tick_makes_one_run_and_what_nobody_owns_any_more_is_removed() {
    let mut spec = native();
    spec["schedules"] = json!([{"schedule": "5 10 * * *"}]);
    let (world, clock) = (World::new(&spec), clock());
    let left = "/apis/networking.k8s.io/v1/namespaces/db/networkpolicies/gone";
    world.store().put(
        left,
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "gone", "namespace": "db", "labels": {
                "firebreak.dev/run": "gone", "firebreak.dev/run-uid": "nobody"}},
            "spec": {"podSelector": {}}}),
    );
    let scheduler = world.scheduler(&clock);
    let experiment = format!("{GROUP}/namespaces/db/sanctionedexperiments/drill");
    let is_told = || {
        let status = world.get(&experiment).unwrap()["status"].clone();
        status["lastOutcome"] == "Passed"
    };
    lead(&scheduler, Duration::from_mins(30), is_told).await;
    let status = world.get(&experiment).unwrap()["status"].clone();
    assert_eq!(status["lastOutcome"], "Passed", "{status}");
    assert_eq!(status["lastHandledTick"], "2026-10-01T10:05:00Z");
    assert_eq!(status["conditions"][0]["status"], "True");
    let place = format!("{GROUP}/namespaces/db/experimentruns/");
    let store = world.store();
    let runs = store.objects.keys().filter(|it| it.starts_with(&place));
    assert_eq!(runs.count(), 1);
    assert!(!store.objects.contains_key(left));
}
