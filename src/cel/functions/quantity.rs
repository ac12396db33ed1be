//! Quantities, as Kubernetes writes them: `500m`, `1Gi`.

use super::Function;

pub(super) const FUNCTIONS: &[Function] = &[];
