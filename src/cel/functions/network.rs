//! Addresses and ranges of addresses.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
