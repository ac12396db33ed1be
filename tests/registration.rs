//! What the API server is told of us covers all that is read and watched, stands in nobody's way,
//! and is what lies under `manifests`. `UPDATE=1 cargo test registration` rewrites that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use firebreak::cli::bundle::{Age, Part, text};
use firebreak::fault::{self, Surroundings};
use firebreak::inventory::{Inventory, watched};
use firebreak::judge::{Occasion, occasion};
use firebreak::object::Object;
use firebreak::policy::rules::{Facts, ask};
use firebreak::request::{Operation, Request, User};
use firebreak::server::registration::entries::{DELETIONS, ENTRIES, Entry};
use firebreak::server::registration::resources::{ANY, Guard, of_kind, resources};
use firebreak::server::registration::webhooks::{Conditions, deletions, webhooks};
use firebreak::yaml;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::reviews::recorded;
use crate::source::{root, source, sources};

/// The generated files.
const GENERATED: &[(&str, Part)] = &[
    ("manifests/rbac.yaml", Part::Rbac),
    ("manifests/webhooks.yaml", Part::Webhooks(KNOWN)),
    ("manifests/deletions.yaml", Part::Deletions(KNOWN)),
];

const KNOWN: Age = Age {
    without_conditions: false,
};

const ENGINEER: &str = "engineer";
const OPERATOR: &str = "system:serviceaccount:cnpg-system:cnpg-manager";
const CONTROLLER: &str = "system:serviceaccount:kube-system:replicaset-controller";
const KUBELET: &str = "system:node:worker-1";
const TOOL: &str = "system:serviceaccount:chaos-mesh:chaos-controller-manager";

#[test]
fn the_manifests_are_as_generated() {
    for (path, part) in GENERATED {
        let generated = format!(
            "# Generated; `firebreak manifests` prints the same.\n{}",
            text(*part).unwrap()
        );
        let path = root().join(path);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &generated).unwrap();
        }
        let stored = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == generated,
            "{} is not as generated; UPDATE=1 rewrites it",
            path.display()
        );
    }
}

#[test]
fn every_kind_that_is_read_is_put_before_the_webhook() {
    for (group, kind) in fault::kinds() {
        let rows = of_kind(group, kind);
        assert!(!rows.is_empty(), "{kind} of \"{group}\" has no row");
        for row in rows {
            let asked = ENTRIES
                .iter()
                .any(|entry| entry.guards.contains(&row.guard));
            assert!(asked, "{} of \"{group}\" is in no entry", row.plural);
        }
    }
}

#[test]
fn every_kind_that_is_watched_may_be_read_and_no_other() {
    let role = document("manifests/rbac.yaml", "ClusterRole", "firebreak-watch");
    let mut granted = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        assert_eq!(rule["verbs"], json!(["get", "list", "watch"]), "{rule}");
        assert_eq!(rule.as_object().unwrap().len(), 3, "{rule}");
        for resource in texts(&rule["resources"]) {
            granted.insert((texts(&rule["apiGroups"])[0].clone(), resource));
        }
    }
    let rules = resources().filter(|row| row.guard == Guard::Rule);
    let mut needed: BTreeSet<(String, String)> = watched()
        .flat_map(|(group, kind)| {
            let rows = of_kind(group, kind);
            assert!(!rows.is_empty(), "{kind} of \"{group}\" has no row");
            rows
        })
        .chain(rules)
        .map(|row| (row.group.to_owned(), row.plural.to_owned()))
        .collect();
    let whole: BTreeSet<String> = needed
        .iter()
        .filter(|(_, plural)| plural == ANY)
        .map(|(group, _)| group.clone())
        .collect();
    needed.retain(|(group, plural)| plural == ANY || !whole.contains(group));
    assert_eq!(granted, needed);
}

#[test]
fn each_kind_has_one_row() {
    let mut seen = BTreeSet::new();
    for row in resources() {
        assert!(
            seen.insert((row.group, row.kind)),
            "{} is there twice",
            row.kind
        );
    }
}

#[test]
fn resources_are_called_as_their_definitions_say() {
    let folder = root().join("../shared/upstream");
    if !folder.is_dir() {
        println!("skipped: ../shared/upstream is not here");
        return;
    }
    let mut seen = 0;
    for value in definitions(&folder) {
        let spec = &value["spec"];
        let (group, kind) = (word(&spec["group"]), word(&spec["names"]["kind"]));
        let row = resources().find(|row| row.group == group && row.kind == kind);
        if let Some(row) = row {
            assert_eq!(
                row.plural,
                word(&spec["names"]["plural"]),
                "{kind} of {group}"
            );
            assert_eq!(row.scope.word(), word(&spec["scope"]), "{kind} of {group}");
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} definitions");
}

#[test]
fn only_chaos_and_what_judges_it_fails_when_nobody_answers() {
    for configuration in [webhooks(Conditions::Known), webhooks(Conditions::Unknown)] {
        for webhook in configuration["webhooks"].as_array().unwrap() {
            let name = word(&webhook["name"]);
            let closed = webhook["failurePolicy"] == "Fail";
            for rule in webhook["rules"].as_array().unwrap() {
                let native = ["", "apps", "batch", "networking.k8s.io"]
                    .contains(&word(&rule["apiGroups"][0]));
                let narrow =
                    !webhook["objectSelector"].is_null() || !webhook["matchConditions"].is_null();
                assert!(!(closed && native) || narrow, "{name} can stop the cluster");
                assert!(
                    !(closed && rule["operations"] == json!(["UPDATE"])),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn webhooks_ask_for_no_more_than_they_need() {
    let all = [
        webhooks(Conditions::Known),
        webhooks(Conditions::Unknown),
        deletions(Conditions::Known),
    ];
    for webhook in all.iter().flat_map(|it| it["webhooks"].as_array().unwrap()) {
        let name = word(&webhook["name"]);
        assert_eq!(webhook["matchPolicy"], "Equivalent", "{name}");
        assert_eq!(webhook["sideEffects"], "NoneOnDryRun", "{name}");
        assert!(webhook["timeoutSeconds"].as_u64().unwrap() <= 5, "{name}");
        assert!(
            webhook["matchConditions"]
                .as_array()
                .is_none_or(|it| it.len() <= 64),
            "{name}"
        );
        for rule in webhook["rules"].as_array().unwrap() {
            let [group] = &texts(&rule["apiGroups"])[..] else {
                panic!("{name}: more than one group in a rule");
            };
            assert_ne!(group, ANY, "{name}");
            let tools = resources().any(|row| row.group == group && row.guard == Guard::Chaos);
            for resource in texts(&rule["resources"]) {
                let exact = !resource.contains(ANY) && !resource.contains('/');
                assert!(
                    exact || tools || resource == "pods/eviction",
                    "{name}: {resource}"
                );
                assert!(
                    resource == ANY || !resource.contains(ANY),
                    "{name}: {resource}"
                );
            }
        }
    }
    let operations = |it: &Entry| it.operations.contains(&"DELETE");
    assert!(!ENTRIES.iter().any(operations), "stopping depends on us");
}

#[test]
fn nothing_that_a_cluster_lives_by_is_put_before_the_webhook() {
    let groups = [
        "authentication.k8s.io",
        "authorization.k8s.io",
        "coordination.k8s.io",
        "events.k8s.io",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "rbac.authorization.k8s.io",
    ];
    let core = [
        "configmaps",
        "endpoints",
        "events",
        "namespaces",
        "secrets",
        "serviceaccounts",
        "services",
    ];
    for row in resources() {
        let lives =
            groups.contains(&row.group) || row.group.is_empty() && core.contains(&row.plural);
        assert!(!lives || row.guard == Guard::Unguarded, "{}", row.plural);
    }
}

#[test]
fn conditions_keep_away_only_what_passes_unseen() {
    let mut kept = BTreeSet::new();
    let mut asked = 0;
    for (what, request) in recorded().into_iter().chain(made_up()) {
        let matching: Vec<&Entry> = ENTRIES.iter().filter(|it| matches(it, &request)).collect();
        if matching.is_empty() {
            continue;
        }
        let mut reached = 0;
        for entry in matching {
            let failed: Vec<&str> = entry
                .conditions
                .iter()
                .filter(|it| !holds(&it.expression(), &request, &what))
                .map(|it| it.name())
                .collect();
            if failed.is_empty() {
                reached += 1;
            }
            if let [only] = failed[..] {
                kept.insert((entry.name, only));
            }
        }
        assert!(
            reached < 2,
            "{what} is put before the webhook {reached} times"
        );
        let passes = passes_unseen(&request);
        assert!(
            reached == 1 || passes,
            "{what} is kept away, but {:?}",
            occasion(&request)
        );
        asked += reached;
    }
    assert!(asked > 100, "only {asked} requests reach the webhook");
    for entry in ENTRIES {
        for condition in entry.conditions {
            let used = (entry.name, condition.name());
            assert!(kept.contains(&used), "{used:?} alone keeps nothing away");
        }
    }
}

#[test]
fn every_recorded_injection_reaches_the_webhook() {
    let mut seen = 0;
    for (file, request) in recorded() {
        let injects = !passes_unseen(&request) && request.operation != Operation::Delete;
        let guarded = of_kind(&request.target.group, &request.target.kind)
            .iter()
            .any(|row| row.guard != Guard::Unguarded);
        if injects && guarded && request.subresource.is_empty() {
            assert_eq!(reached(&request, &file), 1, "{file}");
            seen += 1;
        }
    }
    assert!(seen >= 20, "only {seen} injections");
}

#[test]
fn deletions_that_are_kept_away_pass_unseen() {
    let mut kept = BTreeSet::new();
    let mut asked = 0;
    for (what, request) in recorded().into_iter().chain(removals()) {
        let plural = if request.subresource.is_empty() {
            "pods"
        } else {
            "pods/eviction"
        };
        let pod = request.target.kind == "Pod" || request.target.kind == "Eviction";
        let removal = DELETIONS
            .iter()
            .find(|it| it.operation == verb(&request) && it.resource == plural);
        let Some(removal) = removal.filter(|_| pod) else {
            continue;
        };
        let conditions = removal.conditions.iter();
        let failed: Vec<&str> = conditions
            .filter(|it| !holds(&it.expression(), &request, &what))
            .map(|it| it.name())
            .collect();
        assert!(
            failed.is_empty() || passes_unseen(&request),
            "{what}: {failed:?}"
        );
        asked += usize::from(failed.is_empty());
        if let [only] = failed[..] {
            kept.insert((removal.name, only));
        }
    }
    assert!(asked > 0);
    for removal in DELETIONS {
        for condition in removal.conditions {
            let used = (removal.name, condition.name());
            assert!(kept.contains(&used), "{used:?} alone keeps nothing away");
        }
    }
}

/// In how many entries a request arrives.
fn reached(request: &Request, what: &str) -> usize {
    let matching = ENTRIES.iter().filter(|it| matches(it, request));
    let all = |it: &&Entry| {
        it.conditions
            .iter()
            .all(|it| holds(&it.expression(), request, what))
    };
    matching.filter(all).count()
}

/// Whether the rules of an entry are about a request.
fn matches(entry: &Entry, request: &Request) -> bool {
    let rows = of_kind(&request.target.group, &request.target.kind);
    let guarded = rows.iter().any(|row| entry.guards.contains(&row.guard));
    guarded && request.subresource.is_empty() && entry.operations.contains(&verb(request))
}

fn verb(request: &Request) -> &'static str {
    match request.operation {
        Operation::Create => "CREATE",
        Operation::Update => "UPDATE",
        Operation::Delete => "DELETE",
        Operation::Connect => "CONNECT",
    }
}

/// Whether a condition holds; one that errs is worse than one that does not.
fn holds(expression: &str, request: &Request, what: &str) -> bool {
    let inventory = Inventory::unlisted("there is none");
    let unknown = "not asked for".to_owned();
    let now = Timestamp::UNIX_EPOCH;
    let facts = Facts::new(
        (request, &inventory, now),
        Err(unknown.clone()),
        Err(unknown),
    );
    match ask(expression, &facts) {
        Ok(Value::Bool(truth)) => truth,
        answer => panic!("{what}: {expression}: {answer:?}"),
    }
}

/// Whether a request passes before anything is looked up.
fn passes_unseen(request: &Request) -> bool {
    let none = |reading: Result<Option<_>, _>| matches!(reading, Ok(None));
    match occasion(request) {
        Occasion::Pass(_) => true,
        Occasion::Injection(object) => {
            none(fault::read(object, Surroundings::NONE)) && foreign(object)
        }
        Occasion::Change { old, new } => none(fault::read_change(old, new)),
        Occasion::Rule(_) | Occasion::Removal(_) | Occasion::Forged(_) => false,
    }
}

/// Whether what an object is read into does not depend on others.
fn foreign(object: &Object) -> bool {
    let rows = of_kind(&object.reference().group, &object.reference().kind);
    rows.iter().all(|row| row.guard == Guard::Foreign)
}

/// Every object that we show, written and changed by all who write in a cluster.
fn made_up() -> Vec<(String, Request)> {
    let mut requests = Vec::new();
    for (file, object) in shown() {
        for user in [ENGINEER, OPERATOR, CONTROLLER, KUBELET, TOOL] {
            let created = Request::create(object.clone(), User::named(user));
            for (change, new) in changes(&object) {
                let update = Request {
                    operation: Operation::Update,
                    object: Some(new),
                    old_object: Some(object.clone()),
                    ..created.clone()
                };
                requests.push((format!("{file}, {change}, by {user}"), update));
            }
            requests.push((format!("{file}, created by {user}"), created));
        }
    }
    assert!(requests.len() > 1000, "only {} requests", requests.len());
    requests
}

fn changes(object: &Object) -> Vec<(&'static str, Object)> {
    let changed = |change: fn(&mut Value)| {
        let mut value = object.value().clone();
        change(&mut value);
        Object::new(value).unwrap()
    };
    vec![
        ("as it was", changed(|_| {})),
        (
            "labelled",
            changed(|it| it["metadata"]["labels"]["kube-monkey/mtbf"] = json!("1")),
        ),
        (
            "declared",
            changed(|it| it["metadata"]["labels"]["chaos-type"] = json!("x")),
        ),
        (
            "respecified",
            changed(|it| it["spec"]["replicas"] = json!(7)),
        ),
        (
            "without a spec",
            changed(|it| drop(it.as_object_mut().unwrap().remove("spec"))),
        ),
        (
            "tainted",
            changed(|it| it["spec"]["taints"] = json!([{"key": "x", "effect": "NoExecute"}])),
        ),
        (
            "leaving",
            changed(|it| {
                it["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
                it["spec"]["replicas"] = json!(8);
                it["spec"]["taints"] = json!([{"key": "y", "effect": "NoExecute"}]);
                it["metadata"]["labels"]["kube-monkey/enabled"] = json!("enabled");
            }),
        ),
        (
            "with other books",
            changed(|it| it["status"]["phase"] = json!("x")),
        ),
    ]
}

/// The objects of the examples and of their cluster, and some of kinds that they have none of.
fn shown() -> Vec<(String, Object)> {
    let files = sources("examples").into_iter();
    let files = files.filter(|it| {
        Path::new(&it.path)
            .extension()
            .is_some_and(|end| end == "yaml")
    });
    let mut all: Vec<(String, Object)> = files
        .flat_map(|file| {
            let documents = yaml::read(&file.text, yaml::LARGEST).into_iter();
            let values = documents.map(|document| document.unwrap().value);
            let objects = values.filter(|it| it["kind"] != "AdmissionReview");
            let named = move |value| Some((file.path.clone(), Object::new(value).ok()?));
            objects.filter_map(named).collect::<Vec<_>>()
        })
        .collect();
    let more = [
        ("cilium.io/v2", "CiliumNetworkPolicy"),
        ("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy"),
        ("networking.istio.io/v1", "VirtualService"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("chaos-mesh.org/v1alpha1", "PodNetworkChaos"),
        ("chaos-mesh.org/v1alpha1", "WorkflowNode"),
        ("v1", "Node"),
        ("v1", "Pod"),
        ("v1", "ReplicationController"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
    ];
    for (api_version, kind) in more {
        for labels in [
            json!({}),
            json!({"chaos-type": "x"}),
            json!({"experiment": "x"}),
        ] {
            let metadata = json!({"name": "x", "namespace": "db", "labels": labels});
            let value =
                json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {}});
            all.push((kind.to_owned(), Object::new(value).unwrap()));
        }
    }
    all
}

/// Pods taken away by all who do.
fn removals() -> Vec<(String, Request)> {
    let pod = |metadata: Value| {
        Object::new(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})).unwrap()
    };
    let here = pod(json!({"name": "pg-0", "namespace": "db"}));
    let going = pod(
        json!({"name": "pg-0", "namespace": "db", "deletionTimestamp": "2026-01-01T00:00:00Z"}),
    );
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "pg-0", "namespace": "db"},
    });
    let eviction = Object::new(eviction).unwrap();
    let mut requests = Vec::new();
    for user in [ENGINEER, OPERATOR, CONTROLLER, KUBELET, TOOL] {
        for old in [&here, &going] {
            let deletion = Request {
                operation: Operation::Delete,
                object: None,
                old_object: Some(old.clone()),
                ..Request::create(here.clone(), User::named(user))
            };
            requests.push((format!("pg-0 deleted by {user}"), deletion));
        }
        let evicted = Request {
            subresource: "eviction".to_owned(),
            ..Request::create(eviction.clone(), User::named(user))
        };
        requests.push((format!("pg-0 evicted by {user}"), evicted));
    }
    requests
}

/// Every CustomResourceDefinition below a folder.
fn definitions(folder: &Path) -> Vec<Value> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if text.contains("\nkind: CustomResourceDefinition") {
                let documents = yaml::read(&text, usize::MAX).into_iter().flatten();
                found.extend(documents.map(|document| document.value));
            }
        }
    }
    found.retain(|value| value["kind"] == "CustomResourceDefinition");
    found
}

/// The document of this kind and name in a file of the project.
fn document(path: &str, kind: &str, name: &str) -> Value {
    let text = source(path).text;
    let mut documents = yaml::read(&text, yaml::LARGEST)
        .into_iter()
        .map(|document| document.unwrap().value);
    let found = documents.find(|it| it["kind"] == kind && it["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("{path}: no {kind} {name}"))
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().unwrap().iter();
    texts.map(|text| word(text).to_owned()).collect()
}

fn word(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
