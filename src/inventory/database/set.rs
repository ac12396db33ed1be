//! The pods of one workload, and what they and it say of themselves.

use std::collections::BTreeMap;

use crate::inventory::kinds::STATEFUL_SET;
use crate::inventory::words::Text;
use crate::inventory::workload::{self, Workload};
use crate::inventory::world::World;
use crate::inventory::{Facts, Owner, Pod, PodId, narrow};

use super::program::Program;

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
    workload: Option<&'s Workload>,
    /// What tells the most about all of them: the workload's template, else one of them.
    template: Option<&'s Facts>,
    pub(super) pods: Vec<(PodId, &'s Pod)>,
}

/// Every workload with pods that no database claims, and every StatefulSet without pods that
/// nothing controls.
pub(super) fn sets<'s>(world: &World<'s>, pods: &'s [Pod], claimed: &[bool]) -> Vec<Set<'s>> {
    let mut workloads = BTreeMap::<(&str, Owner), Vec<(PodId, &Pod)>>::new();
    let all = world.workloads(STATEFUL_SET);
    for workload in all.filter(|it| it.controller.is_none()) {
        let owner = Owner::app(STATEFUL_SET.name(), workload.name.clone());
        let place = workload.namespace.as_str();
        workloads.entry((place, owner)).or_default();
    }
    let mut taken = Vec::new();
    for ((id, pod), claimed) in (0..).zip(pods).zip(claimed) {
        let owner = pod.workload();
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

impl<'s> Set<'s> {
    fn new(
        world: &World<'s>,
        namespace: &'s str,
        owner: Owner,
        pods: Vec<(PodId, &'s Pod)>,
    ) -> Self {
        let workload = world.workload(namespace, &owner);
        let first = pods.first();
        let first = first.and_then(|it| world.pod(namespace, &it.1.name));
        let template = workload.and_then(|it| it.template.as_deref());
        let template = template.or(first.map(|it| &**it));
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
        self.workload.is_some_and(|it| it.replicas == Some(0))
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
        let of_workload = self.workload.and_then(|it| it.labels.get(key));
        let of_template = self.of_template(key);
        let mut all = of_pods.chain(of_template).chain(of_workload);
        all.find(|it| !it.is_empty()).unwrap_or_default()
    }

    /// A label of the workload itself.
    pub(super) fn own_label(&self, key: &str) -> &'s str {
        self.workload
            .and_then(|it| it.labels.get(key))
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
        self.template?.labels.get(key)
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
        let workload = self.workload.and_then(|it| it.mark(key));
        let mut all = pods.chain(workload);
        all.find(|it| !it.is_empty())
    }

    /// What its user says of everything in the namespace.
    pub(super) fn namespace_mark<'w>(&self, world: &World<'w>, key: &str) -> Option<&'w str> {
        let namespace = world.store.namespaces.get(self.namespace)?;
        let own = namespace.annotations.get(key);
        own.or_else(|| namespace.labels.get(key))
            .map(String::as_str)
    }

    /// What its user says of it and of each of its pods by an annotation, of those that stay.
    pub(super) fn said(&self, world: &World<'s>, key: &str) -> Vec<&'s str> {
        let workload = self.workload.filter(|it| !it.leaves);
        let workload = workload.and_then(|it| it.annotations.get(key));
        let pods = self.pods.iter();
        let pods = pods.filter_map(|it| world.pod(self.namespace, &it.1.name));
        let pods = pods.filter(|it| !it.leaves);
        let pods = pods.filter_map(|it| it.annotations.get(key));
        workload.into_iter().chain(pods).collect()
    }

    /// Whether its template gives every pod this label, so that it never moves. What is not known
    /// to move is fixed.
    pub(super) fn fixes(&self, key: &str) -> bool {
        let template = self.workload.and_then(|it| it.template.as_deref());
        template.is_none_or(|template| template.labels.contains_key(key))
    }

    /// What its containers run.
    pub(super) fn programs(&self) -> &'s [Program] {
        self.template.map_or(&[], |it| it.programs.as_slice())
    }

    /// The claims of one of its pods. Of a pod that is not there they are those of its template.
    pub(super) fn claims(&self, pod: &Pod) -> Vec<String> {
        let described = if pod.assumed {
            self.template
        } else {
            Some(&**pod)
        };
        let mounted = described.map_or(&[][..], |it| &it.claims);
        let mounted = mounted.iter().map(ToString::to_string);
        let own = self.own_claims().iter();
        let own = own.map(|claim| format!("{claim}-{}", pod.name));
        let mut all: Vec<String> = mounted.chain(own).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The names of the claims that its workload makes for each pod.
    fn own_claims(&self) -> &'s [Text] {
        self.workload.map_or(&[], |it| &it.claims)
    }

    /// Whether its pods have volumes that outlive them.
    pub(super) fn keeps_data(&self) -> bool {
        let of_template = self.template.is_some_and(|it| !it.claims.is_empty());
        let mut pods = self.pods.iter();
        !self.own_claims().is_empty() || of_template || pods.any(|(_, pod)| !pod.claims.is_empty())
    }

    /// When its workload was made.
    pub(super) fn created(&self) -> Option<jiff::Timestamp> {
        self.workload?.created
    }
}
