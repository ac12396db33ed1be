//! Random small problems, and simpler ones when one of them fails.

use std::ops::RangeInclusive;

use fastrand::Rng;
use firebreak::blast::worst_case::{Choice, Draw, Victims};

/// Pods are numbered from 0, below this.
pub(super) const PODS: u32 = 6;
/// Nodes are numbered from 0, below this.
const NODES: u32 = 5;

/// A set of pods.
pub(super) type Pods = u8;
/// A group and the draws in play.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    pub(super) draws: Vec<Draw>,
    /// Of each pod.
    pub(super) node_of: [u32; PODS as usize],
    /// Of each pod: its namespace, say.
    pub(super) class_of: [u32; PODS as usize],
    pub(super) members: Pods,
    pub(super) healthy: Pods,
    pub(super) writers: Pods,
    pub(super) standbys: Pods,
}

pub(super) fn members(of: Pods) -> Vec<u32> {
    (0..8).filter(|pod| of >> pod & 1 == 1).collect()
}

pub(super) fn set(of: impl IntoIterator<Item = u32>) -> Pods {
    of.into_iter().fold(0, |set, pod| set | 1 << pod)
}

fn random_set(rng: &mut Rng, of: Pods) -> Pods {
    let dense = rng.bool();
    let mask = rng.u8(..);
    of & if dense { mask | rng.u8(..) } else { mask }
}

fn random_choice(rng: &mut Rng, below: u32) -> Choice {
    let candidates = members(random_set(rng, set(0..below)));
    let most = if rng.u8(..8) == 0 {
        u32::MAX
    } else {
        rng.u32(0..=3)
    };
    Choice { candidates, most }
}

fn random_draw(rng: &mut Rng) -> Draw {
    let victims = match rng.u8(..5) {
        0 | 1 => Victims::Pods(random_choice(rng, PODS)),
        4 => random_sets(rng),
        2 => Victims::Nodes(random_choice(rng, NODES)),
        _ => Victims::Cut {
            from: random_choice(rng, PODS),
            to: random_choice(rng, PODS),
        },
    };
    let copies = *rng.choice(&[1, 1, 1, 1, 2, 3, 0, u32::MAX]).unwrap();
    Draw { victims, copies }
}

/// Sets, or a bound on all of them. Both together are a bound, see the test for that.
fn random_sets(rng: &mut Rng) -> Victims {
    let mut sets: Vec<Choice> = (0..rng.usize(..3))
        .map(|_| random_choice(rng, PODS))
        .collect();
    let bounded = rng.bool();
    if bounded {
        for set in &mut sets {
            set.most = u32::MAX;
        }
    }
    let most = if bounded { rng.u32(..4) } else { u32::MAX };
    Victims::Each { sets, most }
}

pub(super) fn random_case(rng: &mut Rng, draws: RangeInclusive<usize>) -> Case {
    let most_pods = rng.u32(1..=PODS);
    let everyone = set(0..most_pods);
    let members = random_set(rng, everyone) | random_set(rng, everyone);
    Case {
        draws: (0..rng.usize(draws)).map(|_| random_draw(rng)).collect(),
        node_of: std::array::from_fn(|_| rng.u32(..NODES)),
        class_of: std::array::from_fn(|_| rng.u32(..3)),
        members,
        healthy: random_set(rng, members),
        writers: random_set(rng, members) & random_set(rng, members),
        standbys: random_set(rng, members),
    }
}

/// The same case with one thing less, in every way.
pub(super) fn simpler(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    for at in 0..case.draws.len() {
        let mut less = case.clone();
        less.draws.remove(at);
        all.push(less);
        for draw in simpler_draws(&case.draws[at]) {
            let mut less = case.clone();
            less.draws[at] = draw;
            all.push(less);
        }
    }
    for pod in members(case.members) {
        let keep = !(1 << pod);
        all.push(Case {
            members: case.members & keep,
            healthy: case.healthy & keep,
            writers: case.writers & keep,
            standbys: case.standbys & keep,
            ..case.clone()
        });
        all.push(Case {
            writers: case.writers & keep,
            ..case.clone()
        });
        all.push(Case {
            standbys: case.standbys & keep,
            ..case.clone()
        });
        all.push(Case {
            healthy: case.healthy & keep,
            ..case.clone()
        });
    }
    all.retain(|less| less != case);
    all
}

fn simpler_draws(draw: &Draw) -> Vec<Draw> {
    let with = |victims| Draw {
        victims,
        copies: draw.copies,
    };
    let mut all: Vec<Draw> = match &draw.victims {
        Victims::Pods(choice) => simpler_choices(choice)
            .map(|less| with(Victims::Pods(less)))
            .collect(),
        Victims::Nodes(choice) => simpler_choices(choice)
            .map(|less| with(Victims::Nodes(less)))
            .collect(),
        Victims::Each { sets, most } => {
            let fewer = (0..sets.len()).map(|at| {
                let mut sets = sets.clone();
                sets.remove(at);
                with(Victims::Each { sets, most: *most })
            });
            fewer.collect()
        }
        Victims::Cut { from, to } => {
            let cut = |from: &Choice, to: &Choice| {
                with(Victims::Cut {
                    from: from.clone(),
                    to: to.clone(),
                })
            };
            let left = simpler_choices(from).map(|less| cut(&less, to));
            left.chain(simpler_choices(to).map(|less| cut(from, &less)))
                .collect()
        }
    };
    let fewer = draw.copies.min(PODS).saturating_sub(1);
    all.push(Draw {
        copies: fewer,
        ..draw.clone()
    });
    all
}

fn simpler_choices(choice: &Choice) -> impl Iterator<Item = Choice> {
    let without = (0..choice.candidates.len()).map(|at| {
        let mut less = choice.clone();
        less.candidates.remove(at);
        less
    });
    let fewer = choice.most.min(PODS).saturating_sub(1);
    without.chain([Choice {
        most: fewer,
        ..choice.clone()
    }])
}
