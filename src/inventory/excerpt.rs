//! What of an object an inventory is made of, as an object again: to be recorded, and read later with
//! the same outcome. Whatever else stands in it, environments among it, is left out.

use serde_json::{Map, Value};

use super::database::Program;
use super::kinds::{self, Kind};
use super::namespace;
use super::pod::is_dropped;
use super::store::{is_in_facts, is_read_whole, makes_pods, trimmed};
use super::workload::OWN;
use crate::fault::{self, Surroundings};
use crate::object::Object;

/// Paths of fields, `*` for every entry of a list.
type Paths = &'static [&'static str];

/// What names every object.
const NAME: Paths = &[
    "apiVersion",
    "kind",
    "metadata/name",
    "metadata/namespace",
    "metadata/deletionTimestamp",
];

/// What is read of the kinds of which facts are enough, but for what they say of pods, and for the
/// whole Namespace that rules see.
const READ: &[(Kind, Paths)] = &[
    (kinds::SERVICE, SERVICE),
    (kinds::BUDGET, BUDGET),
    (kinds::NODE, NODE),
    (kinds::NAMESPACE, &[]),
    (kinds::POD, POD),
];

const SERVICE: Paths = &[
    "spec/selector",
    "spec/clusterIP",
    "spec/clusterIPs",
    "spec/externalIPs",
    "status/loadBalancer/ingress/*/ip",
];

const BUDGET: Paths = &[
    "spec/selector",
    "spec/minAvailable",
    "spec/maxUnavailable",
    "status/disruptionsAllowed",
];

const NODE: Paths = &["metadata/labels", "spec/providerID"];

const POD: Paths = &[
    "metadata/ownerReferences",
    "status/phase",
    "status/podIP",
    "status/podIPs",
    "status/nominatedNodeName",
    "status/conditions/*/type",
    "status/conditions/*/status",
];

const WORKLOAD: Paths = &[
    "metadata/labels",
    "metadata/annotations",
    "metadata/ownerReferences",
    "metadata/creationTimestamp",
    "spec/replicas",
    "spec/ordinals/start",
    "spec/suspend",
    "spec/parallelism",
    "spec/volumeClaimTemplates/*/metadata/name",
    "status/replicas",
    "status/updatedReplicas",
    "status/updateRevision",
    "status/currentRevision",
    "status/desiredNumberScheduled",
    "status/completionTime",
    "status/conditions/*/type",
    "status/conditions/*/status",
];

/// What is read of a pod, or of what pods are made of.
const TEMPLATE: Paths = &[
    "metadata/labels",
    "metadata/annotations",
    "spec/nodeName",
    "spec/volumes/*/persistentVolumeClaim/claimName",
    "spec/serviceAccountName",
    "spec/schedulerName",
    "spec/restartPolicy",
    "spec/hostNetwork",
    "spec/tolerations",
    "spec/containers",
];

/// What an inventory is made of, of an object; `None` where that is nothing.
#[must_use]
pub fn excerpt(object: &Object) -> Option<Object> {
    let in_facts = is_in_facts(object);
    // Of what tells of backups facts are enough, and what it runs may hold credentials.
    let is_whole = if in_facts {
        fault::may_be_live(object)
    } else {
        is_read_whole(object)
    };
    let is_whole = is_whole || Surroundings::keeps(object);
    if is_whole || !in_facts {
        return (is_whole || makes_pods(object)).then(|| trimmed(object));
    }
    let reference = object.reference();
    let kind = (reference.group.as_str(), reference.kind.as_str());
    let row = READ.iter().find(|(known, _)| kind == *known);
    let paths = row.map_or(WORKLOAD, |(_, paths)| paths);
    let whole = object.value();
    let mut kept = keep(whole, &[NAME, paths].concat());
    if kind == kinds::POD {
        merge(&mut kept, template(whole));
    } else if let (None, Some(of_pods)) = (row, whole.pointer("/spec/template")) {
        kept["spec"]["template"] = template(of_pods);
    }
    if kind == kinds::NAMESPACE {
        merge(&mut kept, namespace::trimmed(whole));
        return Object::new(kept).ok();
    }
    let is_workload = row.is_none();
    if let Some(Value::Object(annotations)) = kept.pointer_mut("/metadata/annotations") {
        annotations.retain(|key, _| !is_dropped(key) && (!is_workload || key.starts_with(OWN)));
    }
    Object::new(kept).ok()
}

/// What is read of a pod, or of what pods are made of.
fn template(pod: &Value) -> Value {
    let mut kept = keep(pod, TEMPLATE);
    let containers = kept.pointer_mut("/spec/containers");
    let containers = containers.and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        *container = Program::excerpt(container);
    }
    kept
}

/// A value with these fields alone. What is not of the expected type stays as it is.
fn keep(value: &Value, paths: &[&str]) -> Value {
    if paths.contains(&"") {
        return value.clone();
    }
    let below = |name: &str| -> Vec<&str> {
        let parts = paths
            .iter()
            .map(|it| it.split_once('/').unwrap_or((it, "")));
        let matching = parts.filter(|(first, _)| *first == name);
        matching.map(|(_, rest)| rest).collect()
    };
    match value {
        Value::Object(fields) => {
            let kept = fields
                .iter()
                .map(|(name, field)| (name, field, below(name)));
            let kept = kept.filter(|(.., paths)| !paths.is_empty());
            let kept = kept.map(|(name, field, paths)| (name.clone(), keep(field, &paths)));
            Value::Object(kept.collect())
        }
        Value::Array(entries) => {
            let paths = below("*");
            let kept = entries.iter().map(|entry| keep(entry, &paths));
            kept.filter(|entry| !is_empty(entry)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            false
        }
    }
}

/// Puts the fields of one object, and of the objects in it, beside those of another.
fn merge(into: &mut Value, from: Value) {
    let (Value::Object(into), Value::Object(from)) = (into, from) else {
        return;
    };
    for (name, field) in from {
        match into.get_mut(&name) {
            Some(Value::Object(known)) => known.extend(fields(field)),
            Some(_) | None => drop(into.insert(name, field)),
        }
    }
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_may_be_secret_is_left_out_and_what_tells_a_database_is_not() {
        let pod = Object::new(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "a", "namespace": "db", "uid": "1", "labels": {"app": "a"}},
            "spec": {"nodeName": "n1", "volumes": [{"name": "x", "hostPath": {"path": "/"}}],
                "containers": [{"name": "main", "image": "redis:7",
                    "command": ["sh", "-c", "redis-sentinel /etc/s.conf --pass hunter2"],
                    "env": [{"name": "PASSWORD", "value": "hunter2"},
                        {"name": "VALKEY_IS_DEDICATED_NODE", "value": "yes"}]}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "main"}],
                "conditions": [{"type": "Ready", "status": "True", "message": "m"}]}
        }))
        .unwrap();
        let expected = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "a", "namespace": "db", "labels": {"app": "a"}},
            "spec": {"nodeName": "n1", "volumes": [], "containers": [{"name": "main", "image": "redis:7",
                "command": ["redis-sentinel"],
                "env": [{"name": "VALKEY_IS_DEDICATED_NODE", "value": "yes"}]}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        });
        assert_eq!(excerpt(&pod).unwrap().value(), &expected);
    }

    #[test]
    fn what_nobody_reads_is_nothing() {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "db"}, "data": {}});
        assert_eq!(excerpt(&Object::new(map).unwrap()), None);
    }
}
