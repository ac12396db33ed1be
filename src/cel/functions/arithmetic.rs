//! Sums, differences, products, quotients: of values of one type, and never out of its range.

use std::sync::Arc;

use super::elements::written;
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::list::List;
use crate::cel::value::Value;

pub(super) fn add<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    use Value::{Bytes, Double, Duration, Int, List, String, Timestamp, Uint};
    let sum = match args {
        [Int(a), Int(b)] => a.checked_add(*b).map(Int),
        [Uint(a), Uint(b)] => a.checked_add(*b).map(Uint),
        [Double(a), Double(b)] => Some(Double(a + b)),
        [Duration(a), Duration(b)] => a.checked_add(*b).map(Duration),
        [Timestamp(a), Duration(b)] | [Duration(b), Timestamp(a)] => a.plus(*b).map(Timestamp),
        [String(a), String(b)] => {
            budget.charge_text(a.len().saturating_add(b.len()))?;
            Some(Value::text([&**a, &**b].concat()))
        }
        [Bytes(a), Bytes(b)] => {
            budget.charge_text(a.len().saturating_add(b.len()))?;
            Some(Bytes(Arc::from([&**a, &**b].concat())))
        }
        [List(a), List(b)] => Some(List(joined(a, b, budget)?)),
        _ => return Err(Failure::Unfit),
    };
    sum.ok_or_else(|| beyond(args, "+"))
}

fn joined<'a>(a: &List<'a>, b: &List<'a>, budget: &mut Budget) -> Result<List<'a>, Failure> {
    if a.is_empty() {
        return Ok(b.clone());
    }
    if b.is_empty() {
        return Ok(a.clone());
    }
    budget.charge(a.len().saturating_add(b.len()))?;
    Ok(List::Built(a.iter().chain(b.iter()).collect()))
}

pub(super) fn subtract<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    use Value::{Double, Duration, Int, Timestamp, Uint};
    let difference = match args {
        [Int(a), Int(b)] => a.checked_sub(*b).map(Int),
        [Uint(a), Uint(b)] => a.checked_sub(*b).map(Uint),
        [Double(a), Double(b)] => Some(Double(a - b)),
        [Duration(a), Duration(b)] => a.checked_sub(*b).map(Duration),
        [Timestamp(a), Duration(b)] => {
            let earlier = b.checked_neg().and_then(|back| a.plus(back));
            earlier.map(Timestamp)
        }
        [Timestamp(a), Timestamp(b)] => a.since(*b).map(Duration),
        _ => return Err(Failure::Unfit),
    };
    difference.ok_or_else(|| beyond(args, "-"))
}

pub(super) fn multiply<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    let product = match args {
        [Value::Int(a), Value::Int(b)] => a.checked_mul(*b).map(Value::Int),
        [Value::Uint(a), Value::Uint(b)] => a.checked_mul(*b).map(Value::Uint),
        [Value::Double(a), Value::Double(b)] => Some(Value::Double(a * b)),
        _ => return Err(Failure::Unfit),
    };
    product.ok_or_else(|| beyond(args, "*"))
}

pub(super) fn divide<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    let quotient = match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            return Err(by_zero(args, "/"));
        }
        [Value::Int(a), Value::Int(b)] => a.checked_div(*b).map(Value::Int),
        [Value::Uint(a), Value::Uint(b)] => a.checked_div(*b).map(Value::Uint),
        [Value::Double(a), Value::Double(b)] => Some(Value::Double(a / b)),
        _ => return Err(Failure::Unfit),
    };
    quotient.ok_or_else(|| beyond(args, "/"))
}

pub(super) fn remain<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    let rest = match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            return Err(by_zero(args, "%"));
        }
        [Value::Int(a), Value::Int(b)] => a.checked_rem(*b).map(Value::Int),
        [Value::Uint(a), Value::Uint(b)] => a.checked_rem(*b).map(Value::Uint),
        _ => return Err(Failure::Unfit),
    };
    rest.ok_or_else(|| beyond(args, "%"))
}

pub(super) fn negate<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    let negative = match args {
        [Value::Int(number)] => number.checked_neg().map(Value::Int),
        [Value::Double(number)] => Some(Value::Double(-number)),
        // No signature has it, and Kubernetes does it all the same where the type is not known before.
        [Value::Duration(nanos)] => nanos.checked_neg().map(Value::Duration),
        _ => return Err(Failure::Unfit),
    };
    negative.ok_or_else(|| beyond(args, "-"))
}

fn by_zero(args: &[Value<'_>], sign: &str) -> Failure {
    wrong(format!("division by zero: {}", operation(args, sign)))
}

fn beyond(args: &[Value<'_>], sign: &str) -> Failure {
    wrong(format!("out of range: {}", operation(args, sign)))
}

fn operation(args: &[Value<'_>], sign: &str) -> String {
    match args {
        [a, b] => format!("{} {sign} {}", written(a), written(b)),
        args => format!("{sign}({})", args.iter().map(written).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Run;
    use super::*;

    fn of_ints(run: Run, a: i64, b: i64) -> Option<i64> {
        match run(&[Value::Int(a), Value::Int(b)], &mut Budget::new(0)) {
            Ok(Value::Int(result)) => Some(result),
            _ => None,
        }
    }

    #[test]
    fn whole_numbers_never_leave_their_range() {
        let (least, most) = (i64::MIN, i64::MAX);
        assert_eq!(of_ints(add, most, 1), None);
        assert_eq!(of_ints(add, most, -1), Some(most - 1));
        assert_eq!(of_ints(subtract, 0, least), None);
        assert_eq!(of_ints(multiply, most, -1), Some(-most));
        assert_eq!(of_ints(multiply, least, -1), None);
        assert_eq!(of_ints(divide, least, -1), None);
        assert_eq!(of_ints(remain, least, -1), None);
        assert_eq!(of_ints(divide, -7, 2), Some(-3));
        assert_eq!(of_ints(remain, -7, 4), Some(-3));
    }

    #[test]
    fn errors_name_the_operation() {
        let fail =
            |run: Run, args: &[Value<'_>]| run(args, &mut Budget::new(0)).unwrap_err().to_string();
        let ints = [Value::Int(7), Value::Int(0)];
        assert_eq!(fail(divide, &ints), "division by zero: 7 / 0");
        assert_eq!(fail(remain, &ints), "division by zero: 7 % 0");
        let uints = [Value::Uint(1), Value::Uint(2)];
        assert_eq!(fail(subtract, &uints), "out of range: 1u - 2u");
        let least = [Value::Int(i64::MIN)];
        assert_eq!(
            fail(negate, &least),
            "out of range: -(-9223372036854775808)"
        );
        let mixed = [Value::Int(1), Value::Double(2.0)];
        assert_eq!(fail(add, &mixed), Failure::Unfit.to_string());
    }

    #[test]
    fn doubles_divide_by_zero_to_infinity() {
        let args = [Value::Double(1.0), Value::Double(0.0)];
        let quotient = divide(&args, &mut Budget::new(0));
        assert!(matches!(quotient, Ok(Value::Double(f64::INFINITY))));
    }

    #[test]
    fn a_text_is_paid_for_before_it_is_made() {
        let text = Value::text("a".repeat(100));
        let args = [text.clone(), text];
        assert_eq!(
            add(&args, &mut Budget::new(19)).unwrap_err(),
            Failure::Exhausted
        );
        assert!(
            matches!(add(&args, &mut Budget::new(20)), Ok(Value::String(both)) if both.len() == 200)
        );
    }
}
