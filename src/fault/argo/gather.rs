//! Everything that a workflow applies, deletes or carries along, object by object.

use serde_json::Value;

use super::commands;
use super::manifests::{about_chaos, held};
use super::piece::Piece;
use super::scope::UNTOLD;
use super::walk::texts;
use super::{DEEPEST, is_one};
use crate::fault::{CHAOS_MESH, LITMUS, Overlap, Unreadable};
use crate::object::Object;

/// An object that lies in a workflow.
pub(super) struct Found {
    /// The text in which it lies.
    pub(super) path: String,
    pub(super) object: Object,
    /// Whether something that decides is only known when the workflow runs.
    pub(super) untold: bool,
    pub(super) verb: Verb,
    pub(super) runs: Overlap,
    /// Whether the step ends no sooner than the chaos it applies.
    pub(super) waits: bool,
    /// In how many texts it lies.
    pub(super) depth: usize,
    /// Whether it is a value for somebody else to apply.
    handed: bool,
}

/// What is done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// It is created, applied or replaced; or nobody knows, which is the same.
    Apply,
    /// Parts of it are changed.
    Patch,
    /// It is deleted.
    Delete,
    /// It is looked at.
    Get,
}

impl Verb {
    fn of(resource: &Value) -> Self {
        match resource.get("action").and_then(Value::as_str) {
            Some("patch") => Self::Patch,
            Some("delete") => Self::Delete,
            Some("get") => Self::Get,
            _ => Self::Apply,
        }
    }
}

/// What lies in a workflow.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) found: Vec<Found>,
    /// Texts about chaos that cannot be read.
    pub(super) unread: Vec<String>,
}

/// What holds for all texts of a piece.
#[derive(Clone, Copy)]
struct Piecewise<'a> {
    runs: Overlap,
    waits: bool,
    /// Where an object lands that names no namespace; `None` where only the run knows.
    namespace: Option<&'a str>,
    verb: Verb,
    /// In how many texts it lies.
    depth: usize,
}

/// Gathers what lies in the pieces of a workflow in `namespace`, which lies itself in `depth` texts.
pub(super) fn gather(
    pieces: &[Piece],
    namespace: &str,
    depth: usize,
) -> Result<Gathered, Unreadable> {
    let mut gathered = Gathered::default();
    for piece in pieces {
        let named = commands::namespace(&piece.content, namespace);
        let around = Piecewise {
            runs: piece.runs,
            waits: waits(&piece.content),
            namespace: named.as_deref(),
            verb: Verb::Apply,
            depth,
        };
        let verb = Verb::of(piece.content.get("resource").unwrap_or(&Value::Null));
        for (path, text) in texts(&piece.content, &piece.path) {
            let is_manifest = path.ends_with(".resource.manifest");
            let verb = if is_manifest { verb } else { Verb::Apply };
            gathered.text(&path, text, Piecewise { verb, ..around })?;
        }
    }
    gathered.leave_out_twins();
    Ok(gathered)
}

/// Whether a step waits for the chaos it applies, as the program of Litmus does. The condition of a
/// resource may hold long before.
fn waits(template: &Value) -> bool {
    let image = template.pointer("/container/image").and_then(Value::as_str);
    image.is_some_and(|image| image.contains("litmus-checker"))
}

impl Gathered {
    fn text(&mut self, path: &str, text: &str, around: Piecewise<'_>) -> Result<(), Unreadable> {
        let held = match around.depth {
            DEEPEST.. if about_chaos(text) => return Err(too_deep(path)),
            DEEPEST.. => return Ok(()),
            _ => held(text),
        };
        if held.too_deep {
            return Err(too_deep(path));
        }
        if held.unread {
            self.unread.push(path.to_owned());
        }
        for (index, value) in held.objects.into_iter().enumerate() {
            let path = match index {
                0 => path.to_owned(),
                _ => format!("{path}[{index}]"),
            };
            self.object(path, value, around)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        path: String,
        value: Value,
        around: Piecewise<'_>,
    ) -> Result<(), Unreadable> {
        let Ok(object) = Object::new(value) else {
            return Ok(());
        };
        if around.depth > DEEPEST {
            return Err(too_deep(&path));
        }
        let placeless = object.reference().namespace.is_empty() && around.namespace.is_none();
        let untold = placeless || is_untold(object.value());
        let object = object.in_namespace(around.namespace.unwrap_or(UNTOLD));
        let group = object.reference().group.as_str();
        let of_tool = [CHAOS_MESH, LITMUS].contains(&group) || is_one(&object);
        // What lies in an object of a tool is for its reader.
        if around.verb == Verb::Apply && !of_tool {
            let deeper = Piecewise {
                depth: around.depth.saturating_add(1),
                ..around
            };
            for (inner, value) in within(object.value()) {
                self.object(format!("{path}: {inner}"), value.clone(), deeper)?;
            }
            for (inner, text) in texts(object.value(), "") {
                let inner = format!("{path}: {}", inner.trim_start_matches('.'));
                self.text(&inner, text, deeper)?;
            }
        }
        self.found.push(Found {
            handed: path.contains(".parameters["),
            path,
            object,
            untold,
            verb: around.verb,
            runs: around.runs,
            waits: around.waits,
            depth: around.depth,
        });
        Ok(())
    }

    /// A manifest that is handed on is found where it is used as well.
    fn leave_out_twins(&mut self) {
        let used: Vec<Object> = {
            let used = self.found.iter().filter(|it| !it.handed);
            used.map(|it| it.object.clone()).collect()
        };
        self.found
            .retain(|it| !it.handed || !used.contains(&it.object));
    }
}

fn too_deep(path: &str) -> Unreadable {
    let accepted = "chaos objects that lie less deep, in a text of less than 1 MiB";
    Unreadable::new(path, "a chaos object within", accepted)
}

/// Objects that stand in another as they are, and not as text: the outermost.
fn within(value: &Value) -> Vec<(String, &Value)> {
    const NESTED: usize = 128;
    let mut found = Vec::new();
    let children = |value| members(value).into_iter().map(|it| (it, 0_usize));
    let mut pending: Vec<((String, &Value), usize)> = children(value).collect();
    while let Some(((path, value), depth)) = pending.pop() {
        let has = |key: &str| value.get(key).is_some();
        if has("apiVersion") && has("kind") && has("spec") {
            found.push((path, value));
        } else if depth < NESTED {
            let below = members(value).into_iter();
            let inner = below.map(|(key, it)| ((join(&path, &key), it), depth.saturating_add(1)));
            pending.extend(inner);
        }
    }
    found
}

fn join(path: &str, key: &str) -> String {
    if key.starts_with('[') {
        format!("{path}{key}")
    } else {
        format!("{path}.{key}")
    }
}

fn members(value: &Value) -> Vec<(String, &Value)> {
    match value {
        Value::Object(map) => map.iter().map(|(key, it)| (key.clone(), it)).collect(),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, it)| (format!("[{index}]"), it))
                .collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// Whether something that decides is only known when the workflow runs. Names and labels decide
/// nothing.
fn is_untold(value: &Value) -> bool {
    let rest = value.as_object().into_iter().flatten();
    let rest = rest.filter(|(key, _)| !["metadata", "status"].contains(&key.as_str()));
    let namespace = value.pointer("/metadata/namespace");
    let deciding = rest.map(|(_, value)| value).chain(namespace);
    let mut texts = deciding.flat_map(|value| texts(value, ""));
    texts.any(|(_, text)| text.contains(UNTOLD))
}
