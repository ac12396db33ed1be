//! Lists: of an object, made by an expression, or seen through a view.

use std::fmt;
use std::sync::Arc;

use super::value::Value;

/// A list.
#[derive(Clone)]
pub enum List<'a> {
    /// Of an object.
    Json(&'a [serde_json::Value]),
    /// Made by an expression.
    Built(Arc<[Value<'a>]>),
    /// Seen through a view.
    View(&'a (dyn Items + 'a)),
}

/// A list that makes its values only when they are asked for.
pub trait Items: Send + Sync {
    /// How many there are.
    fn len(&self) -> usize;

    /// The one at this place, counted from 0; `None` after the last.
    fn get(&self, index: usize) -> Option<Value<'_>>;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a> List<'a> {
    /// How many values it has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::Built(items) => items.len(),
            Self::View(items) => items.len(),
        }
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at this place, counted from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(items) => items.get(index).map(Value::of),
            Self::Built(items) => items.get(index).cloned(),
            Self::View(items) => items.get(index),
        }
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).map_while(|index| self.get(index))
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
