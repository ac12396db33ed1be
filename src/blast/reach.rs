//! From faults to draws: what each fault can reach in this inventory, and how much of it at once.

use super::draw::sorted;
use super::isolation::severed;
use super::radius::FaultReach;
use super::worst_case::{Choice, Draw, Victims, most_hit};
use crate::fault::{
    Aim, Effect, Experiment, Fault, Isolation, Lifetime, NodeQuery, NodeTarget, Overlap,
    OwnerQuery, PodQuery, Scaling, Selection, Target, Ties,
};
use crate::inventory::{Active, Candidates, GroupId, Inventory, NodeId, PodId, View};
use crate::selector::LabelSelector;

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

    /// The draws by which pods are lost. A cut leaves a group one of its sides; what stops pods or
    /// damages them does so on both.
    pub(super) fn losses(&self) -> Vec<Draw> {
        if self.effect == Effect::Isolated {
            vec![self.draw.clone()]
        } else {
            self.draw.sides()
        }
    }

    /// The worst that it does to these pods, `None` when it cannot hit any: a cut that only touches
    /// them with one side keeps their clients out, which degrades them.
    pub(super) fn effect_on(&self, pods: &[PodId]) -> Option<Effect> {
        let touches = |choice: &Choice| !choice.is_empty() && shares(pods, &choice.candidates);
        let touched = match &self.draw.victims {
            Victims::Pods(choice) => (touches(choice), true),
            Victims::Each { sets, most } => (*most > 0 && sets.iter().any(touches), true),
            Victims::Nodes(choice) => {
                let hosted = ids(&self.told.candidates);
                (!choice.is_empty() && shares(pods, &hosted), true)
            }
            Victims::Cut { from, to } if self.effect == Effect::Isolated => {
                let sides = (touches(from), touches(to));
                (sides.0 || sides.1, sides.0 && sides.1)
            }
            Victims::Cut { from, to } => (touches(from) || touches(to), true),
        };
        match touched {
            (false, _) => None,
            (true, true) => Some(self.effect),
            (true, false) => Some(Effect::Degraded),
        }
    }
}

/// The reaches, each draw once: two faults of one chaos object may share it.
pub(super) fn distinct<'a>(
    reaches: impl Iterator<Item = &'a Reach>,
) -> impl Iterator<Item = &'a Reach> {
    let mut seen = Vec::new();
    reaches.filter(move |reach| {
        let new = !seen.contains(&reach.same_draw);
        seen.push(reach.same_draw);
        new
    })
}

/// Whether one of the pods is among these ids, which are ascending.
fn shares(pods: &[PodId], ids: &[u32]) -> bool {
    pods.iter().any(|pod| ids.binary_search(&pod.0).is_ok())
}

/// Resolves every fault of the experiment, in its order.
pub(super) fn reaches(experiment: &Experiment, inventory: &Inventory) -> Vec<Reach> {
    let faults = &experiment.faults;
    let same_draw = |fault: &Fault| {
        let same = |other: &Fault| shares_draw(fault, other);
        faults.iter().position(same).unwrap_or_default()
    };
    let reach = |fault: &Fault| reach(fault, same_draw(fault), inventory);
    faults.iter().map(reach).collect()
}

/// Whether two faults of one experiment hit the same victims. Those that select at another time, or
/// another number of times, or one of which never acts, do not.
fn shares_draw(one: &Fault, other: &Fault) -> bool {
    let acts = |fault: &Fault| fault.lifetime != Lifetime::Never;
    one.field == other.field
        && one.aim == other.aim
        && one.overlap == other.overlap
        && one.later == other.later
        && acts(one) == acts(other)
}

/// Resolves an experiment that is live already: what its tool recorded, else what it may draw. The
/// records of a cut do not tell its sides apart, so that both count.
pub(super) fn live(active: &Active, inventory: &Inventory) -> Vec<Reach> {
    let Some(records) = &active.records else {
        return reaches(&active.experiment, inventory);
    };
    let records = sorted(records.clone());
    let effect = active
        .experiment
        .faults
        .iter()
        .map(|fault| fault.effect)
        .max();
    let choice = Choice {
        candidates: ids(&records),
        most: u32::MAX,
    };
    let draw = Draw {
        victims: Victims::Pods(choice),
        copies: 1,
    };
    let told = FaultReach {
        candidates: records,
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
    reach.told.hits = most_hit(&reach.draw.sides(), |node| pods_on(inventory, node)).lost;
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
            let empty = choice.candidates.is_empty() && !names_claims(target);
            arm(&[target], inventory, told, empty);
            Victims::Pods(choice)
        }
        Aim::Each { target, sets, most } => {
            let found = inventory.select(&target.selection, view);
            let draw = |set: &Candidates| picked(target, set);
            let sets = inventory.part(&found, sets).iter().map(draw).collect();
            told.fails |= found.fails;
            arm(&[target], inventory, told, found.pods.is_empty());
            told.candidates = found.pods;
            Victims::Each { sets, most: *most }
        }
        Aim::Cut { from, to } => {
            let sides = (
                choice(from, inventory, view, told),
                choice(to, inventory, view, told),
            );
            let empty = sides.0.candidates.is_empty()
                || (sides.1.candidates.is_empty() && !leads_outside(to));
            arm(&[from, to], inventory, told, empty);
            told.candidates = sorted(std::mem::take(&mut told.candidates));
            Victims::Cut {
                from: sides.0,
                to: sides.1,
            }
        }
        Aim::Nodes(target) => nodes(target, inventory, view, told),
        Aim::Isolation(isolation) => isolated(isolation, inventory, told),
        Aim::Unknown(_) => Victims::Pods(Choice::default()),
    }
}

/// All that a NetworkPolicy cuts off, at once.
fn isolated(isolation: &Isolation, inventory: &Inventory, told: &mut FaultReach) -> Victims {
    let severed = severed(isolation, inventory);
    let all = |pods: &[PodId]| Choice {
        candidates: ids(pods),
        most: u32::MAX,
    };
    let (from, to) = (all(&severed.from), all(&severed.to));
    told.cuts = severed.cuts;
    told.candidates = sorted(severed.from.into_iter().chain(severed.to).collect());
    match isolation.ties {
        Ties::Vital => Victims::Cut { from, to },
        Ties::Helpful => Victims::Pods(from),
    }
}

/// Whether it is aimed at who mounts a claim. A claim that nobody mounts now is no database's, but for
/// one that is not running.
fn names_claims(target: &Target) -> bool {
    let mut queries = target.selection.queries.iter();
    queries.any(|query| query.claims.is_some())
}

/// Whether the far side of a partition is named by addresses alone. Where those are not of this
/// cluster, the near side loses what lies outside, and nothing else.
fn leads_outside(target: &Target) -> bool {
    let queries = &target.selection.queries;
    !queries.is_empty() && queries.iter().all(|query| query.addresses.is_some())
}

fn choice(target: &Target, inventory: &Inventory, view: View, told: &mut FaultReach) -> Choice {
    let found = inventory.select(&target.selection, view);
    told.fails |= found.fails;
    let choice = picked(target, &found);
    told.candidates.extend(found.pods);
    choice
}

fn picked(target: &Target, found: &Candidates) -> Choice {
    let most = target.mode.most_draws(found.listed);
    Choice {
        candidates: ids(&found.pods),
        most: u32::try_from(most).unwrap_or(u32::MAX),
    }
}

/// A selection that matches nothing is not harmless: it stays armed, and pods that match may come.
fn arm(targets: &[&Target], inventory: &Inventory, told: &mut FaultReach, empty: bool) {
    if !empty || targets.iter().all(|target| is_spent(target)) {
        return;
    }
    told.armed = true;
    for target in targets {
        told.addressable
            .extend(addressable(&target.selection, inventory));
    }
    told.addressable = sorted(std::mem::take(&mut told.addressable));
}

/// Whether whatever comes later is spared: a pod that does not put up with a taint is not placed
/// where there is one.
fn is_spent(target: &Target) -> bool {
    let queries = &target.selection.queries;
    !queries.is_empty() && queries.iter().all(|query| query.expelled_by.is_some())
}

/// The groups that live where the selection looks: labels and states may change, namespaces and
/// names do not, and no workload loses a pod by being scaled up.
fn addressable(selection: &Selection, inventory: &Inventory) -> Vec<GroupId> {
    let any = |owner: &OwnerQuery| {
        let scaled = owner.scaled.as_ref()?;
        Some(OwnerQuery {
            kind: owner.kind.clone(),
            scaled: Some(Scaling {
                labels: LabelSelector::default(),
                ..scaled.clone()
            }),
            names: None,
        })
    };
    let widened = |query: &PodQuery| PodQuery {
        namespaces: query.namespaces.clone(),
        names: query.names.clone(),
        owner: query.owner.as_ref().and_then(any),
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

/// A selection that matches no node now may match one later, and any pod may run there.
fn nodes(target: &NodeTarget, inventory: &Inventory, view: View, told: &mut FaultReach) -> Victims {
    let nodes = inventory.select_nodes(target, view);
    let hosted = nodes.iter().flat_map(|node| &inventory.node(*node).pods);
    told.candidates = sorted(hosted.copied().collect());
    // A machine that is no node of this cluster is unknown rather than awaited.
    let awaited = |query: &NodeQuery| query.machines.is_empty();
    told.armed = nodes.is_empty() && target.nodes.as_ref().is_none_or(awaited);
    if told.armed {
        told.addressable = inventory.groups().map(|(id, _)| id).collect();
    }
    let most = u32::try_from(target.mode.most_draws(nodes.len())).unwrap_or(u32::MAX);
    let candidates = nodes.iter().map(|node| node.0).collect();
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
