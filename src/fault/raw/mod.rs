//! Chaos made with nothing but Kubernetes: NetworkPolicies, and programs in Jobs, CronJobs, Pods and
//! workloads.
//!
//! Without a label or a program that gives it away, such an object looks like any other. What can be
//! told of it by its effect on databases is judged by that; the rest is none of ours.

mod call;
mod container;
mod harm;
mod kubectl;
mod load;
mod partition;
mod placement;
mod program;
mod rights;
mod script;
mod shell;
mod tool;
mod volume;

pub use partition::LABELS as POLICY_LABELS;
pub(super) use partition::{read_foreign, read_policy};
pub(super) use program::read_program;

use crate::fault::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Namespaces, Note, Overlap, Tool,
};
use crate::object::{Field, Object};

/// Labels that mark what runs programs as chaos. Others in use mark victims as well.
pub const PROGRAM_LABELS: &[&str] = &["chaos-experiment", "chaos-type"];
/// The label of everything that Litmus makes for an engine, which is judged itself.
const OF_LITMUS: &str = "chaosUID";

fn marked(object: &Object) -> bool {
    object.label(OF_LITMUS).is_none()
        && PROGRAM_LABELS
            .iter()
            .any(|label| object.label(label).is_some())
}

/// Whether labels say that an object, or what it makes, is chaos.
pub(super) fn is_marked(object: &Object) -> bool {
    let template = object.spec().get("template");
    let job = object.spec().get("jobTemplate");
    let inner = job.get("spec").get("template");
    marked(object) || [template, job, inner].iter().any(marked_template)
}

fn marked_template(template: &Field<'_>) -> bool {
    let labels = template.get("metadata").get("labels");
    PROGRAM_LABELS
        .iter()
        .any(|label| labels.get(label).is_set())
}

/// The objects of no namespace are those of any.
fn own_namespace(namespace: &str) -> Namespaces {
    match namespace {
        "" => Namespaces::All,
        _ => Namespaces::Named(vec![namespace.to_owned()]),
    }
}

/// A fault at `field`, which selects its victims when it runs.
fn fault(field: &str, (action, effect): (Action, Effect), aim: Aim, lifetime: Lifetime) -> Fault {
    Fault {
        action,
        effect,
        aim,
        lifetime,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: field.to_owned(),
        duration_field: field.to_owned(),
        later: true,
    }
}

fn experiment(object: &Object, faults: Vec<Fault>) -> Experiment {
    Experiment {
        object: object.reference().clone(),
        tool: Tool::Kubernetes,
        faults,
        schedule: None,
        notes: Vec::<Note>::new(),
        refusals: Vec::new(),
        dormant: false,
        declared: true,
    }
}
