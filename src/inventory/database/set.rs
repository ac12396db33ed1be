//! The pods of one workload, and what they and it say of themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::inventory::lenient::{count, list, map, text};
use crate::inventory::workload::{self, controller};
use crate::inventory::world::{World, namespace};
use crate::inventory::{Owner, Pod, PodId, narrow};
use crate::object::Object;

/// Labels that tell the parts of a release apart.
pub(super) const COMPONENTS: [&str; 2] = ["app.kubernetes.io/component", "component"];
/// Labels that name a release.
pub(super) const INSTANCES: [&str; 2] = ["app.kubernetes.io/instance", "release"];
/// Labels that may name an engine.
pub(super) const NAMES: [&str; 3] = ["app.kubernetes.io/name", "app", "k8s-app"];

/// Workloads that end when their work is done.
const WORK: [&str; 3] = ["CronJob", "Job", "Workflow"];

/// The pods of one workload that no operator's database claims.
pub(super) struct Set<'s> {
    pub(super) namespace: &'s str,
    pub(super) owner: Owner,
    workload: Option<&'s Object>,
    /// What tells the most about all of them: the workload's template, else one of them.
    template: &'s Value,
    pub(super) pods: Vec<(PodId, &'s Pod)>,
}

/// Every workload with pods that no database claims, and every StatefulSet without pods that
/// nothing controls.
pub(super) fn sets<'s>(world: &World<'s>, pods: &'s [Pod], claimed: &[bool]) -> Vec<Set<'s>> {
    let mut workloads = BTreeMap::<(&str, Owner), Vec<(PodId, &Pod)>>::new();
    let free = |it: &&Object| controller(it).is_none();
    for object in world.all(("apps", "StatefulSet")).filter(free) {
        let owner = Owner::app("StatefulSet", object.reference().name.clone());
        workloads.entry((namespace(object), owner)).or_default();
    }
    let mut taken = Vec::new();
    for ((id, pod), claimed) in (0..).zip(pods).zip(claimed) {
        let owner = pod.owner.clone().unwrap_or_else(|| bare(pod));
        let key = (pod.namespace.as_str(), owner);
        if *claimed {
            taken.push(key);
        } else if !pod.is_finished() {
            workloads.entry(key).or_default().push((PodId(id), pod));
        }
    }
    for key in taken {
        if workloads.get(&key).is_some_and(Vec::is_empty) {
            workloads.remove(&key);
        }
    }
    let set = |((place, owner), pods)| Set::new(world, place, owner, pods);
    workloads.into_iter().map(set).collect()
}

/// A bare pod is a workload of its own.
fn bare(pod: &Pod) -> Owner {
    Owner {
        kind: "Pod".to_owned(),
        name: pod.name.clone(),
        ..Owner::default()
    }
}

impl<'s> Set<'s> {
    fn new(
        world: &World<'s>,
        namespace: &'s str,
        owner: Owner,
        pods: Vec<(PodId, &'s Pod)>,
    ) -> Self {
        const NOTHING: &Value = &Value::Null;
        let workload = world.find(owner.resource(), namespace, &owner.name);
        let first = pods.first();
        let first = first.and_then(|it| world.find(("", "Pod"), namespace, &it.1.name));
        let template = workload.and_then(|it| it.value().pointer("/spec/template"));
        let template = template.or(first.map(Object::value)).unwrap_or(NOTHING);
        Self {
            namespace,
            owner,
            workload,
            template,
            pods,
        }
    }

    /// Its pods, with their ids.
    pub(super) fn members(&self) -> impl Iterator<Item = (PodId, &'s Pod)> {
        self.pods.iter().copied()
    }

    /// How many pods it should have.
    pub(super) fn size(&self, world: &World<'_>) -> u32 {
        let present = self.pods.len();
        workload::size(world, self.namespace, &self.owner, present).max(narrow(present))
    }

    /// Whether it is told to have no pods.
    pub(super) fn is_scaled_to_nothing(&self) -> bool {
        let asked = self.workload.map(|it| count(it.value(), "/spec/replicas"));
        asked == Some(Some(0))
    }

    /// Whether its pods end when their work is done.
    pub(super) fn is_work(&self) -> bool {
        let ends = |(_, pod): &(PodId, &Pod)| pod.restart_policy != "Always";
        WORK.contains(&self.owner.kind.as_str()) || self.pods.iter().any(ends)
    }

    pub(super) fn is_stateful(&self) -> bool {
        self.owner.kind == "StatefulSet"
    }

    /// A label of its pods, else of its template, else of the workload; empty when there is none.
    pub(super) fn label(&self, key: &str) -> &'s str {
        let of_pods = self.pods.iter().map(|(_, pod)| pod.label(key));
        let of_workload = self.workload.and_then(|it| it.label(key));
        let of_template = self.of_template(key);
        let mut all = of_pods.chain(of_template).chain(of_workload);
        all.find(|it| !it.is_empty()).unwrap_or_default()
    }

    /// A label of the workload itself.
    pub(super) fn own_label(&self, key: &str) -> &'s str {
        self.workload
            .and_then(|it| it.label(key))
            .unwrap_or_default()
    }

    /// The first of these labels that it has.
    pub(super) fn first_label(&self, keys: &[&str]) -> &'s str {
        let values = keys.iter().map(|key| self.label(key));
        let mut values = values.filter(|value| !value.is_empty());
        values.next().unwrap_or_default()
    }

    /// A label that its template gives to every pod.
    fn of_template(&self, key: &str) -> Option<&'s str> {
        let labels = self.template.pointer("/metadata/labels")?;
        labels.get(key)?.as_str()
    }

    /// The words that say which part of a release it is.
    pub(super) fn words(&self) -> Vec<&'s str> {
        let components = COMPONENTS.iter().map(|key| self.label(key));
        // A role that moves from pod to pod is no part.
        let role = self.workload.and_then(|_| self.of_template("role"));
        let words = components.chain(role);
        words.filter(|word| !word.is_empty()).collect()
    }

    /// What its user says of it: an annotation or label of a pod or of the workload.
    pub(super) fn own_mark(&self, key: &str) -> Option<&'s str> {
        let pod = |pod: &'s Pod| pod.annotations.get(key).or_else(|| pod.labels.get(key));
        let pods = self.pods.iter().filter_map(|it| pod(it.1));
        let workload = self.workload.and_then(|it| mark(it, key));
        let mut all = pods.map(String::as_str).chain(workload);
        all.find(|it| !it.is_empty())
    }

    /// What its user says of everything in the namespace.
    pub(super) fn namespace_mark<'w>(&self, world: &World<'w>, key: &str) -> Option<&'w str> {
        mark(world.cluster_wide(("", "Namespace"), self.namespace)?, key)
    }

    /// The objects that may carry what its user says of it.
    pub(super) fn marked<'w>(
        &self,
        world: &World<'w>,
    ) -> impl Iterator<Item = &'w Object> + use<'w> {
        let workload = world.find(self.owner.resource(), self.namespace, &self.owner.name);
        let pods = self.pods.iter();
        let pods = pods.filter_map(|it| world.find(("", "Pod"), self.namespace, &it.1.name));
        let all: Vec<&'w Object> = workload.into_iter().chain(pods).collect();
        all.into_iter()
    }

    /// Whether its template gives every pod this label, so that it never moves. What is not known
    /// to move is fixed.
    pub(super) fn fixes(&self, key: &str) -> bool {
        let template = self
            .workload
            .and_then(|it| it.value().pointer("/spec/template"));
        let labels = |template: &Value| map(template, "/metadata/labels");
        template.is_none_or(|template| labels(template).contains_key(key))
    }

    /// Its containers.
    pub(super) fn containers(&self) -> &'s [Value] {
        list(self.template, "/spec/containers")
    }

    /// The claims of one of its pods. Of a pod that is not there they are those of its template.
    pub(super) fn claims(&self, world: &World<'_>, pod: &Pod) -> Vec<String> {
        let recorded = world.find(("", "Pod"), self.namespace, &pod.name);
        let spec = recorded.map_or(self.template, Object::value);
        let volumes = list(spec, "/spec/volumes").iter();
        let claims = volumes.map(|it| text(it, "/persistentVolumeClaim/claimName").to_owned());
        let templates = self.workload.map(Object::value);
        let templates = templates.map_or(&[][..], |it| list(it, "/spec/volumeClaimTemplates"));
        let names = templates.iter().map(|it| text(it, "/metadata/name"));
        let own = names.map(|name| format!("{name}-{}", pod.name));
        let mut all: Vec<String> = claims.filter(|it| !it.is_empty()).chain(own).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether its pods have volumes that outlive them.
    pub(super) fn keeps_data(&self, world: &World<'_>) -> bool {
        let templates = self.workload.map(Object::value);
        let templates = templates.map_or(&[][..], |it| list(it, "/spec/volumeClaimTemplates"));
        let claims = |it: &Value| it.pointer("/persistentVolumeClaim").is_some();
        let of_template = list(self.template, "/spec/volumes").iter().any(claims);
        let mut pods = self.pods.iter();
        !templates.is_empty() || of_template || pods.any(|it| !self.claims(world, it.1).is_empty())
    }

    /// When its workload was made.
    pub(super) fn created(&self) -> Option<jiff::Timestamp> {
        let workload = self.workload?;
        crate::inventory::lenient::instant(workload.value(), "/metadata/creationTimestamp")
    }
}

/// An annotation or label of an object.
fn mark<'o>(object: &'o Object, key: &str) -> Option<&'o str> {
    object.annotation(key).or_else(|| object.label(key))
}
