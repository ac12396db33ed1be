//! Rules: what sixteen of them cost over an object of 5 KiB and a radius of 50 pods, beside the same
//! policy without rules, and what compiling one costs. Claims made from it are differences and ratios.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark stops at the first surprise"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use firebreak::blast::{self, BlastRadius};
use firebreak::cli::examples::now;
use firebreak::fault::{self, Experiment};
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::policy::rules::environment;
use firebreak::policy::{Case, PolicySet, evaluate};
use firebreak::request::{Request, User};
use serde_json::{Value, json};

/// Pods that the experiment can hit.
const PODS: usize = 50;

/// Rules over the object, the request and the namespace.
const PLAIN: [&str; 16] = [
    "object.metadata.namespace == 'shop'",
    "object.spec.mode in ['fixed', 'one', 'all']",
    "has(object.spec.duration) && duration(object.spec.duration) <= duration('10m')",
    "object.metadata.?labels.team.orValue('') != ''",
    "object.metadata.name.matches('^[a-z0-9-]+$')",
    "!request.userInfo.username.startsWith('system:anonymous')",
    "request.userInfo.groups.exists(g, g == 'sre')",
    "object.spec.selector.namespaces.all(n, n == 'shop')",
    "object.metadata.annotations.all(k, size(k) < 100)",
    "object.spec.selector.labelSelectors.app == 'web'",
    "size(object.metadata.name) <= 63",
    "request.operation in ['CREATE', 'UPDATE']",
    "oldObject == null || oldObject.spec == object.spec",
    "object.metadata.?annotations['note-7'].orValue('').contains('lorem')",
    "object.spec.action.lowerAscii() == object.spec.action",
    "now.getDayOfWeek() < 7",
];

/// Rules over the radius.
const RADIUS: [&str; 16] = [
    "blast.pods.size() <= 50",
    "blast.groups.all(g, g.remaining >= 0)",
    "blast.groups.exists(g, g.size >= 50)",
    "blast.namespaces.all(n, n == 'shop')",
    "blast.zones.size() <= 3",
    "blast.nodes.size() <= 50",
    "blast.pods.all(p, p.namespace == 'shop')",
    "blast.groups.all(g, g.share <= 100)",
    "experiment.actions.all(a, a != 'KernelFault')",
    "experiment.effects.all(e, e != 'Corrupting')",
    "blast.hits <= 50",
    "experiment.kind == 'PodChaos'",
    "blast.groups.map(g, g.hits).sum() <= 50",
    "experiment.duration == null || experiment.duration <= duration('10m')",
    "blast.groups.filter(g, g.kind == 'StatefulSet').size() == 1",
    "blast.pods.exists(p, p.name == 'web-49')",
];

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

fn cluster() -> Inventory {
    let pods = (0..PODS).map(|ordinal| {
        object(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("web-{ordinal}"), "namespace": "shop", "labels": {"app": "web"},
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": true}
                ]
            },
            "spec": {"nodeName": format!("node-{ordinal}")},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        }))
    });
    let nodes = (0..PODS).map(|index| {
        let zone = format!("zone-{}", index % 3);
        object(json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": format!("node-{index}"), "labels": {"topology.kubernetes.io/zone": zone}}
        }))
    });
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}});
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"replicas": PODS}
    });
    let objects = [namespace, set].map(object).into_iter();
    let objects: Vec<Object> = objects.chain(nodes).chain(pods).collect();
    Inventory::from_objects(&objects, Origin::Recorded)
}

/// A chaos object of 5 KiB, most of it annotations.
fn chaos() -> Object {
    let note = "lorem ipsum dolor sit amet ".repeat(8);
    let notes = (0..21).map(|index| (format!("note-{index}"), json!(note)));
    let chaos = json!({
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {
            "name": "web-down", "namespace": "shop", "labels": {"team": "shop"},
            "annotations": notes.collect::<serde_json::Map<_, _>>()
        },
        "spec": {
            "action": "pod-failure", "mode": "fixed", "value": "50", "duration": "5m",
            "selector": {"namespaces": ["shop"], "labelSelectors": {"app": "web"}}
        }
    });
    assert!((5_000..6_000).contains(&chaos.to_string().len()));
    object(chaos)
}

fn policy(rules: &[&str]) -> PolicySet {
    let rules: Vec<Value> = rules
        .iter()
        .enumerate()
        .map(|(index, rule)| json!({"name": format!("rule-{index}"), "expression": rule}))
        .collect();
    let policy = object(json!({
        "apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "bench"}, "spec": {"rules": rules}
    }));
    PolicySet::compile(&[policy]).unwrap()
}

/// What a case is made of.
struct Given {
    request: Request,
    experiment: Experiment,
    blast: BlastRadius,
    inventory: Inventory,
}

impl Given {
    fn new() -> Self {
        let inventory = cluster();
        let user = User {
            name: "jo".to_owned(),
            groups: vec!["dev".to_owned(), "sre".to_owned()],
            ..User::default()
        };
        let request = Request::create(chaos(), user);
        let read = fault::read(request.object.as_ref().unwrap(), inventory.surroundings());
        let experiment = read.unwrap().unwrap();
        let blast = blast::measure(&experiment, &inventory);
        assert_eq!(blast.candidates.len(), PODS);
        Self {
            request,
            experiment,
            blast,
            inventory,
        }
    }

    fn case(&self) -> Case<'_> {
        Case {
            request: &self.request,
            experiment: &self.experiment,
            blast: &self.blast,
            inventory: &self.inventory,
            now: now(),
        }
    }
}

fn benchmark(criterion: &mut Criterion) {
    let given = Given::new();
    let case = given.case();
    let mut group = criterion.benchmark_group("rules");
    let mut bench = |name: &str, rules: &[&str]| {
        let policies = policy(rules);
        assert_eq!(evaluate(&policies, &case), [], "all of them are kept");
        group.bench_function(name, |bencher| {
            bencher.iter(|| evaluate(black_box(&policies), black_box(&case)));
        });
    };
    bench("none", &[]);
    bench("16 that do not read the radius", &PLAIN);
    bench("16 that read the radius", &RADIUS);
    let mixed: Vec<&str> = PLAIN[..8].iter().chain(&RADIUS[..8]).copied().collect();
    bench("16, half of each", &mixed);
    group.bench_function("compiling one", |bencher| {
        let environment = environment();
        bencher.iter(|| environment.compile(black_box(PLAIN[2])).unwrap());
    });
    group.finish();
}

criterion_group!(benches, benchmark);
criterion_main!(benches);
