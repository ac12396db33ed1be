//! What is kept of the objects that an inventory is made of: facts of those there are many of, and
//! the objects themselves, trimmed, of those there are few of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::budget::Wish;
use super::database;
use super::kinds;
use super::pod::{Facts, is_dropped};
use super::service::Address;
use super::words::{Text, Words};
use super::workload::Workload;
use super::world::namespace;
use super::{Namespace, Node};
use crate::fault;
use crate::object::{Object, ObjectRef};

/// By namespace and name. What has no namespace is in one without a name.
pub(super) type ByPlace<T> = BTreeMap<Text, BTreeMap<Text, T>>;

/// By API group and kind.
type ByKind<T> = BTreeMap<Text, BTreeMap<Text, ByPlace<T>>>;

/// What is kept of the objects that an inventory is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct Store {
    words: Words,
    pub(super) pods: ByPlace<Arc<Facts>>,
    pub(super) workloads: ByKind<Workload>,
    pub(super) services: ByPlace<Address>,
    pub(super) budgets: ByPlace<Wish>,
    pub(super) nodes: BTreeMap<Text, Node>,
    pub(super) namespaces: BTreeMap<Text, Arc<Namespace>>,
    /// Everything else, and of the kinds above what may be chaos.
    pub(super) objects: ByKind<Arc<Object>>,
}

impl Store {
    pub(super) fn of(objects: &[Object]) -> Self {
        let mut store = Self::default();
        for object in objects {
            store.put(object);
        }
        store
    }

    /// Keeps what a decision needs of an object, in place of what was kept under its name; answers
    /// the object as it is kept, where it is.
    pub(super) fn put(&mut self, object: &Object) -> Option<Arc<Object>> {
        let reference = object.reference();
        let words = &mut self.words;
        words.tidy();
        let (place, name) = (words.text(namespace(object)), words.text(&reference.name));
        let kind = (reference.group.as_str(), reference.kind.as_str());
        if kind == kinds::POD {
            let facts = Arc::new(Facts::recorded(object, words));
            self.pods.entry(place).or_default().insert(name, facts);
        } else if kind == kinds::SERVICE {
            let address = Address::recorded(object, words);
            self.services
                .entry(place)
                .or_default()
                .insert(name, address);
        } else if kind == kinds::BUDGET {
            let wish = Wish::recorded(object);
            self.budgets.entry(place).or_default().insert(name, wish);
        } else if kind == kinds::NODE {
            self.nodes.insert(name, Node::recorded(object, words));
        } else if kind == kinds::NAMESPACE {
            let namespace = Arc::new(Namespace::recorded(object));
            self.namespaces.insert(name, namespace);
        } else {
            self.put_other(object, (place, name));
        }
        self.put_whole(object)
    }

    /// What makes pods, in a few words. What only its pods' labels would say of it is not kept.
    fn put_other(&mut self, object: &Object, (place, name): (Text, Text)) {
        if !makes_pods(object) {
            return;
        }
        let workload = Workload::recorded(object, &mut self.words);
        let reference = object.reference();
        let kinds = entry(&mut self.workloads, &reference.group, &mut self.words);
        let places = entry(kinds, &reference.kind, &mut self.words);
        let names = places.entry(place).or_default();
        if workload.is_told_by_its_pods(&name) {
            names.remove(&name);
        } else {
            names.insert(name, workload);
        }
    }

    /// Keeps the object itself, trimmed, where something reads more of it.
    fn put_whole(&mut self, object: &Object) -> Option<Arc<Object>> {
        let reference = object.reference();
        if !is_read_whole(object) {
            self.remove_whole(reference);
            return None;
        }
        let words = &mut self.words;
        let (place, name) = (words.text(namespace(object)), words.text(&reference.name));
        let kinds = entry(&mut self.objects, &reference.group, words);
        let places = entry(kinds, &reference.kind, words);
        let names = places.entry(place).or_default();
        let whole = Arc::new(trimmed(object));
        names.insert(name, Arc::clone(&whole));
        Some(whole)
    }

    /// Forgets an object.
    pub(super) fn remove(&mut self, reference: &ObjectRef) {
        let kind = (reference.group.as_str(), reference.kind.as_str());
        let (place, name) = (place_of(reference), reference.name.as_str());
        if kind == kinds::POD {
            take(&mut self.pods, place, name);
        } else if kind == kinds::SERVICE {
            take(&mut self.services, place, name);
        } else if kind == kinds::BUDGET {
            take(&mut self.budgets, place, name);
        } else if kind == kinds::NODE {
            self.nodes.remove(name);
        } else if kind == kinds::NAMESPACE {
            self.namespaces.remove(name);
        } else if let Some(places) = of_kind_mut(&mut self.workloads, kind) {
            take(places, place, name);
        }
        self.remove_whole(reference);
    }

    fn remove_whole(&mut self, reference: &ObjectRef) {
        let kind = (reference.group.as_str(), reference.kind.as_str());
        if let Some(places) = of_kind_mut(&mut self.objects, kind) {
            take(places, place_of(reference), &reference.name);
        }
    }

    /// Forgets every object of a kind but those that `keep` wants, by namespace and name.
    pub(super) fn retain(&mut self, kind: (&str, &str), keep: impl Fn(&str, &str) -> bool) {
        if kind == kinds::POD {
            keep_in(&mut self.pods, &keep);
        } else if kind == kinds::SERVICE {
            keep_in(&mut self.services, &keep);
        } else if kind == kinds::BUDGET {
            keep_in(&mut self.budgets, &keep);
        } else if kind == kinds::NODE {
            self.nodes.retain(|name, _| keep("", name));
        } else if kind == kinds::NAMESPACE {
            self.namespaces.retain(|name, _| keep("", name));
        } else if let Some(places) = of_kind_mut(&mut self.workloads, kind) {
            // Of what has no namespace nothing but an owner could be here, and that is of one.
            keep_in(places, &|place, name| keep(place, name) || keep("", name));
        }
        if let Some(places) = of_kind_mut(&mut self.objects, kind) {
            for names in places.values_mut() {
                names.retain(|name, object| keep(&object.reference().namespace, name));
            }
        }
    }

    /// Takes what `list` keeps of a kind in place of what is kept here.
    pub(super) fn adopt(&mut self, kind: (&str, &str), list: Self) {
        if kind == kinds::POD {
            self.pods = list.pods;
        } else if kind == kinds::SERVICE {
            self.services = list.services;
        } else if kind == kinds::BUDGET {
            self.budgets = list.budgets;
        } else if kind == kinds::NODE {
            self.nodes = list.nodes;
        } else if kind == kinds::NAMESPACE {
            self.namespaces = list.namespaces;
        }
        replace(&mut self.workloads, list.workloads, kind);
        replace(&mut self.objects, list.objects, kind);
        self.words.absorb(list.words);
    }

    /// How many objects of a kind something is kept of.
    pub(super) fn count(&self, kind: (&str, &str)) -> usize {
        let objects = of_kind(&self.objects, kind).map_or(0, size);
        if kind == kinds::POD {
            size(&self.pods)
        } else if kind == kinds::SERVICE {
            size(&self.services)
        } else if kind == kinds::BUDGET {
            size(&self.budgets)
        } else if kind == kinds::NODE {
            self.nodes.len()
        } else if kind == kinds::NAMESPACE {
            self.namespaces.len()
        } else {
            objects.max(of_kind(&self.workloads, kind).map_or(0, size))
        }
    }

    /// Every object of a kind that is kept itself, by namespace and name.
    pub(super) fn all(&self, kind: (&str, &str)) -> impl Iterator<Item = &Arc<Object>> + use<'_> {
        let places = of_kind(&self.objects, kind)
            .into_iter()
            .flat_map(BTreeMap::values);
        places.flat_map(BTreeMap::values)
    }

    /// Every object that is kept itself, by kind, namespace and name.
    pub(super) fn whole(&self) -> impl Iterator<Item = &Arc<Object>> {
        let kinds = self.objects.values().flat_map(BTreeMap::values);
        let places = kinds.flat_map(BTreeMap::values);
        places.flat_map(BTreeMap::values)
    }
}

/// Whether pods may be counted in an object. Of what Kubernetes itself serves, only what has a
/// template.
pub(super) fn makes_pods(object: &Object) -> bool {
    let has_template = object.spec().get("template").is_set();
    has_template || object.spec().get("replicas").is_set() || object.reference().group.contains('.')
}

/// Kinds of which facts are enough, unless they say that they are chaos.
const IN_FACTS: &[kinds::Kind] = &[
    kinds::POD,
    kinds::SERVICE,
    kinds::BUDGET,
    kinds::NODE,
    kinds::NAMESPACE,
    kinds::REPLICATION_CONTROLLER,
    kinds::DAEMON_SET,
    kinds::DEPLOYMENT,
    kinds::REPLICA_SET,
    kinds::STATEFUL_SET,
    kinds::ROLLOUT,
    kinds::JOB,
];

/// Whether an object is of a kind of which facts are enough.
pub(super) fn is_in_facts(object: &Object) -> bool {
    let reference = object.reference();
    let kind = (reference.group.as_str(), reference.kind.as_str());
    IN_FACTS.iter().any(|it| kind == *it)
}

/// Whether somebody reads more of an object than facts.
pub(super) fn is_read_whole(object: &Object) -> bool {
    let reference = object.reference();
    let kind = (reference.group.as_str(), reference.kind.as_str());
    if is_in_facts(object) {
        return fault::may_be_live(object) || database::is_trace(object);
    }
    let around = fault::Surroundings::keeps(object);
    fault::is_read(kind) || (!around && kinds::ROWS.iter().any(|row| kind == row.kind))
}

/// What no reader looks at, and is long: where it is, and what.
const DROPPED: &[(&str, &str)] = &[("/metadata", "managedFields")];
/// The same, of what is no chaos: what is run by Jobs, which may hold credentials.
const OF_JOBS: &[(kinds::Kind, &str, &str)] = &[
    (kinds::CRON_JOB, "/spec/jobTemplate/spec/template", "spec"),
    (kinds::JOB, "/spec/template", "spec"),
];

/// An object without what no reader looks at.
pub(super) fn trimmed(object: &Object) -> Object {
    let mut value = object.value().clone();
    let own = OF_JOBS
        .iter()
        .filter(|(kind, ..)| object.is(kind.group(), kind.name()) && !fault::may_be_live(object));
    let own = own.map(|(_, parent, key)| (*parent, *key));
    for (parent, key) in DROPPED.iter().copied().chain(own) {
        if let Some(Value::Object(parent)) = value.pointer_mut(parent) {
            parent.remove(key);
        }
    }
    if let Some(Value::Object(annotations)) = value.pointer_mut("/metadata/annotations") {
        annotations.retain(|key, _| !is_dropped(key));
    }
    // What names it is still there.
    let kept = Object::new(value).map(|it| it.in_namespace(&object.reference().namespace));
    kept.unwrap_or_else(|_| object.clone())
}

fn entry<'m, T: Default>(
    map: &'m mut BTreeMap<Text, T>,
    key: &str,
    words: &mut Words,
) -> &'m mut T {
    map.entry(words.text(key)).or_default()
}

fn of_kind<'k, T>(kinds: &'k ByKind<T>, (group, kind): (&str, &str)) -> Option<&'k ByPlace<T>> {
    kinds.get(group)?.get(kind)
}

fn replace<T>(kinds: &mut ByKind<T>, mut list: ByKind<T>, (group, kind): (&str, &str)) {
    let listed = list.get_mut(group).and_then(|it| it.remove(kind));
    let known = kinds.entry(group.into()).or_default();
    known.insert(kind.into(), listed.unwrap_or_default());
}

fn size<T>(places: &ByPlace<T>) -> usize {
    places.values().map(BTreeMap::len).sum()
}

fn of_kind_mut<'k, T>(
    kinds: &'k mut ByKind<T>,
    (group, kind): (&str, &str),
) -> Option<&'k mut ByPlace<T>> {
    kinds.get_mut(group)?.get_mut(kind)
}

fn take<T>(places: &mut ByPlace<T>, place: &str, name: &str) {
    if let Some(names) = places.get_mut(place) {
        names.remove(name);
        if names.is_empty() {
            places.remove(place);
        }
    }
}

fn keep_in<T>(places: &mut ByPlace<T>, keep: &impl Fn(&str, &str) -> bool) {
    for (place, names) in places.iter_mut() {
        names.retain(|name, _| keep(place, name));
    }
    places.retain(|_, names| !names.is_empty());
}

/// Where an object is, as `kubectl` would put it.
fn place_of(reference: &ObjectRef) -> &str {
    match reference.namespace.as_str() {
        "" => super::world::DEFAULT,
        namespace => namespace,
    }
}
