//! Who asks for what: the part of an admission request that a verdict depends on.

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
        }
    }
}
