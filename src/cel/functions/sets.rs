//! Lists taken as sets: how often and where a value is in them does not count.

use super::elements::among;
use super::{Function, function};
use crate::cel::budget::{Answer, Budget, Failure};
use crate::cel::list::List;
use crate::cel::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &["sets.contains(list(A), list(A)) -> bool"],
        "Whether a list holds every value of another.",
        contains,
    )
    .shown(&[
        ("sets.contains([], [])", "true"),
        ("sets.contains([], [1])", "false"),
        ("sets.contains([1, 2, 3, 4], [2, 3])", "true"),
        (
            "sets.contains([1, 2, 3], [dyn(1.0), dyn(2u), dyn(3)])",
            "true",
        ),
    ]),
    function(
        &["sets.equivalent(list(A), list(A)) -> bool"],
        "Whether two lists hold the same values.",
        equivalent,
    )
    .shown(&[
        ("sets.equivalent([], [])", "true"),
        ("sets.equivalent([1], [1, 1])", "true"),
        ("sets.equivalent([1], [dyn(1u), dyn(1.0)])", "true"),
        (
            "sets.equivalent([1, 2, 3], [dyn(3u), dyn(2.0), dyn(1)])",
            "true",
        ),
        ("sets.equivalent([1], [1, 2])", "false"),
    ]),
    function(
        &["sets.intersects(list(A), list(A)) -> bool"],
        "Whether two lists have a value in common.",
        intersects,
    )
    .shown(&[
        ("sets.intersects([1], [])", "false"),
        ("sets.intersects([1], [1, 2])", "true"),
        ("sets.intersects([[1], [2, 3]], [[1, 2], [2, 3]])", "true"),
    ]),
];

fn contains<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(whole), Value::List(part)] = args else {
        return Err(Failure::Unfit);
    };
    Ok(Value::Bool(holds_all(whole, part, budget)?))
}

fn equivalent<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(a), Value::List(b)] = args else {
        return Err(Failure::Unfit);
    };
    Ok(Value::Bool(
        holds_all(a, b, budget)? && holds_all(b, a, budget)?,
    ))
}

fn intersects<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::List(a), Value::List(b)] = args else {
        return Err(Failure::Unfit);
    };
    for item in a.iter() {
        budget.charge(1)?;
        if among(&item, b, budget)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn holds_all(whole: &List<'_>, part: &List<'_>, budget: &mut Budget) -> Result<bool, Failure> {
    for item in part.iter() {
        budget.charge(1)?;
        if !among(&item, whole, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(items: &[f64]) -> Value<'static> {
        Value::list(items.iter().copied().map(Value::Double).collect())
    }

    #[test]
    fn what_equals_nothing_is_in_no_set() {
        let nan = numbers(&[f64::NAN]);
        for function in FUNCTIONS {
            let answer = (function.run)(&[nan.clone(), nan.clone()], &mut Budget::new(100));
            assert!(matches!(answer, Ok(Value::Bool(false))));
        }
    }

    #[test]
    fn only_lists_are_sets() {
        for function in FUNCTIONS {
            for odd in [Value::text("a"), Value::Null] {
                let answer = (function.run)(&[numbers(&[1.0]), odd.clone()], &mut Budget::new(100));
                assert!(matches!(answer, Err(Failure::Unfit)));
                let answer = (function.run)(&[odd, numbers(&[1.0])], &mut Budget::new(100));
                assert!(matches!(answer, Err(Failure::Unfit)));
            }
        }
    }

    #[test]
    fn every_comparison_is_paid_for() {
        let (a, b) = (numbers(&[1.0; 50]), numbers(&[2.0; 50]));
        let answer = intersects(&[a, b], &mut Budget::new(2_000));
        assert!(matches!(answer, Err(Failure::Exhausted)));
    }
}
