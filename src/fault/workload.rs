//! Pods and what makes pods: objects that several readers have something to say about, because what
//! they do is said by their labels and by the programs in their containers.

use serde_json::Value;

use super::{
    Experiment, Fault, Note, Reading, Recurrence, Surroundings, Tool, Unreadable, chaoskube, krkn,
    kube_monkey, raw,
};
use crate::object::{Field, Object};

/// What one reader sees in an object of these kinds; it answers `None` for those of others.
type Part = fn(&Object, &Surroundings) -> Reading;

/// Everything that may make chaos of a workload. What they find is joined.
const PARTS: &[Part] = &[
    raw::read_program,
    krkn::read,
    kube_monkey::read,
    chaoskube::read,
];

/// Where the pods of a kind are described, seen from the object.
const TEMPLATES: &[(&str, &str, &[&str])] = &[
    ("", "Pod", &[]),
    ("", "ReplicationController", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    ("batch", "Job", &["spec", "template"]),
    (
        "batch",
        "CronJob",
        &["spec", "jobTemplate", "spec", "template"],
    ),
];

/// Reads whatever in a workload is chaos: everything at the same time.
pub(super) fn read(object: &Object, around: &Surroundings) -> Reading {
    let mut joined: Option<Experiment> = None;
    for part in PARTS {
        let found = part(object, around)?;
        joined = match (joined, found) {
            (Some(one), Some(other)) => Some(join(one, other)),
            (one, other) => one.or(other),
        };
    }
    Ok(joined)
}

/// Whether a workload may be chaos that is live: whether anything in it says so, whatever is around
/// it, or whether nobody can tell. What is no workload may be.
#[must_use]
pub fn may_be_live(object: &Object) -> bool {
    let labelled = raw::is_marked(object);
    labelled
        || match read(object, Surroundings::NONE) {
            Ok(found) => found.is_some_and(|it| it.declared),
            Err(_) => true,
        }
}

/// Both at the same time.
pub(super) fn join(one: Experiment, other: Experiment) -> Experiment {
    let gap = |recurrence: &Recurrence| recurrence.shortest_gap;
    Experiment {
        faults: joined::<Fault>(one.faults, other.faults),
        notes: joined::<Note>(one.notes, other.notes),
        refusals: joined::<Unreadable>(one.refusals, other.refusals),
        // One can be said; the faults have been stacked after their own already.
        schedule: one
            .schedule
            .into_iter()
            .chain(other.schedule)
            .min_by_key(gap),
        dormant: one.dormant && other.dormant,
        declared: one.declared || other.declared,
        ..one
    }
}

fn joined<T>(mut some: Vec<T>, more: Vec<T>) -> Vec<T> {
    some.extend(more);
    some
}

/// Whether an object is a pod or makes pods.
#[must_use]
pub fn is_workload(object: &Object) -> bool {
    template(object).is_some()
}

/// The metadata and spec of the pods that an object is or makes; `None` where it makes none.
///
/// One that is scaled to nothing runs nothing; whoever stops a program by that must not be held up.
/// When it is scaled up, its pods are judged one by one.
pub(super) fn running(object: &Object) -> Option<Field<'_>> {
    let scaled = object.value().pointer("/spec/replicas");
    let stopped = scaled.and_then(Value::as_u64) == Some(0);
    template(object).filter(|_| !stopped)
}

/// The same, whether it runs or not.
fn template(object: &Object) -> Option<Field<'_>> {
    let (_, _, path) = TEMPLATES
        .iter()
        .find(|(group, kind, _)| object.is(group, kind))?;
    Some(path.iter().fold(object.root(), |field, key| field.get(key)))
}

/// The name of the image that a container runs, without registry, tag and digest.
pub(super) fn image<'a>(container: &Field<'a>) -> &'a str {
    let image = container.get("image").text().ok().flatten();
    let untagged = image.unwrap_or_default().split('@').next();
    let name = untagged.unwrap_or_default().rsplit('/').next();
    name.unwrap_or_default()
        .split(':')
        .next()
        .unwrap_or_default()
}

/// What an object that says itself that it is chaos does.
pub(super) fn experiment(object: &Object, tool: Tool, faults: Vec<Fault>) -> Experiment {
    Experiment {
        object: object.reference().clone(),
        tool,
        faults,
        schedule: None,
        notes: Vec::new(),
        refusals: Vec::new(),
        dormant: false,
        declared: true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_two_readers_find_is_joined() {
        let experiment = |field: &str, declared: bool| Experiment {
            dormant: !declared,
            declared,
            ..super::experiment(
                &object("apps/v1", "Deployment"),
                Tool::Kubernetes,
                vec![Fault::untold(field, "it is code")],
            )
        };
        let both = join(experiment("a", false), experiment("b", true));
        let fields: Vec<&str> = both.faults.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["a", "b"]);
        assert!(both.declared && !both.dormant);
    }

    #[test]
    fn pods_are_described_where_their_kind_says() {
        let path = |api_version, kind| {
            let object = object(api_version, kind);
            template(&object).map(|field| field.get("spec").path().to_owned())
        };
        assert_eq!(path("v1", "Pod").as_deref(), Some("spec"));
        assert_eq!(
            path("batch/v1", "CronJob").as_deref(),
            Some("spec.jobTemplate.spec.template.spec")
        );
        assert_eq!(path("v1", "Deployment"), None);
    }

    fn object(api_version: &str, kind: &str) -> Object {
        let metadata = json!({"name": "x", "namespace": "db"});
        Object::new(json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})).unwrap()
    }
}
