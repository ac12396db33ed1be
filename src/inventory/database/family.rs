//! How the databases of one operator are recognised and understood.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::evidence::Evidence;
use super::known::Known;
use super::{FAMILIES, replicas};
use crate::inventory::kinds::Kind;
use crate::inventory::untold::forget_records;
use crate::inventory::workload::controller;
use crate::inventory::world::{World, namespace};
use crate::inventory::{Database, Group, Pod, PodId, Writer};
use crate::object::Object;

/// The databases of one operator.
pub(super) struct Family {
    /// API group and kind of the resource that stands for a database.
    pub(super) resource: Kind,
    /// What was read of the operator.
    pub(super) known: Known,
    /// The name of the resource whose member a pod is; `None` for every other pod, such as a
    /// proxy or a backup. The world tells apart operators that give their pods the same labels.
    pub(super) member_of: for<'p> fn(&World<'_>, &'p Pod) -> Option<&'p str>,
    /// How many members the resource asks for.
    pub(super) size: fn(&Value) -> Option<u32>,
    /// The units of a resource, where it stands for more than one.
    pub(super) units: Option<Units>,
    /// What is known of the database.
    pub(super) database: fn(&Evidence<'_>) -> Database,
    /// The pods the operator would make, members and others.
    pub(super) expand: fn(&Object) -> Vec<Pod>,
}

/// The parts of a resource that elect a writer and lose quorum each on its own.
pub(super) struct Units {
    /// Every unit that the resource asks for, and how many members it should have.
    pub(super) asked: fn(&Value) -> Vec<(String, u32)>,
    /// The unit that a member is of.
    pub(super) of: fn(&Pod) -> String,
}

/// Namespace and name of a resource, and the unit.
type Key<'k> = (&'k str, &'k str, String);

impl Family {
    pub(super) fn groups(&self, world: &World<'_>, pods: &[Pod]) -> Vec<Group> {
        let mut found = BTreeMap::<Key<'_>, Vec<PodId>>::new();
        for object in self.resources(world) {
            for unit in self.units(object) {
                let name = &object.reference().name;
                found.insert((namespace(object), name, unit), Vec::new());
            }
        }
        for (id, pod) in (0..).zip(pods) {
            if let Some((place, name)) = self.database_of(world, pod) {
                let unit = self.units.as_ref().map(|units| (units.of)(pod));
                let key = (place, name, unit.unwrap_or_default());
                found.entry(key).or_default().push(PodId(id));
            }
        }
        let found = found.into_iter();
        found
            .map(|(key, members)| self.group(world, pods, (key, members)))
            .collect()
    }

    /// The resources, but for those that another database made for itself.
    pub(super) fn resources<'w>(&self, world: &World<'w>) -> impl Iterator<Item = &'w Object> {
        world.all(self.resource).filter(|it| !is_child(it))
    }

    /// The pods the operator would make; no members of a database that has recorded ones, whose
    /// names and owners the operator draws.
    pub(super) fn assumed(&self, world: &World<'_>, recorded: &[Pod]) -> Vec<Pod> {
        let recorded = recorded
            .iter()
            .filter_map(|pod| self.database_of(world, pod));
        let recorded: BTreeSet<(&str, &str)> = recorded.collect();
        let made = self.resources(world).flat_map(self.expand);
        let missing = |pod: &Pod| {
            let database = self.database_of(world, pod);
            database.is_none_or(|database| !recorded.contains(&database))
        };
        made.filter(missing).collect()
    }

    /// Namespace and name of the resource whose member a pod is.
    fn database_of<'p>(&self, world: &World<'_>, pod: &'p Pod) -> Option<(&'p str, &'p str)> {
        Some((&pod.namespace, (self.member_of)(world, pod)?))
    }

    /// The units of a resource; one without a name where it is a single database.
    fn units(&self, object: &Object) -> Vec<String> {
        let Some(units) = &self.units else {
            return vec![String::new()];
        };
        let asked = (units.asked)(object.value()).into_iter();
        asked.map(|(unit, _)| unit).collect()
    }

    /// How many members a unit of a resource should have.
    fn size(&self, resource: &Value, unit: &str) -> Option<u32> {
        let Some(units) = &self.units else {
            return (self.size)(resource);
        };
        let asked = (units.asked)(resource).into_iter();
        let sizes = asked.filter_map(|(name, size)| (name == unit).then_some(size));
        sizes.max()
    }

    fn group(
        &self,
        world: &World<'_>,
        pods: &[Pod],
        ((place, name, unit), members): (Key<'_>, Vec<PodId>),
    ) -> Group {
        let resource = world.find(self.resource, place, name);
        let asked = resource.and_then(|it| self.size(it.value(), &unit));
        let evidence = Evidence {
            size: asked.unwrap_or_else(|| replicas(world, pods, &members)),
            world,
            pods,
            namespace: place,
            name,
            unit: &unit,
            resource,
            members,
        };
        world.missed.take();
        let mut database = (self.database)(&evidence);
        if let Some(why) = world.missed.take() {
            forget_records(&mut database, &why);
        }
        if let Some(doubt) = self.known.doubt(&evidence) {
            distrust(&mut database, doubt);
        }
        Group {
            kind: self.resource.name().into(),
            api_group: self.resource.group().into(),
            namespace: place.into(),
            name: name.into(),
            size: evidence.size,
            database: Some(Box::new(database)),
            members: evidence.members,
            unit: unit.into(),
        }
    }
}

/// Whether the resource of another database controls this one.
fn is_child(object: &Object) -> bool {
    let Some(parent) = controller(object) else {
        return false;
    };
    let mut families = FAMILIES.iter();
    families.any(|family| parent.resource() == family.resource)
}

/// An operator we have not read may tell its writer in other words.
fn distrust(database: &mut Database, doubt: String) {
    if let Writer::Known(writers) = &database.writer {
        let probable = writers.first().copied();
        database.writer = Writer::Untold { probable };
    }
    database.doubt = Some(doubt);
}
