//! What the shell knows around a request, handed to the pure core.

use std::collections::BTreeSet;

use super::schema::Schema;
use crate::object::Object;

/// Whether a secret is there, and with which keys. Never a value of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// There is no such secret.
    Absent,
    /// It is there, with these keys.
    Present(BTreeSet<String>),
    /// It is there, and its keys are not told.
    Keyless,
    /// Nobody told.
    Untold,
}

/// The condition of BackupDefaults that says whether an object was stored in their storage, and deleted.
pub const STORAGE_REACHABLE: &str = "StorageReachable";

/// What is around a database.
pub trait Around {
    /// A namespace; `None` where it is not known.
    fn namespace(&self, name: &str) -> Option<Object>;

    /// The objects of a kind in a namespace, or everywhere where `namespace` is empty; none where
    /// the kind is not installed. `None` where it is not known.
    fn objects(&self, group: &str, kind: &str, namespace: &str) -> Option<Vec<Object>>;

    /// A secret.
    fn secret(&self, namespace: &str, name: &str) -> Secret;

    /// Whether an object was stored in the storage of the BackupDefaults of this name, and deleted.
    fn is_reachable(&self, defaults: &str) -> bool;
}

/// What is known when a request is answered.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The schema of the version in which the object is sent; `None` where it cannot be read.
    pub schema: Option<&'a Schema>,
    /// What is around.
    pub around: &'a dyn Around,
    /// The accounts of the databases' operators, in which `*` stands for any text.
    pub operators: &'a [String],
}
