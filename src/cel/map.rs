//! Maps: objects, made by an expression, or seen through a view.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::value::Value;

/// A map.
#[derive(Clone)]
pub enum Map<'a> {
    /// An object.
    Json(&'a serde_json::Map<String, serde_json::Value>),
    /// Made by an expression, by key.
    Built(Arc<[(Key<'a>, Value<'a>)]>),
    /// Seen through a view.
    View(&'a (dyn Fields + 'a)),
}

/// A record that makes its values only when they are asked for.
pub trait Fields: Send + Sync {
    /// The names of the fields that are there, in order.
    fn names(&self) -> Vec<&str>;

    /// A field; `None` when it is not there.
    fn get(&self, name: &str) -> Option<Value<'_>>;
}

/// The key of a map: a bool, a whole number or a text. Other values are no keys.
#[derive(Debug, Clone)]
pub struct Key<'a>(Value<'a>);

impl<'a> Key<'a> {
    /// The key that a value is; `None` for what cannot be one.
    #[must_use]
    pub fn of(value: Value<'a>) -> Option<Self> {
        matches!(
            value,
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_)
        )
        .then_some(Self(value))
    }

    /// The value that the key is.
    #[must_use]
    pub fn value(&self) -> &Value<'a> {
        &self.0
    }

    /// How two keys are ordered; whole numbers by what they count, with a sign or without.
    #[must_use]
    pub fn order(&self, other: &Value<'_>) -> Ordering {
        order(&self.0, other)
    }
}

/// How two values that can be keys are ordered.
fn order(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => (**a).cmp(&**b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => match (whole(a), whole(b)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        // A double that is a whole number finds the key that is the same number.
        #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
        Value::Double(number) if number.fract() == 0.0 && number.abs() < 1e30 => {
            Some(*number as i128)
        }
        _ => None,
    }
}

fn rank(value: &Value<'_>) -> u8 {
    match value {
        Value::Bool(_) => 0,
        Value::Int(_) | Value::Uint(_) => 1,
        Value::String(_) => 2,
        _ => 3,
    }
}

impl<'a> Map<'a> {
    /// A map of these entries, of which the last counts where a key is there twice.
    #[must_use]
    pub fn latest(mut entries: Vec<(Key<'a>, Value<'a>)>) -> Self {
        entries.reverse();
        entries.sort_by(|a, b| a.0.order(&b.0.0));
        entries.dedup_by(|b, a| a.0.order(&b.0.0) == Ordering::Equal);
        Self::Built(entries.into())
    }

    /// A map of these entries.
    ///
    /// # Errors
    /// The key that is there twice.
    pub fn build(mut entries: Vec<(Key<'a>, Value<'a>)>) -> Result<Self, Key<'a>> {
        entries.sort_by(|a, b| a.0.order(&b.0.0));
        let twice = entries
            .windows(2)
            .find(|pair| matches!(pair, [a, b] if a.0.order(&b.0.0) == Ordering::Equal));
        match twice {
            Some([(key, _), ..]) => Err(key.clone()),
            _ => Ok(Self::Built(entries.into())),
        }
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Json(entries) => entries.len(),
            Self::Built(entries) => entries.len(),
            Self::View(fields) => fields.names().len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Json(entries) => entries.get(name).map(Value::of),
            Self::View(fields) => fields.get(name),
            Self::Built(_) => self.get(&Value::text(name)),
        }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &Value<'_>) -> Option<Value<'a>> {
        match (self, key) {
            (Self::Json(_) | Self::View(_), Value::String(name)) => self.field(name),
            (Self::Json(_) | Self::View(_), _) => None,
            (Self::Built(entries), key) => entries
                .binary_search_by(|(own, _)| own.order(key))
                .ok()
                .and_then(|index| entries.get(index))
                .map(|(_, value)| value.clone()),
        }
    }

    /// The keys, in order.
    #[must_use]
    pub fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Json(entries) => entries
                .keys()
                .map(|key| Value::text(key.as_str()))
                .collect(),
            Self::Built(entries) => entries.iter().map(|(key, _)| key.0.clone()).collect(),
            Self::View(fields) => fields.names().into_iter().map(Value::text).collect(),
        }
    }

    /// The entries, by key.
    #[must_use]
    pub fn entries(&self) -> Vec<(Value<'a>, Value<'a>)> {
        let with = |key: Value<'a>| self.get(&key).map(|value| (key, value));
        self.keys().into_iter().filter_map(with).collect()
    }
}

impl fmt::Debug for Map<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries()).finish()
    }
}
