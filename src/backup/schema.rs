//! The schema that a served version of a CustomResourceDefinition holds objects against.
//!
//! A field that it does not name is pruned silently, and shown before that to the operator's own
//! webhook, which may refuse the user's object for it. So nothing is added that is not named here.

use serde_json::{Map, Value};

/// How deep a schema is followed.
const DEEPEST: usize = 64;

/// An `openAPIV3Schema`.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema(Value);

impl Schema {
    /// The schema as a definition holds it under `openAPIV3Schema`.
    #[must_use]
    pub fn new(schema: Value) -> Self {
        Self(schema)
    }

    /// The schema of a version that a CustomResourceDefinition serves; `None` where it does not.
    #[must_use]
    pub fn of(definition: &Value, version: &str) -> Option<Self> {
        let versions = definition.get("spec")?.get("versions")?.as_array()?;
        let is_it = |it: &&Value| it.get("name").and_then(Value::as_str) == Some(version);
        let found = versions.iter().find(is_it)?;
        if found.get("served") != Some(&Value::Bool(true)) {
            return None;
        }
        let schema = found.get("schema")?.get("openAPIV3Schema")?;
        Some(Self(schema.clone()))
    }

    /// Whether a field is named, such as `spec.backup.schedule[].retention`; `{}` stands for any key
    /// of a map. What is merely kept unread is not named.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// Whether a text is among those that a field accepts.
    #[must_use]
    pub fn accepts(&self, path: &str, word: &str) -> bool {
        let words = self.find(path).and_then(|field| field.get("enum"));
        let words = words.and_then(Value::as_array);
        words.is_none_or(|words| words.iter().any(|known| known == word))
    }

    fn find(&self, path: &str) -> Option<&Value> {
        let mut schema = &self.0;
        for part in path.split('.') {
            let key = part.trim_end_matches("[]").trim_end_matches("{}");
            schema = schema.get("properties")?.get(key)?;
            if part.ends_with("[]") {
                schema = schema.get("items")?;
            } else if part.ends_with("{}") {
                schema = schema.get("additionalProperties")?;
            }
        }
        Some(schema)
    }

    /// What does not fit of a value that would stand at a path of keys, each as `path: what is wrong`.
    #[must_use]
    pub fn misfits(&self, path: &[String], value: &Value) -> Vec<String> {
        let mut schema = &self.0;
        for (depth, key) in path.iter().enumerate() {
            match member(schema, key) {
                Some(inner) => schema = inner,
                None => return vec![format!("{}: not known", path[..=depth].join("."))],
            }
        }
        let mut walk = Walk {
            wrong: Vec::new(),
            depth: DEEPEST,
        };
        walk.compare(schema, value, &path.join("."));
        walk.wrong
    }
}

fn member<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    let properties = schema.get("properties");
    let named = properties.and_then(|properties| properties.get(key));
    let any = || {
        schema
            .get("additionalProperties")
            .filter(|any| any.is_object())
    };
    named.or_else(any)
}

/// What does not fit, collected on the way down.
struct Walk {
    wrong: Vec<String>,
    depth: usize,
}

impl Walk {
    fn compare(&mut self, schema: &Value, value: &Value, path: &str) {
        if self.depth == 0 {
            self.wrong.push(format!("{path}: too deep"));
            return;
        }
        if !has_type(schema, value) {
            self.wrong.push(format!("{path}: of the wrong type"));
            return;
        }
        let words = schema.get("enum").and_then(Value::as_array);
        if words.is_some_and(|words| !words.contains(value)) {
            self.wrong.push(format!("{path}: {value} is not accepted"));
        }
        self.depth -= 1;
        match value {
            Value::Object(map) => self.members(schema, map, path),
            Value::Array(items) => {
                let schema = schema.get("items").unwrap_or(&Value::Null);
                for (index, item) in items.iter().enumerate() {
                    self.compare(schema, item, &format!("{path}[{index}]"));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        self.depth += 1;
    }

    fn members(&mut self, schema: &Value, map: &Map<String, Value>, path: &str) {
        for (key, inner) in map {
            let path = format!("{path}.{key}");
            match member(schema, key) {
                Some(schema) => self.compare(schema, inner, &path),
                None => self.wrong.push(format!("{path}: not known")),
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        let required = required.into_iter().flatten().filter_map(Value::as_str);
        for key in required.filter(|key| !map.contains_key(*key)) {
            let default = member(schema, key).and_then(|it| it.get("default"));
            if default.is_none() {
                self.wrong.push(format!("{path}.{key}: required"));
            }
        }
    }
}

fn has_type(schema: &Value, value: &Value) -> bool {
    if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
        return value.is_i64() || value.is_string();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        Schema::new(json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "properties": {
                "list": {"type": "array", "items": {"type": "object", "required": ["name"],
                    "properties": {"name": {"type": "string", "enum": ["a", "b"]}}}},
                "map": {"type": "object", "additionalProperties": {"type": "object",
                    "properties": {"on": {"type": "boolean"}}}},
                "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            },
        }}}))
    }

    #[test]
    fn a_field_is_named_within_lists_and_maps() {
        let schema = schema();
        for path in ["spec.list", "spec.list[].name", "spec.map{}.on", "spec.any"] {
            assert!(schema.has(path), "{path}");
        }
        for path in ["spec.list[].on", "spec.map.on", "spec.any.x", "status"] {
            assert!(!schema.has(path), "{path}");
        }
        assert!(schema.accepts("spec.list[].name", "a"));
        assert!(!schema.accepts("spec.list[].name", "c"));
    }

    #[test]
    fn what_would_be_pruned_or_refused_is_told() {
        let wrong = |key: &str, value: &Value| {
            schema().misfits(&["spec".to_owned(), key.to_owned()], value)
        };
        let cases = [
            (
                "list",
                json!([{"name": "a", "x": 1}]),
                "spec.list[0].x: not known",
            ),
            ("list", json!([{}]), "spec.list[0].name: required"),
            (
                "list",
                json!([{"name": "c"}]),
                "spec.list[0].name: \"c\" is not accepted",
            ),
            ("list", json!({}), "spec.list: of the wrong type"),
            (
                "map",
                json!({"k": {"on": 1}}),
                "spec.map.k.on: of the wrong type",
            ),
            ("any", json!({"x": 1}), "spec.any.x: not known"),
            ("none", json!(1), "spec.none: not known"),
        ];
        for (key, value, expected) in cases {
            assert_eq!(wrong(key, &value), [expected]);
        }
        assert!(wrong("map", &json!({"k": {"on": true}})).is_empty());
    }

    #[test]
    fn only_a_served_version_has_a_schema() {
        let definition = json!({"spec": {"versions": [
            {"name": "v1", "served": true, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v0", "served": false, "schema": {"openAPIV3Schema": {"type": "object"}}},
        ]}});
        assert!(Schema::of(&definition, "v1").is_some());
        assert!(Schema::of(&definition, "v0").is_none());
        assert!(Schema::of(&definition, "v2").is_none());
    }
}
