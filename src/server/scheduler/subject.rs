//! The database or workload that a run is aimed at, as it is now: which pods belong to it is known from the
//! watch, and what each of them is, is asked of the API server itself.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::Value;

use super::reach::{Age, Failure, Reach, kind, named};
use crate::inventory::{Database, Group, GroupId, Inventory, PodId, Quorum, Writer};
use crate::object::Object;
use crate::schedule::observed::{Member, Sight, Subject};
use crate::schedule::spec::sanctioned::{SanctionedExperimentSpec, SubjectSpec};

/// From how many members on they are listed, and not asked for one by one.
const MANY: usize = 16;

/// Which database or workload is meant, from a namespace.
pub(super) fn find(
    spec: &SanctionedExperimentSpec,
    namespace: &str,
    inventory: &Inventory,
) -> Result<GroupId, String> {
    if let Some(why) = inventory.unavailable() {
        return Err(why.to_owned());
    }
    let (subject, database) = match (&spec.database, &spec.workload) {
        (Some(subject), _) => (subject, true),
        (None, Some(subject)) => (subject, false),
        (None, None) => return Err("it is aimed at nothing".to_owned()),
    };
    let place = subject.namespace.as_deref().unwrap_or(namespace);
    let mut groups = inventory.groups_in(place);
    let found = groups.find(|(_, group)| is_meant(subject, group));
    let (id, group) = found.ok_or_else(|| {
        let SubjectSpec { kind, name, .. } = subject;
        format!("{kind} {place}/{name} is not in the cluster")
    })?;
    if database && group.database.is_none() {
        return Err(format!("{group} is no database that is known"));
    }
    Ok(id)
}

/// Whether a group is the one that is named.
pub(super) fn is_meant(subject: &SubjectSpec, group: &Group) -> bool {
    let (kind, api_group) = match subject.kind.split_once('.') {
        Some((kind, api_group)) => (kind, Some(api_group)),
        None => (subject.kind.as_str(), None),
    };
    group.kind == kind
        && group.name == subject.name.as_str()
        && api_group.is_none_or(|it| group.api_group == it)
        && group.unit == subject.unit.as_deref().unwrap_or_default()
}

/// It, as it is now.
pub(super) async fn look(
    reach: &Reach,
    spec: &SanctionedExperimentSpec,
    (inventory, group): (&Inventory, Result<GroupId, String>),
) -> Sight<Subject> {
    let id = match group {
        Ok(id) => id,
        Err(why) => return Sight::Blind(why),
    };
    let group = inventory.group(id);
    match pods(reach, inventory, &group.members).await {
        Ok(pods) => {
            let members = pods.iter().map(|(id, pod)| member(inventory, *id, pod));
            Sight::Seen(subject(spec, group, members.collect()))
        }
        Err(failure) => Sight::Blind(format!("its members cannot be read: {failure}")),
    }
}

fn subject(spec: &SanctionedExperimentSpec, group: &Group, members: Vec<Member>) -> Subject {
    let database = group.database.as_deref();
    let paused = database.is_some_and(|it| it.paused);
    let paused = paused.then(|| "it is paused".to_owned());
    Subject {
        name: group.to_string(),
        size: group.size,
        minimum: minimum(spec, group),
        members,
        has_primary: database.is_some_and(|it| matches!(it.writer, Writer::Known(_))),
        unhealthy: paused.or_else(|| {
            let doubt = database.and_then(|it| it.doubt.clone());
            database.and_then(|it| it.unhealthy.clone()).or(doubt)
        }),
        busy: database.and_then(|it| it.busy.clone()),
        lag: database.and_then(|it| it.lag),
    }
}

/// How many of its members must be healthy.
fn minimum(spec: &SanctionedExperimentSpec, group: &Group) -> u32 {
    if let Some(count) = spec.safety.min_healthy {
        return count.of(group.size);
    }
    match group.database.as_deref().map(|it| it.quorum) {
        Some(Quorum::None) | None => 1,
        Some(quorum) => quorum.needs(),
    }
}

/// Whether a member is the primary, or may be: where nothing tells which it is, each of them is.
fn is_primary(database: &Database, pod: PodId) -> bool {
    match &database.writer {
        Writer::Known(writers) => writers.contains(&pod),
        Writer::Any { probable } => *probable == Some(pod),
        Writer::Untold { .. } => true,
    }
}

/// These pods as they are stored now, without those that are gone.
async fn pods(
    reach: &Reach,
    inventory: &Inventory,
    members: &[PodId],
) -> Result<Vec<(PodId, Object)>, Failure> {
    if members.len() > MANY {
        return listed(reach, inventory, members).await;
    }
    let looks = members.iter().map(|id| async {
        let pod = inventory.pod(*id);
        let it = named(("", "v1"), "Pod", (&pod.namespace, &pod.name));
        Ok(reach.get(&it).await?.map(|pod| (*id, pod)))
    });
    let found: Result<Vec<_>, Failure> = join_all(looks).await.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

/// The same of many, by one list of each namespace.
async fn listed(
    reach: &Reach,
    inventory: &Inventory,
    members: &[PodId],
) -> Result<Vec<(PodId, Object)>, Failure> {
    let names = members.iter().map(|id| &*inventory.pod(*id).namespace);
    let namespaces: BTreeSet<&str> = names.collect();
    let mut found = Vec::new();
    for namespace in namespaces {
        let of = kind(("", "v1"), "Pod", namespace);
        let pods = reach.list(&of, "", Age::Now).await?;
        found.extend(pods.into_iter().filter_map(|pod| {
            let id = inventory.find_pod(namespace, &pod.reference().name)?;
            members.contains(&id).then_some((id, pod))
        }));
    }
    Ok(found)
}

/// A member as it is now.
fn member(inventory: &Inventory, id: PodId, object: &Object) -> Member {
    let pod = inventory.pod(id);
    let database = inventory.group(pod.group).database.as_deref();
    let primary = database.is_some_and(|it| is_primary(it, id));
    let mut member = of_pod(object, primary);
    // A fault may hide behind readiness; what shows it is what the tool has recorded.
    member.ready &= pod.healthy || !hides(inventory, id);
    member
}

/// Whether a tool has recorded that this pod fails although it is ready.
fn hides(inventory: &Inventory, id: PodId) -> bool {
    let mut active = inventory.active().iter();
    active.any(|it| it.records.as_ref().is_some_and(|held| held.contains(&id)))
}

/// What a pod says of itself.
fn of_pod(object: &Object, primary: bool) -> Member {
    let statuses = object.at(&["status", "containerStatuses"]);
    let statuses = statuses.and_then(Value::as_array).into_iter().flatten();
    let restarts = statuses.filter_map(|it| it.get("restartCount")?.as_u64());
    let restarts = restarts.fold(0_u64, u64::saturating_add);
    let leaving = object.at(&["metadata", "deletionTimestamp"]);
    let node = object.at(&["spec", "nodeName"]).and_then(Value::as_str);
    Member {
        namespace: object.reference().namespace.clone(),
        name: object.reference().name.clone(),
        uid: object.uid().unwrap_or_default().to_owned(),
        node: node.unwrap_or_default().to_owned(),
        ready: object.has_condition(&["Ready"]) && leaving.is_none(),
        restarts: u32::try_from(restarts).unwrap_or(u32::MAX),
        primary,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory::Origin;

    fn object(value: Value) -> Object {
        Object::new(value).unwrap()
    }

    fn inventory() -> Inventory {
        let labels = json!({"app": "ledger"});
        let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "ledger", "namespace": "db"},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": []}}}});
        Inventory::from_objects(&[object(set)], Origin::Manifests)
    }

    fn spec(value: &Value) -> SanctionedExperimentSpec {
        let mut whole = json!({"hypothesis": "it holds", "native": {"podDelete": {}}});
        for (key, value) in value.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn it_is_found_by_what_it_is_called_and_else_it_is_said_why_not() {
        let world = inventory();
        let set = |kind: &str, name: &str| json!({"workload": {"kind": kind, "name": name}});
        let found = |value: Value| find(&spec(&value), "db", &world).is_ok();
        assert!(found(set("StatefulSet", "ledger")));
        assert!(found(set("StatefulSet.apps", "ledger")));
        assert!(!found(set("StatefulSet.batch", "ledger")));
        assert!(!found(set("Deployment", "ledger")));
        assert!(!found(set("StatefulSet", "other")));
        assert!(!found(
            json!({"database": {"kind": "StatefulSet", "name": "ledger"}})
        ));
        let unknown = Inventory::unlisted("not listed yet");
        let value = spec(&set("StatefulSet", "ledger"));
        assert_eq!(
            find(&value, "db", &unknown),
            Err("not listed yet".to_owned())
        );
    }

    #[test]
    fn a_pod_that_is_about_to_go_is_not_ready() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "ledger-0", "namespace": "db", "uid": "a"},
            "spec": {"nodeName": "n"},
            "status": {"conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [{"restartCount": 2}, {"restartCount": 1}]}});
        let member = of_pod(&object(pod.clone()), false);
        assert!(member.ready);
        assert_eq!((member.restarts, member.node.as_str()), (3, "n"));
        let mut leaving = pod;
        leaving["metadata"]["deletionTimestamp"] = json!("2026-10-01T10:00:00Z");
        assert!(!of_pod(&object(leaving), false).ready);
    }

    #[test]
    fn a_workload_keeps_one_unless_more_is_asked_for() {
        let world = inventory();
        let named = json!({"workload": {"kind": "StatefulSet", "name": "ledger"}});
        let one = spec(&named);
        let id = find(&one, "db", &world).unwrap();
        assert_eq!(minimum(&one, world.group(id)), 1);
        let mut more = named;
        more["safety"] = json!({"minHealthy": "100%"});
        assert_eq!(minimum(&spec(&more), world.group(id)), 2);
    }
}
