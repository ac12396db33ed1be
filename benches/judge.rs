//! The hot path: one verdict, against clusters of growing size. Claims made from it are ratios.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark stops at the first surprise, reads the clock and says what it found"
)]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use firebreak::cli::examples::now;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::inventory::{Inventory, Origin};
use firebreak::judge::judge;
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::request::{Request, User};
use serde_json::{Value, json};

/// Pods of one StatefulSet.
const MEMBERS: usize = 5;

/// Pods of one namespace.
const PER_NAMESPACE: usize = 100;

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

/// A cluster of StatefulSets of five, twenty of them a namespace.
fn cluster(pods: usize) -> Inventory {
    let mut objects = Vec::new();
    for index in 0..pods / PER_NAMESPACE {
        objects.push(object(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("ns-{index}")}
        })));
    }
    for index in 0..pods / MEMBERS {
        let namespace = format!("ns-{}", index * MEMBERS / PER_NAMESPACE);
        let name = format!("app-{index}");
        objects.push(object(json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": name, "namespace": namespace}, "spec": {"replicas": MEMBERS}
        })));
        objects.extend((0..MEMBERS).map(|ordinal| pod(&namespace, &name, ordinal)));
    }
    Inventory::from_objects(&objects, Origin::Recorded)
}

fn pod(namespace: &str, owner: &str, ordinal: usize) -> Object {
    object(json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("{owner}-{ordinal}"), "namespace": namespace,
            "labels": {"app": owner, "tier": "backend"},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner, "controller": true}
            ]
        },
        "spec": {"containers": [{"name": "main", "image": "example"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    }))
}

fn pod_chaos() -> Value {
    json!({
        "action": "pod-failure", "mode": "fixed", "value": "2", "duration": "5m",
        "selector": {"namespaces": ["ns-3"], "labelSelectors": {"app": "app-63"}}
    })
}

fn request(kind: &str, spec: &Value) -> Request {
    let value = json!({
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": kind,
        "metadata": {"name": "bench", "namespace": "ns-3"}, "spec": spec
    });
    Request::create(object(value), User::default())
}

fn schedule() -> Request {
    request(
        "Schedule",
        &json!({
            "schedule": "0 10 * * 2", "type": "PodChaos", "historyLimit": 2,
            "concurrencyPolicy": "Forbid", "podChaos": pod_chaos()
        }),
    )
}

fn workflow() -> Request {
    let names: Vec<String> = (0..50).map(|index| format!("step-{index}")).collect();
    let mut chaos = pod_chaos();
    chaos.as_object_mut().unwrap().remove("duration");
    let mut templates = vec![json!({
        "name": "entry", "templateType": "Serial", "deadline": "50m", "children": names
    })];
    templates.extend(names.iter().map(|name| {
        json!({"name": name, "templateType": "PodChaos", "deadline": "1m", "podChaos": chaos})
    }));
    request(
        "Workflow",
        &json!({"entry": "entry", "templates": templates}),
    )
}

fn policies(copies: usize) -> PolicySet {
    let mut objects = Vec::new();
    for copy in 0..copies {
        for manifest in Reader::default()
            .read_text("policies", DEFAULT_POLICIES)
            .manifests
        {
            let mut value = manifest.object.value().clone();
            let name = format!("{}-{copy}", manifest.object.reference().name);
            value["metadata"]["name"] = json!(name);
            objects.push(object(value));
        }
    }
    PolicySet::compile(&objects).unwrap()
}

fn benchmark(criterion: &mut Criterion) {
    let one = policies(1);
    let mut group = criterion.benchmark_group("judge");
    for pods in [1_000, 10_000, 100_000] {
        let inventory = cluster(pods);
        let mut bench = |name: &str, request: &Request, policies: &PolicySet| {
            group.bench_function(BenchmarkId::new(name, pods), |bencher| {
                bencher.iter(|| judge(&inventory, policies, request, now()));
            });
        };
        let podchaos = request("PodChaos", &pod_chaos());
        bench("one PodChaos", &podchaos, &one);
        if pods == 10_000 {
            bench("a Schedule", &schedule(), &one);
            bench("a Workflow of 50", &workflow(), &one);
            bench("20 policies", &podchaos, &policies(20));
        }
    }
    group.finish();
}

/// Verdicts whose times are sorted for the tail.
const VERDICTS: usize = 50_000;

/// The median and the 99th percentile of single verdicts, beside criterion's means.
fn tail(_: &mut Criterion) {
    let policies = policies(1);
    let request = request("PodChaos", &pod_chaos());
    for pods in [1_000, 10_000, 100_000] {
        let inventory = cluster(pods);
        let once = |_| {
            let start = Instant::now();
            std::hint::black_box(judge(&inventory, &policies, &request, now()));
            start.elapsed()
        };
        let mut times: Vec<Duration> = (0..VERDICTS).map(once).collect();
        times.sort_unstable();
        let (median, p99) = (times[VERDICTS / 2], times[VERDICTS / 100 * 99]);
        println!("judge/tail/{pods}: median {median:?}, p99 {p99:?}");
    }
}

criterion_group!(benches, benchmark, tail);
criterion_main!(benches);
