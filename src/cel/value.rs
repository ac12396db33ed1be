//! Values of expressions. They borrow the object they come from: nothing of it is copied to be read.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::functions::opaque::Opaque;
use super::instant::Instant;
use super::list::List;
use super::map::Map;

/// A value.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that has no sign.
    Uint(u64),
    /// Any other number.
    Double(f64),
    /// A text.
    String(Text<'a>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// An instant.
    Timestamp(Instant),
    /// A span of time, in nanoseconds.
    Duration(i64),
    /// A list.
    List(List<'a>),
    /// A map or an object.
    Map(Map<'a>),
    /// What may be there or not.
    Optional(Option<Arc<Value<'a>>>),
    /// The type of a value, by name.
    Type(&'static str),
    /// A value of one of the Kubernetes libraries.
    Opaque(Arc<Opaque>),
}

/// A text, borrowed or shared.
#[derive(Clone)]
pub enum Text<'a> {
    /// Borrowed.
    Borrowed(&'a str),
    /// Shared.
    Shared(Arc<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl<'a> Value<'a> {
    /// A text.
    pub fn text(text: impl Into<Text<'a>>) -> Self {
        Self::String(text.into())
    }

    /// A list of these values.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::Built(items.into()))
    }

    /// An optional that holds this value.
    #[must_use]
    pub fn some(self) -> Self {
        Self::Optional(Some(Arc::new(self)))
    }

    /// The value of JSON. Whole numbers are `int`, all others `double`, as the API server has them.
    #[must_use]
    pub fn of(json: &'a serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => number.as_i64().map_or_else(
                || Self::Double(number.as_f64().unwrap_or(f64::NAN)),
                Self::Int,
            ),
            Json::String(text) => Self::text(text.as_str()),
            Json::Array(items) => Self::List(List::Json(items)),
            Json::Object(entries) => Self::Map(Map::Json(entries)),
        }
    }

    /// The name of its type, as `type(value)` is written.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Opaque(opaque) => opaque.type_name(),
        }
    }
}
