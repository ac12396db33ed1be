//! What is kept of a cluster: as much as a decision needs, whichever way it came to be known.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use firebreak::cli::examples;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::cli::snapshot::document;
use firebreak::inventory::{Cluster, Inventory, Origin, excerpt, families, live, watched, watches};
use firebreak::judge::{Decision, Verdict, judge};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::policy::spec::GROUP;
use firebreak::request::{Operation, Request};
use firebreak::server::review;
use serde_json::{Value, json};

use crate::source::root;

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

pub(crate) fn example_world() -> Vec<Object> {
    let manifests = examples::world().unwrap().into_iter();
    manifests.map(|manifest| manifest.object).collect()
}

/// The worlds that were recorded.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn worlds() -> Vec<Vec<Object>> {
    let listed = |text: &str| -> Vec<Object> {
        let list: Value = serde_json::from_str(text).unwrap();
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| object(item.clone())).collect()
    };
    let mut worlds = vec![
        example_world(),
        listed(include_str!("data/worlds/pxc-cluster1.json")),
    ];
    let upstream = Path::new(root()).join("../shared/upstream/worlds");
    match fs::read_dir(upstream) {
        Err(_) => println!("skipped: ../shared/upstream is not here"),
        Ok(files) => {
            let texts = files.map(|file| file.unwrap().path());
            let texts = texts.filter(|it| it.extension() == Some("json".as_ref()));
            worlds.extend(texts.map(|it| listed(&fs::read_to_string(it).unwrap())));
        }
    }
    worlds
}

pub(crate) fn policies() -> PolicySet {
    let reading = Reader::default().read_text("policies", DEFAULT_POLICIES);
    let policies: Vec<Object> = reading.manifests.into_iter().map(|it| it.object).collect();
    PolicySet::compile(&policies).unwrap()
}

/// What the examples ask for.
pub(crate) fn requests() -> Vec<(String, Request)> {
    let examples = examples::examples().unwrap().into_iter();
    let request = |it: examples::Example| {
        let body = it.review.to_string();
        (it.file.clone(), review::read(body.as_bytes()).unwrap().1)
    };
    examples.map(request).collect()
}

/// A recorded world with what is live in it.
fn recorded(objects: &[Object]) -> Inventory {
    let inventory = Inventory::from_objects(objects, Origin::Recorded);
    let live = live(objects, &inventory);
    inventory.with_live(live)
}

pub(crate) fn watched_cluster(objects: &[Object]) -> Cluster {
    let mut cluster = Cluster::default();
    for object in objects {
        cluster.put(object.clone());
    }
    cluster
}

fn assert_same(one: &Inventory, other: &Inventory) {
    assert!(one.pods().eq(other.pods()));
    assert!(one.nodes().eq(other.nodes()));
    assert!(one.groups().eq(other.groups()));
    assert!(one.namespaces().eq(other.namespaces()));
    assert_eq!(one.budgets(), other.budgets());
    assert_eq!(one.active(), other.active());
    assert_eq!(one.unread(), other.unread());
    assert_eq!(one.surroundings(), other.surroundings());
}

/// The same object with what API servers, tools and people put into every one, and nobody reads.
fn noisy(object: &Object) -> Object {
    let mut value = object.value().clone();
    let fields = json!({"f:metadata": {"f:labels": {"f:app": {}}}});
    value["metadata"]["managedFields"] = json!([{"manager": "kubectl", "fieldsV1": fields}]);
    value["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] =
        json!(object.value().to_string());
    let containers = match object.reference().kind.as_str() {
        "Pod" => "/spec/containers",
        _ => "/spec/template/spec/containers",
    };
    let containers = value.pointer_mut(containers).and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        container["resources"] = json!({"limits": {"cpu": "2", "memory": "2Gi"}});
        container["volumeMounts"] = json!([{"name": "kube-api-access", "mountPath": "/var/run"}]);
        container["terminationMessagePath"] = json!("/dev/termination-log");
    }
    if object.is("", "Node") {
        value["status"]["images"] = json!([{"names": ["example/a@sha256:1"], "sizeBytes": 1}]);
    }
    if object.is("", "Pod") {
        value["status"]["containerStatuses"] = json!([{"name": "main", "restartCount": 0}]);
    }
    Object::new(value).unwrap()
}

#[test]
fn what_is_not_kept_makes_no_difference() {
    let (policies, requests) = (policies(), requests());
    for world in worlds() {
        let noisy: Vec<Object> = world.iter().map(noisy).collect();
        let (quiet, loud) = (watched_cluster(&world), watched_cluster(&noisy));
        let (quiet, loud) = (quiet.inventory(), loud.inventory());
        assert!(quiet.pods().eq(loud.pods()));
        assert!(quiet.nodes().eq(loud.nodes()));
        assert!(quiet.groups().eq(loud.groups()));
        assert_eq!(quiet.budgets(), loud.budgets());
        assert_eq!(quiet.active(), loud.active());
        for (file, request) in &requests {
            let verdict = |inventory| judge(inventory, &policies, request, examples::now());
            assert_eq!(
                verdict(&quiet).explain(),
                verdict(&loud).explain(),
                "{file}"
            );
        }
    }
}

#[test]
fn a_cluster_that_is_watched_is_the_one_that_is_recorded() {
    let mut rng = Rng::with_seed(7);
    for world in worlds() {
        let whole = recorded(&world);
        let mut shuffled = world.clone();
        rng.shuffle(&mut shuffled);
        let mut cluster = watched_cluster(&shuffled);
        assert_same(&cluster.inventory(), &whole);
        // What goes and comes back, what is listed again, and what is not listed any more.
        for object in shuffled.iter().take(world.len() / 2) {
            cluster.remove(object.reference());
        }
        for object in shuffled {
            cluster.put(object);
        }
        let stray = object(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stray", "namespace": "db"}
        }));
        cluster.put(stray);
        cluster.retain("", "Pod", |namespace, name| {
            (namespace, name) != ("db", "stray")
        });
        assert_same(&cluster.inventory(), &whole);
    }
}

#[test]
fn what_is_recorded_of_a_cluster_makes_the_same_inventory_however_it_is_written() {
    for world in worlds() {
        let noisy: Vec<Object> = world.iter().map(noisy).collect();
        let excerpts: Vec<Object> = noisy.iter().filter_map(excerpt).collect();
        assert_same(&recorded(&excerpts), &recorded(&noisy));
        assert_same(&watched_cluster(&excerpts).inventory(), &recorded(&noisy));
        let again: Vec<Object> = excerpts.iter().filter_map(excerpt).collect();
        assert_eq!(again, excerpts);
        let mut text = String::new();
        for excerpt in &excerpts {
            text += "---\n";
            text += &document(excerpt).unwrap();
        }
        let read = Reader::default().read_text("world.yaml", &text);
        assert_eq!(read.failures, []);
        let read: Vec<Object> = read.manifests.into_iter().map(|it| it.object).collect();
        assert_eq!(read, excerpts);
    }
}

/// Text that YAML may take for something else.
const ODD: &[&str] = &[
    "",
    " ",
    "n",
    "y",
    "on",
    "No",
    "~",
    "null",
    "007",
    "0o7",
    "0x1f",
    "1e3",
    "1_000",
    "12:30",
    "1:2:3",
    ".5",
    "5.",
    "-",
    "- a",
    "a: b",
    "a #b",
    "#b",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "'a'",
    "\"a\"",
    "{a}",
    "[a]",
    "a\nb",
    "a\n",
    "\n",
    "\ta",
    "a\tb",
    "a ",
    " a",
    "---",
    "...",
    "=",
    "<<",
    "?",
    "? a",
    ":",
    "|",
    ">",
    ".inf",
    ".NaN",
    "2026-11-21",
    "2026-11-21T10:00:00Z",
    "+1",
    "-1",
    "1.0",
    "a\u{85}b",
    "\u{feff}a",
    "é",
    "a\u{2028}b",
    "a\rb",
    "\u{7}",
    "TRUE",
    "a,b",
    "1e400",
    "0b1",
    "a\n\n b\n",
];

#[test]
fn text_that_looks_like_something_else_is_text_again_when_it_is_read() {
    let long = "word ".repeat(60);
    for text in ODD.iter().copied().chain([long.as_str()]) {
        let metadata =
            json!({"name": "a", "namespace": "b", "annotations": {text: text, "k": text}});
        let value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"list": [text, [text]]}});
        let whole = object(value);
        let read = Reader::default().read_text("a.yaml", &document(&whole).unwrap());
        assert_eq!(read.failures, [], "{text:?}");
        assert_eq!(read.manifests[0].object, whole, "{text:?}");
    }
}

#[test]
fn a_list_stands_in_the_place_of_what_was_kept_of_its_kind() {
    for world in worlds() {
        let whole = recorded(&world);
        let mut cluster = Cluster::default();
        let mut kinds: Vec<(&str, &str)> = world
            .iter()
            .map(|it| (it.reference().group.as_str(), it.reference().kind.as_str()))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        for (group, kind) in kinds {
            let of_kind = world.iter().filter(|it| it.is(group, kind)).cloned();
            let of_kind: Vec<Object> = of_kind.collect();
            cluster.adopt(group, kind, watched_cluster(&of_kind));
        }
        assert_same(&cluster.inventory(), &whole);
        assert_eq!(cluster.count("", "Pod"), whole.pods().len());
        cluster.adopt("", "Pod", Cluster::default());
        assert_eq!(cluster.inventory().pods().len(), 0);
    }
}

#[test]
fn what_is_reserved_is_counted_beside_what_is_live() {
    let kill = request_named("api-pod-kill");
    let mut objects = example_world();
    objects.push(kill.object.clone().unwrap());
    let inventory = recorded(&objects);
    assert_eq!(inventory.active().len(), 1);
    let more = inventory.with_reserved(inventory.active().to_vec(), vec!["untold".to_owned()]);
    assert_eq!((inventory.active().len(), more.active().len()), (1, 2));
    assert_eq!(more.unread(), ["untold"]);
    assert!(more.pods().eq(inventory.pods()));
}

fn request_named(name: &str) -> Request {
    let mut all = requests().into_iter();
    let found = all.find(|(file, _)| file.contains(name));
    found.unwrap_or_else(|| panic!("no example {name}")).1
}

/// The decision with which nothing is more permissive than `Allow`.
fn strictness(verdict: &Verdict) -> u8 {
    match verdict.decision {
        Decision::Allow => 0,
        Decision::Warn => 1,
        Decision::Deny => 2,
    }
}

/// A live object of Chaos Mesh, as it is found some time after it was applied.
fn injected(chaos: &Object, inventory: &Inventory) -> Object {
    let experiment = firebreak::fault::read(chaos, inventory.surroundings());
    let experiment = experiment.unwrap().unwrap();
    let blast = firebreak::blast::measure(&experiment, inventory);
    let record = |id: &firebreak::inventory::PodId| {
        let pod = inventory.pod(*id);
        json!({"id": format!("{}/{}", pod.namespace, pod.name), "phase": "Injected"})
    };
    let records: Vec<Value> = blast.witness.iter().map(record).collect();
    let mut value = chaos.value().clone();
    value["metadata"]["creationTimestamp"] = json!("2026-11-21T09:58:00Z");
    value["status"]["experiment"] = json!({"containerRecords": records, "desiredPhase": "Run"});
    object(value)
}

#[test]
fn what_is_judged_again_is_not_counted_beside_itself() {
    let (world, policies) = (example_world(), policies());
    let inventory = recorded(&world);
    let mut again = 0;
    for (file, request) in requests() {
        let Some(chaos) = request.object.clone() else {
            continue;
        };
        if !chaos.is("chaos-mesh.org", "PodChaos") && !chaos.is("chaos-mesh.org", "NetworkChaos") {
            continue;
        }
        let first = judge(&inventory, &policies, &request, examples::now());
        let live = injected(&chaos, &inventory);
        let objects: Vec<Object> = world.iter().chain([&live]).cloned().collect();
        let beside = recorded(&objects);
        let update = Request {
            operation: Operation::Update,
            old_object: Some(object({
                let mut value = live.value().clone();
                value["metadata"]["annotations"]["experiment.chaos-mesh.org/pause"] = json!("true");
                value
            })),
            object: Some(live),
            ..request
        };
        let second = judge(&beside, &policies, &update, examples::now());
        assert!(
            strictness(&second) <= strictness(&first),
            "{file}: {}",
            second.explain()
        );
        again += usize::from(second.passed.is_none());
    }
    assert!(again > 10, "only {again} were judged again");
}

#[test]
fn an_earlier_object_of_the_same_name_is_another_one() {
    let chaos = request_named("api-pod-kill").object.unwrap();
    let mut objects = example_world();
    let live = injected(&chaos, &recorded(&objects));
    objects.push(live.clone());
    let inventory = recorded(&objects);
    let made = |at: &str| {
        let mut value = live.value().clone();
        value["metadata"]["creationTimestamp"] = json!(at);
        object(value)
    };
    let beside = |object: &Object| inventory.without(object).active().len();
    let all = inventory.active().len();
    assert_eq!(beside(&live), all.saturating_sub(1));
    assert_eq!(
        beside(&chaos),
        all.saturating_sub(1),
        "it does not say when it was made"
    );
    assert_eq!(beside(&made("2026-11-21T09:59:00Z")), all);
}

#[test]
fn everything_that_is_read_is_watched() {
    let all = watches();
    assert!(all.is_sorted_by_key(|it| (it.group, it.kind)));
    let is_watched =
        |group: &str, kind: &str| all.iter().any(|it| (it.group, it.kind) == (group, kind));
    for family in families() {
        assert!(is_watched(family.group, family.kind), "{family:?}");
    }
    for (group, kind) in firebreak::fault::live_kinds() {
        assert!(is_watched(group, kind), "{kind} of {group}");
    }
    for kind in ["BlastRadiusPolicy", "Exemption"] {
        assert!(is_watched(GROUP, kind));
    }
    assert!(!is_watched("", "Secret") && !is_watched("argoproj.io", "Workflow"));
    assert!(all.iter().all(|it| !it.why.is_empty()));
    let built_in = |kind: &str| all.iter().any(|it| it.kind == kind && it.is_built_in());
    assert!(built_in("Pod") && built_in("PodDisruptionBudget"));
    assert!(!built_in("VolumeSnapshot") && !built_in("PodChaos"));
    assert_eq!(watched().count(), all.len());
}

#[test]
fn an_annotation_that_is_not_kept_may_be_anything() {
    let mut objects = example_world();
    objects.retain(|it| !it.is("chaos-mesh.org", "PodChaos"));
    let chaos = |annotation: &str| {
        object(json!({
            "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
            "metadata": {"name": "x", "namespace": "percona"},
            "spec": {"action": "pod-kill", "mode": "all", "selector": {
                "namespaces": ["percona"], "annotationSelectors": {annotation: "x"}
            }}
        }))
    };
    let inventory = recorded(&objects);
    let hit = |annotation: &str| {
        let chaos = chaos(annotation);
        let read = firebreak::fault::read(&chaos, inventory.surroundings());
        firebreak::blast::measure(&read.unwrap().unwrap(), &inventory).pods
    };
    assert_eq!(hit("example.com/none"), 0);
    assert!(hit("kubectl.kubernetes.io/last-applied-configuration") > 5);
    assert!(hit("cni.projectcalico.org/podIP") > 5);
}
