//! Values as texts, for `format`: as they are, and, within lists and maps, as an expression has them.

use std::borrow::Cow;

use crate::cel::budget::{Budget, Failure, wrong};
use crate::cel::list::List;
use crate::cel::map::Map;
use crate::cel::value::Value;

use super::conversions::string;
use super::strings::escape;

/// What is written, and what pays for it.
pub(super) struct Page<'b> {
    pub(super) text: String,
    pub(super) budget: &'b mut Budget,
}

impl<'b> Page<'b> {
    pub(super) fn new(budget: &'b mut Budget) -> Self {
        let text = String::new();
        Self { text, budget }
    }

    pub(super) fn write(&mut self, piece: &str) -> Result<(), Failure> {
        self.budget.charge_text(piece.len())?;
        self.text.push_str(piece);
        Ok(())
    }
}

pub(super) fn plain(
    value: &Value<'_>,
    _: Option<usize>,
    page: &mut Page<'_>,
) -> Result<(), Failure> {
    match value {
        Value::Null => page.write("null"),
        Value::Type(name) => page.write(name),
        Value::List(items) => list(items, page),
        Value::Map(entries) => map(entries, page),
        _ => {
            let text = text(value, page)?;
            page.write(&text)
        }
    }
}

/// What `string(value)` gives.
fn text(value: &Value<'_>, page: &mut Page<'_>) -> Result<String, Failure> {
    match string(std::slice::from_ref(value), page.budget)? {
        Value::String(text) => Ok(text.to_string()),
        _ => Err(Failure::Unfit),
    }
}

fn list(items: &List<'_>, page: &mut Page<'_>) -> Result<(), Failure> {
    page.write("[")?;
    for (place, item) in items.iter().enumerate() {
        page.write(if place == 0 { "" } else { ", " })?;
        nested(&item, page)?;
    }
    page.write("]")
}

/// The entries of a map in the order of their keys as they are written.
fn map(entries: &Map<'_>, page: &mut Page<'_>) -> Result<(), Failure> {
    let mut written = Vec::with_capacity(entries.len());
    for (key, value) in entries.entries() {
        let mut shown = Page::new(page.budget);
        nested(&key, &mut shown)?;
        written.push((shown.text, value));
    }
    written.sort_by(|(a, _), (b, _)| a.cmp(b));
    page.write("{")?;
    for (place, (key, value)) in written.iter().enumerate() {
        page.write(if place == 0 { "" } else { ", " })?;
        page.write(key)?;
        page.write(":")?;
        nested(value, page)?;
    }
    page.write("}")
}

/// Writes a value that is in a list or map.
fn nested(value: &Value<'_>, page: &mut Page<'_>) -> Result<(), Failure> {
    page.budget.charge(1)?;
    match value {
        Value::String(text) => quoted(text, page),
        Value::Double(number) if number.is_finite() => page.write(&format!("{number:.6}")),
        Value::Double(_) => call("", value, "", page),
        Value::Bytes(_) => call("b", value, "", page),
        Value::Timestamp(_) => call("timestamp(", value, ")", page),
        Value::Duration(_) => call("duration(", value, ")", page),
        _ => plain(value, None, page).map_err(|failure| match failure {
            Failure::Unfit => {
                let kind = value.type_name();
                wrong(format!(
                    "a value of type \"{kind}\" cannot be written as a text"
                ))
            }
            failure => failure,
        }),
    }
}

/// Writes a value by its text in quotes, with what stands before and after it.
fn call(before: &str, value: &Value<'_>, after: &str, page: &mut Page<'_>) -> Result<(), Failure> {
    let text = text(value, page)?;
    page.write(before)?;
    quoted(&text, page)?;
    page.write(after)
}

/// Writes a text in quotes.
fn quoted(text: &str, page: &mut Page<'_>) -> Result<(), Failure> {
    page.budget.charge_text(text.len())?;
    let quoted: String = text.chars().map(shape).collect();
    page.write("\"")?;
    page.write(&quoted)?;
    page.write("\"")
}

/// A character, or the escape of one that has no shape.
fn shape(of: char) -> Cow<'static, str> {
    let code = u32::from(of);
    match escape(of) {
        Some(escape) => escape.into(),
        None if has_shape(of) => of.to_string().into(),
        None if code < 0x80 => format!("\\x{code:02x}").into(),
        None if code < 0x1_0000 => format!("\\u{code:04x}").into(),
        None => format!("\\U{code:08x}").into(),
    }
}

/// Whether a character can be seen, or is a space of ASCII. After a letter, so that marks have
/// something to stand on, the standard library escapes all others.
fn has_shape(character: char) -> bool {
    let shown = ['a', character].iter().collect::<String>();
    character == ' ' || character == '\'' || shown.escape_debug().count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cel::map::Key;

    fn shown(value: &Value<'_>) -> Result<String, Failure> {
        let mut budget = Budget::new(1_000);
        let mut page = Page::new(&mut budget);
        plain(value, None, &mut page).map(|()| page.text)
    }

    fn in_list(value: Value<'_>) -> String {
        shown(&Value::list(vec![value])).unwrap()
    }

    #[test]
    fn values_are_written_as_expressions_within_a_list() {
        assert_eq!(in_list(Value::Null), "[null]");
        assert_eq!(in_list(Value::Uint(1)), "[1]");
        assert_eq!(in_list(Value::Type("int")), "[int]");
        assert_eq!(in_list(Value::Double(2.71)), "[2.710000]");
        assert_eq!(
            in_list(Value::Double(1e21)),
            "[1000000000000000000000.000000]"
        );
        assert_eq!(in_list(Value::Double(f64::NEG_INFINITY)), r#"["-Inf"]"#);
        assert_eq!(in_list(Value::Double(f64::INFINITY)), r#"["+Inf"]"#);
        assert_eq!(
            in_list(Value::Bytes(b"hi\"".as_slice().into())),
            r#"[b"hi\""]"#
        );
        assert_eq!(
            in_list(Value::Duration(1_000_000)),
            r#"[duration("0.001s")]"#
        );
        assert_eq!(in_list(Value::list(Vec::new())), "[[]]");
    }

    #[test]
    fn what_has_no_shape_is_escaped() {
        for (text, quoted) in [
            ("x\"y\n\t\\", r#"["x\"y\n\t\\"]"#),
            ("\u{0}\u{1}\u{7f}'", r#"["\x00\x01\x7f'"]"#),
            ("é😀\u{200b}\u{a0}\u{feff}", r#"["é😀\u200b\u00a0\ufeff"]"#),
            (
                "\u{378}\u{e000}\u{e0001}\u{10ffff}",
                r#"["\u0378\ue000\U000e0001\U0010ffff"]"#,
            ),
            ("e\u{301} \u{fffd}", "[\"e\u{301} \u{fffd}\"]"),
        ] {
            assert_eq!(in_list(Value::text(text)), quoted);
        }
    }

    fn map(keys: Vec<Value<'_>>) -> Value<'_> {
        let entries = keys
            .into_iter()
            .map(|key| (Key::of(key).unwrap(), Value::Int(1)));
        Value::Map(Map::build(entries.collect()).unwrap())
    }

    #[test]
    fn keys_are_in_the_order_they_are_written_in() {
        let texts = ["ab", "a", "a!", "a "].map(Value::text).to_vec();
        assert_eq!(
            shown(&map(texts)).unwrap(),
            r#"{"a ":1, "a!":1, "a":1, "ab":1}"#
        );
        let numbers = [1, 10, 9, -1].map(Value::Int).to_vec();
        assert_eq!(shown(&map(numbers)).unwrap(), "{-1:1, 1:1, 10:1, 9:1}");
        let truths = [true, false].map(Value::Bool).to_vec();
        assert_eq!(shown(&map(truths)).unwrap(), "{false:1, true:1}");
        assert_eq!(shown(&map(Vec::new())).unwrap(), "{}");
    }

    #[test]
    fn objects_are_written_whole() {
        let json = serde_json::json!({"a": [1, {"b": null}], "c": "d"});
        assert_eq!(
            shown(&Value::of(&json)).unwrap(),
            r#"{"a":[1, {"b":null}], "c":"d"}"#
        );
    }

    #[test]
    fn what_has_no_text_is_refused_within_a_list_too() {
        let odd = Value::Null.some();
        assert_eq!(shown(&odd), Err(Failure::Unfit));
        let failure = shown(&Value::list(vec![odd])).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "a value of type \"optional_type\" cannot be written as a text"
        );
        let bytes = Value::Bytes([0xff].as_slice().into());
        assert!(shown(&Value::list(vec![bytes])).is_err());
    }
}
