//! What reading costs, kind by kind, and what it costs an object that is no chaos; then ten thousand
//! manifests of every kind mixed, from their text to their verdicts. Claims made from it are ratios.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark stops at the first surprise and reads the clock"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use firebreak::cli::examples::{examples, now, world};
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::fault::{self, Surroundings};
use firebreak::inventory::{Inventory, Origin};
use firebreak::judge::judge;
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::request::{Request, User};
use serde_json::{Value, json};

/// Where one drill is written in every tool's words.
const DRILL: &str = "one-drill/";

/// Mixed manifests, half of them chaos.
const MIXED: usize = 10_000;

fn objects_of(values: impl IntoIterator<Item = Value>) -> Vec<Object> {
    let objects = values.into_iter();
    objects.map(|value| Object::new(value).unwrap()).collect()
}

/// The drill, by the name of its file.
fn drill() -> Vec<(String, Object)> {
    let drill = examples().unwrap().into_iter().filter_map(|example| {
        let name = example.file.strip_prefix(DRILL)?.trim_end_matches(".yaml");
        let object = example.review.pointer("/request/object")?.clone();
        let asked = !name.ends_with(".review") && object.is_object();
        asked.then(|| (name.to_owned(), Object::new(object).unwrap()))
    });
    drill.collect()
}

/// Objects of every cluster that are no chaos, each of a kind that a reader looks at or none does.
fn ordinary() -> Vec<(String, Object)> {
    let container = json!({"name": "main", "image": "registry.example/shop:1.2",
                           "command": ["/shop", "--port=8080"]});
    let template =
        json!({"metadata": {"labels": {"app": "shop"}}, "spec": {"containers": [container]}});
    let kinds = [
        ("v1", "ConfigMap", json!({})),
        ("v1", "Pod", template["spec"].clone()),
        (
            "apps/v1",
            "Deployment",
            json!({"replicas": 3, "template": template}),
        ),
        (
            "apps/v1",
            "StatefulSet",
            json!({"replicas": 3, "template": template}),
        ),
        ("batch/v1", "Job", json!({"template": template})),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({"podSelector": {"matchLabels": {"app": "shop"}},
                "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}]}),
        ),
    ];
    let named = kinds.map(|(version, kind, spec)| {
        let metadata = json!({"name": "shop", "namespace": "shop", "labels": {"app": "shop"}});
        json!({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec})
    });
    let objects = objects_of(named).into_iter();
    objects
        .map(|object| (format!("ordinary {}", object.reference().kind), object))
        .collect()
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    for (name, object) in drill().into_iter().chain(ordinary()) {
        group.bench_function(name, |bencher| {
            bencher.iter(|| fault::read(&object, Surroundings::NONE));
        });
    }
    group.finish();
}

/// Manifests of every kind in turn, chaos and not, as one text.
fn mixed() -> String {
    let chaos = drill();
    let ordinary = ordinary();
    let text = (0..MIXED).map(|index| {
        let kinds = if index % 2 == 0 { &chaos } else { &ordinary };
        let (_, object) = &kinds[index / 2 % kinds.len()];
        let mut value = object.value().clone();
        value["metadata"]["name"] = json!(format!("mixed-{index}"));
        format!("---\n{value}\n")
    });
    text.collect()
}

fn mixing(criterion: &mut Criterion) {
    let world: Vec<Object> = world().unwrap().into_iter().map(|it| it.object).collect();
    let inventory = Inventory::from_objects(&world, Origin::Recorded);
    let policies = Reader::default().read_text("policies", DEFAULT_POLICIES);
    let policies: Vec<Object> = policies.manifests.into_iter().map(|it| it.object).collect();
    let policies = PolicySet::compile(&policies).unwrap();
    let text = mixed();
    let mut group = criterion.benchmark_group("check");
    group
        .throughput(Throughput::Elements(MIXED as u64))
        .sample_size(10);
    group.bench_function("10,000 mixed manifests", |bencher| {
        bencher.iter(|| {
            let manifests = Reader::default().read_text("mixed.yaml", &text).manifests;
            let verdicts = manifests.into_iter().map(|manifest| {
                let request = Request::create(manifest.object, User::default());
                judge(&inventory, &policies, &request, now()).decision
            });
            verdicts.collect::<Vec<_>>()
        });
    });
    group.finish();
}

criterion_group!(benches, reading, mixing);
criterion_main!(benches);
