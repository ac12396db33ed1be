//! Parameters of a workflow, as far as their values stand in it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::walk::Walk;

/// Stands where a value is only known when the workflow runs. It is fit for a name and a label.
pub(super) const UNTOLD: &str = "argo-placeholder";

/// Values by name, with the prefix under which a text names them; `None` where there are several.
pub(super) struct Parameters {
    known: BTreeMap<String, Option<String>>,
}

impl Parameters {
    /// The parameters of a workflow in `namespace`.
    pub(super) fn of(walk: &Walk<'_>, namespace: &str) -> Self {
        let mut known = BTreeMap::new();
        if !namespace.is_empty() {
            known.insert("workflow.namespace".to_owned(), Some(namespace.to_owned()));
        }
        let mut parameters = Self { known };
        // The workflow's own first: what steps hand on may name them.
        for own in [true, false] {
            let lists = walk.parameters.iter().filter(|(is_own, _)| *is_own == own);
            for parameter in lists.flat_map(|(_, list)| *list) {
                parameters.learn(own, parameter);
            }
        }
        parameters
    }

    fn learn(&mut self, own: bool, parameter: &Value) {
        let Some(name) = parameter.get("name").and_then(Value::as_str) else {
            return;
        };
        let prefix = if own { "workflow" } else { "inputs" };
        let elsewhere = parameter
            .get("valueFrom")
            .is_some_and(|from| !from.is_null());
        let written = ["value", "default"]
            .iter()
            .find_map(|key| parameter.get(*key));
        let value = match written {
            _ if elsewhere => None,
            // Declared here, given by whoever calls.
            None => return,
            Some(Value::String(text)) => Some(self.fill(text)),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(truth)) => Some(truth.to_string()),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) => None,
        };
        let value = value.filter(|value| !value.contains(UNTOLD));
        self.known
            .entry(format!("{prefix}.parameters.{name}"))
            .and_modify(|known| {
                if *known != value {
                    *known = None;
                }
            })
            .or_insert(value);
    }

    /// The text with every placeholder replaced, by its value where that is known.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((name, behind)) = after.split_once("}}") else {
                filled.push_str(UNTOLD);
                return filled;
            };
            let known = self.known.get(name.trim()).and_then(Option::as_deref);
            filled.push_str(known.unwrap_or(UNTOLD));
            rest = behind;
        }
        filled.push_str(rest);
        filled
    }
}
