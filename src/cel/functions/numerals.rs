//! Numbers as `format` writes them.

use crate::cel::budget::Failure;
use crate::cel::value::Value;

use super::written::Page;

/// The decimals of `%f` and `%e` when none are asked for.
const DECIMALS: usize = 6;

pub(super) fn decimal(
    value: &Value<'_>,
    _: Option<usize>,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    signed(value, |number| number.to_string(), page)
}

pub(super) fn binary(
    value: &Value<'_>,
    _: Option<usize>,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    match value {
        Value::Bool(truth) => page.write(if *truth { "1" } else { "0" }),
        _ => signed(value, |number| format!("{number:b}"), page),
    }
}

pub(super) fn octal(
    value: &Value<'_>,
    _: Option<usize>,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    signed(value, |number| format!("{number:o}"), page)
}

pub(super) fn hex(value: &Value<'_>, _: Option<usize>, page: &mut Page<'_>) -> Result<(), Failure> {
    match value {
        Value::String(text) => each(text.as_bytes(), |byte| format!("{byte:02x}"), page),
        Value::Bytes(bytes) => each(bytes, |byte| format!("{byte:02x}"), page),
        _ => signed(value, |number| format!("{number:x}"), page),
    }
}

pub(super) fn upper_hex(
    value: &Value<'_>,
    _: Option<usize>,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    match value {
        Value::String(text) => each(text.as_bytes(), |byte| format!("{byte:02X}"), page),
        Value::Bytes(bytes) => each(bytes, |byte| format!("{byte:02X}"), page),
        _ => signed(value, |number| format!("{number:X}"), page),
    }
}

fn each(bytes: &[u8], digits: fn(&u8) -> String, page: &mut Page<'_>) -> Result<(), Failure> {
    page.budget.charge_text(bytes.len())?;
    let shown: String = bytes.iter().map(digits).collect();
    page.write(&shown)
}

/// Writes a whole number, its sign before its digits.
fn signed(
    value: &Value<'_>,
    digits: fn(u64) -> String,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    match value {
        Value::Int(number) if *number < 0 => {
            page.write(&format!("-{}", digits(number.unsigned_abs())))
        }
        Value::Int(number) => page.write(&digits(number.unsigned_abs())),
        Value::Uint(number) => page.write(&digits(*number)),
        _ => Err(Failure::Unfit),
    }
}

pub(super) fn fixed(
    value: &Value<'_>,
    precision: Option<usize>,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    let number = double(value)?;
    let decimals = precision.unwrap_or(DECIMALS);
    let shown = special(number)
        .unwrap_or_else(|| sign(number) + &grouped(&format!("{:.decimals$}", number.abs())));
    page.write(&shown)
}

/// A number with commas between its thousands.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut grouped = String::with_capacity(number.len() * 2);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

pub(super) fn scientific(
    value: &Value<'_>,
    precision: Option<usize>,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    let number = double(value)?;
    let shown = special(number).unwrap_or_else(|| {
        let shown = format!("{:.DECIMALS$e}", number.abs());
        let (digits, exponent) = shown.split_once('e').unwrap_or((&shown, ""));
        format!("{}{digits}×10{}", sign(number), raised(exponent))
    });
    let width = precision.unwrap_or(DECIMALS);
    page.write(&format!("{shown:>width$}"))
}

/// An exponent in raised digits, two at least.
fn raised(exponent: &str) -> String {
    let (minus, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ("⁻", digits),
        None => ("", exponent),
    };
    let raise = |digit: char| {
        "⁰¹²³⁴⁵⁶⁷⁸⁹"
            .chars()
            .nth(usize::try_from(digit.to_digit(10)?).ok()?)
    };
    let raised: String = format!("{digits:0>2}").chars().filter_map(raise).collect();
    format!("{minus}{raised}")
}

/// The double that a value is; some have names.
fn double(value: &Value<'_>) -> Result<f64, Failure> {
    match value {
        Value::Double(number) => Ok(*number),
        Value::String(name) => match &**name {
            "NaN" => Ok(f64::NAN),
            "Infinity" => Ok(f64::INFINITY),
            "-Infinity" => Ok(f64::NEG_INFINITY),
            _ => Err(Failure::Unfit),
        },
        _ => Err(Failure::Unfit),
    }
}

/// How a double that has no digits is shown.
fn special(number: f64) -> Option<String> {
    match number {
        _ if number.is_nan() => Some("NaN".to_owned()),
        _ if number.is_infinite() => Some(sign(number) + "∞"),
        _ => None,
    }
}

/// The sign of a number: -0 has none.
fn sign(number: f64) -> String {
    if number < 0.0 { "-" } else { "" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::budget::Budget;

    type Write = fn(&Value<'_>, Option<usize>, &mut Page<'_>) -> Result<(), Failure>;

    fn shown(write: Write, value: &Value<'_>, precision: Option<usize>) -> String {
        let mut budget = Budget::new(1_000);
        let mut page = Page::new(&mut budget);
        write(value, precision, &mut page).unwrap();
        page.text
    }

    #[test]
    fn doubles_have_commas_between_their_thousands() {
        for (number, precision, text) in [
            (12_345.678, None, "12,345.678000"),
            (-1_234_567.891, None, "-1,234,567.891000"),
            (1e20, None, "100,000,000,000,000,000,000.000000"),
            (0.0, None, "0.000000"),
            (-0.0, None, "0.000000"),
            (-1e-7, None, "-0.000000"),
            (999.5, Some(0), "1,000"),
            (2.5, Some(0), "2"),
            (3.5, Some(0), "4"),
            (0.5, Some(0), "0"),
            (1_234.5, Some(0), "1,234"),
            (2.675, Some(2), "2.67"),
            (1.2345, Some(3), "1.234"),
            (1e-7, Some(10), "0.0000001000"),
        ] {
            assert_eq!(shown(fixed, &Value::Double(number), precision), text);
        }
        let longest = shown(fixed, &Value::Double(f64::MIN), Some(255));
        assert_eq!(longest.len(), 1 + 309 + 102 + 1 + 255);
    }

    #[test]
    fn scientific_doubles_are_filled_up_from_the_left() {
        for (number, precision, text) in [
            (12_345.678, None, "1.234568×10⁰⁴"),
            (12_345.678, Some(0), "1.234568×10⁰⁴"),
            (12_345.678, Some(1), "1.234568×10⁰⁴"),
            (-12_345.678, Some(20), "      -1.234568×10⁰⁴"),
            (0.000_12, None, "1.200000×10⁻⁰⁴"),
            (-0.0, None, "0.000000×10⁰⁰"),
            (999_999.99, None, "1.000000×10⁰⁶"),
            (1e300, None, "1.000000×10³⁰⁰"),
            (5e-324, None, "4.940656×10⁻³²⁴"),
            (f64::NAN, None, "   NaN"),
            (f64::NEG_INFINITY, Some(20), "                  -∞"),
        ] {
            assert_eq!(shown(scientific, &Value::Double(number), precision), text);
        }
    }

    #[test]
    fn doubles_without_digits_have_names() {
        for (value, text) in [
            (Value::Double(f64::NAN), "NaN"),
            (Value::text("NaN"), "NaN"),
            (Value::Double(f64::INFINITY), "∞"),
            (Value::text("Infinity"), "∞"),
            (Value::Double(f64::NEG_INFINITY), "-∞"),
            (Value::text("-Infinity"), "-∞"),
        ] {
            assert_eq!(shown(fixed, &value, None), text);
        }
    }

    #[test]
    fn whole_numbers_have_their_sign_before_their_digits() {
        for (write, number, text) in [
            (decimal as Write, i64::MIN, "-9223372036854775808"),
            (binary, -5, "-101"),
            (octal, -11, "-13"),
            (hex, -255, "-ff"),
            (upper_hex, -255, "-FF"),
        ] {
            assert_eq!(shown(write, &Value::Int(number), None), text);
        }
        let most = Value::Uint(u64::MAX);
        assert_eq!(shown(decimal, &most, None), "18446744073709551615");
        assert_eq!(shown(binary, &Value::Bool(true), None), "1");
        assert_eq!(shown(binary, &Value::Bool(false), None), "0");
    }

    #[test]
    fn texts_and_bytes_have_two_hex_digits_a_byte() {
        assert_eq!(shown(hex, &Value::text("hé"), None), "68c3a9");
        assert_eq!(shown(upper_hex, &Value::text("hé"), None), "68C3A9");
        let bytes = Value::Bytes([0, 0xff].as_slice().into());
        assert_eq!(shown(hex, &bytes, None), "00ff");
        assert_eq!(shown(upper_hex, &bytes, None), "00FF");
    }
}
