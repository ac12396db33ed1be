//! Whether something says that a workflow is about chaos.

use serde_json::Value;

use crate::fault::litmus;
use crate::object::{Field, Object};

/// Words that give a workflow away.
const SIGNS: &[&str] = &["chaos", "litmus"];

/// Fields whose members have names that people chose.
const NAMED: &[&str] = &["templates", "steps", "tasks"];

/// Fields that name a template of another object.
const REFERENCES: &[&str] = &["templateRef", "workflowTemplateRef"];

/// How deep a value may nest.
const DEEPEST: usize = 128;

/// Whether a name in the workflow, whose spec this is, is one of chaos.
pub(super) fn is_suspicious(object: &Object, workflow: &Field<'_>) -> bool {
    let reference = object.reference();
    let metadata = object.root().get("metadata");
    let labels = metadata.get("labels").text_map().ok().flatten();
    let text = |field: Field<'_>| field.text().ok().flatten().unwrap_or_default().to_owned();
    let mut words = vec![
        reference.name.clone(),
        reference.namespace.clone(),
        text(metadata.get("generateName")),
        text(workflow.get("serviceAccountName")),
    ];
    let labels = labels.unwrap_or_default().into_iter();
    words.extend(labels.flat_map(|(key, value)| [key, value]));
    words.extend(workflow.value().map(names).unwrap_or_default());
    words.iter().any(|word| is_sign(word))
}

fn is_sign(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign)) || litmus::is_fault(&lower)
}

/// The names of templates, steps and tasks, of what they refer to, and of images.
fn names(spec: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![(spec, false, 0_usize)];
    while let Some((value, named, depth)) = pending.pop() {
        if depth > DEEPEST {
            continue;
        }
        let below = depth.saturating_add(1);
        match value {
            Value::Array(items) => pending.extend(items.iter().map(|it| (it, named, below))),
            Value::Object(map) => {
                let own = ["name", "template"].iter().filter(|_| named);
                let own = own.filter_map(|key| map.get(*key)?.as_str());
                let image = map.get("image").and_then(Value::as_str);
                found.extend(own.chain(image).map(str::to_owned));
                let tells = |key: &String| {
                    let known = NAMED.iter().chain(REFERENCES);
                    known.into_iter().any(|it| it == key)
                };
                pending.extend(map.iter().map(|(key, it)| (it, tells(key), below)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found
}
