//! Every draw and every joint draw of a small problem.

use firebreak::blast::worst_case::{Choice, Victims};

use super::case::{Case, PODS, Pods, members, set};

/// A set of sets of pods, a bit each.
pub(super) type Outcomes = u64;

/// Every set that one draw of the choice may be.
fn subsets(choice: &Choice) -> Vec<u8> {
    let candidates = set(choice.candidates.iter().copied());
    let size = choice.most.min(candidates.count_ones());
    (0..=u8::MAX)
        .filter(|s| s & !candidates == 0 && s.count_ones() == size)
        .collect()
}

/// Every set that is part of one.
fn subsets_up_to(choice: &Choice) -> Vec<u8> {
    let candidates = set(choice.candidates.iter().copied());
    let fits = |s: &u8| s & !candidates == 0 && s.count_ones() <= choice.most;
    (0..=u8::MAX).filter(fits).collect()
}

/// Every set that is the union of one of each.
fn join(ones: Outcomes, others: Outcomes) -> Outcomes {
    let mut unions = 0;
    for one in each(ones) {
        for other in each(others) {
            unions |= 1 << (one | other);
        }
    }
    unions
}

pub(super) fn each(outcomes: Outcomes) -> impl Iterator<Item = Pods> + Clone {
    (0..64).filter(move |set| outcomes >> set & 1 == 1)
}

impl Case {
    pub(super) fn pods_on(&self, node: u32) -> Vec<u32> {
        (0..PODS)
            .filter(|pod| self.node_of[*pod as usize] == node)
            .collect()
    }

    /// Every set of pods that one draw takes, given what a cut between two sides takes.
    fn outcomes(&self, victims: &Victims, cut: impl Fn(Pods, Pods) -> [Pods; 2]) -> Outcomes {
        let sets: Vec<Pods> = match victims {
            Victims::Pods(choice) => subsets(choice),
            Victims::Nodes(choice) => {
                let hosted = |nodes| set(members(nodes).iter().flat_map(|n| self.pods_on(*n)));
                subsets(choice).into_iter().map(hosted).collect()
            }
            Victims::Each { sets, most } => {
                let one = |choice| {
                    subsets_up_to(choice)
                        .into_iter()
                        .fold(0, |all, set| all | 1 << set)
                };
                let all = sets.iter().map(one).fold(1, join);
                each(all).filter(|set| set.count_ones() <= *most).collect()
            }
            Victims::Cut { from, to } => {
                let (from, to) = (subsets(from), subsets(to));
                from.iter()
                    .flat_map(|one| to.iter().flat_map(|two| cut(*one, *two)))
                    .collect()
            }
        };
        sets.into_iter().fold(0, |all, set| all | 1 << set)
    }

    /// Every set of pods that a joint draw takes. More copies than pods add nothing: a copy that
    /// takes no pod that the others do not take may as well be absent.
    fn joint(&self, cut: impl Fn(Pods, Pods) -> [Pods; 2]) -> Outcomes {
        let mut joint = 1;
        for draw in &self.draws {
            let outcomes = self.outcomes(&draw.victims, &cut);
            for _ in 0..draw.copies.min(PODS) {
                joint = join(joint, outcomes);
            }
        }
        joint
    }

    /// Every set of pods that a joint draw costs the group: a cut costs it either side, if both
    /// touch it.
    pub(super) fn losses(&self) -> Outcomes {
        self.joint(|from, to| {
            let inner = from & self.members != 0 && to & self.members != 0;
            if inner { [from, to] } else { [0, 0] }
        })
    }

    /// Every set of pods that a joint draw hits.
    pub(super) fn hits(&self) -> Outcomes {
        self.joint(|from, to| [from | to; 2])
    }

    pub(super) fn classes(&self, pods: Pods) -> Pods {
        set(members(pods).iter().map(|pod| self.class_of[*pod as usize]))
    }
}
