//! Who calls which template, with what, and in how many copies.

use std::fmt;

use serde_json::Value;

use super::scope::{Room, Scope};
use crate::fault::Overlap;

/// The most items that are told apart. Of more, only their number counts.
const MOST_ITEMS: usize = 64;

/// The most calls of one template that are looked at.
const MOST_CALLS: usize = 4_000;

/// A call of a template.
pub(super) struct Call {
    /// Where it stands, and for which item.
    pub(super) site: String,
    pub(super) callee: Callee,
    /// What it hands on.
    pub(super) arguments: Value,
    pub(super) copies: Overlap,
}

impl Call {
    /// The call with which a workflow begins.
    pub(super) fn of_workflow(arguments: Value) -> Self {
        Self {
            site: String::new(),
            callee: Callee::Near(String::new()),
            arguments,
            copies: Overlap::AtMost(1),
        }
    }
}

/// What is called.
pub(super) enum Callee {
    /// A template of the same spec.
    Near(String),
    /// A template of another object.
    Far(Reference),
    /// A template that stands in the call, and what is known there.
    Inline(Value, Scope),
}

/// How another object is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// ClusterWorkflowTemplate, not WorkflowTemplate.
    pub(super) cluster: bool,
    pub(super) name: String,
    pub(super) template: String,
}

impl Reference {
    /// Reads `templateRef` or `workflowTemplateRef`.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        value.is_object().then(|| Self {
            cluster: value.get("clusterScope") == Some(&Value::Bool(true)),
            name: text("name").to_owned(),
            template: text("template").to_owned(),
        })
    }

    /// The kind of the object.
    pub(super) fn kind(&self) -> &'static str {
        if self.cluster {
            "ClusterWorkflowTemplate"
        } else {
            "WorkflowTemplate"
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name)
    }
}

/// The calls that a template makes: steps, tasks, and their hooks.
pub(super) fn of_template(
    template: &Value,
    path: &str,
    scope: &Scope,
    room: &mut Room,
) -> Vec<Call> {
    let mut finder = Finder::new(room);
    for (site, step) in steps(template, path) {
        if finder.room.0 == 0 {
            break;
        }
        for copy in copies(step, scope, finder.room) {
            let site = format!("{site}{}", copy.suffix);
            finder.step(step, &site, &copy);
        }
    }
    finder.calls
}

/// The calls that a workflow makes besides its entrypoint: hooks, and what runs in the end.
pub(super) fn of_spec(spec: &Value, path: &str, scope: &Scope, room: &mut Room) -> Vec<Call> {
    let mut finder = Finder::new(room);
    finder.hooks(spec, path, &Copy::single(scope.clone()));
    finder.calls
}

fn steps<'a>(template: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    let lists = template.get("steps").and_then(Value::as_array);
    for (outer, list) in lists.into_iter().flatten().enumerate() {
        let site = format!("{path}.steps[{outer}]");
        match list.as_array() {
            Some(list) => {
                let each = list.iter().enumerate();
                found.extend(each.map(|(inner, step)| (format!("{site}[{inner}]"), step)));
            }
            None => found.push((site, list)),
        }
    }
    let tasks = template.get("dag").and_then(|dag| dag.get("tasks"));
    let tasks = tasks.and_then(Value::as_array).into_iter().flatten();
    let task = |(index, task)| (format!("{path}.dag.tasks[{index}]"), task);
    found.extend(tasks.enumerate().map(task));
    found
}

/// Finds calls in steps.
struct Finder<'r> {
    calls: Vec<Call>,
    room: &'r mut Room,
}

impl<'r> Finder<'r> {
    fn new(room: &'r mut Room) -> Self {
        let calls = Vec::new();
        Self { calls, room }
    }

    fn step(&mut self, step: &Value, site: &str, copy: &Copy) {
        self.direct(step, site, copy);
        if let Some(inline) = step.get("inline").filter(|inline| inline.is_object()) {
            let callee = Callee::Inline(inline.clone(), copy.scope.clone());
            self.call(callee, step, (site, copy));
        }
        self.hooks(step, site, copy);
    }

    /// The calls of what runs at certain moments, and at the end.
    fn hooks(&mut self, holder: &Value, site: &str, copy: &Copy) {
        let hooks = holder.get("hooks").and_then(Value::as_object);
        for (name, hook) in hooks.into_iter().flatten() {
            self.direct(hook, &format!("{site}.hooks.{name}"), copy);
        }
        if let Some(name) = holder.get("onExit").and_then(Value::as_str) {
            let callee = Callee::Near(copy.scope.fill(name, self.room));
            self.call(callee, holder, (&format!("{site}.onExit"), copy));
        }
    }

    /// A call by name.
    fn direct(&mut self, holder: &Value, site: &str, copy: &Copy) {
        let near = holder.get("template").and_then(Value::as_str);
        if let Some(name) = near.filter(|name| !name.is_empty()) {
            let callee = Callee::Near(copy.scope.fill(name, self.room));
            self.call(callee, holder, (site, copy));
        }
        let far = holder.get("templateRef");
        let far = far.map(|it| copy.scope.fill_all(it, self.room));
        if let Some(reference) = far.as_ref().and_then(Reference::read) {
            self.call(Callee::Far(reference), holder, (site, copy));
        }
    }

    fn call(&mut self, callee: Callee, holder: &Value, (site, copy): (&str, &Copy)) {
        if self.calls.len() >= MOST_CALLS {
            // More than anybody follows, which is found out where the room is asked for.
            self.room.0 = 0;
            return;
        }
        let written = holder.get("arguments").unwrap_or(&Value::Null);
        self.calls.push(Call {
            site: site.to_owned(),
            callee,
            arguments: copy.scope.fill_all(written, self.room),
            copies: copy.number,
        });
    }
}

/// Copies of a step that are alike.
struct Copy {
    suffix: String,
    scope: Scope,
    number: Overlap,
}

impl Copy {
    fn single(scope: Scope) -> Self {
        Self::alike(scope, Overlap::AtMost(1))
    }

    fn alike(scope: Scope, number: Overlap) -> Self {
        Self {
            suffix: String::new(),
            scope,
            number,
        }
    }
}

/// The copies in which a step runs. Its parallelism does not bound them: a step may end before the
/// chaos it applies does.
fn copies(step: &Value, scope: &Scope, room: &mut Room) -> Vec<Copy> {
    let set = |key: &str| step.get(key).filter(|value| !value.is_null());
    if let Some(items) = set("withItems") {
        let items = scope.fill_all(items, room);
        return each("withItems", items.as_array(), scope, room);
    }
    if let Some(list) = set("withParam") {
        let text = scope.fill(list.as_str().unwrap_or_default(), room);
        let list: Option<Value> = serde_json::from_str(&text).ok();
        return each(
            "withParam",
            list.as_ref().and_then(Value::as_array),
            scope,
            room,
        );
    }
    if let Some(sequence) = set("withSequence") {
        return counted(&scope.fill_all(sequence, room), scope, room);
    }
    vec![Copy::single(scope.clone())]
}

fn each(key: &str, items: Option<&Vec<Value>>, scope: &Scope, room: &mut Room) -> Vec<Copy> {
    let Some(items) = items else {
        return vec![Copy::alike(scope.clone(), Overlap::Unbounded)];
    };
    if items.is_empty() || items.len() > MOST_ITEMS {
        let number = u32::try_from(items.len().max(1)).map_or(Overlap::Unbounded, Overlap::AtMost);
        return vec![Copy::alike(scope.clone(), number)];
    }
    let copy = |(index, item)| Copy {
        suffix: format!(".{key}[{index}]"),
        scope: scope.with_item(item, room),
        number: Overlap::AtMost(1),
    };
    items.iter().enumerate().map(copy).collect()
}

/// The copies of `count`, or from `start` to `end`.
fn counted(sequence: &Value, scope: &Scope, room: &mut Room) -> Vec<Copy> {
    let number = |key: &str| -> Option<Option<i64>> {
        match sequence.get(key).filter(|value| !value.is_null()) {
            None => Some(None),
            Some(Value::String(text)) => text.trim().parse().ok().map(Some),
            Some(value) => value.as_i64().map(Some),
        }
    };
    let told = || {
        let (start, end, count) = (number("start")?, number("end")?, number("count")?);
        let start = start.unwrap_or(0);
        let last = |count: i64| start.saturating_add(count).saturating_sub(1);
        Some((start, end.or(count.map(last))?))
    };
    let Some((start, end)) = told() else {
        return vec![Copy::alike(scope.clone(), Overlap::Unbounded)];
    };
    let length = end.abs_diff(start).saturating_add(1);
    let formatted = sequence
        .get("format")
        .is_some_and(|format| !format.is_null());
    if formatted || length > MOST_ITEMS as u64 {
        let number = u32::try_from(length).map_or(Overlap::Unbounded, Overlap::AtMost);
        return vec![Copy::alike(scope.clone(), number)];
    }
    let numbers: Vec<Value> = (start.min(end)..=start.max(end)).map(Value::from).collect();
    each("withSequence", Some(&numbers), scope, room)
}
