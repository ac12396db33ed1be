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
        [Value::List(list), at] => element(list, at),
        [Value::Map(map), key] => {
            charge_lookup(key, budget)?;
            map.get(key).ok_or_else(|| no_such_key(key))
        }
        _ => Err(Failure::Unfit),
    }
}

fn element<'a>(list: &List<'a>, at: &Value<'_>) -> Answer<'a> {
    let place = match at {
        Value::Int(at) => usize::try_from(*at).ok(),
        Value::Uint(at) => usize::try_from(*at).ok(),
        // Where its type is not known before, a double that is a whole number is a place too.
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
        Value::Double(at) if at.fract() == 0.0 => usize::try_from(*at as i128).ok(),
        _ => return Err(Failure::Unfit),
    };
    let found = place.and_then(|place| list.get(place));
    found.ok_or_else(|| {
        let (at, length) = (written(at), list.len());
        wrong(format!("index out of bounds: {at} in a list of {length}"))
    })
}

fn charge_lookup(key: &Value<'_>, budget: &mut Budget) -> Result<(), Failure> {
    budget.charge(1)?;
    match key {
        Value::String(key) => budget.charge_text(key.len()),
        _ => Ok(()),
    }
}

/// The failure of a map that has no such key.
pub(in crate::cel) fn no_such_key(key: &Value<'_>) -> Failure {
    wrong(format!("no such key: {}", written(key)))
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
            Value::Double(1e300),
        ] {
            assert!(matches!(at(&list, place), Err(Failure::Wrong(_))));
        }
        for place in [
            Value::Double(0.5),
            Value::Double(f64::NAN),
            Value::text("0"),
        ] {
            assert_eq!(at(&list, place).unwrap_err(), Failure::Unfit);
        }
        let error = at(&list, Value::Int(5)).unwrap_err().to_string();
        assert_eq!(error, "index out of bounds: 5 in a list of 2");
    }

    #[test]
    fn maps_are_indexed_by_keys_of_equal_numbers() {
        let key = Key::of(Value::Int(1)).unwrap();
        let map = Value::Map(Map::build(vec![(key, Value::Bool(true))]).unwrap());
        for key in [Value::Int(1), Value::Uint(1), Value::Double(1.0)] {
            assert!(matches!(at(&map, key), Ok(Value::Bool(true))));
        }
        for key in [
            Value::Double(1.5),
            Value::text("1"),
            Value::Null,
            Value::list(vec![]),
        ] {
            assert!(matches!(at(&map, key), Err(Failure::Wrong(_))));
        }
        let error = at(&map, Value::text("x")).unwrap_err().to_string();
        assert_eq!(error, "no such key: \"x\"");
    }

    #[test]
    fn a_list_has_what_is_equal_to_one_of_its_values() {
        let list = Value::list(vec![Value::Int(3), Value::text("a")]);
        let has = |value| contained(&[value, list.clone()], &mut Budget::new(100));
        assert!(matches!(has(Value::Double(3.0)), Ok(Value::Bool(true))));
        assert!(matches!(has(Value::text("b")), Ok(Value::Bool(false))));
    }
}
