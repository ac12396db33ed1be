//! Percona XtraDB Cluster: Galera, where every member may be written to and a majority decides.

use super::assumed::{COMPONENT, INSTANCE, MANAGED_BY, NAME, PART_OF, Part};
use super::backup::{Records, latest, newest};
use super::{Evidence, Family, Known, Told, ordinal, percona};
use crate::inventory::kinds::{PXC, PXC_BACKUP, PXC_RESTORE};
use crate::inventory::lenient::{condition, count, instant, list, text, truth};
use crate::inventory::{Backup, Database, Pod, PodId, Quorum, Writer};
use crate::object::Object;

pub(super) const FAMILY: Family = Family {
    resource: PXC,
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
    kind: PXC_BACKUP,
    of: "/spec/pxcCluster",
    state: "/status/state",
    succeeded: "Succeeded",
    failed: &["Failed"],
    at: "/status/completed",
};

const RESTORES: Records = Records {
    kind: PXC_RESTORE,
    of: "/spec/pxcCluster",
    state: "/status/state",
    succeeded: "Succeeded",
    failed: &["Failed"],
    at: "/status/completed",
};

/// Proxies, backups and the rest carry the same labels but for the component.
fn member_of(pod: &Pod) -> Option<&str> {
    let member = pod.label(NAME) == "percona-xtradb-cluster" && pod.label(COMPONENT) == "pxc";
    let name = pod.label(INSTANCE);
    (member && !name.is_empty()).then_some(name)
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let (backups, restores) = (BACKUPS.successes(evidence), RESTORES.successes(evidence));
    let backup = newest(evidence, &backups, &restores);
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
        unhealthy: evidence.unknown().or_else(|| percona::unhealthy(evidence)),
        busy: percona::busy(
            evidence,
            &[RESTORES, BACKUPS],
            &[format!("{}-pxc", evidence.name)],
        ),
        paused: percona::paused(resource),
        lag: None,
        point_in_time: evidence.resource.map(|_| point_in_time(evidence, &backup)),
        backup,
        restored: latest(&restores),
        backup_schedules: percona::schedules(schedules),
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

/// Enabled, into a storage that takes binary logs, and without a gap in them since the newest
/// backup, which there must be.
fn point_in_time(evidence: &Evidence<'_>, backup: &Backup) -> bool {
    let resource = evidence.value();
    let name = text(resource, "/spec/backup/pitr/storageName");
    let storages = resource.pointer("/spec/backup/storages");
    let storage = storages.and_then(|it| it.get(name));
    let takes = storage.is_some_and(|it| ["s3", "azure"].contains(&text(it, "/type")));
    let of_newest = |object: &&Object| {
        let at = instant(object.value(), BACKUPS.at);
        at.is_some_and(|at| *backup == Backup::At(at))
    };
    let gap = |object: &Object| condition(object.value(), "PITRReady") == Some("False");
    let mut newest = evidence.naming(BACKUPS.kind, BACKUPS.of).filter(of_newest);
    let enabled = truth(resource, "/spec/backup/pitr/enabled");
    enabled && takes && *backup != Backup::Never && !newest.any(gap)
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
    parts
        .flat_map(|it| part(object, *it).pods(object))
        .collect()
}

fn part<'p>(object: &'p Object, (part, containers): (&'p str, &[&'p str])) -> Part<'p> {
    let name = object.reference().name.as_str();
    Part {
        workload: "StatefulSet",
        name: format!("{name}-{part}"),
        spec: format!("/spec/{part}"),
        size: SIZE,
        labels: vec![
            (NAME, "percona-xtradb-cluster"),
            (INSTANCE, name),
            (COMPONENT, part),
            (MANAGED_BY, "percona-xtradb-cluster-operator"),
            (PART_OF, "percona-xtradb-cluster"),
        ],
        containers: containers.to_vec(),
    }
}
