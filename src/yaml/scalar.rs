//! What a scalar means: YAML 1.1 as kubectl resolves it, not YAML 1.2 as the parser reads it.
//!
//! kubectl turns YAML into JSON before anything looks at it, so `mode: no` is the boolean false, `017`
//! is fifteen, and `5.0` is the integer 5. Whoever checks a manifest has to see the same values.

use serde_json::{Number, Value};

const TRUE: [&str; 11] = [
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
];
const FALSE: [&str; 11] = [
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
];
const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];

/// A scalar's type as an explicit tag names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Integer,
    Float,
    Boolean,
    Null,
}

impl Type {
    /// The type that the tag `!!name` asks for. Tags kubectl does not know mean text.
    pub(super) fn of_tag(name: &str) -> Self {
        match name {
            "int" => Self::Integer,
            "float" => Self::Float,
            "bool" => Self::Boolean,
            "null" => Self::Null,
            _ => Self::Text,
        }
    }

    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Float => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Null => value.is_null(),
        }
    }
}

/// A scalar without a value in JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoValue(pub(super) String);

/// What a plain scalar means.
pub(super) fn plain(text: &str) -> Result<Value, NoValue> {
    let first = text.bytes().next().unwrap_or(b'~');
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            Ok(word(text))
        }
        b'0'..=b'9' | b'+' | b'-' | b'.' => numeric(text),
        _ => Ok(Value::from(text)),
    }
}

/// What a scalar with an explicit tag means.
pub(super) fn tagged(wanted: Type, text: &str) -> Result<Value, NoValue> {
    if wanted == Type::Text {
        return Ok(Value::from(text));
    }
    let value = plain(text)?;
    if wanted.accepts(&value) {
        return Ok(value);
    }
    let expected = match wanted {
        Type::Text => "a string",
        Type::Integer => "a whole number",
        Type::Float => "a number",
        Type::Boolean => "true or false",
        Type::Null => "null",
    };
    Err(NoValue(format!(
        "{text:?}, expected {expected}, as its tag says"
    )))
}

/// The number as kubectl hands it on: whole numbers lose their fraction and exponent.
pub(super) fn number(float: f64) -> Option<Value> {
    // Past this the JSON encoder of Go writes an exponent, and the number stays a float.
    const LONGEST: f64 = 1e21;
    if float.fract() == 0.0
        && float.abs() < LONGEST
        && let Ok(whole) = format!("{float:.0}").parse::<i64>()
    {
        return Some(Value::from(whole));
    }
    Number::from_f64(float).map(Value::Number)
}

/// A scalar as the key of a map: JSON has only strings there.
pub(super) fn key(value: Value) -> Result<String, NoValue> {
    let unsupported = |value: &dyn std::fmt::Display| {
        NoValue(format!(
            "{value} as a key, expected a string, a number or a boolean"
        ))
    };
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Number(number) if number.is_i64() => Ok(number.to_string()),
        Value::Number(number) => match number.as_f64() {
            // Outside this range kubectl writes the key with an exponent, in single precision.
            Some(float) if (1e-4..1e6).contains(&float.abs()) => Ok(float.to_string()),
            Some(_) | None => Err(unsupported(&number)),
        },
        Value::Null => Err(unsupported(&"null")),
        Value::Array(_) => Err(unsupported(&"a list")),
        Value::Object(_) => Err(unsupported(&"a map")),
    }
}

fn word(text: &str) -> Value {
    if TRUE.contains(&text) {
        Value::Bool(true)
    } else if FALSE.contains(&text) {
        Value::Bool(false)
    } else if NULL.contains(&text) {
        Value::Null
    } else {
        Value::from(text)
    }
}

fn numeric(text: &str) -> Result<Value, NoValue> {
    if is_no_number(text) {
        return Err(NoValue(format!("{text}, expected a number JSON can hold")));
    }
    // Underscores may part digits, but not in a number that begins with its point.
    let plain = if text.starts_with('.') {
        text.to_owned()
    } else {
        text.replace('_', "")
    };
    Ok(integer(&plain)
        .or_else(|| float(&plain))
        .unwrap_or_else(|| Value::from(text)))
}

fn is_no_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']);
    let infinite = [".inf", ".Inf", ".INF"].contains(&unsigned.unwrap_or(text));
    infinite || [".nan", ".NaN", ".NAN"].contains(&text)
}

/// A whole number in base 2, 8, 10 or 16; a leading zero means octal.
fn integer(text: &str) -> Option<Value> {
    let sign = text.strip_prefix('-').or(text.strip_prefix('+'));
    let (digits, base) = base(sign.unwrap_or(text));
    if !digits.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    if sign.is_none() {
        return Some(Value::from(magnitude));
    }
    let magnitude = i128::from(magnitude);
    let whole = if text.starts_with('-') {
        -magnitude
    } else {
        magnitude
    };
    i64::try_from(whole).ok().map(Value::from)
}

fn base(digits: &str) -> (&str, u32) {
    let lower = digits.get(..2).map(str::to_ascii_lowercase);
    let rest = |from: usize| digits.get(from..).unwrap_or_default();
    match lower.as_deref() {
        Some("0x") => (rest(2), 16),
        Some("0o") => (rest(2), 8),
        Some("0b") => (rest(2), 2),
        Some(two) if two.starts_with('0') => (rest(1), 8),
        Some(_) | None => (digits, 10),
    }
}

fn float(text: &str) -> Option<Value> {
    let digits = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    if !text.bytes().all(digits) || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    float.is_finite().then(|| number(float)).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_mean_what_kubectl_makes_of_them() {
        let cases = [
            ("yes", json!(true)),
            ("On", json!(true)),
            ("y", json!(true)),
            ("NO", json!(false)),
            ("off", json!(false)),
            ("yEs", json!("yEs")),
            ("~", json!(null)),
            ("", json!(null)),
            ("Null", json!(null)),
            ("one", json!("one")),
            ("12", json!(12)),
            ("+12", json!(12)),
            ("-12", json!(-12)),
            ("017", json!(15)),
            ("0o17", json!(15)),
            ("08", json!(8)),
            ("0_", json!(0)),
            ("1_000", json!(1000)),
            ("0x_1F", json!(31)),
            ("0b11", json!(3)),
            ("-0b11", json!(-3)),
            (
                "18446744073709551615",
                json!(18_446_744_073_709_551_615_u64),
            ),
            ("1e3", json!(1000)),
            ("5.0", json!(5)),
            ("5.", json!(5)),
            (".5", json!(0.5)),
            ("+.5", json!(0.5)),
            ("1_0.5_0", json!(10.5)),
            ("1e400", json!("1e400")),
            ("2001-12-14", json!("2001-12-14")),
            ("1:30", json!("1:30")),
            ("50%", json!("50%")),
            ("5m", json!("5m")),
            ("1.2.3", json!("1.2.3")),
            (".x", json!(".x")),
            ("-", json!("-")),
            ("+-1", json!("+-1")),
            ("0x", json!("0x")),
            ("0x+1", json!("0x+1")),
            ("nan", json!("nan")),
            ("infinity", json!("infinity")),
        ];
        for (text, value) in cases {
            assert_eq!(plain(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        for text in [".nan", ".inf", "-.INF", "+.Inf"] {
            assert!(plain(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tag_decides_or_refuses() {
        assert_eq!(tagged(Type::Text, "5"), Ok(json!("5")));
        assert_eq!(tagged(Type::Integer, "5"), Ok(json!(5)));
        assert_eq!(tagged(Type::Float, "5"), Ok(json!(5)));
        assert_eq!(tagged(Type::Boolean, "yes"), Ok(json!(true)));
        let refused = tagged(Type::Integer, "many").unwrap_err().0;
        assert_eq!(
            refused,
            "\"many\", expected a whole number, as its tag says"
        );
    }

    #[test]
    fn keys_become_strings() {
        assert_eq!(key(json!(8080)), Ok("8080".to_owned()));
        assert_eq!(key(json!(1.5)), Ok("1.5".to_owned()));
        assert_eq!(key(json!(true)), Ok("true".to_owned()));
        for value in [json!(null), json!([]), json!({}), json!(1e30)] {
            assert!(key(value.clone()).is_err(), "{value}");
        }
    }
}
