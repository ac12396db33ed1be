//! The NetworkPolicies with which engines cut pods off. What such an engine does has been judged,
//! so that its own policy is no news; one that only looks like it is.

use super::engine::{self, STOP_LABEL, uid};
use crate::fault::{Action, Aim, Fault, Namespaces, Surroundings};
use crate::object::Object;
use crate::selector::LabelSelector;

const ENGINE: (&str, &str) = ("litmuschaos.io", "ChaosEngine");
const PART_OF: (&str, &str) = ("app.kubernetes.io/part-of", "litmus");

/// Whether a NetworkPolicy is that of an engine which runs, and cuts off just these pods.
pub(in crate::fault) fn owns(policy: &Object, surroundings: &Surroundings) -> bool {
    let label = policy.label(STOP_LABEL).unwrap_or_default();
    if label.is_empty() || policy.label(PART_OF.0) != Some(PART_OF.1) {
        return false;
    }
    let mut engines = surroundings
        .all(ENGINE)
        .filter(|engine| uid(engine) == label);
    engines.any(|engine| cuts(engine, policy, surroundings))
}

fn cuts(engine: &Object, policy: &Object, surroundings: &Surroundings) -> bool {
    let Ok(Some(read)) = engine::read(engine, surroundings) else {
        return false;
    };
    !read.dormant && read.faults.iter().any(|fault| cuts_off(fault, policy))
}

/// Whether a fault cuts off the pods that the policy selects.
fn cuts_off(fault: &Fault, policy: &Object) -> bool {
    let Aim::Pods(target) = &fault.aim else {
        return false;
    };
    let [query] = &target.selection.queries[..] else {
        return false;
    };
    let here = Namespaces::Named(vec![policy.reference().namespace.clone()]);
    let pods = LabelSelector::read(&policy.spec().get("podSelector"));
    fault.action == Action::NetworkPartition
        && query.namespaces == here
        && pods.is_ok_and(|pods| pods == query.labels)
}
