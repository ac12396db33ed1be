//! Which kinds a decision depends on.

use crate::fault;

/// API group and kind; the kind is `*` for every kind of a group.
pub(super) type Kind = (&'static str, &'static str);

/// What every cluster serves, and no decision can do without.
const ESSENTIAL: &[Kind] = &[
    ("", "Namespace"),
    ("", "Node"),
    ("", "Pod"),
    ("", "ReplicationController"),
    ("", "Service"),
    ("apps", "DaemonSet"),
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("batch", "Job"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
];

/// Every kind that is to be watched where it is served, each once.
pub fn watched() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut kinds: Vec<Kind> = ESSENTIAL.iter().copied().chain(fault::kinds()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter()
}
