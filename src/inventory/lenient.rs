//! Reading JSON that may be anything: what is absent or of another type reads as nothing.
//!
//! Recorded objects passed an API server once, so the rest of the inventory need not carry errors
//! about them; where nothing would be the wrong answer, the caller decides what the worst is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// The text at a JSON pointer, empty when there is none.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// The count at a JSON pointer.
pub(super) fn count(value: &Value, pointer: &str) -> Option<u32> {
    let number = value.pointer(pointer)?.as_u64()?;
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Whether `true` stands at a JSON pointer.
pub(super) fn truth(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer) == Some(&Value::Bool(true))
}

/// Whether anything but null stands at a JSON pointer.
pub(super) fn is_set(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_some_and(|value| !value.is_null())
}

/// The members of the list at a JSON pointer.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

/// The texts of the map at a JSON pointer.
pub(super) fn texts<'v>(value: &'v Value, pointer: &str) -> BTreeMap<&'v str, &'v str> {
    let entries = value.pointer(pointer).and_then(Value::as_object);
    let text = |(key, value): (&'v String, &'v Value)| Some((key.as_str(), value.as_str()?));
    entries.into_iter().flatten().filter_map(text).collect()
}

/// The texts of the map at a JSON pointer, as a map of its own.
pub(super) fn map(value: &Value, pointer: &str) -> BTreeMap<String, String> {
    let texts = texts(value, pointer).into_iter();
    texts
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// The instant at a JSON pointer.
pub(super) fn instant(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse().ok()
}

/// The condition of this type in `status.conditions`: its status.
pub(super) fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v str> {
    let conditions = list(object, "/status/conditions").iter();
    let mut found = conditions.filter(|condition| text(condition, "/type") == kind);
    found.next().map(|condition| text(condition, "/status"))
}
