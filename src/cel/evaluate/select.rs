//! Fields, keys and places.

use super::super::budget::{Answer, Failure, wrong};
use super::super::value::Value;

/// `operand.name`.
pub(super) fn field<'a>(operand: &Value<'a>, name: &str) -> Answer<'a> {
    match operand {
        Value::Map(map) => map.field(name).ok_or_else(|| absent(name)),
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => optional_field(inner, name),
        other => Err(fieldless(other, name)),
    }
}

/// `operand.?name`.
pub(super) fn optional_field<'a>(operand: &Value<'a>, name: &str) -> Answer<'a> {
    match operand {
        Value::Map(map) => Ok(optional(map.field(name))),
        Value::Optional(None) | Value::Null => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => optional_field(inner, name),
        other => Err(fieldless(other, name)),
    }
}

/// `has(operand.name)`.
pub(super) fn has(operand: &Value<'_>, name: &str) -> Result<bool, Failure> {
    match operand {
        Value::Map(map) => Ok(map.field(name).is_some()),
        Value::Optional(None) | Value::Null => Ok(false),
        Value::Optional(Some(inner)) => has(inner, name),
        other => Err(fieldless(other, name)),
    }
}

/// `operand[key]`.
pub(super) fn index<'a>(operand: &Value<'a>, key: &Value<'a>) -> Answer<'a> {
    match operand {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => optional_index(inner, key),
        other => found(other, key)?.ok_or_else(|| match key {
            Value::String(name) => absent(name),
            Value::Int(place) => wrong(format!("there is no `[{place}]`")),
            other => wrong(format!("there is no `[{other:?}]`")),
        }),
    }
}

/// `operand[?key]`.
pub(super) fn optional_index<'a>(operand: &Value<'a>, key: &Value<'a>) -> Answer<'a> {
    match operand {
        Value::Optional(None) | Value::Null => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => optional_index(inner, key),
        other => found(other, key).map(optional),
    }
}

/// The value of a key or place, if there is one.
fn found<'a>(operand: &Value<'a>, key: &Value<'a>) -> Result<Option<Value<'a>>, Failure> {
    match (operand, key) {
        (Value::List(list), Value::Int(_) | Value::Uint(_) | Value::Double(_)) => {
            Ok(place(key).and_then(|place| list.get(place)))
        }
        (
            Value::Map(map),
            Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_),
        ) => Ok(map.get(key)),
        _ => Err(unkeyed(operand, key)),
    }
}

/// The place of a list that a number is.
fn place(key: &Value<'_>) -> Option<usize> {
    match key {
        Value::Int(place) => usize::try_from(*place).ok(),
        Value::Uint(place) => usize::try_from(*place).ok(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast saturates, and no list is as long"
        )]
        Value::Double(place) if place.fract() == 0.0 => usize::try_from(*place as i64).ok(),
        _ => None,
    }
}

fn optional(value: Option<Value<'_>>) -> Value<'_> {
    value.map_or(Value::Optional(None), Value::some)
}

fn absent(name: &str) -> Failure {
    wrong(format!("there is no `{name}`"))
}

fn fieldless(value: &Value<'_>, name: &str) -> Failure {
    let kind = value.type_name();
    wrong(format!(
        "there is no `{name}`: this is {kind}, which has no fields"
    ))
}

fn unkeyed(value: &Value<'_>, key: &Value<'_>) -> Failure {
    let (value, key) = (value.type_name(), key.type_name());
    wrong(format!("a value of type {value} is not looked up by {key}"))
}
