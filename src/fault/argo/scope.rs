//! Names in double braces, and what stands for them when the workflow runs, as far as the object
//! says.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value};

/// Stands where a value is only known when the workflow runs. It is fit for a name and a label.
pub(super) const UNTOLD: &str = "argo-placeholder";

/// How deep a value may nest; the API server refuses more.
const DEEPEST: usize = 128;

/// How much text may still be written, so that texts which name each other stay small.
pub(super) struct Room(pub(super) usize);

impl Room {
    fn take(&mut self, bytes: usize) -> bool {
        let enough = self.0 >= bytes;
        self.0 = self.0.saturating_sub(bytes);
        enough
    }
}

/// Values by the names under which a text asks for them; `None` where only the run knows.
pub(super) type Values = BTreeMap<String, Option<String>>;

/// What a text may ask for.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// The same for the whole workflow.
    global: Rc<Values>,
    /// Those of one call.
    pub(super) own: Values,
}

/// What a value takes of the room beside its text.
const ENTRY: usize = 64;

impl Scope {
    /// What every template of a workflow knows. Where two lists name a parameter, the first counts.
    pub(super) fn of_workflow(namespace: &str, lists: [&Value; 2], room: &mut Room) -> Self {
        let mut scope = Self::default();
        if !namespace.is_empty() {
            scope.set("workflow.namespace", Some(namespace.to_owned()));
        }
        // What is said first is known to what comes after it.
        let says = |it: &&Value| is_given(it) || it.get("default").is_some();
        for parameter in lists.into_iter().flat_map(parameters).filter(says) {
            let Some(name) = name_of(parameter) else {
                continue;
            };
            let name = format!("workflow.parameters.{name}");
            if !scope.own.contains_key(&name) && room.take(ENTRY) {
                let value = scope.written(parameter, room);
                scope.own.insert(name, value);
            }
        }
        Self {
            global: Rc::new(scope.own),
            own: Values::new(),
        }
    }

    /// What a template knows: the workflow's own values, and those it is called with.
    pub(super) fn inside(&self, template: &Value, given: &Value, room: &mut Room) -> Self {
        let mut inner = self.outside();
        let inputs = template.get("inputs").unwrap_or(&Value::Null);
        let mut by_caller: BTreeMap<&str, &Value> = BTreeMap::new();
        for argument in parameters(given).filter(|it| is_given(it)) {
            by_caller
                .entry(name_of(argument).unwrap_or_default())
                .or_insert(argument);
        }
        for declared in parameters(inputs) {
            let Some(name) = name_of(declared) else {
                continue;
            };
            if !room.take(ENTRY) {
                break;
            }
            let by_caller = by_caller.get(name).copied();
            let value = self.outside().written(by_caller.unwrap_or(declared), room);
            inner.own.insert(input(name), value);
        }
        inner
    }

    /// What a template inside a step knows: all that is known there, and what it is called with.
    /// Where both name a value and differ, nobody can tell which counts.
    pub(super) fn inline(&self, inner: Self) -> Self {
        let mut both = self.clone();
        for (name, value) in inner.own {
            let differs = both.own.get(&name).is_some_and(|outer| *outer != value);
            both.own.insert(name, value.filter(|_| !differs));
        }
        both
    }

    /// The same with one item of a list of copies.
    pub(super) fn with_item(&self, item: &Value, room: &mut Room) -> Self {
        let mut scope = self.clone();
        let text = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        for (key, value) in item.as_object().into_iter().flatten() {
            if !room.take(ENTRY) {
                break;
            }
            let value = self.fill(&text(value), room);
            scope.set(&format!("item.{key}"), Some(value));
        }
        let whole = self.fill(&text(item), room);
        scope.set("item", Some(whole));
        scope
    }

    /// What is known everywhere in the workflow.
    fn outside(&self) -> Self {
        Self {
            global: Rc::clone(&self.global),
            own: Values::new(),
        }
    }

    fn set(&mut self, name: &str, value: Option<String>) {
        let value = value.filter(|value| !value.contains(UNTOLD));
        self.own.insert(name.to_owned(), value);
    }

    /// The value that a parameter has been given where it is written down.
    fn written(&self, parameter: &Value, room: &mut Room) -> Option<String> {
        let set = |key: &str| parameter.get(key).filter(|value| !value.is_null());
        if set("valueFrom").is_some() {
            return None;
        }
        let value = match set("value").or_else(|| set("default"))? {
            Value::String(text) => self.fill(text, room),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        (!value.contains(UNTOLD)).then_some(value)
    }

    /// The text with every name in double braces replaced by its value.
    pub(super) fn fill(&self, text: &str, room: &mut Room) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            // What is not closed is no name.
            let Some((name, behind)) = after.split_once("}}") else {
                break;
            };
            let name = name.trim();
            let name = name.strip_prefix('=').map_or(name, str::trim);
            let known = self.own.get(name).or_else(|| self.global.get(name));
            let known = known.and_then(Option::as_deref);
            let value = known.unwrap_or(UNTOLD);
            if !room.take(before.len().saturating_add(value.len())) {
                return UNTOLD.to_owned();
            }
            filled.push_str(before);
            filled.push_str(value);
            rest = behind;
        }
        if !room.take(rest.len()) {
            return UNTOLD.to_owned();
        }
        filled.push_str(rest);
        filled
    }

    /// The value with all its texts filled.
    pub(super) fn fill_all(&self, value: &Value, room: &mut Room) -> Value {
        self.fill_to(value, room, 0)
    }

    fn fill_to(&self, value: &Value, room: &mut Room, depth: usize) -> Value {
        if depth > DEEPEST {
            return Value::Null;
        }
        let below = depth.saturating_add(1);
        match value {
            Value::String(text) => Value::String(self.fill(text, room)),
            Value::Array(items) => {
                let items = items.iter().map(|item| self.fill_to(item, room, below));
                Value::Array(items.collect())
            }
            Value::Object(map) => {
                let member = |(key, value): (&String, &Value)| {
                    (key.clone(), self.fill_to(value, room, below))
                };
                Value::Object(map.iter().map(member).collect::<Map<_, _>>())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}

fn input(name: &str) -> String {
    format!("inputs.parameters.{name}")
}

/// Whether a parameter comes with a value, or with the place of one.
fn is_given(parameter: &Value) -> bool {
    let is_set = |key: &&str| parameter.get(*key).is_some_and(|value| !value.is_null());
    ["value", "valueFrom"].iter().any(is_set)
}

fn name_of(parameter: &Value) -> Option<&str> {
    parameter.get("name").and_then(Value::as_str)
}

/// The parameters of `arguments` or `inputs`.
fn parameters(holder: &Value) -> impl Iterator<Item = &Value> {
    let list = holder.get("parameters").and_then(Value::as_array);
    list.into_iter().flatten()
}
