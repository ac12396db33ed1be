//! Which kinds a decision depends on.

use super::kinds::ROWS;
use crate::fault;

/// API groups that every cluster serves.
const BUILT_IN: &[&str] = &[
    "",
    "apps",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
];

/// A kind that a decision depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// Kind; `*` for every kind of the group that is not listed beside it.
    pub kind: &'static str,
    /// What it is for, a phrase.
    pub why: &'static str,
}

impl Watched {
    /// Whether every cluster serves it. Others are there where somebody installed them.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        BUILT_IN.contains(&self.group)
    }
}

/// Every kind that is to be watched where it is served, each once, by group and kind.
#[must_use]
pub fn watches() -> Vec<Watched> {
    let rows = ROWS.iter().map(|row| (row.kind.pair(), row.why));
    let chaos = fault::live_kinds().map(|kind| (kind, "it may be chaos that is live"));
    let around = fault::Surroundings::kinds().map(|kind| (kind, "chaos objects refer to it"));
    let mut all: Vec<Watched> = rows
        .chain(chaos)
        .chain(around)
        .map(|((group, kind), why)| Watched { group, kind, why })
        .collect();
    // The first reason stays.
    all.sort_by_key(|it| (it.group, it.kind));
    all.dedup_by_key(|it| (it.group, it.kind));
    all
}

/// API group and kind of everything that is to be watched where it is served, each once.
pub fn watched() -> impl Iterator<Item = (&'static str, &'static str)> {
    watches().into_iter().map(|it| (it.group, it.kind))
}
