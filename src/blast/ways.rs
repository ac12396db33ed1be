//! What must be tried one by one: how partitions may fall, and which nodes may be drawn.

use std::cmp::Reverse;

use super::flow::Demand;
use super::problem::Cut;

/// How the copies of a cut fall: the most items taken on either side.
pub(super) type Split = (u32, u32);

/// How the copies of a cut may fall: each costs the group one side. A side needs no more copies
/// than take all of it; when there are enough for both sides, there is one way.
pub(super) fn splits(cut: &Cut, demand: &Demand) -> Vec<Split> {
    let reach = (
        demand.count(&cut.from.candidates),
        demand.count(&cut.to.candidates),
    );
    let (from, to) = (
        reach.0.div_ceil(cut.from.most),
        reach.1.div_ceil(cut.to.most),
    );
    let copies = cut.copies.min(from.saturating_add(to));
    let split = |on_from: u32| {
        let on_to = copies - on_from;
        (
            cut.from.most.saturating_mul(on_from),
            cut.to.most.saturating_mul(on_to),
        )
    };
    let ways = copies.saturating_sub(to)..=copies.min(from);
    let mut splits: Vec<Split> = ways.map(split).collect();
    let lost = |split: &Split| split.0.min(reach.0).saturating_add(split.1.min(reach.1));
    splits.sort_by_key(|split| Reverse(lost(split)));
    splits
}

/// In how many ways `size` of `of` can be chosen; saturates.
pub(super) fn combinations(of: usize, size: usize) -> usize {
    let size = size.min(of - size.min(of));
    (0..size)
        .try_fold(1_usize, |ways, at| {
            Some(ways.checked_mul(of - at)? / (at + 1))
        })
        .unwrap_or(usize::MAX)
}

/// Moves on to the next combination of positions below `of`; tells whether there was one.
pub(super) fn advance(chosen: &mut [usize], of: usize) -> bool {
    let size = chosen.len();
    let Some(at) = (0..size).rev().find(|at| chosen[*at] < of - (size - at)) else {
        return false;
    };
    let start = chosen[at] + 1;
    for (position, next) in chosen[at..].iter_mut().zip(start..) {
        *position = next;
    }
    true
}
