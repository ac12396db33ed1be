//! The webhook over TLS, against a server that parses the same body and allows everything. Both run in
//! this process and take turns, so that what is claimed from it is a ratio of neighbours.
//!
//! `cargo bench --bench webhook` prints throughput, and the median and 99th percentile of single answers.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark stops at the first surprise, reads the clock and says what it found"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::post;
use firebreak::cli::client::Client;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::server::admission::{self, Guard};
use firebreak::server::certs::Throwaway;
use firebreak::server::listener::{Bounds, Listener, Phase};
use firebreak::server::view::View;
use futures::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Pods of the cluster, of one StatefulSet, and of one namespace.
const PODS: usize = 10_000;
const MEMBERS: usize = 5;
const PER_NAMESPACE: usize = 100;

/// How many policies are in force.
const POLICIES: usize = 16;

/// How many requests are under way at once, how many make a turn, and how many turns each server has.
const AT_ONCE: usize = 16;
const TURN: usize = 2_000;
const TURNS: usize = 60;

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

fn cluster() -> Inventory {
    let places = (0..PODS / PER_NAMESPACE).map(|it| {
        let name = format!("ns-{it}");
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    });
    let sets = (0..PODS / MEMBERS).flat_map(|it| {
        let (name, place) = (
            format!("app-{it}"),
            format!("ns-{}", it * MEMBERS / PER_NAMESPACE),
        );
        let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": name, "namespace": place}, "spec": {"replicas": MEMBERS}});
        let pods = (0..MEMBERS).map(move |ordinal| pod(&place, &name, ordinal));
        std::iter::once(set).chain(pods)
    });
    let objects: Vec<Object> = places.chain(sets).map(object).collect();
    Inventory::from_objects(&objects, Origin::Recorded)
}

fn pod(place: &str, owner: &str, ordinal: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("{owner}-{ordinal}"), "namespace": place,
            "labels": {"app": owner, "tier": "backend"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner,
                "controller": true}]},
        "spec": {"containers": [{"name": "main", "image": "example"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
}

/// How many policies are in force, and of how many of them each namespace is some business.
const SETS: [(&str, usize); 2] = [
    ("firebreak, 16 that all look", POLICIES),
    ("firebreak, 3 and 13 of other teams", 3),
];

/// The shipped policies over and over, but for the first `everywhere` each for a team that the namespaces
/// here are not of.
fn policies(everywhere: usize) -> PolicySet {
    let shipped = Reader::default().read_text("policies", DEFAULT_POLICIES);
    let copies = shipped.manifests.iter().cycle().take(POLICIES);
    let named = copies.enumerate().map(|(at, manifest)| {
        let mut value = manifest.object.value().clone();
        value["metadata"]["name"] = json!(format!("policy-{at}"));
        if at >= everywhere {
            let team = json!({"matchLabels": {"team": format!("team-{at}")}});
            value["spec"]["protects"]["namespaces"] = team;
        }
        object(value)
    });
    PolicySet::compile(&named.collect::<Vec<_>>()).unwrap()
}

/// The review of a PodChaos of two of five pods, as the API server sends it.
fn body() -> Vec<u8> {
    let chaos = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "bench", "namespace": "ns-3", "uid": "3f5f4c5e-4d0c-4e0a-9a49-1f0f4f7f5d11",
            "creationTimestamp": "2026-10-01T10:00:00Z", "generation": 1,
            "managedFields": [{"manager": "kubectl-client-side-apply", "operation": "Update",
                "apiVersion": "chaos-mesh.org/v1alpha1", "time": "2026-10-01T10:00:00Z",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {".": {}, "f:action": {}, "f:mode": {},
                    "f:duration": {}, "f:selector": {".": {}, "f:labelSelectors": {".": {}, "f:app": {}},
                    "f:namespaces": {}}, "f:value": {}}}}]},
        "spec": {"action": "pod-failure", "mode": "fixed", "value": "1", "duration": "5m",
            "selector": {"namespaces": ["ns-3"], "labelSelectors": {"app": "app-63"}}}});
    let gvk = json!({"group": "chaos-mesh.org", "version": "v1alpha1", "kind": "PodChaos"});
    let gvr = json!({"group": "chaos-mesh.org", "version": "v1alpha1", "resource": "podchaos"});
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {"uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": gvk, "resource": gvr,
            "requestKind": gvk, "requestResource": gvr, "name": "bench", "namespace": "ns-3",
            "operation": "CREATE", "userInfo": {"username": "engineer",
                "groups": ["sre", "system:authenticated"]},
            "object": chaos, "oldObject": null, "dryRun": false,
            "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"}}});
    serde_json::to_vec(&review).unwrap()
}

/// Parses the review, and allows it.
async fn allow(body: Bytes) -> impl IntoResponse {
    let review: Value = serde_json::from_slice(&body).unwrap();
    let uid = review["request"]["uid"].clone();
    let answer = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {"uid": uid, "allowed": true}});
    let body = serde_json::to_vec(&answer).unwrap();
    ([(header::CONTENT_TYPE, "application/json")], body)
}

/// A server of these routes, for as long as this process runs; where it is.
fn serve(runtime: &Runtime, certificate: &Throwaway, routes: Router) -> String {
    let _context = runtime.enter();
    let live = Some(Arc::clone(&certificate.live));
    let listener = Listener::bind("127.0.0.1:0", live, Bounds::default()).unwrap();
    let address = listener.address().unwrap();
    let (phase, phases) = watch::channel(Phase::Serving);
    runtime.spawn(async move {
        let served = listener.serve(routes, phases, Duration::ZERO).await;
        drop(phase);
        served
    });
    format!("https://{address}/validate")
}

/// The guard of a large cluster under many policies. What is reserved is left out: that is a write to
/// the API server, and no work of this process.
fn guard(inventory: &Arc<Inventory>, everywhere: usize) -> Guard {
    let view = View {
        inventory: Arc::clone(inventory),
        policies: Arc::new(policies(everywhere)),
    };
    Guard {
        outlook: Arc::new(view),
        ledgers: None,
        uses: None,
        fence: None,
        now: Arc::new(Timestamp::now),
    }
}

/// Sends a turn of requests; how long it took, and each answer.
fn turn(
    runtime: &Runtime,
    clients: &[Client],
    url: &str,
    body: &[u8],
) -> (Duration, Vec<Duration>) {
    let begun = Instant::now();
    let one = |client| async move {
        let mut times = Vec::with_capacity(TURN / AT_ONCE);
        for _ in 0..TURN / AT_ONCE {
            let sent = Instant::now();
            let answer = Client::post(client, url, body.to_vec()).await.unwrap();
            times.push(sent.elapsed());
            assert!(answer["response"]["allowed"].is_boolean(), "{answer}");
        }
        times
    };
    let times = runtime.block_on(join_all(clients.iter().map(one)));
    (begun.elapsed(), times.into_iter().flatten().collect())
}

fn percentile(sorted: &[Duration], of: usize) -> Duration {
    sorted[(sorted.len() * of / 100).min(sorted.len() - 1)]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let (runtime, certificate) = (
        Runtime::new().unwrap(),
        Throwaway::new(&["127.0.0.1"]).unwrap(),
    );
    let inventory = Arc::new(cluster());
    let guards = SETS.map(|(_, everywhere)| guard(&inventory, everywhere));
    let bare = Router::new().route("/validate", post(allow));
    let routes = [bare]
        .into_iter()
        .chain(guards.map(|guard| admission::router(Arc::new(guard))));
    let urls: Vec<String> = routes
        .map(|routes| serve(&runtime, &certificate, routes))
        .collect();
    let client = |_| Client::new(&certificate.authority).unwrap();
    let clients: Vec<Client> = (0..AT_ONCE).map(client).collect();
    let body = body();
    for url in &urls {
        turn(&runtime, &clients, url, &body);
    }
    let (mut ratios, mut times) = (vec![Vec::new(); urls.len()], vec![Vec::new(); urls.len()]);
    for _ in 0..TURNS {
        let mut bare = None;
        for (at, url) in urls.iter().enumerate() {
            let (taken, each) = turn(&runtime, &clients, url, &body);
            times[at].extend(each);
            let taken = taken.as_secs_f64();
            ratios[at].push(*bare.get_or_insert(taken) / taken);
        }
    }
    println!(
        "{PODS} pods, {POLICIES} policies, {AT_ONCE} requests at once, {TURNS} turns of {TURN} each"
    );
    let names = [("bare", 0)].into_iter().chain(SETS).map(|(name, _)| name);
    for ((name, mut times), ratios) in names.zip(times).zip(ratios) {
        times.sort_unstable();
        let (half, most) = (percentile(&times, 50), percentile(&times, 99));
        let throughput = median(ratios);
        println!(
            "{name:36} median {half:>9.1?}   99th percentile {most:>9.1?}   \
             throughput compared with bare {throughput:.2}"
        );
    }
}
