//! `namespaceObject`: the namespace of the object, as a ValidatingAdmissionPolicy has it.

use serde_json::Value as Json;

use super::record::{items, moment, record, view};
use crate::cel::Value;

/// The namespace of an object.
#[derive(Debug)]
pub(super) struct Place<'c> {
    metadata: Metadata<'c>,
    spec: Spec<'c>,
    status: Status<'c>,
}

#[derive(Debug)]
struct Metadata<'c>(&'c Json);

#[derive(Debug)]
struct Spec<'c>(&'c Json);

#[derive(Debug)]
struct Status<'c> {
    status: &'c Json,
    conditions: Vec<Condition<'c>>,
}

#[derive(Debug)]
struct Condition<'c>(&'c Json);

impl<'c> Place<'c> {
    /// The view of a Namespace as it was recorded.
    pub(super) fn new(namespace: &'c Json) -> Self {
        let part = |name: &str| namespace.get(name).unwrap_or(&Json::Null);
        let status = part("status");
        let conditions = status.get("conditions").and_then(Json::as_array);
        let conditions = conditions.into_iter().flatten().map(Condition);
        Self {
            metadata: Metadata(part("metadata")),
            spec: Spec(part("spec")),
            status: Status {
                status,
                conditions: conditions.collect(),
            },
        }
    }
}

fn plain<'v>(json: &'v Json, name: &str) -> Option<Value<'v>> {
    json.get(name).filter(|it| !it.is_null()).map(Value::of)
}

fn instant<'v>(json: &Json, name: &str) -> Option<Value<'v>> {
    let text = json.get(name)?.as_str()?;
    moment(text.parse().ok()?)
}

record! {
    /// What every object says of itself.
    METADATA = "NamespaceMetadata" of Metadata<'_> {
        "name": "string", |it| plain(it.0, "name"),
            "Name.", "namespaceObject.metadata.name != 'kube-system'";
        "generateName": "string", |it| plain(it.0, "generateName"),
            "What its name was made from, where it was made.",
            "!has(namespaceObject.metadata.generateName)";
        "namespace": "string", |it| plain(it.0, "namespace"),
            "Never there: a namespace is in none.", "!has(namespaceObject.metadata.namespace)";
        "labels": "map(string, string)", |it| plain(it.0, "labels"),
            "Labels.", "namespaceObject.metadata.labels[?'team'].orValue('') != ''";
        "annotations": "map(string, string)", |it| plain(it.0, "annotations"),
            "Annotations, where it has any.",
            "'on-call' in namespaceObject.metadata.?annotations.orValue({})";
        "uid": "string", |it| plain(it.0, "uid"),
            "Its uid.", "namespaceObject.metadata.?uid.orValue('') != '0'";
        "creationTimestamp": "timestamp", |it| instant(it.0, "creationTimestamp"),
            "When it was created.",
            "namespaceObject.metadata.creationTimestamp < now - duration('24h')";
        "deletionTimestamp": "timestamp", |it| instant(it.0, "deletionTimestamp"),
            "When it is deleted, where it is.", "!has(namespaceObject.metadata.deletionTimestamp)";
        "deletionGracePeriodSeconds": "int", |it| plain(it.0, "deletionGracePeriodSeconds"),
            "How long its deletion waits, where it is deleted.",
            "!has(namespaceObject.metadata.deletionGracePeriodSeconds)";
        "generation": "int", |it| plain(it.0, "generation"),
            "How often its spec was changed, where that is counted.",
            "namespaceObject.metadata.?generation.orValue(1) >= 1";
        "resourceVersion": "string", |it| plain(it.0, "resourceVersion"),
            "Its version.", "namespaceObject.metadata.?resourceVersion.orValue('') != '0'";
        "finalizers": "list(string)", |it| plain(it.0, "finalizers"),
            "Who must agree to its deletion, where anybody must.",
            "!has(namespaceObject.metadata.finalizers)";
    }
}

record! {
    /// What is asked of a namespace.
    SPEC = "NamespaceSpec" of Spec<'_> {
        "finalizers": "list(string)", |it| plain(it.0, "finalizers"),
            "Who must agree to its deletion.",
            "namespaceObject.spec.?finalizers.orValue([]).all(name, name == 'kubernetes')";
    }
}

record! {
    /// A condition of a namespace.
    CONDITION = "NamespaceCondition" of Condition<'_> {
        "type": "string", |it| plain(it.0, "type"),
            "What it is about.",
            "namespaceObject.status.conditions.all(it, it.type != 'NamespaceContentRemaining')";
        "status": "string", |it| plain(it.0, "status"),
            "`True`, `False` or `Unknown`.",
            "namespaceObject.status.conditions.all(it, it.status != 'True')";
        "reason": "string", |it| plain(it.0, "reason"),
            "Why, a word.",
            "namespaceObject.status.conditions.all(it, it.?reason.orValue('') != 'SomeResourcesRemain')";
        "message": "string", |it| plain(it.0, "message"),
            "Why, a sentence.",
            "namespaceObject.status.conditions.all(it, it.?message.orValue('') == '')";
        "lastTransitionTime": "timestamp", |it| instant(it.0, "lastTransitionTime"),
            "Since when.",
            "namespaceObject.status.conditions.all(it, it.lastTransitionTime < now)";
    }
}

record! {
    /// What is observed of a namespace.
    STATUS = "NamespaceStatus" of Status<'_> {
        "phase": "string", |it| plain(it.status, "phase"),
            "`Active` or `Terminating`.",
            "namespaceObject.status.?phase.orValue('Active') == 'Active'";
        "conditions": "list(NamespaceCondition)", |it| items(&it.conditions),
            "Why it is not deleted yet.", "namespaceObject.status.conditions == []";
    }
}

record! {
    /// The namespace of an object.
    NAMESPACE = "Namespace" of Place<'_> {
        "metadata": "NamespaceMetadata", |it| view(&it.metadata),
            "What it says of itself.", "namespaceObject.metadata.name == object.metadata.namespace";
        "spec": "NamespaceSpec", |it| view(&it.spec),
            "What is asked of it.", "has(namespaceObject.spec)";
        "status": "NamespaceStatus", |it| view(&it.status),
            "What is observed of it.", "has(namespaceObject.status)";
    }
}
