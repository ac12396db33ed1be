//! Percona Operator for PostgreSQL. It grew from Crunchy's: it makes a PostgresCluster of its own
//! for each resource, whose pods are the members.

use serde_json::Value;

use super::backup::{Records, latest, newest};
use super::crunchy::{PARAMETERS, PATRONI};
use super::evidence::Evidence;
use super::family::Family;
use super::instances::{self, ROLE, Ways};
use super::known::{Known, Told};
use super::{patroni, pgbackrest};
use crate::inventory::kinds::{
    PERCONA_PG, PERCONA_PG_BACKUP, PERCONA_PG_OWN, PERCONA_PG_RESTORE, PERCONA_PG_UPGRADE,
};
use crate::inventory::lenient::{condition, count, instant, text, truth};
use crate::inventory::workload::controller;
use crate::inventory::world::World;
use crate::inventory::{Database, Pod};
use crate::object::Object;

pub(super) const FAMILY: Family = Family {
    resource: PERCONA_PG,
    known: Known {
        api: &["v2"],
        told: &[Told::Field("/spec/crVersion"), Told::Label(VERSION)],
        newest: (3, 0),
    },
    member_of,
    size: instances::size,
    units: None,
    database,
    expand,
};

const BACKUPS: Records = Records {
    kind: PERCONA_PG_BACKUP,
    of: "/spec/pgCluster",
    state: "/status/state",
    succeeded: "Succeeded",
    failed: &["Failed"],
    at: "/status/completed",
};

const RESTORES: Records = Records {
    kind: PERCONA_PG_RESTORE,
    of: "/spec/pgCluster",
    state: "/status/state",
    succeeded: "Succeeded",
    failed: &["Failed"],
    at: "/status/completed",
};

const VERSION: &str = "pgv2.percona.com/version";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const OPERATOR: &str = "percona-postgresql-operator";

fn member_of<'p>(world: &World<'_>, pod: &'p Pod) -> Option<&'p str> {
    let name = instances::cluster_of(pod)?;
    has(world, pod, name).then_some(name)
}

/// Whether a pod with the labels of a PostgresCluster is of Percona's making: by labels, which
/// releases before 2.3 do not set, or because there is such a resource, or the PostgresCluster is
/// the child of one.
pub(super) fn has(world: &World<'_>, pod: &Pod, name: &str) -> bool {
    let labelled = pod.label(MANAGED_BY) == OPERATOR || !pod.label(VERSION).is_empty();
    let found = |kind| world.find(kind, &pod.namespace, name);
    let child = found(super::crunchy::FAMILY.resource).and_then(controller);
    labelled
        || found(FAMILY.resource).is_some()
        || found(PERCONA_PG_OWN).is_some()
        || child.is_some_and(|parent| parent.resource() == FAMILY.resource)
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let (backups, restores) = (BACKUPS.successes(evidence), RESTORES.successes(evidence));
    let state = text(resource, "/status/state");
    Database {
        engine: "postgresql".to_owned(),
        recognised_by: evidence.recognised_by("postgres-operator.crunchydata.com/cluster and data"),
        doubt: None,
        writer: patroni::writer(evidence, ROLE),
        standbys: patroni::standbys(evidence, ROLE),
        quorum: patroni::quorum(evidence, PATRONI, PARAMETERS),
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence)),
        busy: busy(evidence),
        paused: truth(resource, "/spec/pause") || ["paused", "stopping"].contains(&state),
        lag: None,
        backup: newest(evidence, &backups, &restores),
        restored: latest(&restores),
        point_in_time: point_in_time(evidence),
        backup_schedules: pgbackrest::schedules(resource),
    }
}

fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    let resource = evidence.value();
    if truth(resource, "/spec/unmanaged") {
        return Some("its operator is told not to act, and its status may be old".to_owned());
    }
    let unhealthy = patroni::unhealthy(evidence);
    if unhealthy.is_some() || !evidence.has_status() {
        return unhealthy;
    }
    let state = text(resource, "/status/state");
    if state != "ready" {
        return Some(format!("its state is \"{state}\""));
    }
    if condition(resource, "ReadyForBackup") == Some("False") {
        return Some(
            "it is not ready for a backup: its condition ReadyForBackup is False".to_owned(),
        );
    }
    if condition(resource, "StandbyLagging") == Some("True") {
        let bytes = count(resource, "/status/standby/lagBytes");
        let bytes = bytes.map_or_else(String::new, |bytes| format!(" by {bytes} bytes"));
        return Some(format!("it lags behind the cluster it follows{bytes}"));
    }
    // Releases before 3.0 do not tell which spec they have seen.
    let (seen, current) = ("/status/observedGeneration", "/metadata/generation");
    let seen = count(resource, seen);
    let behind = seen.is_some() && seen != count(resource, current);
    behind.then(|| "its operator has not seen its current spec yet".to_owned())
}

fn busy(evidence: &Evidence<'_>) -> Option<String> {
    let initializing = text(evidence.value(), "/status/state") == "initializing";
    let backup = evidence.annotation("pgv2.percona.com/backup-in-progress");
    let backup = (!backup.is_empty()).then(|| format!("backup {backup} is in progress"));
    RESTORES
        .unfinished(evidence)
        .or_else(|| BACKUPS.unfinished(evidence))
        .or(backup)
        .or_else(|| pgbackrest::running(evidence))
        .or_else(|| upgrade(evidence))
        .or_else(|| initializing.then(|| "it is initializing".to_owned()))
}

/// An upgrade to another PostgreSQL that is under way.
fn upgrade(evidence: &Evidence<'_>) -> Option<String> {
    let mut upgrades = evidence.naming(PERCONA_PG_UPGRADE, "/spec/postgresClusterName");
    let running = |it: &&Object| condition(it.value(), "Progressing") == Some("True");
    let upgrade = upgrades.find(running)?;
    Some(format!(
        "PerconaPGUpgrade {} is running",
        upgrade.reference().name
    ))
}

/// The log goes to a repository; how far a restore could go, a backup tells.
fn point_in_time(evidence: &Evidence<'_>) -> Option<bool> {
    let resource = evidence.resource?.value();
    if !keeps_backups(resource) {
        return Some(false);
    }
    let latest = |it: &Object| instant(it.value(), "/status/latestRestorableTime");
    let mut backups = evidence.naming(BACKUPS.kind, BACKUPS.of).filter_map(latest);
    backups.next().map(|_| true)
}

fn keeps_backups(resource: &Value) -> bool {
    let off = resource.pointer("/spec/backups/enabled") == Some(&Value::Bool(false));
    !off && pgbackrest::has_repository(resource)
}

const WAYS: Ways = Ways {
    leader: "primary",
    labels,
    repo_host: keeps_backups,
    proxies: |_| 1,
};

fn labels(object: &Object, component: &str) -> Vec<(&'static str, String)> {
    let mut labels = vec![
        ("app.kubernetes.io/component", component.to_owned()),
        (
            "app.kubernetes.io/instance",
            object.reference().name.clone(),
        ),
        (MANAGED_BY, OPERATOR.to_owned()),
        ("app.kubernetes.io/name", "percona-postgresql".to_owned()),
        ("app.kubernetes.io/part-of", "percona-postgresql".to_owned()),
    ];
    let version = text(object.value(), "/spec/crVersion");
    if !version.is_empty() {
        labels.push((VERSION, version.to_owned()));
    }
    labels
}

fn expand(object: &Object) -> Vec<Pod> {
    if truth(object.value(), "/spec/pause") {
        return Vec::new();
    }
    WAYS.expand(object)
}
