//! What draws do to one database or workload, or to one budget.

use super::radius::{BudgetImpact, Impact};
use super::reach::{Reach, ids};
use super::worst_case::{Draw, Problem, Victims};
use crate::fault::Effect;
use crate::inventory::{Database, Group, GroupId, Inventory, PodId, Quorum, Writer};

/// Everything in play: the experiment's own faults, and those live already.
pub(super) struct Play<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) own: &'a [Reach],
    pub(super) losses: Vec<Draw>,
    pub(super) hits: Vec<Draw>,
}

impl<'a> Play<'a> {
    pub(super) fn new(inventory: &'a Inventory, own: &'a [Reach], live: &[Reach]) -> Self {
        let taking = distinct(own.iter().filter(|reach| reach.takes_down()));
        let live = live.iter().filter(|reach| reach.takes_down());
        let hitting = distinct(own.iter());
        Self {
            inventory,
            own,
            losses: taking.chain(live).map(|reach| reach.draw.clone()).collect(),
            hits: hitting.flat_map(Reach::hits).collect(),
        }
    }

    fn problem(&self, pods: &[PodId], draws: &[Draw]) -> Problem {
        let node = |pod: u32| self.inventory.pod(PodId(pod)).node.map(|node| node.0);
        Problem::of_group(&ids(pods), draws, node)
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
        let hits = self.problem(members, &self.hits).loss(|_| true);
        let losses = self.problem(members, &self.losses);
        let loss = losses.loss(|pod| self.healthy(pod));
        let healthy = self.count_healthy(members);
        let remaining = healthy.saturating_sub(loss.lost);
        let reachable = self.reachable(members);
        let taken = effects.iter().any(|effect| effect.takes_down());
        let primary = group
            .database
            .as_ref()
            .is_some_and(|it| primary(it, &reachable));
        Impact {
            group: id,
            size: group.size,
            healthy,
            candidates: count(reachable.iter()),
            hits: hits.lost,
            lost: loss.lost,
            remaining,
            primary,
            standbys_left: primary
                .then(|| self.standbys_left(group, &losses))
                .flatten(),
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

    /// The members that this experiment can reach.
    fn reachable(&self, members: &[PodId]) -> Vec<PodId> {
        let reached = |pod: &&PodId| {
            self.own
                .iter()
                .any(|reach| reach.told.candidates.binary_search(pod).is_ok())
        };
        members.iter().filter(reached).copied().collect()
    }

    /// Which faults reach these pods, and with which effects: a partition that only touches them
    /// with one side cuts their clients off, which degrades them.
    fn effects(&self, members: &[PodId]) -> (Vec<usize>, Vec<Effect>) {
        let mut faults = Vec::new();
        let mut effects = Vec::new();
        let touches = |ids: &[u32]| members.iter().any(|pod| ids.binary_search(&pod.0).is_ok());
        for (index, reach) in self.own.iter().enumerate() {
            let sides = match &reach.draw.victims {
                Victims::Cut { from, to } => {
                    u8::from(touches(&from.candidates)) + u8::from(touches(&to.candidates))
                }
                Victims::Pods(choice) => 2 * u8::from(touches(&choice.candidates)),
                Victims::Nodes(_) => 2 * u8::from(touches(&ids(&reach.told.candidates))),
            };
            match sides {
                0 => continue,
                1 => effects.push(Effect::Degraded),
                _ => effects.push(reach.effect),
            }
            faults.push(index);
        }
        effects.sort_unstable();
        effects.dedup();
        (faults, effects)
    }

    /// The healthy standbys left in the worst draw that takes the writer; where only a fault that
    /// takes nothing down can reach the writer, in the worst draw of all.
    fn standbys_left(&self, group: &Group, losses: &Problem) -> Option<u32> {
        let database = group.database.as_ref()?;
        let Writer::Known(writers) = &database.writer else {
            return Some(0);
        };
        let mut standbys: Vec<u32> = ids(&database.standbys);
        standbys.retain(|pod| self.healthy(*pod));
        standbys.sort_unstable();
        let is_standby = |pod: u32| standbys.binary_search(&pod).is_ok();
        let left = losses.standbys_left(&ids(writers), &standbys);
        Some(
            left.unwrap_or_else(|| {
                count(standbys.iter()).saturating_sub(losses.loss(is_standby).lost)
            }),
        )
    }

    /// What the worst case leaves of a budget; `None` where no fault that takes pods down reaches
    /// it.
    pub(super) fn budget(&self, index: usize) -> Option<BudgetImpact> {
        let budget = self.inventory.budgets().get(index)?;
        let (faults, effects) = self.effects(&budget.pods);
        if !effects.iter().any(|effect| effect.takes_down()) {
            return None;
        }
        let loss = self
            .problem(&budget.pods, &self.losses)
            .loss(|pod| self.healthy(pod));
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
}

/// The reaches, each draw once: two faults of one chaos object may share it.
fn distinct<'a>(reaches: impl Iterator<Item = &'a Reach>) -> impl Iterator<Item = &'a Reach> {
    let mut seen = Vec::new();
    reaches.filter(move |reach| {
        let new = !seen.contains(&reach.same_draw);
        seen.push(reach.same_draw);
        new
    })
}

/// Whether a member that may be writing is among these. Where every member may be, and a majority
/// keeps the database serving, the quorum decides instead.
fn primary(database: &Database, reachable: &[PodId]) -> bool {
    match (&database.writer, database.quorum) {
        (Writer::Known(writers), _) => writers.iter().any(|writer| reachable.contains(writer)),
        (Writer::Any { .. }, Quorum::Majority(_)) => false,
        (Writer::Any { .. }, Quorum::Standbys(_) | Quorum::None) => !reachable.is_empty(),
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
