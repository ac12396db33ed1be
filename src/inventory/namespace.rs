//! A namespace, as far as a decision needs it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::lenient::map;
use crate::object::Object;

/// The label that Kubernetes itself puts on every namespace.
const NAME: &str = "kubernetes.io/metadata.name";

/// A namespace.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Namespace {
    /// Labels; `kubernetes.io/metadata.name` is always among them.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whether the Namespace itself is in the inventory. When only its pods are, its labels and
    /// annotations may be anything.
    pub known: bool,
    /// The Namespace as rules see it, where it is in the inventory.
    pub object: Option<Box<Value>>,
}

/// What rules see of `metadata`.
const METADATA: [&str; 12] = [
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "resourceVersion",
    "finalizers",
];

impl Namespace {
    pub(super) fn recorded(object: &Object) -> Self {
        let mut labels = map(object.value(), "/metadata/labels");
        labels.insert(NAME.to_owned(), object.reference().name.clone());
        Self {
            labels,
            annotations: map(object.value(), "/metadata/annotations"),
            known: true,
            object: Some(Box::new(trimmed(object.value()))),
        }
    }

    /// A namespace that is known by its pods alone.
    pub(super) fn implied(name: &str) -> Self {
        Self {
            labels: BTreeMap::from([(NAME.to_owned(), name.to_owned())]),
            ..Self::default()
        }
    }
}

/// A Namespace without what only the API server needs.
pub(super) fn trimmed(namespace: &Value) -> Value {
    let metadata = namespace.get("metadata").and_then(Value::as_object);
    let kept = metadata.into_iter().flatten();
    let kept = kept.filter(|(name, _)| METADATA.contains(&name.as_str()));
    let metadata: serde_json::Map<String, Value> = kept
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json!({"metadata": metadata, "spec": namespace["spec"], "status": namespace["status"]})
}
