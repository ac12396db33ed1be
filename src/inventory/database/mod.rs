//! Databases: their members, who may be writing, what they need to serve, how they are.
//!
//! One file a family of databases, one line each in [`FAMILIES`]. What no operator runs is
//! recognised in `plain`.

mod attest;
mod assumed;
mod backup;
mod cnpg;
mod cnpg_backup;
mod cnpg_pods;
mod cnpg_restore;
mod copy;
mod cron_job;
mod crunchy;
mod engine;
mod evidence;
mod family;
mod innodb_cluster;
mod innodb_restore;
mod instances;
mod known;
mod mariadb;
mod mariadb_backup;
mod mariadb_pods;
mod outside;
mod part;
mod patroni;
mod percona;
mod percona_pg;
mod pgbackrest;
mod plain;
mod program;
mod ps;
mod psmdb;
mod pxc;
mod release;
mod replset;
mod restore_job;
mod role;
mod sentinel;
mod set;
mod snapshot;
mod velero;
mod zalando;

use std::collections::BTreeMap;

use serde_json::Value;

use super::lenient::count;
use super::workload;
use super::world::World;
use super::{Group, Owner, Pod, PodId, narrow};
use crate::object::Object;
pub use engine::engines;
use evidence::Evidence;
use family::Family;
use known::{Known, Told};
pub(super) use program::Program;

pub use role::ROLE_LABEL;

/// Every operator whose databases are understood.
const FAMILIES: &[Family] = &[
    pxc::FAMILY,
    ps::FAMILY,
    psmdb::FAMILY,
    cnpg::FAMILY,
    percona_pg::FAMILY,
    crunchy::FAMILY,
    zalando::FAMILY,
    innodb_cluster::FAMILY,
    mariadb::FAMILY,
];

/// What is known of the resource of one operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FamilyKind {
    /// API group.
    pub group: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// The versions of its API that are known.
    pub api: &'static [&'static str],
    /// The newest release of the operator that is known, major and minor.
    pub newest: (u32, u32),
}

/// The resources of every operator whose databases are understood.
pub fn families() -> impl Iterator<Item = FamilyKind> {
    FAMILIES.iter().map(|family| FamilyKind {
        group: family.resource.group(),
        kind: family.resource.name(),
        api: family.known.api,
        newest: family.known.newest,
    })
}

/// Every database, in no particular order.
pub(super) fn groups(world: &World<'_>, pods: &[Pod]) -> Vec<Group> {
    let families = FAMILIES.iter();
    let mut groups: Vec<Group> = families.flat_map(|it| it.groups(world, pods)).collect();
    let mut claimed = vec![false; pods.len()];
    for id in groups.iter().flat_map(|group| &group.members) {
        claimed[id.0 as usize] = true;
    }
    for (claimed, pod) in claimed.iter_mut().zip(pods) {
        *claimed |= innodb_cluster::is_beside(pod);
    }
    groups.extend(plain::groups(world, pods, &claimed));
    groups
}

/// The pods that operators would make from the databases of a world, beside those recorded.
pub(super) fn assumed(world: &World<'_>, recorded: &[Pod]) -> Vec<Pod> {
    let families = FAMILIES.iter();
    let pods = families.flat_map(|family| family.assumed(world, recorded));
    let mut assumed: Vec<Pod> = pods.collect();
    assumed.extend(mariadb_pods::proxies(world));
    assumed.extend(cnpg_pods::poolers(world));
    assumed
}

/// Whether a Job tells of the backups or restores of a database.
pub(super) fn is_trace(job: &Object) -> bool {
    mariadb_backup::is_trace(job) || restore_job::restores(job)
}

/// How many pods the workloads of these members should have.
fn replicas(world: &World<'_>, pods: &[Pod], members: &[PodId]) -> u32 {
    let mut owners = BTreeMap::<(&str, Option<&Owner>), usize>::new();
    for pod in members.iter().filter_map(|id| pods.get(id.0 as usize)) {
        *owners
            .entry((&pod.namespace, pod.owner.as_deref()))
            .or_default() += 1;
    }
    let sizes = owners.into_iter().map(|((place, owner), present)| {
        let asked = owner.map(|owner| workload::size(world, place, owner, present));
        asked.unwrap_or(0).max(narrow(present))
    });
    sizes.fold(0, u32::saturating_add)
}

/// The number at the end of a pod's name.
fn ordinal(pod: &Pod) -> u32 {
    let number = pod.name.rsplit_once('-').and_then(|it| it.1.parse().ok());
    number.unwrap_or(u32::MAX)
}

/// How many pods a part of a resource asks for, of those we expand at most.
fn asked(resource: &Value, pointer: &str, default: u32) -> u32 {
    count(resource, pointer)
        .unwrap_or(default)
        .min(super::expand::MOST)
}
