//! Manifests are the world: controllers expanded to the pods they would have.

use std::collections::BTreeSet;

use serde_json::Value;

use super::kinds::{self, Kind};
use super::pod::Facts;
use super::words::Words;
use super::workload::Workload;
use super::world::World;
use super::{Node, Owner, Pod, database};

/// No controller is expanded to more pods than this. What it asks for beyond stays its size.
pub(super) const MOST: u32 = 1000;

/// Names the pods of one controller, as their number and their places.
type Naming = fn(&Workload, &[Node]) -> Vec<Place>;

/// The controllers that are expanded, and how their pods are named.
const CONTROLLERS: &[(Kind, Naming)] = &[
    (kinds::DEPLOYMENT, scattered),
    (kinds::REPLICA_SET, scattered),
    (kinds::REPLICATION_CONTROLLER, scattered),
    (kinds::ROLLOUT, scattered),
    (kinds::STATEFUL_SET, ordinals),
    (kinds::DAEMON_SET, everywhere),
    (kinds::JOB, parallel),
];

/// The pods that the controllers of a world would have, where none of theirs is recorded.
pub(super) fn pods(world: &World<'_>, nodes: &[Node], recorded: &[Pod]) -> Vec<Pod> {
    let owners = recorded
        .iter()
        .filter_map(|pod| Some((&pod.namespace, pod.owner.as_deref()?)));
    let owners: BTreeSet<_> = owners.collect();
    let controllers = CONTROLLERS.iter().flat_map(|(kind, naming)| {
        let all = world.workloads(*kind);
        let free = all.filter(|workload| workload.controller.is_none());
        free.flat_map(|workload| expanded(*kind, workload, naming(workload, nodes)))
    });
    let assumed = controllers.chain(database::assumed(world, recorded));
    let missing = |pod: &Pod| {
        let owner = pod.owner.as_deref();
        owner.is_none_or(|owner| !owners.contains(&(&pod.namespace, owner)))
    };
    assumed.filter(missing).collect()
}

/// Where one pod of a controller would be.
struct Place {
    name: String,
    node: Option<String>,
}

impl Place {
    fn somewhere(name: String) -> Self {
        Self { name, node: None }
    }
}

fn expanded(kind: Kind, workload: &Workload, places: Vec<Place>) -> Vec<Pod> {
    let owner = Owner {
        api_group: kind.group().into(),
        kind: kind.name().into(),
        name: workload.name.clone(),
    };
    let silent = Facts::described(&Value::Null, &mut Words::default());
    let template = workload.template.as_deref().unwrap_or(&silent);
    let pod = |place: Place| {
        let pod = Pod::of_template(template, &workload.namespace, place.name, owner.clone());
        match place.node {
            Some(node) => pod.on(&node),
            None => labelled(pod),
        }
    };
    places.into_iter().map(pod).collect()
}

/// The labels that the controller of StatefulSets puts on their pods.
pub(super) fn labelled(pod: Pod) -> Pod {
    let stateful = pod
        .owner
        .as_ref()
        .is_some_and(|owner| owner.kind == "StatefulSet");
    let name = pod.name.clone();
    match name.rsplit_once('-') {
        Some((_, ordinal)) if stateful => pod
            .with_label("apps.kubernetes.io/pod-index", ordinal)
            .with_label("statefulset.kubernetes.io/pod-name", &name),
        Some(_) | None => pod,
    }
}

/// `<name>-0`, `<name>-1`, and so on.
fn ordinals(workload: &Workload, _: &[Node]) -> Vec<Place> {
    let name = &workload.name;
    let ordinal = |index: u32| workload.first.saturating_add(index);
    let place = |index| Place::somewhere(format!("{name}-{}", ordinal(index)));
    (0..replicas(workload)).map(place).collect()
}

/// Names that look like those Kubernetes draws, but are always the same.
fn scattered(workload: &Workload, _: &[Node]) -> Vec<Place> {
    let name = &workload.name;
    let place = |index| Place::somewhere(format!("{name}-{}", suffix(name, index)));
    (0..replicas(workload)).map(place).collect()
}

fn parallel(workload: &Workload, _: &[Node]) -> Vec<Place> {
    if workload.suspended {
        return Vec::new();
    }
    let name = &workload.name;
    let pods = workload.asked.unwrap_or(1);
    let place = |index| Place::somewhere(format!("{name}-{}", suffix(name, index)));
    (0..pods.min(MOST)).map(place).collect()
}

/// One on every node; one somewhere when no node is known.
fn everywhere(workload: &Workload, nodes: &[Node]) -> Vec<Place> {
    let name = &workload.name;
    if nodes.is_empty() {
        return vec![Place::somewhere(format!("{name}-{}", suffix(name, 0)))];
    }
    let place = |(index, node): (u32, &Node)| Place {
        name: format!("{name}-{}", suffix(name, index)),
        node: Some(node.name.to_string()),
    };
    (0..).zip(nodes).map(place).collect()
}

fn replicas(workload: &Workload) -> u32 {
    workload.replicas.unwrap_or(1).min(MOST)
}

/// Five letters for the pod with this index: distinct for each, the same every time.
pub(super) fn suffix(name: &str, index: u32) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    // One step of a generator with full period over the 27^5 suffixes, from a start of its own.
    const PERIOD: u64 = 14_348_907;
    const STRIDE: u64 = 6_700_417;
    let start = name
        .bytes()
        .fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % PERIOD);
    let mut rest = (start + u64::from(index) * STRIDE) % PERIOD;
    let mut letter = || {
        let at = rest % 27;
        rest /= 27;
        let letter = usize::try_from(at).ok().and_then(|at| LETTERS.get(at));
        char::from(letter.copied().unwrap_or(b'x'))
    };
    (0..5).map(|_| letter()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_names_are_distinct() {
        let names: BTreeSet<String> = (0..MOST).map(|index| suffix("api", index)).collect();
        assert_eq!(names.len(), MOST as usize);
        assert_ne!(suffix("api", 0), suffix("web", 0));
    }
}
