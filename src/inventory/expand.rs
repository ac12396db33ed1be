//! Manifests are the world: controllers expanded to the pods they would have.

use std::collections::BTreeSet;

use serde_json::Value;

use super::lenient::{count, truth};
use super::workload::controller;
use super::world::{Kind, World, namespace};
use super::{Node, Owner, Pod, database};
use crate::object::Object;

/// No controller is expanded to more pods than this. What it asks for beyond stays its size.
pub(super) const MOST: u32 = 1000;

/// Names the pods of one controller, as their number and their places.
type Naming = fn(&Object, &[Node]) -> Vec<Place>;

/// The controllers that are expanded, and how their pods are named.
const CONTROLLERS: &[(Kind<'static>, Naming)] = &[
    (("apps", "Deployment"), scattered),
    (("apps", "ReplicaSet"), scattered),
    (("", "ReplicationController"), scattered),
    (("argoproj.io", "Rollout"), scattered),
    (("apps", "StatefulSet"), ordinals),
    (("apps", "DaemonSet"), everywhere),
    (("batch", "Job"), parallel),
];

/// The pods that the controllers of a world would have, where none of theirs is recorded.
pub(super) fn pods(world: &World<'_>, nodes: &[Node], recorded: &[Pod]) -> Vec<Pod> {
    let owners = recorded
        .iter()
        .filter_map(|pod| Some((&pod.namespace, pod.owner.as_ref()?)));
    let owners: BTreeSet<_> = owners.collect();
    let controllers = CONTROLLERS.iter().flat_map(|(kind, naming)| {
        let free = world
            .all(*kind)
            .filter(|object| controller(object).is_none());
        free.flat_map(|object| expanded(object, naming(object, nodes)))
    });
    let assumed = controllers.chain(database::assumed(world, recorded));
    let missing = |pod: &Pod| {
        let owner = pod.owner.as_ref();
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

fn expanded(object: &Object, places: Vec<Place>) -> Vec<Pod> {
    let reference = object.reference();
    let owner = Owner {
        api_group: reference.group.clone(),
        kind: reference.kind.clone(),
        name: reference.name.clone(),
    };
    let none = Value::Null;
    let template = object.value().pointer("/spec/template").unwrap_or(&none);
    let pod = |place: Place| {
        let pod = Pod::assumed(template, namespace(object), place.name, owner.clone());
        match place.node {
            Some(node_name) => Pod { node_name, ..pod },
            None => labelled(pod),
        }
    };
    places.into_iter().map(pod).collect()
}

/// The labels that the controller of StatefulSets puts on their pods.
pub(super) fn labelled(mut pod: Pod) -> Pod {
    let stateful = pod
        .owner
        .as_ref()
        .is_some_and(|owner| owner.kind == "StatefulSet");
    if let (true, Some((_, ordinal))) = (stateful, pod.name.rsplit_once('-')) {
        let index = ("apps.kubernetes.io/pod-index", ordinal.to_owned());
        let name = ("statefulset.kubernetes.io/pod-name", pod.name.clone());
        for (key, value) in [index, name] {
            pod.labels.insert(key.to_owned(), value);
        }
    }
    pod
}

/// `<name>-0`, `<name>-1`, and so on.
fn ordinals(object: &Object, _: &[Node]) -> Vec<Place> {
    let first = count(object.value(), "/spec/ordinals/start").unwrap_or(0);
    let name = &object.reference().name;
    let ordinal = |index: u32| first.saturating_add(index);
    let place = |index| Place::somewhere(format!("{name}-{}", ordinal(index)));
    (0..replicas(object)).map(place).collect()
}

/// Names that look like those Kubernetes draws, but are always the same.
fn scattered(object: &Object, _: &[Node]) -> Vec<Place> {
    let name = &object.reference().name;
    let place = |index| Place::somewhere(format!("{name}-{}", suffix(name, index)));
    (0..replicas(object)).map(place).collect()
}

fn parallel(object: &Object, _: &[Node]) -> Vec<Place> {
    if truth(object.value(), "/spec/suspend") {
        return Vec::new();
    }
    let name = &object.reference().name;
    let pods = count(object.value(), "/spec/parallelism").unwrap_or(1);
    let place = |index| Place::somewhere(format!("{name}-{}", suffix(name, index)));
    (0..pods.min(MOST)).map(place).collect()
}

/// One on every node; one somewhere when no node is known.
fn everywhere(object: &Object, nodes: &[Node]) -> Vec<Place> {
    let name = &object.reference().name;
    if nodes.is_empty() {
        return vec![Place::somewhere(format!("{name}-{}", suffix(name, 0)))];
    }
    let place = |(index, node): (u32, &Node)| Place {
        name: format!("{name}-{}", suffix(name, index)),
        node: Some(node.name.clone()),
    };
    (0..).zip(nodes).map(place).collect()
}

fn replicas(object: &Object) -> u32 {
    let asked = count(object.value(), "/spec/replicas").unwrap_or(1);
    asked.min(MOST)
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
