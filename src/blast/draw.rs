//! What a fault may draw: candidates, how many of them, and how often.

use std::cmp::Ordering;

/// Some of the candidates, any of them, without replacement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// The ids that may be drawn, ascending and distinct.
    pub candidates: Vec<u32>,
    /// The most that are drawn; may exceed the candidates.
    pub most: u32,
}

/// What one fault may draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// Who may be hit.
    pub victims: Victims,
    /// How many independent draws may be in effect together.
    pub copies: u32,
}

/// Who one draw may hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Victims {
    /// Pods.
    Pods(Choice),
    /// The two sides of a partition, drawn independently.
    Cut {
        /// One side.
        from: Choice,
        /// The other side.
        to: Choice,
    },
    /// Nodes, and with each node every pod on it.
    Nodes(Choice),
    /// Sets of pods, drawn independently, but no more than so many pods in all.
    Each {
        /// The sets.
        sets: Vec<Choice>,
        /// The most in all.
        most: u32,
    },
}

impl Draw {
    /// The same draw with a partition as two draws, one a side: both sides are hit, though the
    /// group loses one.
    #[must_use]
    pub fn sides(&self) -> Vec<Self> {
        let copies = self.copies;
        let alone = |choice: &Choice| Self {
            victims: Victims::Pods(choice.clone()),
            copies,
        };
        match &self.victims {
            Victims::Cut { from, to } => vec![alone(from), alone(to)],
            Victims::Pods(_) | Victims::Nodes(_) | Victims::Each { .. } => vec![self.clone()],
        }
    }
}

impl Choice {
    /// The same choice over positions in `ids`: what lies outside is left out, the number drawn
    /// stays, because every draw may land inside.
    pub(super) fn within(&self, ids: &[u32]) -> Self {
        Self {
            candidates: positions(ids, &self.candidates),
            most: self.most,
        }
    }

    /// The same choice made `copies` times: the union may be any set of that many times the size.
    pub(super) fn repeated(self, copies: u32) -> Self {
        Self {
            most: self.most.saturating_mul(copies),
            ..self
        }
    }

    /// Draws from several sets, of at most so many in all, as plain choices. Where both bind, the
    /// lower of them alone counts, which is a bound.
    pub(super) fn of_each(sets: Vec<Self>, most: u32, copies: u32) -> Vec<Self> {
        let all = sorted(
            sets.iter()
                .flat_map(|set| &set.candidates)
                .copied()
                .collect(),
        );
        let size = |ids: &[u32]| u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let drawn = |set: &Self| set.most.saturating_mul(copies).min(size(&set.candidates));
        let apart = sets.iter().map(drawn).fold(0, u32::saturating_add);
        if apart <= most.saturating_mul(copies) {
            return sets;
        }
        vec![Self {
            candidates: all,
            most,
        }]
    }

    /// As many of those that are wanted as so many copies of it draw, whichever: where nobody else
    /// draws, any are as good as any others.
    pub(super) fn taken(&self, copies: u32, wanted: impl Fn(u32) -> bool) -> Vec<u32> {
        let wanted = self.candidates.iter().copied().filter(|id| wanted(*id));
        wanted
            .take(self.most.saturating_mul(copies) as usize)
            .collect()
    }

    /// Whether nothing can be drawn.
    pub(super) fn is_empty(&self) -> bool {
        self.most == 0 || self.candidates.is_empty()
    }
}

/// The distinct items, ascending.
pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}

/// The positions in `ids` of the values that are also in `others`; both ascending.
///
/// Each list in turn leaps to the other's value, so the work follows the shorter list even when
/// the longer one has a hundred thousand entries.
pub(super) fn positions(ids: &[u32], others: &[u32]) -> Vec<u32> {
    let mut found = Vec::with_capacity(ids.len().min(others.len()));
    let (mut at, mut other) = (0, 0);
    while let (Some(id), Some(value)) = (ids.get(at), others.get(other)) {
        match id.cmp(value) {
            Ordering::Less => at = leap(ids, at, *value),
            Ordering::Greater => other = leap(others, other, *id),
            Ordering::Equal => {
                found.extend(u32::try_from(at));
                at += 1;
                other += 1;
            }
        }
    }
    found
}

/// The first position from `start` on whose value is not below `value`.
fn leap(ids: &[u32], start: usize, value: u32) -> usize {
    let (mut low, mut step) = (start, 1);
    while ids.get(low + step).is_some_and(|id| *id < value) {
        low += step;
        step *= 2;
    }
    let high = (low + step).min(ids.len());
    low + ids[low..high].partition_point(|id| *id < value)
}

#[cfg(test)]
mod tests {
    use super::positions;

    #[test]
    fn positions_are_those_of_the_shared_values() {
        let long: Vec<u32> = (0..1000).map(|n| n * 3).collect();
        assert_eq!(positions(&[0, 1, 30, 2997, 5000], &long), [0, 2, 3]);
        assert_eq!(positions(&long, &[0, 1, 30, 2997, 5000]), [0, 10, 999]);
        assert!(positions(&[], &long).is_empty());
        assert_eq!(positions(&[7], &[7]), [0]);
    }
}
