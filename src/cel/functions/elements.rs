//! What is in lists and maps.

use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::list::List;
use crate::cel::order;
use crate::cel::value::Value;

pub(super) fn contained<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [value, Value::List(list)] => among(value, list, budget).map(Value::Bool),
        [key, Value::Map(map)] => {
            charge_lookup(key, budget)?;
            Ok(Value::Bool(map.get(key).is_some()))
        }
        _ => Err(Failure::Unfit),
    }
}

/// Whether a list has a value that is equal to this one.
pub(super) fn among(
    value: &Value<'_>,
    list: &List<'_>,
    budget: &mut Budget,
) -> Result<bool, Failure> {
    for own in list.iter() {
        if order::equal(value, &own, budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn index<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [of, key] => found(of, key, budget)?.ok_or_else(|| absent(key)),
        _ => Err(Failure::Unfit),
    }
}

/// The value at a place of a list or under a key of a map, if there is one.
pub(in crate::cel) fn found<'a>(
    of: &Value<'a>,
    key: &Value<'a>,
    budget: &mut Budget,
) -> Result<Option<Value<'a>>, Failure> {
    match (of, key) {
        (Value::List(list), Value::Int(_) | Value::Uint(_) | Value::Double(_)) => {
            Ok(place(key).and_then(|place| list.get(place)))
        }
        (Value::Map(map), key) if is_key(key) => {
            charge_lookup(key, budget)?;
            Ok(map.get(key))
        }
        _ => Err(Failure::Unfit),
    }
}

/// Whether something can be looked up by a value. Where its type is not known before it runs, a double
/// finds the key that is the same number.
pub(in crate::cel) fn is_key(value: &Value<'_>) -> bool {
    matches!(
        value,
        Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_)
    )
}

/// The place of a list that a number is. Where its type is not known before it runs, a number without
/// a sign and a double that is a whole number are places too.
fn place(key: &Value<'_>) -> Option<usize> {
    match key {
        Value::Int(place) => usize::try_from(*place).ok(),
        Value::Uint(place) => usize::try_from(*place).ok(),
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
        Value::Double(place) if place.fract() == 0.0 => usize::try_from(*place as i128).ok(),
        _ => None,
    }
}

fn charge_lookup(key: &Value<'_>, budget: &mut Budget) -> Result<(), Failure> {
    match key {
        Value::String(key) => budget.charge_text(key.len()),
        _ => Ok(()),
    }
}

/// The failure of a list or map that has no such place or key.
pub(in crate::cel) fn absent(key: &Value<'_>) -> Failure {
    let key = written(key);
    wrong(format!("there is no `[{key}]`"))
}

/// A value as an error names it.
pub(super) fn written(value: &Value<'_>) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => format!("{number}u"),
        Value::Double(number) => number.to_string(),
        Value::String(text) => format!("{:?}", text.chars().take(100).collect::<String>()),
        other => format!("a {}", other.type_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::map::{Key, Map};

    fn at<'a>(of: &Value<'a>, place: Value<'a>) -> Answer<'a> {
        index(&[of.clone(), place], &mut Budget::new(100))
    }

    #[test]
    fn lists_are_indexed_by_whole_numbers() {
        let list = Value::list(vec![Value::Int(3), Value::Int(1)]);
        for place in [Value::Int(1), Value::Uint(1), Value::Double(1.0)] {
            assert!(matches!(at(&list, place), Ok(Value::Int(1))));
        }
        for place in [
            Value::Int(-1),
            Value::Int(2),
            Value::Double(-1.0),
            Value::Double(0.5),
            Value::Double(1e300),
            Value::Double(f64::NAN),
        ] {
            assert!(matches!(at(&list, place), Err(Failure::Wrong(_))));
        }
        assert_eq!(at(&list, Value::text("0")).unwrap_err(), Failure::Unfit);
        let error = at(&list, Value::Int(5)).unwrap_err().to_string();
        assert_eq!(error, "there is no `[5]`");
    }

    #[test]
    fn maps_are_indexed_by_keys_of_equal_numbers() {
        let key = Key::of(Value::Int(1)).unwrap();
        let map = Value::Map(Map::build(vec![(key, Value::Bool(true))]).unwrap());
        for key in [Value::Int(1), Value::Uint(1), Value::Double(1.0)] {
            assert!(matches!(at(&map, key), Ok(Value::Bool(true))));
        }
        for key in [Value::Double(1.5), Value::text("1"), Value::Bool(true)] {
            assert!(matches!(at(&map, key), Err(Failure::Wrong(_))));
        }
        for key in [Value::Null, Value::list(vec![])] {
            assert_eq!(at(&map, key).unwrap_err(), Failure::Unfit);
        }
        let error = at(&map, Value::text("x")).unwrap_err().to_string();
        assert_eq!(error, "there is no `[\"x\"]`");
    }

    #[test]
    fn a_key_is_paid_for_by_its_length() {
        let map = Value::Map(Map::build(vec![]).unwrap());
        let key = Value::text("a".repeat(2_000));
        assert_eq!(at(&map, key).unwrap_err(), Failure::Exhausted);
    }

    #[test]
    fn a_list_has_what_is_equal_to_one_of_its_values() {
        let list = Value::list(vec![Value::Int(3), Value::text("a")]);
        let has = |value| contained(&[value, list.clone()], &mut Budget::new(100));
        assert!(matches!(has(Value::Double(3.0)), Ok(Value::Bool(true))));
        assert!(matches!(has(Value::text("b")), Ok(Value::Bool(false))));
    }
}
