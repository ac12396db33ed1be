//! CloudNativePG: one primary, standbys that the operator promotes, synchronous replication.

use serde_json::Value;

use super::cnpg_backup::{ARCHIVING, BACKUPS, backup, point_in_time, schedules};
use super::cnpg_pods::expand;
use super::cnpg_restore::{HEALTHY, restored};
use super::{Evidence, Family, Known, Told};
use crate::inventory::kinds::{CNPG, FAILOVER_QUORUM};
use crate::inventory::lenient::{condition, count, list, text, truth};
use crate::inventory::{Database, Pod, PodId, Quorum, Writer, narrow};

pub(super) const FAMILY: Family = Family {
    resource: CNPG,
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

pub(super) const CLUSTER: &str = "cnpg.io/cluster";
pub(super) const POD_ROLE: &str = "cnpg.io/podRole";
pub(super) const ROLE: &str = "cnpg.io/instanceRole";

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
            Writer::Untold { probable: None }
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
        restored: restored(evidence),
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

/// Members that would be promoted: replicas that are not fenced, and only while the operator is at
/// work. One without a role has not joined yet.
fn standbys(evidence: &Evidence<'_>, writers: &[PodId]) -> Vec<PodId> {
    if evidence.annotation("cnpg.io/reconciliationLoop") == "disabled" {
        return Vec::new();
    }
    let fenced = fenced(evidence);
    let fenced = |pod: &Pod| fenced.iter().any(|it| it == "*" || *it == pod.name);
    let mut standbys = evidence.those(|pod| role(pod) == "replica" && !fenced(pod));
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
    // Told that durability is preferred, it waits for as many as there are.
    let confirming = match text(settings, "/dataDurability") {
        "preferred" => 1,
        _ => number,
    };
    let checked = truth(settings, "/failoverQuorum")
        || evidence.annotation("alpha.cnpg.io/failoverQuorum") == "true";
    if checked {
        return confirming.max(promotion_needs(evidence, settings));
    }
    confirming
}

/// With a failover quorum, promotion needs so many standbys that one of them has every commit.
fn promotion_needs(evidence: &Evidence<'_>, settings: &Value) -> u32 {
    let world = evidence.world;
    let live = world.find(FAILOVER_QUORUM, evidence.namespace, evidence.name);
    let status = live.and_then(|it| it.value().get("status"));
    let standbys = match status {
        Some(status) => narrow(list(status, "/standbyNames").len()),
        None => potential(evidence, settings),
    };
    let confirming = status.and_then(|it| count(it, "/standbyNumber"));
    let confirming = confirming.or_else(|| count(settings, "/number"));
    standbys.saturating_sub(confirming.unwrap_or(0))
}

/// Standbys that may confirm: all others, and those outside that are named.
fn potential(evidence: &Evidence<'_>, settings: &Value) -> u32 {
    let named = ["/standbyNamesPre", "/standbyNamesPost"];
    let named = named.map(|names| narrow(list(settings, names).len()));
    let others = evidence.size.saturating_sub(1);
    named.into_iter().fold(others, u32::saturating_add)
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
    backing_up(evidence)
}

/// A backup that has not ended, and the pod that it is taken from.
fn backing_up(evidence: &Evidence<'_>) -> Option<String> {
    let (backup, unfinished) = BACKUPS.first_unfinished(evidence)?;
    match text(backup.value(), "/status/instanceID/podName") {
        "" => Some(unfinished),
        pod => Some(format!("{unfinished}, from {pod}")),
    }
}
