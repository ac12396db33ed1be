//! Values of the Kubernetes libraries that are neither numbers nor texts nor lists nor maps.

/// Such a value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Opaque {
    /// A regular expression, compiled: what a literal pattern is turned into before the expression runs.
    Pattern(super::patterns::Pattern),
}

impl Opaque {
    /// The name of its type.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Pattern(_) => "string",
        }
    }
}
