//! The worst case by definition: every draw of every fault, every joint draw of them all.

use firebreak::fault::{Aim, Effect, Experiment, Fault, Lifetime, Mode, Overlap, Sets, Target};
use firebreak::inventory::{Active, Inventory, NodeId, PodId, View};

/// The most pods of an inventory that is measured by brute force.
pub(super) const PODS: usize = 7;

/// A set of pods, a bit each.
pub(super) type Pods = u16;

/// A state of a group: the members lost, and whether a draw slowed a possible writer.
pub(super) type State = u16;
/// Set in a state when a possible writer is slowed, not lost.
pub(super) const SLOWED: State = 1 << PODS;
const STATES: usize = 2 << PODS;

pub(super) fn set<'p>(pods: impl IntoIterator<Item = &'p PodId>) -> Pods {
    pods.into_iter().fold(0, |set, pod| set | 1 << pod.0)
}

/// Distinct states.
#[derive(Debug, Clone)]
pub(super) struct States {
    seen: [bool; STATES],
    all: Vec<State>,
}

impl States {
    fn of(states: impl IntoIterator<Item = State>) -> Self {
        let mut found = Self {
            seen: [false; STATES],
            all: Vec::new(),
        };
        for state in states {
            if !std::mem::replace(&mut found.seen[state as usize], true) {
                found.all.push(state);
            }
        }
        found
    }

    pub(super) fn each(&self) -> impl Iterator<Item = State> + Clone {
        self.all.iter().copied()
    }

    /// Every union of one of each.
    fn join(&self, other: &Self) -> Self {
        let pairs = self
            .each()
            .flat_map(|one| other.each().map(move |it| one | it));
        Self::of(pairs)
    }
}

/// Up to so many of these.
#[derive(Debug, Clone)]
struct Choice {
    among: Pods,
    most: u32,
}

impl Choice {
    /// What a draw may take of `scope`: it may spend any part of its number elsewhere.
    fn draws(&self, scope: Pods) -> impl Iterator<Item = Pods> + Clone {
        let (among, most) = (self.among & scope, self.most);
        let subsets = std::iter::successors(Some(among), move |set| {
            set.checked_sub(1).map(|less| less & among)
        });
        subsets.filter(move |set| set.count_ones() <= most)
    }
}

/// Whom one fault may hit.
#[derive(Debug, Clone)]
enum Whom {
    Pods(Choice),
    Cut(Choice, Choice),
    /// Sets of pods, and how many in all.
    Each(Vec<Choice>, u32),
    /// The pods on each node, and how many nodes.
    Nodes(Vec<(NodeId, Pods)>, u32),
}

/// Faults that share their draws.
#[derive(Debug, Clone)]
pub(super) struct Draw {
    whom: Whom,
    copies: u32,
    effects: Vec<Effect>,
}

impl Draw {
    /// What is selected on each side; of a draw without sides all is on the first.
    pub(super) fn sides(&self) -> (Pods, Pods) {
        match &self.whom {
            Whom::Cut(from, to) => (from.among, to.among),
            Whom::Pods(_) | Whom::Each(..) | Whom::Nodes(..) => (self.listed(), 0),
        }
    }

    /// Every pod that is selected, drawn or not.
    pub(super) fn listed(&self) -> Pods {
        match &self.whom {
            Whom::Pods(choice) => choice.among,
            Whom::Cut(from, to) => from.among | to.among,
            Whom::Each(sets, _) => sets.iter().fold(0, |all, set| all | set.among),
            Whom::Nodes(hosts, _) => hosts.iter().fold(0, |all, (_, pods)| all | pods),
        }
    }

    /// Every pod that some draw can hit.
    pub(super) fn reach(&self) -> Pods {
        let drawn = |choice: &Choice| if choice.most > 0 { choice.among } else { 0 };
        match &self.whom {
            Whom::Pods(choice) => drawn(choice),
            Whom::Cut(from, to) => drawn(from) | drawn(to),
            Whom::Each(_, 0) | Whom::Nodes(_, 0) => 0,
            Whom::Each(sets, _) => sets.iter().fold(0, |all, set| all | drawn(set)),
            Whom::Nodes(hosts, _) => hosts.iter().fold(0, |all, (_, pods)| all | pods),
        }
    }

    /// The sets of pods that one draw hits, a pair of sides each.
    fn drawn(&self, scope: Pods) -> Vec<(Pods, Pods)> {
        match &self.whom {
            Whom::Pods(choice) => choice.draws(scope).map(|pods| (pods, 0)).collect(),
            Whom::Cut(from, to) => {
                let pairs = from
                    .draws(scope)
                    .flat_map(|one| to.draws(scope).map(move |other| (one, other)));
                pairs.collect()
            }
            Whom::Each(sets, most) => {
                let mut all: Vec<Pods> = vec![0];
                for set in sets {
                    let joined = |one: Pods| set.draws(scope).map(move |other| one | other);
                    all = all
                        .iter()
                        .flat_map(|one| joined(*one).collect::<Vec<_>>())
                        .collect();
                    all.sort_unstable();
                    all.dedup();
                }
                all.retain(|pods| pods.count_ones() <= *most);
                all.into_iter().map(|pods| (pods, 0)).collect()
            }
            Whom::Nodes(hosts, most) => {
                let sets = (0_u32..1 << hosts.len()).filter(|set| set.count_ones() <= *most);
                let taken = |set: u32| {
                    let taken = hosts
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| set >> at & 1 == 1);
                    taken.fold(0, |all, (_, (_, pods))| all | pods & scope)
                };
                sets.map(|set| (taken(set), 0)).collect()
            }
        }
    }

    fn joined(&self, once: Vec<State>) -> States {
        let once = States::of(once);
        let none = States::of([0]);
        let copies = self.copies.min(u32::try_from(PODS).unwrap());
        (0..copies).fold(none, |all, _| all.join(&once))
    }

    fn hits(&self, scope: Pods) -> States {
        self.joined(
            self.drawn(scope)
                .iter()
                .map(|(one, other)| one | other)
                .collect(),
        )
    }

    /// What the draws make of a group: each effect of each draw, in each way it may come about.
    fn states(&self, group: Pods, writers: Pods) -> States {
        let mut states = Vec::new();
        for (one, other) in self.drawn(group) {
            let each = self.effects.iter();
            let ways = each.map(|effect| self.ways(*effect, (one, other), writers));
            states.extend(ways.fold(vec![0], |all, ways| {
                let pairs = all
                    .iter()
                    .flat_map(|state| ways.iter().map(move |way| state | way));
                pairs.collect()
            }));
        }
        self.joined(states)
    }

    /// What one draw of one effect makes of a group that it hits with these sides.
    fn ways(&self, effect: Effect, (one, other): (Pods, Pods), writers: Pods) -> Vec<State> {
        let hit = one | other;
        let slow = if hit & writers == 0 { 0 } else { SLOWED };
        let cut = matches!(self.whom, Whom::Cut(..));
        match effect {
            Effect::Degraded => vec![slow],
            Effect::Isolated if cut && (one == 0 || other == 0) => vec![slow],
            Effect::Isolated if cut => vec![one, other],
            Effect::Isolated | Effect::Down | Effect::Corrupting => vec![hit],
        }
    }

    /// The worst effect that some draw has on these pods, of each fault that shares it.
    pub(super) fn effects_on(&self, pods: Pods) -> Vec<Effect> {
        let drawn = self.drawn(pods);
        let hit = drawn.iter().any(|(one, other)| one | other != 0);
        let inner = drawn.iter().any(|(one, other)| *one != 0 && *other != 0);
        let cut = matches!(self.whom, Whom::Cut(..));
        let worst = |effect: &Effect| match effect {
            Effect::Isolated if cut && !inner => Effect::Degraded,
            Effect::Degraded | Effect::Isolated | Effect::Down | Effect::Corrupting => *effect,
        };
        self.effects.iter().filter(|_| hit).map(worst).collect()
    }

    pub(super) fn takes_down(&self, pods: Pods) -> bool {
        self.effects_on(pods)
            .iter()
            .any(|effect| effect.takes_down())
    }

    /// Whether faults that harm a cut's sides differently share it. Then what is measured is a bound.
    pub(super) fn is_mixed_cut(&self) -> bool {
        matches!(self.whom, Whom::Cut(..)) && self.effects.iter().any(|it| *it != self.effects[0])
    }

    fn nodes(&self) -> (u32, u32) {
        match &self.whom {
            Whom::Nodes(hosts, most) => {
                let nodes = hosts.iter().fold(0, |set, (node, _)| set | 1 << node.0);
                (nodes, most.saturating_mul(self.copies))
            }
            Whom::Pods(_) | Whom::Cut(..) | Whom::Each(..) => (0, 0),
        }
    }
}

/// Every state of a group that some joint draw leads to.
pub(super) fn states(draws: &[Draw], group: Pods, writers: Pods) -> States {
    let all = draws.iter().map(|draw| draw.states(group, writers));
    all.fold(States::of([0]), |joint, one| joint.join(&one))
}

/// Every set of pods of `scope` that some joint draw hits.
pub(super) fn hits(draws: &[Draw], scope: Pods) -> States {
    let all = draws.iter().map(|draw| draw.hits(scope));
    all.fold(States::of([0]), |joint, one| joint.join(&one))
}

/// The most nodes that a joint draw takes: every set of nodes, if it can be parted among draws.
pub(super) fn most_nodes(draws: &[Draw]) -> u32 {
    let sets = draws.iter().map(|draw| {
        let (nodes, most) = draw.nodes();
        let below = (0_u16..16).filter(move |set| u32::from(*set) & !nodes == 0);
        States::of(below.filter(move |set| set.count_ones() <= most))
    });
    let joint = sets.fold(States::of([0]), |joint, one| joint.join(&one));
    joint.each().map(State::count_ones).max().unwrap_or(0)
}

/// The draws of an experiment, each with the faults that share it. Those that never act make none.
pub(super) fn draws(experiment: &Experiment, inventory: &Inventory) -> Vec<Draw> {
    let mut shared: Vec<(&Fault, Draw)> = Vec::new();
    let acting = experiment.faults.iter();
    for fault in acting.filter(|fault| fault.lifetime != Lifetime::Never) {
        let same = |other: &Fault| {
            (&other.field, &other.aim) == (&fault.field, &fault.aim)
                && (other.overlap, other.later) == (fault.overlap, fault.later)
        };
        if let Some((_, draw)) = shared.iter_mut().find(|(other, _)| same(other)) {
            // The same effect twice on the same victims is one: a partition falls one way.
            if !draw.effects.contains(&fault.effect) {
                draw.effects.push(fault.effect);
            }
            continue;
        }
        let copies = match fault.overlap {
            Overlap::AtMost(copies) => copies.max(1),
            Overlap::Unbounded => u32::MAX,
        };
        shared.extend(whom(fault, inventory).map(|whom| {
            let effects = vec![fault.effect];
            (
                fault,
                Draw {
                    whom,
                    copies,
                    effects,
                },
            )
        }));
    }
    shared.into_iter().map(|(_, draw)| draw).collect()
}

/// What a live experiment holds, or may yet draw.
pub(super) fn live(active: &Active, inventory: &Inventory) -> Vec<Draw> {
    let Some(records) = &active.records else {
        return draws(&active.experiment, inventory);
    };
    let effects = active.experiment.faults.iter().map(|fault| fault.effect);
    let choice = Choice {
        among: set(records),
        most: u32::MAX,
    };
    vec![Draw {
        whom: Whom::Pods(choice),
        copies: 1,
        effects: vec![effects.max().unwrap_or(Effect::Down)],
    }]
}

fn whom(fault: &Fault, inventory: &Inventory) -> Option<Whom> {
    let view = if fault.later { View::Later } else { View::Now };
    let choice = |target: &Target| {
        let found = inventory.select(&target.selection, view);
        Choice {
            among: set(&found.pods),
            most: most(target.mode, found.listed),
        }
    };
    match &fault.aim {
        Aim::Pods(target) => Some(Whom::Pods(choice(target))),
        Aim::Each { target, sets, most } => Some(each(inventory, target, sets, (*most, view))),
        Aim::Cut { from, to } => Some(Whom::Cut(choice(from), choice(to))),
        Aim::Nodes(target) => {
            let nodes = inventory.select_nodes(target, view);
            let most = most(target.mode, nodes.len());
            let hosts = nodes.iter().map(|id| (*id, on(inventory, *id)));
            Some(Whom::Nodes(hosts.collect(), most))
        }
        Aim::Isolation(_) | Aim::Unknown(_) => None,
    }
}

/// The pods with the same key, for every key that one of them has.
fn each(inventory: &Inventory, target: &Target, sets: &Sets, (most, view): (u32, View)) -> Whom {
    let found = inventory.select(&target.selection, view);
    let keys = |id: &PodId| {
        let pod = inventory.pod(*id);
        match (sets, &pod.owner) {
            (Sets::Labels(labels), _) => {
                let value = |label: &String| pod.label(label).to_owned();
                labels.iter().map(value).collect()
            }
            (Sets::Owners, Some(owner)) if owner.kind != "Deployment" => {
                vec![format!("{} {owner:?}", pod.namespace)]
            }
            (Sets::Owners, _) => vec![format!("{id:?}")],
        }
    };
    let all: Vec<(String, PodId)> = found
        .pods
        .iter()
        .flat_map(|id| keys(id).into_iter().map(|key| (key, *id)))
        .collect();
    let repeats = found.listed.saturating_sub(found.pods.len());
    let mut names: Vec<&String> = all.iter().map(|(key, _)| key).collect();
    names.sort();
    names.dedup();
    let set_of = |name: &String| {
        let members: Vec<PodId> = all
            .iter()
            .filter(|it| it.0 == *name)
            .map(|it| it.1)
            .collect();
        Choice {
            among: set(&members),
            most: self::most(target.mode, members.len() + repeats),
        }
    };
    Whom::Each(names.into_iter().map(set_of).collect(), most)
}

/// The pods on a node, with those that may run anywhere.
fn on(inventory: &Inventory, node: NodeId) -> Pods {
    let here = inventory
        .pods()
        .filter(|(_, pod)| pod.node == Some(node) || (pod.assumed && pod.node_name.is_empty()));
    here.fold(0, |set, (id, _)| set | 1 << id.0)
}

/// How many of a list a mode draws, as its tool says.
fn most(mode: Mode, listed: usize) -> u32 {
    let listed = u32::try_from(listed).unwrap();
    let percent = |percent: u32| listed * percent;
    match mode {
        Mode::One => listed.min(1),
        Mode::All => listed,
        Mode::Fixed(count) => listed.min(u32::try_from(count).unwrap()),
        Mode::Percent(share) | Mode::UpToPercent(share) => percent(share).div_ceil(100),
        Mode::AtLeastOne(share) => (percent(share) / 100).max(1).min(listed),
        Mode::Nearest {
            percent: share,
            most,
        } => {
            let (whole, rest) = (percent(share) / 100, percent(share) % 100);
            let up = u32::from(rest >= 50);
            listed.min(whole + up).min(u32::try_from(most).unwrap())
        }
    }
}
