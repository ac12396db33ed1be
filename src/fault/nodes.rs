//! Nodes that are cordoned and tainted by hand.
//!
//! A cordon moves nobody. A drain is a cordon and then evictions one by one, each of which is judged
//! by itself, so that the cordon is no fault. A taint that does not let run takes every pod away at
//! once, and asks no budget.

use serde_json::Value;

use super::{
    Action, Aim, EXPELLING, Effect, Experiment, Fault, Intensity, Lifetime, Note, Overlap,
    PodField, PodQuery, Reading, Taint, Target, Tool,
};
use crate::object::{Field, Object};

/// Reads what changes on a node.
pub(super) fn read_change(old: &Object, new: &Object) -> Reading {
    let before = old.spec().get("taints");
    let known: Vec<&Value> = before.items()?.iter().filter_map(Field::value).collect();
    let mut faults = Vec::new();
    let mut notes = Vec::new();
    for taint in new.spec().get("taints").items()? {
        if taint
            .value()
            .is_some_and(|taint| known.iter().any(|it| same(it, taint)))
        {
            continue;
        }
        if taint.get("effect").text()? == Some(EXPELLING) {
            faults.push(expulsion(new, &taint));
            notes.push(note(
                &taint,
                "a taint with NoExecute removes pods without asking their budgets",
            ));
        } else {
            notes.push(note(&taint, BARRED));
        }
    }
    let unschedulable = new.spec().get("unschedulable");
    if unschedulable.boolean()? == Some(true) && !is_cordoned(old) {
        notes.push(note(&unschedulable, BARRED));
    }
    let idle = faults.is_empty() && notes.is_empty();
    Ok((!idle).then(|| Experiment {
        object: new.reference().clone(),
        tool: Tool::Kubernetes,
        faults,
        schedule: None,
        notes,
        refusals: Vec::new(),
        dormant: false,
        declared: false,
    }))
}

const BARRED: &str = "this moves no pod, but one that goes away cannot come back to this node; \
    what a drain evicts is judged pod by pod";

fn note(field: &Field<'_>, message: &str) -> Note {
    Note {
        field: field.path().to_owned(),
        message: message.to_owned(),
    }
}

/// Whether two taints are the same one; when it was added says nothing.
fn same(one: &Value, other: &Value) -> bool {
    ["key", "value", "effect"]
        .iter()
        .all(|key| text(one, key) == text(other, key))
}

fn text<'a>(taint: &'a Value, key: &str) -> &'a str {
    taint.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_cordoned(node: &Object) -> bool {
    node.value().pointer("/spec/unschedulable") == Some(&Value::Bool(true))
}

/// Every pod of the node that does not put up with the taint goes, now or in a while.
fn expulsion(node: &Object, taint: &Field<'_>) -> Fault {
    let field = taint.path().to_owned();
    let key = |name| taint.value().map_or("", |it| text(it, name)).to_owned();
    let query = PodQuery {
        fields: vec![(PodField::NodeName, node.reference().name.clone())],
        expelled_by: Some(Taint {
            key: key("key"),
            value: key("value"),
        }),
        ..PodQuery::default()
    };
    Fault {
        action: Action::NodeDrain,
        effect: Effect::Down,
        aim: Aim::Pods(Target::all_of(query, &field)),
        // The pods come back elsewhere, or when somebody takes the taint away.
        lifetime: Lifetime::Forever,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        duration_field: field.clone(),
        field,
        later: false,
    }
}
