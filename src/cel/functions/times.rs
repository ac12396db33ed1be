//! Instants and spans of time.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
