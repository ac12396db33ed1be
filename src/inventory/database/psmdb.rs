//! Percona Server for MongoDB: a replica set elects its primary among its voters, and a sharded
//! cluster has several of them.

use serde_json::Value;

use super::assumed::{COMPONENT, INSTANCE, NAME};
use super::backup::{Records, latest, newest};
use super::family::Units;
use super::replset::{
    ARBITER, CONFIG, HIDDEN, NON_VOTING, REPLSET, ROLES, asked, expand, replsets, without_votes,
};
use super::{Evidence, Family, Known, Told, known, ordinal, percona};
use crate::inventory::kinds::{PSMDB, PSMDB_BACKUP, PSMDB_RESTORE};
use crate::inventory::lenient::{text, truth};
use crate::inventory::world::World;
use crate::inventory::{Backup, Database, Pod, PodId, Quorum, Writer};

pub(super) const FAMILY: Family = Family {
    resource: PSMDB,
    known: Known {
        api: &[
            "v1", "v1-12-0", "v1-11-0", "v1-10-0", "v1-9-0", "v1-8-0", "v1-7-0", "v1-6-0",
            "v1-5-0", "v1-4-0", "v1-3-0", "v1-2-0",
        ],
        told: &[Told::Field("/spec/crVersion")],
        newest: (1, 23),
    },
    member_of,
    size: |_| None,
    units: Some(Units { asked, of: unit }),
    database,
    expand,
};

const BACKUPS: Records = Records {
    kind: PSMDB_BACKUP,
    of: "/spec/clusterName",
    state: "/status/state",
    succeeded: "ready",
    failed: &["error"],
    at: "/status/completed",
};

const RESTORES: Records = Records {
    kind: PSMDB_RESTORE,
    failed: &["error", "rejected"],
    ..BACKUPS
};

/// Mongos pods are proxies. Backup jobs have no replica set.
fn member_of<'p>(_: &World<'_>, pod: &'p Pod) -> Option<&'p str> {
    let component = pod.label(COMPONENT);
    let known = component == CONFIG || ROLES.iter().any(|it| it.component == component);
    let member = pod.label(NAME) == "percona-server-mongodb" && known;
    let name = pod.label(INSTANCE);
    (member && !pod.label(REPLSET).is_empty() && !name.is_empty()).then_some(name)
}

/// The replica set of a member. What does not vote is counted on its own.
fn unit(pod: &Pod) -> String {
    let replset = pod.label(REPLSET);
    if pod.label(COMPONENT) == NON_VOTING.component {
        return without_votes(replset);
    }
    replset.to_owned()
}

fn database(evidence: &Evidence<'_>) -> Database {
    let resource = evidence.value();
    let (backups, restores) = (BACKUPS.successes(evidence), RESTORES.successes(evidence));
    let backup = newest(evidence, &backups, &restores);
    let primaries = primaries(evidence);
    let recognised_by = "app.kubernetes.io/name, component and replset";
    let facts = Database {
        engine: "mongodb".to_owned(),
        recognised_by: evidence.recognised_by(recognised_by),
        doubt: None,
        writer: Writer::Known(Vec::new()),
        standbys: Vec::new(),
        quorum: Quorum::None,
        unhealthy: evidence.unknown().or_else(|| unhealthy(evidence)),
        busy: busy(evidence, &primaries),
        paused: percona::paused(resource),
        lag: None,
        point_in_time: evidence.resource.map(|_| point_in_time(evidence, &backup)),
        backup,
        restored: latest(&restores),
        backup_schedules: percona::schedules(
            percona::scheduled(resource, "/spec/backup/tasks").filter(|it| truth(it, "/enabled")),
        ),
    };
    if evidence.replset() != evidence.unit {
        return facts;
    }
    Database {
        standbys: standbys(evidence, &primaries),
        quorum: Quorum::Majority(votes(evidence)),
        writer: writer(evidence, primaries),
        ..facts
    }
}

impl<'e> Evidence<'e> {
    /// The replica set that the unit is of.
    fn replset(&self) -> &'e str {
        let silent = self.unit.strip_suffix(NON_VOTING.component);
        silent.map_or(self.unit, str::trim_end)
    }

    /// What the status says of the replica set.
    fn replset_status(&self) -> Option<&'e Value> {
        let sets = self.value().pointer("/status/replsets")?;
        sets.get(self.replset())
    }
}

/// The members that the status calls primary, by their names or hosts.
fn primaries(evidence: &Evidence<'_>) -> Vec<PodId> {
    let members = evidence
        .replset_status()
        .and_then(|it| it.get("members")?.as_object());
    let primary = |pod: &Pod| {
        let mut members = members.into_iter().flatten();
        members.any(|(name, member)| {
            let host = text(member, "/name").split(['.', ':']).next();
            let named = *name == pod.name || host == Some(pod.name.as_str());
            named && text(member, "/stateStr") == "PRIMARY"
        })
    };
    evidence.those(primary)
}

/// Without a word, or behind a primary that does not serve, any member that holds data may lead.
fn writer(evidence: &Evidence<'_>, primaries: Vec<PodId>) -> Writer {
    let mut members = evidence.members();
    let stale = members.any(|(id, pod)| primaries.contains(&id) && !pod.healthy);
    if !primaries.is_empty() && !stale {
        return Writer::Known(primaries);
    }
    let data = evidence.members().filter(|(_, pod)| leads(pod));
    let first = data.min_by_key(|(_, pod)| ordinal(pod));
    let probable = primaries.first().copied().or(first.map(|(id, _)| id));
    Writer::Untold { probable }
}

/// Whether a member could be elected. Arbiters hold no data, and hidden members are not asked.
fn leads(pod: &Pod) -> bool {
    ![ARBITER.component, HIDDEN.component].contains(&pod.label(COMPONENT))
}

fn standbys(evidence: &Evidence<'_>, primaries: &[PodId]) -> Vec<PodId> {
    let mut standbys = evidence.those(leads);
    standbys.retain(|id| !primaries.contains(id));
    standbys
}

/// No replica set has more votes than these.
const MOST_VOTES: u32 = 7;

/// So many votes that a majority of them is as many members as must stay. The operator takes votes
/// away until an odd number of them, and no more than seven, is left; whose, nothing tells, so
/// that those without one may be among the members that stay.
fn votes(evidence: &Evidence<'_>) -> u32 {
    let resource = evidence.value();
    let mut replsets = replsets(resource).into_iter();
    let replset = replsets.find(|it| it.name == evidence.unit);
    let elsewhere = replset.map_or(0, |it| it.elsewhere(resource));
    let voters = evidence.votes().saturating_add(elsewhere);
    let most = voters.min(MOST_VOTES);
    let odd = most.saturating_sub(u32::from(most % 2 == 0));
    let without = voters.saturating_sub(odd);
    odd.saturating_add(without.saturating_mul(2))
}

/// The states of members that serve.
const SERVING: &[&str] = &["PRIMARY", "SECONDARY", "ARBITER"];

fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    if !evidence.has_status() {
        return None;
    }
    let replset = evidence.replset();
    let status = evidence.replset_status();
    let of_replset = || match status.map_or("", |it| text(it, "/status")) {
        "ready" => unsettled(replset, status?),
        "" => Some(format!("its status does not tell of {replset}")),
        word => Some(format!("{replset} is \"{word}\"")),
    };
    percona::unhealthy(evidence).or_else(of_replset)
}

/// Why a replica set that is ready may not be: a primary is missing, or a member has no part yet.
/// A pod is ready as soon as its port is open.
fn unsettled(replset: &str, status: &Value) -> Option<String> {
    let members = status.get("members").and_then(Value::as_object);
    let members = members.into_iter().flatten();
    let mut states = members.map(|(name, member)| (name, text(member, "/stateStr")));
    let strange = states.clone().find(|(_, state)| !SERVING.contains(state));
    if let Some((name, state)) = strange {
        return Some(format!("{name} of {replset} is \"{state}\""));
    }
    let led = states.any(|(_, state)| state == "PRIMARY");
    (!led).then(|| format!("no member of {replset} is told to be its primary"))
}

fn busy(evidence: &Evidence<'_>, primaries: &[PodId]) -> Option<String> {
    let stem = format!("{}-{}", evidence.name, evidence.replset());
    let sets: Vec<String> = ROLES
        .iter()
        .map(|role| format!("{stem}{}", role.ending))
        .collect();
    let busy = percona::busy(evidence, &[RESTORES, BACKUPS], &sets);
    let moving = || match primaries {
        [] | [_] => None,
        [_, _, ..] => Some("its primary moves: more than one member is told to be it".to_owned()),
    };
    busy.or_else(moving)
}

/// Whether the log is stored where full backups are: without one of them, or in no storage or in
/// one of several, it is not.
fn point_in_time(evidence: &Evidence<'_>, backup: &Backup) -> bool {
    let resource = evidence.value();
    let on = ["/spec/backup/enabled", "/spec/backup/pitr/enabled"];
    let storages = resource
        .pointer("/spec/backup/storages")
        .and_then(Value::as_object);
    let storages = storages.into_iter().flatten();
    let main = storages
        .clone()
        .filter(|(_, storage)| truth(storage, "/main"));
    let stored = storages.clone().count() == 1 || (knows_main(resource) && main.count() == 1);
    on.iter().all(|field| truth(resource, field)) && stored && *backup != Backup::Never
}

/// Since 1.20 one of several storages can be the main one. Before, the log was stored in none.
fn knows_main(resource: &Value) -> bool {
    let version = text(resource, "/spec/crVersion");
    version.is_empty() || known::release(version).is_some_and(|release| release >= (1, 20))
}
