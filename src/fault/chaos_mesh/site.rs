//! What the experiment kinds have in common: a spec at a site, the harm it does, what was found.

use std::time::Duration;

use super::elsewhere::remote_cluster;
use super::kinds::Kind;
use super::selector::target;
use super::{lint, records, schedule};
use crate::calendar::parse_go_duration;
use crate::fault::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Note, Overlap, Recurrence, Tool,
    Unreadable,
};
use crate::object::{Field, Object};

/// The annotation that pauses an experiment or a Schedule.
const PAUSE: &str = "experiment.chaos-mesh.org/pause";

const DURATION: &str = "a duration such as \"30s\" or \"5m\"";

/// A spec of an experiment kind, wherever it stands.
pub(super) struct Site<'a> {
    /// Its kind.
    pub(super) kind: &'static Kind,
    /// The spec.
    pub(super) spec: Field<'a>,
    /// Where a selector without namespaces selects; `None` where that is not known.
    pub(super) namespace: Option<&'a str>,
    /// How long what lasts here lasts.
    lifetime: Lifetime,
}

/// The annotation that drops an object without recovery.
const CLEANUP: &str = "chaos-mesh.chaos-mesh.org/cleanFinalizer";

/// The label by which a Schedule knows its children, in every namespace.
const OWNER: &str = "managed-by";

/// What one part of a spec does to a victim.
#[derive(Debug, Clone, Copy)]
pub(super) struct Harm {
    pub(super) action: Action,
    pub(super) effect: Effect,
    pub(super) intensity: Intensity,
    /// Whether it acts in an instant.
    pub(super) one_shot: bool,
}

impl Harm {
    /// A harm that lasts.
    pub(super) fn new(action: Action, effect: Effect, intensity: Intensity) -> Self {
        Self {
            action,
            effect,
            intensity,
            one_shot: false,
        }
    }
}

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) faults: Vec<Fault>,
    notes: Vec<Note>,
    refusals: Vec<Unreadable>,
    schedule: Option<Recurrence>,
}

/// More notes or refusals than this help nobody.
const MOST_NOTES: usize = 40;

impl Found {
    /// Nothing yet, with room for the one fault that most specs are: faults are large.
    pub(super) fn of_one() -> Self {
        Self {
            faults: Vec::with_capacity(1),
            ..Self::default()
        }
    }

    /// Something the author should know about the field at `path`.
    pub(super) fn note(&mut self, path: &str, message: impl Into<String>) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push(Note {
                field: path.to_owned(),
                message: message.into(),
            });
        }
    }

    /// Something is unacceptable, although the rest can be read.
    pub(super) fn refuse(&mut self, problem: Unreadable) {
        if self.refusals.len() < MOST_NOTES && !self.refusals.contains(&problem) {
            self.refusals.push(problem);
        }
    }

    /// Something recurs. Of several rhythms the fastest counts.
    pub(super) fn recur(&mut self, mut recurrence: Recurrence) {
        if let Some(other) = self.schedule.take() {
            let (mut faster, slower) = if other.shortest_gap < recurrence.shortest_gap {
                (other, recurrence)
            } else {
                (recurrence, other)
            };
            faster.schedules.extend(slower.schedules);
            recurrence = faster;
        }
        self.schedule = Some(recurrence);
    }

    /// A fault that the whole spec describes.
    pub(super) fn hit(&mut self, site: &Site<'_>, harm: Harm, aim: Aim) {
        self.faults.push(site.fault(harm, aim));
    }

    /// The experiment that `object` is.
    pub(super) fn experiment(mut self, object: &Object) -> Experiment {
        let forced = object.annotation(CLEANUP) == Some("forced");
        self.heed(object, forced);
        let kind = object.reference().kind.as_str();
        let schedules = kind == "Schedule";
        let pausable = schedules || Kind::named(kind).is_some();
        let paused = pausable && object.annotation(PAUSE) == Some("true");
        let stops = |fault: &Fault| schedules || fault.lifetime != Lifetime::Instant;
        let dormant = paused && self.faults.iter().all(stops);
        let mut faults = self.faults;
        records::aim(&mut faults, object);
        for fault in &mut faults {
            fault.later |= paused;
            if forced && fault.lifetime.ends() {
                fault.lifetime = Lifetime::Forever;
            }
        }
        Experiment {
            object: object.reference().clone(),
            tool: Tool::ChaosMesh,
            faults,
            schedule: self.schedule,
            notes: self.notes,
            refusals: self.refusals,
            dormant,
            declared: true,
        }
    }
}

impl Found {
    /// What the metadata of an object does to its experiment, whatever its spec says.
    fn heed(&mut self, object: &Object, forced: bool) {
        let metadata = || object.root().get("metadata");
        if forced {
            let field = metadata().get("annotations").get(CLEANUP);
            self.note(field.path(), "nothing recovers: what it injects stays");
        }
        if let Some(name) = object.label(OWNER)
            && object.controller().is_none()
        {
            let field = metadata().get("labels").get(OWNER);
            let message = format!("a Schedule called \"{name}\" would pause and delete this");
            self.note(field.path(), message);
        }
    }
}

impl<'a> Site<'a> {
    /// The spec `spec` of `kind`, with the lifetime that its own duration gives it.
    pub(super) fn new(
        kind: &'static Kind,
        spec: Field<'a>,
        namespace: Option<&'a str>,
    ) -> Result<Self, Unreadable> {
        let lifetime = lifetime(kind, &spec.get("duration"))?;
        Ok(Self {
            kind,
            spec,
            namespace,
            lifetime,
        })
    }

    /// Reads the spec.
    pub(super) fn read(&self, found: &mut Found) -> Result<(), Unreadable> {
        if !self.spec.is_set() {
            return Err(self
                .spec
                .unreadable(format!("the spec of a {}", self.kind.name)));
        }
        lint::spec(self, found)?;
        let first = found.faults.len();
        (self.kind.read)(self, found)?;
        schedule::as_meant(&self.spec.get("scheduler"), first, found);
        if let Some(aim) = remote_cluster(&self.spec)? {
            for fault in found.faults.iter_mut().skip(first) {
                fault.aim = aim.clone();
            }
        }
        Ok(())
    }

    /// The pods that the spec selects.
    pub(super) fn pods(&self) -> Result<Aim, Unreadable> {
        target(&self.spec, self.namespace).map(Aim::Pods)
    }

    /// A fault of this spec.
    pub(super) fn fault(&self, harm: Harm, aim: Aim) -> Fault {
        Fault {
            action: harm.action,
            effect: harm.effect,
            aim,
            lifetime: if harm.one_shot {
                Lifetime::Instant
            } else {
                self.lifetime
            },
            overlap: Overlap::AtMost(1),
            intensity: harm.intensity,
            field: self.spec.path().to_owned(),
            duration_field: self.spec.get("duration").path().to_owned(),
            later: false,
        }
    }
}

/// A duration written at `field`; an empty text is none.
pub(super) fn duration_at(field: &Field<'_>) -> Result<Option<Duration>, Unreadable> {
    match field.text()? {
        None | Some("") => Ok(None),
        Some(text) => match parse_go_duration(text) {
            Ok(duration) => Ok(Some(duration.as_duration())),
            Err(_) => Err(field.unreadable(DURATION)),
        },
    }
}

/// A block `{latency, jitter}`: the longest delay it makes.
pub(super) fn delay_at(block: &Field<'_>) -> Result<Option<Duration>, Unreadable> {
    let latency = duration_at(&block.get("latency"))?;
    let jitter = duration_at(&block.get("jitter"))?.unwrap_or_default();
    Ok(latency.map(|latency| latency.saturating_add(jitter)))
}

/// How long an experiment with this duration lasts. An absent or empty one means forever, and so
/// does one that TimeChaos cannot read.
fn lifetime(kind: &Kind, duration: &Field<'_>) -> Result<Lifetime, Unreadable> {
    let Some(text) = duration.text()?.filter(|text| !text.is_empty()) else {
        return Ok(Lifetime::Forever);
    };
    match parse_go_duration(text) {
        Ok(duration) if duration.is_positive() => Ok(Lifetime::For(duration.as_duration())),
        Ok(_) => Ok(Lifetime::Never),
        Err(_) if kind.name == "TimeChaos" => Ok(Lifetime::Forever),
        Err(_) => Err(duration.unreadable(DURATION)),
    }
}

/// The namespace of an object, where it is known.
pub(super) fn namespace(object: &Object) -> Option<&str> {
    Some(object.reference().namespace.as_str()).filter(|namespace| !namespace.is_empty())
}

/// A percentage, rounded up, from 0 to 100.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=100 before"
)]
pub(super) fn whole_percent(number: f64) -> u32 {
    if number.is_nan() {
        return 100;
    }
    number.ceil().clamp(0.0, 100.0) as u32
}
