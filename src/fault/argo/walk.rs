//! Everything in a workflow that may matter, wherever it stands: texts that hold manifests,
//! parameters, references to other objects, and how many copies of a step run.

use serde_json::{Map, Value};

use crate::fault::Overlap;
use crate::object::Field;

/// How deep a value may nest; the API server refuses more.
const DEEPEST: usize = 128;

/// Fields that name a template of another object.
const REFERENCES: &[&str] = &["templateRef", "workflowTemplateRef"];

/// Fields whose members have names that people chose.
const NAMED: &[&str] = &["templates", "steps", "tasks"];

/// What has been found.
#[derive(Default)]
pub(super) struct Walk<'a> {
    /// Every text and its path.
    pub(super) texts: Vec<(String, &'a str)>,
    /// Lists of parameters: whether they are the workflow's own, and the list.
    pub(super) parameters: Vec<(bool, &'a Vec<Value>)>,
    /// References to other objects.
    pub(super) references: Vec<Reference>,
    /// Names of templates, steps and tasks.
    pub(super) names: Vec<&'a str>,
    /// How many copies of a step may run together.
    pub(super) copies: Copies,
}

/// A reference to a template of another object.
pub(super) struct Reference {
    pub(super) path: String,
    pub(super) key: &'static str,
    pub(super) name: String,
}

/// How many copies of a step may run together; `None` where nobody can tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copies(Option<u32>);

impl Default for Copies {
    fn default() -> Self {
        Self(Some(1))
    }
}

impl Copies {
    /// As many draws as `one` makes in each copy.
    pub(super) fn times(self, one: Overlap) -> Overlap {
        match (self.0, one) {
            (Some(copies), Overlap::AtMost(draws)) => Overlap::AtMost(copies.saturating_mul(draws)),
            (None, _) | (_, Overlap::Unbounded) => Overlap::Unbounded,
        }
    }

    fn multiply(&mut self, copies: Option<usize>) {
        let copies = copies.and_then(|copies| u32::try_from(copies.max(1)).ok());
        self.0 = self
            .0
            .zip(copies)
            .map(|(one, other)| one.saturating_mul(other));
    }
}

impl<'a> Walk<'a> {
    /// Walks over the spec of a workflow.
    pub(super) fn over(workflow: &Field<'a>) -> Self {
        let mut walk = Self::default();
        if let Some(value) = workflow.value() {
            walk.value(value, workflow.path(), 0);
        }
        if let Some(Value::Array(own)) = workflow.get("arguments").get("parameters").value() {
            walk.parameters.push((true, own));
        }
        walk
    }

    fn value(&mut self, value: &'a Value, path: &str, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        let below = depth.saturating_add(1);
        match value {
            Value::String(text) => self.texts.push((path.to_owned(), text)),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{path}[{index}]"), below);
                }
            }
            Value::Object(map) => self.map(map, path, below),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn map(&mut self, map: &'a Map<String, Value>, path: &str, depth: usize) {
        for (key, value) in map {
            let inner = format!("{path}.{key}");
            self.notice(key, value, &inner);
            self.value(value, &inner, depth);
        }
    }

    fn notice(&mut self, key: &str, value: &'a Value, path: &str) {
        if let Some(key) = REFERENCES.iter().find(|name| **name == key) {
            let text = |name: &str| value.get(name).and_then(Value::as_str);
            let name = text("name").unwrap_or_default();
            let template = text("template").filter(|template| *template != name);
            let name = template.map_or(name.to_owned(), |template| format!("{name}/{template}"));
            let path = path.to_owned();
            self.references.push(Reference { path, key, name });
        }
        if NAMED.contains(&key) {
            self.name(value, 0);
        }
        match (key, value) {
            ("parameters", Value::Array(list)) => self.parameters.push((false, list)),
            ("withItems", Value::Array(items)) => self.copies.multiply(Some(items.len())),
            ("withItems" | "withParam" | "withSequence", value) if !value.is_null() => {
                self.copies.multiply(None);
            }
            _ => {}
        }
    }

    /// The names in a list, or in a list of lists.
    fn name(&mut self, value: &'a Value, depth: usize) {
        for item in value.as_array().into_iter().flatten() {
            if item.is_array() && depth == 0 {
                self.name(item, 1);
            }
            self.names.extend(item.get("name").and_then(Value::as_str));
        }
    }
}
