//! The objects that a text holds: as YAML or JSON, in lists and in other values, or quoted by a
//! script, in base64 as well.

use serde_json::Value;

use super::{packed, shell};
use crate::yaml;

/// Groups whose mention makes a text one about chaos.
const CHAOS_GROUPS: &[&str] = &["litmuschaos.io", "chaos-mesh.org"];

/// Without these no text holds an object.
const MARKS: [&str; 2] = ["apiVersion", "kind"];

/// The largest text that is looked into.
pub(super) const LARGEST: usize = 1 << 20;

/// How deep texts may lie in each other within one.
const DEEPEST: usize = 4;

/// How often a text is looked through at most, for what lies in it.
const AGAIN: usize = 16;

/// How deep a value may nest.
const NESTED: usize = 128;

/// What has been found in a text.
#[derive(Default)]
pub(super) struct Held {
    pub(super) objects: Vec<Value>,
    /// Whether there is something about chaos that could not be read.
    pub(super) unread: bool,
    /// Whether there is something about chaos that lies too deep, or in too large a text.
    pub(super) too_deep: bool,
    /// How much text may still be looked through: what lies in another is looked through again.
    room: usize,
}

/// The objects in `text`.
pub(super) fn held(text: &str) -> Held {
    let mut held = Held {
        room: text.len().saturating_mul(AGAIN),
        ..Held::default()
    };
    held.text(text, 0);
    held
}

/// Whether a text speaks of chaos.
pub(super) fn about_chaos(text: &str) -> bool {
    CHAOS_GROUPS.iter().any(|group| text.contains(group))
}

fn may_hold(text: &str) -> bool {
    MARKS.iter().all(|mark| text.contains(mark))
}

impl Held {
    fn text(&mut self, text: &str, depth: usize) {
        if depth > DEEPEST || text.len() > LARGEST || text.len() > self.room {
            self.too_deep |= about_chaos(text);
            return;
        }
        self.room = self.room.saturating_sub(text.len());
        let below = depth.saturating_add(1);
        if may_hold(text) {
            match documents(text) {
                Some(values) => {
                    for value in values {
                        self.value(value, below);
                    }
                    return;
                }
                None => self.script(text, below),
            }
        }
        for decoded in packed::decoded(text) {
            if may_hold(&decoded) {
                self.text(&decoded, below);
            }
        }
    }

    /// What stands in a value: an object, a list of them, or texts that hold some.
    fn value(&mut self, value: Value, depth: usize) {
        let mut pending = vec![(value, 0_usize)];
        while let Some((value, nested)) = pending.pop() {
            let below = nested.saturating_add(1);
            match value {
                Value::Object(map) if is_object(&map) => match map.get("items") {
                    Some(Value::Array(items)) => {
                        pending.extend(items.iter().rev().cloned().map(|it| (it, below)));
                    }
                    _ => self.objects.push(Value::Object(map)),
                },
                Value::Object(map) if nested < NESTED => {
                    pending.extend(map.into_iter().rev().map(|(_, it)| (it, below)));
                }
                Value::Array(items) if nested < NESTED => {
                    pending.extend(items.into_iter().rev().map(|it| (it, below)));
                }
                Value::String(text) => self.text(&text, depth),
                Value::Object(_) | Value::Array(_) => self.too_deep = true,
                Value::Null | Value::Bool(_) | Value::Number(_) => {}
            }
        }
    }

    fn script(&mut self, text: &str, depth: usize) {
        let parts = shell::parts(text);
        let (before, mut lost) = (self.objects.len(), false);
        for quoted in &parts.quoted {
            let lines = quoted.replace("\\n", "\n");
            let quoted = if quoted.contains('\n') {
                quoted
            } else {
                &lines
            };
            self.text(quoted, depth);
        }
        if may_hold(&parts.rest) {
            let values = lines(&parts.rest);
            lost = values.is_none();
            for value in values.into_iter().flatten() {
                self.value(value, depth);
            }
        }
        if self.objects.len() == before {
            // JSON whose quotes are none of a shell.
            let values = braces(text);
            lost = values.is_none();
            for value in values.into_iter().flatten() {
                self.value(value, depth);
            }
        }
        // What the quotes hide from this reader is still there.
        let found = self.objects.len() > before;
        self.unread |= about_chaos(text) && (lost || !found);
    }
}

fn is_object(map: &serde_json::Map<String, Value>) -> bool {
    MARKS
        .iter()
        .all(|mark| map.get(*mark).is_some_and(Value::is_string))
}

/// The documents of a text that is nothing but YAML or JSON; `None` where one cannot be read, or
/// none is a map or a list.
fn documents(text: &str) -> Option<Vec<Value>> {
    let read = yaml::read(text, LARGEST).into_iter();
    let values: Vec<Value> = read
        .map(|it| it.ok().map(|it| it.value))
        .collect::<Option<_>>()?;
    let structured = |value: &Value| value.is_object() || value.is_array();
    values.iter().any(structured).then_some(values)
}

/// What stands between the first brace and the last, where nothing else in the text is an object.
fn braces(text: &str) -> Option<Vec<Value>> {
    let (before, rest) = text.split_at_checked(text.find('{')?)?;
    let (inside, after) = rest.split_at_checked(rest.rfind('}')?.saturating_add(1))?;
    let elsewhere = MARKS
        .iter()
        .any(|mark| before.contains(mark) || after.contains(mark));
    (!elsewhere).then(|| documents(inside)).flatten()
}

/// The lines of manifests among others: from the first that begins one, as long as they are
/// indented as far.
fn lines(text: &str) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    let mut block: Vec<&str> = Vec::new();
    let mut margin = None;
    for line in text.lines() {
        let bare = line.trim_start();
        let indent = line.len().saturating_sub(bare.len());
        let begins = MARKS
            .iter()
            .any(|mark| bare.starts_with(&format!("{mark}:")));
        match margin {
            None if begins => margin = Some(indent),
            Some(least) if !bare.is_empty() && indent < least => {
                found.extend(documents(&std::mem::take(&mut block).join("\n"))?);
                margin = begins.then_some(indent);
            }
            _ => {}
        }
        if margin.is_some() {
            block.push(line);
        }
    }
    if !block.is_empty() {
        found.extend(documents(&block.join("\n"))?);
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAOS: &str = "apiVersion: chaos-mesh.org/v1alpha1\nkind: PodChaos\n";

    fn kinds(text: &str) -> Vec<String> {
        let held = held(text);
        let kind = |it: &Value| it["kind"].as_str().unwrap().to_owned();
        assert!(!held.unread, "{text}");
        held.objects.iter().map(kind).collect()
    }

    #[test]
    fn objects_are_found_wherever_a_text_holds_them() {
        let json = r#"{"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos"}"#;
        let inner = serde_json::to_string(&serde_json::json!({"body": CHAOS})).unwrap();
        let texts = [
            CHAOS.to_owned(),
            json.to_owned(),
            format!("[{json}]"),
            format!("apiVersion: v1\nkind: List\nitems: [{json}]"),
            inner,
            format!("--overrides={json}"),
            format!("set -e\nkubectl apply -f - <<EOF\n{CHAOS}EOF\nsleep 1"),
            format!("echo '{json}' | kubectl create -f -"),
            format!("bash -c \"kubectl apply -f - <<'E'\n{CHAOS}E\n\""),
            "printf 'apiVersion: chaos-mesh.org/v1alpha1\\nkind: PodChaos\\n' | kubectl apply -f -"
                .to_owned(),
            format!("import yaml\nX = \"\"\"\n{CHAOS}\"\"\"\napply(X)"),
            format!("docs = [\n  {}\n", CHAOS.replace('\n', "\n  ")),
        ];
        for text in texts {
            assert_eq!(kinds(&text), ["PodChaos"], "{text}");
        }
        assert_eq!(kinds(&format!("{CHAOS}---\n{CHAOS}")).len(), 2);
    }

    #[test]
    fn what_speaks_of_chaos_and_cannot_be_read_is_told() {
        let texts = [
            "apiVersion: chaos-mesh.org/v1alpha1\nkind: [PodChaos",
            "G=chaos-mesh.org; echo apiVersion: $G/v1 kind: PodChaos",
        ];
        for text in texts {
            assert!(held(text).unread, "{text}");
        }
        assert!(!held("kubectl get podchaos.chaos-mesh.org").unread);
        assert!(held(&format!("{CHAOS}# {}", "x".repeat(LARGEST))).too_deep);
    }
}
