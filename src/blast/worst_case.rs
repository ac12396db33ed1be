//! The worst case: the most a group may lose to all draws in play at once.
//!
//! A mode such as *one* or *fixed-percent* draws at random, so any draw it can make is one to be
//! ready for. Several faults draw independently of each other; what a group loses is the union of
//! their draws inside it, and a pod that two draws hit is lost once. The questions asked here all
//! have the form *which joint draw takes the most of these pods*.
//!
//! # Why the answer is exact
//!
//! **Draws of pods.** A draw takes up to `k` of its candidates. Candidates outside the group do
//! not dilute it: every draw may land inside. A joint draw that never wastes a pick on a pod that
//! another draw already holds is an assignment of pods to draws, at most `k` pods to each, and
//! every such assignment is a joint draw. The largest assignment is a maximum flow (see `flow`),
//! found by augmenting paths. `c` draws of the same fault that are in effect together are one
//! draw of `c × k`.
//!
//! **A pod that must be hit.** Augmenting moves pods between draws but never takes one out of the
//! union again, and it always ends at a largest union, wherever it starts. So the pod that must be
//! hit is taken first, and the flow grows around it: a pod that can be taken at all is part of
//! some largest union.
//!
//! **Draws of nodes.** A drawn node costs every pod on it, which no flow expresses. Drawing one
//! node more never spares a pod, so only the largest sets of nodes that the draws of nodes can hold
//! together need trying (whether they can hold a set is again a flow); for each, the draws of pods
//! flow over what those nodes leave.
//!
//! **Partitions.** An inner partition, one whose two sides both touch the group, costs it one of
//! its sides, whichever is worse. Where only one side touches the group it costs nothing. Sides
//! are drawn independently, so both touch the group whenever each can draw a member; a pod on both
//! sides counts. Each way for the partitions to fall is tried in turn.
//!
//! # Where it is a bound
//!
//! First one flow gives a bound: a draw of nodes counts as a draw of as many single pods as its
//! fullest nodes host, and a partition as a draw, from both sides together, of as many as its
//! larger side may lose. Every real joint draw is among these looser ones, so the bound is never
//! too low. Then one good joint draw is played; when it reaches the bound, as it nearly always
//! does, both are exact. Otherwise all are tried, if their number times the size of the problem is
//! within [`Problem::with_effort`] (more than enough for six partitions, or twelve nodes). If it
//! is not, the bound is the answer, which [`Loss::is_exact`] tells.

use super::flow::{Demand, length};
use super::search::worst;

pub use super::draw::{Choice, Draw, Victims};
pub use super::problem::Problem;

/// The most that may be lost at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How many; never too low.
    pub lost: u32,
    /// What one worst joint draw takes, ascending. Fewer than `lost` when that is a bound.
    pub witness: Vec<u32>,
}

impl Loss {
    /// What this joint draw takes.
    fn of(witness: Vec<u32>) -> Self {
        Self {
            lost: length(witness.iter()),
            witness,
        }
    }

    /// Whether a joint draw is known that takes as many.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.witness.len() == self.lost as usize
    }
}

impl Problem {
    /// The most healthy members that one joint draw may take.
    #[must_use]
    pub fn loss(&self, healthy: impl Fn(u32) -> bool) -> Loss {
        if let Some(choice) = self.alone() {
            let healthy = |item: u32| healthy(self.items[item as usize]);
            return Loss::of(self.named(&choice.taken(1, healthy)));
        }
        let wanted = self.items.iter().map(|id| healthy(*id)).collect();
        // Without an item that must be taken there is always an answer.
        worst(
            self,
            &Demand {
                wanted,
                first: None,
            },
        )
        .map_or_else(
            || Loss {
                lost: length(self.items.iter()),
                witness: Vec::new(),
            },
            |worst| Loss {
                lost: worst.most,
                witness: self.named(&worst.witness),
            },
        )
    }

    /// Over all joint draws that take at least one of the writers: the fewest of the standbys
    /// (ascending, distinct members) that may be left. `None` when no draw can take a writer.
    #[must_use]
    pub fn standbys_left(&self, writers: &[u32], standbys: &[u32]) -> Option<u32> {
        let lists_standby = |id: u32| standbys.binary_search(&id).is_ok();
        let is_standby: Vec<bool> = self.items.iter().map(|id| lists_standby(*id)).collect();
        let lost_with = |writer: &u32| {
            let writer = self.items.binary_search(writer).ok()?;
            let mut wanted = is_standby.clone();
            let extra = u32::from(!wanted[writer]);
            wanted[writer] = true;
            let first = u32::try_from(writer).ok();
            Some(
                worst(self, &Demand { wanted, first })?
                    .most
                    .saturating_sub(extra),
            )
        };
        let lost = writers.iter().filter_map(lost_with).max()?;
        Some(length(standbys.iter()).saturating_sub(lost))
    }

    /// The draw of pods that is all there is.
    fn alone(&self) -> Option<&Choice> {
        match self.pods.as_slice() {
            [choice] if self.cuts.is_empty() && self.node_draws.is_empty() => Some(choice),
            _ => None,
        }
    }

    fn named(&self, items: &[u32]) -> Vec<u32> {
        let mut ids: Vec<u32> = items
            .iter()
            .map(|item| self.items[*item as usize])
            .collect();
        ids.sort_unstable();
        ids
    }
}

/// The most distinct pods that one joint draw may hit, whatever their health; `pods_on` tells the
/// pods on a node. Both sides of a partition are hit.
#[must_use]
pub fn most_hit(draws: &[Draw], pods_on: impl Fn(u32) -> Vec<u32>) -> Loss {
    if let [draw] = draws
        && let Victims::Pods(choice) = &draw.victims
    {
        // Most experiments are one draw of pods, which any of its candidates fill.
        return Loss::of(choice.taken(draw.copies, |_| true));
    }
    most_classes(draws, |pod| pod, pods_on)
}

/// The most distinct classes (namespaces, zones, nodes) that one joint draw may touch; `class_of`
/// tells the class of a pod, `pods_on` the pods on a node.
#[must_use]
pub fn most_classes(
    draws: &[Draw],
    class_of: impl Fn(u32) -> u32,
    pods_on: impl Fn(u32) -> Vec<u32>,
) -> Loss {
    Problem::of_classes(draws, class_of, pods_on).loss(|_| true)
}
