//! What may be there or not.

use super::{Function, function};
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::instant::Instant;
use crate::cel::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &["optional.of(A) -> optional(A)"],
        "An optional that holds the value.",
        |args, _| only(args).map(|value| value.clone().some()),
    )
    .shown(&[
        ("optional.of(1).value()", "1"),
        ("optional.of(null).hasValue()", "true"),
    ]),
    function(
        &["optional.none() -> optional(A)"],
        "An optional that holds nothing.",
        none,
    )
    .shown(&[("optional.none().hasValue()", "false")]),
    function(
        &["optional.ofNonZeroValue(A) -> optional(A)"],
        "An optional that holds the value, or nothing where it is empty, false, null or zero.",
        of_non_zero_value,
    )
    .shown(&[
        ("optional.ofNonZeroValue('').hasValue()", "false"),
        ("optional.ofNonZeroValue('a').value()", "\"a\""),
    ]),
    function(
        &["<optional(A)>.hasValue() -> bool"],
        "Whether it holds a value.",
        |args, _| match args {
            [Value::Optional(held)] => Ok(Value::Bool(held.is_some())),
            _ => Err(Failure::Unfit),
        },
    )
    .shown(&[("optional.of(0).hasValue()", "true")]),
    function(
        &["<optional(A)>.value() -> A"],
        "The value it holds. Where it holds none, an error.",
        value,
    )
    .shown(&[("optional.of('a').value()", "\"a\"")]),
    function(
        &["<optional(A)>.or(optional(A)) -> optional(A)"],
        "Itself where it holds a value, or else the other.",
        or,
    )
    .shown(&[("optional.none().or(optional.of(2)).value()", "2")]),
    function(
        &["<optional(A)>.orValue(A) -> A"],
        "The value it holds, or else the other.",
        or_value,
    )
    .shown(&[
        ("{'a': 1}[?'b'].orValue(0)", "0"),
        ("optional.of(1).orValue(0)", "1"),
    ]),
];

fn only<'v, 'a>(args: &'v [Value<'a>]) -> Result<&'v Value<'a>, Failure> {
    match args {
        [value] => Ok(value),
        _ => Err(Failure::Unfit),
    }
}

fn none<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    match args {
        [] => Ok(Value::Optional(None)),
        _ => Err(Failure::Unfit),
    }
}

fn of_non_zero_value<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    let value = only(args)?;
    Ok(if is_zero(value) {
        Value::Optional(None)
    } else {
        value.clone().some()
    })
}

/// Whether a value is the one its type begins with.
fn is_zero(value: &Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(truth) => !truth,
        Value::Int(number) | Value::Duration(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Timestamp(instant) => Instant::first() == *instant,
        Value::Optional(_) | Value::Type(_) | Value::Opaque(_) => false,
    }
}

fn value<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    match args {
        [Value::Optional(Some(held))] => Ok((**held).clone()),
        [Value::Optional(None)] => Err(wrong("an optional that holds nothing has no value")),
        _ => Err(Failure::Unfit),
    }
}

fn or<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    match args {
        [own @ Value::Optional(Some(_)), _] => Ok(own.clone()),
        [Value::Optional(None), other @ Value::Optional(_)] => Ok(other.clone()),
        _ => Err(Failure::Unfit),
    }
}

fn or_value<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    match args {
        [Value::Optional(Some(held)), _] => Ok((**held).clone()),
        [Value::Optional(None), other] => Ok(other.clone()),
        _ => Err(Failure::Unfit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Budget {
        Budget::new(10)
    }

    #[test]
    fn what_a_type_begins_with_is_zero() {
        let json = serde_json::json!([null, false, 0, 0.0, -0.0, "", [], {}]);
        for value in json.as_array().into_iter().flatten() {
            assert!(is_zero(&Value::of(value)), "{value}");
        }
        assert!(is_zero(&Value::Uint(0)) && is_zero(&Value::Duration(0)));
        assert!(is_zero(&Value::Timestamp(Instant::first())));
        let json = serde_json::json!([true, 1, 0.5, " ", [null], {"a": null}]);
        for value in json.as_array().into_iter().flatten() {
            assert!(!is_zero(&Value::of(value)), "{value}");
        }
        assert!(!is_zero(&Value::Double(f64::NAN)));
        assert!(!is_zero(&Value::Optional(None)));
    }

    #[test]
    fn only_an_optional_has_another_value() {
        let (held, empty) = (Value::Int(1).some(), Value::Optional(None));
        let two = Value::Int(2);
        let first = or_value(&[held.clone(), two.clone()], &mut budget());
        assert!(matches!(first, Ok(Value::Int(1))));
        let second = or_value(&[empty.clone(), two.clone()], &mut budget());
        assert!(matches!(second, Ok(Value::Int(2))));
        for plain in [
            or_value(&[two.clone(), two.clone()], &mut budget()),
            or(&[empty.clone(), two.clone()], &mut budget()),
            value(&[two], &mut budget()),
        ] {
            assert_eq!(plain.unwrap_err(), Failure::Unfit);
        }
        assert!(matches!(
            value(&[empty], &mut budget()),
            Err(Failure::Wrong(_))
        ));
    }
}
