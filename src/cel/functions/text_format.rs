//! `format`, which puts values into a text.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
