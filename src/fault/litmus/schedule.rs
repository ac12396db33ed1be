//! ChaosSchedule: an engine again and again.

use super::engine::{Found, engine};
use crate::calendar::Dialect;
use crate::fault::rhythm::{self, Rhythm};
use crate::fault::{Experiment, Reading, Recurrence, Surroundings, Unreadable};
use crate::object::{Field, Object};

/// Reads a ChaosSchedule. Its times are in the zone of its controller, which nobody can see here.
pub(in crate::fault) fn read(object: &Object, _: &Surroundings) -> Reading {
    let spec = object.spec();
    let template = spec.get("engineTemplateSpec");
    if !template.is_set() {
        return Err(template.unreadable("the spec of a ChaosEngine"));
    }
    let mut found = engine(&template, &object.reference().namespace)?;
    found.stopped = spec.get("scheduleState").text()? == Some("halt");
    let schedule = recurrence(&spec.get("schedule"), &mut found)?;
    let once = schedule.is_none();
    if let Some(recurrence) = &schedule {
        // The controller starts no engine while another runs.
        let rhythm = Rhythm {
            gap: recurrence.shortest_gap,
            allows_overlap: false,
        };
        rhythm.stack(&mut found.faults);
    }
    for fault in &mut found.faults {
        fault.later |= found.stopped || !once || !spec.get("schedule").get("now").is_set();
    }
    Ok(Some(Experiment {
        schedule,
        ..found.experiment(object)
    }))
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
