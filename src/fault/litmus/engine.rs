//! ChaosEngine: experiments, run one after the other.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::code;
use super::shot::{Scene, Shot, is_done_at_once};
use super::text::target_text;
use crate::fault::{
    Experiment, Fault, Lifetime, Note, Reading, Recurrence, Surroundings, Tool, Unreadable,
};
use crate::object::{Field, Object};

/// The label by which the operator finds what it has to stop.
pub(super) const STOP_LABEL: &str = "chaosUID";

pub(super) const SCHEDULE: (&str, &str) = ("litmuschaos.io", "ChaosSchedule");

/// What has been read of an engine so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) faults: Vec<Fault>,
    pub(super) notes: Vec<Note>,
    pub(super) refusals: Vec<Unreadable>,
    /// Whether the engine is stopped.
    pub(super) stopped: bool,
    /// How long the whole engine takes.
    pub(super) window: Option<Duration>,
    /// When it recurs.
    pub(super) schedule: Option<Recurrence>,
}

impl Found {
    pub(super) fn note(&mut self, field: impl Into<String>, message: impl Into<String>) {
        let (field, message) = (field.into(), message.into());
        self.notes.push(Note { field, message });
    }

    /// Says once that nobody knows what an experiment stands for.
    pub(super) fn unseen(&mut self, name: &Field<'_>) {
        let message = "no ChaosExperiment is in view: what the published one says counts, or its program where that is worse";
        if self.notes.iter().all(|note| note.message != message) {
            self.note(name.path(), message);
        }
    }

    /// Adds what runs a program of its author's choice.
    pub(super) fn arbitrary(&mut self, field: &Field<'_>, what: &str) {
        let why = format!("{what} may do anything the service account may");
        self.untold(field.path().to_owned(), &why);
    }

    /// Adds what nobody can tell beforehand. It is over when the engine is.
    pub(super) fn untold(&mut self, field: String, why: &str) {
        self.faults.push(Fault {
            later: false,
            ..Fault::untold(field, why)
        });
    }

    pub(super) fn experiment(self, object: &Object) -> Experiment {
        Experiment {
            object: object.reference().clone(),
            tool: Tool::Litmus,
            faults: self.faults,
            schedule: self.schedule,
            notes: self.notes,
            refusals: self.refusals,
            dormant: self.stopped,
            declared: true,
        }
    }
}

/// Reads a ChaosEngine.
pub(in crate::fault) fn read(object: &Object, surroundings: &Surroundings) -> Reading {
    let mut found = engine(&object.spec(), &object.reference().namespace, surroundings)?;
    found.refusals.extend(unstoppable(object, surroundings));
    found.refusals.extend(unfinished(object));
    Ok(Some(found.experiment(object)))
}

/// The engines of a ChaosSchedule carry its own label instead.
fn unstoppable(object: &Object, surroundings: &Surroundings) -> Option<Unreadable> {
    let label = object.label(STOP_LABEL)?;
    if started_by(object, label, surroundings) {
        return None;
    }
    let labels = object.root().get("metadata").get("labels");
    let accepted = "no such label: with it, stopping the engine stops nothing";
    Some(labels.get(STOP_LABEL).unreadable(accepted))
}

/// Whether a ChaosSchedule with this uid started the engine, as far as schedules are in view.
fn started_by(engine: &Object, uid: &str, surroundings: &Surroundings) -> bool {
    let owners = engine.value().pointer("/metadata/ownerReferences");
    let mut owners = owners.and_then(Value::as_array).into_iter().flatten();
    owners.any(|owner| {
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let there = || {
            let place = &engine.reference().namespace;
            let schedule = surroundings.find(SCHEDULE, place, text("name"));
            schedule.is_some_and(|schedule| self::uid(schedule) == uid)
        };
        text("kind") == SCHEDULE.1
            && text("uid") == uid
            && (!surroundings.knows(SCHEDULE) || there())
    })
}

/// How the cluster tells an object from others of its name; empty before it is there.
pub(super) fn uid(object: &Object) -> &str {
    let uid = object.value().pointer("/metadata/uid");
    uid.and_then(Value::as_str).unwrap_or_default()
}

/// The operator adds its finalizer only where there is none, and without it the deletion of an
/// engine ends nothing.
fn unfinished(object: &Object) -> Option<Unreadable> {
    const OWN: &str = "chaosengine.litmuschaos.io/finalizer";
    let finalizers = object.root().get("metadata").get("finalizers");
    let listed = finalizers.value()?.as_array()?;
    let own = listed.iter().any(|it| it.as_str() == Some(OWN));
    let accepted = "none: beside another one the operator adds none of its own, and deleting the engine ends nothing";
    (!own && !listed.is_empty()).then(|| finalizers.unreadable(accepted))
}

/// A kind of Litmus that this version does not know.
pub(in crate::fault) fn read_unknown(object: &Object) -> Reading {
    let kind = object.root().get("kind");
    Err(kind.unreadable("ChaosEngine, ChaosExperiment, ChaosResult or ChaosSchedule"))
}

/// A record of what has happened.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a reader")]
pub(in crate::fault) fn read_result(_: &Object) -> Reading {
    Ok(None)
}

/// Reads the spec of an engine in `namespace`.
pub(super) fn engine(
    spec: &Field<'_>,
    namespace: &str,
    surroundings: &Surroundings,
) -> Result<Found, Unreadable> {
    let mut found = Found {
        stopped: stopped(spec)?,
        ..Found::default()
    };
    let experiments = spec.get("experiments");
    let items = experiments.items()?;
    if items.is_empty() {
        return Err(experiments.unreadable("at least one experiment"));
    }
    each_once(&items)?;
    let scene = Scene {
        spec: spec.clone(),
        namespace,
        target: target_text(spec, namespace)?,
        surroundings,
    };
    let mut windows = Vec::new();
    for item in &items {
        windows.push(experiment(item, &scene, &mut found)?);
    }
    found.window = windows.into_iter().try_fold(Duration::ZERO, |sum, window| {
        window.map(|window| sum.saturating_add(window))
    });
    code::of_engine(spec, &mut found)?;
    hidden_runner(spec, &mut found);
    spread(&mut found, items.len());
    helpers(spec, &mut found)?;
    Ok(found)
}

/// The operator looks for the runner by a label that the engine may overwrite.
fn hidden_runner(spec: &Field<'_>, found: &mut Found) {
    let runner = spec.get("components").get("runner");
    let label = runner.get("runnerLabels").get(STOP_LABEL);
    if label.is_set() {
        let accepted = "no such label: with it, stopping the engine leaves its runner";
        found.refusals.push(label.unreadable(accepted));
    }
}

fn each_once(items: &[Field<'_>]) -> Result<(), Unreadable> {
    let mut names = BTreeSet::new();
    for item in items {
        let name = item.get("name");
        if !names.insert(name.required_text()?) {
            return Err(name.unreadable("each experiment once: the variables of both are mixed"));
        }
    }
    Ok(())
}

/// Reads one experiment, and tells how long it takes; `None` where nothing ends it.
fn experiment(
    item: &Field<'_>,
    scene: &Scene<'_>,
    found: &mut Found,
) -> Result<Option<Duration>, Unreadable> {
    let mut window = Some(Duration::ZERO);
    if let Some(shot) = Shot::of(item, scene, found)? {
        window = shot.fire(scene, found)?;
        code::of_shot(&shot.env, found)?;
        let (notes, refusals) = shot.env.told();
        found.notes.extend(notes);
        found.refusals.extend(refusals);
    }
    code::of_experiment(item, found)?;
    Ok(window)
}

fn stopped(spec: &Field<'_>) -> Result<bool, Unreadable> {
    let state = spec.get("engineState");
    match state.text()?.unwrap_or_default() {
        "stop" => Ok(true),
        "" | "active" => Ok(false),
        _ => Err(state.unreadable("active or stop")),
    }
}

/// Experiments run one after the other, and nobody knows when the last is over. What nobody can
/// tell is over when the engine is.
fn spread(found: &mut Found, experiments: usize) {
    let whole = found.window.map_or(Lifetime::Forever, Lifetime::For);
    let mut first = None;
    for fault in &mut found.faults {
        let untold = matches!(fault.aim, crate::fault::Aim::Unknown(_));
        if experiments > 1 || untold && fault.lifetime == Lifetime::Forever {
            fault.lifetime = whole;
        }
        let field = first.get_or_insert_with(|| fault.field.clone());
        fault.later |= experiments > 1 && !untold && *field != fault.field;
    }
}

/// Helpers that are killed at once leave behind what they were to take back.
fn helpers(spec: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    const ENOUGH: i64 = 30;
    let grace = spec.get("terminationGracePeriodSeconds");
    let seconds = grace.integer()?.unwrap_or(0);
    let helped = |fault: &Fault| !is_done_at_once(fault.action);
    if seconds < ENOUGH && found.faults.iter().any(helped) {
        found.note(
            grace.path(),
            "below 30, an aborted helper is killed before it takes its fault back",
        );
    }
    Ok(())
}
