//! Litmus: the state that was asked of an engine, and the one that its operator tells.

use serde_json::{Value, json};

use crate::object::Object;
use crate::schedule::observed::ToolState;

/// What an experiment says that cannot be begun.
const FAILED: [&str; 2] = ["ChaosExperiment Not Found", "Skipped"];

pub(super) fn state(object: &Object) -> ToolState {
    let status = object.root().get("status");
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let told = text(status.get("engineStatus").text().ok().flatten());
    let asked = text(object.spec().get("engineState").text().ok().flatten());
    let experiments = status.get("experiments").items().unwrap_or_default();
    let each: Vec<&str> = experiments
        .iter()
        .filter_map(|it| it.get("status").text().ok().flatten())
        .collect();
    let failed = each
        .iter()
        .find(|it| FAILED.iter().any(|word| it.starts_with(word)));
    match (asked.as_str(), told.as_str()) {
        (_, "completed") | ("stop", "stopped" | "") => ToolState::Over,
        ("stop", _) => ToolState::InEffect,
        _ => match failed {
            Some(word) => ToolState::Failed((*word).to_owned()),
            None if each.contains(&"Running") => ToolState::InEffect,
            None => ToolState::Beginning,
        },
    }
}

pub(super) fn stop() -> Value {
    json!({"spec": {"engineState": "stop"}})
}

pub(super) fn force() -> Value {
    json!({"metadata": {"finalizers": null}})
}
