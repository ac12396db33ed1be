//! A node, as far as a decision needs it.

use std::collections::BTreeMap;

use super::PodId;
use super::lenient::map;
use crate::object::Object;

/// A node.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Node {
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `topology.kubernetes.io/zone`, empty when it has none.
    pub zone: String,
    /// The pods that run there, ascending.
    pub pods: Vec<PodId>,
}

/// The label that names a zone, and what it was called before.
const ZONE: [&str; 2] = [
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
];

impl Node {
    pub(super) fn recorded(object: &Object) -> Self {
        let labels = map(object.value(), "/metadata/labels");
        let zone = ZONE.iter().find_map(|key| labels.get(*key));
        Self {
            name: object.reference().name.clone(),
            zone: zone.cloned().unwrap_or_default(),
            labels,
            pods: Vec::new(),
        }
    }
}
