//! Fields, keys and places.

use super::super::budget::{Answer, Budget, Failure, wrong};
use super::super::functions::elements;
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
        Value::Optional(Some(inner)) => optional_field(inner, name),
        list @ Value::List(_) => Err(fieldless(list, name)),
        // What has no fields has not this one either.
        _ => Ok(Value::Optional(None)),
    }
}

/// `has(operand.name)`.
pub(super) fn has(operand: &Value<'_>, name: &str) -> Result<bool, Failure> {
    match operand {
        Value::Map(map) => Ok(map.field(name).is_some()),
        Value::Optional(Some(inner)) => has(inner, name),
        list @ Value::List(_) => Err(fieldless(list, name)),
        _ => Ok(false),
    }
}

/// `operand[key]`.
pub(super) fn index<'a>(operand: &Value<'a>, key: &Value<'a>, budget: &mut Budget) -> Answer<'a> {
    match operand {
        Value::Optional(_) => optional_index(operand, key, budget),
        other => found(other, key, budget)?.ok_or_else(|| match key {
            Value::String(name) => absent(name),
            key => elements::absent(key),
        }),
    }
}

/// `operand[?key]`.
pub(super) fn optional_index<'a>(
    operand: &Value<'a>,
    key: &Value<'a>,
    budget: &mut Budget,
) -> Answer<'a> {
    match operand {
        Value::Optional(Some(inner)) => optional_index(inner, key, budget),
        Value::List(_) if matches!(key, Value::Double(place) if place.fract() != 0.0) => {
            Err(unkeyed(operand, key))
        }
        Value::List(_) | Value::Map(_) => found(operand, key, budget).map(optional),
        _ if elements::is_key(key) => Ok(Value::Optional(None)),
        _ => Err(unkeyed(operand, key)),
    }
}

/// The value of a key or place, if there is one.
fn found<'a>(
    operand: &Value<'a>,
    key: &Value<'a>,
    budget: &mut Budget,
) -> Result<Option<Value<'a>>, Failure> {
    elements::found(operand, key, budget).map_err(|failure| match failure {
        Failure::Unfit => unkeyed(operand, key),
        failure => failure,
    })
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
