//! A Kubernetes object as it was written, how it is named, and typed access to its fields.

mod field;

pub use field::Field;

use std::fmt;

use serde_json::Value;

use field::brief;

/// How an object is named: API group, version, kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ObjectRef {
    /// API group, empty for the core group.
    pub group: String,
    /// API version without the group.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Name; empty while `generateName` has not been resolved.
    pub name: String,
}

impl ObjectRef {
    /// `group/version`, or the version alone for the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        api_version(&self.group, &self.version)
    }
}

/// `group/version`, or the version alone for the core group.
#[must_use]
pub fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// A JSON value that is no Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct NotAnObject {
    /// The field that is missing or of the wrong type.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// A field whose value cannot be understood. It is judged as over every limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Path of the field, as `kubectl explain` would write it.
    pub field: String,
    /// What stands there, quoted.
    pub found: String,
    /// What would be accepted; empty where what was found says it.
    pub expected: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.found)?;
        if self.expected.is_empty() {
            return Ok(());
        }
        write!(f, ", expected {}", self.expected)
    }
}

impl std::error::Error for Unreadable {}

impl Unreadable {
    /// An error about the value at `field`.
    #[must_use]
    pub fn new(
        field: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }

    /// The same of an object that stands at `field` of another one.
    #[must_use]
    pub fn within(self, field: &str) -> Self {
        Self {
            field: format!("{field}.{}", self.field),
            ..self
        }
    }
}

/// A Kubernetes object as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    reference: ObjectRef,
    value: Value,
}

impl Object {
    /// Takes a JSON value that has `apiVersion`, `kind` and `metadata`.
    ///
    /// # Errors
    /// When one of them is missing or of the wrong type.
    pub fn new(value: Value) -> Result<Self, NotAnObject> {
        let text = |field: &'static str| match value.get(field.trim_start_matches('/')) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text.as_str()),
            Some(other) => Err(NotAnObject {
                field,
                problem: format!("{} is no text", brief(other)),
            }),
            None => Err(NotAnObject {
                field,
                problem: "missing".to_owned(),
            }),
        };
        let api_version = text("/apiVersion")?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let metadata = |name: &str| {
            let found = value
                .get("metadata")
                .and_then(|metadata| metadata.get(name));
            found.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let reference = ObjectRef {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: text("/kind")?.to_owned(),
            namespace: metadata("namespace"),
            name: metadata("name"),
        };
        Ok(Self { reference, value })
    }

    /// The same object, in `namespace` where it names none itself.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        if self.reference.namespace.is_empty() {
            namespace.clone_into(&mut self.reference.namespace);
        }
        self
    }

    /// The same without `metadata.managedFields`: who wrote which field says nothing of what it does, and the
    /// webhook passes over them while it reads.
    #[must_use]
    pub fn without_managed_fields(mut self) -> Self {
        let metadata = self
            .value
            .get_mut("metadata")
            .and_then(Value::as_object_mut);
        if let Some(metadata) = metadata {
            metadata.remove("managedFields");
        }
        self
    }

    /// How the object is named.
    #[must_use]
    pub fn reference(&self) -> &ObjectRef {
        &self.reference
    }

    /// Whether the object is of this group and kind, in any version.
    #[must_use]
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.reference.group == group && self.reference.kind == kind
    }

    /// The whole JSON value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The value below these keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter()
            .try_fold(&self.value, |value, key| value.get(key))
    }

    /// The field at the root, from which all others are reached.
    #[must_use]
    pub fn root(&self) -> Field<'_> {
        Field::at("", &self.value)
    }

    /// The field `spec`.
    #[must_use]
    pub fn spec(&self) -> Field<'_> {
        self.root().get("spec")
    }

    /// A label's value.
    #[must_use]
    pub fn label(&self, key: &str) -> Option<&str> {
        self.at(&["metadata", "labels", key])?.as_str()
    }

    /// An annotation's value.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.at(&["metadata", "annotations", key])?.as_str()
    }

    /// Its uid, where the API server has told it.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        self.at(&["metadata", "uid"])?.as_str()
    }

    /// How often what it says was changed, where the API server has told it.
    #[must_use]
    pub fn generation(&self) -> Option<i64> {
        self.at(&["metadata", "generation"])?.as_i64()
    }

    /// Whether one of these conditions of its status holds.
    #[must_use]
    pub fn has_condition(&self, types: &[&str]) -> bool {
        let conditions = self.at(&["status", "conditions"]).and_then(Value::as_array);
        let holds = |condition: &Value| {
            let of_type = condition.get("type").and_then(Value::as_str);
            of_type.is_some_and(|found| types.contains(&found))
                && condition.get("status").and_then(Value::as_str) == Some("True")
        };
        conditions.is_some_and(|all| all.iter().any(holds))
    }

    /// The controlling owner's kind and name.
    #[must_use]
    pub fn controller(&self) -> Option<(&str, &str)> {
        let owners = self.at(&["metadata", "ownerReferences"])?.as_array()?;
        let owner = owners
            .iter()
            .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
        Some((owner.get("kind")?.as_str()?, owner.get("name")?.as_str()?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_without_kind_is_refused() {
        let error = Object::new(json!({"apiVersion": "v1"})).unwrap_err();
        assert_eq!(error.to_string(), "/kind: missing");
    }
}
