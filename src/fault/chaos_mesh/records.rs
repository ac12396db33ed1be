//! Records: the pods that an experiment holds. Where there are any, the tool does not ask the
//! selector again: whatever goes on, or comes back after a pause, does so there.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fault::{Aim, Fault, Mode, Namespaces, PodQuery, Selection, Target};
use crate::object::Object;

const RECORDS: &[&str] = &["status", "experiment", "containerRecords"];

/// The `selectorKey` of the records of a NetworkChaos' far side.
const FAR_SIDE: &str = ".Target";

/// Aims the faults at what the records of `object` name, where it has any.
pub(super) fn aim(faults: &mut [Fault], object: &Object) {
    let records = object.at(RECORDS).and_then(Value::as_array);
    let Some(records) = records.filter(|records| !records.is_empty()) else {
        return;
    };
    let text = |record: &Value, key: &str| {
        let value = record.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let (far, near): (Vec<&Value>, Vec<&Value>) = records
        .iter()
        .partition(|record| text(record, "selectorKey") == FAR_SIDE);
    let ids = |records: &[&Value]| records.iter().map(|it| text(it, "id")).collect::<Vec<_>>();
    let (near, far) = (ids(&near), ids(&far));
    for fault in faults {
        match &mut fault.aim {
            Aim::Pods(target) => hold(target, near.iter().chain(&far)),
            Aim::Cut { from, to } => {
                hold(from, near.iter());
                if !far.is_empty() {
                    hold(to, far.iter());
                }
            }
            Aim::Each { .. } | Aim::Nodes(_) | Aim::Isolation(_) | Aim::Unknown(_) => {}
        }
    }
}

/// Selects the pods that these records name, `namespace/pod` or `namespace/pod/container`.
fn hold<'r>(target: &mut Target, ids: impl Iterator<Item = &'r String>) {
    let mut names: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for id in ids {
        let mut parts = id.split('/');
        if let (Some(namespace), Some(name)) = (parts.next(), parts.next()) {
            names.entry(namespace).or_default().push(name.to_owned());
        }
    }
    let query = |(namespace, names): (&str, Vec<String>)| PodQuery {
        namespaces: Namespaces::Named(vec![namespace.to_owned()]),
        names: Some(names),
        ..PodQuery::default()
    };
    for field in [
        &mut target.mode_field,
        &mut target.value_field,
        &mut target.selector_field,
    ] {
        *field = RECORDS.join(".");
    }
    target.mode = Mode::All;
    target.selection = Selection {
        queries: names.into_iter().map(query).collect(),
        ..Selection::default()
    };
}
