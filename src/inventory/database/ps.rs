//! Percona Server for MySQL: one primary, by group replication or under an orchestrator.

use serde_json::Value;

use super::assumed::{COMPONENT, INSTANCE, MANAGED_BY, NAME, PART_OF, Part};
use super::backup::{Records, latest, newest};
use super::{Evidence, Family, Known, Told, percona};
use crate::inventory::kinds::{PS, PS_BACKUP, PS_CLUSTER_SET, PS_RESTORE};
use crate::inventory::lenient::{count, is_set, list, text, truth};
use crate::inventory::world::{World, namespace};
use crate::inventory::{Backup, Database, Pod, PodId, Quorum, Writer};
use crate::object::Object;

pub(super) const FAMILY: Family = Family {
    resource: PS,
    known: Known {
        api: &["v1", "v1alpha1"],
        told: &[Told::Field("/spec/crVersion")],
        newest: (1, 2),
    },
    member_of,
    size: |resource| Some(count(resource, "/spec/mysql/size").unwrap_or(SIZE)),
    units: None,
    database,
    expand,
};

/// How many members a cluster has that does not say.
const SIZE: u32 = 3;

const BACKUPS: Records = Records {
    kind: PS_BACKUP,
    of: "/spec/clusterName",
    state: "/status/state",
    succeeded: "Succeeded",
    failed: &["Failed", "Error"],
    at: "/status/completed",
};

const RESTORES: Records = Records {
    kind: PS_RESTORE,
    ..BACKUPS
};

/// The label that the operator, or the orchestrator, moves to the pod that takes writes.
const PRIMARY: &str = "mysql.percona.com/primary";

/// Name and component of members: those of old operators had none of their own for the part.
const MEMBERS: &[(&str, &str)] = &[("mysql", "database"), ("percona-server", "mysql")];

/// Proxies, orchestrators and backups are told by name and component. Charts call their pods
/// `mysql` too, and are of no operator.
fn member_of<'p>(_: &World<'_>, pod: &'p Pod) -> Option<&'p str> {
    let member = MEMBERS.contains(&(pod.label(NAME), pod.label(COMPONENT)));
    let ours = pod.label(PART_OF) == "percona-server" || pod.label(NAME) == "percona-server";
    let name = pod.label(INSTANCE);
    (member && ours && !name.is_empty()).then_some(name)
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let (backups, restores) = (BACKUPS.successes(evidence), RESTORES.successes(evidence));
    let backup = newest(evidence, &backups, &restores);
    let labelled = evidence.those(|pod| pod.label(PRIMARY) == "true");
    let role = match ClusterSet::of(evidence) {
        Some(set) if set.replicates => format!("; a replica in {}", set.name),
        Some(_) | None => String::new(),
    };
    let recognised_by = evidence.recognised_by("app.kubernetes.io/name, component and part-of");
    Database {
        engine: "mysql".to_owned(),
        recognised_by: format!("{recognised_by}{role}"),
        doubt: None,
        standbys: standbys(evidence, &labelled),
        quorum: if is_asynchronous(resource) {
            Quorum::Standbys(1)
        } else {
            Quorum::Majority(evidence.votes())
        },
        unhealthy: evidence.unknown().or_else(|| percona::unhealthy(evidence)),
        busy: busy(evidence, &labelled),
        writer: writer(evidence, labelled),
        paused: percona::paused(resource),
        lag: None,
        point_in_time: evidence.resource.map(|_| point_in_time(evidence, &backup)),
        backup,
        restored: latest(&restores),
        backup_schedules: percona::schedules(percona::scheduled(resource, "/spec/backup/schedule")),
    }
}

/// Whoever has the label, while it serves: behind one that does not, another may have taken over
/// already.
fn writer(evidence: &Evidence<'_>, labelled: Vec<PodId>) -> Writer {
    let stale = evidence
        .members()
        .any(|(id, pod)| labelled.contains(&id) && !pod.healthy);
    if labelled.is_empty() || stale {
        let probable = labelled.first().copied();
        return Writer::Untold { probable };
    }
    Writer::Known(labelled)
}

fn is_asynchronous(resource: &Value) -> bool {
    text(resource, "/spec/mysql/clusterType") == "async"
}

/// The members that would be promoted. Of asynchronous replicas none is, unless most of the
/// orchestrators are there to agree on it.
fn standbys(evidence: &Evidence<'_>, labelled: &[PodId]) -> Vec<PodId> {
    if is_asynchronous(evidence.value()) && !is_orchestrated(evidence) {
        return Vec::new();
    }
    let mut standbys = evidence.members.clone();
    standbys.retain(|id| !labelled.contains(id));
    standbys
}

fn is_orchestrated(evidence: &Evidence<'_>) -> bool {
    let resource = evidence.value();
    if !truth(resource, "/spec/orchestrator/enabled") {
        return false;
    }
    let asked = count(resource, "/spec/orchestrator/size").unwrap_or(SIZE);
    let assumed = (!evidence.is_recorded()).then_some(asked);
    let ready = count(resource, "/status/orchestrator/ready").or(assumed);
    ready.unwrap_or(0) > asked / 2
}

fn busy(evidence: &Evidence<'_>, labelled: &[PodId]) -> Option<String> {
    let sets = [format!("{}-mysql", evidence.name)];
    let busy = percona::busy(evidence, &[RESTORES, BACKUPS], &sets);
    let moving = || match labelled {
        [] | [_] => None,
        [_, _, ..] => Some("its primary moves: more than one pod is labelled so".to_owned()),
    };
    let switching = || ClusterSet::of(evidence)?.switching;
    busy.or_else(moving).or_else(switching)
}

/// Only with a server that stores the binary logs, and a backup to apply them to; to enable it is
/// not enough.
fn point_in_time(evidence: &Evidence<'_>, backup: &Backup) -> bool {
    let resource = evidence.value();
    let pitr = |field: &str| format!("/spec/backup/pitr/{field}");
    let wanted = truth(resource, "/spec/backup/enabled") && truth(resource, &pitr("enabled"));
    let serves = text(resource, "/status/binlogServer/state") == "ready";
    let serves = serves || !evidence.is_recorded();
    let stored = is_set(resource, &pitr("binlogServer")) && serves;
    wanted && stored && *backup != Backup::Never
}

/// The set of clusters that a cluster is part of: one of them takes writes, the others follow.
struct ClusterSet {
    name: String,
    replicates: bool,
    /// Why another cluster is about to take writes.
    switching: Option<String>,
}

impl ClusterSet {
    fn of(evidence: &Evidence<'_>) -> Option<Self> {
        let own = text(evidence.value(), "/status/innodbClusterName");
        let lists = |set: &&Object| {
            let mut clusters = list(set.value(), "/spec/clusters").iter();
            !own.is_empty() && clusters.any(|it| text(it, "/innodbClusterName") == own)
        };
        let kind = PS_CLUSTER_SET;
        let set = evidence.world.all(kind).find(lists)?;
        let name = format!(
            "{} {}/{}",
            kind.name(),
            namespace(set),
            set.reference().name
        );
        let [wanted, leads] = ["/spec/primaryCluster", "/status/primaryCluster"]
            .map(|pointer| text(set.value(), pointer));
        let moves = !leads.is_empty() && leads != wanted;
        Some(Self {
            replicates: own != if leads.is_empty() { wanted } else { leads },
            switching: moves
                .then(|| format!("the primary of {name} moves from \"{leads}\" to \"{wanted}\"")),
            name,
        })
    }
}

/// What the pods of a cluster can be.
struct Role {
    /// Where the resource describes them.
    spec: &'static str,
    workload: &'static str,
    /// The ending of the name of their workload.
    ending: &'static str,
    name: &'static str,
    component: &'static str,
    containers: &'static [&'static str],
}

const MEMBER: Role = Role {
    spec: "/spec/mysql",
    workload: "StatefulSet",
    ending: "mysql",
    name: "mysql",
    component: "database",
    containers: &["mysql", "xtrabackup"],
};

const ORCHESTRATOR: Role = Role {
    spec: "/spec/orchestrator",
    workload: "StatefulSet",
    ending: "orc",
    name: "orchestrator",
    component: "orchestrator",
    containers: &["orchestrator", "mysql-monit"],
};

const PROXIES: [Role; 2] = [
    Role {
        spec: "/spec/proxy/haproxy",
        workload: "StatefulSet",
        ending: "haproxy",
        name: "haproxy",
        component: "proxy",
        containers: &["haproxy", "mysql-monit"],
    },
    Role {
        spec: "/spec/proxy/router",
        workload: "Deployment",
        ending: "router",
        name: "router",
        component: "proxy",
        containers: &["router"],
    },
];

fn expand(object: &Object) -> Vec<Pod> {
    let resource = object.value();
    if truth(resource, "/spec/pause") {
        return Vec::new();
    }
    let orchestrator = is_asynchronous(resource).then_some(ORCHESTRATOR);
    let others = PROXIES.into_iter().chain(orchestrator);
    let others = others.filter(|role| truth(resource, &format!("{}/enabled", role.spec)));
    let mut pods = members(object);
    pods.extend(others.flat_map(|role| part(object, &role).pods(object)));
    pods
}

/// The members, of which the first is taken for the primary.
fn members(object: &Object) -> Vec<Pod> {
    let mut part = part(object, &MEMBER);
    if !truth(object.value(), "/spec/backup/enabled") {
        part.containers.retain(|name| *name != "xtrabackup");
    }
    let mut pods = part.pods(object);
    if let Some(first) = pods.first_mut() {
        *first = first.clone().with_label(PRIMARY, "true");
    }
    pods
}

/// The pods of a role. Old operators had one name for all of them, and for a component what their
/// workload ends in.
fn part<'p>(object: &'p Object, role: &Role) -> Part<'p> {
    let instance = object.reference().name.as_str();
    let old = text(object.value(), "/spec/crVersion").starts_with("0.");
    let (name, component) = if old {
        ("percona-server", role.ending)
    } else {
        (role.name, role.component)
    };
    Part {
        workload: role.workload,
        name: format!("{instance}-{}", role.ending),
        spec: role.spec.to_owned(),
        size: SIZE,
        labels: vec![
            (NAME, name),
            (INSTANCE, instance),
            (COMPONENT, component),
            (MANAGED_BY, "percona-server-mysql-operator"),
            (PART_OF, "percona-server"),
        ],
        containers: role.containers.to_vec(),
    }
}
