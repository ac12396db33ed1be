//! What the program may do in the cluster: the least with which it works.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::resources::{ANY, Guard, of_kind, resources};
use super::{NAME, NAMESPACE, labels};
use crate::backup;
use crate::inventory::watched;
use crate::schedule::pin;
use crate::server::scheduler;

/// The label by which further kinds are added to what is watched.
pub const AGGREGATE: &str = "firebreak.dev/aggregate-to-firebreak";

const API: &str = "rbac.authorization.k8s.io/v1";
/// The secrets of backup storages that may be asked about.
pub const BACKUP_SECRETS: &[&str] = &["percona-backup-minio-credentials"];

const WATCH: &[&str] = &["list", "watch"];

/// The roles and their bindings, in the order in which they are applied.
#[must_use]
pub fn rights() -> Vec<Value> {
    let mut watch = role("ClusterRole", "firebreak-watch", &seen(WATCH));
    watch["metadata"]["labels"][AGGREGATE] = json!("true");
    vec![
        gathered(),
        watch,
        role("ClusterRole", "firebreak-webhooks", &webhooks()),
        role("ClusterRole", "firebreak-backups", &secrets()),
        role("ClusterRole", "firebreak-companions", &companions()),
        role("ClusterRole", "firebreak-experiments", &experiments()),
        role("ClusterRole", "firebreak-injections", &injections()),
        role("ClusterRole", "firebreak-viewer", &viewed()),
        own(role("Role", NAME, &kept())),
        binding("ClusterRole", NAME),
        binding("ClusterRole", "firebreak-webhooks"),
        binding("ClusterRole", "firebreak-backups"),
        binding("ClusterRole", "firebreak-companions"),
        binding("ClusterRole", "firebreak-experiments"),
        own(binding("Role", NAME)),
    ]
}

/// What is watched, and our own kinds.
fn seen(verbs: &[&str]) -> Value {
    let mut groups = BTreeMap::<&str, BTreeSet<&str>>::new();
    let rules = resources().filter(|row| row.guard == Guard::Rule);
    let rules = rules.map(|row| (row.group, row.kind));
    for (group, kind) in watched().chain(rules) {
        let plurals = of_kind(group, kind).into_iter().map(|row| row.plural);
        groups.entry(group).or_default().extend(plurals);
    }
    let rule = |(group, plurals): (&str, BTreeSet<&str>)| {
        let whole = plurals.contains(ANY);
        let plurals: Vec<&str> = if whole {
            vec![ANY]
        } else {
            plurals.into_iter().collect()
        };
        rule(group, &plurals, verbs)
    };
    groups.into_iter().map(rule).collect()
}

/// What a live cluster is asked for by whoever only looks: what is watched, and the definitions of databases,
/// which say what backups they can be given.
fn viewed() -> Value {
    let definitions = rule(
        "apiextensions.k8s.io",
        &["customresourcedefinitions"],
        &["list"],
    );
    let seen = seen(&["get", "list"]);
    let watched = seen.as_array().into_iter().flatten().cloned();
    watched.chain([definitions]).collect()
}

/// What is ours of the whole cluster. The authority goes into our own webhooks, and into no other;
/// which kinds are defined tells what there is to watch; and people see the status of our kinds.
fn webhooks() -> Value {
    let group = "admissionregistration.k8s.io";
    let names = [NAME, "firebreak-deletions"];
    let configurations = rule(
        group,
        &[
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
        ],
        &["get", "patch"],
    );
    let definitions = rule(
        "apiextensions.k8s.io",
        &["customresourcedefinitions"],
        &["list", "watch"],
    );
    let told = [
        "backupdefaults/status",
        "blastradiuspolicies/status",
        "exemptions/status",
    ];
    json!([
        named(configurations, &names),
        definitions,
        rule("firebreak.dev", &told, &["patch"]),
    ])
}

/// The secrets of backup storages, by name, in every namespace: those that the shipped BackupDefaults
/// name. Kubernetes has no right to see that a secret is there without seeing what is in it.
fn secrets() -> Value {
    json!([named(rule("", &["secrets"], &["get"]), BACKUP_SECRETS)])
}

/// The objects that make backups beside databases, in every namespace.
fn companions() -> Value {
    let verbs = ["create", "delete", "patch"];
    let kinds = backup::COMPANIONS.iter();
    let rows = kinds.flat_map(|(group, kind)| of_kind(group, kind));
    rows.map(|row| rule(row.group, &[row.plural], &verbs))
        .collect()
}

/// The kinds of sanctioned experiments, what is told of them, and the members of what they are aimed at. Nothing
/// can be injected with that.
fn experiments() -> Value {
    let group = "firebreak.dev";
    let told = [
        "emergencystops/status",
        "experimentruns/status",
        "sanctionedexperiments/status",
    ];
    json!([
        rule(group, &["sanctionedexperiments"], &["get", "list"]),
        rule(
            group,
            &["experimentruns"],
            &["create", "delete", "get", "list", "patch"]
        ),
        rule(group, &["emergencystops"], &["list"]),
        rule(group, &told, &["update"]),
        rule("", &["events"], &["create"]),
        rule("", &["pods"], &["get"]),
    ])
}

/// What sanctioned experiments inject, and what they put back, in every namespace. It is bound by nobody but
/// whoever wants firebreak to run experiments.
fn injections() -> Value {
    let made = ["create", "delete", "get", "patch"];
    let mut rules = vec![
        rule("", &["pods"], &["delete"]),
        rule("", &["pods/eviction"], &["create"]),
        rule("", &["nodes"], &["get", "patch"]),
        rule("apps", &["deployments", "statefulsets"], &["get", "patch"]),
        rule("batch", &["jobs"], &made),
        rule("networking.k8s.io", &["networkpolicies"], &made),
    ];
    rules.extend(by_group(pin::kinds(), &made));
    rules.extend(by_group(scheduler::backup_kinds(), &["create", "get"]));
    Value::Array(rules)
}

/// A rule for the kinds of each group.
fn by_group(
    kinds: impl Iterator<Item = (&'static str, &'static str)>,
    verbs: &[&str],
) -> Vec<Value> {
    let mut groups = BTreeMap::<&str, BTreeSet<&str>>::new();
    for (group, kind) in kinds {
        let plurals = of_kind(group, kind).into_iter().map(|row| row.plural);
        groups.entry(group).or_default().extend(plurals);
    }
    let rule = |(group, plurals): (&str, BTreeSet<&str>)| {
        let plurals: Vec<&str> = plurals.into_iter().collect();
        rule(group, &plurals, verbs)
    };
    groups.into_iter().map(rule).collect()
}

/// What is written in our own namespace. A right to create cannot be held to a name.
fn kept() -> Value {
    let group = "coordination.k8s.io";
    json!([
        rule(group, &["leases"], &["create"]),
        named(rule(group, &["leases"], &["get", "update"]), &[NAME]),
        rule("", &["secrets"], &["create"]),
        named(
            rule("", &["secrets"], &["get", "update"]),
            &["firebreak-tls"]
        ),
        rule(
            "firebreak.dev",
            &["blastledgers"],
            &["create", "delete", "get", "list", "update"]
        ),
    ])
}

fn rule(group: &str, resources: &[&str], verbs: &[&str]) -> Value {
    json!({"apiGroups": [group], "resources": resources, "verbs": verbs})
}

fn named(mut rule: Value, names: &[&str]) -> Value {
    rule["resourceNames"] = json!(names);
    rule
}

/// The role that the cluster fills with the rules of all that carry the label.
fn gathered() -> Value {
    let mut role = role("ClusterRole", NAME, &Value::Null);
    if let Some(role) = role.as_object_mut() {
        role.remove("rules");
    }
    role["aggregationRule"] =
        json!({"clusterRoleSelectors": [{"matchLabels": {AGGREGATE: "true"}}]});
    role
}

fn role(kind: &str, name: &str, rules: &Value) -> Value {
    json!({
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": name, "labels": labels()},
        "rules": rules,
    })
}

fn binding(kind: &str, name: &str) -> Value {
    json!({
        "apiVersion": API,
        "kind": format!("{kind}Binding"),
        "metadata": {"name": name, "labels": labels()},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
    })
}

fn own(mut object: Value) -> Value {
    object["metadata"]["namespace"] = json!(NAMESPACE);
    object
}
