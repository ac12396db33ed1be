//! Indexes, so that a selector costs what it matches and not what exists.
//!
//! Pods are stored by namespace and name. The pods of a namespace are therefore one range, and of
//! the pods with one label, those of a namespace are one slice.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::words::Text;
use super::{Pod, PodId};
use crate::selector::Requirement;

/// Where the pods of a namespace begin and end.
pub(super) type Span = Range<u32>;

/// Pods by namespace and by label.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    spans: BTreeMap<Text, Span>,
    labels: HashMap<Text, HashMap<Text, Vec<PodId>>>,
}

impl Index {
    /// Indexes pods that are sorted by namespace and name.
    pub(super) fn new(pods: &[Pod]) -> Self {
        let mut index = Self::default();
        for (id, pod) in (0..).zip(pods) {
            match index.spans.get_mut(&pod.namespace) {
                Some(span) => span.end = id + 1,
                None => drop(index.spans.insert(pod.namespace.clone(), id..id + 1)),
            }
            for (key, value) in pod.labels.shared() {
                let values = index.labels.entry(key.clone()).or_default();
                values.entry(value.clone()).or_default().push(PodId(id));
            }
        }
        index
    }

    /// The pods of a namespace.
    pub(super) fn span(&self, namespace: &str) -> Span {
        self.spans.get(namespace).cloned().unwrap_or(0..0)
    }

    /// The pods of `span` that have one of the values a requirement lists, a slice a value.
    pub(super) fn listed<'i>(
        &'i self,
        requirement: &'i Requirement,
        span: &'i Span,
    ) -> impl Iterator<Item = &'i [PodId]> + Clone {
        let values = self.labels.get(requirement.key.as_str());
        let listed = distinct(&requirement.values);
        let found = listed.filter_map(move |value| values?.get(value.as_str()));
        found.map(move |pods| within(pods, span))
    }
}

fn distinct(values: &[String]) -> impl Iterator<Item = &String> + Clone {
    let first = |(at, value): &(usize, &String)| !values[..*at].contains(value);
    values.iter().enumerate().filter(first).map(|it| it.1)
}

/// The part of an ascending list that lies in `span`.
pub(super) fn within<'i>(pods: &'i [PodId], span: &Span) -> &'i [PodId] {
    let start = pods.partition_point(|pod| pod.0 < span.start);
    let end = pods.partition_point(|pod| pod.0 < span.end);
    &pods[start..end]
}
