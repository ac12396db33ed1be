//! The configurations of our webhooks, as manifests.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::conditions::Condition;
use super::entries::{DELETIONS, ENTRIES, Entry};
use super::resources::{ANY, Guard, Resource, Scope, resources};
use super::{NAME, NAMESPACE, labels};

/// The end of the name of each of our webhooks, which has to be a domain.
pub const DOMAIN: &str = "firebreak.dev";

/// Whether the API server knows match conditions: from 1.30 on, and from 1.28 where they are not
/// switched off. Without them every request is put before the webhook, which says the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditions {
    /// It does.
    Known,
    /// It does not.
    Unknown,
}

/// The configuration that is always installed.
#[must_use]
pub fn webhooks(conditions: Conditions) -> Value {
    let entries = ENTRIES.iter().flat_map(|entry| match conditions {
        Conditions::Known => vec![webhook(entry, entry.conditions)],
        Conditions::Unknown => plain(entry),
    });
    configuration(NAME, &entries.collect::<Vec<_>>())
}

/// The configuration that guards the deletion of pods.
#[must_use]
pub fn deletions(conditions: Conditions) -> Value {
    let entries = DELETIONS.iter().map(|removal| {
        let (group, version) = ("", "v1");
        let rule = rule(
            (group, version),
            &[removal.operation],
            &[removal.resource],
            Scope::Namespaced,
        );
        let mut webhook = validation(removal.name, &json!([rule]), false, 1);
        if conditions == Conditions::Known {
            webhook["matchConditions"] = written(removal.conditions);
        }
        webhook
    });
    configuration("firebreak-deletions", &entries.collect::<Vec<_>>())
}

/// The rules of an entry: one for each group, version and scope.
#[must_use]
pub fn rules(entry: &Entry) -> Value {
    let mut rules = BTreeMap::<(&str, Scope), Vec<&str>>::new();
    for Resource {
        group,
        plural,
        scope,
        ..
    } in covered(entry.guards)
    {
        rules.entry((group, scope)).or_default().push(plural);
    }
    let rule = |((group, scope), mut plurals): ((&str, Scope), Vec<&str>)| {
        plurals.sort_unstable();
        rule((group, version(group)), entry.operations, &plurals, scope)
    };
    rules.into_iter().map(rule).collect()
}

/// The resources of these guards; of a group that is covered whole, that alone.
fn covered(guards: &[Guard]) -> impl Iterator<Item = Resource> {
    let whole = |group: &str| resources().any(|row| row.group == group && row.plural == ANY);
    let guarded = resources().filter(|row| guards.contains(&row.guard));
    guarded.filter(move |row| row.plural == ANY || !whole(row.group))
}

/// Which versions are asked about. The kinds of Kubernetes are read as `v1` has them, into which the
/// API server converts the others. Of other groups every version: one that is not known is refused.
fn version(group: &str) -> &'static str {
    match group {
        "" | "apps" | "batch" | "networking.k8s.io" => "v1",
        _ => ANY,
    }
}

pub(super) fn rule(
    (group, version): (&str, &str),
    operations: &[&str],
    resources: &[&str],
    scope: Scope,
) -> Value {
    json!({
        "apiGroups": [group],
        "apiVersions": [version],
        "operations": operations,
        "resources": resources,
        "scope": scope.word(),
    })
}

/// The entry as it can be written without conditions: what labels say, selectors can say, each of
/// them in a webhook of its own.
fn plain(entry: &Entry) -> Vec<Value> {
    if entry.labels.is_empty() {
        return vec![webhook(entry, &[])];
    }
    let labelled = |label: &&str| {
        let mut webhook = webhook(entry, &[]);
        webhook["name"] = json!(format!("{label}.{}.{DOMAIN}", entry.name));
        webhook["objectSelector"] =
            json!({"matchExpressions": [{"key": label, "operator": "Exists"}]});
        webhook
    };
    entry.labels.iter().map(labelled).collect()
}

fn webhook(entry: &Entry, conditions: &[Condition]) -> Value {
    let mut webhook = validation(entry.name, &rules(entry), entry.closed, entry.seconds);
    if !conditions.is_empty() {
        webhook["matchConditions"] = written(conditions);
    }
    if entry.spares {
        webhook["namespaceSelector"] = spared();
    }
    webhook
}

/// Everything but the namespaces without which nothing starts, and our own. Whoever may make pods
/// there has the cluster, or us, in hand; chaos objects and what says that it is chaos are judged there
/// too.
pub(super) fn spared() -> Value {
    let values = ["kube-node-lease", "kube-system", NAMESPACE];
    json!({"matchExpressions": [{
        "key": "kubernetes.io/metadata.name",
        "operator": "NotIn",
        "values": values,
    }]})
}

pub(super) fn written(conditions: &[Condition]) -> Value {
    let condition = |it: &Condition| json!({"name": it.name(), "expression": it.expression()});
    conditions.iter().map(condition).collect()
}

fn validation(name: &str, rules: &Value, closed: bool, seconds: u32) -> Value {
    let mut webhook = call((name, "/validate"), rules, closed, seconds);
    webhook["sideEffects"] = json!("NoneOnDryRun");
    webhook
}

/// A webhook, but for what else it does.
pub(super) fn call((name, path): (&str, &str), rules: &Value, closed: bool, seconds: u32) -> Value {
    json!({
        "name": format!("{name}.{DOMAIN}"),
        "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {
            "name": NAME,
            "namespace": NAMESPACE,
            "path": path,
            "port": 443,
        }},
        "failurePolicy": if closed { "Fail" } else { "Ignore" },
        "matchPolicy": "Equivalent",
        "rules": rules,
        "timeoutSeconds": seconds,
    })
}

fn configuration(name: &str, webhooks: &[Value]) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name, "labels": labels()},
        "webhooks": webhooks,
    })
}
