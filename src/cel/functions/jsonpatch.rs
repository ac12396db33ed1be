//! Keys of JSON patches.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
