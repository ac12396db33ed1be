//! The worst joint draw: a bound by one flow, and the exact answer by trying what a flow cannot
//! decide (which nodes, which side of a partition).

use std::cmp::Reverse;

use super::draw::sorted;
use super::flow::{Demand, Pick, largest_union, length};
use super::problem::Problem;
use super::ways::{Split, advance, combinations, splits};

/// The most wanted items one joint draw may take, and a joint draw that takes that many, or
/// fewer when `most` is a bound.
#[derive(Debug, Clone)]
pub(super) struct Worst {
    pub(super) most: u32,
    pub(super) witness: Vec<u32>,
}

/// The worst joint draw; `None` when none takes the item that must be taken.
pub(super) fn worst(problem: &Problem, demand: &Demand) -> Option<Worst> {
    let search = Search::new(problem, demand);
    if search.is_plain() {
        let witness = search.play(0, &[])?;
        return Some(Worst {
            most: length(witness.iter()),
            witness,
        });
    }
    let most = search.bound()?;
    let mut best = Best::new(most);
    best.offer(search.play(0, &search.fullest_nodes()));
    let exact = best.reached || search.exhaust(&mut best);
    let most = if exact {
        length(best.witness.iter())
    } else {
        most
    };
    Some(Worst {
        most,
        witness: best.witness,
    })
}

struct Search<'a> {
    problem: &'a Problem,
    demand: &'a Demand,
    /// For each cut the splits worth trying, the larger side first.
    splits: Vec<Vec<Split>>,
    /// For each node how many wanted items are on it.
    weights: Vec<u32>,
}

impl<'a> Search<'a> {
    fn new(problem: &'a Problem, demand: &'a Demand) -> Self {
        let splits = problem.cuts.iter().map(|cut| splits(cut, demand)).collect();
        let weights = problem
            .nodes
            .iter()
            .map(|items| demand.count(items))
            .collect();
        Self {
            problem,
            demand,
            splits,
            weights,
        }
    }

    /// Whether a single flow decides: no draw of nodes and one way for every cut to fall.
    fn is_plain(&self) -> bool {
        self.problem.node_draws.is_empty() && self.cut_ways() == 1
    }

    fn cut_ways(&self) -> usize {
        self.splits
            .iter()
            .fold(1, |ways: usize, splits| ways.saturating_mul(splits.len()))
    }

    fn weight(&self, node: u32) -> u32 {
        self.weights[node as usize]
    }

    /// The most wanted items any joint draw may take, or a little more: a draw of nodes counts as
    /// a draw of that many single items as its fullest nodes host, a cut as a draw from both sides
    /// together of as many as the larger side may lose.
    fn bound(&self) -> Option<u32> {
        let nodes = self.problem.node_draws.iter().map(|draw| {
            let hosts = self.by_weight(&draw.candidates);
            let hosted = hosts
                .iter()
                .flat_map(|node| &self.problem.nodes[*node as usize]);
            let heaviest = hosts
                .iter()
                .take(draw.most as usize)
                .map(|node| self.weight(*node));
            (merged(hosted), heaviest.fold(0, u32::saturating_add))
        });
        let cuts = self.problem.cuts.iter().map(|cut| {
            let side = |most: u32, items| most.min(self.demand.count(items));
            let (from, to) = (&cut.from, &cut.to);
            let larger = side(from.most, &from.candidates).max(side(to.most, &to.candidates));
            let either = merged(from.candidates.iter().chain(&to.candidates));
            (either, larger.saturating_mul(cut.copies))
        });
        let loose: Vec<(Vec<u32>, u32)> = nodes.chain(cuts).collect();
        let mut picks = self.pod_picks();
        picks.extend(
            loose
                .iter()
                .map(|(among, most)| Pick { among, most: *most }),
        );
        Some(length(largest_union(&picks, self.demand.clone())?.iter()))
    }

    fn pod_picks(&self) -> Vec<Pick<'a>> {
        let picks = self.problem.pods.iter();
        picks
            .map(|choice| Pick {
                among: &choice.candidates,
                most: choice.most,
            })
            .collect()
    }

    /// The most that is taken when the cuts fall the given way and exactly these nodes are drawn.
    fn play(&self, way: usize, nodes: &[u32]) -> Option<Vec<u32>> {
        let mut demand = self.demand.clone();
        let mut taken = Vec::new();
        for item in nodes
            .iter()
            .flat_map(|node| &self.problem.nodes[*node as usize])
        {
            if demand.wants(*item) {
                demand.drop(*item);
                taken.push(*item);
            }
        }
        let mut picks = self.pod_picks();
        let mut way = way;
        for (cut, splits) in self.problem.cuts.iter().zip(&self.splits) {
            let (from, to) = splits[way % splits.len()];
            way /= splits.len();
            picks.push(Pick {
                among: &cut.from.candidates,
                most: from,
            });
            picks.push(Pick {
                among: &cut.to.candidates,
                most: to,
            });
        }
        taken.extend(largest_union(&picks, demand)?);
        Some(taken)
    }

    /// The nodes that host wanted items, the fullest first.
    fn by_weight(&self, nodes: &[u32]) -> Vec<u32> {
        let mut nodes: Vec<u32> = nodes
            .iter()
            .copied()
            .filter(|node| self.weight(*node) > 0)
            .collect();
        nodes.sort_by_key(|node| Reverse(self.weight(*node)));
        nodes
    }

    /// A joint draw of nodes: each draw takes the fullest that the earlier ones left.
    fn fullest_nodes(&self) -> Vec<u32> {
        let mut drawn = Vec::new();
        let mut free = vec![true; self.problem.nodes.len()];
        for draw in &self.problem.node_draws {
            let mut hosts = self.by_weight(&draw.candidates);
            hosts.retain(|node| free[*node as usize]);
            hosts.truncate(draw.most as usize);
            for node in &hosts {
                free[*node as usize] = false;
            }
            drawn.extend(hosts);
        }
        drawn
    }

    /// Tries every joint draw that may be the worst, unless that takes more than the effort
    /// allowed; tells whether it did.
    fn exhaust(&self, best: &mut Best) -> bool {
        let all: Vec<u32> = (0..).zip(&self.weights).map(|(node, _)| node).collect();
        let nodes = self.by_weight(&all);
        let size = self.drawable(&nodes);
        let ways = self.cut_ways();
        let tries = combinations(nodes.len(), size).saturating_mul(ways);
        if tries.saturating_mul(self.problem.size()) > self.problem.effort {
            return false;
        }
        let mut chosen: Vec<usize> = (0..size).collect();
        loop {
            let drawn: Vec<u32> = chosen.iter().map(|at| nodes[*at]).collect();
            if self.drawable(&drawn) == size {
                (0..ways)
                    .take_while(|way| best.offer(self.play(*way, &drawn)))
                    .for_each(drop);
            }
            if best.reached || !advance(&mut chosen, nodes.len()) {
                return true;
            }
        }
    }

    /// How many of the nodes one joint draw may hold.
    fn drawable(&self, nodes: &[u32]) -> usize {
        let mut wanted = vec![false; self.problem.nodes.len()];
        for node in nodes {
            wanted[*node as usize] = true;
        }
        let draws = self.problem.node_draws.iter();
        let picks: Vec<_> = draws
            .map(|draw| Pick {
                among: &draw.candidates,
                most: draw.most,
            })
            .collect();
        largest_union(
            &picks,
            Demand {
                wanted,
                first: None,
            },
        )
        .map_or(0, |drawn| drawn.len())
    }
}

/// The best joint draw so far.
struct Best {
    witness: Vec<u32>,
    bound: u32,
    /// Whether it reaches the bound, so that nothing better is to be found.
    reached: bool,
}

impl Best {
    fn new(bound: u32) -> Self {
        Self {
            witness: Vec::new(),
            bound,
            reached: bound == 0,
        }
    }

    /// Keeps the better one; tells whether to go on.
    fn offer(&mut self, taken: Option<Vec<u32>>) -> bool {
        if let Some(taken) = taken.filter(|taken| taken.len() > self.witness.len()) {
            self.reached = length(taken.iter()) >= self.bound;
            self.witness = taken;
        }
        !self.reached
    }
}

fn merged<'i>(items: impl Iterator<Item = &'i u32>) -> Vec<u32> {
    sorted(items.copied().collect())
}
