//! Workloads that are scaled: which of their pods that concerns.

use super::Pod;
use super::kinds::{DEPLOYMENT, Kind, STATEFUL_SET};
use super::words::{Labels, Text};
use super::world::World;
use crate::fault::{Namespaces, Scaling};
use crate::selector::LabelSelector;

/// The kinds that can be scaled.
const KINDS: [Kind; 2] = [DEPLOYMENT, STATEFUL_SET];

/// A workload that can be scaled.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalable {
    kind: &'static str,
    namespace: Text,
    name: Text,
    labels: Labels,
    replicas: u32,
    /// The number of its first pod, where pods are numbered.
    first: u32,
}

/// Every workload that can be scaled, by kind, namespace and name.
pub(super) fn scalable(world: &World<'_>) -> Vec<Scalable> {
    let of_kind = |kind: Kind| {
        world.workloads(kind).map(move |workload| Scalable {
            kind: kind.name(),
            namespace: workload.namespace.clone(),
            name: workload.name.clone(),
            labels: workload.labels.clone(),
            replicas: workload.replicas.unwrap_or(1),
            first: workload.first,
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
            Namespaces::Named(names) => names.iter().any(|name| it.namespace == *name),
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
