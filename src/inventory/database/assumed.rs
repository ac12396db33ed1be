//! The pods that an operator makes of the parts of a resource: members, proxies and the rest.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::asked;
use crate::inventory::expand::labelled;
use crate::inventory::lenient::map;
use crate::inventory::world::namespace;
use crate::inventory::{Owner, Pod};
use crate::object::Object;

pub(super) const NAME: &str = "app.kubernetes.io/name";
pub(super) const INSTANCE: &str = "app.kubernetes.io/instance";
pub(super) const COMPONENT: &str = "app.kubernetes.io/component";
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub(super) const PART_OF: &str = "app.kubernetes.io/part-of";

/// A part of a resource, which becomes a workload.
pub(super) struct Part<'p> {
    /// Kind of the workload, `StatefulSet` or `Deployment`.
    pub(super) workload: &'static str,
    /// The name of the workload.
    pub(super) name: String,
    /// Where the resource describes the part: its labels, its annotations and its size.
    pub(super) spec: String,
    /// How many pods it has when the resource does not say.
    pub(super) size: u32,
    /// The labels of the operator, which win over those of the user.
    pub(super) labels: Vec<(&'p str, &'p str)>,
    pub(super) containers: Vec<&'p str>,
}

impl Part<'_> {
    /// The pods of this part of `object`.
    pub(super) fn pods(&self, object: &Object) -> Vec<Pod> {
        let template = self.template(object.value());
        let pod = |index: u32| {
            let owner = Owner::app(self.workload, self.name.clone());
            let name = format!("{}-{index}", self.name);
            labelled(Pod::assumed(&template, namespace(object), name, owner))
        };
        let size = asked(object.value(), &format!("{}/size", self.spec), self.size);
        (0..size).map(pod).collect()
    }

    fn template(&self, resource: &Value) -> Value {
        let described = |what: &str| map(resource, &format!("{}/{what}", self.spec));
        let mut labels: BTreeMap<String, String> = described("labels");
        let own = self.labels.iter();
        labels.extend(own.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let containers = self.containers.iter();
        let containers: Vec<Value> = containers.map(|name| json!({"name": name})).collect();
        json!({
            "metadata": {"labels": labels, "annotations": described("annotations")},
            "spec": {"containers": containers},
        })
    }
}
