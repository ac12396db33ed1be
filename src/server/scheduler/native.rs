//! What firebreak injects itself, as objects: the NetworkPolicy of a partition, the Job of a stress, and what
//! has to be put back.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::fault::PROGRAM_LABELS;
use crate::inventory::{Group, Inventory};
use crate::object::Object;
use crate::schedule::observed::{Member, Refused};
use crate::schedule::pin::{FENCE, For, MANAGED_BY, RUN, RUN_UID};
use crate::schedule::spec::native::{DirectionWord, NativeSpec, PartitionSpec, StressSpec};
use crate::schedule::spec::status::{UndoStatus, UndoWord};

/// The annotation with the namespace of a run, of what is made elsewhere for it.
pub(in crate::server) const RUN_NAMESPACE: &str = "firebreak.dev/run-namespace";
/// The labels by which some pods can be told from all others, one by one.
const OWN: [&str; 3] = [
    "statefulset.kubernetes.io/pod-name",
    "cnpg.io/instanceName",
    "apps.kubernetes.io/pod-index",
];
/// The label in which each node has another value.
const HOST: &str = "kubernetes.io/hostname";

fn refused(reason: &'static str, message: impl Into<String>) -> Refused {
    Refused {
        reason,
        message: message.into(),
    }
}

/// What a native experiment makes, if it makes anything.
pub(super) fn object(
    native: &NativeSpec,
    members: &[&Member],
    (of, inventory): (For<'_>, &Inventory),
) -> Result<Option<Object>, Refused> {
    let value = match (&native.partition, &native.stress) {
        (Some(partition), _) => policy(partition, members, (of, inventory))?,
        (None, Some(stress)) => job(stress, members, of)?,
        (None, None) => return Ok(None),
    };
    let object = Object::new(value).map_err(|error| refused("Unreadable", error.to_string()))?;
    Ok(Some(object))
}

fn metadata(of: For<'_>, namespace: &str) -> Value {
    json!({
        "name": of.name, "namespace": namespace,
        "labels": {RUN: of.name, RUN_UID: of.uid, MANAGED_BY.0: MANAGED_BY.1},
        "annotations": {FENCE: of.fence, RUN_NAMESPACE: of.namespace},
    })
}

/// A NetworkPolicy that selects these pods and nothing, and permits them nothing. It says that it is chaos, so
/// that it is made only when the guard answers, and everybody's verdicts count it.
fn policy(
    partition: &PartitionSpec,
    members: &[&Member],
    (of, inventory): (For<'_>, &Inventory),
) -> Result<Value, Refused> {
    let namespaces: BTreeSet<&str> = members.iter().map(|it| it.namespace.as_str()).collect();
    let mut namespaces = namespaces.into_iter();
    let (Some(namespace), None) = (namespaces.next(), namespaces.next()) else {
        return Err(refused("NotPinned", "its targets are not in one namespace"));
    };
    let (key, values) = selection(members, inventory)?;
    let types = match partition.direction {
        DirectionWord::Ingress => json!(["Ingress"]),
        DirectionWord::Egress => json!(["Egress"]),
        DirectionWord::Both => json!(["Ingress", "Egress"]),
    };
    let mut metadata = metadata(of, namespace);
    for label in PROGRAM_LABELS.iter().take(1) {
        metadata["labels"][*label] = json!(of.name);
    }
    Ok(json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata,
        "spec": {
            "podSelector": {"matchExpressions": [{"key": key, "operator": "In", "values": values}]},
            "policyTypes": types,
        },
    }))
}

/// A label, and its values of these pods, that no other pod beside them has.
fn selection<'m>(
    members: &[&'m Member],
    inventory: &'m Inventory,
) -> Result<(&'static str, BTreeSet<String>), Refused> {
    let label = |member: &Member, key: &str| {
        let id = inventory.find_pod(&member.namespace, &member.name)?;
        let value = inventory.pod(id).labels.get(key)?;
        Some(value.to_owned())
    };
    let others = |key: &str, values: &BTreeSet<String>| {
        let mut pods = inventory.pods().map(|(_, pod)| pod);
        pods.any(|pod| {
            let ours = members
                .iter()
                .any(|it| pod.namespace == it.namespace.as_str() && pod.name == it.name.as_str());
            let beside = members
                .iter()
                .any(|it| pod.namespace == it.namespace.as_str());
            let has = pod.labels.get(key).is_some_and(|it| values.contains(it));
            beside && !ours && has
        })
    };
    let found = OWN.into_iter().find_map(|key| {
        let values: Option<BTreeSet<String>> =
            members.iter().map(|member| label(member, key)).collect();
        let values = values.filter(|values| !values.is_empty() && !others(key, values))?;
        Some((key, values))
    });
    let none =
        "no label tells its targets from all other pods, so that a NetworkPolicy cannot name them";
    found.ok_or_else(|| refused("NotPinned", none))
}

/// A Job with a pod on the node of each target.
fn job(stress: &StressSpec, members: &[&Member], of: For<'_>) -> Result<Value, Refused> {
    let nodes: BTreeSet<&str> = members.iter().map(|it| it.node.as_str()).collect();
    if nodes.contains("") || nodes.is_empty() {
        return Err(refused("NotPinned", "a target is on no node"));
    }
    let pods = nodes.len();
    let labels = json!({RUN: of.name, RUN_UID: of.uid, MANAGED_BY.0: MANAGED_BY.1});
    let apart = json!([{"labelSelector": {"matchLabels": {RUN_UID: of.uid}},
        "topologyKey": HOST}]);
    // One term a node: of its name a term takes one value.
    let named = |node: &&str| json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    let there: Vec<Value> = nodes.iter().map(named).collect();
    let seconds = stress.duration.0.as_secs();
    Ok(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(of, of.namespace),
        "spec": {
            "parallelism": pods, "completions": pods, "backoffLimit": 0,
            "activeDeadlineSeconds": seconds.saturating_add(60),
            "template": {"metadata": {"labels": labels}, "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": false,
                "affinity": {
                    "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": there}},
                    "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart},
                },
                "containers": [{
                    "name": "stress", "image": stress.image, "command": stress.command,
                    "resources": {"limits": stress.limits, "requests": {"cpu": "10m", "memory": "16Mi"}},
                    "securityContext": {"allowPrivilegeEscalation": false,
                        "capabilities": {"drop": ["ALL"]}},
                }],
            }},
        },
    }))
}

/// What a native experiment changes, as it was before.
pub(super) fn undo(
    native: &NativeSpec,
    members: &[&Member],
    group: &Group,
) -> Result<Vec<UndoStatus>, Refused> {
    if native.scale.is_some() {
        return scaled(group).map(|it| vec![it]);
    }
    if native.drain.is_none() {
        return Ok(Vec::new());
    }
    let nodes: BTreeSet<&str> = members.iter().map(|it| it.node.as_str()).collect();
    if nodes.contains("") {
        return Err(refused("NotPinned", "a target is on no node"));
    }
    let uncordon = |node: &str| UndoStatus {
        what: UndoWord::Uncordon,
        api_version: "v1".to_owned(),
        kind: "Node".to_owned(),
        namespace: String::new(),
        name: node.to_owned(),
        replicas: None,
        done: false,
    };
    Ok(nodes.into_iter().map(uncordon).collect())
}

fn scaled(group: &Group) -> Result<UndoStatus, Refused> {
    let known = group.api_group == "apps" && ["Deployment", "StatefulSet"].contains(&&*group.kind);
    if !known {
        let message = format!("{group} is no StatefulSet or Deployment that could be scaled");
        return Err(refused("NotScalable", message));
    }
    Ok(UndoStatus {
        what: UndoWord::Scale,
        api_version: "apps/v1".to_owned(),
        kind: group.kind.to_string(),
        namespace: group.namespace.to_string(),
        name: group.name.to_string(),
        replicas: Some(group.size),
        done: false,
    })
}

/// In the words of a tool that everybody's verdicts understand: how what is done without an object stands in
/// the ledger. Its targets count as down.
pub(super) fn stand_in(of: For<'_>, members: &[(&str, &str)], seconds: u64) -> Option<Object> {
    let mut names = serde_json::Map::new();
    for (namespace, name) in members {
        let list = names.entry((*namespace).to_owned()).or_insert(json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!(name));
        }
    }
    let mut spec = json!({"action": "pod-kill", "mode": "all", "selector": {"pods": names}});
    if seconds > 0 {
        spec["action"] = json!("pod-failure");
        spec["duration"] = json!(format!("{seconds}s"));
    }
    let metadata = metadata(of, of.namespace);
    let value = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": metadata, "spec": spec});
    Object::new(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{self, Surroundings};
    use crate::inventory::Origin;

    const OF: For<'_> = For {
        namespace: "drills",
        name: "drill-1",
        uid: "run",
        fence: "f",
    };

    fn member(index: u32) -> Member {
        Member {
            namespace: "db".to_owned(),
            name: format!("ledger-{index}"),
            uid: format!("uid-{index}"),
            node: format!("node-{index}"),
            ready: true,
            ..Member::default()
        }
    }

    fn world(label: &str) -> Inventory {
        let pod = |index: u32| {
            let name = format!("ledger-{index}");
            let value = json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": "db", "labels": {label: name}},
                "spec": {"containers": []}});
            Object::new(value).unwrap()
        };
        Inventory::from_objects(&[pod(0), pod(1), pod(2)], Origin::Recorded)
    }

    fn native(value: Value) -> NativeSpec {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_partition_selects_its_targets_and_nobody_else_and_says_that_it_is_chaos() {
        let world = world("statefulset.kubernetes.io/pod-name");
        let partition = native(json!({"partition": {"duration": "60s"}}));
        let member = member(1);
        let made = object(&partition, &[&member], (OF, &world))
            .unwrap()
            .unwrap();
        assert_eq!(made.reference().namespace, "db");
        let chosen = made
            .value()
            .pointer("/spec/podSelector/matchExpressions/0/values");
        assert_eq!(chosen, Some(&json!(["ledger-1"])));
        let read = fault::read(&made, Surroundings::NONE).unwrap().unwrap();
        assert!(read.declared);
        assert_eq!(made.annotation(RUN_NAMESPACE), Some("drills"));
    }

    #[test]
    fn who_cannot_be_told_from_others_is_not_cut_off() {
        let partition = native(json!({"partition": {"duration": "60s"}}));
        let member = member(1);
        let refused = object(&partition, &[&member], (OF, &world("app"))).unwrap_err();
        assert_eq!(refused.reason, "NotPinned");
    }

    #[test]
    fn a_stress_runs_on_the_nodes_of_its_targets_within_its_limits() {
        let stress = native(json!({"stress": {"duration": "60s", "image": "stress:1",
            "command": ["stress"], "limits": {"cpu": "1", "memory": "1Gi"}}}));
        let (one, two) = (member(0), member(1));
        let world = world("app");
        let made = object(&stress, &[&one, &two], (OF, &world))
            .unwrap()
            .unwrap();
        assert_eq!(made.value().pointer("/spec/parallelism"), Some(&json!(2)));
        let limits = "/spec/template/spec/containers/0/resources/limits/cpu";
        assert_eq!(made.value().pointer(limits), Some(&json!("1")));
    }

    #[test]
    fn what_is_done_without_an_object_stands_in_the_ledger_as_one_that_can_be_read() {
        for seconds in [0, 60] {
            let made = stand_in(OF, &[("db", "ledger-1")], seconds).unwrap();
            let read = fault::read(&made, Surroundings::NONE).unwrap();
            assert!(read.is_some(), "{seconds}");
        }
    }
}
