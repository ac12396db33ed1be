//! What the core asks about a database that the watch does not keep, and what was answered so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::BoxFuture;

use super::beside::Beside;
use crate::backup::{Around, Schema, Secret};
use crate::object::Object;

/// Something that the API server knows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// A namespace, by its name.
    Namespace(String),
    /// The Services of plugins, everywhere.
    Plugins,
    /// A secret, by namespace and name.
    Secret(String, String),
    /// The schema of a kind, by API group, version and kind.
    Schema(String, String, String),
}

/// What was answered.
#[derive(Debug, Clone)]
pub enum Answer {
    /// These objects.
    Objects(Vec<Object>),
    /// This is known of a secret.
    Secret(Secret),
    /// This schema.
    Schema(Arc<Schema>),
    /// Nothing.
    Unknown,
}

/// An answer that may take a while.
pub type Awaited<'a> = BoxFuture<'a, Answer>;

/// Who answers questions.
pub trait Source: Send + Sync {
    /// The answer to a question; nothing is known where it is not told.
    fn answer<'a>(&'a self, question: &'a Question) -> Awaited<'a>;
}

/// What was answered so far.
pub(super) type Told = BTreeMap<Question, Answer>;

/// What is around a database, as far as it was told; what is asked beyond that is remembered.
pub(super) struct Asking<'a> {
    beside: &'a Beside,
    told: &'a Told,
    asked: RefCell<BTreeSet<Question>>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(beside: &'a Beside, told: &'a Told) -> Self {
        Self {
            beside,
            told,
            asked: RefCell::default(),
        }
    }

    /// What was asked and not told yet.
    pub(super) fn missed(self) -> BTreeSet<Question> {
        self.asked.into_inner()
    }

    fn ask(&self, question: Question) -> Option<&'a Answer> {
        let answer = self.told.get(&question);
        if answer.is_none() {
            self.asked.borrow_mut().insert(question);
        }
        answer
    }

    fn listed(&self, question: Question) -> Option<&'a [Object]> {
        match self.ask(question)? {
            Answer::Objects(found) => Some(found),
            Answer::Secret(_) | Answer::Schema(_) | Answer::Unknown => None,
        }
    }
}

impl Around for Asking<'_> {
    fn namespace(&self, name: &str) -> Option<Object> {
        let found = self.listed(Question::Namespace(name.to_owned()))?;
        found.first().cloned()
    }

    fn objects(&self, group: &str, kind: &str, namespace: &str) -> Option<Vec<Object>> {
        match (group, kind) {
            ("", "Service") => self.listed(Question::Plugins).map(<[Object]>::to_vec),
            kind => self.beside.objects(kind, namespace),
        }
    }

    fn secret(&self, namespace: &str, name: &str) -> Secret {
        let question = Question::Secret(namespace.to_owned(), name.to_owned());
        match self.ask(question) {
            Some(Answer::Secret(secret)) => secret.clone(),
            Some(Answer::Objects(_) | Answer::Schema(_) | Answer::Unknown) | None => Secret::Untold,
        }
    }

    fn is_reachable(&self, defaults: &str) -> bool {
        self.beside.is_reachable(defaults)
    }
}
