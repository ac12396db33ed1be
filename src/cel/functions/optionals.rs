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
    .shown(&[("optional.none().or(optional.of(2)).value()", "2")])
    .early(itself),
    function(
        &["<optional(A)>.orValue(A) -> A"],
        "The value it holds, or else the other.",
        or_value,
    )
    .shown(&[
        ("{'a': 1}[?'b'].orValue(0)", "0"),
        ("optional.of(1).orValue(1 / 0)", "1"),
    ])
    .early(held),
    function(
        &["optional.unwrap(list(optional(A))) -> list(A)"],
        "What the optionals of a list hold, without those that hold nothing.",
        unwrap,
    )
    .shown(&[("optional.unwrap([optional.of(1), optional.none()])", "[1]")]),
    function(
        &["<list(optional(A))>.unwrapOpt() -> list(A)"],
        "What the optionals of a list hold, without those that hold nothing.",
        unwrap,
    )
    .shown(&[("[optional.of(1), optional.none()].unwrapOpt()", "[1]")]),
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
        [own, other] => Ok(itself(own).unwrap_or_else(|| other.clone())),
        _ => Err(Failure::Unfit),
    }
}

fn or_value<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    match args {
        [own, other] => Ok(held(own).unwrap_or_else(|| other.clone())),
        _ => Err(Failure::Unfit),
    }
}

/// The value itself, unless it is an optional that holds nothing.
fn itself<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Optional(None) => None,
        own => Some(own.clone()),
    }
}

/// What an optional holds. A value that is no optional is taken for what one holds: Kubernetes does so
/// where the type is not known before it runs.
fn held<'a>(value: &Value<'a>) -> Option<Value<'a>> {
    match value {
        Value::Optional(held) => held.as_deref().cloned(),
        plain => Some(plain.clone()),
    }
}

fn unwrap<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge(list.len())?;
    let mut values = Vec::new();
    for item in list.iter() {
        match item {
            Value::Optional(held) => values.extend(held.as_deref().cloned()),
            _ => return Err(Failure::Unfit),
        }
    }
    Ok(Value::list(values))
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
    fn what_is_not_there_has_another_value() {
        let (one, empty) = (Value::Int(1).some(), Value::Optional(None));
        let two = Value::Int(2);
        let given = |own: &Value<'static>| or_value(&[own.clone(), two.clone()], &mut budget());
        assert!(matches!(given(&one), Ok(Value::Int(1))));
        assert!(matches!(given(&empty), Ok(Value::Int(2))));
        assert!(matches!(given(&Value::Int(3)), Ok(Value::Int(3))));
        let other = or(&[empty.clone(), one.clone()], &mut budget());
        assert!(matches!(other, Ok(Value::Optional(Some(_)))));
        assert!(matches!(
            value(&[empty], &mut budget()),
            Err(Failure::Wrong(_))
        ));
        assert_eq!(value(&[two], &mut budget()).unwrap_err(), Failure::Unfit);
    }

    #[test]
    fn the_other_value_is_worked_out_only_when_it_is_asked_for() {
        let environment = crate::cel::Environment::new(&[], &[]);
        let answer = |expression: &str| {
            let program = environment.compile(expression).expect(expression);
            let value = program.evaluate(&Nothing, &mut Budget::new(100));
            value.map(|value| format!("{value:?}"))
        };
        assert_eq!(
            answer("optional.of(1).orValue(1 / 0)").as_deref(),
            Ok("Int(1)")
        );
        assert_eq!(
            answer("optional.of(1).or(optional.of(1 / 0)).value()").as_deref(),
            Ok("Int(1)")
        );
        assert_eq!(answer("dyn(3).orValue(1 / 0)").as_deref(), Ok("Int(3)"));
        assert!(answer("optional.none().orValue(1 / 0)").is_err());
    }

    /// No variables.
    struct Nothing;

    impl<'a> crate::cel::Scope<'a> for Nothing {
        fn variable(&self, _: usize, _: &mut Budget) -> Answer<'a> {
            Err(Failure::Unfit)
        }
    }
}
