//! ChaosEngine, and the ChaosExperiment that alone injects nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use super::code;
use super::env::{Env, Knob};
use super::hub::{HubFault, Select, suggestion};
use super::strength::Blow;
use super::target::Aimer;
use super::text::target_text;
use crate::fault::{
    Action, Aim, Effect, Experiment, Fault, Lifetime, Mode, Note, Overlap, Reading, Surroundings,
    Tool, Unreadable,
};
use crate::object::{Field, Object};

/// The label by which the operator finds what it has to stop.
const STOP_LABEL: &str = "chaosUID";

const RAMP: Knob = Knob::new("RAMP_TIME", 0);

/// What has been read of an engine so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) faults: Vec<Fault>,
    pub(super) notes: Vec<Note>,
    /// Whether the engine is stopped.
    pub(super) stopped: bool,
    /// How long the whole engine takes.
    pub(super) window: Option<Duration>,
}

impl Found {
    pub(super) fn note(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.notes.push(Note {
            field: field.into(),
            message: message.into(),
        });
    }

    pub(super) fn experiment(self, object: &Object) -> Experiment {
        Experiment {
            object: object.reference().clone(),
            tool: Tool::Litmus,
            faults: self.faults,
            schedule: None,
            notes: self.notes,
            refusals: Vec::new(),
            dormant: self.stopped,
            declared: true,
        }
    }
}

/// Reads a ChaosEngine.
pub(in crate::fault) fn read(object: &Object, _: &Surroundings) -> Reading {
    let found = engine(&object.spec(), &object.reference().namespace)?;
    Ok(Some(Experiment {
        refusals: unstoppable(object).into_iter().collect(),
        ..found.experiment(object)
    }))
}

/// The engines of a ChaosSchedule carry its own label instead.
fn unstoppable(object: &Object) -> Option<Unreadable> {
    let by_schedule = object
        .controller()
        .is_some_and(|(kind, _)| kind == "ChaosSchedule");
    if object.label(STOP_LABEL).is_none() || by_schedule {
        return None;
    }
    let labels = object.root().get("metadata").get("labels");
    let accepted = "no such label: with it, stopping the engine stops nothing";
    Some(labels.get(STOP_LABEL).unreadable(accepted))
}

/// A ChaosExperiment describes a fault for engines to run. What an engine runs is judged there.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a reader")]
pub(in crate::fault) fn read_definition(object: &Object, _: &Surroundings) -> Reading {
    let mut found = Found::default();
    found.note(
        "spec.definition",
        "injects nothing by itself; engines of this name are judged by what the hub's fault of that name does",
    );
    Ok(Some(found.experiment(object)))
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
pub(super) fn engine(spec: &Field<'_>, namespace: &str) -> Result<Found, Unreadable> {
    let mut found = Found {
        stopped: stopped(spec)?,
        ..Found::default()
    };
    let target = target_text(spec, namespace)?;
    let experiments = spec.get("experiments");
    let items = experiments.items()?;
    if items.is_empty() {
        return Err(experiments.unreadable("at least one experiment"));
    }
    let mut names = BTreeSet::new();
    let mut windows = Vec::new();
    for item in &items {
        let name = item.get("name");
        if !names.insert(name.required_text()?) {
            return Err(name.unreadable("each experiment once: the variables of both are mixed"));
        }
        windows.push(experiment(item, &target, namespace, &mut found)?);
    }
    found.window = windows.into_iter().try_fold(Duration::ZERO, |sum, window| {
        window.map(|window| sum.saturating_add(window))
    });
    if items.len() > 1 {
        spread(&mut found);
    }
    for item in &items {
        code::of_experiment(item, &mut found)?;
    }
    code::of_engine(spec, &mut found)?;
    helpers(spec, &mut found)?;
    Ok(found)
}

fn stopped(spec: &Field<'_>) -> Result<bool, Unreadable> {
    let state = spec.get("engineState");
    match state.text()?.unwrap_or_default() {
        "stop" => Ok(true),
        "" | "active" => Ok(false),
        _ => Err(state.unreadable("active or stop")),
    }
}

/// Experiments run one after the other, and nobody knows when the last is over.
fn spread(found: &mut Found) {
    let whole = found.window.map_or(Lifetime::Forever, Lifetime::For);
    for (index, fault) in found.faults.iter_mut().enumerate() {
        fault.lifetime = whole;
        fault.later |= index > 0;
    }
}

/// Helpers that are killed at once leave behind what they were to take back.
fn helpers(spec: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    const ENOUGH: i64 = 30;
    let grace = spec.get("terminationGracePeriodSeconds");
    let seconds = grace.integer()?.unwrap_or(0);
    let helped = |fault: &Fault| ![Action::PodKill, Action::Scale].contains(&fault.action);
    if seconds < ENOUGH && found.faults.iter().any(helped) {
        found.note(
            grace.path(),
            "below 30, an aborted helper is killed before it takes its fault back",
        );
    }
    Ok(())
}

/// Reads one experiment of an engine, and tells how long it takes; `None` where nothing ends it.
fn experiment(
    item: &Field<'_>,
    target: &(String, String),
    namespace: &str,
    found: &mut Found,
) -> Result<Option<Duration>, Unreadable> {
    let name = item.get("name");
    let text = name.required_text()?;
    let hub = HubFault::named(text).ok_or_else(|| name.unreadable(suggestion(text)))?;
    let env = Env::of(item)?;
    let shot = Shot {
        hub,
        env: &env,
        field: item.path(),
        turns: turns(&env)?,
    };
    let aimer = Aimer::new(&env, target, namespace)?;
    let fault = shot.fault(&aimer, found)?;
    let window = match fault.lifetime {
        Lifetime::For(window) => Some(window),
        Lifetime::Instant | Lifetime::Never => Some(Duration::ZERO),
        Lifetime::Forever => None,
    };
    found.faults.push(fault);
    let ramp = u64::from(env.number(RAMP)?.most).saturating_mul(2);
    Ok(window.map(|window| window.saturating_add(Duration::from_secs(ramp))))
}

/// Whether the victims of one experiment are taken together or in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turns {
    Together,
    InTurn,
    Either,
}

fn turns(env: &Env) -> Result<Turns, Unreadable> {
    const NAME: &str = "SEQUENCE";
    match env.text(NAME)?.to_ascii_lowercase().as_str() {
        "" | "parallel" => Ok(Turns::Together),
        "serial" => Ok(Turns::InTurn),
        "random" => Ok(Turns::Either),
        _ => Err(env.unreadable(NAME, "parallel, serial or random")),
    }
}

/// One experiment, as far as its own words go.
struct Shot<'a> {
    hub: &'static HubFault,
    env: &'a Env,
    field: &'a str,
    turns: Turns,
}

impl Shot<'_> {
    fn fault(&self, aimer: &Aimer<'_>, found: &mut Found) -> Result<Fault, Unreadable> {
        let mut blow = Blow {
            action: self.hub.action,
            effect: self.hub.effect,
            intensity: self.hub.intensity,
        };
        if let Some(read) = self.hub.strength {
            read(self.env, &mut blow)?;
        }
        let duration = self.duration()?;
        let (aim, count) = self.aim(aimer, blow.effect)?;
        let overlap = self.overlap(duration)?;
        Ok(Fault {
            action: blow.action,
            effect: blow.effect,
            aim,
            lifetime: self.lifetime(duration, count, found),
            overlap,
            intensity: blow.intensity,
            field: self.field.to_owned(),
            duration_field: self.env.path(self.hub.duration.name),
            later: found.stopped || overlap != Overlap::AtMost(1),
        })
    }

    fn duration(&self) -> Result<Duration, Unreadable> {
        let seconds = self.env.number(self.hub.duration)?.most;
        if seconds == 0 {
            let accepted = "1 or more seconds: some faults never end after 0";
            return Err(self.env.unreadable(self.hub.duration.name, accepted));
        }
        Ok(Duration::from_secs(u64::from(seconds)))
    }

    /// What is hit, and how many victims take turns; `None` where only the cluster can tell.
    fn aim(&self, aimer: &Aimer<'_>, effect: Effect) -> Result<(Aim, Option<u32>), Unreadable> {
        match self.hub.select {
            Select::Pods | Select::PodsPlain => {
                let mut choice = aimer.pods(self.hub.select == Select::PodsPlain)?;
                // In turn, one is over before the next begins, unless a victim stays down.
                let recovers = effect < Effect::Down && !self.hub.redraws;
                if self.turns == Turns::InTurn && recovers {
                    choice.target.mode = Mode::One;
                }
                Ok((Aim::Pods(choice.target), choice.count))
            }
            Select::ManyNodes => {
                let choice = aimer.many_nodes()?;
                Ok((Aim::Nodes(choice.target), choice.count))
            }
            Select::Partition => Ok((Aim::Pods(aimer.partition()?), Some(1))),
            Select::Workloads => Ok((Aim::Pods(aimer.workloads()?), Some(1))),
            Select::OneNode => Ok((Aim::Nodes(aimer.one_node()?), Some(1))),
            Select::Elsewhere(why) => Ok((Aim::Unknown(why.to_owned()), Some(1))),
        }
    }

    /// Whoever is hit in turn is hit for the whole duration each.
    fn lifetime(&self, duration: Duration, count: Option<u32>, found: &mut Found) -> Lifetime {
        let Some(stretch) = self.hub.stretch else {
            return Lifetime::Forever;
        };
        let together = self.turns == Turns::Together || self.hub.redraws;
        let turns = if together { Some(1) } else { count };
        let Some(turns) = turns else {
            found.note(
                self.env.path("SEQUENCE"),
                "one after the other, each for the whole duration, and nobody can say how many; name them in TARGET_PODS, or use parallel",
            );
            return Lifetime::Forever;
        };
        Lifetime::For(duration.saturating_mul(turns.max(1).saturating_mul(stretch)))
    }

    /// A fault that chooses anew in each round may take another before the last is back.
    fn overlap(&self, duration: Duration) -> Result<Overlap, Unreadable> {
        const RANDOMNESS: &str = "RANDOMNESS";
        let interval = Knob::new("CHAOS_INTERVAL", 5).program(10);
        if !self.hub.redraws {
            return Ok(Overlap::AtMost(1));
        }
        let random = self.env.text(RANDOMNESS)?.eq_ignore_ascii_case("true");
        let interval = if random { interval.ranged() } else { interval };
        let interval = u64::from(self.env.number(interval)?.least).max(1);
        let rounds = duration.as_secs().div_ceil(interval);
        Ok(Overlap::AtMost(
            u32::try_from(rounds).unwrap_or(u32::MAX).max(1),
        ))
    }
}
