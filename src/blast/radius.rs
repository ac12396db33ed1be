//! The blast radius: the worst case of one experiment, measured.

use crate::fault::{Effect, Lifetime};
use crate::inventory::{GroupId, NodeId, PodId};

/// The worst that one experiment can do, together with those already live. An upper bound, never
/// an estimate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BlastRadius {
    /// Each database or workload that a fault can reach, in the order of the inventory.
    pub impacts: Vec<Impact>,
    /// Each fault of the experiment, in its order.
    pub faults: Vec<FaultReach>,
    /// Distinct pods that this experiment alone can hit at once.
    pub pods: u32,
    /// Distinct nodes that node faults of this experiment can take at once.
    pub nodes: u32,
    /// Every pod that some draw can hit, ascending.
    pub candidates: Vec<PodId>,
    /// Namespaces of the candidates, sorted.
    pub namespaces: Vec<String>,
    /// Zones of the candidates' nodes, sorted.
    pub zones: Vec<String>,
    /// The pods of one worst draw.
    pub witness: Vec<PodId>,
    /// How long it may last: the longest of its faults.
    pub lifetime: Option<Lifetime>,
    /// Budgets that the worst case would break or touch.
    pub budgets: Vec<BudgetImpact>,
    /// What could not be resolved. Each is over every limit.
    pub unknown: Vec<Unknown>,
    /// Other live experiments that can reach the same databases or workloads, or other units of the
    /// same resource.
    pub concurrent: Vec<Concurrent>,
}

/// What one fault can reach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FaultReach {
    /// Distinct pods that it may hit, ascending.
    pub candidates: Vec<PodId>,
    /// The nodes that it may take, ascending.
    pub nodes: Vec<NodeId>,
    /// The most pods that it hits at once.
    pub hits: u32,
    /// Whether it matches nothing now, and so stays armed.
    pub armed: bool,
    /// The groups whose pods it could match later, when it is armed.
    pub addressable: Vec<GroupId>,
    /// Whether the tool itself would refuse the selection as things are.
    pub fails: bool,
    /// What it would cut, a sentence each, where that is known.
    pub cuts: Vec<String>,
}

/// What an experiment can do to one database or workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    /// Which.
    pub group: GroupId,
    /// How many members it should have.
    pub size: u32,
    /// How many are healthy now.
    pub healthy: u32,
    /// How many members (healthy or not) are candidates of this experiment.
    pub candidates: u32,
    /// The most members that this experiment alone can hit at once, whatever the effect.
    pub hits: u32,
    /// The most healthy members lost at once, live experiments included.
    pub lost: u32,
    /// Healthy members left then.
    pub remaining: u32,
    /// Whether a member that may be writing can be hit.
    pub primary: bool,
    /// The fewest healthy standbys left by a draw that takes a writer down, or slows one, be it by
    /// this experiment or by a live one. `None` where no draw does, and where this experiment can
    /// neither hit a writer nor take down any member.
    pub standbys_left: Option<u32>,
    /// Whether it keeps the members it needs to serve; `None` where it needs none in particular,
    /// and where this experiment takes down none.
    pub quorum_kept: Option<bool>,
    /// The worst effect on a member.
    pub effect: Effect,
    /// Every effect on a member, sorted.
    pub effects: Vec<Effect>,
    /// Indexes of the experiment's faults that reach it.
    pub faults: Vec<usize>,
    /// The healthy members lost in one worst draw.
    pub witness: Vec<PodId>,
}

/// What the worst case leaves of a PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetImpact {
    /// Index into the inventory's budgets.
    pub budget: usize,
    /// The most healthy pods of it lost at once.
    pub lost: u32,
    /// How many it permits to be lost now.
    pub allowed: u32,
    /// Indexes of the experiment's faults that reach it.
    pub faults: Vec<usize>,
}

/// Something about an experiment that could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Index of the fault; `None` where it is about something live in the cluster.
    pub fault: Option<usize>,
    /// A sentence that says what.
    pub what: String,
}

/// Another live experiment that can reach the same group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concurrent {
    /// Index into the inventory's active experiments.
    pub active: usize,
    /// The group that both reach, or of which the other reaches another unit.
    pub group: GroupId,
}
