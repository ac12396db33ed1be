//! The draws in play, seen by one group: only what touches it, under small numbers.

use super::draw::{Choice, Draw, Victims, positions, sorted};

/// A group of items (pods, or classes of pods such as namespaces) and the draws that may hit it.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The ids of the items, ascending; everything below is by position in this list.
    pub(super) items: Vec<u32>,
    /// Draws of items.
    pub(super) pods: Vec<Choice>,
    /// Inner partitions: both sides touch the group.
    pub(super) cuts: Vec<Cut>,
    /// The items on each node that hosts some, ascending.
    pub(super) nodes: Vec<Vec<u32>>,
    /// Draws of nodes, by position in `nodes`.
    pub(super) node_draws: Vec<Choice>,
    /// See [`Problem::with_effort`].
    pub(super) effort: usize,
}

/// A partition, each of whose copies costs the group one of its sides.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    pub(super) from: Choice,
    pub(super) to: Choice,
    pub(super) copies: u32,
}

impl Problem {
    /// The problem of the pods `members` (ascending, distinct), where `nodes_of` tells the nodes a
    /// pod may be on. A partition counts where both its sides touch the members.
    #[must_use]
    pub fn of_group<Nodes: IntoIterator<Item = u32>>(
        members: &[u32],
        draws: &[Draw],
        nodes_of: impl Fn(u32) -> Nodes,
    ) -> Self {
        let mut problem = Self::empty(members.to_vec());
        let hosts = if draws
            .iter()
            .any(|draw| matches!(draw.victims, Victims::Nodes(_)))
        {
            problem.host(nodes_of)
        } else {
            Vec::new()
        };
        for draw in draws {
            match &draw.victims {
                Victims::Pods(choice) => problem.add_pods(choice.within(members), draw.copies),
                Victims::Nodes(choice) => problem.add_nodes(choice.within(&hosts), draw.copies),
                Victims::Cut { from, to } => {
                    problem.add_cut(from.within(members), to.within(members), draw.copies);
                }
                Victims::Each { sets, most } => {
                    let sets = sets.iter().map(|set| set.within(members)).collect();
                    for choice in Choice::of_each(sets, *most, draw.copies) {
                        problem.add_pods(choice, draw.copies);
                    }
                }
            }
        }
        problem
    }

    /// The problem of everything the draws can touch, counted by class: `class_of` tells the
    /// class of a pod (its namespace, its zone, itself), `pods_on` the pods on a node. Both sides
    /// of a partition are touched.
    #[must_use]
    pub fn of_classes(
        draws: &[Draw],
        class_of: impl Fn(u32) -> u32,
        pods_on: impl Fn(u32) -> Vec<u32>,
    ) -> Self {
        let classes = |pods: &[u32]| sorted(pods.iter().map(|pod| class_of(*pod)).collect());
        let hosts = sorted(draws.iter().flat_map(Draw::nodes).copied().collect());
        let hosted: Vec<_> = hosts.iter().map(|node| classes(&pods_on(*node))).collect();
        let choices: Vec<_> = draws
            .iter()
            .flat_map(|draw| draw.pods().into_iter().map(|choice| (choice, draw.copies)))
            .map(|(choice, copies)| (classes(&choice.candidates), choice.most, copies))
            .collect();
        let listed = choices
            .iter()
            .map(|(candidates, ..)| candidates)
            .chain(&hosted);
        let mut problem = Self::empty(sorted(listed.flatten().copied().collect()));
        problem.nodes = hosted
            .iter()
            .map(|ids| positions(&problem.items, ids))
            .collect();
        for (candidates, most, copies) in choices {
            let candidates = positions(&problem.items, &candidates);
            problem.add_pods(Choice { candidates, most }, copies);
        }
        for draw in draws {
            if let Victims::Nodes(choice) = &draw.victims {
                problem.add_nodes(choice.within(&hosts), draw.copies);
            }
        }
        problem
    }

    /// Sets how many steps may be spent on trying joint draws one by one, where no shorter way to
    /// the exact answer is known. Beyond them the answer is a bound.
    #[must_use]
    pub fn with_effort(self, steps: usize) -> Self {
        Self {
            effort: steps,
            ..self
        }
    }

    /// How many steps one joint draw takes to try, roughly.
    pub(super) fn size(&self) -> usize {
        let cuts = self.cuts.iter().flat_map(|cut| [&cut.from, &cut.to]);
        let choices = self.pods.iter().chain(cuts);
        choices.map(|choice| choice.candidates.len()).sum::<usize>() + self.items.len()
    }

    fn empty(items: Vec<u32>) -> Self {
        Self {
            items,
            pods: Vec::new(),
            cuts: Vec::new(),
            nodes: Vec::new(),
            node_draws: Vec::new(),
            effort: 1 << 18,
        }
    }

    /// Fills `nodes` and tells the id of each.
    fn host<Nodes: IntoIterator<Item = u32>>(
        &mut self,
        nodes_of: impl Fn(u32) -> Nodes,
    ) -> Vec<u32> {
        let mut placed: Vec<(u32, u32)> = (0..)
            .zip(&self.items)
            .flat_map(|(item, pod)| nodes_of(*pod).into_iter().map(move |node| (node, item)))
            .collect();
        placed.sort_unstable();
        let by_node = || placed.chunk_by(|one, next| one.0 == next.0);
        self.nodes = by_node()
            .map(|here| here.iter().map(|(_, item)| *item).collect())
            .collect();
        by_node().map(|here| here[0].0).collect()
    }

    fn add_pods(&mut self, choice: Choice, copies: u32) {
        let choice = choice.repeated(copies);
        if !choice.is_empty() {
            self.pods.push(choice);
        }
    }

    fn add_nodes(&mut self, choice: Choice, copies: u32) {
        let choice = choice.repeated(copies);
        if !choice.is_empty() {
            self.node_draws.push(choice);
        }
    }

    fn add_cut(&mut self, from: Choice, to: Choice, copies: u32) {
        if copies > 0 && !from.is_empty() && !to.is_empty() {
            self.cuts.push(Cut { from, to, copies });
        }
    }
}

impl Draw {
    fn nodes(&self) -> &[u32] {
        match &self.victims {
            Victims::Nodes(choice) => &choice.candidates,
            Victims::Pods(_) | Victims::Cut { .. } | Victims::Each { .. } => &[],
        }
    }

    fn pods(&self) -> Vec<Choice> {
        match &self.victims {
            Victims::Pods(choice) => vec![choice.clone()],
            Victims::Cut { from, to } => vec![from.clone(), to.clone()],
            Victims::Nodes(_) => Vec::new(),
            Victims::Each { sets, most } => Choice::of_each(sets.clone(), *most, self.copies),
        }
    }
}
