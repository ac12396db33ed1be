//! Percona XtraDB Cluster: Galera, where every member may be written to and a majority decides.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::backup::{Records, newest};
use super::{Evidence, Family, Known, Told, asked, ordinal};
use crate::inventory::expand::labelled;
use crate::inventory::lenient::{condition, count, list, map, text, truth};
use crate::inventory::world::namespace;
use crate::inventory::{Database, Owner, Pod, PodId, Quorum, Writer};
use crate::object::Object;

pub(super) const FAMILY: Family = Family {
    resource: ("pxc.percona.com", "PerconaXtraDBCluster"),
    known: Known {
        api: &[
            "v1", "v1-11-0", "v1-10-0", "v1-9-0", "v1-8-0", "v1-7-0", "v1-6-0", "v1-5-0", "v1-4-0",
            "v1-3-0", "v1-2-0",
        ],
        told: &[Told::Field("/spec/crVersion")],
        newest: (1, 20),
    },
    member_of: |_, pod| member_of(pod),
    size: |resource| Some(count(resource, "/spec/pxc/size").unwrap_or(SIZE)),
    units: None,
    database,
    expand,
};

/// How many members a cluster has that does not say.
const SIZE: u32 = 3;

const BACKUPS: Records = Records {
    kind: ("pxc.percona.com", "PerconaXtraDBClusterBackup"),
    of: "/spec/pxcCluster",
    state: "/status/state",
    succeeded: "Succeeded",
    failed: &["Failed"],
    at: "/status/completed",
};

const RESTORES: Records = Records {
    kind: ("pxc.percona.com", "PerconaXtraDBClusterRestore"),
    of: "/spec/pxcCluster",
    state: "/status/state",
    succeeded: "Succeeded",
    failed: &["Failed"],
    at: "/status/completed",
};

const NAME: &str = "app.kubernetes.io/name";
const INSTANCE: &str = "app.kubernetes.io/instance";
const COMPONENT: &str = "app.kubernetes.io/component";

/// Proxies, backups and the rest carry the same labels but for the component.
fn member_of(pod: &Pod) -> Option<&str> {
    let member = pod.label(NAME) == "percona-xtradb-cluster" && pod.label(COMPONENT) == "pxc";
    let name = pod.label(INSTANCE);
    (member && !name.is_empty()).then_some(name)
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let (backups, restores) = (BACKUPS.successes(evidence), RESTORES.successes(evidence));
    let schedules = list(resource, "/spec/backup/schedule").iter();
    Database {
        engine: "mysql".to_owned(),
        recognised_by: evidence.recognised_by("app.kubernetes.io/name and component"),
        doubt: None,
        writer: Writer::Any {
            probable: probable(evidence),
        },
        standbys: evidence.members.clone(),
        quorum: Quorum::Majority(evidence.votes()),
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence)),
        busy: busy(evidence),
        paused: truth(resource, "/spec/pause") || text(resource, "/status/state") == "paused",
        lag: None,
        backup: newest(evidence, &backups, &restores),
        point_in_time: evidence.resource.map(|_| point_in_time(evidence)),
        backup_schedules: schedules
            .map(|it| (text(it, "/schedule").to_owned(), None))
            .collect(),
    }
}

impl Evidence<'_> {
    /// Members that vote: those asked for, and those still there when it is being made smaller.
    pub(super) fn votes(&self) -> u32 {
        self.size.max(crate::inventory::narrow(self.members.len()))
    }
}

/// Where the proxy most likely sends writes: member 0 when it serves; else, of those that do, the
/// last behind HAProxy and the first behind ProxySQL.
fn probable(evidence: &Evidence<'_>) -> Option<PodId> {
    let by_ordinal = |(_, pod): &(PodId, &Pod)| ordinal(pod);
    let serving = || evidence.members().filter(|(_, pod)| pod.healthy);
    let first = serving().min_by_key(by_ordinal);
    let haproxy = truth(evidence.value(), "/spec/haproxy/enabled");
    let found = match first {
        Some((_, pod)) if ordinal(pod) > 0 && haproxy => serving().max_by_key(by_ordinal),
        Some(_) => first,
        None => evidence.members().min_by_key(by_ordinal),
    };
    found.map(|(id, _)| id)
}

fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    if !evidence.has_status() {
        return None;
    }
    let resource = evidence.value();
    let state = text(resource, "/status/state");
    if state != "ready" {
        let message = text(resource, "/status/message/0");
        let colon = if message.is_empty() { "" } else { ": " };
        return Some(format!("its state is \"{state}\"{colon}{message}"));
    }
    let generation = count(resource, "/metadata/generation");
    let observed = count(resource, "/status/observedGeneration");
    let behind = generation.is_some() && observed != generation;
    behind.then(|| "its operator has not seen its current spec yet".to_owned())
}

fn busy(evidence: &Evidence<'_>) -> Option<String> {
    let initializing = text(evidence.value(), "/status/state") == "initializing";
    let unfinished = RESTORES
        .unfinished(evidence)
        .or_else(|| BACKUPS.unfinished(evidence));
    unfinished.or_else(|| initializing.then(|| "it is initializing".to_owned()))
}

/// Enabled, and without a gap in the binary logs since any of the backups.
fn point_in_time(evidence: &Evidence<'_>) -> bool {
    let broken = |object: &Object| condition(object.value(), "PITRReady") == Some("False");
    let mut backups = evidence.naming(BACKUPS.kind, BACKUPS.of);
    truth(evidence.value(), "/spec/backup/pitr/enabled") && !backups.any(broken)
}

/// The parts of a cluster that are StatefulSets: the field and component of each, and its
/// containers.
const PARTS: &[(&str, &[&str])] = &[
    ("pxc", &["pxc"]),
    ("haproxy", &["haproxy", "pxc-monit"]),
    ("proxysql", &["proxysql", "pxc-monit", "proxysql-monit"]),
];

fn expand(object: &Object) -> Vec<Pod> {
    let resource = object.value();
    if truth(resource, "/spec/pause") {
        return Vec::new();
    }
    let wanted = |part: &str| part == "pxc" || truth(resource, &format!("/spec/{part}/enabled"));
    let parts = PARTS.iter().filter(|(part, _)| wanted(part));
    parts.flat_map(|part| set(object, *part)).collect()
}

fn set(object: &Object, (part, containers): (&str, &[&str])) -> Vec<Pod> {
    let name = format!("{}-{part}", object.reference().name);
    let template = template(object, part, containers);
    let pod = |index: u32| {
        let owner = Owner::app("StatefulSet", name.clone());
        let pod = Pod::assumed(
            &template,
            namespace(object),
            format!("{name}-{index}"),
            owner,
        );
        labelled(pod)
    };
    let size = asked(object.value(), &format!("/spec/{part}/size"), SIZE);
    (0..size).map(pod).collect()
}

fn template(object: &Object, part: &str, containers: &[&str]) -> Value {
    let mut labels: BTreeMap<String, String> = map(object.value(), &format!("/spec/{part}/labels"));
    let own = [
        (NAME, "percona-xtradb-cluster"),
        (INSTANCE, object.reference().name.as_str()),
        (COMPONENT, part),
        (
            "app.kubernetes.io/managed-by",
            "percona-xtradb-cluster-operator",
        ),
        ("app.kubernetes.io/part-of", "percona-xtradb-cluster"),
    ];
    labels.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let annotations = map(object.value(), &format!("/spec/{part}/annotations"));
    let containers: Vec<Value> = containers.iter().map(|it| json!({"name": it})).collect();
    json!({
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"containers": containers},
    })
}
