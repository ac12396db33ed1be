//! Numbers: what other values are as numbers.

use super::elements::written;
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::value::Value;

pub(super) fn int<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let number = match args {
        [Value::Int(number) | Value::Duration(number)] => Some(*number),
        [Value::Uint(number)] => i64::try_from(*number).ok(),
        [Value::Double(number)] => whole(*number),
        [Value::Timestamp(instant)] => Some(instant.seconds()),
        [Value::String(text)] => paid(text, budget)?.parse().ok(),
        _ => return Err(Failure::Unfit),
    };
    number
        .map(Value::Int)
        .ok_or_else(|| none(args, "int such as \"42\""))
}

/// A double without its fraction. The least whole number is none: Kubernetes has it so.
#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked")]
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 9_223_372_036_854_775_808.0).then_some(number as i64)
}

pub(super) fn uint<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let number = match args {
        [Value::Uint(number)] => Some(*number),
        [Value::Int(number)] => u64::try_from(*number).ok(),
        [Value::Double(number)] => whole_without_sign(*number),
        [Value::String(text)] => {
            let digits = Some(paid(text, budget)?).filter(|text| !text.starts_with('+'));
            digits.and_then(|digits| digits.parse().ok())
        }
        _ => return Err(Failure::Unfit),
    };
    number
        .map(Value::Uint)
        .ok_or_else(|| none(args, "uint such as \"42\""))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the bounds are checked"
)]
fn whole_without_sign(number: f64) -> Option<u64> {
    (0.0..18_446_744_073_709_551_616.0)
        .contains(&number)
        .then_some(number as u64)
}

#[expect(clippy::cast_precision_loss, reason = "the nearest is meant")]
pub(super) fn double<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let number = match args {
        [Value::Double(number)] => Some(*number),
        [Value::Int(number)] => Some(*number as f64),
        [Value::Uint(number)] => Some(*number as f64),
        [Value::String(text)] => read_double(paid(text, budget)?),
        _ => return Err(Failure::Unfit),
    };
    number
        .map(Value::Double)
        .ok_or_else(|| none(args, "double such as \"0.5\""))
}

/// The number of a text, as Go reads it: digits may be parted by underscores, only infinity itself is
/// infinite, and NaN has no sign.
fn read_double(text: &str) -> Option<f64> {
    let digit = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_digit());
    let mut parts = text.split('_').peekable();
    while let Some(part) = parts.next() {
        let Some(next) = parts.peek() else { break };
        if !digit(part.chars().next_back()) || !digit(next.chars().next()) {
            return None;
        }
    }
    let number: f64 = text.replace('_', "").parse().ok()?;
    let spelled = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let fits = match spelled.as_str() {
        "nan" => spelled.len() == text.len(),
        "inf" | "infinity" => true,
        _ => number.is_finite(),
    };
    fits.then_some(number)
}

/// A text that is paid for.
pub(super) fn paid<'t>(text: &'t str, budget: &mut Budget) -> Result<&'t str, Failure> {
    budget.charge_text(text.len())?;
    Ok(text)
}

pub(super) fn none(args: &[Value<'_>], what: &str) -> Failure {
    let given: String = args.iter().map(written).collect();
    wrong(format!("{given} is no {what}"))
}

#[cfg(test)]
mod tests {
    use super::super::{Run, made};
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_go_reads_them() {
        for (text, number) in [
            ("42", 42),
            ("-0", 0),
            ("+7", 7),
            ("-9223372036854775808", i64::MIN),
        ] {
            let read = made(int, Value::text(text));
            assert!(
                matches!(read, Ok(Value::Int(read)) if read == number),
                "{text}"
            );
        }
        for text in [
            "",
            " 1",
            "1 ",
            "3.5",
            "0x10",
            "1_000",
            "1e3",
            "9223372036854775808",
            "\u{661}",
        ] {
            assert!(made(int, Value::text(text)).is_err(), "{text}");
        }
        assert!(matches!(
            made(uint, Value::text("18446744073709551615")),
            Ok(Value::Uint(u64::MAX))
        ));
        for text in ["+1", "-1", "", "18446744073709551616"] {
            assert!(made(uint, Value::text(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn doubles_lose_their_fraction_and_never_wrap() {
        for (double, number) in [
            (-123.456, -123),
            (1.9, 1),
            (-0.5, 0),
            (36_028_797_018_963_968.0, 36_028_797_018_963_968),
        ] {
            let read = made(int, Value::Double(double));
            assert!(
                matches!(read, Ok(Value::Int(read)) if read == number),
                "{double}"
            );
        }
        let edge = 9_223_372_036_854_775_808.0;
        for double in [edge, -edge, 1e99, f64::NAN, f64::INFINITY] {
            assert!(made(int, Value::Double(double)).is_err(), "{double}");
        }
        assert!(matches!(
            made(uint, Value::Double(25.5)),
            Ok(Value::Uint(25))
        ));
        assert!(matches!(
            made(uint, Value::Double(-0.0)),
            Ok(Value::Uint(0))
        ));
        for double in [-0.5, 18_446_744_073_709_551_616.0, 6.022e23, f64::NAN] {
            assert!(made(uint, Value::Double(double)).is_err(), "{double}");
        }
        assert!(made(uint, Value::Int(-1)).is_err());
        assert!(made(int, Value::Uint(u64::MAX)).is_err());
    }

    #[test]
    fn doubles_are_read_as_go_reads_them() {
        for (text, number) in [
            ("0", 0.0),
            ("-987.654", -987.654),
            ("6.02214e23", 6.02214e23),
            (".5", 0.5),
            ("5.", 5.0),
            ("1_23.50_0_0e+1_2", 1.235e14),
            ("-Inf", f64::NEG_INFINITY),
            ("infinity", f64::INFINITY),
        ] {
            let read = made(double, Value::text(text));
            assert!(
                matches!(read, Ok(Value::Double(read)) if read.to_bits() == number.to_bits()),
                "{text}"
            );
        }
        assert!(
            matches!(made(double, Value::text("NaN")), Ok(Value::Double(read)) if read.is_nan())
        );
        for text in [
            "", "x", "1e400", "-1e400", "+NaN", "--inf", "_1", "1_", "1__0", "1_.5", "1e_5", " 1",
            "1,5",
        ] {
            assert!(made(double, Value::text(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn errors_quote_what_was_given() {
        let error = |run: Run, value| made(run, value).unwrap_err().to_string();
        assert_eq!(
            error(int, Value::text("3.5")),
            "\"3.5\" is no int such as \"42\""
        );
        assert_eq!(error(uint, Value::Int(-1)), "-1 is no uint such as \"42\"");
    }
}
