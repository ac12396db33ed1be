//! What is around databases, as far as manifests tell it.
//!
//! Manifests do not tell all of a cluster. Secrets are rarely among them, and whether a storage was
//! reached never is: where they are silent that is assumed, and the assumption is told.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::backup::{self, Around, DatabaseKind, KIND, STORAGE_REACHABLE, Schema, Secret};
use crate::object::{Object, ObjectRef};
use crate::policy::spec::GROUP;

/// API group and kind.
type Kind = (String, String);

/// Where kinds are defined.
const DEFINITION: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");
/// The plugin of CloudNativePG, by the label of its Service.
const PLUGIN: &str = "cnpg.io/pluginName";
/// The group of that plugin's own kinds.
const PLUGIN_GROUP: &str = "barmancloud.cnpg.io";

/// What is around databases.
#[derive(Debug, Default)]
pub struct Vicinity {
    objects: BTreeMap<Kind, Vec<Object>>,
    secrets: BTreeMap<(String, String), Secret>,
    assumed: RefCell<BTreeSet<String>>,
}

/// The kind of database that an object is of.
#[must_use]
pub fn database(object: &Object) -> Option<DatabaseKind> {
    backup::kinds().find(|it| object.is(it.group, it.kind))
}

impl Vicinity {
    /// Keeps an object, where it matters here. Of a secret only the names of its keys are kept.
    pub fn put(&mut self, object: &Object) {
        let reference = object.reference();
        if object.is("", "Secret") {
            let place = (reference.namespace.clone(), reference.name.clone());
            self.secrets.insert(place, Secret::Present(keys(object)));
        } else if matters(object) {
            let kind = (reference.group.clone(), reference.kind.clone());
            self.objects.entry(kind).or_default().push(object.clone());
        }
    }

    /// The schema of the version of an object, where its definition is here.
    #[must_use]
    pub fn schema(&self, object: &ObjectRef) -> Option<Schema> {
        let mut definitions = self.all(DEFINITION.0, DEFINITION.1).iter();
        let definition = definitions.find(|it| defines(it.value(), &object.group, &object.kind))?;
        Schema::of(definition.value(), &object.version)
    }

    /// What was assumed since this was last asked.
    #[must_use]
    pub fn assumed(&self) -> Vec<String> {
        self.assumed.take().into_iter().collect()
    }

    fn all(&self, group: &str, kind: &str) -> &[Object] {
        let found = self.objects.get(&(group.to_owned(), kind.to_owned()));
        found.map_or(&[], Vec::as_slice)
    }

    fn assume(&self, what: String) {
        self.assumed.borrow_mut().insert(what);
    }

    /// Whether any defaults ask what a namespace says of itself.
    fn selects(&self) -> bool {
        let mut all = self.all(GROUP, KIND).iter();
        all.any(|it| it.spec().get("appliesTo").get("namespaces").is_set())
    }
}

impl Around for Vicinity {
    fn namespace(&self, name: &str) -> Option<Object> {
        let mut all = self.all("", "Namespace").iter();
        let found = all.find(|it| it.reference().name == name).cloned();
        if found.is_none() && self.selects() {
            self.assume(format!("namespace {name} has no labels"));
        }
        let plain = || json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        found.or_else(|| Object::new(plain()).ok())
    }

    fn objects(&self, group: &str, kind: &str, namespace: &str) -> Option<Vec<Object>> {
        let all = self.all(group, kind);
        // Services that are recorded have no labels, and manifests rarely hold those of an operator.
        if all.is_empty() && (group, kind) == ("", "Service") {
            return None;
        }
        let here = |it: &&Object| namespace.is_empty() || it.reference().namespace == namespace;
        Some(all.iter().filter(here).cloned().collect())
    }

    fn secret(&self, namespace: &str, name: &str) -> Secret {
        let place = (namespace.to_owned(), name.to_owned());
        self.secrets.get(&place).cloned().unwrap_or_else(|| {
            self.assume(format!("secret {namespace}/{name} is there"));
            Secret::Keyless
        })
    }

    fn is_reachable(&self, defaults: &str) -> bool {
        let mut all = self.all(GROUP, KIND).iter();
        let found = all.find(|it| it.reference().name == defaults);
        let told = found.and_then(|it| reached(it.value()));
        told.unwrap_or_else(|| {
            self.assume(format!("the storage of {KIND} {defaults} can be reached"));
            true
        })
    }
}

fn matters(object: &Object) -> bool {
    let group = object.reference().group.as_str();
    if object.is(DEFINITION.0, DEFINITION.1) {
        return backup::kinds().any(|it| defines(object.value(), it.group, it.kind));
    }
    object.is("", "Namespace")
        || (object.is("", "Service") && object.label(PLUGIN).is_some())
        || object.is(GROUP, KIND)
        || group == PLUGIN_GROUP
        || backup::kinds().any(|it| it.group == group)
}

fn defines(definition: &Value, group: &str, kind: &str) -> bool {
    let is = |pointer, word| definition.pointer(pointer).and_then(Value::as_str) == Some(word);
    is("/spec/group", group) && is("/spec/names/kind", kind)
}

fn keys(secret: &Object) -> BTreeSet<String> {
    let parts = ["data", "stringData"].map(|part| secret.value().get(part));
    let maps = parts.into_iter().flatten().filter_map(Value::as_object);
    maps.flat_map(|map| map.keys().cloned()).collect()
}

/// What the controller found out about the storage of defaults, where it did.
fn reached(defaults: &Value) -> Option<bool> {
    let conditions = defaults.pointer("/status/conditions")?.as_array()?;
    let is = |it: &Value, key: &str, word: &str| it.get(key).and_then(Value::as_str) == Some(word);
    let found = conditions
        .iter()
        .find(|it| is(it, "type", STORAGE_REACHABLE))?;
    Some(is(found, "status", "True"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vicinity(objects: &[Value]) -> Vicinity {
        let mut vicinity = Vicinity::default();
        for value in objects {
            vicinity.put(&Object::new(value.clone()).unwrap());
        }
        vicinity
    }

    #[test]
    fn what_manifests_do_not_tell_is_assumed_and_told() {
        let vicinity = vicinity(&[]);
        assert_eq!(vicinity.secret("shop", "keys"), Secret::Keyless);
        assert!(vicinity.is_reachable("default"));
        assert!(vicinity.namespace("shop").is_some());
        let told = [
            "secret shop/keys is there",
            "the storage of BackupDefaults default can be reached",
        ];
        assert_eq!(vicinity.assumed(), told);
        assert!(vicinity.assumed().is_empty());
    }

    #[test]
    fn what_they_tell_counts() {
        let secret = json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "keys", "namespace": "shop"}, "stringData": {"a": "x"}});
        let condition = json!([{"type": "StorageReachable", "status": "False"}]);
        let defaults = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
            "metadata": {"name": "default"}, "status": {"conditions": condition}});
        let vicinity = vicinity(&[secret, defaults]);
        let keys = BTreeSet::from(["a".to_owned()]);
        assert_eq!(vicinity.secret("shop", "keys"), Secret::Present(keys));
        assert!(!vicinity.is_reachable("default"));
        assert!(vicinity.assumed().is_empty());
        assert!(
            !format!("{vicinity:?}").contains("\"x\""),
            "a value of a secret"
        );
    }

    #[test]
    fn whether_a_plugin_is_installed_is_not_known_without_its_service() {
        assert_eq!(vicinity(&[]).objects("", "Service", ""), None);
        let labels = json!({"cnpg.io/pluginName": "barman-cloud.cloudnative-pg.io"});
        let service = json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "barman", "namespace": "cnpg-system", "labels": labels}});
        let found = vicinity(&[service]).objects("", "Service", "");
        assert_eq!(found.map(|it| it.len()), Some(1));
    }
}
