//! Every text in a value, and where it stands.

use serde_json::Value;

/// How deep a value may nest; the API server refuses more.
const DEEPEST: usize = 128;

/// Every text in `value`, which stands at `path`.
pub(super) fn texts<'a>(value: &'a Value, path: &str) -> Vec<(String, &'a str)> {
    let mut found = Vec::new();
    walk(value, path.to_owned(), 0, &mut found);
    found
}

fn walk<'a>(value: &'a Value, path: String, depth: usize, found: &mut Vec<(String, &'a str)>) {
    if depth > DEEPEST {
        return;
    }
    let below = depth.saturating_add(1);
    match value {
        Value::String(text) => found.push((path, text)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{path}[{index}]"), below, found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                walk(value, format!("{path}.{key}"), below, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
