//! The objects in which templates stand: the workflow itself, and those it refers to.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::GROUP;
use super::calls::Reference;
use super::scope::UNTOLD;
use super::unfold::without;
use crate::fault::Surroundings;
use crate::object::Object;

/// A spec that holds templates.
pub(super) struct Library {
    /// What it was found as; the workflow's own is found as nothing.
    found_as: Option<(bool, String)>,
    /// The path of the spec in its object.
    pub(super) path: String,
    /// The spec without its templates.
    pub(super) rest: Value,
    pub(super) templates: Vec<Rc<Value>>,
}

impl Library {
    pub(super) fn new(found_as: Option<(bool, String)>, spec: &Value, path: &str) -> Self {
        let mut defaults = spec.get("templateDefaults").cloned().unwrap_or_default();
        if let Some(retries) = spec.get("retryStrategy") {
            defaults = completed(&defaults, &serde_json::json!({"retryStrategy": retries}), 0);
        }
        let templates = spec.get("templates").and_then(Value::as_array);
        let templates = templates.into_iter().flatten();
        Self {
            found_as,
            path: path.to_owned(),
            rest: without(spec, &["templates", "templateDefaults", "retryStrategy"]),
            templates: templates
                .map(|it| Rc::new(completed(it, &defaults, 0)))
                .collect(),
        }
    }

    /// The number of the template of this name.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        let is_named = |it: &Rc<Value>| it.get("name").and_then(Value::as_str) == Some(name);
        self.templates.iter().position(is_named)
    }
}

/// All libraries of a workflow.
pub(super) struct Shelf<'a> {
    surroundings: &'a Surroundings,
    workflow: &'a Object,
    libraries: Vec<Library>,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(surroundings: &'a Surroundings, workflow: &'a Object) -> Self {
        Self {
            surroundings,
            workflow,
            libraries: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, library: Library) -> usize {
        self.libraries.push(library);
        self.libraries.len().saturating_sub(1)
    }

    pub(super) fn library(&self, index: usize) -> Option<&Library> {
        self.libraries.get(index)
    }

    /// The library that a reference names; where there is none, why what it does cannot be told.
    pub(super) fn find(&mut self, reference: &Reference) -> Result<usize, String> {
        let key = Some((reference.cluster, reference.name.clone()));
        if let Some(known) = self.libraries.iter().position(|it| it.found_as == key) {
            return Ok(known);
        }
        if let Some((spec, path)) = self.stored(reference) {
            return Ok(self.add(Library::new(key, &spec, path)));
        }
        let namespace = self.workflow.reference().namespace.as_str();
        let kind = (GROUP, reference.kind());
        let found = if reference.cluster {
            let mut all = self.surroundings.all(kind);
            all.find(|it| it.reference().name == reference.name)
        } else {
            self.surroundings.find(kind, namespace, &reference.name)
        };
        if let Some(object) = found {
            let spec = object.value().get("spec").unwrap_or(&Value::Null);
            return Ok(self.add(Library::new(key, spec, "spec")));
        }
        let somewhere = !reference.cluster && namespace.is_empty();
        let open = somewhere || reference.name.contains(UNTOLD);
        Err(if self.surroundings.knows(kind) && !open {
            format!("there is no {reference}, so what it does cannot be told")
        } else {
            format!(
                "{reference} cannot be seen through; the chaos it applies is judged when it is created"
            )
        })
    }
}

impl Shelf<'_> {
    /// What a running workflow has kept of the object that a reference names: its controller does
    /// not look at the object again.
    fn stored(&self, reference: &Reference) -> Option<(Value, &'static str)> {
        let status = self.workflow.value().get("status")?;
        if reference.template.is_empty() {
            let spec = status.get("storedWorkflowTemplateSpec")?;
            let path = "status.storedWorkflowTemplateSpec";
            return spec.is_object().then(|| (spec.clone(), path));
        }
        let scope = if reference.cluster {
            "cluster"
        } else {
            "namespaced"
        };
        let prefix = format!("{scope}/{}/", reference.name);
        let kept = status.get("storedTemplates")?.as_object()?.iter();
        let templates = kept.filter_map(|(key, template)| {
            let mut template = template.as_object()?.clone();
            template.insert("name".to_owned(), Value::from(key.strip_prefix(&prefix)?));
            Some(Value::Object(template))
        });
        let templates: Vec<Value> = templates.collect();
        let named =
            |it: &Value| it.get("name").and_then(Value::as_str) == Some(&reference.template);
        let kept = templates.iter().any(named);
        let spec = || serde_json::json!({"templates": templates});
        kept.then(|| (spec(), "status.storedTemplates"))
    }

    /// The objects that have been looked into: whether of the whole cluster, and the name.
    pub(super) fn uses(&self) -> Vec<(bool, String)> {
        let found = self.libraries.iter().filter_map(|it| it.found_as.clone());
        found.collect()
    }
}

/// A template with what it does not say itself. Of lists, both count.
fn completed(own: &Value, defaults: &Value, depth: usize) -> Value {
    const DEEPEST: usize = 64;
    match (own, defaults) {
        (Value::Object(own), Value::Object(defaults)) if depth < DEEPEST => {
            let mut all: Map<String, Value> = defaults.clone();
            for (key, value) in own {
                let default = defaults.get(key).unwrap_or(&Value::Null);
                let value = completed(value, default, depth.saturating_add(1));
                all.insert(key.clone(), value);
            }
            Value::Object(all)
        }
        (Value::Array(own), Value::Array(defaults)) => {
            Value::Array(own.iter().chain(defaults).cloned().collect())
        }
        (Value::Null, defaults) => defaults.clone(),
        (own, _) => own.clone(),
    }
}
