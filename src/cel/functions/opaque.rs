//! Values of the Kubernetes libraries that are neither numbers nor texts nor lists nor maps.

use std::cmp::Ordering;

use super::format::Format;
use super::quantity::Quantity;
use super::versions::Version;
use crate::cel::budget::wrong;
use crate::cel::{Budget, Failure, Value};

/// Such a value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Opaque {
    /// A regular expression, compiled: what a literal pattern is turned into before the expression runs.
    Pattern(super::patterns::Pattern),
    /// An amount of something.
    Quantity(Quantity),
    /// A semantic version.
    Version(Version),
    /// A format of texts.
    Format(&'static Format),
}

impl Opaque {
    /// The name of its type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Pattern(_) => "string",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Version(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
        }
    }

    /// Whether it equals a value. As in Kubernetes it cannot be asked of values of another type.
    pub(in crate::cel) fn equal(
        &self,
        other: &Value<'_>,
        budget: &mut Budget,
    ) -> Result<bool, Failure> {
        match (self, other) {
            (Self::Quantity(a), Value::Opaque(b)) if let Self::Quantity(b) = &**b => {
                a.equal(b, budget)
            }
            (Self::Version(a), Value::Opaque(b)) if let Self::Version(b) = &**b => {
                Ok(a.order(b, budget)?.is_eq())
            }
            (a, Value::Opaque(b)) if a.type_name() == b.type_name() => Ok(*a == **b),
            (a, b) => Err(wrong(format!(
                "a {} cannot be compared with a {}",
                a.type_name(),
                b.type_name()
            ))),
        }
    }

    /// How two quantities or two versions are ordered.
    pub(super) fn order(&self, other: &Self, budget: &mut Budget) -> Result<Ordering, Failure> {
        match (self, other) {
            (Self::Quantity(a), Self::Quantity(b)) => a.order(b, budget),
            (Self::Version(a), Self::Version(b)) => a.order(b, budget),
            _ => Err(Failure::Unfit),
        }
    }
}
