//! A sanctioned experiment, as far as it can be held against itself: whatever would keep its runs from being
//! begun, pinned or ended is said when it is applied, with the field.

mod probes;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::native;
use super::pin::{self, NotPinned};
use super::plan::Plan;
use super::spec::native::{NativeSpec, StressSpec};
use super::spec::sanctioned::{ApprovalWord, SanctionedExperimentSpec};
use super::tick::Timetable;
use crate::calendar::{Dialect, Schedule, zone};
use crate::fault::{Experiment, Lifetime, Surroundings};
use crate::object::{Field, Object, Unreadable};
use crate::policy;
use crate::policy::spec::values::Span;

/// Its kind.
pub const KIND: &str = "SanctionedExperiment";

/// The annotation by which somebody approves an experiment as it is written: its generation.
pub const APPROVED: &str = "firebreak.dev/approved";

/// The longest name: those of runs and of what they make are longer.
const NAME: usize = 44;
/// The least time between two runs on one database, where nothing is said.
const INTERVAL: Duration = Duration::from_mins(10);
/// The shortest starting deadline.
const SOONEST: Duration = Duration::from_secs(10);

/// A sanctioned experiment that can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Sanctioned {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub spec: SanctionedExperimentSpec,
    /// The chaos object that it would make, before it is pinned; none where it is native.
    pub template: Option<Object>,
    /// The figures of its runs.
    pub plan: Plan,
    /// When it runs.
    pub timetable: Timetable,
    /// Whether somebody has approved it as it is written, or nobody has to.
    pub approved: bool,
}

impl Sanctioned {
    /// Reads one.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn compile(object: &Object, around: &Surroundings) -> Result<Self, Vec<Unreadable>> {
        let spec: SanctionedExperimentSpec = policy::read(object).map_err(|it| vec![it])?;
        let field = object.spec();
        let mut wrong = Vec::new();
        let (template, experiment) = acts(object, &spec, around, &mut wrong);
        let schedules = schedules(object, &spec, &mut wrong);
        shape(object, &field, &spec, &mut wrong);
        wrong.extend(probes::wrong(&field, &spec));
        let plan = experiment.map(|experiment| Plan::of(&spec, &experiment));
        let Some(plan) = plan.filter(|_| wrong.is_empty()) else {
            return Err(wrong);
        };
        Ok(Self {
            namespace: object.reference().namespace.clone(),
            name: object.reference().name.clone(),
            timetable: timetable(object, &spec, &plan, schedules),
            approved: approved(object, &spec),
            spec,
            template,
            plan,
        })
    }
}

/// What it would do: as a chaos object, or by ourselves.
fn acts(
    object: &Object,
    spec: &SanctionedExperimentSpec,
    around: &Surroundings,
    wrong: &mut Vec<Unreadable>,
) -> (Option<Object>, Option<Experiment>) {
    let reference = object.reference();
    match (&spec.template, &spec.native) {
        (Some(template), None) => {
            let made = pin::object(template, &reference.namespace, &reference.name);
            let read = made.map_err(NotPinned::from).and_then(|made| {
                let experiment = pin::experiment(&made, around)?;
                Ok((made, experiment))
            });
            match read {
                Ok((made, experiment)) => {
                    wrong.extend(finite(&experiment));
                    (Some(made), Some(experiment))
                }
                Err(NotPinned::Unreadable(problem)) => {
                    wrong.push(problem.within("spec.template"));
                    (None, None)
                }
                Err(other @ (NotPinned::Kind { .. } | NotPinned::Loose(_))) => {
                    let accepted = "a chaos object that can be told its targets";
                    wrong.push(Unreadable::new(
                        "spec.template",
                        other.to_string(),
                        accepted,
                    ));
                    (None, None)
                }
            }
        }
        (None, Some(native)) => {
            wrong.extend(of_native(&object.spec().get("native"), native));
            (None, Some(native::experiment(native, reference, &[])))
        }
        (Some(_), Some(_)) | (None, None) => {
            let found = if spec.native.is_some() {
                "both"
            } else {
                "neither"
            };
            wrong.push(Unreadable::new("spec", found, "either template or native"));
            (None, None)
        }
    }
}

/// What never ends by itself cannot be waited for.
fn finite(experiment: &Experiment) -> Vec<Unreadable> {
    let endless = experiment
        .faults
        .iter()
        .filter(|it| it.lifetime == Lifetime::Forever);
    let mut wrong: Vec<Unreadable> = endless
        .map(|it| {
            let field = format!("spec.template.{}", it.duration_field);
            Unreadable::new(field, "no end", "a duration")
        })
        .collect();
    if let Some(recurrence) = &experiment.schedule {
        let field = format!("spec.template.{}", recurrence.field);
        wrong.push(Unreadable::new(
            field,
            "a schedule",
            "a chaos object that acts once; spec.schedules says when",
        ));
    }
    wrong.extend(
        experiment
            .refusals
            .iter()
            .cloned()
            .map(|it| it.within("spec.template")),
    );
    wrong
}

fn of_native(field: &Field<'_>, native: &NativeSpec) -> Vec<Unreadable> {
    let mut wrong = Vec::new();
    let given = [
        native.pod_delete.is_some(),
        native.partition.is_some(),
        native.stress.is_some(),
        native.scale.is_some(),
        native.drain.is_some(),
    ];
    if given.iter().filter(|it| **it).count() != 1 {
        wrong.push(field.unreadable("exactly one of podDelete, partition, stress, scale, drain"));
    }
    let durations = [
        ("partition", native.partition.as_ref().map(|it| it.duration)),
        ("stress", native.stress.as_ref().map(|it| it.duration)),
        ("scale", native.scale.as_ref().map(|it| it.duration)),
        ("drain", native.drain.as_ref().map(|it| it.duration)),
    ];
    for (name, duration) in durations {
        if duration.is_some_and(|it| it.0.is_zero()) {
            wrong.push(
                field
                    .get(name)
                    .get("duration")
                    .unreadable("a time above zero"),
            );
        }
    }
    if let Some(stress) = &native.stress {
        wrong.extend(limits(&field.get("stress").get("limits"), stress));
    }
    wrong
}

/// What takes processor and memory says how much at most.
fn limits(field: &Field<'_>, stress: &StressSpec) -> Vec<Unreadable> {
    let missing = ["cpu", "memory"]
        .into_iter()
        .filter(|name| !stress.limits.contains_key(*name));
    missing
        .map(|name| {
            field
                .get(name)
                .unreadable("a quantity, so that its node is not taken whole")
        })
        .collect()
}

fn schedules(
    object: &Object,
    spec: &SanctionedExperimentSpec,
    wrong: &mut Vec<Unreadable>,
) -> Vec<Schedule> {
    let mut all = Vec::new();
    let fields = object.spec().get("schedules").items().unwrap_or_default();
    for (field, tick) in fields.iter().zip(&spec.schedules) {
        let named = tick.time_zone.as_deref().unwrap_or("UTC");
        let zone = match zone(named) {
            Ok(zone) => zone,
            Err(unknown) => {
                let field = field.get("timeZone");
                wrong.push(field.unreadable(format!(
                    "an IANA zone such as \"Europe/Prague\" ({unknown})"
                )));
                TimeZone::UTC
            }
        };
        match Schedule::parse(&tick.schedule, Dialect::Ours, &zone) {
            Err(error) => wrong.push(field.get("schedule").unreadable(error.to_string())),
            Ok(schedule) if !schedule.is_possible() => {
                let field = field.get("schedule");
                wrong.push(field.unreadable("a schedule that some day fits"));
            }
            Ok(schedule) => {
                wrong.extend(too_often(&field.get("schedule"), &schedule, interval(spec)));
                all.push(schedule.anchored(created(object)));
            }
        }
    }
    all
}

fn too_often(field: &Field<'_>, schedule: &Schedule, least: Duration) -> Option<Unreadable> {
    // Any year will do: what is looked for is the nearest two ticks of one.
    let gap = schedule.shortest_gap(Timestamp::UNIX_EPOCH)?;
    let short = gap < least;
    short.then(|| {
        field.unreadable(format!(
            "ticks at least {least:?} apart (minimumInterval), not {gap:?}"
        ))
    })
}

/// The least time between two runs.
fn interval(spec: &SanctionedExperimentSpec) -> Duration {
    let deadline = spec
        .recovery
        .deadline
        .map_or(Duration::from_mins(2), |it| it.0);
    let usual = deadline.saturating_mul(2).max(INTERVAL);
    spec.minimum_interval.map_or(usual, |it| it.0)
}

fn shape(
    object: &Object,
    field: &Field<'_>,
    spec: &SanctionedExperimentSpec,
    wrong: &mut Vec<Unreadable>,
) {
    let name = &object.reference().name;
    if name.len() > NAME {
        let field = object.root().get("metadata").get("name");
        wrong.push(field.unreadable(format!(
            "at most {NAME} characters, because runs are named after it"
        )));
    }
    if spec.database.is_some() == spec.workload.is_some() {
        wrong.push(
            field
                .get("database")
                .unreadable("either a database or a workload"),
        );
    }
    if spec.hypothesis.trim().is_empty() {
        wrong.push(
            field
                .get("hypothesis")
                .unreadable("what is expected to hold"),
        );
    }
    let deadline = spec.starting_deadline;
    if deadline.is_some_and(|it| it.0 < SOONEST) {
        wrong.push(
            field
                .get("startingDeadline")
                .unreadable(format!("at least {SOONEST:?}")),
        );
    }
    let recovery = field.get("recovery");
    if spec.recovery.deadline.is_some_and(|it| it.0.is_zero()) {
        wrong.push(recovery.get("deadline").unreadable("a time above zero"));
    }
    let (poll, deadline) = (spec.recovery.poll, spec.recovery.deadline);
    let whole = deadline.unwrap_or(Span(Duration::from_mins(2)));
    if poll.is_some_and(|it| it.0.is_zero() || it >= whole) {
        wrong.push(
            recovery
                .get("poll")
                .unreadable("a time above zero and below the deadline"),
        );
    }
}

fn created(object: &Object) -> Timestamp {
    let text = object
        .at(&["metadata", "creationTimestamp"])
        .and_then(Value::as_str);
    text.and_then(|text| text.parse().ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

fn approved(object: &Object, spec: &SanctionedExperimentSpec) -> bool {
    match spec.approval {
        ApprovalWord::Never | ApprovalWord::Required => true,
        ApprovalWord::Once => {
            let generation = object.generation().unwrap_or(0).to_string();
            object.annotation(APPROVED) == Some(generation.as_str())
        }
    }
}

fn timetable(
    object: &Object,
    spec: &SanctionedExperimentSpec,
    plan: &Plan,
    schedules: Vec<Schedule>,
) -> Timetable {
    Timetable {
        name: object.reference().name.clone(),
        uid: object.uid().unwrap_or_default().to_owned(),
        created: created(object),
        generation: object.generation().unwrap_or(0),
        schedules,
        starting_deadline: plan.starting_deadline,
        jitter: spec.jitter.map_or(Duration::ZERO, |it| it.0),
        minimum_interval: interval(spec),
        concurrency: spec.concurrency,
        suspended: spec.suspend,
        stop_after_failures: spec.stop_after_failures.unwrap_or(1),
    }
}
