//! Values of the Kubernetes libraries that are neither numbers nor texts nor lists nor maps.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::format::Format;
use super::network::cidr::Cidr;
use super::patterns::Pattern;
use super::quantity::Quantity;
use super::url::read::Url;
use super::versions::Version;
use crate::cel::budget::wrong;
use crate::cel::{Budget, Failure, Value};

/// Such a value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Opaque {
    /// A regular expression, compiled: what a literal pattern is turned into before the expression runs.
    Pattern(Pattern),
    /// An amount of something.
    Quantity(Quantity),
    /// A semantic version.
    Version(Version),
    /// A format of texts.
    Format(&'static Format),
    /// An IP address.
    Ip(IpAddr),
    /// A range of IP addresses.
    Cidr(Cidr),
    /// A URL.
    Url(Url),
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
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
            Self::Url(_) => "kubernetes.URL",
        }
    }

    /// What `string` makes of it; `None` where it is not made into a text.
    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Self::Ip(address) => Some(address.to_string()),
            Self::Cidr(range) => Some(range.text()),
            _ => None,
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
            (Self::Url(a), Value::Opaque(b)) if let Self::Url(b) = &**b => a.equal(b, budget),
            (a, Value::Opaque(b)) if a.type_name() == b.type_name() => Ok(*a == **b),
            (_, Value::Null) => Ok(false),
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
