//! ChaosExperiment, about to be written. It injects nothing by itself, but it decides what engines
//! do: those of its namespace that name it, and schedules, are judged as if they were written again.

use super::definition::{Definition, Program, elsewhere};
use super::engine::{Found, SCHEDULE, engine};
use super::env::Env;
use super::hub::HubFault;
use super::number;
use super::schedule;
use super::shell::is_number;
use crate::fault::{Reading, Surroundings, Unreadable};
use crate::object::{Field, Object};

const ENGINE: (&str, &str) = ("litmuschaos.io", "ChaosEngine");

/// Variables that would aim every engine that names the definition at something of its own.
const AIMS: &[&str] = &["CHAOS_NAMESPACE", "TARGETS", "TARGET_PODS"];

/// Numbers that never reach a shell.
const NUMBERS: &[&str] = &[
    "APP_AFFECT_PERC",
    "CHAOS_INTERVAL",
    "NODES_AFFECTED_PERC",
    "PODS_AFFECTED_PERC",
    "RAMP_TIME",
    "REPLICA_COUNT",
    DURATION,
];
const DURATION: &str = "TOTAL_CHAOS_DURATION";

/// Reads a ChaosExperiment.
pub(in crate::fault) fn read(object: &Object, surroundings: &Surroundings) -> Reading {
    let mut found = Found::default();
    let definition = Definition::own(object);
    words(&definition, &mut found)?;
    numbers(&definition.env(), &mut found);
    let users = Users {
        object,
        surroundings: &surroundings.with([object]),
    };
    for used in surroundings.within(ENGINE, &object.reference().namespace) {
        users.engine(used, &mut found);
    }
    for used in surroundings.within(SCHEDULE, &object.reference().namespace) {
        users.schedule(used, &mut found);
    }
    if found.faults.is_empty() {
        found.note(
            "spec.definition",
            "injects nothing by itself; each engine that names it is judged when it is written",
        );
    }
    Ok(Some(found.experiment(object)))
}

/// The image has to be one that holds faults, and the arguments have to name one.
fn words(definition: &Definition<'_>, found: &mut Found) -> Result<(), Unreadable> {
    if definition.faults()?.is_none() {
        let accepted =
            "go-runner or py-runner of Litmus, from any registry: another image may do anything";
        found.refusals.push(definition.image().unreadable(accepted));
    }
    let accepted = match definition.program()? {
        Program::Fault(name) if HubFault::run_as(name).is_some() => return Ok(()),
        Program::Fault(_) => "-name and a fault of the Litmus hub, such as pod-delete",
        Program::Commands => {
            "./experiments -name and a fault of the Litmus hub, and no other command"
        }
    };
    found.refusals.push(definition.args().unreadable(accepted));
    Ok(())
}

/// Its variables may neither aim nor hold numbers that are not read as they are written.
fn numbers(list: &Field<'_>, found: &mut Found) {
    let env = match Env::alone(list) {
        Ok(env) => env,
        Err(refusal) => {
            found.refusals.push(refusal);
            return;
        }
    };
    for name in env.names() {
        let text = env.text(name).unwrap_or_default();
        let number = NUMBERS.contains(&name) || is_number(name);
        if AIMS.contains(&name) && !text.is_empty() {
            let accepted = "no such variable here: engines say themselves whom they hit";
            found.refusals.push(env.unreadable(name, accepted));
        } else if number && !text.is_empty() && !number::read(text, true).plain {
            let accepted =
                "a whole number of up to 9 digits without a unit, or a range such as 20-40";
            found.refusals.push(env.unreadable(name, accepted));
        } else if name == DURATION && number::digits(text) == Some(0) {
            found
                .refusals
                .push(env.unreadable(name, "1 or more seconds"));
        }
    }
}

/// Who runs the definition that is about to be written.
struct Users<'a> {
    object: &'a Object,
    surroundings: &'a Surroundings,
}

impl Users<'_> {
    /// Adds what an engine would do by the new definition, unless it is stopped.
    fn engine(&self, used: &Object, found: &mut Found) {
        let spec = elsewhere(used);
        if self.names(&spec) {
            add(engine(&spec, self.namespace(), self.surroundings), found);
        }
    }

    /// Adds what the engines of a schedule would do, unless it is halted.
    fn schedule(&self, used: &Object, found: &mut Found) {
        let spec = elsewhere(used);
        if self.names(&spec.get("engineTemplateSpec")) {
            add(
                schedule::spec(&spec, self.namespace(), self.surroundings),
                found,
            );
        }
    }

    fn namespace(&self) -> &str {
        &self.object.reference().namespace
    }

    /// Whether the spec of an engine names the definition. What cannot be understood may.
    fn names(&self, spec: &Field<'_>) -> bool {
        let wanted = self.object.reference().name.as_str();
        let Ok(items) = spec.get("experiments").items() else {
            return true;
        };
        let is_it = |item: &Field<'_>| {
            item.get("name")
                .text()
                .is_ok_and(|name| name == Some(wanted))
        };
        items.iter().any(is_it)
    }
}

/// What is stopped is judged when it is set going.
fn add(used: Result<Found, Unreadable>, found: &mut Found) {
    match used {
        Ok(used) if used.stopped => {}
        Ok(used) => {
            found.faults.extend(used.faults);
            found.notes.extend(used.notes);
            found.refusals.extend(used.refusals);
        }
        Err(refusal) => {
            found.untold(refusal.field.clone(), "it runs this and cannot be read");
            found.refusals.push(refusal);
        }
    }
}
