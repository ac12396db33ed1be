//! Quantities, as Kubernetes writes them: `500m`, `1Gi`.

mod decimal;
mod notation;
mod amount;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use amount::Amount;
use notation::Notation;

use super::opaque::Opaque;
use super::{Function, Literal, function};
use crate::cel::budget::wrong;
use crate::cel::{Answer, Budget, Failure, Value};

/// A quantity. Two are equal that are as much, however they are written.
#[derive(Debug, Clone)]
pub struct Quantity {
    amount: Amount,
    /// Whether `add` or `sub` gave it.
    computed: bool,
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.amount.compare(&other.amount).is_eq()
    }
}

impl Quantity {
    /// How the two are ordered.
    pub(super) fn order(&self, other: &Self, budget: &mut Budget) -> Result<Ordering, Failure> {
        self.pay(budget)?;
        other.pay(budget)?;
        Ok(self.amount.compare(&other.amount))
    }

    /// Whether both are as much. Kubernetes has no `==` that ends with what `add` or `sub` gave.
    pub(super) fn equal(&self, other: &Self, budget: &mut Budget) -> Result<bool, Failure> {
        if other.computed {
            return Err(wrong(
                "what 'add' or 'sub' gives stands on the right of '=='; put it on the left or use 'compareTo'",
            ));
        }
        Ok(self.order(other, budget)?.is_eq())
    }

    /// Pays for walking over it.
    fn pay(&self, budget: &mut Budget) -> Result<(), Failure> {
        budget.charge_text(self.amount.length())
    }
}

pub(super) const FUNCTIONS: &[Function] = &[
    function(&["quantity(string) -> Quantity"], "The quantity that a text writes.", quantity)
        .shown(&[
            ("quantity('1.5G') == quantity('1500M')", "true"),
            ("quantity('1Ki') == quantity('1024')", "true"),
            ("quantity('1e3') == quantity('1k')", "true"),
        ])
        .literal(Literal::Folded),
    function(&["isQuantity(string) -> bool"], "Whether a text writes a quantity.", is_quantity)
        .shown(&[
            ("isQuantity('1.3G')", "true"),
            ("isQuantity('1.3Gi')", "true"),
            ("isQuantity('1,3G')", "false"),
            ("isQuantity('10000k')", "true"),
            ("isQuantity('200K')", "false"),
            ("isQuantity('Three')", "false"),
        ])
        .literal(Literal::Folded),
    function(
        &["sign(Quantity) -> int"],
        "1 for more than nothing, 0 for nothing, -1 for less. It is called before the quantity, not on it.",
        sign,
    )
    .shown(&[("sign(quantity('50k'))", "1"), ("sign(quantity('-1m'))", "-1")]),
    function(
        &["<Quantity>.isInteger() -> bool"],
        "Whether `asInteger` gives a number.",
        is_integer,
    )
    .shown(&[
        ("quantity('50000000G').isInteger()", "true"),
        ("quantity('50k').isInteger()", "true"),
        ("quantity('9999999999999999999999999999999999999G').isInteger()", "false"),
        ("quantity('1.0').isInteger()", "false"),
    ]),
    function(
        &["<Quantity>.asInteger() -> int"],
        "The quantity as an integer. It errs for one that has a fraction, is written with one or is very large: \
         of those counted in `Pi` or `Ei`, all.",
        as_integer,
    )
    .shown(&[("quantity('50k').asInteger()", "50000")]),
    function(
        &["<Quantity>.asApproximateFloat() -> double"],
        "The quantity as a number that may lose precision.",
        as_approximate_float,
    )
    .shown(&[
        ("quantity('500m').asApproximateFloat()", "0.5"),
        ("quantity('50k').sub(20000).asApproximateFloat()", "30000.0"),
    ]),
    function(
        &["<Quantity>.add(Quantity) -> Quantity", "<Quantity>.add(int) -> Quantity"],
        "The sum. It can be compared with `compareTo`; in `==` it can only stand on the left.",
        add,
    )
    .shown(&[
        ("quantity('50k').add(quantity('20k')) == quantity('70k')", "true"),
        ("quantity('50k').add(20) == quantity('50020')", "true"),
        ("quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')", "true"),
    ]),
    function(
        &["<Quantity>.sub(Quantity) -> Quantity", "<Quantity>.sub(int) -> Quantity"],
        "The difference. It can be compared as a sum can.",
        sub,
    )
    .shown(&[
        ("quantity('50k').sub(quantity('20k')) == quantity('30k')", "true"),
        ("quantity('50k').sub(20000) == quantity('30k')", "true"),
    ]),
    function(
        &["<Quantity>.isLessThan(Quantity) -> bool", "<Semver>.isLessThan(Semver) -> bool"],
        "Whether a quantity is less than another, or a version comes before another.",
        is_less_than,
    )
    .shown(&[
        ("quantity('50M').isLessThan(quantity('100M'))", "true"),
        ("quantity('100M').isLessThan(quantity('50M'))", "false"),
        ("semver('1.2.3').isLessThan(semver('1.10.0'))", "true"),
        ("semver('1.0.0-rc.1').isLessThan(semver('1.0.0'))", "true"),
    ]),
    function(
        &["<Quantity>.isGreaterThan(Quantity) -> bool", "<Semver>.isGreaterThan(Semver) -> bool"],
        "Whether a quantity is more than another, or a version comes after another.",
        is_greater_than,
    )
    .shown(&[
        ("quantity('150Mi').isGreaterThan(quantity('100Mi'))", "true"),
        ("quantity('50Mi').isGreaterThan(quantity('100Mi'))", "false"),
        ("semver('1.2.3').isGreaterThan(semver('1.2.3'))", "false"),
    ]),
    function(
        &["<Quantity>.compareTo(Quantity) -> int", "<Semver>.compareTo(Semver) -> int"],
        "-1 where a quantity is less than another, 0 where both are as much, 1 where it is more. Of two versions the \
         earlier is less, and what follows a `+` makes no difference.",
        compare_to,
    )
    .shown(&[
        ("quantity('200M').compareTo(quantity('0.2G'))", "0"),
        ("quantity('50M').compareTo(quantity('50Mi'))", "-1"),
        ("quantity('50Mi').compareTo(quantity('50M'))", "1"),
        ("semver('1.2.3').compareTo(semver('1.2.3'))", "0"),
        ("semver('1.2.3').compareTo(semver('2.0.0'))", "-1"),
        ("semver('1.2.3').compareTo(semver('0.1.2'))", "1"),
    ]),
];

fn quantity<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let text = text(given, budget)?;
    let Some(notation) = Notation::read(text) else {
        return Err(wrong(format!(
            "'{text}' is no quantity: digits and a suffix as in 500m, 2, 1.5Gi or 1e3 are"
        )));
    };
    let amount = Amount::read(&notation, budget)?;
    Ok(value(amount, false))
}

fn is_quantity<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let text = text(given, budget)?;
    Ok(Value::Bool(Notation::read(text).is_some()))
}

fn sign<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    Ok(Value::Int(one(given, budget)?.sign()))
}

fn is_integer<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    Ok(Value::Bool(one(given, budget)?.integer().is_some()))
}

fn as_integer<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let integer = one(given, budget)?.integer();
    integer
        .map(Value::Int)
        .ok_or_else(|| wrong("the quantity is not an integer that 64 bits hold"))
}

fn as_approximate_float<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    Ok(Value::Double(one(given, budget)?.double()))
}

fn add<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (a, b) = two(given, budget)?;
    Ok(value(a.plus(&b, budget)?, true))
}

fn sub<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (a, b) = two(given, budget)?;
    Ok(value(a.plus(&b.negated(), budget)?, true))
}

fn is_less_than<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    Ok(Value::Bool(order(given, budget)? < 0))
}

fn is_greater_than<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    Ok(Value::Bool(order(given, budget)? > 0))
}

fn compare_to<'a>(given: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    order(given, budget).map(Value::Int)
}

fn value<'a>(amount: Amount, computed: bool) -> Value<'a> {
    Value::Opaque(Arc::new(Opaque::Quantity(Quantity { amount, computed })))
}

/// The text that is given, paid for.
fn text<'v>(given: &'v [Value<'_>], budget: &mut Budget) -> Result<&'v str, Failure> {
    let [Value::String(text)] = given else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len())?;
    Ok(text)
}

/// The amount that is given.
fn one<'v>(given: &'v [Value<'_>], budget: &mut Budget) -> Result<&'v Amount, Failure> {
    let [value] = given else {
        return Err(Failure::Unfit);
    };
    amount(value, budget)
}

/// The amounts that are given, the second perhaps an integer.
fn two<'v>(
    given: &'v [Value<'_>],
    budget: &mut Budget,
) -> Result<(&'v Amount, Cow<'v, Amount>), Failure> {
    let [a, b] = given else {
        return Err(Failure::Unfit);
    };
    let a = amount(a, budget)?;
    let b = match b {
        Value::Int(number) => Cow::Owned(Amount::whole(*number)),
        b => Cow::Borrowed(amount(b, budget)?),
    };
    Ok((a, b))
}

/// How the two quantities or versions that are given are ordered: -1, 0 or 1.
fn order(given: &[Value<'_>], budget: &mut Budget) -> Result<i64, Failure> {
    let [Value::Opaque(a), Value::Opaque(b)] = given else {
        return Err(Failure::Unfit);
    };
    Ok(a.order(b, budget)? as i64)
}

/// The amount of a quantity, paid for.
fn amount<'v>(value: &'v Value<'_>, budget: &mut Budget) -> Result<&'v Amount, Failure> {
    let Value::Opaque(opaque) = value else {
        return Err(Failure::Unfit);
    };
    let Opaque::Quantity(quantity) = &**opaque else {
        return Err(Failure::Unfit);
    };
    quantity.pay(budget)?;
    Ok(&quantity.amount)
}

#[cfg(test)]
mod tests;
