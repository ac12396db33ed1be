//! The pods that mariadb-operator would make.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::asked;
use super::mariadb::{GALERA, INSTANCE, NAME, REPLICATION, ROLE};
use crate::inventory::expand::labelled;
use crate::inventory::kinds::MAX_SCALE;
use crate::inventory::lenient::{count, list, map, text, truth};
use crate::inventory::world::{World, namespace};
use crate::inventory::{Owner, Pod};
use crate::object::Object;

/// What is on the pods of one workload.
struct Template<'t> {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    account: &'t str,
    containers: Vec<String>,
}

impl Template<'_> {
    fn pod(&self, object: &Object, owner: &Owner, index: u32) -> Pod {
        let containers = self.containers.iter().map(|it| json!({"name": it}));
        let template = json!({
            "metadata": {"labels": self.labels, "annotations": self.annotations},
            "spec": {
                "serviceAccountName": self.account,
                "containers": containers.collect::<Vec<_>>(),
            },
        });
        let name = format!("{}-{index}", owner.name);
        labelled(Pod::assumed(
            &template,
            namespace(object),
            name,
            owner.clone(),
        ))
    }
}

/// The members, and the exporter of metrics. A suspended one keeps the pods it has.
pub(super) fn expand(object: &Object) -> Vec<Pod> {
    let mut pods = members(object);
    pods.extend(exporter(object));
    pods
}

fn members(object: &Object) -> Vec<Pod> {
    let (resource, name) = (object.value(), object.reference().name.as_str());
    let galera = truth(resource, "/spec/galera/enabled");
    let replication = truth(resource, "/spec/replication/enabled");
    let mut template = Template {
        labels: inherited(resource, "labels", &[(NAME, "mariadb"), (INSTANCE, name)]),
        annotations: inherited(resource, "annotations", &[]),
        account: account(resource, name),
        containers: containers(resource, galera || replication),
    };
    let kinds = [(galera, GALERA), (replication, REPLICATION)];
    for (_, key) in kinds.iter().filter(|(enabled, _)| *enabled) {
        template
            .annotations
            .insert((*key).to_owned(), String::new());
    }
    let part = if galera { "galera" } else { "replication" };
    let primary = count(resource, &format!("/spec/{part}/primary/podIndex")).unwrap_or(0);
    let owner = Owner::app("StatefulSet", name);
    let member = |index: u32| {
        let role = if index == primary {
            "primary"
        } else {
            "replica"
        };
        template.pod(object, &owner, index).with_label(ROLE, role)
    };
    (0..asked(resource, "/spec/replicas", 1))
        .map(member)
        .collect()
}

/// The server, the agent where several servers work together, and what the user put beside them.
fn containers(resource: &Value, together: bool) -> Vec<String> {
    let agent = together.then_some("agent");
    let sidecars = list(resource, "/spec/sidecarContainers").iter();
    let sidecars = sidecars.map(|it| text(it, "/name"));
    let names = ["mariadb"].into_iter().chain(agent).chain(sidecars);
    names.map(str::to_owned).collect()
}

fn exporter(object: &Object) -> Option<Pod> {
    let resource = object.value();
    let owner = Owner::app("Deployment", format!("{}-metrics", object.reference().name));
    let template = Template {
        labels: inherited(
            resource,
            "labels",
            &[(NAME, "exporter"), (INSTANCE, &owner.name)],
        ),
        annotations: BTreeMap::new(),
        account: "default",
        containers: vec!["exporter".to_owned()],
    };
    let enabled = truth(resource, "/spec/metrics/enabled");
    enabled.then(|| template.pod(object, &owner, 0))
}

fn account<'o>(resource: &'o Value, name: &'o str) -> &'o str {
    match text(resource, "/spec/serviceAccountName") {
        "" => name,
        account => account,
    }
}

/// What pods have from their resource, and their `own`, which the operator has the last word on.
fn inherited(resource: &Value, what: &str, own: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> =
        map(resource, &format!("/spec/inheritMetadata/{what}"));
    found.extend(map(resource, &format!("/spec/podMetadata/{what}")));
    found.extend(
        own.iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned())),
    );
    found
}

/// The pods of the MaxScales of a world, and their exporters. They are workloads, not members.
pub(super) fn proxies(world: &World<'_>) -> Vec<Pod> {
    let pods = |object: &Object| {
        let (resource, name) = (object.value(), object.reference().name.as_str());
        let template = Template {
            labels: inherited(resource, "labels", &[(NAME, "maxscale"), (INSTANCE, name)]),
            annotations: inherited(resource, "annotations", &[]),
            account: account(resource, name),
            containers: vec!["maxscale".to_owned()],
        };
        let owner = Owner::app("StatefulSet", name);
        let indices = 0..asked(resource, "/spec/replicas", 1);
        let pods = indices.map(|index| template.pod(object, &owner, index));
        pods.chain(exporter(object)).collect::<Vec<_>>()
    };
    world.all(MAX_SCALE).flat_map(pods).collect()
}
