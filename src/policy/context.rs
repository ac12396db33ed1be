//! What one policy sees of a case: the groups it protects and the faults that reach them.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::compile::Policy;
use super::protects::Protected;
use super::{Case, Reason, Violation};
use crate::blast::{BudgetImpact, FaultReach, Impact};
use crate::fault::{Aim, Fault, Lifetime, Target};
use crate::inventory::{Active, Budget, Group, GroupId, Inventory, Namespace, PodId, View};

/// A case, and what is worked out of it once for all policies.
pub(super) struct Common<'a> {
    case: &'a Case<'a>,
    /// The databases and workloads that can be reached, by id.
    victims: Vec<Victim<'a>>,
    /// Whether more may be reached than is now: a fault is armed, or what it reaches cannot be resolved.
    open: bool,
    /// For each fault how many entries its list may have: asked for once a violation, told once.
    lists: Vec<OnceCell<usize>>,
}

/// A database or workload that can be reached.
struct Victim<'a> {
    reached: Reached<'a>,
    namespace: Option<&'a Namespace>,
    /// Its pods that can be hit.
    hit: Vec<PodId>,
}

impl Victim<'_> {
    fn id(&self) -> GroupId {
        self.reached.impact.group
    }

    fn is_covered(&self, by: &Protected, inventory: &Inventory) -> bool {
        by.covers_in((self.reached.group, self.namespace), &self.hit, inventory)
    }
}

impl<'a> Common<'a> {
    pub(super) fn of(case: &'a Case<'a>) -> Self {
        let mut hit = BTreeMap::<_, Vec<PodId>>::new();
        for pod in &case.blast.candidates {
            let group = case.inventory.pod(*pod).group;
            hit.entry(group).or_default().push(*pod);
        }
        let impacts = case.blast.impacts.iter();
        let victims = impacts.map(|impact| {
            let group = case.inventory.group(impact.group);
            Victim {
                reached: Reached { impact, group },
                namespace: case.inventory.namespace(&group.namespace),
                hit: hit.remove(&impact.group).unwrap_or_default(),
            }
        });
        let mut victims: Vec<_> = victims.collect();
        victims.sort_by_key(Victim::id);
        let faults = &case.experiment.faults;
        let armed = case.blast.faults.iter().any(|reach| reach.armed);
        let unknown = faults
            .iter()
            .any(|fault| matches!(fault.aim, Aim::Unknown(_)));
        Self {
            case,
            victims,
            open: armed || unknown || !case.blast.unknown.is_empty(),
            lists: vec![OnceCell::new(); faults.len()],
        }
    }
}

impl Common<'_> {
    /// The pods of a group that can be hit.
    fn hit(&self, group: GroupId) -> &[PodId] {
        let found = self.victims.binary_search_by_key(&group, Victim::id).ok();
        found.map_or(&[], |at| &self.victims[at].hit)
    }
}

/// What one policy sees of a case.
pub(super) struct LimitContext<'a> {
    pub(super) policy: &'a Policy,
    pub(super) case: &'a Case<'a>,
    common: &'a Common<'a>,
    /// The databases and workloads that the policy protects and the experiment can reach, by id.
    pub(super) reached: Vec<Reached<'a>>,
    /// The faults that the policy has a say in.
    pub(super) faults: Vec<Seen<'a>>,
    /// The groups that the policy protects and an armed fault could match later.
    pub(super) addressable: Vec<(usize, GroupId)>,
}

/// A protected database or workload that the experiment can reach.
#[derive(Clone, Copy)]
pub(super) struct Reached<'a> {
    pub(super) impact: &'a Impact,
    pub(super) group: &'a Group,
}

/// A fault that the policy has a say in.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub(super) index: usize,
    pub(super) fault: &'a Fault,
    pub(super) armed: bool,
}

impl<'a> LimitContext<'a> {
    pub(super) fn new(policy: &'a Policy, common: &'a Common<'a>) -> Self {
        let case = common.case;
        let victims = common.victims.iter();
        let victims = victims.filter(|it| it.is_covered(&policy.protects, case.inventory));
        let mut context = Self {
            policy,
            case,
            common,
            reached: victims.map(|it| it.reached).collect(),
            faults: Vec::new(),
            addressable: Vec::new(),
        };
        if common.open {
            let inventory = case.inventory;
            let covers = |id| {
                let (group, hit) = (inventory.group(id), common.hit(id));
                policy.protects.covers(group, hit, inventory)
            };
            context.addressable = addressable(case, covers);
        }
        if common.open || !context.reached.is_empty() {
            context.faults = context.seen();
        }
        context
    }

    /// Faults that reach what the policy protects, or might: an aim that cannot be resolved, and
    /// one that matches nothing yet and that nothing ends.
    fn seen(&self) -> Vec<Seen<'a>> {
        let reaches = |index: &usize| {
            self.reached
                .iter()
                .any(|reached| reached.impact.faults.contains(index))
                || self.touches(*index)
        };
        let addresses = |index: &usize| self.addressable.iter().any(|(fault, _)| fault == index);
        let faults = self.case.experiment.faults.iter().enumerate();
        faults
            .map(|(index, fault)| Seen {
                index,
                fault,
                armed: self.reach(index).is_some_and(|reach| reach.armed),
            })
            .filter(|seen| {
                reaches(&seen.index)
                    || addresses(&seen.index)
                    || self.is_unknown(seen)
                    || (seen.armed && is_endless(seen.fault))
            })
            .collect()
    }

    /// Whether a fault can hit a pod of a protected group, be it one of the members or not.
    fn touches(&self, fault: usize) -> bool {
        let candidates = self.reach(fault).map(|reach| reach.candidates.iter());
        let mut groups = candidates
            .into_iter()
            .flatten()
            .map(|pod| self.inventory().pod(*pod).group);
        !self.reached.is_empty() && groups.any(|group| self.has(group))
    }

    fn is_unknown(&self, seen: &Seen<'_>) -> bool {
        let mut unknown = self.case.blast.unknown.iter();
        matches!(seen.fault.aim, Aim::Unknown(_)) || unknown.any(|it| it.fault == Some(seen.index))
    }

    /// Whether the policy has a say in the case at all.
    pub(super) fn is_asked(&self) -> bool {
        !self.reached.is_empty() || !self.faults.is_empty() || !self.case.blast.unknown.is_empty()
    }

    pub(super) fn inventory(&self) -> &'a Inventory {
        self.case.inventory
    }

    /// What a fault reaches.
    pub(super) fn reach(&self, fault: usize) -> Option<&'a FaultReach> {
        self.case.blast.faults.get(fault)
    }

    /// How many entries the list of a fault's target may have when it is drawn from.
    pub(super) fn listed(&self, fault: usize, target: &Target) -> usize {
        let later = || {
            let later = self.inventory().select(&target.selection, View::Later);
            let now = self.reach(fault).map_or(0, |reach| reach.candidates.len());
            later.listed.max(now)
        };
        let told = self.common.lists.get(fault);
        told.map_or_else(later, |cell| *cell.get_or_init(later))
    }

    /// Whether the policy protects this group, and the experiment can reach it.
    pub(super) fn has(&self, group: GroupId) -> bool {
        let place = |reached: &Reached<'_>| reached.impact.group;
        self.reached.binary_search_by_key(&group, place).is_ok()
    }

    /// Budgets of pods that the policy protects.
    pub(super) fn budgets(&self) -> impl Iterator<Item = (&'a BudgetImpact, &'a Budget)> + '_ {
        let budgets = self.case.blast.budgets.iter();
        let known = budgets.filter_map(|impact| {
            let budget = self.inventory().budgets().get(impact.budget)?;
            Some((impact, budget))
        });
        known.filter(|(_, budget)| {
            let mut groups = budget
                .pods
                .iter()
                .map(|pod| self.inventory().pod(*pod).group);
            groups.any(|group| self.has(group))
        })
    }

    /// Other live experiments that reach this group.
    pub(super) fn concurrent(&self, group: GroupId) -> impl Iterator<Item = &'a Active> + '_ {
        let concurrent = self.case.blast.concurrent.iter();
        concurrent
            .filter(move |other| other.group == group)
            .filter_map(|other| self.inventory().active().get(other.active))
    }

    /// A violation of this policy, to be filled in.
    pub(super) fn violation(&self, reason: Reason, limit: &str) -> Violation {
        Violation {
            reason,
            own_reason: None,
            policy: self.policy.name.clone(),
            limit: limit.to_owned(),
            measured: String::new(),
            permitted: String::new(),
            field: String::new(),
            message: String::new(),
            remedy: String::new(),
            enforcement: self.policy.enforcement,
            group: None,
            exempted_by: None,
        }
    }
}

fn addressable(case: &Case<'_>, covers: impl Fn(GroupId) -> bool) -> Vec<(usize, GroupId)> {
    let faults = case.experiment.faults.iter().zip(&case.blast.faults);
    let armed = faults
        .enumerate()
        .filter(|(_, (fault, reach))| reach.armed && fault.lifetime != Lifetime::Never);
    armed
        .flat_map(|(index, (_, reach))| reach.addressable.iter().map(move |group| (index, *group)))
        .filter(|(_, group)| covers(*group))
        .collect()
}

/// Whether nothing ends the fault while it waits for a victim: an instant has no end to come to.
pub(super) fn is_endless(fault: &Fault) -> bool {
    match fault.lifetime {
        Lifetime::Forever | Lifetime::Instant => true,
        Lifetime::For(_) | Lifetime::Never => false,
    }
}

/// A group as messages name it.
pub(super) fn name(group: &Group) -> String {
    group.to_string()
}
