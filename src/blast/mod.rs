//! The worst that can happen: an experiment and an inventory measured into a blast radius.

mod draw;
mod flow;
mod impact;
mod isolation;
mod problem;
mod radius;
mod reach;
mod search;
mod ways;
pub mod worst_case;

pub use radius::{BlastRadius, BudgetImpact, Concurrent, FaultReach, Impact, Unknown};

use std::time::Duration;

use crate::fault::{Aim, Experiment, Fault, Lifetime};
use crate::inventory::{GroupId, Inventory, PodId};
use draw::sorted;
use impact::Play;
use reach::Reach;
use worst_case::{Choice, Draw, Victims, most_hit};

/// The worst that `experiment` can do to `inventory`, together with what is live there already.
#[must_use]
pub fn measure(experiment: &Experiment, inventory: &Inventory) -> BlastRadius {
    let own = reach::reaches(experiment, inventory);
    let live: Vec<Vec<Reach>> = inventory
        .active()
        .iter()
        .map(|active| reach::live(active, inventory))
        .collect();
    let candidates = candidates(&own);
    let groups = groups(&candidates, inventory);
    let concurrent = concurrent(&groups, &live, inventory);
    let play = Play::new(inventory, &own, &live);
    let all = most_hit(&play.hits, |node| reach::pods_on(inventory, node));
    let namespaces = places(&candidates, |pod| inventory.pod(pod).namespace.as_str());
    let budgets = budgets(&namespaces, inventory, &play);
    BlastRadius {
        impacts: groups.iter().map(|group| play.impact(*group)).collect(),
        pods: all.lost,
        nodes: nodes(&own),
        namespaces,
        zones: zones(&candidates, inventory),
        witness: all.witness.into_iter().map(PodId).collect(),
        lifetime: longest(experiment),
        budgets,
        unknown: unknown(experiment, inventory, &own),
        concurrent,
        candidates,
        faults: own.into_iter().map(|reach| reach.told).collect(),
    }
}

fn candidates(own: &[Reach]) -> Vec<PodId> {
    sorted(
        own.iter()
            .flat_map(|reach| &reach.told.candidates)
            .copied()
            .collect(),
    )
}

fn groups(candidates: &[PodId], inventory: &Inventory) -> Vec<GroupId> {
    sorted(
        candidates
            .iter()
            .map(|pod| inventory.pod(*pod).group)
            .collect(),
    )
}

/// Where the candidates are, as far as that is known.
fn places<'i>(candidates: &[PodId], place: impl Fn(PodId) -> &'i str) -> Vec<String> {
    let mut places: Vec<&str> = candidates.iter().map(|pod| place(*pod)).collect();
    places.dedup();
    let mut places = sorted(places);
    places.retain(|place| !place.is_empty());
    places.into_iter().map(str::to_owned).collect()
}

fn zones(candidates: &[PodId], inventory: &Inventory) -> Vec<String> {
    places(candidates, |pod| {
        let node = inventory.pod(pod).node;
        node.map_or("", |node| inventory.node(node).zone.as_str())
    })
}

/// The most nodes taken at once.
fn nodes(own: &[Reach]) -> u32 {
    let drawn = |reach: &Reach| match &reach.draw.victims {
        Victims::Nodes(Choice { candidates, most }) => Some(Draw {
            victims: Victims::Pods(Choice {
                candidates: candidates.clone(),
                most: *most,
            }),
            copies: reach.draw.copies,
        }),
        Victims::Pods(_) | Victims::Cut { .. } | Victims::Each { .. } => None,
    };
    let draws: Vec<Draw> = reach::distinct(own.iter()).filter_map(drawn).collect();
    if draws.is_empty() {
        0
    } else {
        most_hit(&draws, |_| Vec::new()).lost
    }
}

fn longest(experiment: &Experiment) -> Option<Lifetime> {
    let length = |lifetime: &Lifetime| match lifetime {
        Lifetime::Never => (0, Duration::ZERO),
        Lifetime::Instant => (1, Duration::ZERO),
        Lifetime::For(duration) => (2, *duration),
        Lifetime::Forever => (3, Duration::ZERO),
    };
    experiment
        .faults
        .iter()
        .map(|fault| fault.lifetime)
        .max_by_key(length)
}

fn budgets(namespaces: &[String], inventory: &Inventory, play: &Play<'_>) -> Vec<BudgetImpact> {
    let near = namespaces
        .iter()
        .flat_map(|namespace| inventory.budgets_in(namespace));
    near.filter_map(|budget| play.budget(budget)).collect()
}

fn unknown(experiment: &Experiment, inventory: &Inventory, own: &[Reach]) -> Vec<Unknown> {
    let what = |(index, fault): (usize, &Fault)| match &fault.aim {
        Aim::Unknown(what) => Some(Unknown {
            fault: Some(index),
            what: what.clone(),
        }),
        Aim::Nodes(target) => {
            let found = own.get(index).is_some_and(|it| !it.told.nodes.is_empty());
            let machines = target.nodes.iter().flat_map(|nodes| &nodes.machines);
            let missing: Vec<&str> = machines.map(String::as_str).collect();
            (!found && !missing.is_empty()).then(|| Unknown {
                fault: Some(index),
                what: format!(
                    "no node of this cluster is the machine \"{}\"",
                    missing.join("\", \"")
                ),
            })
        }
        Aim::Pods(_) | Aim::Each { .. } | Aim::Cut { .. } | Aim::Isolation(_) => None,
    };
    let own = experiment.faults.iter().enumerate().filter_map(what);
    let unread = inventory.unread().iter().map(|what| Unknown {
        fault: None,
        what: what.clone(),
    });
    own.chain(unread).collect()
}

/// Whether a database or workload, or another unit of its resource, is among these.
fn meets(group: GroupId, reached: &[GroupId], inventory: &Inventory) -> bool {
    let mut units = inventory.units(group);
    !reached.is_empty() && units.any(|unit| reached.binary_search(&unit).is_ok())
}

fn concurrent(groups: &[GroupId], live: &[Vec<Reach>], inventory: &Inventory) -> Vec<Concurrent> {
    let mut found = Vec::new();
    for (active, reaches) in live.iter().enumerate() {
        let reached = self::groups(&candidates(reaches), inventory);
        let both = groups
            .iter()
            .filter(|group| meets(**group, &reached, inventory));
        found.extend(both.map(|group| Concurrent {
            active,
            group: *group,
        }));
    }
    found
}
