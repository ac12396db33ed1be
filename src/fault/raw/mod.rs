//! Chaos made with nothing but Kubernetes: NetworkPolicies, Jobs, CronJobs and Pods that say so.
//!
//! Without a label or a program that gives it away, such an object looks like any other. A
//! NetworkPolicy is then judged by its effect; the rest is none of ours, and what it does to databases
//! is judged where it happens.

mod partition;
mod script;
mod stress;

pub(super) use partition::{read_foreign, read_policy};

use crate::calendar::Dialect;
use crate::fault::rhythm::{self, Rhythm};
use crate::fault::{
    Experiment, Fault, Listing, Mode, Namespaces, Note, PodQuery, Reading, Recurrence, Selection,
    Surroundings, Target, Tool, Unreadable,
};
use crate::object::{Field, Object};

/// Labels that mark what runs programs as chaos. Others in use mark victims as well.
const PROGRAM_LABELS: &[&str] = &["chaos-experiment", "chaos-type"];
/// The label of everything that Litmus makes for an engine, which is judged itself.
const OF_LITMUS: &str = "chaosUID";
/// Owners whose pods are an application's, so that a label on them marks a victim.
const APPLICATIONS: &[&str] = &["ReplicaSet", "StatefulSet", "DaemonSet"];

/// Where programs run: the pod spec and what surrounds it.
pub(super) struct Program<'a> {
    pub(super) namespace: &'a str,
    /// The spec of the pods.
    pub(super) pod: Field<'a>,
    /// The spec of the Job, where there is one.
    pub(super) job: Option<Field<'a>>,
}

/// Reads the programs that a workload runs.
pub(super) fn read_program(object: &Object, _: &Surroundings) -> Reading {
    let reference = object.reference();
    match (reference.group.as_str(), reference.kind.as_str()) {
        ("", "Pod") => read_pod(object),
        ("batch", "Job") => read_job(object),
        ("batch", "CronJob") => read_cron_job(object),
        _ => Ok(None),
    }
}

/// Reads a Pod.
fn read_pod(object: &Object) -> Reading {
    let owned = object
        .controller()
        .is_some_and(|(kind, _)| APPLICATIONS.contains(&kind));
    let program = Program {
        namespace: &object.reference().namespace,
        pod: object.spec(),
        job: None,
    };
    let faults = program.faults(marked(object) && !owned)?;
    Ok((!faults.is_empty()).then(|| experiment(object, faults)))
}

/// Reads a Job.
fn read_job(object: &Object) -> Reading {
    let spec = object.spec();
    let template = spec.get("template");
    let program = Program {
        namespace: &object.reference().namespace,
        pod: template.get("spec"),
        job: Some(spec),
    };
    let faults = program.faults(marked(object) || marked_template(&template))?;
    let suspended = program.suspended();
    let read = |faults| Experiment {
        dormant: suspended,
        ..experiment(object, faults)
    };
    Ok((!faults.is_empty()).then(|| read(faults)))
}

/// Reads a CronJob.
fn read_cron_job(object: &Object) -> Reading {
    let spec = object.spec();
    let job = spec.get("jobTemplate").get("spec");
    let template = job.get("template");
    let program = Program {
        namespace: &object.reference().namespace,
        pod: template.get("spec"),
        job: Some(job),
    };
    let by_label = [&spec.get("jobTemplate"), &template];
    let marked = marked(object) || by_label.into_iter().any(marked_template);
    let mut faults = program.faults(marked)?;
    if faults.is_empty() {
        return Ok(None);
    }
    let recurrence = cron(&spec)?;
    let policy = spec.get("concurrencyPolicy").text()?.unwrap_or_default();
    let rhythm = Rhythm {
        gap: recurrence.shortest_gap,
        allows_overlap: policy != "Forbid" && policy != "Replace",
    };
    rhythm.stack(&mut faults);
    Ok(Some(Experiment {
        schedule: Some(recurrence),
        dormant: spec.get("suspend").boolean()?.unwrap_or(false),
        ..experiment(object, faults)
    }))
}

fn cron(spec: &Field<'_>) -> Result<Recurrence, Unreadable> {
    let field = spec.get("schedule");
    let zone = spec.get("timeZone").text()?.map(str::to_owned);
    let schedules = vec![field.required_text()?.to_owned()];
    rhythm::recurrence(schedules, field.path().to_owned(), zone, Dialect::Standard)
}

fn marked(object: &Object) -> bool {
    object.label(OF_LITMUS).is_none()
        && PROGRAM_LABELS
            .iter()
            .any(|label| object.label(label).is_some())
}

fn marked_template(template: &Field<'_>) -> bool {
    let labels = template.get("metadata").get("labels");
    PROGRAM_LABELS
        .iter()
        .any(|label| labels.get(label).is_set())
}

impl Program<'_> {
    /// What the containers do. One that is `marked` as chaos and cannot be understood may do
    /// anything.
    fn faults(&self, marked: bool) -> Result<Vec<Fault>, Unreadable> {
        let mut faults = Vec::new();
        for list in ["initContainers", "containers"] {
            // What is no list is no pod; the API server refuses it.
            for container in self.pod.get(list).items().unwrap_or_default() {
                let found = stress::read(self, &container)?;
                if found.is_empty() && marked {
                    faults.extend(script::read(self.namespace, &container));
                }
                faults.extend(found);
            }
        }
        Ok(faults)
    }

    fn suspended(&self) -> bool {
        let job = self.job.as_ref().map(|job| job.get("suspend"));
        job.and_then(|suspend| suspend.boolean().ok().flatten())
            .unwrap_or(false)
    }
}

/// The objects of no namespace are those of any.
pub(super) fn own_namespace(namespace: &str) -> Namespaces {
    match namespace {
        "" => Namespaces::All,
        _ => Namespaces::Named(vec![namespace.to_owned()]),
    }
}

/// All pods of a query.
pub(super) fn all_of(query: PodQuery, field: &str) -> Target {
    Target {
        selection: Selection {
            queries: vec![query],
            list: Listing::WithRepeats,
        },
        mode: Mode::All,
        mode_field: field.to_owned(),
        value_field: field.to_owned(),
        selector_field: field.to_owned(),
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
