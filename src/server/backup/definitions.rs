//! The schemas of databases, from their definitions in the cluster: what is not in one is never added.
//!
//! A definition is long, and seldom another. So whether it is is asked each time, and it is read only
//! then; of what is read, what decides what fits is kept, and one is read at a time.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::lookup::{Api, NAMES, one};
use crate::backup::Schema;

const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// How many schemas are kept: each version of each kind, and a few more.
const MOST: usize = 32;

/// A definition by its name, and a version in it.
type Key = (String, String);

/// The schemas that were read.
pub(super) struct Definitions {
    api: Api,
    kept: Mutex<BTreeMap<Key, Kept>>,
}

/// A schema, and the state of the definition in which it was.
struct Kept {
    state: String,
    schema: Arc<Schema>,
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: String,
}

#[derive(Deserialize)]
struct Definition {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Serialize, Deserialize)]
struct Spec {
    versions: Vec<Version>,
}

#[derive(Serialize, Deserialize)]
struct Version {
    name: String,
    served: bool,
    schema: Option<Held>,
}

#[derive(Serialize, Deserialize)]
struct Held {
    #[serde(rename = "openAPIV3Schema")]
    schema: Root,
}

/// What is kept at the top of a schema: the part that is added to.
#[derive(Serialize, Deserialize)]
struct Root {
    #[serde(default)]
    properties: Top,
}

#[derive(Serialize, Deserialize, Default)]
struct Top {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spec: Option<Thin>,
}

/// What of a schema decides whether a value fits it.
#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Thin {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: BTreeMap<String, Self>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Box<Self>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_properties: Option<Additional>,
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    words: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    required: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    #[serde(
        rename = "x-kubernetes-int-or-string",
        skip_serializing_if = "Option::is_none"
    )]
    int_or_string: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Additional {
    Whether(bool),
    Of(Box<Thin>),
}

impl Definitions {
    pub(super) fn new(api: Api) -> Self {
        Self {
            api,
            kept: Mutex::default(),
        }
    }

    /// The schema of a version of the definition of this name; `None` where it is not there.
    pub(super) async fn schema(
        &self,
        name: &str,
        version: &str,
    ) -> kube::Result<Option<Arc<Schema>>> {
        let mut kept = self.kept.lock().await;
        let path = one(PATH, name);
        let listed: List<Named> = self.api.get(&path, NAMES).await?;
        let Some(Named { metadata }) = listed.items.into_iter().next() else {
            return Ok(None);
        };
        let key = (name.to_owned(), version.to_owned());
        let same = |it: &&Kept| it.state == metadata.resource_version;
        if let Some(found) = kept.get(&key).filter(same) {
            return Ok(Some(Arc::clone(&found.schema)));
        }
        let listed: List<Definition> = self.api.get(&path, "application/json").await?;
        let Some(definition) = listed.items.into_iter().next() else {
            return Ok(None);
        };
        let Some(schema) = schema(&definition.spec, version) else {
            return Ok(None);
        };
        if kept.len() >= MOST {
            kept.clear();
        }
        let schema = Arc::new(schema);
        let state = definition.metadata.resource_version;
        let fresh = Kept {
            state,
            schema: Arc::clone(&schema),
        };
        kept.insert(key, fresh);
        Ok(Some(schema))
    }
}

fn schema(spec: &Spec, version: &str) -> Option<Schema> {
    Schema::of(&json!({"spec": spec}), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_is_kept_and_the_rest_is_not() {
        let field = json!({"type": "object", "description": "long", "required": ["a"],
            "properties": {
                "a": {"type": "string", "enum": ["x", "y"], "default": "x", "pattern": ".*"},
                "b": {"type": "array", "items": {"x-kubernetes-int-or-string": true}},
                "c": {"type": "object", "additionalProperties": {"type": "string"}},
                "d": {"type": "object", "additionalProperties": true}}});
        let spec = json!({"versions": [{"name": "v1", "served": true, "storage": true, "schema": {
            "openAPIV3Schema": {"type": "object", "properties": {"spec": field, "status": {"type": "object"}}}}}]});
        let thin: Spec = serde_json::from_value(spec).unwrap();
        let kept = json!(thin)["versions"][0]["schema"]["openAPIV3Schema"].clone();
        let expected = json!({"properties": {"spec": {"type": "object", "required": ["a"],
            "properties": {
                "a": {"type": "string", "enum": ["x", "y"], "default": "x"},
                "b": {"type": "array", "items": {"x-kubernetes-int-or-string": true}},
                "c": {"type": "object", "additionalProperties": {"type": "string"}},
                "d": {"type": "object", "additionalProperties": true}}}}});
        assert_eq!(kept, expected);
        assert!(schema(&thin, "v1").unwrap().has("spec.b[]"));
        assert!(schema(&thin, "v2").is_none());
    }
}
