//! Who asks for what: the part of an admission request that a verdict depends on.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::{Object, ObjectRef};

/// What is done to the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
    /// A connection through it is opened (exec, attach, port-forward).
    Connect,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// Name, such as `system:serviceaccount:chaos-testing:runner`.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
    /// The account's uid, where it is told.
    pub uid: String,
    /// What the authenticator adds.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// The account of this name, of which nothing else is told.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any text.
#[must_use]
pub fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, inner)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in inner {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// How a resource is named in the path of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourceRef {
    /// API group, empty for the core group.
    pub group: String,
    /// API version without the group.
    pub version: String,
    /// The word of the path, such as `podchaos`.
    pub resource: String,
}

/// What else an AdmissionReview tells. Only rules look at it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wording {
    /// The resource.
    pub resource: Option<ResourceRef>,
    /// The kind that was asked for, where the object was converted.
    pub request_kind: Option<ObjectRef>,
    /// The resource that was asked for.
    pub request_resource: Option<ResourceRef>,
    /// The subresource that was asked for, empty for the object itself.
    pub request_subresource: String,
    /// The options of the operation.
    pub options: Value,
}

/// A request to be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What is done.
    pub operation: Operation,
    /// To which object; its kind is the kind that was asked for.
    pub target: ObjectRef,
    /// The subresource, empty for the object itself.
    pub subresource: String,
    /// The object afterwards; `None` on DELETE.
    pub object: Option<Object>,
    /// The object before; `None` on CREATE.
    pub old_object: Option<Object>,
    /// Who asks.
    pub user: User,
    /// Whether nothing will be stored.
    pub dry_run: bool,
    /// How many seconds a pod that is taken away is given to shut down, where the request says so.
    pub grace: Option<i64>,
    /// What else is told of it.
    pub wording: Wording,
}

impl Request {
    /// The creation of `object` by `user`, as the command line judges a file.
    #[must_use]
    pub fn create(object: Object, user: User) -> Self {
        Self {
            operation: Operation::Create,
            target: object.reference().clone(),
            subresource: String::new(),
            object: Some(object),
            old_object: None,
            user,
            dry_run: false,
            grace: None,
            wording: Wording::default(),
        }
    }
}
