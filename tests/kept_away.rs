//! What match conditions keep away from the webhook would pass before anything is looked up, and
//! every injection reaches it.

use std::collections::BTreeSet;
use std::path::Path;

use firebreak::fault::Accounts;
use firebreak::fault::{self, Surroundings};
use firebreak::inventory::Inventory;
use firebreak::judge::{Occasion, occasion};
use firebreak::object::Object;
use firebreak::policy::rules::{Facts, ask};
use firebreak::request::{Operation, Request, User};
use firebreak::server::registration::entries::{DELETIONS, ENTRIES, Entry};
use firebreak::server::registration::resources::{Guard, of_kind};
use firebreak::yaml;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::reviews::recorded;
use crate::source::sources;

const ENGINEER: &str = "engineer";
const OPERATOR: &str = "system:serviceaccount:cnpg-system:cnpg-manager";
const CONTROLLER: &str = "system:serviceaccount:kube-system:replicaset-controller";
const KUBELET: &str = "system:node:worker-1";
const TOOL: &str = "system:serviceaccount:chaos-mesh:chaos-controller-manager";

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
            occasion(&request, Accounts::BUILT_IN)
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
pub(crate) fn holds(expression: &str, request: &Request, what: &str) -> bool {
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
    match occasion(request, Accounts::BUILT_IN) {
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
