//! What an inventory holds of one database, and what every family asks of it.

use serde_json::Value;

use crate::inventory::kinds::Kind;
use crate::inventory::lenient::{is_set, text};
use crate::inventory::world::World;
use crate::inventory::{Origin, Owner, Pod, PodId, narrow};
use crate::object::Object;

/// What an inventory holds of one database.
pub(super) struct Evidence<'e> {
    pub(super) world: &'e World<'e>,
    pub(super) pods: &'e [Pod],
    pub(super) namespace: &'e str,
    pub(super) name: &'e str,
    /// The part of the resource it is, where the resource stands for several; else empty.
    pub(super) unit: &'e str,
    /// Its resource, where that is in the inventory.
    pub(super) resource: Option<&'e Object>,
    pub(super) members: Vec<PodId>,
    /// How many members it should have.
    pub(super) size: u32,
}

impl<'e> Evidence<'e> {
    /// The resource as it is written; null when it is not in the inventory.
    pub(super) fn value(&self) -> &'e Value {
        const ABSENT: &Value = &Value::Null;
        self.resource.map_or(ABSENT, Object::value)
    }

    /// An annotation of the resource, empty when it has none.
    pub(super) fn annotation(&self, key: &str) -> &'e str {
        let found = self.resource.and_then(|it| it.annotation(key));
        found.unwrap_or_default()
    }

    /// The members, with their ids.
    pub(super) fn members(&self) -> impl Iterator<Item = (PodId, &'e Pod)> {
        let pods = self.pods;
        let pod = move |id: &PodId| Some((*id, pods.get(id.0 as usize)?));
        self.members.iter().filter_map(pod)
    }

    /// The members that fit.
    pub(super) fn those(&self, fits: impl Fn(&Pod) -> bool) -> Vec<PodId> {
        let those = self.members().filter(|(_, pod)| fits(pod));
        those.map(|(id, _)| id).collect()
    }

    /// How the database was recognised.
    pub(super) fn recognised_by(&self, labels: &str) -> String {
        match self.resource {
            Some(_) => "its resource".to_owned(),
            None => format!("the labels {labels} of its pods"),
        }
    }

    /// Why nothing can be said about its health: there is no resource, or no status yet. Of
    /// manifests no status is expected.
    pub(super) fn unknown(&self) -> Option<String> {
        let Some(resource) = self.resource else {
            return Some("its resource is not in the inventory".to_owned());
        };
        if is_set(resource.value(), "/metadata/deletionTimestamp") {
            return Some("it is being deleted".to_owned());
        }
        (self.is_recorded() && !self.has_status()).then(|| "it has no status yet".to_owned())
    }

    /// Whether it has a status. Without one, it is [`unknown`](Self::unknown) or assumed healthy.
    pub(super) fn has_status(&self) -> bool {
        is_set(self.value(), "/status")
    }

    /// Members that vote: those asked for, and those still there when it is being made smaller.
    pub(super) fn votes(&self) -> u32 {
        self.size.max(narrow(self.members.len()))
    }

    /// Whether it is of a cluster, where a status is what there is, and not of manifests.
    pub(super) fn is_recorded(&self) -> bool {
        self.world.origin == Origin::Recorded
    }

    /// That pods of this StatefulSet wait for its newest revision.
    pub(super) fn rollout(&self, set: &str) -> Option<String> {
        let owner = Owner::app("StatefulSet", set);
        let found = self.world.workload(self.namespace, &owner)?;
        let (updated, pods) = found.rollout?;
        Some(format!(
            "{updated} of {pods} pods of StatefulSet {set} are up to date"
        ))
    }

    /// The objects of a kind in its namespace that name it at `pointer`.
    pub(super) fn naming(&self, kind: Kind, pointer: &str) -> impl Iterator<Item = &'e Object> {
        let objects = self.world.within(kind, self.namespace);
        objects.filter(move |object| text(object.value(), pointer) == self.name)
    }
}
