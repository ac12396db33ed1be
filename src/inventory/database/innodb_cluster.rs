//! Oracle InnoDBCluster: group replication with one primary that the group elects by majority.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::backup::{Records, newest};
use super::innodb_restore::restored;
use super::{Evidence, Family, Known, Told, asked};
use crate::inventory::expand::labelled;
use crate::inventory::kinds::{INNODB_CLUSTER, MYSQL_BACKUP};
use crate::inventory::lenient::{count, list, map, text};
use crate::inventory::world::namespace;
use crate::inventory::{Database, Owner, Pod, PodId, Quorum, Writer};
use crate::object::Object;

pub(super) const FAMILY: Family = Family {
    resource: INNODB_CLUSTER,
    known: Known {
        api: &["v2"],
        told: &[Told::Field(
            "/metadata/annotations/mysql.oracle.com~1mysql-operator-version",
        )],
        newest: (9, 1),
    },
    member_of: |_, pod| member_of(pod),
    size: |resource| Some(count(resource, "/spec/instances").unwrap_or(1)),
    units: None,
    database,
    expand,
};

pub(super) const BACKUPS: Records = Records {
    kind: MYSQL_BACKUP,
    of: "/spec/clusterName",
    state: "/status/status",
    succeeded: "Completed",
    failed: &["Error"],
    at: "/status/completionTime",
};

const CLUSTER: &str = "mysql.oracle.com/cluster";
const ROLE: &str = "mysql.oracle.com/cluster-role";
const INSTANCE_TYPE: &str = "mysql.oracle.com/instance-type";
const READ_REPLICA: &str = "mysql.oracle.com/read-replica";
const MEMBERSHIP: &str = "mysql.oracle.com/membership-info";

/// States of a group that has a primary, and elects another when it is lost.
const SERVING: &[&str] = &["ONLINE", "ONLINE_PARTIAL"];

/// Read replicas have every label that members have, and one more. Clusters of old operators have
/// no label that tells the type.
fn member_of(pod: &Pod) -> Option<&str> {
    let server = pod.label("component") == "mysqld" && pod.label("tier") == "mysql";
    let voting = ["group-member", ""].contains(&pod.label(INSTANCE_TYPE));
    let of_job = pod.owner.as_ref().is_some_and(|it| it.kind == "Job");
    let name = pod.label(CLUSTER);
    (server && voting && !of_job && !name.is_empty()).then_some(name)
}

/// Whether a pod is a read replica, which neither votes nor is ever elected.
pub(super) fn is_beside(pod: &Pod) -> bool {
    pod.label(INSTANCE_TYPE) == "read-replica"
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let backups = BACKUPS.successes(evidence);
    Database {
        engine: "mysql".to_owned(),
        recognised_by: evidence.recognised_by("mysql.oracle.com/cluster and component"),
        doubt: None,
        writer: writer(evidence),
        standbys: standbys(evidence),
        quorum: Quorum::Majority(evidence.votes()),
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence)),
        busy: BACKUPS.unfinished(evidence),
        paused: false,
        lag: None,
        backup: newest(evidence, &backups, &[]),
        restored: restored(evidence),
        point_in_time: evidence.resource.map(|_| false),
        backup_schedules: schedules(resource),
    }
}

/// The primary by its label. The label is there only while the member is online, and the operator
/// may be late: on a member that does not serve it tells nothing any more. Then the record that
/// the member keeps of itself may; else every member may have been elected.
fn writer(evidence: &Evidence<'_>) -> Writer {
    let labelled = evidence.those(|pod| pod.label(ROLE) == "PRIMARY");
    let serves = |pod: &Pod| pod.healthy && pod.label(ROLE) == "PRIMARY";
    if !evidence.those(serves).is_empty() {
        return Writer::Known(labelled);
    }
    let recorded = evidence.those(|pod| {
        let (role, state) = membership(pod);
        pod.healthy && role == "PRIMARY" && state == "ONLINE"
    });
    if !recorded.is_empty() && labelled.is_empty() {
        return Writer::Known(recorded);
    }
    let probable = labelled.first().or(recorded.first()).copied();
    Writer::Untold { probable }
}

/// The role and the state that a member keeps a record of.
fn membership(pod: &Pod) -> (String, String) {
    let written = pod.annotations.get(MEMBERSHIP);
    let read = written.and_then(|it| serde_json::from_str::<Value>(it).ok());
    let read = read.unwrap_or_default();
    let word = |pointer| text(&read, pointer).to_owned();
    (word("/role"), word("/status"))
}

/// Members that are online as secondaries, while the group is able to elect one of them.
fn standbys(evidence: &Evidence<'_>) -> Vec<PodId> {
    if evidence.has_status() && !SERVING.contains(&state(evidence)) {
        return Vec::new();
    }
    evidence.those(|pod| pod.label(ROLE) == "SECONDARY")
}

fn state<'e>(evidence: &Evidence<'e>) -> &'e str {
    text(evidence.value(), "/status/cluster/status")
}

fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    if !evidence.has_status() {
        return None;
    }
    let state = state(evidence);
    if state != "ONLINE" {
        return Some(format!("its cluster status is \"{state}\""));
    }
    let online = count(evidence.value(), "/status/cluster/onlineInstances").unwrap_or(0);
    let size = evidence.size;
    (online < size).then(|| format!("{online} of its {size} instances are online"))
}

/// The schedules that are not switched off. A CronJob of theirs only asks for a backup.
fn schedules(resource: &Value) -> Vec<(String, Option<String>)> {
    let schedules = list(resource, "/spec/backupSchedules").iter();
    let enabled = schedules.filter(|it| it.pointer("/enabled") != Some(&Value::Bool(false)));
    let schedule = |it: &Value| {
        let zone = text(it, "/timeZone");
        let zone = (!zone.is_empty()).then(|| zone.to_owned());
        (text(it, "/schedule").to_owned(), zone)
    };
    enabled.map(schedule).collect()
}

/// The pods of a part of a cluster: of its servers, of its routers, of a set of read replicas.
struct Part<'p> {
    owner: Owner,
    size: u32,
    /// What the resource says of this part.
    spec: &'p Value,
    labels: Vec<(&'static str, String)>,
    containers: &'static [&'static str],
}

const SERVER: &[&str] = &["sidecar", "mysql"];

fn expand(object: &Object) -> Vec<Pod> {
    let (resource, name) = (object.value(), object.reference().name.as_str());
    let spec = resource.pointer("/spec").unwrap_or(&Value::Null);
    let servers = Part {
        owner: Owner::app("StatefulSet", name),
        size: asked(resource, "/spec/instances", 1),
        spec,
        labels: server_labels("group-member"),
        containers: SERVER,
    };
    let routers = Part {
        owner: Owner::app("Deployment", format!("{name}-router")),
        size: asked(resource, "/spec/router/instances", 1),
        spec: spec.pointer("/router").unwrap_or(&Value::Null),
        labels: vec![
            ("component", "mysqlrouter".to_owned()),
            ("app.kubernetes.io/component", "router".to_owned()),
            ("app.kubernetes.io/name", "mysql-router".to_owned()),
        ],
        containers: &["router"],
    };
    let replicas = list(spec, "/readReplicas").iter();
    let parts = [servers, routers].into_iter();
    let parts = parts.chain(replicas.map(|it| read_replica(name, it)));
    parts.flat_map(|part| pods(object, &part)).collect()
}

fn server_labels(instance_type: &str) -> Vec<(&'static str, String)> {
    vec![
        ("component", "mysqld".to_owned()),
        (INSTANCE_TYPE, instance_type.to_owned()),
        ("app.kubernetes.io/component", "database".to_owned()),
        (
            "app.kubernetes.io/name",
            "mysql-innodbcluster-mysql-server".to_owned(),
        ),
    ]
}

fn read_replica<'p>(cluster: &str, spec: &'p Value) -> Part<'p> {
    let name = format!("{cluster}-{}", text(spec, "/name"));
    let mut labels = server_labels("read-replica");
    labels.push((READ_REPLICA, name.clone()));
    Part {
        owner: Owner::app("StatefulSet", name),
        size: asked(spec, "/instances", 1),
        spec,
        labels,
        containers: SERVER,
    }
}

fn pods(object: &Object, part: &Part<'_>) -> Vec<Pod> {
    let pod = |index: u32| {
        let name = format!("{}-{index}", part.owner.name);
        let template = template(object, part, index);
        let pod = Pod::assumed(&template, namespace(object), name, part.owner.clone());
        labelled(pod)
    };
    (0..part.size).map(pod).collect()
}

fn template(object: &Object, part: &Part<'_>, index: u32) -> Value {
    let mut labels: BTreeMap<String, String> = map(part.spec, "/podLabels");
    let own = part.labels.iter().cloned();
    labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
    let common = [
        ("tier", "mysql"),
        (CLUSTER, object.reference().name.as_str()),
        ("app.kubernetes.io/managed-by", "mysql-operator"),
        ("app.kubernetes.io/created-by", "mysql-operator"),
    ];
    labels.extend(common.map(|(key, value)| (key.to_owned(), value.to_owned())));
    if labels
        .get(INSTANCE_TYPE)
        .is_some_and(|it| it == "group-member")
    {
        let role = if index == 0 { "PRIMARY" } else { "SECONDARY" };
        labels.insert(ROLE.to_owned(), role.to_owned());
    }
    let names = part.containers.iter().map(|it| json!({"name": it}));
    json!({
        "metadata": {"labels": labels, "annotations": map(part.spec, "/podAnnotations")},
        "spec": {"containers": names.collect::<Vec<_>>()},
    })
}
