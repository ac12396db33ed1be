//! Named formats of Kubernetes.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
