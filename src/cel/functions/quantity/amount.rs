//! The amount of a quantity, added and compared exactly.
//!
//! Kubernetes keeps an amount in 64 bits as long as it can, and takes only such an amount for an integer.
//! So there are two forms here too, and what becomes of them follows it step by step.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::decimal::Decimal;
use super::notation::{Notation, Suffix};
use crate::cel::{Budget, Failure};

/// The finest that is kept: a billionth. What is written finer is rounded away from zero.
const NANO: i64 = -9;

/// An amount.
#[derive(Debug, Clone)]
pub(super) enum Amount {
    /// So many times a power of ten.
    Short { units: i64, scale: i32 },
    /// Of any length.
    Long(Decimal),
}

use Amount::{Long, Short};

impl Amount {
    /// The amount that is written.
    pub(super) fn read(notation: &Notation<'_>, budget: &mut Budget) -> Result<Self, Failure> {
        let digits = [notation.whole, notation.fraction].concat();
        match digits.parse() {
            Ok(units) if notation.is_short() => Ok(short(units, notation)),
            _ => long(&digits, notation, budget).map(Long),
        }
    }

    /// An integer.
    pub(super) fn whole(units: i64) -> Self {
        Short { units, scale: 0 }
    }

    /// -1, 0 or 1.
    pub(super) fn sign(&self) -> i64 {
        match self {
            Short { units, .. } => units.signum(),
            Long(decimal) => decimal.sign(),
        }
    }

    /// The integer that it is, if it is short enough to be taken for one.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Short { units, scale } => scaled(*units, i64::from(*scale)),
            Long(_) => None,
        }
    }

    /// A double that is about as much, computed as Kubernetes does.
    #[expect(clippy::cast_precision_loss, reason = "it need only be about as much")]
    pub(super) fn double(&self) -> f64 {
        let (digits, scale) = match self {
            Short { units, scale } => (*units as f64, i64::from(*scale)),
            Long(decimal) => (decimal.double(), decimal.scale()),
        };
        if scale == 0 {
            digits
        } else {
            digits * power_of_ten(scale)
        }
    }

    /// How many steps it takes to walk over it.
    pub(super) fn length(&self) -> usize {
        match self {
            Short { .. } => 1,
            Long(decimal) => decimal.length(),
        }
    }

    /// Its opposite.
    pub(super) fn negated(&self) -> Self {
        if let Short { units, scale } = self
            && let Some(units) = units.checked_neg()
        {
            return Short {
                units,
                scale: *scale,
            };
        }
        Long(self.decimal().into_owned().negated())
    }

    /// The sum.
    pub(super) fn plus(&self, other: &Self, budget: &mut Budget) -> Result<Self, Failure> {
        if let Some(sum) = short_sum(self, other) {
            return Ok(sum);
        }
        let (a, b) = (self.decimal().into_owned(), other.decimal().into_owned());
        a.plus(b, budget).map(Long)
    }

    /// How the two are ordered.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Short { units: a, scale: x }, Short { units: b, scale: y }) if x == y => a.cmp(b),
            _ => self.decimal().compare(&other.decimal()),
        }
    }

    fn decimal(&self) -> Cow<'_, Decimal> {
        match self {
            Short { units, scale } => Cow::Owned(Decimal::of(*units, i64::from(*scale))),
            Long(decimal) => Cow::Borrowed(decimal),
        }
    }
}

fn short(units: i64, notation: &Notation<'_>) -> Amount {
    let units = if notation.negative { -units } else { units };
    match notation.suffix {
        Suffix::Decimal(_) => Short {
            units,
            scale: notation.scale(),
        },
        Suffix::Binary(power) => Amount::whole(units << power),
    }
}

fn long(digits: &str, notation: &Notation<'_>, budget: &mut Budget) -> Result<Decimal, Failure> {
    let number = Decimal::new(notation.negative, digits, i64::from(notation.scale()));
    if number.sign() == 0 {
        return Ok(number);
    }
    match notation.suffix {
        Suffix::Decimal(_) => number.at(NANO, budget),
        Suffix::Binary(power) => Ok(capped(number.times(1 << power).at(NANO, budget)?)),
    }
}

/// What is counted in powers of two ends at the greatest integer, both ways.
fn capped(number: Decimal) -> Decimal {
    let most = Decimal::of(i64::MAX, 0);
    let least = most.clone().negated();
    if number.compare(&most) == Ordering::Greater {
        most
    } else if number.compare(&least) == Ordering::Less {
        least
    } else {
        number
    }
}

/// The sum of two short amounts, if it and what it is made of are short.
fn short_sum(a: &Amount, b: &Amount) -> Option<Amount> {
    let (Short { units: a, scale: x }, Short { units: b, scale: y }) = (a, b) else {
        return None;
    };
    let scale = match (a, b) {
        (_, 0) => {
            return Some(Short {
                units: *a,
                scale: *x,
            });
        }
        (0, _) => {
            return Some(Short {
                units: *b,
                scale: *y,
            });
        }
        _ => *x.min(y),
    };
    let [x, y] = [x, y].map(|own| i64::from(*own) - i64::from(scale));
    let units = scaled(*a, x)?.checked_add(scaled(*b, y)?)?;
    Some(Short { units, scale })
}

/// So many times a power of ten, if that is an integer of 64 bits.
fn scaled(units: i64, power: i64) -> Option<i64> {
    match (units, u32::try_from(power)) {
        (0, Ok(_)) => Some(0),
        (_, Ok(power)) => units.checked_mul(10_i64.checked_pow(power)?),
        (_, Err(_)) => None,
    }
}

/// A power of ten, made of two doubles as Go makes it: not always the nearest double.
fn power_of_ten(power: i64) -> f64 {
    let exact = |power: i64| format!("1e{power}").parse().unwrap_or(f64::NAN);
    match power {
        ..-323 => 0.0,
        -323..0 => exact(power / 32 * 32) / exact(-power % 32),
        0..=308 => exact(power / 32 * 32) * exact(power % 32),
        _ => f64::INFINITY,
    }
}
