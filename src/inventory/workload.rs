//! Workloads: what pods belong to when they belong to no database.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lenient::{count, list, text, truth};
use super::world::{World, namespace};
use super::{Group, Owner, Pod, PodId, narrow};
use crate::object::Object;

/// Owners that stand for their own owner.
const BETWEEN: [&str; 2] = ["ReplicaSet", "ReplicationController"];

/// The labels that tell the owner of a ReplicaSet which is not in the inventory: its name is the
/// owner's, followed by the label's value.
const HASHES: [(&str, &str, &str); 2] = [
    ("pod-template-hash", "apps", "Deployment"),
    ("rollouts-pod-template-hash", "argoproj.io", "Rollout"),
];

/// Who controls an object, as it says itself.
pub(super) fn controller(object: &Object) -> Option<Owner> {
    let owners = list(object.value(), "/metadata/ownerReferences").iter();
    let mut controllers = owners.filter(|owner| truth(owner, "/controller"));
    let owner = controllers.next()?;
    let api_version = text(owner, "/apiVersion");
    Some(Owner {
        api_group: api_version.split_once('/').map_or("", |it| it.0).to_owned(),
        kind: text(owner, "/kind").to_owned(),
        name: text(owner, "/name").to_owned(),
    })
}

/// The workload a recorded pod belongs to: its controller, or the controller of a ReplicaSet or
/// ReplicationController in its place.
pub(super) fn owner(world: &World<'_>, pod: &Object) -> Option<Owner> {
    let owner = controller(pod)?;
    if !BETWEEN.contains(&owner.kind.as_str()) {
        return Some(owner);
    }
    let above = match world.find(owner.resource(), namespace(pod), &owner.name) {
        Some(found) => controller(found),
        None => guess(pod, &owner.name),
    };
    above.or(Some(owner))
}

/// The owner of an owner that is not in the inventory.
fn guess(pod: &Object, between: &str) -> Option<Owner> {
    let above = |(label, api_group, kind): &(&str, &str, &str)| {
        let name = between.strip_suffix(pod.label(label)?)?;
        Some(Owner {
            api_group: (*api_group).to_owned(),
            kind: (*kind).to_owned(),
            name: name.strip_suffix('-')?.to_owned(),
        })
    };
    HASHES.iter().find_map(above)
}

/// How many pods the object of a workload asks for; `None` where it does not say.
fn asked(workload: &Value, kind: &str) -> Option<u32> {
    match kind {
        "DaemonSet" => count(workload, "/status/desiredNumberScheduled"),
        "Job" => Some(count(workload, "/spec/parallelism").unwrap_or(1)),
        "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
            Some(count(workload, "/spec/replicas").unwrap_or(1))
        }
        _ => count(workload, "/spec/replicas"),
    }
}

/// How many pods a workload should have: what it asks for, else how many there are.
pub(super) fn size(world: &World<'_>, place: &str, owner: &Owner, present: usize) -> u32 {
    let object = world.find(owner.resource(), place, &owner.name);
    let asked = object.and_then(|object| asked(object.value(), &owner.kind));
    asked.unwrap_or_else(|| narrow(present))
}

/// The workloads of the pods that no database claims, with every pod of each, finished or not.
pub(super) fn groups(
    world: &World<'_>,
    pods: &[Pod],
    claimed: &[bool],
) -> Vec<(Group, Vec<PodId>)> {
    let mut workloads = BTreeMap::<(&str, Owner), Vec<PodId>>::new();
    for ((id, pod), _) in (0..)
        .zip(pods)
        .zip(claimed)
        .filter(|(_, claimed)| !**claimed)
    {
        let owner = pod.owner.clone().unwrap_or_else(|| bare(pod));
        workloads
            .entry((&pod.namespace, owner))
            .or_default()
            .push(PodId(id));
    }
    let workloads = workloads.into_iter();
    workloads
        .map(|((place, owner), all)| (group(world, pods, (place, owner), &all), all))
        .collect()
}

/// A bare pod is a workload of its own.
fn bare(pod: &Pod) -> Owner {
    Owner {
        kind: "Pod".to_owned(),
        name: pod.name.clone(),
        ..Owner::default()
    }
}

fn group(world: &World<'_>, pods: &[Pod], (place, owner): (&str, Owner), all: &[PodId]) -> Group {
    let lives = |id: &&PodId| {
        pods.get(id.0 as usize)
            .is_some_and(|pod| !pod.is_finished())
    };
    let members: Vec<PodId> = all.iter().filter(lives).copied().collect();
    let done = members.is_empty() && owner.kind == "Job";
    let size = size(world, place, &owner, members.len());
    Group {
        kind: owner.kind,
        api_group: owner.api_group,
        namespace: place.to_owned(),
        name: owner.name,
        size: if done { 0 } else { size },
        members,
        ..Group::default()
    }
}
