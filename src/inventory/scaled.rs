//! Workloads that are scaled: which of their pods that concerns.

use super::Pod;
use super::lenient::{count, map};
use super::world::{World, namespace};
use crate::fault::{Namespaces, Scaling};
use crate::selector::LabelSelector;
use std::collections::BTreeMap;

/// The kinds that can be scaled.
const KINDS: [&str; 2] = ["Deployment", "StatefulSet"];

/// A workload that can be scaled.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalable {
    kind: &'static str,
    namespace: String,
    name: String,
    labels: BTreeMap<String, String>,
    replicas: u32,
    /// The number of its first pod, where pods are numbered.
    first: u32,
}

/// Every workload that can be scaled, by kind, namespace and name.
pub(super) fn scalable(world: &World<'_>) -> Vec<Scalable> {
    let of_kind = |kind: &'static str| {
        world.all(("apps", kind)).map(move |object| Scalable {
            kind,
            namespace: namespace(object).to_owned(),
            name: object.reference().name.clone(),
            labels: map(object.value(), "/metadata/labels"),
            replicas: count(object.value(), "/spec/replicas").unwrap_or(1),
            first: count(object.value(), "/spec/ordinals/start").unwrap_or(0),
        })
    };
    KINDS.into_iter().flat_map(of_kind).collect()
}

impl Scalable {
    /// Whether scaling to `keeps` pods takes this one away. Which of the pods of a Deployment go,
    /// nobody can tell.
    fn loses(&self, pod: &Pod, keeps: u32) -> bool {
        let ordinal = pod
            .name
            .rsplit_once('-')
            .and_then(|(_, end)| end.parse().ok());
        match (self.kind, ordinal) {
            ("StatefulSet", Some(ordinal)) => u32::saturating_sub(ordinal, self.first) >= keeps,
            _ => self.replicas > keeps,
        }
    }
}

/// A scaling, made ready to be asked of many pods.
pub(super) struct Scaled<'s> {
    known: Vec<&'s Scalable>,
    chosen: Vec<&'s Scalable>,
    keeps: Option<u32>,
}

impl<'s> Scaled<'s> {
    /// Scales workloads of a kind, in lower case. When which comes first may change, any may.
    pub(super) fn new(
        (kind, scaling): (&str, &Scaling),
        namespaces: &Namespaces,
        all: &'s [Scalable],
        later: bool,
    ) -> Self {
        let here = |it: &&Scalable| match namespaces {
            Namespaces::Named(names) => names.contains(&it.namespace),
            Namespaces::All | Namespaces::Labelled(_) | Namespaces::Annotated { .. } => true,
        };
        let of_kind = all.iter().filter(|it| it.kind.eq_ignore_ascii_case(kind));
        let known: Vec<&Scalable> = of_kind.filter(here).collect();
        let mut chosen = known.clone();
        chosen.retain(|it| matches(&scaling.labels, it));
        if !later {
            let percent = usize::try_from(scaling.percent.min(100)).unwrap_or(100);
            let first = chosen.len().saturating_mul(percent) / 100;
            chosen.truncate(first.max(1));
        }
        Self {
            known,
            chosen,
            keeps: scaling.keeps,
        }
    }

    /// Whether the scaling concerns a pod of the kind. A workload that is not in view may be any.
    pub(super) fn concerns(&self, pod: &Pod) -> bool {
        let Some(owner) = &pod.owner else {
            return false;
        };
        let owns = |it: &&&Scalable| it.namespace == pod.namespace && it.name == owner.name;
        let chosen = self.chosen.iter().find(owns);
        match (chosen, self.keeps) {
            (Some(workload), Some(keeps)) => workload.loses(pod, keeps),
            (Some(_), None) => true,
            (None, _) => !self.known.iter().any(|it| owns(&it)),
        }
    }
}

fn matches(labels: &LabelSelector, workload: &Scalable) -> bool {
    labels.matches(&workload.labels)
}
