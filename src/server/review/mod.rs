//! An AdmissionReview on the wire: the request as the API server sends it, the answer as it reads
//! it.

mod answer;

pub use answer::{Answer, answer, injected, patch, untouched};

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use crate::object::{Object, ObjectRef};
use crate::request::{Operation, Request, ResourceRef, User, Wording};
use crate::server::decoded::Kept;

const API_VERSION: &str = "admission.k8s.io/v1";
const KIND: &str = "AdmissionReview";

/// A body that is no AdmissionReview that could be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAReview {
    /// It is no JSON.
    #[error("the body is no JSON: {0}")]
    Json(String),
    /// It is JSON of another shape.
    #[error("the body is no AdmissionReview: {0}")]
    Shape(String),
    /// It is a review in another version.
    #[error(
        "the body is \"{kind}\" of \"{api_version}\", expected AdmissionReview of {API_VERSION}"
    )]
    Version {
        /// What it says it is.
        kind: String,
        /// In which version.
        api_version: String,
    },
    /// The object in it is no Kubernetes object.
    #[error("request.{field}: {problem}")]
    Object {
        /// Which one.
        field: &'static str,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Review {
    api_version: String,
    kind: String,
    request: Option<Asked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    uid: String,
    kind: GroupVersionKind,
    #[serde(default)]
    resource: Option<GroupVersionResource>,
    #[serde(default)]
    sub_resource: Option<String>,
    #[serde(default)]
    request_kind: Option<GroupVersionKind>,
    #[serde(default)]
    request_resource: Option<GroupVersionResource>,
    #[serde(default)]
    request_sub_resource: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    operation: Asking,
    #[serde(default)]
    user_info: Info,
    #[serde(default)]
    object: Option<Kept>,
    #[serde(default)]
    old_object: Option<Kept>,
    #[serde(default)]
    dry_run: Option<bool>,
    #[serde(default)]
    options: Value,
}

#[derive(Deserialize)]
struct GroupVersionKind {
    #[serde(default)]
    group: String,
    version: String,
    kind: String,
}

#[derive(Deserialize)]
struct GroupVersionResource {
    #[serde(default)]
    group: String,
    version: String,
    resource: String,
}

#[derive(Deserialize, Default)]
struct Info {
    #[serde(default)]
    username: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    extra: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    groups: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Asking {
    Create,
    Update,
    Delete,
    Connect,
}

/// Reads a review: its uid, which the answer repeats, and the request.
///
/// # Errors
/// When the body is no AdmissionReview of version v1 with a request.
pub fn read(body: &[u8]) -> Result<(String, Request), NotAReview> {
    let review: Review = serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => NotAReview::Shape(error.to_string()),
        Category::Io | Category::Syntax | Category::Eof => NotAReview::Json(error.to_string()),
    })?;
    if review.api_version != API_VERSION || review.kind != KIND {
        let (kind, api_version) = (review.kind, review.api_version);
        return Err(NotAReview::Version { kind, api_version });
    }
    let missing = || NotAReview::Shape("missing field `request`".to_owned());
    let asked = review.request.ok_or_else(missing)?;
    Ok((asked.uid.clone(), request(asked)?))
}

fn request(asked: Asked) -> Result<Request, NotAReview> {
    let namespace = asked.namespace.unwrap_or_default();
    let object = object("object", asked.object, &namespace)?;
    let old_object = self::object("oldObject", asked.old_object, &namespace)?;
    let named = object
        .as_ref()
        .or(old_object.as_ref())
        .map(|object| object.reference().name.clone());
    let options = match &object {
        Some(eviction) if eviction.is("policy", "Eviction") => eviction
            .value()
            .get("deleteOptions")
            .unwrap_or(&Value::Null),
        Some(_) | None => &asked.options,
    };
    let grace = options.get("gracePeriodSeconds").and_then(Value::as_i64);
    let name = asked.name.filter(|name| !name.is_empty());
    let target = ObjectRef {
        namespace,
        name: name.or(named).unwrap_or_default(),
        ..ObjectRef::from(asked.kind)
    };
    Ok(Request {
        operation: match asked.operation {
            Asking::Create => Operation::Create,
            Asking::Update => Operation::Update,
            Asking::Delete => Operation::Delete,
            Asking::Connect => Operation::Connect,
        },
        target,
        subresource: asked.sub_resource.unwrap_or_default(),
        object,
        old_object,
        user: User {
            name: asked.user_info.username,
            groups: asked.user_info.groups.unwrap_or_default(),
            uid: asked.user_info.uid,
            extra: asked.user_info.extra.unwrap_or_default(),
        },
        dry_run: asked.dry_run.unwrap_or_default(),
        grace,
        wording: Wording {
            resource: asked.resource.map(ResourceRef::from),
            request_kind: asked.request_kind.map(ObjectRef::from),
            request_resource: asked.request_resource.map(ResourceRef::from),
            request_subresource: asked.request_sub_resource.unwrap_or_default(),
            options: asked.options,
        },
    })
}

impl From<GroupVersionKind> for ObjectRef {
    fn from(kind: GroupVersionKind) -> Self {
        Self {
            group: kind.group,
            version: kind.version,
            kind: kind.kind,
            ..Self::default()
        }
    }
}

impl From<GroupVersionResource> for ResourceRef {
    fn from(resource: GroupVersionResource) -> Self {
        Self {
            group: resource.group,
            version: resource.version,
            resource: resource.resource,
        }
    }
}

fn object(
    field: &'static str,
    found: Option<Kept>,
    namespace: &str,
) -> Result<Option<Object>, NotAReview> {
    let Some(Kept(value)) = found else {
        return Ok(None);
    };
    match Object::new(value) {
        Ok(object) => Ok(Some(object.in_namespace(namespace))),
        Err(error) => Err(NotAReview::Object {
            field,
            problem: error.to_string(),
        }),
    }
}

/// The uid of a review that is none otherwise.
#[must_use]
pub fn uid(body: &[u8]) -> Option<String> {
    let review: Value = serde_json::from_slice(body).ok()?;
    let uid = review.pointer("/request/uid")?.as_str()?;
    Some(uid.to_owned())
}
