//! What draws do to one database or workload, or to one budget.

use std::cmp::Reverse;

use super::draw::sorted;
use super::radius::{BudgetImpact, Impact};
use super::reach::{Reach, distinct, ids};
use super::worst_case::{Draw, Problem, Victims};
use crate::fault::Effect;
use crate::inventory::{Database, Group, GroupId, Inventory, PodId, Quorum, Writer};

/// Everything in play: the experiment's own faults, and those live already.
pub(super) struct Play<'a> {
    inventory: &'a Inventory,
    own: &'a [Reach],
    /// The live experiments, each with its faults.
    live: &'a [Vec<Reach>],
    /// By all of them pods are lost.
    losses: Vec<Draw>,
    /// By the experiment's own ones pods are hit.
    pub(super) hits: Vec<Draw>,
}

impl<'a> Play<'a> {
    pub(super) fn new(inventory: &'a Inventory, own: &'a [Reach], live: &'a [Vec<Reach>]) -> Self {
        let live_sets = live.iter().map(Vec::as_slice);
        let losses = [own].into_iter().chain(live_sets).flat_map(losses);
        Self {
            inventory,
            own,
            live,
            losses: losses.collect(),
            hits: distinct(own.iter())
                .flat_map(|it| it.draw.sides())
                .collect(),
        }
    }

    fn problem(&self, pods: &[PodId], draws: &[Draw]) -> Problem {
        let nodes = |pod: u32| self.inventory.nodes_of(PodId(pod));
        Problem::of_group(&ids(pods), draws, nodes)
    }

    fn healthy(&self, pod: u32) -> bool {
        self.inventory.pod(PodId(pod)).healthy
    }

    fn count_healthy(&self, pods: &[PodId]) -> u32 {
        count(pods.iter().filter(|pod| self.healthy(pod.0)))
    }

    /// What the faults do to the group.
    pub(super) fn impact(&self, id: GroupId) -> Impact {
        let group = self.inventory.group(id);
        let members = &group.members;
        let (faults, effects) = self.effects(members);
        let hit = self.problem(members, &self.hits);
        let hits = hit.loss(|_| true);
        // Most experiments take down all that they hit.
        let other = (self.losses != self.hits).then(|| self.problem(members, &self.losses));
        let losses = other.as_ref().unwrap_or(&hit);
        let loss = losses.loss(|pod| self.healthy(pod));
        let healthy = self.count_healthy(members);
        let remaining = healthy.saturating_sub(loss.lost);
        let taken = effects.iter().any(|effect| effect.takes_down());
        let database = group.database.as_ref();
        let primary = database.is_some_and(|it| hits_writer(it, &hit));
        let asked = database.filter(|_| primary || taken);
        Impact {
            group: id,
            size: group.size,
            healthy,
            candidates: self.candidates(members),
            hits: hits.lost,
            lost: loss.lost,
            remaining,
            primary,
            standbys_left: asked.and_then(|it| self.standbys_left(it, members, losses)),
            quorum_kept: if taken {
                quorum(group, remaining)
            } else {
                None
            },
            effect: effects.last().copied().unwrap_or(Effect::Degraded),
            effects,
            faults,
            witness: pods(if loss.lost > 0 {
                loss.witness
            } else {
                hits.witness
            }),
        }
    }

    /// How many of the members some fault of this experiment selects.
    fn candidates(&self, members: &[PodId]) -> u32 {
        let selected = |pod: &&PodId| {
            let mut reaches = self.own.iter();
            reaches.any(|reach| reach.told.candidates.binary_search(pod).is_ok())
        };
        count(members.iter().filter(selected))
    }

    /// Which faults can hit these pods, and with which effects.
    fn effects(&self, members: &[PodId]) -> (Vec<usize>, Vec<Effect>) {
        let effect = |reach: &'a Reach| reach.effect_on(members);
        let reaching = self.own.iter().map(effect).enumerate();
        let (faults, effects) = reaching
            .filter_map(|(fault, effect)| Some((fault, effect?)))
            .unzip();
        (faults, sorted(effects))
    }

    /// The healthy standbys left in the worst draw that takes a writer down or slows one. Where
    /// every member may be the writer, none of them is known to take over.
    fn standbys_left(
        &self,
        database: &Database,
        members: &[PodId],
        losses: &Problem,
    ) -> Option<u32> {
        let writers = match (&database.writer, database.quorum) {
            (Writer::Known(writers), _) => writers,
            (Writer::Any { .. }, Quorum::Majority(_) | Quorum::AtLeast(_)) => return None,
            (Writer::Any { .. } | Writer::Untold { .. }, _) => return Some(0),
        };
        let mut standbys = sorted(ids(&database.standbys));
        standbys.retain(|pod| self.healthy(*pod));
        if !self.slows(members, writers) {
            return losses.standbys_left(&ids(writers), &standbys);
        }
        // A slow writer is lost with no pod, so that every draw may be the one that slows it.
        let is_standby = |pod: u32| standbys.binary_search(&pod).is_ok();
        let lost = losses.loss(is_standby).lost;
        Some(count(standbys.iter()).saturating_sub(lost))
    }

    /// Whether a fault in play can hit a writer without taking it down.
    fn slows(&self, members: &[PodId], writers: &[PodId]) -> bool {
        let live = self.live.iter().map(Vec::as_slice);
        let mut sets = [self.own].into_iter().chain(live);
        sets.any(|set| {
            let slow = |one: &&Reach| one.effect_on(members) == Some(Effect::Degraded);
            let mut slowing = set
                .iter()
                .filter(slow)
                .filter(|one| !takes_all_hit(one, set));
            slowing.any(|one| one.effect_on(writers).is_some())
        })
    }

    /// What the worst case leaves of a budget; `None` where no fault that takes pods down reaches
    /// it. Whether a cut takes its pods down, their databases and workloads decide.
    pub(super) fn budget(&self, index: usize) -> Option<BudgetImpact> {
        let budget = self.inventory.budgets().get(index)?;
        let kin = self.kin(&budget.pods);
        let (faults, _) = self.effects(&budget.pods);
        let effect = |fault: &usize| self.own.get(*fault)?.effect_on(&kin);
        if !faults.iter().filter_map(effect).any(Effect::takes_down) {
            return None;
        }
        let covered = |pod: u32| budget.pods.binary_search(&PodId(pod)).is_ok();
        let loss = self
            .problem(&kin, &self.losses)
            .loss(|pod| covered(pod) && self.healthy(pod));
        let allowed = self
            .count_healthy(&budget.pods)
            .saturating_sub(budget.min_healthy);
        Some(BudgetImpact {
            budget: index,
            lost: loss.lost,
            allowed,
            faults,
        })
    }

    /// These pods, and the members of their databases and workloads.
    fn kin(&self, pods: &[PodId]) -> Vec<PodId> {
        let groups = pods.iter().map(|pod| self.inventory.pod(*pod).group);
        let groups = sorted(groups.collect()).into_iter();
        let members = groups.flat_map(|id| &self.inventory.group(id).members);
        sorted(members.chain(pods).copied().collect())
    }
}

/// The draws by which one experiment takes pods down; of faults that share one, the worst counts.
fn losses(reaches: &[Reach]) -> Vec<Draw> {
    let taking = reaches.iter().filter(|reach| reach.takes_down());
    let mut taking: Vec<&Reach> = taking.collect();
    taking.sort_by_key(|reach| Reverse(reach.effect));
    distinct(taking.into_iter())
        .flat_map(Reach::losses)
        .collect()
}

/// Whether another fault takes down all that this one hits, because they share a draw. Of a cut it
/// would be one side only.
fn takes_all_hit(reach: &Reach, all: &[Reach]) -> bool {
    let sharing = |other: &&Reach| other.same_draw == reach.same_draw;
    let mut sharing = all.iter().filter(sharing);
    !matches!(reach.draw.victims, Victims::Cut { .. }) && sharing.any(Reach::takes_down)
}

/// Whether a member that may be writing can be hit. Where every member may be, and a majority
/// keeps the database serving, the quorum decides instead.
fn hits_writer(database: &Database, hit: &Problem) -> bool {
    let hits = |writers: &[PodId]| {
        let writes = |pod: u32| writers.contains(&PodId(pod));
        hit.loss(writes).lost > 0
    };
    match (&database.writer, database.quorum) {
        (Writer::Known(writers), _) => hits(writers),
        (Writer::Any { .. }, Quorum::Majority(_) | Quorum::AtLeast(_)) => false,
        (Writer::Any { .. } | Writer::Untold { .. }, _) => hit.loss(|_| true).lost > 0,
    }
}

fn quorum(group: &Group, remaining: u32) -> Option<bool> {
    let needs = group.database.as_ref()?.quorum.needs();
    (needs > 0).then_some(remaining >= needs)
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn pods(ids: Vec<u32>) -> Vec<PodId> {
    ids.into_iter().map(PodId).collect()
}
