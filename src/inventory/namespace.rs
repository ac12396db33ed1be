//! A namespace, as far as a decision needs it.

use std::collections::BTreeMap;

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
}

impl Namespace {
    pub(super) fn recorded(object: &Object) -> Self {
        let mut labels = map(object.value(), "/metadata/labels");
        labels.insert(NAME.to_owned(), object.reference().name.clone());
        Self {
            labels,
            annotations: map(object.value(), "/metadata/annotations"),
            known: true,
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
