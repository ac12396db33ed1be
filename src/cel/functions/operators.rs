//! Operators. `&&`, `||`, `?:` and the choice of what may not be there are no functions: not all they are
//! given is worked out.

use std::cmp::Ordering;

use super::arithmetic::{add, divide, multiply, negate, remain, subtract};
use super::elements::{contained, index};

use super::{Function, function};
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::order;
use crate::cel::value::Value;

/// The signatures of a comparison.
macro_rules! comparison {
    ($name:literal) => {
        &[
            concat!($name, "(bool, bool) -> bool"),
            concat!($name, "(int, int) -> bool"),
            concat!($name, "(int, uint) -> bool"),
            concat!($name, "(int, double) -> bool"),
            concat!($name, "(uint, int) -> bool"),
            concat!($name, "(uint, uint) -> bool"),
            concat!($name, "(uint, double) -> bool"),
            concat!($name, "(double, int) -> bool"),
            concat!($name, "(double, uint) -> bool"),
            concat!($name, "(double, double) -> bool"),
            concat!($name, "(string, string) -> bool"),
            concat!($name, "(bytes, bytes) -> bool"),
            concat!($name, "(timestamp, timestamp) -> bool"),
            concat!($name, "(duration, duration) -> bool"),
        ]
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &[
            "_+_(int, int) -> int",
            "_+_(uint, uint) -> uint",
            "_+_(double, double) -> double",
            "_+_(string, string) -> string",
            "_+_(bytes, bytes) -> bytes",
            "_+_(list(A), list(A)) -> list(A)",
            "_+_(duration, duration) -> duration",
            "_+_(duration, timestamp) -> timestamp",
            "_+_(timestamp, duration) -> timestamp",
        ],
        "The sum of two numbers or times, or two texts or lists one after the other.",
        add,
    )
    .shown(&[
        ("1 + 2", "3"),
        ("'a' + 'b'", "\"ab\""),
        ("[1] + [2, 3]", "[1, 2, 3]"),
        ("duration('1h') + duration('30m') == duration('90m')", "true"),
    ]),
    function(
        &[
            "_-_(int, int) -> int",
            "_-_(uint, uint) -> uint",
            "_-_(double, double) -> double",
            "_-_(duration, duration) -> duration",
            "_-_(timestamp, duration) -> timestamp",
            "_-_(timestamp, timestamp) -> duration",
        ],
        "The difference of two numbers or times.",
        subtract,
    )
    .shown(&[
        ("1 - 2", "-1"),
        (
            "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')",
            "true",
        ),
    ]),
    function(
        &[
            "_*_(int, int) -> int",
            "_*_(uint, uint) -> uint",
            "_*_(double, double) -> double",
        ],
        "The product of two numbers.",
        multiply,
    )
    .shown(&[("3 * 4", "12"), ("1.5 * 2.0 == 3.0", "true")]),
    function(
        &[
            "_/_(int, int) -> int",
            "_/_(uint, uint) -> uint",
            "_/_(double, double) -> double",
        ],
        "The quotient of two numbers; of whole numbers, without its fraction.",
        divide,
    )
    .shown(&[("7 / 2", "3"), ("-7 / 2", "-3"), ("7.0 / 2.0", "3.5")]),
    function(
        &["_%_(int, int) -> int", "_%_(uint, uint) -> uint"],
        "What is left of a division; its sign is that of the first number.",
        remain,
    )
    .shown(&[("7 % 4", "3"), ("-7 % 4", "-3")]),
    function(
        &["-_(int) -> int", "-_(double) -> double"],
        "The number with the other sign.",
        negate,
    )
    .shown(&[("-(3)", "-3"), ("-(2.5)", "-2.5")]),
    function(&["!_(bool) -> bool"], "Whether it is false.", not).shown(&[("!true", "false")]),
    function(
        &["_==_(A, A) -> bool"],
        "Whether two values are equal; lists and maps, by all they hold.",
        equal,
    )
    .shown(&[("[1, 2] == [1, 2]", "true"), ("dyn(1) == 1.0", "true")]),
    function(
        &["_!=_(A, A) -> bool"],
        "Whether two values differ.",
        |args, budget| invert(&equal(args, budget)?),
    )
    .shown(&[("'a' != 'b'", "true")]),
    function(comparison!("_<_"), "Whether the first comes before the second.", |args, budget| {
        Ok(Value::Bool(order(args, budget)?.is_lt()))
    })
    .shown(&[("1 < 2", "true"), ("1 < 1.5", "true"), ("'a' < 'B'", "false")]),
    function(
        comparison!("_<=_"),
        "Whether the first comes before the second or is equal to it.",
        |args, budget| Ok(Value::Bool(order(args, budget)?.is_le())),
    )
    .shown(&[("2 <= 2u", "true")]),
    function(comparison!("_>_"), "Whether the first comes after the second.", |args, budget| {
        Ok(Value::Bool(order(args, budget)?.is_gt()))
    })
    .shown(&[("duration('90s') > duration('1m')", "true")]),
    function(
        comparison!("_>=_"),
        "Whether the first comes after the second or is equal to it.",
        |args, budget| Ok(Value::Bool(order(args, budget)?.is_ge())),
    )
    .shown(&[("'b' >= 'a'", "true")]),
    function(
        &["@in(A, list(A)) -> bool", "@in(A, map(A, B)) -> bool"],
        "Whether a list has the value, or a map the key.",
        contained,
    )
    .shown(&[("2 in [1, 2]", "true"), ("'a' in {'b': 1}", "false")]),
    function(
        &["_[_](list(A), int) -> A", "_[_](map(A, B), A) -> B"],
        "The value at a place of a list, counted from 0, or under a key of a map. Where there is none, an error.",
        index,
    )
    .shown(&[("[3, 1, 2][1]", "1"), ("{'a': 5}['a']", "5")]),
];

fn not<'a>(args: &[Value<'a>], _: &mut Budget) -> Answer<'a> {
    match args {
        [truth] => invert(truth),
        _ => Err(Failure::Unfit),
    }
}

fn invert<'a>(truth: &Value<'_>) -> Answer<'a> {
    match truth {
        Value::Bool(truth) => Ok(Value::Bool(!truth)),
        _ => Err(Failure::Unfit),
    }
}

fn equal<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [a, b] => Ok(Value::Bool(order::equal(a, b, budget)?)),
        _ => Err(Failure::Unfit),
    }
}

fn order(args: &[Value<'_>], budget: &mut Budget) -> Result<Ordering, Failure> {
    let [a, b] = args else {
        return Err(Failure::Unfit);
    };
    match (a, b) {
        (Value::String(a), Value::String(b)) => budget.charge_text(a.len().min(b.len()))?,
        (Value::Bytes(a), Value::Bytes(b)) => budget.charge_text(a.len().min(b.len()))?,
        _ => {}
    }
    order::compare(a, b).ok_or_else(|| unordered(args))
}

/// Why two values have no order: one is no number, or their types have none between them.
fn unordered(args: &[Value<'_>]) -> Failure {
    let number =
        |value: &Value<'_>| matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_));
    if args.iter().all(number) {
        wrong("a number is compared to what is no number (NaN)")
    } else {
        Failure::Unfit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(a: Value<'_>, b: Value<'_>) -> Result<Ordering, Failure> {
        order(&[a, b], &mut Budget::new(100))
    }

    #[test]
    fn numbers_are_compared_whatever_their_types() {
        use Value::{Double, Int, Uint};
        let less = Ok(Ordering::Less);
        assert_eq!(compared(Int(-1), Uint(u64::MAX)), less);
        assert_eq!(compared(Int(1), Double(1.5)), less);
        assert_eq!(
            compared(Uint(u64::MAX), Double(18_446_744_073_709_590_000.0)),
            less
        );
        let near = compared(Int(i64::MAX), Double(9_223_372_036_854_775_808.0));
        assert_eq!(near, Ok(Ordering::Equal));
    }

    #[test]
    fn no_number_has_no_order() {
        let nan = compared(Value::Double(f64::NAN), Value::Int(1));
        assert!(matches!(nan, Err(Failure::Wrong(_))));
        assert_eq!(
            compared(Value::Int(1), Value::text("1")),
            Err(Failure::Unfit)
        );
        assert_eq!(compared(Value::Null, Value::Null), Err(Failure::Unfit));
    }
}
