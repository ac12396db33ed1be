//! CloudNativePG: one primary, standbys that the operator promotes, synchronous replication.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::backup::{Records, Success, newest};
use super::{Evidence, Family, Known, Told, asked};
use crate::inventory::lenient::{condition, count, instant, is_set, list, map, text, truth};
use crate::inventory::world::{World, namespace};
use crate::inventory::{Backup, Database, Owner, Pod, PodId, Quorum, Writer, narrow};
use crate::object::Object;

const GROUP: &str = "postgresql.cnpg.io";

pub(super) const FAMILY: Family = Family {
    resource: (GROUP, "Cluster"),
    known: Known {
        api: &["v1"],
        told: &[Told::Annotation("cnpg.io/operatorVersion")],
        newest: (1, 30),
    },
    member_of: |_, pod| member_of(pod),
    size: |resource| Some(count(resource, "/spec/instances").unwrap_or(1)),
    units: None,
    database,
    expand,
};

const BACKUPS: Records = Records {
    kind: (GROUP, "Backup"),
    of: "/spec/cluster/name",
    state: "/status/phase",
    succeeded: "completed",
    failed: &["failed", "invalid backup definition"],
    at: "/status/stoppedAt",
};

const HEALTHY: &str = "Cluster in healthy state";

/// Beginnings of the phases in which the operator is changing something.
const CHANGING: &[&str] = &[
    "Applying configuration",
    "Cluster is restarting",
    "Creating",
    "Failing over",
    "Online upgrade",
    "Primary instance is being restarted",
    "Setting up",
    "Switchover",
    "Upgrading",
    "Waiting for the instances",
];

const CLUSTER: &str = "cnpg.io/cluster";
const POD_ROLE: &str = "cnpg.io/podRole";
const ROLE: &str = "cnpg.io/instanceRole";

/// Poolers and jobs say what they are; so do instances, but for those of old operators.
fn member_of(pod: &Pod) -> Option<&str> {
    let owned = pod
        .owner
        .as_ref()
        .is_some_and(|it| it.resource() == FAMILY.resource);
    let unlabelled = pod.label("cnpg.io/jobRole").is_empty() && owned;
    let member = match pod.label(POD_ROLE) {
        "instance" => true,
        "" => unlabelled,
        _ => false,
    };
    let name = pod.label(CLUSTER);
    (member && !name.is_empty()).then_some(name)
}

fn database(evidence: &Evidence<'_>) -> Database {
    let writers = writers(evidence);
    let standbys = standbys(evidence, &writers);
    Database {
        engine: "postgresql".to_owned(),
        recognised_by: evidence.recognised_by("cnpg.io/cluster and podRole"),
        doubt: None,
        writer: if writers.is_empty() {
            Writer::Any { probable: None }
        } else {
            Writer::Known(writers)
        },
        standbys,
        quorum: Quorum::Standbys(standbys_needed(evidence)),
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence)),
        busy: busy(evidence),
        paused: evidence.annotation("cnpg.io/hibernation") == "on",
        lag: None,
        backup: backup(evidence),
        point_in_time: point_in_time(evidence),
        backup_schedules: schedules(evidence),
    }
}

/// Every member that a label or the status calls the primary, or means to make it.
fn writers(evidence: &Evidence<'_>) -> Vec<PodId> {
    let named = ["/status/currentPrimary", "/status/targetPrimary"];
    let named = named.map(|pointer| text(evidence.value(), pointer));
    evidence.those(|pod| role(pod) == "primary" || named.contains(&pod.name.as_str()))
}

/// The role a label tells; older operators wrote another one.
fn role(pod: &Pod) -> &str {
    match pod.label(ROLE) {
        "" => pod.label("role"),
        role => role,
    }
}

/// Members that would be promoted: not fenced, and only while the operator is at work.
fn standbys(evidence: &Evidence<'_>, writers: &[PodId]) -> Vec<PodId> {
    if evidence.annotation("cnpg.io/reconciliationLoop") == "disabled" {
        return Vec::new();
    }
    let fenced = fenced(evidence);
    let fenced = |pod: &Pod| fenced.iter().any(|it| it == "*" || *it == pod.name);
    let mut standbys = evidence.those(|pod| ["replica", ""].contains(&role(pod)) && !fenced(pod));
    standbys.retain(|id| !writers.contains(id));
    standbys
}

/// The fenced instances; all of them when the annotation cannot be read.
fn fenced(evidence: &Evidence<'_>) -> Vec<String> {
    match evidence.annotation("cnpg.io/fencedInstances") {
        "" => Vec::new(),
        written => serde_json::from_str(written).unwrap_or_else(|_| vec!["*".to_owned()]),
    }
}

/// How many standbys must stay beside the primary, and one more without it: as many as must
/// confirm each commit, and enough for a promotion to be safe.
fn standbys_needed(evidence: &Evidence<'_>) -> u32 {
    let resource = evidence.value();
    let synchronous = "/spec/postgresql/synchronous";
    let Some(settings) = resource.pointer(synchronous).filter(|it| !it.is_null()) else {
        return count(resource, "/spec/minSyncReplicas").unwrap_or(0);
    };
    let number = count(settings, "/number").unwrap_or(evidence.size);
    if text(settings, "/dataDurability") == "preferred" {
        return 1;
    }
    if truth(settings, "/failoverQuorum") {
        return number.max(promotion_needs(evidence, number));
    }
    number
}

/// With a failover quorum, promotion needs so many standbys that one of them has every commit.
fn promotion_needs(evidence: &Evidence<'_>, number: u32) -> u32 {
    let live = (GROUP, "FailoverQuorum");
    let live = evidence.world.find(live, evidence.namespace, evidence.name);
    let status = live.and_then(|it| it.value().get("status"));
    let names = status.map(|it| narrow(list(it, "/standbyNames").len()));
    let standbys = names.unwrap_or_else(|| evidence.size.saturating_sub(1));
    let confirming = status.and_then(|it| count(it, "/standbyNumber"));
    standbys.saturating_sub(confirming.unwrap_or(number))
}

fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    if !fenced(evidence).is_empty() {
        return Some("some of its instances are fenced".to_owned());
    }
    if evidence.annotation("cnpg.io/reconciliationLoop") == "disabled" {
        return Some("its operator is told not to act, so nothing would fail over".to_owned());
    }
    if !evidence.has_status() {
        return None;
    }
    let resource = evidence.value();
    let phase = text(resource, "/status/phase");
    let ready = condition(resource, "Ready").unwrap_or("not set");
    if phase != HEALTHY {
        Some(format!("its phase is \"{phase}\""))
    } else if ready != "True" {
        Some(format!("its condition Ready is {ready}"))
    } else if count(resource, "/status/readyInstances").unwrap_or(0) == 0 {
        Some("none of its instances is ready".to_owned())
    } else {
        let failing = condition(resource, ARCHIVING) == Some("False");
        failing.then(|| "it fails to archive its write-ahead log".to_owned())
    }
}

fn busy(evidence: &Evidence<'_>) -> Option<String> {
    let resource = evidence.value();
    let [current, target, phase] = ["currentPrimary", "targetPrimary", "phase"]
        .map(|it| text(resource, &format!("/status/{it}")));
    if !target.is_empty() && current != target {
        return Some(format!(
            "its primary moves from \"{current}\" to \"{target}\""
        ));
    }
    if CHANGING
        .iter()
        .any(|beginning| phase.starts_with(beginning))
    {
        return Some(format!("its phase is \"{phase}\""));
    }
    BACKUPS.unfinished(evidence)
}

const ARCHIVING: &str = "ContinuousArchiving";

/// Whether it is told to archive its write-ahead log.
fn archives(resource: &Value) -> bool {
    let plugins = list(resource, "/spec/plugins").iter();
    let mut archivers = plugins.filter(|it| enabled(it) && truth(it, "/isWALArchiver"));
    archivers.next().is_some() || is_set(resource, "/spec/backup/barmanObjectStore")
}

fn enabled(plugin: &Value) -> bool {
    plugin.pointer("/enabled") != Some(&Value::Bool(false))
}

fn point_in_time(evidence: &Evidence<'_>) -> Option<bool> {
    let resource = evidence.resource?.value();
    if !archives(resource) {
        return Some(false);
    }
    condition(resource, ARCHIVING).map(|status| status == "True")
}

/// The newest backup, which is of use only with the log that was written meanwhile.
fn backup(evidence: &Evidence<'_>) -> Backup {
    let resource = evidence.value();
    let mut backups = BACKUPS.successes(evidence);
    let reported = instant(resource, "/status/lastSuccessfulBackup");
    let reported = reported.into_iter().chain(stored(evidence));
    backups.extend(reported.map(|at| Success {
        what: format!("Cluster {}", evidence.name),
        at: Some(at),
    }));
    let newest = newest(evidence, &backups, &[]);
    let archived = condition(resource, ARCHIVING) == Some("True") || !archives(resource);
    match newest {
        Backup::At(_) if !archived => {
            Backup::Unknown("the write-ahead log it needs is not known to be archived".to_owned())
        }
        Backup::At(_) | Backup::Never | Backup::Unknown(_) => newest,
    }
}

/// What the object stores of its plugins say of its newest backup.
fn stored(evidence: &Evidence<'_>) -> Vec<Timestamp> {
    let plugins = list(evidence.value(), "/spec/plugins").iter();
    let stored = |plugin: &Value| {
        let store = text(plugin, "/parameters/barmanObjectName");
        let kind = ("barmancloud.cnpg.io", "ObjectStore");
        let store = evidence.world.find(kind, evidence.namespace, store)?;
        let server = match text(plugin, "/parameters/serverName") {
            "" => evidence.name,
            name => name,
        };
        let windows = store.value().pointer("/status/serverRecoveryWindow")?;
        instant(windows.get(server)?, "/lastSuccessfulBackupTime")
    };
    plugins
        .filter(|it| enabled(it))
        .filter_map(stored)
        .collect()
}

fn schedules(evidence: &Evidence<'_>) -> Vec<(String, Option<String>)> {
    let objects = evidence.naming((GROUP, "ScheduledBackup"), "/spec/cluster/name");
    let running = objects.filter(|it| !truth(it.value(), "/spec/suspend"));
    let schedule = |it: &Object| (five_fields(text(it.value(), "/spec/schedule")), None);
    running.map(schedule).collect()
}

/// CloudNativePG puts seconds first, and lets the day of the week be left out: `0 2 * * *` is the
/// second minute of every hour.
fn five_fields(schedule: &str) -> String {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let plain = |second: &str| second.parse::<u32>().is_ok();
    match *fields.as_slice() {
        [second, minute, hour, day, month] if plain(second) => {
            format!("{minute} {hour} {day} {month} *")
        }
        [second, minute, hour, day, month, weekday] if plain(second) => {
            format!("{minute} {hour} {day} {month} {weekday}")
        }
        // Five fields that mean something else must not be read as five fields.
        [_, _, _, _, _] => format!("{schedule} *"),
        _ => schedule.to_owned(),
    }
}

fn expand(object: &Object) -> Vec<Pod> {
    let resource = object.value();
    if object.annotation("cnpg.io/hibernation") == Some("on") {
        return Vec::new();
    }
    let (name, place) = (&object.reference().name, namespace(object));
    let owner = Owner {
        api_group: GROUP.to_owned(),
        kind: FAMILY.resource.1.to_owned(),
        name: name.clone(),
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
    world.all((GROUP, "Pooler")).flat_map(pods).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_dropped_and_five_fields_are_read_as_the_operator_does() {
        assert_eq!(five_fields("0 0 2 * * *"), "0 2 * * *");
        assert_eq!(five_fields("0 0 1 * * 0"), "0 1 * * 0");
        assert_eq!(five_fields("0 2 * * *"), "2 * * * *");
        assert_eq!(five_fields("*/5 0 2 * * *"), "*/5 0 2 * * *");
        assert_eq!(five_fields("*/5 0 2 * *"), "*/5 0 2 * * *");
        assert_eq!(five_fields("@daily"), "@daily");
    }
}
