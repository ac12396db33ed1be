//! From faults to draws: what each fault can reach in this inventory, and how much of it at once.

use super::radius::FaultReach;
use super::worst_case::{Choice, Draw, Victims, most_hit};
use crate::fault::{
    Aim, Effect, Experiment, Fault, Lifetime, NodeTarget, Overlap, PodQuery, Selection, Target,
};
use crate::inventory::{Active, GroupId, Inventory, NodeId, PodId, View};

/// A fault, resolved.
pub(super) struct Reach {
    /// What it does to what it hits.
    pub(super) effect: Effect,
    /// Its draws, over pods and nodes by number.
    pub(super) draw: Draw,
    /// What a reader of the blast radius is told.
    pub(super) told: FaultReach,
    /// The first fault of the experiment that hits the same victims by the same draw.
    pub(super) same_draw: usize,
}

impl Reach {
    /// Whether a pod that it hits no longer counts as healthy.
    pub(super) fn takes_down(&self) -> bool {
        self.effect.takes_down()
    }

    /// The draw as hits: both sides of a partition are hit, whatever that costs a group.
    pub(super) fn hits(&self) -> Vec<Draw> {
        let pods = |choice: &Choice| Draw {
            victims: Victims::Pods(choice.clone()),
            copies: self.draw.copies,
        };
        match &self.draw.victims {
            Victims::Pods(_) | Victims::Nodes(_) => vec![self.draw.clone()],
            Victims::Cut { from, to } => vec![pods(from), pods(to)],
        }
    }
}

/// Resolves every fault of the experiment, in its order.
pub(super) fn reaches(experiment: &Experiment, inventory: &Inventory) -> Vec<Reach> {
    let faults = &experiment.faults;
    let same_draw = |fault: &Fault| {
        let same = |other: &Fault| other.field == fault.field && other.aim == fault.aim;
        faults.iter().position(same).unwrap_or_default()
    };
    let reach = |fault: &Fault| reach(fault, same_draw(fault), inventory);
    faults.iter().map(reach).collect()
}

/// Resolves an experiment that is live already: what its tool recorded, else what it may draw.
pub(super) fn live(active: &Active, inventory: &Inventory) -> Vec<Reach> {
    let Some(records) = &active.records else {
        return reaches(&active.experiment, inventory);
    };
    let effect = active
        .experiment
        .faults
        .iter()
        .map(|fault| fault.effect)
        .max();
    let choice = Choice {
        candidates: ids(records),
        most: u32::MAX,
    };
    let draw = Draw {
        victims: Victims::Pods(choice),
        copies: 1,
    };
    let told = FaultReach {
        candidates: records.clone(),
        ..FaultReach::default()
    };
    vec![Reach {
        effect: effect.unwrap_or(Effect::Down),
        draw,
        told,
        same_draw: 0,
    }]
}

fn reach(fault: &Fault, same_draw: usize, inventory: &Inventory) -> Reach {
    let mut told = FaultReach::default();
    let view = if fault.later { View::Later } else { View::Now };
    let victims = if fault.lifetime == Lifetime::Never {
        Victims::Pods(Choice::default())
    } else {
        victims(&fault.aim, inventory, view, &mut told)
    };
    let draw = Draw {
        victims,
        copies: copies(fault.overlap),
    };
    let mut reach = Reach {
        effect: fault.effect,
        draw,
        told,
        same_draw,
    };
    reach.told.hits = most_hit(&reach.hits(), |node| pods_on(inventory, node)).lost;
    reach
}

fn copies(overlap: Overlap) -> u32 {
    match overlap {
        Overlap::AtMost(copies) => copies.max(1),
        Overlap::Unbounded => u32::MAX,
    }
}

fn victims(aim: &Aim, inventory: &Inventory, view: View, told: &mut FaultReach) -> Victims {
    match aim {
        Aim::Pods(target) => {
            let choice = choice(target, inventory, view, told);
            arm(&[target], inventory, told, choice.candidates.is_empty());
            Victims::Pods(choice)
        }
        Aim::Cut { from, to } => {
            let sides = (
                choice(from, inventory, view, told),
                choice(to, inventory, view, told),
            );
            let empty = sides.0.candidates.is_empty()
                || (sides.1.candidates.is_empty() && !leads_outside(to));
            arm(&[from, to], inventory, told, empty);
            told.candidates.sort_unstable();
            told.candidates.dedup();
            Victims::Cut {
                from: sides.0,
                to: sides.1,
            }
        }
        Aim::Nodes(target) => nodes(target, inventory, view, told),
        Aim::Unknown(_) => Victims::Pods(Choice::default()),
    }
}

/// Whether the far side of a partition is named by addresses alone. Where those are not of this
/// cluster, the near side loses what lies outside, and nothing else.
fn leads_outside(target: &Target) -> bool {
    target
        .selection
        .queries
        .iter()
        .all(|query| query.addresses.is_some())
}

fn choice(target: &Target, inventory: &Inventory, view: View, told: &mut FaultReach) -> Choice {
    let found = inventory.select(&target.selection, view);
    told.fails |= found.fails;
    let most = target.mode.most_draws(found.listed);
    let choice = Choice {
        candidates: ids(&found.pods),
        most: u32::try_from(most).unwrap_or(u32::MAX),
    };
    told.candidates.extend(found.pods);
    choice
}

/// A selection that matches nothing is not harmless: it stays armed, and pods that match may come.
fn arm(targets: &[&Target], inventory: &Inventory, told: &mut FaultReach, empty: bool) {
    if !empty {
        return;
    }
    told.armed = true;
    for target in targets {
        told.addressable
            .extend(addressable(&target.selection, inventory));
    }
    told.addressable.sort_unstable();
    told.addressable.dedup();
}

/// The groups that live where the selection looks: labels and states may change, namespaces and
/// names do not.
fn addressable(selection: &Selection, inventory: &Inventory) -> Vec<GroupId> {
    let widened = |query: &PodQuery| PodQuery {
        namespaces: query.namespaces.clone(),
        names: query.names.clone(),
        ..PodQuery::default()
    };
    let queries = selection.queries.iter().map(widened).collect();
    let selection = Selection {
        queries,
        list: selection.list,
    };
    let found = inventory.select(&selection, View::Later);
    found
        .pods
        .iter()
        .map(|pod| inventory.pod(*pod).group)
        .collect()
}

fn nodes(target: &NodeTarget, inventory: &Inventory, view: View, told: &mut FaultReach) -> Victims {
    let nodes = inventory.select_nodes(target, view);
    let mut pods: Vec<PodId> = nodes
        .iter()
        .flat_map(|node| &inventory.node(*node).pods)
        .copied()
        .collect();
    pods.sort_unstable();
    told.armed = nodes.is_empty();
    let most = u32::try_from(target.mode.most_draws(nodes.len())).unwrap_or(u32::MAX);
    let candidates = nodes.iter().map(|node| node.0).collect();
    told.candidates = pods;
    told.nodes = nodes;
    Victims::Nodes(Choice { candidates, most })
}

/// The pods on a node, by number.
pub(super) fn pods_on(inventory: &Inventory, node: u32) -> Vec<u32> {
    ids(&inventory.node(NodeId(node)).pods)
}

/// Pods by number, in the same order.
pub(super) fn ids(pods: &[PodId]) -> Vec<u32> {
    pods.iter().map(|pod| pod.0).collect()
}
