//! Candidates parted into the sets that a tool draws from separately.

use std::collections::BTreeMap;

use super::{Candidates, Inventory, Pod, PodId};
use crate::fault::Sets;

impl Inventory {
    /// The candidates, set by set; a pod may be in several.
    ///
    /// A pod that the tool lists twice may be listed twice in any set, so that every set is as much
    /// longer as the whole list is.
    #[must_use]
    pub fn part(&self, found: &Candidates, sets: &Sets) -> Vec<Candidates> {
        let mut parts = BTreeMap::<String, Vec<PodId>>::new();
        for id in &found.pods {
            for key in keys(self.pod(*id), sets) {
                parts.entry(key).or_default().push(*id);
            }
        }
        let repeats = found.listed.saturating_sub(found.pods.len());
        let part = |mut pods: Vec<PodId>| {
            let listed = pods.len().saturating_add(repeats);
            pods.dedup();
            Candidates {
                pods,
                listed,
                fails: found.fails,
            }
        };
        parts.into_values().map(part).collect()
    }
}

/// The sets a pod is in. Pods of a Deployment may be of several ReplicaSets, each an owner of its
/// own.
fn keys(pod: &Pod, sets: &Sets) -> Vec<String> {
    match (sets, &pod.owner) {
        (Sets::Labels(labels), _) => {
            let value = |label: &String| pod.label(label).to_owned();
            labels.iter().map(value).collect()
        }
        (Sets::Owners, Some(owner)) if owner.kind != "Deployment" => {
            let (group, kind) = owner.resource();
            vec![format!("{}/{group}/{kind}/{}", pod.namespace, owner.name)]
        }
        (Sets::Owners, _) => vec![format!("{}/{}", pod.namespace, pod.name)],
    }
}
