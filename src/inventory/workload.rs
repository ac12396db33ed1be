//! Workloads: what pods belong to when they belong to no database.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::lenient::{count, instant, is_set, list, text, texts, truth};
use super::pod::Facts;
use super::words::{Labels, Text, Words};
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

/// What makes pods, as far as a decision needs it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Workload {
    pub(super) namespace: Text,
    pub(super) name: Text,
    pub(super) labels: Labels,
    pub(super) annotations: Labels,
    /// Who controls it.
    pub(super) controller: Option<Arc<Owner>>,
    /// What its pods are made from.
    pub(super) template: Option<Arc<Facts>>,
    /// How many pods it asks for; `None` where it does not say.
    pub(super) asked: Option<u32>,
    /// `spec.replicas`.
    pub(super) replicas: Option<u32>,
    /// The number of its first pod, where pods are numbered.
    pub(super) first: u32,
    /// Whether it is told to make no pods for now.
    pub(super) suspended: bool,
    /// The names of the claims that it makes for each pod.
    pub(super) claims: Arc<[Text]>,
    pub(super) created: Option<Timestamp>,
    /// Whether it is being deleted.
    pub(super) leaves: bool,
    /// How many of its pods are of its newest revision, where some are not.
    pub(super) rollout: Option<(u32, u32)>,
}

impl Workload {
    pub(super) fn recorded(object: &Object, words: &mut Words) -> Self {
        let value = object.value();
        let template = value.pointer("/spec/template");
        let claims = list(value, "/spec/volumeClaimTemplates").iter();
        let claims = claims.map(|it| words.text(text(it, "/metadata/name")));
        Self {
            claims: claims.collect(),
            namespace: words.text(namespace(object)),
            name: words.text(&object.reference().name),
            labels: words.labels(&texts(value, "/metadata/labels")),
            annotations: words.labels(&marks(value)),
            controller: controller(object).map(|it| words.owner(it)),
            template: template.map(|it| Arc::new(Facts::described(it, words))),
            asked: asked(value, &object.reference().kind),
            replicas: count(value, "/spec/replicas"),
            first: count(value, "/spec/ordinals/start").unwrap_or(0),
            suspended: truth(value, "/spec/suspend"),
            created: instant(value, "/metadata/creationTimestamp"),
            leaves: is_set(value, "/metadata/deletionTimestamp"),
            rollout: rollout(value),
        }
    }

    /// A label, or the annotation of that key before it.
    pub(super) fn mark(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).or_else(|| self.labels.get(key))
    }

    /// Whether its pods say by themselves whose they are, and nothing else is known of it: it
    /// stands between them and its owner.
    pub(super) fn is_told_by_its_pods(&self, name: &str) -> bool {
        let (Some(owner), Some(template)) = (&self.controller, &self.template) else {
            return false;
        };
        guess(&template.labels, name).as_ref() == Some(&**owner)
    }
}

/// The annotations of our own: of a workload no others are asked for.
fn marks(workload: &Value) -> BTreeMap<&str, &str> {
    let mut annotations = texts(workload, "/metadata/annotations");
    annotations.retain(|key, _| key.starts_with(OWN));
    annotations
}

/// How the annotations begin that users put on their objects for us.
pub(super) const OWN: &str = "firebreak.dev/";

fn rollout(workload: &Value) -> Option<(u32, u32)> {
    let pods = count(workload, "/status/replicas").unwrap_or(0);
    let updated = count(workload, "/status/updatedReplicas").unwrap_or(0);
    let revision = |which: &str| text(workload, &format!("/status/{which}Revision"));
    (updated < pods && revision("update") != revision("current")).then_some((updated, pods))
}

/// Who controls an object, as it says itself.
pub(super) fn controller(object: &Object) -> Option<Owner> {
    let owners = list(object.value(), "/metadata/ownerReferences").iter();
    let mut controllers = owners.filter(|owner| truth(owner, "/controller"));
    let owner = controllers.next()?;
    let api_version = text(owner, "/apiVersion");
    Some(Owner {
        api_group: api_version.split_once('/').map_or("", |it| it.0).into(),
        kind: text(owner, "/kind").into(),
        name: text(owner, "/name").into(),
    })
}

/// The workload a recorded pod belongs to: its controller, or the controller of a ReplicaSet or
/// ReplicationController in its place.
pub(super) fn owner(world: &World<'_>, pod: &Facts) -> Option<Arc<Owner>> {
    let owner = pod.controller.as_ref()?;
    if !BETWEEN.contains(&owner.kind.as_str()) {
        return Some(Arc::clone(owner));
    }
    let above = match world.workload(&pod.namespace, owner) {
        Some(found) => &found.controller,
        None => &pod.above,
    };
    above.as_ref().or(Some(owner)).map(Arc::clone)
}

/// The owner of an owner that is not in the inventory, by the labels of its pods.
pub(super) fn guess(labels: &Labels, between: &str) -> Option<Owner> {
    let above = |(label, api_group, kind): &(&str, &str, &str)| {
        let name = between.strip_suffix(labels.get(label)?)?;
        Some(Owner {
            api_group: (*api_group).into(),
            kind: (*kind).into(),
            name: name.strip_suffix('-')?.into(),
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
    let asked = world.workload(place, owner).and_then(|it| it.asked);
    asked.unwrap_or_else(|| narrow(present))
}

/// The workloads of the pods that no database claims, with every pod of each, finished or not.
pub(super) fn groups(
    world: &World<'_>,
    pods: &[Pod],
    claimed: &[bool],
) -> Vec<(Group, Vec<PodId>)> {
    let mut workloads = BTreeMap::<(&Text, Owner), Vec<PodId>>::new();
    for ((id, pod), _) in (0..)
        .zip(pods)
        .zip(claimed)
        .filter(|(_, claimed)| !**claimed)
    {
        let owner = pod.workload();
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

fn group(world: &World<'_>, pods: &[Pod], (place, owner): (&Text, Owner), all: &[PodId]) -> Group {
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
        namespace: place.clone(),
        name: owner.name,
        size: if done { 0 } else { size },
        members,
        ..Group::default()
    }
}
