//! When values are equal, and which comes first. Numbers are compared by what they count, whatever their types.

use std::cmp::Ordering;

use super::budget::{Budget, Failure};
use super::list::List;
use super::map::Map;
use super::value::Value;

/// Whether two values are equal. Values of different types are not, save numbers.
pub(super) fn equal(a: &Value<'_>, b: &Value<'_>, budget: &mut Budget) -> Result<bool, Failure> {
    budget.charge(1)?;
    Ok(match (a, b) {
        (Value::String(a), Value::String(b)) => {
            budget.charge_text(a.len().min(b.len()))?;
            **a == **b
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            budget.charge_text(a.len().min(b.len()))?;
            a == b
        }
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Opaque(a), b) => return a.equal(b, budget),
        (Value::List(a), Value::List(b)) => return lists(a, b, budget),
        (Value::Map(a), Value::Map(b)) => return maps(a, b, budget),
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => return equal(a, b, budget),
            (a, b) => a.is_none() && b.is_none(),
        },
        _ => numbers(a, b) == Some(Ordering::Equal),
    })
}

fn lists(a: &List<'_>, b: &List<'_>, budget: &mut Budget) -> Result<bool, Failure> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !equal(&a, &b, budget)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn maps(a: &Map<'_>, b: &Map<'_>, budget: &mut Budget) -> Result<bool, Failure> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, a) in a.entries() {
        match b.get(&key) {
            Some(b) if equal(&a, &b, budget)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Which of two values comes first; `None` where none does: a number that is none, or values of
/// types that have no order between them.
pub(super) fn compare(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some((**a).cmp(&**b)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => numbers(a, b),
    }
}

/// The order of two numbers; beside a double, a whole number is the double nearest to it.
fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Double(_), _) | (_, Value::Double(_)) => double(a)?.partial_cmp(&double(b)?),
        (a, b) => Some(whole(a)?.cmp(&whole(b)?)),
    }
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "the nearest is meant")]
fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        value => whole(value).map(|number| number as f64),
    }
}
