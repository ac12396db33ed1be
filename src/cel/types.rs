//! Types, and whether one will do where another is asked for.

use std::fmt;
use std::sync::Arc;

/// The type of an expression, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// Not known before it runs.
    Dyn,
    /// `null`.
    Null,
    /// A truth.
    Bool,
    /// A whole number.
    Int,
    /// A whole number without a sign.
    Uint,
    /// Any other number.
    Double,
    /// A text.
    String,
    /// Bytes.
    Bytes,
    /// An instant.
    Timestamp,
    /// A span of time.
    Duration,
    /// A list.
    List(Box<Type>),
    /// A map, by its keys and values.
    Map(Box<Type>, Box<Type>),
    /// What may be there or not.
    Optional(Box<Type>),
    /// The type of a type.
    Type(Box<Type>),
    /// Of one of the Kubernetes libraries.
    Opaque(&'static str),
    /// A record whose fields are declared.
    Record(Arc<Record>),
    /// What a call decides; a letter in signatures.
    Param(u32),
}

/// A record: a name, and fields with their types.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: &'static str,
    /// Its fields.
    pub fields: Vec<(&'static str, Type)>,
}

impl Record {
    /// The type of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Type> {
        let mut fields = self.fields.iter();
        fields.find(|(own, _)| *own == name).map(|(_, kind)| kind)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Dyn | Self::Param(_) => "dyn",
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "timestamp",
            Self::Duration => "duration",
            Self::Opaque(name) => name,
            Self::Record(record) => record.name,
            Self::List(item) => return write!(f, "list({item})"),
            Self::Map(key, value) => return write!(f, "map({key}, {value})"),
            Self::Optional(inner) => return write!(f, "optional({inner})"),
            Self::Type(of) => return write!(f, "type({of})"),
        };
        f.write_str(word)
    }
}
