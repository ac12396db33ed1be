//! A node, as far as a decision needs it.

use super::PodId;
use super::lenient::{text, texts};
use super::words::{Labels, Text, Words};
use crate::object::Object;

/// A node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// Name; empty for the one that stands for every node when pods are assumed and no node is
    /// known.
    pub name: Text,
    /// Labels.
    pub labels: Labels,
    /// `topology.kubernetes.io/zone`, empty when it has none.
    pub zone: Text,
    /// `spec.providerID` in lower case: how its provider names the machine.
    pub machine: Text,
    /// The pods that run there, ascending. Pods that are only assumed to exist may run anywhere,
    /// and are among those of every node.
    pub pods: Vec<PodId>,
    /// Whether the Node itself is in the inventory. When only its pods are, its labels may be
    /// anything.
    pub known: bool,
}

/// The label that names a zone, and what it was called before.
const ZONE: [&str; 2] = [
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
];

impl Node {
    pub(super) fn recorded(object: &Object, words: &mut Words) -> Self {
        let labels = words.labels(&texts(object.value(), "/metadata/labels"));
        let zone = ZONE.iter().find_map(|key| labels.get(key));
        Self {
            name: words.text(&object.reference().name),
            zone: words.text(zone.unwrap_or_default()),
            labels,
            machine: text(object.value(), "/spec/providerID")
                .to_lowercase()
                .into(),
            pods: Vec::new(),
            known: true,
        }
    }

    /// A node that is known by its pods alone.
    pub(super) fn implied(name: &str) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}
