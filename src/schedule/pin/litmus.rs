//! Litmus: names in the environment of each experiment of an engine, and one round, because every round would
//! choose again.

use serde_json::{Value, json};

use super::Victim;
use crate::fault::{Aim, Experiment};
use crate::object::Unreadable;

/// What of the environment is replaced by names.
const REPLACED: [&str; 6] = [
    "TARGET_PODS",
    "TARGET_NODE",
    "TARGET_NODES",
    "NODE_LABEL",
    "PODS_AFFECTED_PERC",
    "NODES_AFFECTED_PERC",
];

pub(super) fn pin(
    value: &mut Value,
    victims: &[Victim<'_>],
    read: &Experiment,
) -> Result<(), Unreadable> {
    let of_nodes = read.faults.iter().any(|it| matches!(it.aim, Aim::Nodes(_)));
    let absent = || {
        Unreadable::new(
            "spec.template.spec.experiments",
            "absent",
            "a list of one experiment",
        )
    };
    let experiments = value
        .pointer_mut("/spec/experiments")
        .and_then(Value::as_array_mut)
        .ok_or_else(absent)?;
    let [experiment] = experiments.as_mut_slice() else {
        let found = format!("{} experiments", experiments.len());
        let field = "spec.template.spec.experiments";
        return Err(Unreadable::new(field, found, "exactly one"));
    };
    let shape = || {
        Unreadable::new(
            "spec.template.spec.experiments[0].spec.components.env",
            "no list",
            "a list",
        )
    };
    let env = environment(experiment).ok_or_else(shape)?;
    env.retain(|it| {
        let name = it.get("name").and_then(Value::as_str);
        !name.is_some_and(|name| REPLACED.contains(&name))
    });
    let list = |of: fn(&Victim<'_>) -> String| victims.iter().map(of).collect::<Vec<_>>().join(",");
    if of_nodes {
        let nodes = list(|it| it.node.to_owned());
        set(env, "TARGET_NODE", &nodes);
        set(env, "TARGET_NODES", &nodes);
    } else {
        set(env, "TARGET_PODS", &list(|it| it.name.to_owned()));
        set(env, "PODS_AFFECTED_PERC", "100");
        if let Some(duration) = text(env, "TOTAL_CHAOS_DURATION") {
            set(env, "CHAOS_INTERVAL", &duration);
        }
    }
    Ok(())
}

/// The environment of an experiment, which is made where there is none.
fn environment(experiment: &mut Value) -> Option<&mut Vec<Value>> {
    let map = experiment.as_object_mut()?;
    let spec = map.entry("spec").or_insert_with(|| json!({}));
    let components = spec.as_object_mut()?.entry("components");
    let components = components.or_insert_with(|| json!({})).as_object_mut()?;
    let env = components.entry("env").or_insert_with(|| json!([]));
    env.as_array_mut()
}

fn text(env: &[Value], name: &str) -> Option<String> {
    let found = env.iter().find(|it| it["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

fn set(env: &mut Vec<Value>, name: &str, value: &str) {
    env.retain(|it| it["name"] != name);
    env.push(json!({"name": name, "value": value}));
}
