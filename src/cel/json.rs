//! Values as JSON, for people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use super::budget::{Budget, Failure};
use super::signature;
use super::value::Value;

/// The value as JSON: an instant in RFC 3339, a span of time in seconds (`90s`), bytes in base64, a
/// type by its name, a key of a map as its text, an optional as `{"optional": …}` or `{"empty": true}`,
/// a number that JSON cannot write as its name, and what has no text of its own as `<type>`.
///
/// # Errors
/// `Exhausted` when the value is larger than the budget has steps.
pub fn to_json(value: &Value<'_>, budget: &mut Budget) -> Result<Json, Failure> {
    budget.charge(1)?;
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::Uint(number) => json!(number),
        Value::Double(number) if number.is_finite() => json!(number),
        Value::Double(number) => json!(number.to_string()),
        Value::String(text) => {
            budget.charge_text(text.len())?;
            json!(&**text)
        }
        Value::Bytes(bytes) => {
            budget.charge_text(bytes.len())?;
            json!(STANDARD.encode(bytes))
        }
        Value::Timestamp(_) | Value::Duration(_) => text(value, budget)?,
        Value::List(list) => {
            let items = list.iter().map(|item| to_json(&item, budget));
            Json::Array(items.collect::<Result<_, _>>()?)
        }
        Value::Map(map) => {
            let mut object = Map::new();
            for (key, value) in map.entries() {
                object.insert(name(&key), to_json(&value, budget)?);
            }
            Json::Object(object)
        }
        Value::Optional(Some(inner)) => json!({"optional": to_json(inner, budget)?}),
        Value::Optional(None) => json!({"empty": true}),
        Value::Type(name) => json!(name),
        Value::Opaque(_) => json!(format!("<{}>", value.type_name())),
    })
}

/// A key as the text that JSON needs.
fn name(key: &Value<'_>) -> String {
    match key {
        Value::String(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        other => format!("{other:?}"),
    }
}

/// A value as the function `string` writes it.
fn text(value: &Value<'_>, budget: &mut Budget) -> Result<Json, Failure> {
    let (_, entry) = signature::find("string").ok_or(Failure::Unfit)?;
    let written = (entry.function.run)(std::slice::from_ref(value), budget)?;
    to_json(&written, budget)
}
