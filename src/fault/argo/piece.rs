//! The pieces of a workflow, and how they are named.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::scope::Scope;
use crate::fault::Overlap;

/// A part of a workflow as it will run.
pub(super) struct Piece {
    /// Where it stands.
    pub(super) path: String,
    /// What stands there, all names replaced.
    pub(super) content: Value,
    /// How often it runs.
    pub(super) runs: Overlap,
}

/// A piece while the workflow is unfolded.
pub(super) struct Open {
    pub(super) place: Place,
    /// The call that led here, where it stands in the same object.
    pub(super) site: String,
    /// What stands here, where it may call others.
    pub(super) written: Option<Rc<Value>>,
    pub(super) scope: Scope,
    pub(super) content: Value,
}

/// Where a piece stands.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) library: usize,
    /// Which objects lead to the one in which it stands.
    pub(super) chain: String,
    pub(super) path: String,
}

/// Names each piece. Those that stand at one place are told apart, because faults of one name are
/// one draw.
pub(super) fn named(pieces: Vec<Open>, runs: Vec<Overlap>) -> Vec<Piece> {
    let mut places: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for Open { place, .. } in &pieces {
        let key = (place.library, place.path.clone());
        let count = places.entry(key).or_default();
        *count = count.saturating_add(1);
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let piece = |(open, runs): (Open, Overlap)| {
        let Place {
            library,
            chain,
            path,
        } = open.place;
        let several = places
            .get(&(library, path.clone()))
            .is_some_and(|it| *it > 1);
        let name = if several && !open.site.is_empty() {
            format!("{chain}{}: {path}", open.site)
        } else {
            format!("{chain}{path}")
        };
        let before = names.entry(name.clone()).or_default();
        *before = before.saturating_add(1);
        let path = match *before {
            1 => name,
            again => format!("{name} ({again})"),
        };
        let content = open.content;
        Piece {
            path,
            content,
            runs,
        }
    };
    pieces.into_iter().zip(runs).map(piece).collect()
}
