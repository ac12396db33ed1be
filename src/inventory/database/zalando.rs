//! postgresql of Zalando's operator: a leader and followers in one StatefulSet, kept by Patroni.

use serde_json::{Value, json};

use super::attest::{LAST_BACKUP, by_resource};
use super::backup::{Success, newest};
use super::copy::latest;
use super::evidence::Evidence;
use super::family::Family;
use super::known::Known;
use super::{asked, patroni};
use crate::inventory::expand::{labelled, suffix};
use crate::inventory::kinds::{CRON_JOB, POSTGRESQL, POSTGRESQL_CONFIGURATION};
use crate::inventory::lenient::{count, instant, is_set, list, map, text, truth};
use crate::inventory::world::{World, namespace};
use crate::inventory::{Backup, Database, Owner, Pod};
use crate::object::Object;
use jiff::Timestamp;

pub(super) const FAMILY: Family = Family {
    resource: POSTGRESQL,
    known: Known {
        api: &["v1"],
        told: &[],
        newest: (2, 0),
    },
    member_of,
    size: |resource| count(resource, INSTANCES),
    units: None,
    database,
    expand,
};

const INSTANCES: &str = "/spec/numberOfInstances";
const STATE: &str = "/status/PostgresClusterStatus";

/// What the operator is configured to call things, by the one configuration of a cluster. One that
/// is kept elsewhere cannot be seen: then its defaults count.
struct Names<'w> {
    /// The labels of every pod of a database, a map.
    labels: Option<&'w Value>,
    /// The label that names the resource.
    cluster: &'w str,
    /// The label that tells the role.
    role: &'w str,
    /// How the name of a CronJob begins that makes logical backups.
    dump: &'w str,
}

impl<'w> Names<'w> {
    fn of(world: &World<'w>) -> Self {
        let configured = world.all(POSTGRESQL_CONFIGURATION).next();
        let configured = configured.and_then(|it| it.value().get("configuration"));
        let or = |pointer: &str, default: &'w str| match configured.map(|it| text(it, pointer)) {
            None | Some("") => default,
            Some(name) => name,
        };
        Self {
            labels: configured.and_then(|it| it.pointer("/kubernetes/cluster_labels")),
            cluster: or("/kubernetes/cluster_name_label", "cluster-name"),
            role: or("/kubernetes/pod_role_label", "spilo-role"),
            dump: or(
                "/logical_backup/logical_backup_job_prefix",
                "logical-backup-",
            ),
        }
    }

    fn fit(&self, pod: &Pod) -> bool {
        let configured = self.labels.and_then(Value::as_object);
        match configured.filter(|labels| !labels.is_empty()) {
            Some(labels) => labels
                .iter()
                .all(|(key, value)| value.as_str() == Some(pod.label(key))),
            None => pod.label("application") == "spilo",
        }
    }
}

/// By the labels, which proxies and backups have only in part; or because the StatefulSet is the
/// one of a resource, whatever its labels are.
fn member_of<'p>(world: &World<'_>, pod: &'p Pod) -> Option<&'p str> {
    let by_set = pod.owner.as_ref().filter(|it| it.kind == "StatefulSet");
    let by_set = by_set.map(|it| it.name.as_str()).filter(|name| {
        let resource = world.find(FAMILY.resource, &pod.namespace, name);
        resource.is_some()
    });
    by_set.or_else(|| {
        let names = Names::of(world);
        let name = pod.label(names.cluster);
        (!name.is_empty() && names.fit(pod)).then_some(name)
    })
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let names = Names::of(evidence.world);
    Database {
        engine: "postgresql".to_owned(),
        recognised_by: evidence.recognised_by("application and cluster-name"),
        doubt: None,
        writer: patroni::writer(evidence, names.role),
        standbys: patroni::standbys(evidence, names.role),
        quorum: patroni::quorum(evidence, "/spec/patroni", &["/spec/postgresql/parameters"]),
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence)),
        busy: busy(evidence, &names),
        paused: count(resource, INSTANCES) == Some(0),
        lag: None,
        backup: backup(evidence, &names),
        restored: restored(evidence, &names),
        point_in_time: None,
        backup_schedules: schedules(evidence, &names),
    }
}

/// The word of the status may be old: with a member lost it still says that all runs.
fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    let unhealthy = patroni::unhealthy(evidence);
    if unhealthy.is_some() || !evidence.has_status() {
        return unhealthy;
    }
    let state = text(evidence.value(), STATE);
    if state != "Running" {
        return Some(format!("its status is \"{state}\""));
    }
    let ready = evidence.those(|pod| pod.healthy).len();
    let ready = crate::inventory::narrow(ready);
    let size = evidence.size;
    (ready < size)
        .then(|| format!("{ready} of its {size} instances are ready, although it says \"{state}\""))
}

fn busy(evidence: &Evidence<'_>, names: &Names<'_>) -> Option<String> {
    const CHANGING: &[&str] = &["Creating", "Updating"];
    let state = text(evidence.value(), STATE);
    if CHANGING.contains(&state) {
        return Some(format!("its status is \"{state}\""));
    }
    let dump = dumps(evidence, names)?;
    let runs = !list(dump.value(), "/status/active").is_empty();
    runs.then(|| format!("CronJob {} is running", dump.reference().name))
}

/// The CronJob that makes logical backups.
fn dumps<'e>(evidence: &Evidence<'e>, names: &Names<'_>) -> Option<&'e Object> {
    // The operator cuts names that Kubernetes would refuse.
    const LONGEST: usize = 52;
    let name = format!("{}{}", names.dump, evidence.name);
    let short: String = name.chars().take(LONGEST).collect();
    let name = if short == name {
        name.as_str()
    } else {
        short.trim_end_matches('-')
    };
    evidence.world.find(CRON_JOB, evidence.namespace, name)
}

/// The newest logical backup, or what somebody attests. Of physical ones nothing can be seen.
fn backup(evidence: &Evidence<'_>, names: &Names<'_>) -> Backup {
    let dump = dumps(evidence, names).and_then(|dump| {
        let at = instant(dump.value(), "/status/lastSuccessfulTime")?;
        let what = format!("CronJob {}", dump.reference().name);
        Some(Success { what, at: Some(at) })
    });
    let backups: Vec<Success> = by_resource(evidence.resource)
        .into_iter()
        .chain(dump)
        .collect();
    match newest(evidence, &backups, &[]) {
        Backup::Never => Backup::Unknown(format!(
            "its operator does not tell of physical backups; let what makes them annotate it with \
             {LAST_BACKUP}"
        )),
        known @ (Backup::At(_) | Backup::Unknown(_)) => known,
    }
}

/// When a backup of this database was last made into another one that serves. One that names no instant was
/// copied from its running leader, which says nothing of backups.
fn restored(evidence: &Evidence<'_>, names: &Names<'_>) -> Option<Timestamp> {
    let own = text(evidence.value(), "/metadata/uid");
    latest(evidence, FAMILY.resource, |it| {
        let value = it.value();
        let clone = |field: &str| text(value, &format!("/spec/clone/{field}"));
        // A path of its own may lead to the backups of any database.
        let path = clone("s3_wal_path");
        let of_this = clone("cluster") == evidence.name && clone("uid") == own && !own.is_empty();
        let from_backup = !clone("timestamp").is_empty() && (path.is_empty() || path.contains(own));
        of_this && from_backup && serves(evidence, names, it)
    })
}

/// Whether a database is up: it says so, and has a leader, which it does not before it is restored.
fn serves(evidence: &Evidence<'_>, names: &Names<'_>, other: &Object) -> bool {
    let leads = |pod: &Pod| {
        let of_it = pod.label(names.cluster) == other.reference().name;
        let here = pod.namespace == namespace(other) && of_it && names.fit(pod);
        here && pod.healthy && patroni::leads(pod, names.role)
    };
    text(other.value(), STATE) == "Running" && evidence.pods.iter().any(leads)
}

fn schedules(evidence: &Evidence<'_>, names: &Names<'_>) -> Vec<(String, Option<String>)> {
    let resource = evidence.value();
    if !truth(resource, "/spec/enableLogicalBackup") {
        return Vec::new();
    }
    let live = dumps(evidence, names).map_or("", |it| text(it.value(), "/spec/schedule"));
    let asked = text(resource, "/spec/logicalBackupSchedule");
    let known = [live, asked, "30 00 * * *"];
    let known = known.into_iter().find(|it| !it.is_empty());
    known.map(|it| (it.to_owned(), None)).into_iter().collect()
}

fn expand(object: &Object) -> Vec<Pod> {
    let mut pods = instances(object);
    pods.extend(poolers(object));
    pods
}

fn instances(object: &Object) -> Vec<Pod> {
    let resource = object.value();
    let name = &object.reference().name;
    let pod = |index: u32| {
        let role = if index == 0 { "master" } else { "replica" };
        let sidecars = list(resource, "/spec/sidecars").iter();
        let names = sidecars.map(|it| text(it, "/name")).chain(["postgres"]);
        let containers: Vec<Value> = names.map(|it| json!({"name": it})).collect();
        let template = json!({
            "metadata": {
                "labels": {
                    "application": "spilo", "cluster-name": name, "spilo-role": role,
                    "team": text(resource, "/spec/teamId"),
                },
                "annotations": map(resource, "/spec/podAnnotations"),
            },
            "spec": {"serviceAccountName": "postgres-pod", "containers": containers},
        });
        let owner = Owner::app("StatefulSet", name.clone());
        labelled(Pod::assumed(
            &template,
            namespace(object),
            format!("{name}-{index}"),
            owner,
        ))
    };
    (0..asked(resource, INSTANCES, 1)).map(pod).collect()
}

/// What switches a proxy on, and what its Deployment is called.
const POOLERS: &[(&str, &str)] = &[
    ("/spec/enableConnectionPooler", "pooler"),
    ("/spec/enableReplicaConnectionPooler", "pooler-repl"),
];

fn poolers(object: &Object) -> Vec<Pod> {
    let resource = object.value();
    let cluster = &object.reference().name;
    let implied = is_set(resource, "/spec/connectionPooler");
    let wanted = |(switch, part): &&(&str, &str)| match resource.pointer(switch) {
        Some(Value::Bool(wanted)) => *wanted,
        _ => implied && *part == "pooler",
    };
    let pods = |(_, part): &(&str, &str)| {
        let name = format!("{cluster}-{part}");
        let template = json!({
            "metadata": {"labels": {
                "application": "db-connection-pooler", "cluster-name": cluster,
                "connection-pooler": name,
            }},
            "spec": {"containers": [{"name": "connection-pooler"}]},
        });
        let owner = Owner::app("Deployment", name.clone());
        let pod = move |index| {
            let name = format!("{name}-{}", suffix(&name, index));
            Pod::assumed(&template, namespace(object), name, owner.clone())
        };
        let number = asked(resource, "/spec/connectionPooler/numberOfInstances", 2);
        (0..number).map(pod).collect::<Vec<Pod>>()
    };
    POOLERS.iter().filter(wanted).flat_map(pods).collect()
}
