//! Decimal numbers of any length, exact: what a quantity is where 64 bits do not hold it.

use std::cmp::Ordering;

use crate::cel::{Budget, Failure};

/// A decimal number.
#[derive(Debug, Clone)]
pub(super) struct Decimal {
    negative: bool,
    /// From the highest to the lowest, each 0 to 9. No zero leads them; zero has none.
    digits: Vec<i8>,
    /// The power of ten that the digits are to be multiplied with.
    scale: i64,
}

impl Decimal {
    /// The number of these digits, all ASCII.
    pub(super) fn new(negative: bool, digits: &str, scale: i64) -> Self {
        let digits = digits.trim_start_matches('0').bytes();
        Self {
            negative,
            digits: digits
                .map(|digit| digit.wrapping_sub(b'0').cast_signed())
                .collect(),
            scale,
        }
    }

    /// The number of so many units.
    pub(super) fn of(units: i64, scale: i64) -> Self {
        Self::new(units < 0, &units.unsigned_abs().to_string(), scale)
    }

    /// The power of ten that its digits are to be multiplied with.
    pub(super) fn scale(&self) -> i64 {
        self.scale
    }

    /// How many digits it has.
    pub(super) fn length(&self) -> usize {
        self.digits.len()
    }

    /// -1, 0 or 1.
    pub(super) fn sign(&self) -> i64 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// Its opposite.
    pub(super) fn negated(self) -> Self {
        Self {
            negative: !self.negative,
            ..self
        }
    }

    /// It, multiplied.
    pub(super) fn times(self, factor: u64) -> Self {
        let mut product = Vec::with_capacity(self.digits.len() + 20);
        let mut carry = 0_u128;
        for digit in self.digits.iter().rev() {
            carry += u128::from(digit.unsigned_abs()) * u128::from(factor);
            product.push((carry % 10) as i8);
            carry /= 10;
        }
        while carry > 0 {
            product.push((carry % 10) as i8);
            carry /= 10;
        }
        product.reverse();
        Self {
            digits: product,
            ..self
        }
    }

    /// The same number at this scale. What a coarser scale does not hold rounds it away from zero.
    pub(super) fn at(self, scale: i64, budget: &mut Budget) -> Result<Self, Failure> {
        if self.digits.is_empty() {
            return Ok(Self { scale, ..self });
        }
        let apart = usize::try_from(self.scale.abs_diff(scale)).unwrap_or(usize::MAX);
        if self.scale < scale {
            return Ok(self.without(apart, scale));
        }
        budget.charge_text(apart)?;
        let mut digits = self.digits;
        digits.resize(digits.len().saturating_add(apart), 0);
        Ok(Self {
            digits,
            scale,
            ..self
        })
    }

    /// It without so many of its lowest digits, rounded away from zero.
    fn without(self, count: usize, scale: i64) -> Self {
        let kept = self.digits.len().saturating_sub(count);
        let (kept, lost) = self.digits.split_at(kept);
        let up = i8::from(lost.iter().any(|digit| *digit != 0));
        Self {
            digits: joined(kept, &[up], 1),
            scale,
            ..self
        }
    }

    /// The sum, at the finer of the two scales.
    pub(super) fn plus(self, other: Self, budget: &mut Budget) -> Result<Self, Failure> {
        let scale = self.scale.min(other.scale);
        let (a, b) = (self.at(scale, budget)?, other.at(scale, budget)?);
        budget.charge_text(a.length().max(b.length()))?;
        let (digits, negative) = if a.negative == b.negative {
            (joined(&a.digits, &b.digits, 1), a.negative)
        } else if a.size(&b) == Ordering::Less {
            (joined(&b.digits, &a.digits, -1), b.negative)
        } else {
            (joined(&a.digits, &b.digits, -1), a.negative)
        };
        Ok(Self {
            negative,
            digits,
            scale,
        })
    }

    /// How the two are ordered.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let order = self.sign().cmp(&other.sign());
        order.then_with(|| match self.sign() {
            0 => Ordering::Equal,
            1 => self.size(other),
            _ => other.size(self),
        })
    }

    /// How the two are ordered, their signs left aside. Neither is zero, or both have one scale.
    fn size(&self, other: &Self) -> Ordering {
        let order = self.magnitude().cmp(&other.magnitude());
        order.then_with(|| significant(&self.digits).cmp(significant(&other.digits)))
    }

    /// How many digits stand before the point, were it written out.
    fn magnitude(&self) -> i64 {
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        self.scale.saturating_add(length)
    }

    /// The nearest double to the digits alone, without the scale.
    pub(super) fn double(&self) -> f64 {
        let sign = (self.sign() < 0).then_some('-');
        let digits = self
            .digits
            .iter()
            .map(|digit| char::from(b'0' + digit.unsigned_abs()));
        let text: String = sign.into_iter().chain(['0']).chain(digits).collect();
        text.parse().unwrap_or(f64::NAN)
    }
}

/// The digits of a sum (`sign` 1) or of a difference (`sign` -1) whose first is not the smaller.
fn joined(a: &[i8], b: &[i8], sign: i8) -> Vec<i8> {
    let length = a.len().max(b.len()) + 1;
    let (mut a, mut b) = (a.iter().rev(), b.iter().rev());
    let mut carry = 0;
    let mut digits: Vec<i8> = (0..length)
        .map(|_| {
            let (x, y) = (a.next().unwrap_or(&0), b.next().unwrap_or(&0));
            let total = x + sign * y + carry;
            carry = total.div_euclid(10);
            total.rem_euclid(10)
        })
        .collect();
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits.reverse();
    digits
}

/// The digits without the zeros that end them.
fn significant(digits: &[i8]) -> &[i8] {
    let zeros = digits.iter().rev().take_while(|digit| **digit == 0).count();
    digits.get(..digits.len() - zeros).unwrap_or_default()
}
