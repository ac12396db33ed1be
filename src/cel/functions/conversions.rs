//! From one type to another.

use std::fmt;

use super::numbers::{double, int, none, paid, uint};
use super::{Function, Literal, function};
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &[
            "int(int) -> int",
            "int(uint) -> int",
            "int(double) -> int",
            "int(string) -> int",
            "int(timestamp) -> int",
            "int(duration) -> int",
        ],
        "The whole number: of a double without its fraction, of an instant its seconds since 1970, of a duration its nanoseconds.",
        int,
    )
    .shown(&[("int('42')", "42"), ("int(-2.9)", "-2"), ("int(timestamp('1970-01-01T00:01:00Z'))", "60")])
    .literal(Literal::Checked),
    function(
        &[
            "uint(uint) -> uint",
            "uint(int) -> uint",
            "uint(double) -> uint",
            "uint(string) -> uint",
        ],
        "The whole number without a sign; of a double without its fraction.",
        uint,
    )
    .shown(&[("uint('42') == 42u", "true"), ("uint(2.9) == 2u", "true")])
    .literal(Literal::Checked),
    function(
        &[
            "double(double) -> double",
            "double(int) -> double",
            "double(uint) -> double",
            "double(string) -> double",
        ],
        "The number as a double.",
        double,
    )
    .shown(&[("double('3.5')", "3.5"), ("double(1) / 2.0", "0.5")])
    .literal(Literal::Checked),
    function(
        &["bool(bool) -> bool", "bool(string) -> bool"],
        "The truth that a text names: 1, t, T, true, True or TRUE; 0, f, F, false, False or FALSE.",
        bool,
    )
    .shown(&[("bool('true')", "true"), ("bool('0')", "false")])
    .literal(Literal::Checked),
    function(
        &["bytes(bytes) -> bytes", "bytes(string) -> bytes"],
        "The bytes of a text in UTF-8.",
        bytes,
    )
    .shown(&[("bytes('abc') == b'abc'", "true"), ("size(bytes('é'))", "2")])
    .literal(Literal::Checked),
    function(
        &[
            "string(string) -> string",
            "string(bool) -> string",
            "string(int) -> string",
            "string(uint) -> string",
            "string(double) -> string",
            "string(bytes) -> string",
            "string(timestamp) -> string",
            "string(duration) -> string",
            "string(IP) -> string",
            "string(CIDR) -> string",
        ],
        "The value as a text: of a duration its seconds, of bytes what they are in UTF-8.",
        string,
    )
    .shown(&[
        ("string(42)", "\"42\""),
        ("string(1.0)", "\"1\""),
        ("string(duration('1h30m'))", "\"5400s\""),
        ("string(ip('2001:DB8::1'))", "\"2001:db8::1\""),
        ("string(cidr('10.1.2.3/8').masked())", "\"10.0.0.0/8\""),
        ("string(timestamp('2026-11-21T10:00:00+02:00'))", "\"2026-11-21T10:00:00+02:00\""),
    ])
    .literal(Literal::Checked),
    function(
        &["dyn(A) -> dyn"],
        "The value itself, of a type that is not known before it runs.",
        |args, _| match args {
            [value] => Ok(value.clone()),
            _ => Err(Failure::Unfit),
        },
    )
    .shown(&[("dyn(1) == 1.0", "true")])
    .literal(Literal::Checked),
    function(&["type(A) -> type(A)"], "The type of a value.", |args, _| match args {
        [value] => Ok(Value::Type(value.type_name())),
        _ => Err(Failure::Unfit),
    })
    .shown(&[("type(1) == int", "true"), ("type('a') == int", "false")]),
    function(
        &[
            "size(string) -> int",
            "size(bytes) -> int",
            "size(list(A)) -> int",
            "size(map(A, B)) -> int",
            "<string>.size() -> int",
            "<bytes>.size() -> int",
            "<list(A)>.size() -> int",
            "<map(A, B)>.size() -> int",
        ],
        "How many characters, bytes, values or entries there are.",
        size,
    )
    .shown(&[("size('ÿß€😀')", "4"), ("[1, 2].size()", "2"), ("size({})", "0")]),
];

fn bool<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let text = match args {
        [truth @ Value::Bool(_)] => return Ok(truth.clone()),
        [Value::String(text)] => paid(text, budget)?,
        _ => return Err(Failure::Unfit),
    };
    match text {
        "1" | "t" | "T" | "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
        "0" | "f" | "F" | "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
        _ => Err(none(args, "bool such as \"true\"")),
    }
}

fn bytes<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [same @ Value::Bytes(_)] => Ok(same.clone()),
        [Value::String(text)] => Ok(Value::Bytes(paid(text, budget)?.as_bytes().into())),
        _ => Err(Failure::Unfit),
    }
}

/// What `string(value)` gives.
pub(super) fn string<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    Ok(Value::text(match args {
        [same @ Value::String(_)] => return Ok(same.clone()),
        [Value::Bool(truth)] => truth.to_string(),
        [Value::Int(number)] => number.to_string(),
        [Value::Uint(number)] => number.to_string(),
        [Value::Double(number)] => Plain(*number).to_string(),
        [Value::Bytes(bytes)] => {
            budget.charge_text(bytes.len())?;
            let text = std::str::from_utf8(bytes);
            text.map_err(|_| wrong("the bytes are no UTF-8, so they are no string"))?
                .to_owned()
        }
        [Value::Timestamp(instant)] => instant.to_string(),
        [Value::Duration(nanos)] => in_seconds(*nanos),
        [Value::Opaque(opaque)] => opaque.as_text().ok_or(Failure::Unfit)?,
        _ => return Err(Failure::Unfit),
    }))
}

/// A duration in seconds, through a float as Go has it.
#[expect(clippy::cast_precision_loss, reason = "Go computes this in floats")]
pub(super) fn in_seconds(nanos: i64) -> String {
    let (seconds, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    format!("{}s", seconds as f64 + rest as f64 / 1e9)
}

/// A double as Go's `%g` has it: the fewest digits that tell it from others, with an exponent where it
/// is less than -4 or more than 5.
pub(super) struct Plain(pub(super) f64);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = *self;
        let scientific = format!("{number:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, ""));
        match exponent.parse::<i16>() {
            Ok(-4..=5) => write!(f, "{number}"),
            Ok(exponent) => {
                let sign = if exponent < 0 { '-' } else { '+' };
                write!(f, "{digits}e{sign}{:02}", exponent.unsigned_abs())
            }
            Err(_) if number.is_nan() => f.write_str("NaN"),
            Err(_) => write!(f, "{}Inf", if number < 0.0 { '-' } else { '+' }),
        }
    }
}

fn size<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let length = match args {
        [Value::String(text)] => paid(text, budget)?.chars().count(),
        [Value::Bytes(bytes)] => bytes.len(),
        [Value::List(list)] => list.len(),
        [Value::Map(map)] => map.len(),
        _ => return Err(Failure::Unfit),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::super::made;
    use super::*;

    #[test]
    fn truths_have_twelve_spellings() {
        for (text, truth) in [
            ("1", true),
            ("t", true),
            ("TRUE", true),
            ("0", false),
            ("F", false),
            ("False", false),
        ] {
            let read = made(bool, Value::text(text));
            assert!(
                matches!(read, Ok(Value::Bool(read)) if read == truth),
                "{text}"
            );
        }
        for text in ["", "x", "yes", "TrUe", "3.5"] {
            assert!(made(bool, Value::text(text)).is_err(), "{text}");
        }
        assert_eq!(made(bool, Value::Int(1)).unwrap_err(), Failure::Unfit);
    }

    #[test]
    fn doubles_are_written_as_go_writes_them() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (123.456, "123.456"),
            (-4.5e-3, "-0.0045"),
            (0.0001, "0.0001"),
            (0.000_01, "1e-05"),
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (123_456_789.0, "1.23456789e+08"),
            (1e308, "1e+308"),
            (-5e-324, "-5e-324"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Plain(number).to_string(), text);
        }
    }

    #[test]
    fn durations_are_written_in_seconds() {
        for (nanos, text) in [
            (0, "0s"),
            (1, "0.000000001s"),
            (100_000_000, "0.1s"),
            (-2_000_000_000, "-2s"),
            (5_400_000_000_000, "5400s"),
            (i64::MAX, "9223372036.854776s"),
        ] {
            assert_eq!(in_seconds(nanos), text);
        }
    }

    #[test]
    fn texts_are_only_of_what_has_one() {
        let bytes = |bytes: &[u8]| made(string, Value::Bytes(bytes.into()));
        assert!(matches!(bytes("ÿ".as_bytes()), Ok(Value::String(text)) if &*text == "ÿ"));
        assert!(matches!(bytes(b"\0\xff"), Err(Failure::Wrong(_))));
        for value in [
            Value::Null,
            Value::list(vec![]),
            Value::Type("int"),
            Value::Null.some(),
        ] {
            assert_eq!(made(string, value).unwrap_err(), Failure::Unfit);
        }
    }

    #[test]
    fn sizes_count_characters_and_are_paid_for() {
        assert!(matches!(
            made(size, Value::text("ÿß€😀")),
            Ok(Value::Int(4))
        ));
        assert_eq!(made(size, Value::Int(3)).unwrap_err(), Failure::Unfit);
        let long = Value::text("a".repeat(100_000));
        assert_eq!(made(size, long).unwrap_err(), Failure::Exhausted);
    }
}
