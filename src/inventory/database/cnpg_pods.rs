//! The pods that CloudNativePG makes: instances, which it owns itself, and poolers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::asked;
use super::cnpg::{CLUSTER, POD_ROLE, ROLE};
use crate::inventory::kinds::{CNPG, POOLER};
use crate::inventory::lenient::{map, text};
use crate::inventory::world::{World, namespace};
use crate::inventory::{Owner, Pod};
use crate::object::Object;

pub(super) fn expand(object: &Object) -> Vec<Pod> {
    let resource = object.value();
    if object.annotation("cnpg.io/hibernation") == Some("on") {
        return Vec::new();
    }
    let (name, place) = (&object.reference().name, namespace(object));
    let owner = Owner {
        api_group: CNPG.group().into(),
        kind: CNPG.name().into(),
        name: name.as_str().into(),
    };
    let pod = |index: u32| {
        let instance = format!("{name}-{index}");
        let template = template(object, &instance, index == 1);
        Pod::assumed(&template, place, instance, owner.clone())
    };
    (1..=asked(resource, "/spec/instances", 1))
        .map(pod)
        .collect()
}

fn template(object: &Object, instance: &str, primary: bool) -> Value {
    let name = object.reference().name.as_str();
    let role = if primary { "primary" } else { "replica" };
    let own = [
        ("app.kubernetes.io/component", "database"),
        ("app.kubernetes.io/instance", name),
        ("app.kubernetes.io/managed-by", "cloudnative-pg"),
        ("app.kubernetes.io/name", "postgresql"),
        (CLUSTER, name),
        ("cnpg.io/instanceName", instance),
        (POD_ROLE, "instance"),
        (ROLE, role),
        ("role", role),
    ];
    let inherited = |what: &str| map(object.value(), &format!("/spec/inheritedMetadata/{what}"));
    let mut labels: BTreeMap<String, String> = inherited("labels");
    labels.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    json!({
        "metadata": {"labels": labels, "annotations": inherited("annotations")},
        "spec": {"serviceAccountName": name, "containers": [{"name": "postgres"}]},
    })
}

/// The pods of the Poolers of a world. They are a workload, not members.
pub(super) fn poolers(world: &World<'_>) -> Vec<Pod> {
    let pods = |pooler: &Object| {
        let (name, place) = (
            pooler.reference().name.clone(),
            namespace(pooler).to_owned(),
        );
        let cluster = text(pooler.value(), "/spec/cluster/name");
        let labels = json!({CLUSTER: cluster, POD_ROLE: "pooler", "cnpg.io/poolerName": name});
        let template = json!({
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "pgbouncer"}]},
        });
        let owner = Owner::app("Deployment", name.clone());
        let pod =
            move |index| Pod::assumed(&template, &place, format!("{name}-{index}"), owner.clone());
        (0..asked(pooler.value(), "/spec/instances", 1)).map(pod)
    };
    world.all(POOLER).flat_map(pods).collect()
}
