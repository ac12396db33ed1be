//! Argo: Workflows and CronWorkflows that carry chaos, as text for a step to apply.
//!
//! What a workflow applies passes the guard again when it is applied; reading it here tells early
//! what is provably bad, and what nobody can tell beforehand. A workflow without any sign of chaos
//! is none of ours.

mod embedded;
mod parameters;
mod walk;

use self::embedded::Carrier;
use self::walk::Walk;
use crate::calendar::Dialect;
use crate::fault::rhythm::{self, Rhythm};
use crate::fault::{
    Experiment, Fault, Note, Reading, Recurrence, Surroundings, Tool, Unreadable, litmus,
};
use crate::object::{Field, Object};

/// The group of all kinds of Argo Workflows.
pub(super) const GROUP: &str = "argoproj.io";

/// How many workflows may lie within each other.
const DEEPEST: usize = 4;

/// Words that give a workflow away.
const SIGNS: &[&str] = &["chaos", "litmus"];

/// Commands of kubectl that hurt pods or nodes without an object that could be judged.
const MEDDLING: &[&str] = &[
    "annotate", "cordon", "cp", "debug", "drain", "edit", "exec", "patch", "replace", "run",
    "scale", "set", "taint",
];

/// Reads a Workflow or a CronWorkflow.
pub(super) fn read(object: &Object, surroundings: &Surroundings) -> Reading {
    read_within(object, surroundings, 0)
}

fn read_within(object: &Object, surroundings: &Surroundings, depth: usize) -> Reading {
    let spec = object.spec();
    let cron = object.reference().kind == "CronWorkflow";
    let workflow = if cron {
        spec.get("workflowSpec")
    } else {
        spec.clone()
    };
    let walk = Walk::over(&workflow);
    let mut carrier = Carrier::new(object, surroundings, &walk);
    carrier.carried(&walk, depth)?;
    let mut faults = carrier.faults;
    let mut notes = carrier.notes;
    if !faults.is_empty() || is_suspicious(object, &workflow, &walk) {
        faults.extend(walk.references.iter().map(unseen));
        let scripts = walk.texts.iter().filter(|(_, text)| meddles(text));
        faults.extend(scripts.map(|(path, _)| {
            let what = "what this script does to the cluster cannot be told";
            Fault::untold(path.clone(), what.to_owned())
        }));
    }
    if faults.is_empty() && carrier.refusals.is_empty() {
        return Ok(None);
    }
    notes.push(note(&workflow));
    for fault in &mut faults {
        fault.overlap = walk.copies.times(fault.overlap);
        fault.later = true;
    }
    let mut experiment = Experiment {
        object: object.reference().clone(),
        tool: Tool::Argo,
        faults,
        schedule: carrier.schedule,
        notes,
        refusals: carrier.refusals,
        dormant: false,
        declared: true,
    };
    if cron {
        recur(&spec, &mut experiment)?;
    }
    Ok(Some(experiment))
}

fn note(workflow: &Field<'_>) -> Note {
    Note {
        field: workflow.path().to_owned(),
        message: "ending the workflow does not end the chaos it has applied".to_owned(),
    }
}

/// A part that lies in another object, which may change after this one is admitted.
fn unseen(reference: &walk::Reference) -> Fault {
    let what = format!(
        "{} {} cannot be seen through; the chaos it applies is judged when it is created",
        reference.key, reference.name
    );
    Fault::untold(reference.path.clone(), what)
}

/// Whether a script changes more than objects that are judged themselves.
fn meddles(text: &str) -> bool {
    text.split("kubectl ").skip(1).any(|rest| {
        let mut words = rest.split_whitespace();
        match words.next() {
            Some("delete") => !words.next().unwrap_or_default().starts_with("chaos"),
            Some(verb) => MEDDLING.contains(&verb),
            None => false,
        }
    })
}

/// Whether something says that the workflow is about chaos.
fn is_suspicious(object: &Object, workflow: &Field<'_>, walk: &Walk<'_>) -> bool {
    let reference = object.reference();
    let metadata = object.root().get("metadata");
    let labels = metadata
        .get("labels")
        .text_map()
        .ok()
        .flatten()
        .unwrap_or_default();
    let text = |field: Field<'_>| field.text().ok().flatten().unwrap_or_default().to_owned();
    let mut words = vec![
        reference.name.clone(),
        reference.namespace.clone(),
        text(metadata.get("generateName")),
        text(workflow.get("serviceAccountName")),
    ];
    words.extend(labels.into_iter().flat_map(|(key, value)| [key, value]));
    words.extend(walk.names.iter().map(|name| (*name).to_owned()));
    words.extend(
        walk.references
            .iter()
            .map(|reference| reference.name.clone()),
    );
    words.iter().any(|word| is_sign(word))
}

fn is_sign(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    SIGNS.iter().any(|sign| lower.contains(sign)) || litmus::is_fault(&lower)
}

/// Reads when a CronWorkflow runs.
fn recur(spec: &Field<'_>, experiment: &mut Experiment) -> Result<(), Unreadable> {
    let recurrence = recurrence(spec)?;
    let policy = spec.get("concurrencyPolicy").text()?.unwrap_or_default();
    let rhythm = Rhythm {
        gap: recurrence.shortest_gap,
        allows_overlap: !["Forbid", "Replace"].contains(&policy),
    };
    rhythm.stack(&mut experiment.faults);
    experiment.schedule = Some(recurrence);
    experiment.dormant = spec.get("suspend").boolean()?.unwrap_or(false);
    Ok(())
}

/// Older workflows have one schedule, newer ones a list; both are honoured.
fn recurrence(spec: &Field<'_>) -> Result<Recurrence, Unreadable> {
    let (one, many) = (spec.get("schedule"), spec.get("schedules"));
    let mut schedules = many.texts()?.unwrap_or_default();
    schedules.extend(
        one.text()?
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
    );
    if schedules.is_empty() {
        return Err(many.unreadable("at least one schedule"));
    }
    let field = if many.is_set() { many } else { one };
    let zone = spec.get("timezone").text()?.filter(|zone| !zone.is_empty());
    let path = field.path().to_owned();
    rhythm::recurrence(schedules, path, zone.map(str::to_owned), Dialect::Standard)
}
