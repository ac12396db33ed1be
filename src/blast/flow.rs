//! The largest union of several draws, as a maximum flow.
//!
//! Water flows from each draw (at most as much as it draws) to the items it may draw, and from
//! each item one drop to the sea. A flow is a joint draw in which no item is drawn twice, so the
//! largest flow is the largest union. Items that the same draws can reach are interchangeable and
//! flow together as one class: the network has a few nodes however many items there are.

/// At most `most` of the items in `among`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick<'a> {
    /// The items.
    pub(super) among: &'a [u32],
    /// How many of them.
    pub(super) most: u32,
}

/// The items a union is measured by.
#[derive(Debug, Clone)]
pub(super) struct Demand {
    /// For every item, whether it counts.
    pub(super) wanted: Vec<bool>,
    /// An item that must be in the union; it counts too.
    pub(super) first: Option<u32>,
}

impl Demand {
    /// Whether `item` counts.
    pub(super) fn wants(&self, item: u32) -> bool {
        self.wanted[item as usize]
    }

    /// How many of `items` count.
    pub(super) fn count(&self, items: &[u32]) -> u32 {
        length(items.iter().filter(|item| self.wants(**item)))
    }

    /// Counts `item` no longer.
    pub(super) fn drop(&mut self, item: u32) {
        self.wanted[item as usize] = false;
        self.first = self.first.filter(|first| *first != item);
    }
}

/// How many there are.
pub(super) fn length<T>(items: impl Iterator<Item = T>) -> u32 {
    items.fold(0, |count: u32, _| count.saturating_add(1))
}

/// One of the largest sets of wanted items that the picks can take together; `None` when they
/// cannot take the item that must be in it.
pub(super) fn largest_union(picks: &[Pick<'_>], mut demand: Demand) -> Option<Vec<u32>> {
    let mut taken = Vec::new();
    let contested = take_whole(picks, &mut demand, &mut taken);
    if let ([] | [_], None) = (contested.as_slice(), demand.first) {
        // Nobody else takes from it: any of its items are as good as any others.
        let alone = contested.iter().flat_map(|pick| {
            let wanted = pick.among.iter().filter(|item| demand.wants(**item));
            wanted.take(pick.most as usize)
        });
        taken.extend(alone);
        return Some(taken);
    }
    let mut flow = Flow::new(&contested, &demand);
    if let Some(first) = demand.first {
        let class = flow.class_of[first as usize];
        flow.satisfy(class);
        if flow.classes[class].open > 0 {
            return None;
        }
    }
    (0..flow.classes.len()).for_each(|class| flow.satisfy(class));
    flow.collect(&demand, &mut taken);
    Some(taken)
}

/// Lets each pick that can take all it reaches do so, which no better union forbids; what is left
/// is for the others to share.
fn take_whole<'a>(picks: &[Pick<'a>], demand: &mut Demand, taken: &mut Vec<u32>) -> Vec<Pick<'a>> {
    let mut contested = Vec::new();
    for pick in picks {
        if demand.count(pick.among) > pick.most {
            contested.push(*pick);
            continue;
        }
        for item in pick.among {
            if demand.wants(*item) {
                demand.drop(*item);
                taken.push(*item);
            }
        }
    }
    contested
}

/// Items that the same picks reach.
#[derive(Debug, Clone, Default)]
struct Class {
    /// Those picks, ascending.
    picks: Vec<usize>,
    /// How many items each of those picks takes.
    held: Vec<u32>,
    /// How many items are not taken.
    open: u32,
    /// How many items are taken.
    full: u32,
}

/// How a search came to a pick: `class` reaches it, and would give up `instead` for it.
#[derive(Debug, Clone, Copy)]
struct Step {
    class: usize,
    instead: Option<usize>,
}

/// The network.
struct Flow {
    classes: Vec<Class>,
    class_of: Vec<usize>,
    /// How many more items each pick may take.
    room: Vec<u32>,
    /// The classes that each pick takes from.
    holders: Vec<Vec<usize>>,
    /// Picks from which no path leads to room: a search has failed there, so all later ones would.
    closed: Vec<bool>,
}

impl Flow {
    fn new(picks: &[Pick<'_>], demand: &Demand) -> Self {
        let mut flow = Self {
            classes: vec![Class::default(), Class::default()],
            class_of: vec![0; demand.wanted.len()],
            room: picks.iter().map(|pick| pick.most).collect(),
            holders: vec![Vec::new(); picks.len()],
            closed: vec![false; picks.len()],
        };
        if let Some(first) = demand.first {
            flow.class_of[first as usize] = 1;
        }
        for (index, pick) in picks.iter().enumerate() {
            flow.part(index, pick.among.iter().filter(|item| demand.wants(**item)));
        }
        for (class, wanted) in flow.class_of.iter().zip(&demand.wanted) {
            flow.classes[*class].open += u32::from(*wanted);
        }
        flow
    }

    /// Parts each class into what the pick reaches and what it does not.
    fn part<'i>(&mut self, pick: usize, reached: impl Iterator<Item = &'i u32>) {
        let classes = &mut self.classes;
        let mut twins = vec![None; classes.len()];
        for item in reached {
            let class = &mut self.class_of[*item as usize];
            let Some(twin) = twins.get_mut(*class) else {
                continue;
            };
            *class = *twin.get_or_insert_with(|| {
                let mut picks = classes[*class].picks.clone();
                picks.push(pick);
                classes.push(Class {
                    held: vec![0; picks.len()],
                    picks,
                    ..Class::default()
                });
                classes.len() - 1
            });
        }
    }

    /// Takes as many items of the class as can be, by shortest augmenting paths. What a class has
    /// it keeps; what it cannot get now it cannot get later.
    fn satisfy(&mut self, class: usize) {
        while self.classes[class].open > 0 {
            let mut steps = vec![None; self.room.len()];
            let Some(end) = self.path(class, &mut steps) else {
                return self.close(&steps);
            };
            self.augment(class, end, &steps);
        }
    }

    /// Remembers where a search failed.
    fn close(&mut self, steps: &[Option<Step>]) {
        for (closed, step) in self.closed.iter_mut().zip(steps) {
            *closed |= step.is_some();
        }
    }

    /// The shortest way from a class to a pick with room, through picks that other classes can
    /// give up.
    fn path(&self, class: usize, steps: &mut [Option<Step>]) -> Option<usize> {
        let mut reached = Vec::with_capacity(steps.len());
        let instead = None;
        self.widen(Step { class, instead }, steps, &mut reached);
        let mut at = 0;
        while let Some(pick) = reached.get(at).copied() {
            if self.room[pick] > 0 {
                return Some(pick);
            }
            let instead = Some(pick);
            for class in self.holders[pick].iter().copied() {
                if reached.len() == steps.len() {
                    break;
                }
                self.widen(Step { class, instead }, steps, &mut reached);
            }
            at += 1;
        }
        None
    }

    fn widen(&self, step: Step, steps: &mut [Option<Step>], reached: &mut Vec<usize>) {
        for pick in &self.classes[step.class].picks {
            if steps[*pick].is_none() && !self.closed[*pick] {
                steps[*pick] = Some(step);
                reached.push(*pick);
            }
        }
    }

    /// Moves as many items along the path as fit.
    fn augment(&mut self, class: usize, end: usize, steps: &[Option<Step>]) {
        let amount = trace(end, steps)
            .filter_map(|(_, step)| Some(self.held(step.class, step.instead?)))
            .fold(self.room[end].min(self.classes[class].open), u32::min);
        for (pick, step) in trace(end, steps) {
            self.take(step.class, pick, amount);
            if let Some(instead) = step.instead {
                self.give_up(step.class, instead, amount);
            }
        }
        self.room[end] -= amount;
        self.classes[class].open -= amount;
        self.classes[class].full += amount;
    }

    fn held(&self, class: usize, pick: usize) -> u32 {
        let class = &self.classes[class];
        class
            .picks
            .binary_search(&pick)
            .map_or(0, |slot| class.held[slot])
    }

    fn held_mut(&mut self, class: usize, pick: usize) -> &mut u32 {
        let class = &mut self.classes[class];
        let slot = class.picks.partition_point(|other| *other < pick);
        &mut class.held[slot]
    }

    fn take(&mut self, class: usize, pick: usize, amount: u32) {
        let held = self.held_mut(class, pick);
        let before = *held;
        *held += amount;
        if before == 0 {
            self.holders[pick].push(class);
        }
    }

    fn give_up(&mut self, class: usize, pick: usize, amount: u32) {
        let held = self.held_mut(class, pick);
        *held -= amount;
        if *held == 0 {
            self.holders[pick].retain(|holder| *holder != class);
        }
    }

    /// Adds the taken items: of each class as many as flow, whichever.
    fn collect(mut self, demand: &Demand, taken: &mut Vec<u32>) {
        for (item, class) in (0..).zip(&self.class_of) {
            let full = &mut self.classes[*class].full;
            if *full > 0 && demand.wants(item) {
                *full -= 1;
                taken.push(item);
            }
        }
    }
}

/// The path that ends at `end`, backwards: each pick and the step that led to it.
fn trace(end: usize, steps: &[Option<Step>]) -> impl Iterator<Item = (usize, Step)> {
    let at = |pick: usize| steps[pick].map(|step| (pick, step));
    std::iter::successors(at(end), move |(_, step)| step.instead.and_then(at))
}
