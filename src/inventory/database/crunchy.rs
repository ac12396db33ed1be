//! PostgresCluster of Crunchy Data: one leader and followers in instance sets, kept by Patroni.

use serde_json::Value;

use super::backup::{latest, newest};
use super::evidence::Evidence;
use super::family::Family;
use super::instances::{self, ROLE, Ways};
use super::known::Known;
use super::{patroni, percona_pg, pgbackrest};
use crate::inventory::kinds::POSTGRES_CLUSTER;
use crate::inventory::lenient::{condition, count, is_set, list, text, truth};
use crate::inventory::world::World;
use crate::inventory::{Database, Pod};
use crate::object::Object;

pub(super) const FAMILY: Family = Family {
    resource: POSTGRES_CLUSTER,
    known: Known {
        api: &["v1", "v1beta1"],
        told: &[],
        newest: (6, 0),
    },
    member_of,
    size: instances::size,
    units: None,
    database,
    expand,
};

/// Where replication is configured.
pub(super) const PATRONI: &str = "/spec/patroni/dynamicConfiguration";
pub(super) const PARAMETERS: &[&str] = &[
    "/spec/patroni/dynamicConfiguration/postgresql/parameters",
    "/spec/config/parameters",
];

/// Percona's operator puts the same labels on its pods.
fn member_of<'p>(world: &World<'_>, pod: &'p Pod) -> Option<&'p str> {
    let name = instances::cluster_of(pod)?;
    (!percona_pg::has(world, pod, name)).then_some(name)
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let (backups, restores) = (
        pgbackrest::backups(evidence),
        pgbackrest::restores(evidence),
    );
    Database {
        engine: "postgresql".to_owned(),
        recognised_by: evidence.recognised_by("postgres-operator.crunchydata.com/cluster and data"),
        doubt: None,
        writer: patroni::writer(evidence, ROLE),
        standbys: patroni::standbys(evidence, ROLE),
        quorum: patroni::quorum(evidence, PATRONI, PARAMETERS),
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence)),
        busy: busy(evidence),
        paused: truth(resource, "/spec/shutdown") || truth(resource, "/spec/paused"),
        lag: None,
        backup: newest(evidence, &backups, &restores),
        restored: latest(&restores),
        point_in_time: pgbackrest::archives(evidence),
        backup_schedules: pgbackrest::schedules(resource),
    }
}

fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    let unhealthy = patroni::unhealthy(evidence);
    if unhealthy.is_some() || !evidence.has_status() {
        return unhealthy;
    }
    let resource = evidence.value();
    if condition(resource, "Progressing") == Some("False") {
        return Some("its operator does not act: its condition Progressing is False".to_owned());
    }
    let generation = count(resource, "/metadata/generation");
    if generation.is_some() && generation != count(resource, "/status/observedGeneration") {
        return Some("its operator has not seen its current spec yet".to_owned());
    }
    let ready = reported(resource, "/readyReplicas");
    let size = evidence.size.max(reported(resource, "/replicas"));
    (ready < size).then(|| format!("{ready} of its {size} instances are ready"))
}

/// A number that the status tells of each instance set, in all.
fn reported(resource: &Value, pointer: &str) -> u32 {
    let sets = list(resource, "/status/instances").iter();
    let numbers = sets.filter_map(|it| count(it, pointer));
    numbers.fold(0, u32::saturating_add)
}

/// What an annotation asks for, the field that has to agree, and where the status repeats the
/// annotation once it was seen.
const REQUESTS: &[(&str, &str, &str, &str)] = &[
    (
        "postgres-operator.crunchydata.com/pgbackrest-restore",
        "/spec/backups/pgbackrest/restore/enabled",
        "/status/pgbackrest/restore/id",
        "a restore",
    ),
    (
        "postgres-operator.crunchydata.com/pgbackrest-backup",
        "/spec/backups/pgbackrest/manual",
        "/status/pgbackrest/manualBackup/id",
        "a backup",
    ),
    (
        "postgres-operator.crunchydata.com/trigger-switchover",
        "/spec/patroni/switchover/enabled",
        "/status/patroni/switchover",
        "a switchover",
    ),
];

fn busy(evidence: &Evidence<'_>) -> Option<String> {
    let resource = evidence.value();
    let asked = |(annotation, agreed, seen, what): &(&str, &str, &str, &str)| {
        let request = evidence.annotation(annotation);
        let agreed =
            is_set(resource, agreed) && resource.pointer(agreed) != Some(&Value::Bool(false));
        let waits = agreed && !request.is_empty() && text(resource, seen) != request;
        waits.then(|| format!("{what} \"{request}\" has not begun"))
    };
    let updated = reported(resource, "/updatedReplicas");
    let updating = updated < reported(resource, "/replicas");
    let updating = updating.then(|| "its instances are being updated".to_owned());
    let mut asked = REQUESTS.iter().filter_map(asked);
    pgbackrest::running(evidence)
        .or_else(|| asked.next())
        .or(updating)
}

const WAYS: Ways = Ways {
    leader: "master",
    labels: |_, _| Vec::new(),
    repo_host: pgbackrest::has_repository,
    proxies: |resource| u32::from(is_set(resource, "/spec/proxy/pgBouncer")),
};

fn expand(object: &Object) -> Vec<Pod> {
    if truth(object.value(), "/spec/shutdown") {
        return Vec::new();
    }
    WAYS.expand(object)
}
