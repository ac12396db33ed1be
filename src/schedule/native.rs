//! What firebreak does itself, as an experiment like any other: the same judge says what it may.

use super::pin::Victim;
use super::spec::native::NativeSpec;
use crate::fault::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Listing, Mode, Namespaces,
    NodeQuery, NodeTarget, Overlap, PodQuery, Selection, Target, Tool,
};
use crate::object::ObjectRef;
use crate::policy::spec::values::{Count, Span};

/// How many pods it is aimed at, of so many.
#[must_use]
pub fn wanted(native: &NativeSpec, candidates: usize) -> usize {
    let size = u32::try_from(candidates).unwrap_or(u32::MAX);
    let count = |count: Option<Count>| count.unwrap_or(Count::Pods(1)).of(size);
    let each = [
        native.pod_delete.as_ref().map(|it| count(it.count)),
        native.partition.as_ref().map(|it| count(it.count)),
        native.stress.as_ref().map(|it| count(it.count)),
        native.scale.as_ref().map(|it| it.by.of(size)),
        native.drain.as_ref().map(|it| count(it.count)),
    ];
    let most = each.into_iter().flatten().max().unwrap_or(0);
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// The experiment that it is, aimed at these; at nobody who is known while there are none.
#[must_use]
pub fn experiment(native: &NativeSpec, object: &ObjectRef, victims: &[Victim<'_>]) -> Experiment {
    let mut faults = Vec::new();
    if let Some(delete) = &native.pod_delete {
        let grace = delete.grace.map(|it| it.0);
        let mut fault = fault(
            "podDelete",
            (Action::PodKill, Effect::Down),
            None,
            pods(victims),
        );
        fault.intensity.grace = grace;
        faults.push(fault);
    }
    if let Some(partition) = &native.partition {
        let kind = (Action::NetworkPartition, Effect::Isolated);
        faults.push(fault(
            "partition",
            kind,
            Some(partition.duration),
            pods(victims),
        ));
    }
    if let Some(stress) = &native.stress {
        let kind = (Action::CpuStress, Effect::Degraded);
        faults.push(fault(
            "stress",
            kind,
            Some(stress.duration),
            nodes(victims, "stress"),
        ));
    }
    if let Some(scale) = &native.scale {
        let kind = (Action::Scale, Effect::Down);
        faults.push(fault("scale", kind, Some(scale.duration), pods(victims)));
    }
    if let Some(drain) = &native.drain {
        let effect = if drain.evict {
            Effect::Down
        } else {
            Effect::Degraded
        };
        let kind = (Action::NodeDrain, effect);
        faults.push(fault("drain", kind, Some(drain.duration), pods(victims)));
    }
    Experiment {
        object: object.clone(),
        tool: Tool::Kubernetes,
        faults,
        schedule: None,
        notes: Vec::new(),
        refusals: Vec::new(),
        dormant: false,
        declared: true,
    }
}

fn fault(name: &str, (action, effect): (Action, Effect), lasts: Option<Span>, aim: Aim) -> Fault {
    let field = format!("spec.native.{name}");
    Fault {
        action,
        effect,
        aim,
        lifetime: lasts.map_or(Lifetime::Instant, |it| Lifetime::For(it.0)),
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        duration_field: format!("{field}.duration"),
        field,
        later: true,
    }
}

fn pods(victims: &[Victim<'_>]) -> Aim {
    if victims.is_empty() {
        return Aim::Unknown("members that are chosen when it runs".to_owned());
    }
    let query = |victim: &Victim<'_>| PodQuery {
        namespaces: Namespaces::Named(vec![victim.namespace.to_owned()]),
        names: Some(vec![victim.name.to_owned()]),
        ..PodQuery::default()
    };
    let field = "spec.targets".to_owned();
    Aim::Pods(Target {
        selection: Selection {
            queries: victims.iter().map(query).collect(),
            list: Listing::WithRepeats,
        },
        mode: Mode::All,
        mode_field: field.clone(),
        value_field: field.clone(),
        selector_field: field,
    })
}

fn nodes(victims: &[Victim<'_>], name: &str) -> Aim {
    if victims.is_empty() {
        return Aim::Unknown("the nodes of members that are chosen when it runs".to_owned());
    }
    let names = victims.iter().map(|it| it.node.to_owned()).collect();
    Aim::Nodes(NodeTarget {
        nodes: Some(NodeQuery {
            names,
            ..NodeQuery::default()
        }),
        hosting: None,
        mode: Mode::All,
        field: format!("spec.native.{name}"),
    })
}
