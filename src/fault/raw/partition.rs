//! Partitions: NetworkPolicies, and the policies of networks that are not understood.

use super::{experiment, own_namespace};
use crate::fault::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Isolation, Lifetime, NetworkPolicy, Overlap,
    PodQuery, Reading, Surroundings, Target, Ties, litmus,
};
use crate::object::Object;

/// Labels that mark a policy as chaos, whatever their value.
pub const LABELS: &[&str] = &["chaos-experiment", "chaos-type", "chaos", "experiment"];
const PART_OF: (&str, &str) = ("app.kubernetes.io/part-of", "litmus");

/// Whom a policy that says nothing of chaos may cut off, and what that does to a member.
const TIES: &[(Ties, Effect)] = &[
    (Ties::Vital, Effect::Isolated),
    (Ties::Helpful, Effect::Degraded),
];

/// Reads a NetworkPolicy. Of one that says it is chaos, rules are not weighed: whoever it selects is
/// cut off. Any other is judged by whom it newly cuts off.
pub(in crate::fault) fn read_policy(object: &Object, surroundings: &Surroundings) -> Reading {
    if litmus::owns(object, surroundings) {
        return Ok(None);
    }
    let policy = NetworkPolicy::read(object)?;
    if !policy.isolates() {
        return Ok(None);
    }
    let of_litmus = object.label(PART_OF.0) == Some(PART_OF.1);
    if marked(object) || of_litmus {
        return Ok(Some(declared(object, policy)));
    }
    let fault = |(ties, effect): &(Ties, Effect)| {
        let isolation = Isolation {
            policy: policy.clone(),
            ties: *ties,
        };
        fault(object, *effect, Aim::Isolation(Box::new(isolation)))
    };
    Ok(Some(Experiment {
        declared: false,
        ..experiment(object, TIES.iter().map(fault).collect())
    }))
}

fn declared(object: &Object, policy: NetworkPolicy) -> Experiment {
    let query = PodQuery {
        namespaces: own_namespace(&policy.namespace),
        labels: policy.pods,
        ..PodQuery::default()
    };
    let target = Target::all_of(query, object.spec().get("podSelector").path());
    experiment(
        object,
        vec![fault(object, Effect::Isolated, Aim::Pods(target))],
    )
}

fn fault(object: &Object, effect: Effect, aim: Aim) -> Fault {
    let field = object.spec().path().to_owned();
    Fault {
        action: Action::NetworkPartition,
        effect,
        aim,
        lifetime: Lifetime::Forever,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        // Nothing in a NetworkPolicy ends it.
        duration_field: field.clone(),
        field,
        later: true,
    }
}

/// Reads a policy of a network plugin or a mesh, which may cut traffic as a NetworkPolicy does. What
/// it selects is not understood, so that one which says that it is chaos is refused.
pub(in crate::fault) fn read_foreign(object: &Object) -> Reading {
    if !marked(object) {
        return Ok(None);
    }
    let expected = "a NetworkPolicy, or a NetworkChaos, of which it is known whom they reach";
    Err(object.root().get("kind").unreadable(expected))
}

fn marked(object: &Object) -> bool {
    LABELS.iter().any(|label| object.label(label).is_some())
}
