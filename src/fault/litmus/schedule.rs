//! ChaosSchedule: an engine again and again.
//!
//! The controller knows no time zone but its own, which nobody can see here, and allows no second
//! engine while one is active. Hours and days of work, and ranges of time, only leave runs out.

use super::engine::{Found, engine};
use crate::calendar::Dialect;
use crate::fault::rhythm::{self, Rhythm};
use crate::fault::{Effect, Fault, Overlap, Reading, Recurrence, Surroundings, Unreadable};
use crate::object::{Field, Object};

/// States in which no engine is started. The controller does not know `stop`.
const RESTING: &[&str] = &["halt", "complete"];

/// Reads a ChaosSchedule.
pub(in crate::fault) fn read(object: &Object, surroundings: &Surroundings) -> Reading {
    let found = spec(&object.spec(), &object.reference().namespace, surroundings)?;
    Ok(Some(found.experiment(object)))
}

/// Reads the spec of a schedule in `namespace`.
pub(super) fn spec(
    spec: &Field<'_>,
    namespace: &str,
    surroundings: &Surroundings,
) -> Result<Found, Unreadable> {
    let template = spec.get("engineTemplateSpec");
    if !template.is_set() {
        return Err(template.unreadable("the spec of a ChaosEngine"));
    }
    let mut found = engine(&template, namespace, surroundings)?;
    found.stopped = rests(&spec.get("scheduleState"), &mut found)?;
    let schedule = spec.get("schedule");
    found.schedule = recurrence(&schedule, &mut found)?;
    if let Some(recurrence) = &found.schedule {
        // The controller starts no engine while another runs.
        let rhythm = Rhythm {
            gap: recurrence.shortest_gap,
            allows_overlap: false,
        };
        let alone: Vec<Overlap> = found.faults.iter().map(|fault| fault.overlap).collect();
        rhythm.stack(&mut found.faults);
        for (fault, alone) in found.faults.iter_mut().zip(alone) {
            at_once_as_well(fault, alone);
        }
    }
    let waits = found.stopped || found.schedule.is_some() || !schedule.get("now").is_set();
    for fault in &mut found.faults {
        fault.later |= waits;
    }
    Ok(found)
}

/// Whether no engine is started in this state.
fn rests(state: &Field<'_>, found: &mut Found) -> Result<bool, Unreadable> {
    match state.text()?.unwrap_or_default() {
        "" | "active" => Ok(false),
        "stop" => {
            found.note(
                state.path(),
                "the controller knows no stop and goes on; write halt",
            );
            Ok(false)
        }
        word if RESTING.contains(&word) => {
            found.note(state.path(), "an engine that runs already goes on");
            Ok(true)
        }
        _ => Err(state.unreadable("active, halt, stop or complete")),
    }
}

/// The first run starts when the schedule is written, and the first tick may be close behind it.
fn at_once_as_well(fault: &mut Fault, alone: Overlap) {
    if let (Overlap::AtMost(all), Overlap::AtMost(once)) = (fault.overlap, alone)
        && fault.effect >= Effect::Down
    {
        fault.overlap = Overlap::AtMost(all.saturating_add(once));
    }
}

fn recurrence(schedule: &Field<'_>, found: &mut Found) -> Result<Option<Recurrence>, Unreadable> {
    let repeat = schedule.get("repeat");
    if !repeat.is_set() {
        if schedule.get("now").is_set() || schedule.get("once").is_set() {
            return Ok(None);
        }
        return Err(schedule.unreadable("one of now, once, repeat"));
    }
    let properties = repeat.get("properties").get("minChaosInterval");
    let text = cron(&properties)?;
    found.note(
        properties.path(),
        "the first run starts at once when the hour and day permit",
    );
    let field = properties.path().to_owned();
    rhythm::recurrence(vec![text], field, None, Dialect::Standard).map(Some)
}

/// The cron that the controller makes. Minutes win over hours.
fn cron(properties: &Field<'_>) -> Result<String, Unreadable> {
    let minutes = properties.get("minute").get("everyNthMinute");
    if let Some(every) = minutes.integer()? {
        return Ok(format!("*/{} * * * *", within(every, 59, &minutes)?));
    }
    let hour = properties.get("hour");
    let hours = hour.get("everyNthHour");
    let Some(every) = hours.integer()? else {
        return Err(properties.unreadable("minute.everyNthMinute or hour.everyNthHour"));
    };
    let minute = hour.get("minuteOfTheHour");
    let at = match minute.integer()? {
        Some(at) if (0..60).contains(&at) => at,
        None => 0,
        Some(_) => return Err(minute.unreadable("a minute from 0 to 59")),
    };
    Ok(format!("{at} */{} * * *", within(every, 23, &hours)?))
}

fn within(every: i64, most: i64, field: &Field<'_>) -> Result<i64, Unreadable> {
    if (1..=most).contains(&every) {
        Ok(every)
    } else {
        Err(field.unreadable(format!("a whole number from 1 to {most}")))
    }
}
