//! Databases: their members, who may be writing, what they need to serve, how they are.
//!
//! One file a family of databases, one line each in [`FAMILIES`]. What no operator runs is
//! recognised in `plain`.

mod backup;
mod cnpg;
mod cron_job;
mod engine;
mod plain;
mod pxc;
mod release;

use std::collections::BTreeMap;

use serde_json::Value;

use super::lenient::{count, is_set, text};
use super::workload;
use super::world::{Kind, World, namespace};
use super::{Database, Group, Origin, Owner, Pod, PodId, narrow};
use crate::object::Object;

/// Every operator whose databases are understood.
const FAMILIES: &[Family] = &[pxc::FAMILY, cnpg::FAMILY];

/// How the databases of one operator are recognised and understood.
struct Family {
    /// API group and kind of the resource that stands for a database.
    resource: Kind<'static>,
    /// The name of the resource whose member a pod is; `None` for every other pod, such as a
    /// proxy or a backup.
    member_of: fn(&Pod) -> Option<&str>,
    /// How many members the resource asks for.
    size: fn(&Value) -> Option<u32>,
    /// What is known of the database.
    database: fn(&Evidence<'_>) -> Database,
    /// The pods the operator would make, members and others.
    expand: fn(&Object) -> Vec<Pod>,
}

/// What an inventory holds of one database.
struct Evidence<'e> {
    world: &'e World<'e>,
    pods: &'e [Pod],
    namespace: &'e str,
    name: &'e str,
    /// Its resource, where that is in the inventory.
    resource: Option<&'e Object>,
    members: Vec<PodId>,
    /// How many members it should have.
    size: u32,
}

/// Every database, in no particular order.
pub(super) fn groups(world: &World<'_>, pods: &[Pod]) -> Vec<Group> {
    let families = FAMILIES.iter();
    let mut groups: Vec<Group> = families.flat_map(|it| it.groups(world, pods)).collect();
    let mut claimed = vec![false; pods.len()];
    for id in groups.iter().flat_map(|group| &group.members) {
        claimed[id.0 as usize] = true;
    }
    groups.extend(plain::groups(world, pods, &claimed));
    groups
}

/// The pods that operators would make from the databases of a world.
pub(super) fn assumed(world: &World<'_>) -> Vec<Pod> {
    let pods = |family: &Family| {
        let resources = world.all(family.resource);
        resources.flat_map(family.expand).collect::<Vec<_>>()
    };
    let mut assumed: Vec<Pod> = FAMILIES.iter().flat_map(pods).collect();
    assumed.extend(cnpg::poolers(world));
    assumed
}

impl Family {
    fn groups(&self, world: &World<'_>, pods: &[Pod]) -> Vec<Group> {
        let mut found = BTreeMap::<(&str, &str), Vec<PodId>>::new();
        for object in world.all(self.resource) {
            found.insert((namespace(object), &object.reference().name), Vec::new());
        }
        for (id, pod) in (0..).zip(pods) {
            if let Some(name) = (self.member_of)(pod) {
                found
                    .entry((&pod.namespace, name))
                    .or_default()
                    .push(PodId(id));
            }
        }
        let found = found.into_iter();
        found
            .map(|(name, members)| self.group(world, pods, (name, members)))
            .collect()
    }

    fn group(
        &self,
        world: &World<'_>,
        pods: &[Pod],
        ((place, name), members): ((&str, &str), Vec<PodId>),
    ) -> Group {
        let resource = world.find(self.resource, place, name);
        let asked = resource.and_then(|it| (self.size)(it.value()));
        let evidence = Evidence {
            size: asked.unwrap_or_else(|| replicas(world, pods, &members)),
            world,
            pods,
            namespace: place,
            name,
            resource,
            members,
        };
        Group {
            kind: self.resource.1.to_owned(),
            api_group: self.resource.0.to_owned(),
            namespace: place.to_owned(),
            name: name.to_owned(),
            size: evidence.size,
            database: Some((self.database)(&evidence)),
            members: evidence.members,
        }
    }
}

/// How many pods the workloads of these members should have.
fn replicas(world: &World<'_>, pods: &[Pod], members: &[PodId]) -> u32 {
    let mut owners = BTreeMap::<(&str, Option<&Owner>), usize>::new();
    for pod in members.iter().filter_map(|id| pods.get(id.0 as usize)) {
        *owners
            .entry((&pod.namespace, pod.owner.as_ref()))
            .or_default() += 1;
    }
    let sizes = owners.into_iter().map(|((place, owner), present)| {
        let asked = owner.map(|owner| workload::size(world, place, owner, present));
        asked.unwrap_or(0).max(narrow(present))
    });
    sizes.fold(0, u32::saturating_add)
}

impl<'e> Evidence<'e> {
    /// The resource as it is written; null when it is not in the inventory.
    fn value(&self) -> &'e Value {
        const ABSENT: &Value = &Value::Null;
        self.resource.map_or(ABSENT, Object::value)
    }

    /// The members, with their ids.
    fn members(&self) -> impl Iterator<Item = (PodId, &'e Pod)> {
        let pods = self.pods;
        let pod = move |id: &PodId| Some((*id, pods.get(id.0 as usize)?));
        self.members.iter().filter_map(pod)
    }

    /// The members that fit.
    fn those(&self, fits: impl Fn(&Pod) -> bool) -> Vec<PodId> {
        let those = self.members().filter(|(_, pod)| fits(pod));
        those.map(|(id, _)| id).collect()
    }

    /// How the database was recognised.
    fn recognised_by(&self, labels: &str) -> String {
        match self.resource {
            Some(_) => "its resource".to_owned(),
            None => format!("the labels {labels} of its pods"),
        }
    }

    /// Why nothing can be said about its health: there is no resource, or no status yet. Of
    /// manifests no status is expected.
    fn unknown(&self) -> Option<String> {
        let Some(resource) = self.resource else {
            return Some("its resource is not in the inventory".to_owned());
        };
        if is_set(resource.value(), "/metadata/deletionTimestamp") {
            return Some("it is being deleted".to_owned());
        }
        let expected = self.world.origin == Origin::Recorded;
        (expected && !self.has_status()).then(|| "it has no status yet".to_owned())
    }

    /// Whether it has a status. Without one, it is [`unknown`](Self::unknown) or assumed healthy.
    fn has_status(&self) -> bool {
        is_set(self.value(), "/status")
    }

    /// The objects of a kind in its namespace that name it at `pointer`.
    fn naming(&self, kind: Kind<'_>, pointer: &str) -> impl Iterator<Item = &'e Object> {
        let objects = self.world.within(kind, self.namespace);
        objects.filter(move |object| text(object.value(), pointer) == self.name)
    }
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
