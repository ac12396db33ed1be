//! From a template to the chaos object of one run, which can hit the pods that were chosen and no others.
//!
//! Tools select again: after a crash, at every round, when a label moves. Names do not move. A template is
//! rewritten in the words of its tool so that it names its victims, and then read again as every chaos object
//! is: what can still reach anybody else is refused.

mod chaos_mesh;
mod litmus;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::fault::{self, Aim, Experiment, Mode, Surroundings, Target};
use crate::inventory::{Inventory, PodId, View};
use crate::object::{Object, Unreadable};

/// The label of everything that a run makes: its name.
pub const RUN: &str = "firebreak.dev/run";
/// The label with the uid of the run.
pub const RUN_UID: &str = "firebreak.dev/run-uid";
/// The annotation with the fence of the run.
pub const FENCE: &str = "firebreak.dev/fence";
/// The label of everything that firebreak makes itself.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "firebreak");

/// A pod that is to be hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Victim<'a> {
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
    /// The node it runs on.
    pub node: &'a str,
}

/// For which run a chaos object is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct For<'a> {
    /// The namespace of the run, and of the object.
    pub namespace: &'a str,
    /// Its name, and that of the object.
    pub name: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// What the object must carry.
    pub fence: &'a str,
}

/// Why a template cannot be pinned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPinned {
    /// It cannot be read, or says what cannot be kept.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// Its tool cannot be told names.
    #[error(
        "{kind} cannot be told which pods to hit; use a kind of Chaos Mesh that selects pods, a ChaosEngine, or native"
    )]
    Kind {
        /// The kind.
        kind: String,
    },
    /// Pinned, it could still hit others.
    #[error("even with its targets named it could hit {0}")]
    Loose(String),
}

/// A way to name victims.
struct Way {
    group: &'static str,
    kinds: &'static [&'static str],
    pin: fn(&mut Value, &[Victim<'_>], &Experiment) -> Result<(), Unreadable>,
}

/// Every way, by the kinds it is for.
const WAYS: [Way; 2] = [
    Way {
        group: "chaos-mesh.org",
        kinds: chaos_mesh::KINDS,
        pin: chaos_mesh::pin,
    },
    Way {
        group: "litmuschaos.io",
        kinds: &["ChaosEngine"],
        pin: litmus::pin,
    },
];

fn way(object: &Object) -> Result<&'static Way, NotPinned> {
    let fits = |way: &&Way| way.kinds.iter().any(|kind| object.is(way.group, kind));
    WAYS.iter().find(fits).ok_or_else(|| NotPinned::Kind {
        kind: object.reference().kind.clone(),
    })
}

/// The kinds that can be told names, by API group.
pub fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    WAYS.iter()
        .flat_map(|way| way.kinds.iter().map(|kind| (way.group, *kind)))
}

/// A template as an object of a run, before its victims are named.
///
/// # Errors
/// When it is no object.
pub fn object(template: &Value, namespace: &str, name: &str) -> Result<Object, Unreadable> {
    let mut value = template.clone();
    let refused = |why: &str| {
        Unreadable::new(
            "spec.template",
            why,
            "a chaos object with apiVersion, kind and spec",
        )
    };
    let map = value.as_object_mut().ok_or_else(|| refused("no map"))?;
    map.remove("status");
    let given = map.remove("metadata").unwrap_or_else(|| json!({}));
    let kept = |key: &str| given.get(key).filter(|it| it.is_object()).cloned();
    let mut metadata = json!({"namespace": namespace, "name": name});
    for key in ["labels", "annotations"] {
        if let Some(value) = kept(key) {
            metadata[key] = value;
        }
    }
    map.insert("metadata".to_owned(), metadata);
    Object::new(value).map_err(|error| refused(&error.to_string()))
}

/// What a template would do.
///
/// # Errors
/// When it cannot be read, is no chaos object, or cannot be told its victims.
pub fn experiment(object: &Object, around: &Surroundings) -> Result<Experiment, NotPinned> {
    way(object)?;
    let read = fault::read(object, around)?;
    read.ok_or_else(|| NotPinned::Kind {
        kind: object.reference().kind.clone(),
    })
}

/// The pods that a template selects by itself, or that run where it selects nodes: the run of a template that
/// is aimed at one zone stays in it. All of them where that cannot be told, which the judge then refuses.
#[must_use]
pub fn meant(experiment: &Experiment, inventory: &Inventory) -> BTreeSet<PodId> {
    let mut pods = BTreeSet::new();
    for fault in &experiment.faults {
        match &fault.aim {
            Aim::Pods(target) | Aim::Cut { from: target, .. } if is_far(target) => {}
            Aim::Pods(target) | Aim::Cut { from: target, .. } => {
                pods.extend(inventory.select(&target.selection, View::Now).pods);
            }
            Aim::Nodes(target) => {
                let nodes = inventory.select_nodes(target, View::Now);
                let on_one = |id: &PodId| {
                    let node = inventory.pod(*id).node;
                    node.is_some_and(|node| nodes.contains(&node))
                };
                pods.extend(inventory.pods().map(|(id, _)| id).filter(on_one));
            }
            Aim::Each { .. } | Aim::Isolation(_) | Aim::Unknown(_) => {
                pods.extend(inventory.pods().map(|(id, _)| id));
            }
        }
    }
    pods
}

/// How many of so many candidates a template means to hit.
#[must_use]
pub fn wanted(experiment: &Experiment, candidates: usize) -> usize {
    let each = experiment.faults.iter().map(|fault| match &fault.aim {
        Aim::Pods(target) | Aim::Cut { from: target, .. } if is_far(target) => 0,
        Aim::Pods(target) | Aim::Cut { from: target, .. } => target.mode.most_draws(candidates),
        Aim::Nodes(target) => target.mode.most_draws(candidates),
        Aim::Each { .. } | Aim::Isolation(_) | Aim::Unknown(_) => 1,
    });
    each.max().unwrap_or(0)
}

/// The chaos object of a run, with its victims named.
///
/// # Errors
/// When it cannot be told them, or could still hit others.
pub fn pinned(
    template: &Object,
    victims: &[Victim<'_>],
    of: For<'_>,
    (inventory, around): (&Inventory, &Surroundings),
) -> Result<Object, NotPinned> {
    let way = way(template)?;
    let mut value = template.value().clone();
    (way.pin)(&mut value, victims, &experiment(template, around)?)?;
    mark(&mut value, of);
    let object = Object::new(value).map_err(|error| {
        NotPinned::Unreadable(Unreadable::new(
            "spec.template",
            error.to_string(),
            "an object",
        ))
    })?;
    let experiment = experiment(&object, around)?;
    match loose(&experiment, victims, inventory) {
        Some(other) => Err(NotPinned::Loose(other)),
        None => Ok(object),
    }
}

/// Gives an object what tells that it is of a run.
fn mark(value: &mut Value, of: For<'_>) {
    let metadata = &mut value["metadata"];
    metadata["namespace"] = json!(of.namespace);
    metadata["name"] = json!(of.name);
    metadata["labels"][RUN] = json!(of.name);
    metadata["labels"][RUN_UID] = json!(of.uid);
    metadata["labels"][MANAGED_BY.0] = json!(MANAGED_BY.1);
    metadata["annotations"][FENCE] = json!(of.fence);
}

/// Whether it is the far end of the traffic that Chaos Mesh strikes: the template names it, nobody is chosen there.
fn is_far(target: &Target) -> bool {
    let field = target.selector_field.as_str();
    field.starts_with("spec.target.") || field == "spec.externalTargets"
}

/// Somebody who is no victim and could be hit all the same.
fn loose(experiment: &Experiment, victims: &[Victim<'_>], inventory: &Inventory) -> Option<String> {
    let named: BTreeMap<(&str, &str), &str> = victims
        .iter()
        .map(|it| ((it.namespace, it.name), it.node))
        .collect();
    experiment.faults.iter().find_map(|fault| match &fault.aim {
        // Whom it is cut off from, or felt by, is the template's matter, and the guard's.
        Aim::Pods(target) | Aim::Cut { from: target, .. } if is_far(target) => None,
        Aim::Pods(target) | Aim::Cut { from: target, .. } => {
            if target.mode != Mode::All {
                return Some("some of them only".to_owned());
            }
            let found = inventory.select(&target.selection, View::Later);
            let mut pods = found.pods.iter().map(|id| inventory.pod(*id));
            let other = pods.find(|pod| !named.contains_key(&(&*pod.namespace, &*pod.name)));
            other.map(|pod| format!("{}/{}", pod.namespace, pod.name))
        }
        Aim::Nodes(target) => {
            let found = inventory.select_nodes(target, View::Later);
            let mut names = found.iter().map(|id| &*inventory.node(*id).name);
            let other = names.find(|name| !named.values().any(|node| node == name));
            other.map(|name| format!("node {name}"))
        }
        Aim::Each { .. } => Some("a set of pods by label".to_owned()),
        Aim::Isolation(_) => Some("pods by label".to_owned()),
        Aim::Unknown(what) => Some(what.clone()),
    })
}
