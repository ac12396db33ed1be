//! From one type to another.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
