//! Lists taken as sets.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
