//! Records: what a rule may see of a value of ours. One row a field: its type, where it comes from,
//! what it means, and a rule that reads it.

#![expect(clippy::unnecessary_wraps, reason = "any field may be absent")]

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::cel::{Fields, Instant, Items, List, Map, Value};
use crate::inventory::{Labels, Text};

/// Declares a record and how each field of it is read. A field that gives `None` is not there.
macro_rules! record {
    ($(#[doc = $says:literal])+ $shape:ident = $name:literal of $type:ty {
        $($field:literal: $kind:literal, $get:expr, $meaning:literal, $example:literal;)+
    }) => {
        $(#[doc = $says])+
        pub(super) const $shape: $crate::cel::Shape = $crate::cel::Shape {
            name: $name,
            says: concat!($($says),+).trim_ascii(),
            fields: &[$($crate::cel::Declared {
                name: $field,
                kind: $kind,
                says: $meaning,
                example: $example,
            }),+],
        };

        impl $crate::cel::Fields for $type {
            fn names(&self) -> Vec<&str> {
                let names = [$($field),+];
                names.into_iter().filter(|name| self.get(name).is_some()).collect()
            }

            fn get(&self, name: &str) -> Option<$crate::cel::Value<'_>> {
                type Get<T> = for<'v> fn(&'v T) -> Option<$crate::cel::Value<'v>>;
                let fields: &[(&str, Get<Self>)] = &[$(($field, $get)),+];
                let (_, get) = fields.iter().find(|(own, _)| *own == name)?;
                get(self)
            }
        }
    };
}

pub(super) use record;

/// A text.
pub(super) fn text(text: &str) -> Option<Value<'_>> {
    Some(Value::text(text))
}

/// A text that is not there when it is empty.
pub(super) fn some_text(text: &str) -> Option<Value<'_>> {
    (!text.is_empty()).then(|| Value::text(text))
}

/// A whole number.
pub(super) fn int<'v>(number: impl Into<i64>) -> Option<Value<'v>> {
    Some(Value::Int(number.into()))
}

/// A truth.
pub(super) fn truth<'v>(truth: bool) -> Option<Value<'v>> {
    Some(Value::Bool(truth))
}

/// A span of time; `null` where there is none.
pub(super) fn span<'v>(duration: Option<Duration>) -> Option<Value<'v>> {
    let nanoseconds = |it: Duration| i64::try_from(it.as_nanos()).unwrap_or(i64::MAX);
    Some(duration.map_or(Value::Null, |it| Value::Duration(nanoseconds(it))))
}

/// An instant; `null` where there is none.
pub(super) fn instant<'v>(instant: Option<Timestamp>) -> Option<Value<'v>> {
    Some(instant.and_then(moment).unwrap_or(Value::Null))
}

/// An instant as expressions have it; `None` before the year 1.
pub(super) fn moment<'v>(instant: Timestamp) -> Option<Value<'v>> {
    // The nanoseconds before 1970 count backwards.
    let nanos = instant.subsec_nanosecond();
    let back = i64::from(nanos < 0);
    let nanos = nanos.rem_euclid(1_000_000_000);
    Instant::of(instant.as_second() - back, nanos).map(Value::Timestamp)
}

/// A record or map.
pub(super) fn view(fields: &dyn Fields) -> Option<Value<'_>> {
    Some(seen(fields))
}

/// The value that a view is.
pub(super) fn seen(fields: &dyn Fields) -> Value<'_> {
    Value::Map(Map::View(fields))
}

/// A record; `null` where there is none.
pub(super) fn maybe<'v, F: Fields + 'v>(fields: Option<&'v F>) -> Option<Value<'v>> {
    fields.map_or(Some(Value::Null), |fields| view(fields))
}

/// A list that is seen through a view.
pub(super) fn items(items: &dyn Items) -> Option<Value<'_>> {
    Some(Value::List(List::View(items)))
}

/// A list of texts that is made when it is read.
pub(super) fn texts<'v>(texts: impl IntoIterator<Item = &'v str>) -> Option<Value<'v>> {
    Some(Value::list(texts.into_iter().map(Value::text).collect()))
}

impl Items for Vec<String> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn get(&self, index: usize) -> Option<Value<'_>> {
        self.as_slice().get(index).map(|text| Value::text(&**text))
    }
}

impl Items for Vec<Text> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn get(&self, index: usize) -> Option<Value<'_>> {
        self.as_slice().get(index).map(|text| Value::text(&**text))
    }
}

impl<F: Fields> Items for Vec<F> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn get(&self, index: usize) -> Option<Value<'_>> {
        self.as_slice().get(index).and_then(|fields| view(fields))
    }
}

impl Fields for Labels {
    fn names(&self) -> Vec<&str> {
        self.iter().map(|(key, _)| key).collect()
    }

    fn get(&self, name: &str) -> Option<Value<'_>> {
        Labels::get(self, name).map(Value::text)
    }
}

impl Fields for BTreeMap<String, String> {
    fn names(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }

    fn get(&self, name: &str) -> Option<Value<'_>> {
        BTreeMap::get(self, name).map(|text| Value::text(&**text))
    }
}

impl Fields for BTreeMap<String, Vec<String>> {
    fn names(&self) -> Vec<&str> {
        self.keys().map(String::as_str).collect()
    }

    fn get(&self, name: &str) -> Option<Value<'_>> {
        BTreeMap::get(self, name).and_then(|texts| items(texts))
    }
}
