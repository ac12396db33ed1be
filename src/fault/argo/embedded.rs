//! Manifests that a workflow carries as text.

use serde_json::Value;

use super::parameters::{Parameters, UNTOLD};
use super::walk::Walk;
use super::{DEEPEST, GROUP, read_within};
use crate::fault::{
    self, Aim, Experiment, Fault, Note, Reading, Recurrence, Surroundings, Unreadable,
};
use crate::object::Object;
use crate::yaml;

/// Groups whose mention makes a text one about chaos.
const CHAOS_GROUPS: &[&str] = &["litmuschaos.io", "chaos-mesh.org"];

/// The largest text that is looked into.
const LARGEST: usize = 1 << 20;

/// A workflow, and the faults found in what it carries.
pub(super) struct Carrier<'a> {
    surroundings: &'a Surroundings,
    parameters: Parameters,
    namespace: String,
    pub(super) faults: Vec<Fault>,
    pub(super) notes: Vec<Note>,
    pub(super) refusals: Vec<Unreadable>,
    /// When something recurs that is carried; the fastest of several.
    pub(super) schedule: Option<Recurrence>,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(object: &Object, surroundings: &'a Surroundings, walk: &Walk<'_>) -> Self {
        let namespace = &object.reference().namespace;
        Self {
            surroundings,
            parameters: Parameters::of(walk, namespace),
            namespace: namespace.clone(),
            faults: Vec::new(),
            notes: Vec::new(),
            refusals: Vec::new(),
            schedule: None,
        }
    }

    /// Reads every text that holds a manifest.
    pub(super) fn carried(&mut self, walk: &Walk<'_>, depth: usize) -> Result<(), Unreadable> {
        for (path, text) in &walk.texts {
            if text.contains("apiVersion") && text.contains("kind") {
                self.text(path, text, depth)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, path: &str, text: &str, depth: usize) -> Result<(), Unreadable> {
        let about_chaos = CHAOS_GROUPS.iter().any(|group| text.contains(group));
        if depth >= DEEPEST || text.len() > LARGEST {
            if about_chaos {
                let accepted = "chaos objects that lie less deep, in a text of less than 1 MiB";
                return Err(Unreadable::new(path, "a chaos object within", accepted));
            }
            return Ok(());
        }
        let filled = self.parameters.fill(text);
        let found = manifests(&filled);
        if found.is_none() && about_chaos {
            let what = "this text cannot be read; the chaos in it is judged when it is created";
            self.faults
                .push(Fault::untold(path.to_owned(), what.to_owned()));
        }
        for manifest in found.unwrap_or_default() {
            self.manifest(path, manifest, depth)?;
        }
        Ok(())
    }

    fn manifest(&mut self, path: &str, value: Value, depth: usize) -> Result<(), Unreadable> {
        let untold = is_untold(&value);
        let Ok(object) = Object::new(value) else {
            return Ok(());
        };
        let object = object.in_namespace(&self.namespace);
        match (self.read(&object, depth), untold) {
            (Ok(None), _) => {}
            (Ok(Some(experiment)), false) => self.take(path, experiment),
            (Ok(Some(experiment)), true) if experiment.faults.is_empty() => {}
            (Ok(Some(_)) | Err(_), true) => {
                let kind = &object.reference().kind;
                let what = format!(
                    "this {kind} depends on values that are only known when the workflow runs; it is judged when it is created"
                );
                self.faults.push(Fault::untold(path.to_owned(), what));
            }
            (Err(error), false) => return Err(error_inside(path, error)),
        }
        Ok(())
    }

    fn read(&self, object: &Object, depth: usize) -> Reading {
        if object.reference().group == GROUP {
            read_within(object, self.surroundings, depth.saturating_add(1))
        } else {
            fault::read(object, self.surroundings)
        }
    }

    fn take(&mut self, path: &str, experiment: Experiment) {
        self.faults
            .extend(experiment.faults.into_iter().map(|mut fault| {
                move_inside(path, &mut fault);
                fault
            }));
        self.notes
            .extend(experiment.notes.into_iter().map(|note| Note {
                field: inside(path, &note.field),
                ..note
            }));
        let refusals = experiment.refusals.into_iter();
        self.refusals
            .extend(refusals.map(|error| error_inside(path, error)));
        let gap = |recurrence: &Recurrence| recurrence.shortest_gap;
        let schedules = [self.schedule.take(), experiment.schedule];
        self.schedule = schedules.into_iter().flatten().min_by_key(gap);
    }
}

/// The objects in a text: YAML or JSON, several documents, lists, or here-documents of a script.
/// `None` where it is none of these.
fn manifests(text: &str) -> Option<Vec<Value>> {
    let bodies = here_documents(text);
    let bodies = if bodies.is_empty() {
        vec![text.to_owned()]
    } else {
        bodies
    };
    let mut values = Vec::new();
    for body in bodies {
        for document in yaml::read(&body, LARGEST) {
            let value = document.ok()?.value;
            if !value.is_object() {
                return None;
            }
            values.extend(items(value));
        }
    }
    Some(values)
}

/// The members of a List, or the object itself.
fn items(value: Value) -> Vec<Value> {
    match value.get("items").and_then(Value::as_array) {
        Some(items) => items.clone(),
        None => vec![value],
    }
}

/// The bodies of the here-documents of a shell script.
fn here_documents(text: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((_, after)) = line.split_once("<<") else {
            continue;
        };
        let word = after.trim_start_matches('-').trim_start();
        let end = |c: char| !(c.is_alphanumeric() || c == '_');
        let word = word.trim_start_matches(['\'', '"', '\\']);
        let word = word.split(end).next().unwrap_or_default();
        if word.is_empty() {
            continue;
        }
        let body: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim() != word)
            .collect();
        bodies.push(body.join("\n"));
    }
    bodies
}

/// Whether something that decides is only known when the workflow runs. Names and labels decide
/// nothing.
fn is_untold(value: &Value) -> bool {
    let deciding = ["/apiVersion", "/kind", "/metadata/namespace", "/spec"];
    let text = |pointer: &&str| value.pointer(pointer).map(ToString::to_string);
    let texts = deciding.iter().filter_map(text);
    texts.into_iter().any(|text| text.contains(UNTOLD))
}

/// The path of a field inside the text at `path`.
fn inside(path: &str, field: &str) -> String {
    format!("{path}: {field}")
}

fn error_inside(path: &str, error: Unreadable) -> Unreadable {
    Unreadable {
        field: inside(path, &error.field),
        ..error
    }
}

fn move_inside(path: &str, fault: &mut Fault) {
    let prefix = |field: &mut String| *field = inside(path, field);
    prefix(&mut fault.field);
    prefix(&mut fault.duration_field);
    let targets = match &mut fault.aim {
        Aim::Pods(target) => vec![target],
        Aim::Cut { from, to } => vec![from, to],
        Aim::Nodes(nodes) => {
            prefix(&mut nodes.field);
            Vec::new()
        }
        Aim::Each { .. } | Aim::Isolation(_) | Aim::Unknown(_) => Vec::new(),
    };
    for target in targets {
        prefix(&mut target.mode_field);
        prefix(&mut target.value_field);
        prefix(&mut target.selector_field);
    }
}
