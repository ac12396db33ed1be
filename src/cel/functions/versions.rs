//! Versions, as semver.org has them.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
