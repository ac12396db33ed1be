//! mariadb-operator: one server, a primary with replicas, or Galera.

use std::time::Duration;

use serde_json::Value;

use super::mariadb_pods::expand;
use super::{Evidence, Family, Known, mariadb_backup, ordinal};
use crate::inventory::kinds::{MARIADB, MAX_SCALE};
use crate::inventory::lenient::{condition, count, list, text, truth};
use crate::inventory::world::World;
use crate::inventory::{Database, Facts, Pod, PodId, Quorum, Writer};
use crate::object::Object;

pub(super) const FAMILY: Family = Family {
    resource: MARIADB,
    known: Known {
        api: &["v1alpha1"],
        told: &[],
        newest: (26, 6),
    },
    member_of,
    size: |resource| Some(count(resource, "/spec/replicas").unwrap_or(1)),
    units: None,
    database,
    expand,
};

pub(super) const NAME: &str = "app.kubernetes.io/name";
pub(super) const INSTANCE: &str = "app.kubernetes.io/instance";
pub(super) const ROLE: &str = "k8s.mariadb.com/role";
pub(super) const GALERA: &str = "k8s.mariadb.com/galera";
pub(super) const REPLICATION: &str = "k8s.mariadb.com/replication";

/// Exporters and proxies have another name, but a chart labels its pods alike, and Jobs that
/// restore a volume have every label of the member whose volume it is. So there has to be the
/// resource, or the role on one of the pods: it is put on those that are ready.
fn member_of<'p>(world: &World<'_>, pod: &'p Pod) -> Option<&'p str> {
    let of_job = pod.owner.as_ref().is_some_and(|it| it.kind == "Job");
    let name = pod.label(INSTANCE);
    let ordinal = pod.name.strip_prefix(name)?.strip_prefix('-')?;
    let numbered = !name.is_empty() && ordinal.parse::<u32>().is_ok();
    if pod.label(NAME) != "mariadb" || of_job || !numbered {
        return None;
    }
    let kin = |it: &Facts| it.label(NAME) == "mariadb" && it.label(INSTANCE) == name;
    let mut pods = world.pods_in(&pod.namespace);
    let told = world.find(FAMILY.resource, &pod.namespace, name).is_some()
        || pods.any(|it| kin(it) && it.labels.contains_key(ROLE));
    told.then_some(name)
}

/// How the members keep the same data.
#[derive(Clone, Copy, PartialEq)]
enum Topology {
    Standalone,
    Replication,
    Galera,
    /// There is no resource, and the pods do not say.
    Untold,
}

fn topology(evidence: &Evidence<'_>) -> Topology {
    let resource = evidence.value();
    let annotated = |key: &str| {
        let mut members = evidence.members();
        evidence.resource.is_none() && members.any(|(_, pod)| pod.annotations.contains_key(key))
    };
    if truth(resource, "/spec/galera/enabled") || annotated(GALERA) {
        Topology::Galera
    } else if truth(resource, "/spec/replication/enabled") || annotated(REPLICATION) {
        Topology::Replication
    } else if evidence.resource.is_some() {
        Topology::Standalone
    } else {
        Topology::Untold
    }
}

fn database(evidence: &Evidence<'_>) -> Database {
    let topology = topology(evidence);
    let writer = writer(evidence, topology);
    Database {
        engine: "mariadb".to_owned(),
        recognised_by: evidence.recognised_by("app.kubernetes.io/name and k8s.mariadb.com/role"),
        doubt: None,
        standbys: standbys(evidence, topology, &writer),
        quorum: match topology {
            Topology::Standalone => Quorum::None,
            Topology::Replication => Quorum::Standbys(evidence.size.saturating_sub(1).min(1)),
            Topology::Galera | Topology::Untold => Quorum::Majority(evidence.votes()),
        },
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence, &writer)),
        busy: busy(evidence),
        paused: is_suspended(evidence.value()),
        lag: lag(evidence, topology, &writer),
        backup: mariadb_backup::backup(evidence),
        restored: mariadb_backup::restored(evidence),
        point_in_time: mariadb_backup::point_in_time(evidence),
        backup_schedules: mariadb_backup::schedules(evidence),
        writer,
    }
}

/// Who writes. The label is put on ready pods only and may be late, so that where the label and
/// the status disagree both count.
fn writer(evidence: &Evidence<'_>, topology: Topology) -> Writer {
    let named = named(evidence);
    let primary =
        |pod: &Pod| pod.label(ROLE) == "primary" || named.iter().any(|it| pod.name == *it);
    let primaries = evidence.those(primary);
    let first = || evidence.members().min_by_key(|(_, pod)| ordinal(pod));
    let probable = primaries.first().copied().or(first().map(|(id, _)| id));
    // A primary whose pod is not there is about to be followed by another member.
    let present = |name: &String| evidence.members().any(|(_, pod)| pod.name == *name);
    match topology {
        Topology::Galera => Writer::Any { probable },
        Topology::Standalone if evidence.members.len() == 1 => {
            Writer::Known(evidence.members.clone())
        }
        _ if primaries.is_empty() || !named.iter().all(present) => Writer::Untold { probable },
        Topology::Standalone | Topology::Replication | Topology::Untold => Writer::Known(primaries),
    }
}

/// The names of the pods that the resource, or the proxy that owns its failover, calls the
/// primary or means to make it.
fn named(evidence: &Evidence<'_>) -> Vec<String> {
    let resource = evidence.value();
    let current = text(resource, "/status/currentPrimary").to_owned();
    let other = match MaxScale::of(evidence) {
        Some(proxy) => proxy.primary().to_owned(),
        None => count(resource, "/spec/replication/primary/podIndex")
            .map(|index| format!("{}-{index}", evidence.name))
            .unwrap_or_default(),
    };
    let roles = resource.pointer("/status/replication/roles");
    let roles = roles.and_then(Value::as_object).into_iter().flatten();
    let primary = roles.filter(|(_, role)| *role == "Primary");
    let primary = primary.map(|(pod, _)| pod.clone());
    let mut named: Vec<String> = primary.chain([current, other]).collect();
    named.retain(|name| !name.is_empty());
    named
}

/// What takes part in failover beside the operator.
struct MaxScale<'e>(Option<&'e Object>);

impl<'e> MaxScale<'e> {
    /// The MaxScale that failover is left to, where it is.
    fn of(evidence: &Evidence<'e>) -> Option<Self> {
        let resource = evidence.value();
        let (name, place) = match text(resource, "/spec/maxScaleRef/name") {
            "" if truth(resource, "/spec/maxScale/enabled") => {
                (format!("{}-maxscale", evidence.name), evidence.namespace)
            }
            "" => return None,
            name => match text(resource, "/spec/maxScaleRef/namespace") {
                "" => (name.to_owned(), evidence.namespace),
                place => (name.to_owned(), place),
            },
        };
        Some(Self(evidence.world.find(MAX_SCALE, place, &name)))
    }

    fn value(&self) -> &'e Value {
        const ABSENT: &Value = &Value::Null;
        self.0.map_or(ABSENT, Object::value)
    }

    /// The pod of the server that it calls the primary. A server may have a name of its own; its
    /// address begins with that of its pod.
    fn primary(&self) -> &'e str {
        let name = text(self.value(), "/status/primaryServer");
        let mut servers = list(self.value(), "/spec/servers").iter();
        let server = servers.find(|it| text(it, "/name") == name);
        let address = server.map_or("", |it| text(it, "/address"));
        match address.split_once('.') {
            Some((pod, _)) => pod,
            None => name,
        }
    }

    /// Whether it promotes a replica when the primary is lost, as far as its resource says so.
    fn promotes(&self) -> bool {
        const YES: &[&str] = &["true", "safe", "on", "yes", "1"];
        let value = self.value();
        let suspended = truth(value, "/spec/suspend") || truth(value, "/spec/monitor/suspend");
        let told = text(value, "/spec/monitor/params/auto_failover");
        !suspended && YES.contains(&told)
    }
}

/// Whether something promotes another member when the primary is lost.
fn promotes(evidence: &Evidence<'_>, topology: Topology) -> bool {
    let resource = evidence.value();
    let part = match topology {
        Topology::Galera => "galera",
        Topology::Replication => "replication",
        Topology::Standalone | Topology::Untold => return false,
    };
    if let Some(proxy) = MaxScale::of(evidence) {
        return topology == Topology::Galera || proxy.promotes();
    }
    let told = resource.pointer(&format!("/spec/{part}/primary/autoFailover"));
    let off = told == Some(&Value::Bool(false));
    let restoring = condition(resource, "BackupRestored") == Some("False");
    evidence.resource.is_some() && !off && !restoring && !is_suspended(resource)
}

/// Members that would be promoted: of replicas, those that replicate and do not lag too far behind
/// for the operator.
fn standbys(evidence: &Evidence<'_>, topology: Topology, writer: &Writer) -> Vec<PodId> {
    if !promotes(evidence, topology) {
        return Vec::new();
    }
    let resource = evidence.value();
    let most = match MaxScale::of(evidence) {
        Some(_) => u32::MAX,
        None => count(resource, "/spec/replication/replica/maxLagSeconds").unwrap_or(0),
    };
    let fits = |pod: &Pod| match topology {
        Topology::Replication if evidence.has_status() => {
            let replica = replica(resource, pod);
            let lag = count(replica, SECONDS_BEHIND);
            runs(replica) && lag.is_some_and(|lag| lag <= most)
        }
        Topology::Replication | Topology::Galera | Topology::Standalone | Topology::Untold => true,
    };
    let mut standbys = evidence.those(fits);
    standbys.retain(|id| !leads(writer, *id));
    standbys
}

fn leads(writer: &Writer, id: PodId) -> bool {
    matches!(writer, Writer::Known(known) if known.contains(&id))
}

const SECONDS_BEHIND: &str = "/secondsBehindMaster";

/// What the status says of the replication of a member; null when it says nothing.
fn replica<'e>(resource: &'e Value, pod: &Pod) -> &'e Value {
    const NOTHING: &Value = &Value::Null;
    let replicas = resource.pointer("/status/replication/replicas");
    replicas
        .and_then(|it| it.get(pod.name.as_str()))
        .unwrap_or(NOTHING)
}

/// Whether a replica fetches what the primary writes, and applies it.
fn runs(replica: &Value) -> bool {
    truth(replica, "/slaveIORunning") && truth(replica, "/slaveSQLRunning")
}

/// How far the replica that is the furthest behind is. A single server has none; a replica that
/// does not say how far leaves it unknown.
fn lag(evidence: &Evidence<'_>, topology: Topology, writer: &Writer) -> Option<Duration> {
    match topology {
        Topology::Galera | Topology::Untold => return None,
        Topology::Standalone if evidence.votes() <= 1 => return Some(Duration::ZERO),
        Topology::Standalone | Topology::Replication => {}
    }
    let followers = evidence.members().filter(|(id, _)| !leads(writer, *id));
    let behind = |(_, pod): (PodId, &Pod)| count(replica(evidence.value(), pod), SECONDS_BEHIND);
    let lags: Option<Vec<u32>> = followers.map(behind).collect();
    let worst = lags?.into_iter().max()?;
    Some(Duration::from_secs(u64::from(worst)))
}

fn is_suspended(resource: &Value) -> bool {
    let told = is_reason(resource, "Suspended") || condition(resource, "Suspended") == Some("True");
    truth(resource, "/spec/suspend") || told
}

/// Whether it is not ready for this reason.
fn is_reason(resource: &Value, reason: &str) -> bool {
    let mut conditions = list(resource, "/status/conditions").iter();
    conditions.any(|it| {
        text(it, "/type") == "Ready"
            && text(it, "/status") != "True"
            && text(it, "/reason") == reason
    })
}

fn not_ready(resource: &Value) -> String {
    let mut conditions = list(resource, "/status/conditions").iter();
    let Some(ready) = conditions.find(|it| text(it, "/type") == "Ready") else {
        return "its condition Ready is not set".to_owned();
    };
    let (status, reason) = (text(ready, "/status"), text(ready, "/reason"));
    format!("its condition Ready is {status} ({reason})")
}

fn unhealthy(evidence: &Evidence<'_>, writer: &Writer) -> Option<String> {
    if !evidence.has_status() {
        return None;
    }
    let resource = evidence.value();
    let since = text(resource, "/status/currentPrimaryFailingSince");
    if !since.is_empty() {
        return Some(format!("its primary fails since {since}"));
    }
    if condition(resource, "Ready") != Some("True") {
        return Some(not_ready(resource));
    }
    if condition(resource, "GaleraReady") == Some("False") {
        return Some("its condition GaleraReady is False".to_owned());
    }
    let stopped = |(id, pod): &(PodId, &Pod)| {
        let replica = replica(resource, pod);
        !leads(writer, *id) && !replica.is_null() && !runs(replica)
    };
    let (_, pod) = evidence.members().find(stopped)?;
    Some(format!("{} does not replicate", pod.name))
}

/// Conditions that are False while the operator is at work, and what that work is.
const UNDER_WAY: &[(&str, &str)] = &[
    ("PrimarySwitched", "its primary is being switched"),
    ("ReplicaRecovered", "a replica is being recovered"),
    ("ScaledOut", "it is being scaled out"),
    ("BackupRestored", "a backup is being restored"),
    ("StorageResized", "its storage is being resized"),
    ("Initialized", "it is being initialized"),
];

/// Reasons for which it is not ready, or conditions that are True meanwhile.
const WORK: &[(&str, &str)] = &[
    ("Maintenance", "it is in maintenance"),
    ("Cordoned", "it is cordoned"),
    ("ScalingOut", "it is being scaled out"),
    ("ReplicaRecovering", "a replica is being recovered"),
    ("Updating", "it is being updated"),
];

/// What its user may have switched on.
const HELD: &[(&str, &str)] = &[
    ("enabled", "it is in maintenance"),
    ("cordon", "it is cordoned"),
];

fn busy(evidence: &Evidence<'_>) -> Option<String> {
    let resource = evidence.value();
    let recovered = text(resource, "/status/replication/replicaToRecover");
    if !recovered.is_empty() {
        return Some(format!("the replica {recovered} is being recovered"));
    }
    let held = |(field, words): &(&str, &'static str)| {
        truth(resource, &format!("/spec/maintenance/{field}")).then_some(*words)
    };
    let under_way = |(kind, words): &(&str, &'static str)| {
        (condition(resource, kind) == Some("False")).then_some(*words)
    };
    let at_work = |(word, words): &(&str, &'static str)| {
        let told = condition(resource, word) == Some("True") || is_reason(resource, word);
        told.then_some(*words)
    };
    let told = HELD.iter().find_map(held);
    let told = told.or_else(|| UNDER_WAY.iter().find_map(under_way));
    let told = told.or_else(|| WORK.iter().find_map(at_work));
    told.map(str::to_owned)
        .or_else(|| mariadb_backup::unfinished(evidence))
}
