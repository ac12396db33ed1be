//! What was measured, against what brute force finds.

use std::collections::BTreeSet;
use std::fmt::Debug;

use firebreak::blast::{BlastRadius, BudgetImpact, Impact};
use firebreak::fault::{Aim, Effect, Experiment, Fault, Lifetime, Target};
use firebreak::inventory::{Database, Inventory, PodId, Quorum, Writer};

use super::oracle::{
    Draw, Pods, SLOWED, State, States, draws, hits, live, most_nodes, set, states,
};

/// Every difference ends the comparison.
type Agreement = Result<(), String>;

fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Agreement {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, brute force {expected:?}"))
}

/// An experiment in an inventory, as brute force sees it.
pub(super) struct Truth<'a> {
    experiment: &'a Experiment,
    inventory: &'a Inventory,
    own: Vec<Draw>,
    /// The experiment's own draws, and those of the live ones.
    all: Vec<Draw>,
    /// Each fault alone.
    alone: Vec<Vec<Draw>>,
    live: Vec<Vec<Draw>>,
    healthy: Pods,
}

impl<'a> Truth<'a> {
    pub(super) fn new(experiment: &'a Experiment, inventory: &'a Inventory) -> Self {
        let own = draws(experiment, inventory);
        let live: Vec<_> = inventory
            .active()
            .iter()
            .map(|it| live(it, inventory))
            .collect();
        let alone = experiment.faults.iter().map(|fault| {
            let only = Experiment {
                faults: vec![fault.clone()],
                ..experiment.clone()
            };
            draws(&only, inventory)
        });
        let healthy = inventory.pods().filter(|(_, pod)| pod.healthy);
        Self {
            experiment,
            inventory,
            all: own.iter().chain(live.iter().flatten()).cloned().collect(),
            alone: alone.collect(),
            healthy: healthy.fold(0, |set, (id, _)| set | 1 << id.0),
            own,
            live,
        }
    }

    /// Whether the blast radius is what brute force finds.
    pub(super) fn agrees(&self, found: &BlastRadius) -> Agreement {
        let candidates = listed(&self.own);
        same("candidates", &set(&found.candidates), &candidates)?;
        let all = hits(&self.own, Pods::MAX);
        same("pods", &found.pods, &most(&all, Pods::MAX))?;
        shown("pods", &found.witness, found.pods, &all)?;
        same("nodes", &found.nodes, &most_nodes(&self.own))?;
        for (at, fault) in self.experiment.faults.iter().enumerate() {
            let alone = hits(&self.alone[at], Pods::MAX);
            let reach = &found.faults[at];
            same("hits of a fault", &reach.hits, &most(&alone, Pods::MAX))?;
            same(
                "armed",
                &reach.armed,
                &is_armed(fault, &self.alone[at], reach.nodes.len()),
            )?;
        }
        let groups = self.groups(candidates);
        let impacts = found.impacts.iter().map(|it| it.group.0).collect();
        same("groups", &impacts, &groups)?;
        found
            .impacts
            .iter()
            .try_for_each(|impact| self.impact(impact))?;
        self.budgets(&found.budgets)?;
        let concurrent = found.concurrent.iter().map(|it| (it.active, it.group.0));
        let expected = self.live.iter().enumerate().flat_map(|(at, draws)| {
            let both = &self.groups(listed(draws)) & &groups;
            both.into_iter().map(move |group| (at, group))
        });
        same(
            "concurrent",
            &concurrent.collect::<Vec<_>>(),
            &expected.collect(),
        )
    }

    fn groups(&self, pods: Pods) -> BTreeSet<u32> {
        let listed = self
            .inventory
            .pods()
            .filter(|(id, _)| pods >> id.0 & 1 == 1);
        listed.map(|(_, pod)| pod.group.0).collect()
    }

    fn impact(&self, found: &Impact) -> Agreement {
        let group = self.inventory.group(found.group);
        let members = set(&group.members);
        let database = group.database.as_ref();
        let known = match database.map(|it| &it.writer) {
            Some(Writer::Known(writers)) => set(writers),
            Some(Writer::Any { .. } | Writer::Untold { .. }) | None => 0,
        };
        let states = states(&self.all, members, known);
        let hits = hits(&self.own, members);
        let lost = most(&states, self.healthy);
        let healthy = (members & self.healthy).count_ones();
        same("healthy", &found.healthy, &healthy)?;
        same(
            "candidates",
            &found.candidates,
            &(listed(&self.own) & members).count_ones(),
        )?;
        same("hits", &found.hits, &most(&hits, members))?;
        same("lost", &found.lost, &lost)?;
        same("remaining", &found.remaining, &(healthy - lost))?;
        if lost > 0 {
            same(
                "healthy witness",
                &(set(&found.witness) & !self.healthy),
                &0,
            )?;
            shown("lost", &found.witness, lost, &states)?;
        } else {
            shown("hits", &found.witness, found.hits, &hits)?;
        }
        self.effects(found, members)?;
        let taken = self.own.iter().any(|draw| draw.takes_down(members));
        self.database(found, members, (&states, known, taken))?;
        let kept = database.filter(|_| taken);
        let kept = kept.and_then(|it| serves(it.quorum, healthy - lost));
        same("quorum kept", &found.quorum_kept, &kept)
    }

    fn effects(&self, found: &Impact, members: Pods) -> Agreement {
        let of = |draws: &Vec<Draw>| draws.iter().flat_map(|draw| draw.effects_on(members)).max();
        let alone: Vec<Option<Effect>> = self.alone.iter().map(of).collect();
        let reaching = (0..alone.len()).filter(|at| alone[*at].is_some());
        same("faults", &found.faults, &reaching.collect())?;
        let effects: BTreeSet<Effect> = alone.into_iter().flatten().collect();
        let worst = effects.last().copied().unwrap_or(Effect::Degraded);
        same("effect", &found.effect, &worst)?;
        same("effects", &found.effects, &effects.into_iter().collect())
    }

    /// What holds for the writer of a database.
    fn database(
        &self,
        found: &Impact,
        members: Pods,
        (states, known, taken): (&States, Pods, bool),
    ) -> Agreement {
        let Some(database) = &self.inventory.group(found.group).database else {
            same("primary of a workload", &found.primary, &false)?;
            return same("standbys of a workload", &found.standbys_left, &None);
        };
        let reach = self.own.iter().fold(0, |all, draw| all | draw.reach());
        let writers = possible_writers(database, members);
        let primary = reach & writers != 0;
        same("primary", &found.primary, &primary)?;
        let standbys = set(&database.standbys) & self.healthy;
        let left = match database.writer {
            Writer::Known(_) if primary || taken => states
                .each()
                .filter(|state| state & (known | SLOWED) != 0)
                .map(|state| (standbys & !state).count_ones())
                .min(),
            Writer::Known(_) => None,
            Writer::Any { .. } | Writer::Untold { .. } => primary.then_some(0),
        };
        let bound = self.all.iter().any(Draw::is_mixed_cut);
        let above = |found: u32| left.is_none_or(|left| found <= left);
        if bound && found.standbys_left.is_some_and(above) {
            return Ok(());
        }
        same("standbys left", &found.standbys_left, &left)
    }

    fn budgets(&self, found: &[BudgetImpact]) -> Agreement {
        let budgets = self.inventory.budgets().iter().enumerate();
        let expected: Vec<_> = budgets
            .filter_map(|(at, budget)| {
                let covered = set(&budget.pods);
                let kin = self.kin(&budget.pods);
                let reaching = |draw: &&Draw| draw.reach() & covered != 0;
                let mut reaching = self.own.iter().filter(reaching);
                reaching.any(|draw| draw.takes_down(kin)).then(|| {
                    let healthy = covered & self.healthy;
                    let lost = most(&states(&self.all, kin, 0), healthy);
                    let allowed = healthy.count_ones().saturating_sub(budget.min_healthy);
                    (at, lost, allowed)
                })
            })
            .collect();
        let found: Vec<_> = found
            .iter()
            .map(|it| (it.budget, it.lost, it.allowed))
            .collect();
        same("budgets", &found, &expected)
    }

    /// These pods, and the members of their databases and workloads.
    fn kin(&self, pods: &[PodId]) -> Pods {
        let groups = pods.iter().map(|id| self.inventory.pod(*id).group);
        groups.fold(set(pods), |kin, id| {
            kin | set(&self.inventory.group(id).members)
        })
    }
}

fn listed(draws: &[Draw]) -> Pods {
    draws.iter().fold(0, |all, draw| all | draw.listed())
}

fn most(states: &States, counted: Pods) -> u32 {
    let lost = states
        .each()
        .map(|state: State| (state & !SLOWED & counted).count_ones());
    lost.max().unwrap_or(0)
}

/// A witness is as large as what it shows, and within what one joint draw does.
fn shown(what: &str, witness: &[PodId], size: u32, states: &States) -> Agreement {
    let pods = set(witness);
    let fits = pods.count_ones() == size && witness.len() == size as usize;
    if fits && states.each().any(|state| state & pods == pods) {
        return Ok(());
    }
    Err(format!(
        "{what}: no joint draw is shown by {witness:?} for {size}"
    ))
}

fn is_armed(fault: &Fault, draws: &[Draw], nodes: usize) -> bool {
    let outside = |target: &Target| {
        let queries = &target.selection.queries;
        !queries.is_empty() && queries.iter().all(|query| query.addresses.is_some())
    };
    let Some(draw) = draws.first().filter(|_| fault.lifetime != Lifetime::Never) else {
        return false;
    };
    match &fault.aim {
        Aim::Pods(_) | Aim::Each { .. } => draw.listed() == 0,
        Aim::Cut { to, .. } => {
            let (from, far) = draw.sides();
            from == 0 || (far == 0 && !outside(to))
        }
        Aim::Nodes(_) => nodes == 0,
        Aim::Isolation(_) | Aim::Unknown(_) => false,
    }
}

/// Every member that may be writing, as far as it is not the quorum that decides.
fn possible_writers(database: &Database, members: Pods) -> Pods {
    match (&database.writer, database.quorum) {
        (Writer::Known(writers), _) => set(writers),
        (Writer::Any { .. }, Quorum::Majority(_) | Quorum::AtLeast(_)) => 0,
        (Writer::Any { .. } | Writer::Untold { .. }, _) => members,
    }
}

/// Whether a database serves with so many healthy members; `None` where any number will do.
fn serves(quorum: Quorum, left: u32) -> Option<bool> {
    match quorum {
        Quorum::Majority(votes) => Some(left > votes / 2),
        Quorum::AtLeast(needed) => Some(left >= needed),
        Quorum::Standbys(needed) => Some(left > needed),
        Quorum::None => None,
    }
}
