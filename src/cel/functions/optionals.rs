//! What may be there or not.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
