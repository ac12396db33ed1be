//! What asks which value of a list comes first, and what adds them up.
//!
//! Values that have no order between them, as a text and a number in one list of an object have
//! none, are no error where Kubernetes makes none of it: neither is put before the other.

use std::cmp::Ordering;
use std::mem::discriminant;

use super::arithmetic::add;
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::order::compare;
use crate::cel::types::Type;
use crate::cel::value::Value;

pub(super) fn is_sorted<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list)] = args else {
        return Err(Failure::Unfit);
    };
    let mut left: Option<Value<'a>> = None;
    for right in list.iter() {
        pay(&right, budget)?;
        if left.is_some_and(|left| compare(&left, &right) == Some(Ordering::Greater)) {
            return Ok(Value::Bool(false));
        }
        left = Some(right);
    }
    Ok(Value::Bool(true))
}

pub(super) fn min<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    extreme(args, Ordering::Less, budget)
}

pub(super) fn max<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    extreme(args, Ordering::Greater, budget)
}

/// The first value that no other one is before, or after.
fn extreme<'a>(args: &[Value<'a>], side: Ordering, budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list)] = args else {
        return Err(Failure::Unfit);
    };
    let mut best: Option<Value<'a>> = None;
    for item in list.iter() {
        pay(&item, budget)?;
        match &best {
            Some(best) if compare(&item, best) != Some(side) => {}
            _ => best = Some(item),
        }
    }
    best.ok_or_else(|| wrong("a list without values has no least and no greatest one"))
}

/// Pays for a value to be compared; refuses one of a type that has no order.
fn pay(value: &Value<'_>, budget: &mut Budget) -> Result<(), Failure> {
    budget.charge(1)?;
    match value {
        Value::String(text) => budget.charge_text(text.len()),
        Value::Bytes(bytes) => budget.charge_text(bytes.len()),
        Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::Timestamp(_)
        | Value::Duration(_) => Ok(()),
        _ => Err(Failure::Unfit),
    }
}

/// Adds up. Where the type of the values is known before any is, the compiler adds the [`zero`] that
/// the sum of none is.
pub(super) fn sum<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (list, zero) = match args {
        [Value::List(list)] => (list, Value::Int(0)),
        [Value::List(list), zero] => (list, zero.clone()),
        _ => return Err(Failure::Unfit),
    };
    let mut sum = match list.get(0) {
        None => zero,
        Some(Value::Int(_)) => Value::Int(0),
        Some(Value::Uint(_)) => Value::Uint(0),
        Some(Value::Double(_)) => Value::Double(0.0),
        Some(Value::Duration(_)) => Value::Duration(0),
        Some(_) => return Err(Failure::Unfit),
    };
    for item in list.iter() {
        budget.charge(1)?;
        sum = add(&[sum, item], budget)?;
    }
    Ok(sum)
}

/// The sum of no values of a type; a whole number where the type is not known.
pub(in crate::cel) fn zero(kind: &Type) -> Value<'static> {
    match kind {
        Type::Uint => Value::Uint(0),
        Type::Double => Value::Double(0.0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    }
}

pub(super) fn sort<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(list)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge(list.len())?;
    by_keys(list.iter().map(|key| (key.clone(), key)).collect(), budget)
}

/// The values that stand to the right, in the order of the keys to their left. The keys are of one
/// type; values of equal keys stay in the order they have.
pub(in crate::cel) fn by_keys<'a>(
    mut pairs: Vec<(Value<'a>, Value<'a>)>,
    budget: &mut Budget,
) -> Answer<'a> {
    let steps = pairs.len().checked_ilog2().unwrap_or(0);
    for (key, _) in &pairs {
        // Sorting needs a total order: where there is none it does not begin.
        orderly(&pairs, key)?;
        for _ in 0..=steps {
            pay(key, budget)?;
        }
    }
    pairs.sort_by(|(a, _), (b, _)| compare(a, b).unwrap_or(Ordering::Equal));
    let values = pairs.into_iter().map(|(_, value)| value);
    Ok(Value::list(values.collect()))
}

/// Whether a key is of the type of the first one, and has a place in an order.
fn orderly(pairs: &[(Value<'_>, Value<'_>)], key: &Value<'_>) -> Result<(), Failure> {
    if matches!(key, Value::Double(number) if number.is_nan()) {
        return Err(wrong("\"NaN\" has no place in an order"));
    }
    match pairs.first() {
        Some((first, _)) if discriminant(first) != discriminant(key) => {
            let (first, kind) = (first.type_name(), key.type_name());
            Err(wrong(format!(
                "values of the types \"{first}\" and \"{kind}\" cannot be sorted together"
            )))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(run: crate::cel::functions::Run, items: &[Value<'static>]) -> Result<String, Failure> {
        let list = Value::list(items.to_vec());
        run(&[list], &mut Budget::new(1_000)).map(|value| format!("{value:?}"))
    }

    fn texts(items: &[&'static str]) -> Vec<Value<'static>> {
        items.iter().map(|item| Value::text(*item)).collect()
    }

    #[test]
    fn values_without_an_order_between_them_keep_their_places() {
        let mixed = [Value::Int(1), Value::text("a"), Value::Int(0)];
        assert_eq!(run(is_sorted, &mixed).unwrap(), "Bool(true)");
        assert_eq!(run(max, &mixed[..2]).unwrap(), "Int(1)");
        let nan = [Value::Double(f64::NAN), Value::Double(1.0)];
        assert_eq!(run(max, &nan).unwrap(), "Double(NaN)");
    }

    #[test]
    fn a_value_of_a_type_without_an_order_is_refused() {
        for odd in [Value::Null, Value::list(Vec::new()), Value::Type("int")] {
            let items = [Value::Int(1), odd];
            for function in [is_sorted, min, max, sum] {
                assert_eq!(run(function, &items), Err(Failure::Unfit));
            }
            assert!(run(sort, &items).is_err());
            assert!(run(sort, &items[1..]).is_err());
        }
    }

    #[test]
    fn numbers_of_two_types_are_compared_but_neither_added_nor_sorted() {
        let items = [Value::Int(1), Value::Double(2.0)];
        assert_eq!(run(max, &items).unwrap(), "Double(2.0)");
        assert_eq!(run(sum, &items), Err(Failure::Unfit));
        assert!(run(sort, &items).is_err());
    }

    #[test]
    fn a_sum_beyond_its_type_is_an_error() {
        for (most, one) in [
            (Value::Int(i64::MAX), Value::Int(1)),
            (Value::Uint(u64::MAX), Value::Uint(1)),
            (Value::Duration(i64::MIN), Value::Duration(-1)),
        ] {
            assert!(matches!(run(sum, &[most, one]), Err(Failure::Wrong(_))));
        }
    }

    #[test]
    fn the_empty_list_has_no_extremes() {
        assert!(matches!(run(min, &[]), Err(Failure::Wrong(_))));
        assert!(matches!(run(max, &[]), Err(Failure::Wrong(_))));
        assert_eq!(run(sum, &[]).unwrap(), "Int(0)");
    }

    #[test]
    fn the_sum_of_no_values_is_of_the_type_of_the_list() {
        for kind in [Type::Uint, Type::Double, Type::Duration, Type::Dyn] {
            let args = [Value::list(Vec::new()), zero(&kind)];
            let sum = sum(&args, &mut Budget::new(10)).unwrap();
            assert_eq!(format!("{sum:?}"), format!("{:?}", zero(&kind)));
        }
    }

    #[test]
    fn capital_letters_are_sorted_before_small_ones() {
        let sorted = run(sort, &texts(&["b", "a", "B"])).unwrap();
        assert_eq!(sorted, r#"List([String("B"), String("a"), String("b")])"#);
    }

    #[test]
    fn no_list_is_sorted_by_something_without_a_total_order() {
        let nan = [
            Value::Double(2.0),
            Value::Double(f64::NAN),
            Value::Double(1.0),
        ];
        assert!(matches!(run(sort, &nan), Err(Failure::Wrong(_))));
    }

    #[test]
    fn sorting_long_texts_costs_more_than_sorting_short_ones() {
        let cost = |items: &[&'static str]| {
            let mut budget = Budget::new(100_000);
            sort(&[Value::list(texts(items))], &mut budget).unwrap();
            100_000 - budget.left()
        };
        let long: &'static str = "a".repeat(1_000).leak();
        assert!(cost(&[long, long]) > cost(&["a", "a"]) + 100);
    }
}
