//! Argo: workflows that carry chaos, as text for a step to apply or as a program that a step runs.
//!
//! What a workflow applies passes the guard again when it is applied; reading it here tells early
//! what is provably bad, and what nobody can tell beforehand. A workflow without any sign of chaos
//! is none of ours.
//!
//! A workflow is `unfold`ed into pieces: its templates and those of the objects it refers to (its
//! `library`), as often as `calls` reach them, with the values that stand in its `scope`. From each
//! piece, objects are `gather`ed out of texts (`manifests`, quoted by a `shell`, `packed` in base64) and
//! read, each by its own reader, by the `carrier`; each container is read as a pod, a `program`.
//!
//! A template by itself does nothing. It is judged like a workflow that has not been submitted: what
//! is bad whoever calls it is told, and what depends on who calls it is left to that workflow.

mod callers;
mod calls;
mod carrier;
mod commands;
mod cron;
mod gather;
mod library;
mod manifests;
mod packed;
mod piece;
mod program;
mod runs;
mod scope;
mod shell;
mod signs;
mod unfold;
mod unseen;
mod walk;

use self::carrier::{Cargo, Carried, Carrier};
use self::commands::stirs;
use self::gather::{Gathered, gather};
use self::manifests::about_chaos;
use self::program::Programs;
use self::signs::is_suspicious;
use self::unfold::{Unfolded, unfold};
use self::unseen::unseen;
use self::walk::texts;
use crate::fault::{Aim, Experiment, Fault, Note, Reading, Surroundings, Tool, Unreadable};
use crate::object::{Field, Object};
use serde_json::Value;

/// The group of all kinds of Argo Workflows.
pub(super) const GROUP: &str = "argoproj.io";
/// What is never live itself, and nothing refers to.
pub(super) const WORKFLOW: (&str, &str) = (GROUP, "Workflow");

/// The kinds that do nothing before a workflow refers to them.
const TEMPLATES: &[&str] = &["ClusterWorkflowTemplate", "WorkflowTemplate"];

/// In how many texts a workflow or a manifest may lie.
const DEEPEST: usize = 4;

/// Reads a Workflow, a CronWorkflow, or a template of workflows.
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
    let manuscript = Manuscript {
        object,
        surroundings,
        suspicious: is_suspicious(object, &workflow),
        workflow,
        depth,
    };
    let Some((mut experiment, carried)) = manuscript.read()? else {
        return Ok(None);
    };
    if cron {
        cron::recur(&spec, carried, &mut experiment)?;
    } else {
        experiment.faults = carried.into_iter().map(|it| it.fault).collect();
    }
    if is_template(object) && !(depth == 0 && callers::add(object, surroundings, &mut experiment)?)
    {
        leave_to_callers(&mut experiment);
    }
    Ok(Some(experiment))
}

/// Whether an object is one of Argo Workflows. What it does, the objects and pods do that it makes.
pub(super) fn is_one(object: &Object) -> bool {
    let workflows = ["CronWorkflow", "Workflow"].iter();
    workflows
        .chain(TEMPLATES)
        .any(|kind| object.is(GROUP, kind))
}

/// Whether an object is a template of workflows, which does nothing by itself.
fn is_template(object: &Object) -> bool {
    TEMPLATES.iter().any(|kind| object.is(GROUP, kind))
}

/// A workflow before it has been read.
struct Manuscript<'a> {
    object: &'a Object,
    surroundings: &'a Surroundings,
    suspicious: bool,
    /// Its spec.
    workflow: Field<'a>,
    depth: usize,
}

impl Manuscript<'_> {
    fn read(&self) -> Result<Option<(Experiment, Vec<Carried>)>, Unreadable> {
        let namespace = &self.object.reference().namespace;
        let path = self.workflow.path();
        let unfolded = unfold(self.object, &self.workflow, self.surroundings);
        let gathered = gather(&unfolded.pieces, namespace, self.depth)?;
        let mut cargo = self.cargo(&unfolded, &gathered)?;
        let found = !cargo.faults.is_empty() || !cargo.refusals.is_empty();
        let ours = found || self.suspicious || (unfolded.too_large && self.speaks_of_chaos());
        if unfolded.too_large && ours {
            let accepted = "a workflow that unfolds to less than 2000 steps and 8 MiB of text";
            return Err(Unreadable::new(
                path,
                "more than can be looked through",
                accepted,
            ));
        }
        if ours {
            let missing = unfolded.missing.into_iter().map(|it| (it.path, it.what));
            let hidden = unfolded.pieces.iter().flat_map(unseen);
            for (path, what) in missing.chain(hidden) {
                cargo.push(Fault::untold(path, what));
            }
        }
        if cargo.faults.is_empty() && cargo.refusals.is_empty() {
            return Ok(None);
        }
        if !is_template(self.object) {
            cargo.notes.push(Note {
                field: path.to_owned(),
                message: "ending the workflow does not end the chaos it has applied".to_owned(),
            });
        }
        let experiment = Experiment {
            object: self.object.reference().clone(),
            tool: Tool::Argo,
            faults: Vec::new(),
            schedule: cargo.schedule,
            notes: cargo.notes,
            refusals: cargo.refusals,
            dormant: false,
            declared: cargo.declared || self.suspicious,
        };
        Ok(Some((experiment, cargo.faults)))
    }

    /// Whether any text in it speaks of chaos.
    fn speaks_of_chaos(&self) -> bool {
        let spec = self.workflow.value().unwrap_or(&Value::Null);
        texts(spec, "").iter().any(|(_, text)| about_chaos(text))
    }

    /// What the objects and programs in the pieces do.
    fn cargo(&self, unfolded: &Unfolded, gathered: &Gathered) -> Result<Cargo, Unreadable> {
        let mut cargo = Cargo::default();
        let carrier = Carrier::new(gathered, self.surroundings, self.suspicious);
        for found in &gathered.found {
            carrier.carry(found, &mut cargo)?;
        }
        for path in &gathered.unread {
            let what = "this text cannot be read; the chaos in it is judged when it is created";
            cargo.declared = true;
            cargo.push(Fault::untold(path, what));
        }
        for piece in unfolded.pieces.iter().filter(|it| stirs(&it.content)) {
            let what = "what this makes of chaos that is there already is judged when it is done";
            cargo.declared = true;
            cargo.push(Fault::untold(piece.path.clone(), what));
        }
        let specs = unfolded.pieces.iter().take(unfolded.specs);
        let programs = Programs {
            surroundings: self.surroundings,
            namespace: &self.object.reference().namespace,
            specs: specs.map(|piece| &piece.content).collect(),
            suspicious: self.suspicious,
        };
        for piece in &unfolded.pieces {
            programs.read(piece, &mut cargo)?;
        }
        Ok(cargo)
    }
}

/// What only a caller can tell is judged when there is one.
fn leave_to_callers(experiment: &mut Experiment) {
    experiment.dormant = true;
    for fault in std::mem::take(&mut experiment.faults) {
        match &fault.aim {
            Aim::Unknown(what) => experiment.notes.push(Note {
                message: format!("{what}; a workflow that uses this template is judged with it"),
                field: fault.field,
            }),
            Aim::Pods(_)
            | Aim::Each { .. }
            | Aim::Cut { .. }
            | Aim::Nodes(_)
            | Aim::Isolation(_) => {
                experiment.faults.push(fault);
            }
        }
    }
}
