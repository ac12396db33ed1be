//! What the objects do that a workflow carries.

use std::collections::BTreeSet;

use serde_json::Value;

use super::gather::{Found, Gathered, Verb};
use super::scope::UNTOLD;
use super::{GROUP, is_one, read_within};
use crate::fault::{
    self, Aim, CHAOS_MESH, Experiment, Fault, LITMUS, Note, Overlap, Reading, Recurrence,
    Surroundings, Unreadable,
};
use crate::object::Object;

/// The kinds that others in the same workflow refer to.
const REFERRED_TO: &[(&str, &str)] = &[
    (LITMUS, "ChaosExperiment"),
    (GROUP, "WorkflowTemplate"),
    (GROUP, "ClusterWorkflowTemplate"),
];

/// A fault of a step.
pub(super) struct Carried {
    pub(super) fault: Fault,
    /// Whether the step ends no sooner than the fault.
    pub(super) waits: bool,
}

/// What has been found in a workflow.
#[derive(Default)]
pub(super) struct Cargo {
    pub(super) faults: Vec<Carried>,
    pub(super) notes: Vec<Note>,
    pub(super) refusals: Vec<Unreadable>,
    /// When something recurs that is carried; the fastest of several.
    pub(super) schedule: Option<Recurrence>,
    /// Whether something in it says that it is chaos.
    pub(super) declared: bool,
}

/// A workflow that carries objects.
pub(super) struct Carrier {
    /// What is there once the workflow has applied what others refer to.
    surroundings: Surroundings,
    /// Definitions that only the run knows, by namespace and name.
    untold: BTreeSet<(String, String)>,
    /// Whether something else says that the workflow is about chaos.
    suspicious: bool,
}

impl Carrier {
    pub(super) fn new(gathered: &Gathered, around: &Surroundings, suspicious: bool) -> Self {
        let applied = gathered.found.iter().filter(|it| it.verb == Verb::Apply);
        let is_referred_to = |it: &&Found| {
            REFERRED_TO
                .iter()
                .any(|(group, kind)| it.object.is(group, kind))
        };
        let definitions: Vec<&Found> = applied.filter(is_referred_to).collect();
        let key = |it: &Found| {
            let reference = it.object.reference();
            (reference.namespace.clone(), reference.name.clone())
        };
        let untold = definitions.iter().filter(|it| it.untold);
        Self {
            untold: untold.map(|it| key(it)).collect(),
            surroundings: around.with(definitions.iter().map(|it| &it.object)),
            suspicious,
        }
    }

    /// What the steps do to an object that they have a manifest of.
    pub(super) fn carry(&self, found: &Found, cargo: &mut Cargo) -> Result<(), Unreadable> {
        match found.verb {
            Verb::Get => Ok(()),
            Verb::Delete => {
                self.delete(found, cargo);
                Ok(())
            }
            Verb::Patch => {
                self.patch(found, cargo);
                Ok(())
            }
            Verb::Apply => self.apply(found, cargo),
        }
    }

    fn apply(&self, found: &Found, cargo: &mut Cargo) -> Result<(), Unreadable> {
        let untold = found.untold || self.runs_something_untold(&found.object);
        let reference = found.object.reference();
        let nameless = [&reference.group, &reference.kind];
        let nameless = nameless.iter().any(|name| name.contains(UNTOLD));
        match (self.read(found), untold) {
            (Ok(None), _) if self.suspicious && nameless => cargo.untold(found),
            (Ok(None), _) => {}
            (Ok(Some(experiment)), false) => cargo.take(found, experiment),
            (Ok(Some(experiment)), true) => {
                let harmless = experiment.faults.is_empty();
                if !harmless && (experiment.declared || self.suspicious) {
                    cargo.untold(found);
                }
            }
            (Err(_), true) => cargo.untold(found),
            (Err(error), false) => return Err(error_inside(&found.path, error)),
        }
        Ok(())
    }

    fn read(&self, found: &Found) -> Reading {
        if is_one(&found.object) {
            read_within(
                &found.object,
                &self.surroundings,
                found.depth.saturating_add(1),
            )
        } else {
            fault::read(&found.object, &self.surroundings)
        }
    }

    /// Whether an engine runs a definition that only the run knows.
    fn runs_something_untold(&self, object: &Object) -> bool {
        let experiments = object.value().pointer("/spec/experiments");
        let experiments = experiments.and_then(Value::as_array).into_iter().flatten();
        let mut names = experiments.filter_map(|it| it.get("name")?.as_str());
        let namespace = &object.reference().namespace;
        object.is(LITMUS, "ChaosEngine")
            && names.any(|name| {
                let hides = |(place, it): &(String, String)| {
                    (place == namespace || place.contains(UNTOLD)) && it == name
                };
                self.untold.iter().any(hides)
            })
    }

    /// Deleting chaos ends it.
    fn delete(&self, found: &Found, cargo: &mut Cargo) {
        if of_chaos_tool(&found.object) {
            return;
        }
        match fault::read_removal(&found.object, None) {
            Ok(Some(_)) if found.untold || found.object.reference().name.contains(UNTOLD) => {
                cargo.untold(found);
            }
            Ok(Some(experiment)) => cargo.take(found, experiment),
            Ok(None) if !self.suspicious => {}
            Ok(None) | Err(_) => cargo.doubt(found, "what this deletion takes away cannot be told"),
        }
    }

    fn patch(&self, found: &Found, cargo: &mut Cargo) {
        let state = found.object.value().pointer("/spec/engineState");
        if state.and_then(Value::as_str) == Some("stop") {
            return;
        }
        if of_chaos_tool(&found.object) {
            let kind = &found.object.reference().kind;
            let what = format!("what this patch makes of the {kind} is judged when it is applied");
            cargo.doubt(found, &what);
            cargo.declared = true;
        } else if self.suspicious {
            cargo.doubt(found, "what this patch does cannot be told");
        }
    }
}

fn of_chaos_tool(object: &Object) -> bool {
    [CHAOS_MESH, LITMUS].contains(&object.reference().group.as_str())
}

impl Cargo {
    /// Takes note of a fault of the workflow itself.
    pub(super) fn push(&mut self, fault: Fault) {
        self.faults.push(Carried {
            fault,
            waits: false,
        });
    }

    fn doubt(&mut self, found: &Found, what: &str) {
        let fault = Fault::untold(found.path.clone(), what);
        self.add(fault, found.runs, found.waits);
    }

    fn add(&mut self, mut fault: Fault, runs: Overlap, waits: bool) {
        fault.overlap = fault.overlap.times(runs);
        fault.later = true;
        self.faults.push(Carried { fault, waits });
    }

    fn untold(&mut self, found: &Found) {
        self.declared |= of_chaos_tool(&found.object);
        let kind = &found.object.reference().kind;
        self.doubt(found, &format!(
            "this {kind} depends on values that are only known when the workflow runs; it is judged when it is created"
        ));
    }

    /// Takes over what an object does that lies in the workflow.
    fn take(&mut self, found: &Found, experiment: Experiment) {
        let path = &found.path;
        for mut fault in experiment.faults {
            move_inside(path, &mut fault);
            self.add(fault, found.runs, found.waits);
        }
        let notes = experiment.notes.into_iter();
        self.notes.extend(notes.map(|note| note_inside(path, note)));
        let refusals = experiment.refusals.into_iter();
        self.refusals
            .extend(refusals.map(|error| error_inside(path, error)));
        let gap = |recurrence: &Recurrence| recurrence.shortest_gap;
        let schedules = [self.schedule.take(), experiment.schedule];
        self.schedule = schedules.into_iter().flatten().min_by_key(gap);
        self.declared |= experiment.declared;
    }

    /// Takes note of a program that nobody can tell before the workflow runs.
    pub(super) fn run_untold(&mut self, path: &str, runs: Overlap) {
        let what = "this program depends on values that are only known when the workflow runs";
        self.add(Fault::untold(path, what), runs, true);
    }

    /// Takes over what a program does that the workflow runs.
    pub(super) fn run(&mut self, experiment: Experiment, runs: Overlap) {
        for fault in experiment.faults {
            self.add(fault, runs, true);
        }
        self.notes.extend(experiment.notes);
        self.refusals.extend(experiment.refusals);
        self.declared |= experiment.declared;
    }
}

/// The path of a field inside the text at `path`.
fn inside(path: &str, field: &str) -> String {
    format!("{path}: {field}")
}

pub(super) fn note_inside(path: &str, note: Note) -> Note {
    Note {
        field: inside(path, &note.field),
        ..note
    }
}

pub(super) fn error_inside(path: &str, error: Unreadable) -> Unreadable {
    Unreadable {
        field: inside(path, &error.field),
        ..error
    }
}

pub(super) fn move_inside(path: &str, fault: &mut Fault) {
    rename(fault, |field| *field = inside(path, field));
}

/// Changes the name of every field that a fault speaks of.
pub(super) fn rename(fault: &mut Fault, mut change: impl FnMut(&mut String)) {
    change(&mut fault.field);
    change(&mut fault.duration_field);
    let targets = match &mut fault.aim {
        Aim::Pods(target) | Aim::Each { target, .. } => vec![target],
        Aim::Cut { from, to } => vec![from, to],
        Aim::Nodes(nodes) => {
            change(&mut nodes.field);
            Vec::new()
        }
        Aim::Isolation(_) | Aim::Unknown(_) => Vec::new(),
    };
    for target in targets {
        change(&mut target.mode_field);
        change(&mut target.value_field);
        change(&mut target.selector_field);
    }
}
