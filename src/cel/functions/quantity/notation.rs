//! How a quantity is written: a sign, digits, a point and digits, a suffix.

use Suffix::{Binary, Decimal};

/// A quantity as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Notation<'a> {
    /// Whether a minus stands before it.
    pub(super) negative: bool,
    /// The digits before the point, without zeros that lead; at least one.
    pub(super) whole: &'a str,
    /// The digits after the point.
    pub(super) fraction: &'a str,
    /// What it is counted in.
    pub(super) suffix: Suffix,
}

/// What a quantity is counted in: a power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    /// Of ten.
    Decimal(i32),
    /// Of two.
    Binary(u32),
}

const SUFFIXES: &[(&str, Suffix)] = &[
    ("", Decimal(0)),
    ("n", Decimal(-9)),
    ("u", Decimal(-6)),
    ("m", Decimal(-3)),
    ("k", Decimal(3)),
    ("M", Decimal(6)),
    ("G", Decimal(9)),
    ("T", Decimal(12)),
    ("P", Decimal(15)),
    ("E", Decimal(18)),
    ("Ki", Binary(10)),
    ("Mi", Binary(20)),
    ("Gi", Binary(30)),
    ("Ti", Binary(40)),
    ("Pi", Binary(50)),
    ("Ei", Binary(60)),
];

impl<'a> Notation<'a> {
    /// Reads it; `None` for what is no quantity.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let number = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, rest) = digits(number);
        let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
        let significant = whole.trim_start_matches('0');
        let notation = Self {
            negative: text.starts_with('-'),
            whole: if significant.is_empty() {
                "0"
            } else {
                significant
            },
            fraction,
            suffix: Suffix::read(rest)?,
        };
        // Kubernetes takes a suffix alone for zero, where the number is short enough to be read quickly.
        let written = !(whole.is_empty() && fraction.is_empty());
        (written || notation.is_short()).then_some(notation)
    }

    /// Whether Kubernetes keeps it in 64 bits. What it does not is never an integer to it.
    pub(super) fn is_short(&self) -> bool {
        let length = self.whole.len() + self.fraction.len();
        match self.suffix {
            Decimal(_) => length <= 18 && self.scale() >= -9,
            Binary(power) => self.fraction.is_empty() && length + power as usize * 3 / 10 < 15,
        }
    }

    /// The power of ten that all its digits, read as one number, are to be multiplied with.
    pub(super) fn scale(&self) -> i32 {
        let places = i32::try_from(self.fraction.len()).unwrap_or(i32::MAX);
        match self.suffix {
            Decimal(power) => power.wrapping_sub(places),
            Binary(_) => -places,
        }
    }
}

impl Suffix {
    fn read(text: &str) -> Option<Self> {
        let named = SUFFIXES.iter().find(|(name, _)| *name == text);
        named.map_or_else(|| exponent(text), |(_, suffix)| Some(*suffix))
    }
}

/// An exponent, as in `1e3`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "Kubernetes keeps the low 32 bits of an exponent"
)]
fn exponent(text: &str) -> Option<Suffix> {
    let power: i64 = text.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some(Decimal(power as i32))
}

/// The digits that a text begins with, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}
