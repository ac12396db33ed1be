//! When a CronWorkflow runs.

use std::time::Duration;

use super::carrier::Carried;
use crate::calendar::Dialect;
use crate::fault::rhythm::{self, Rhythm};
use crate::fault::{Experiment, Fault, Note, Recurrence, Unreadable};
use crate::object::Field;

/// Reads when a CronWorkflow runs, and counts the runs that hurt together. `when` and
/// `stopStrategy` only ever keep a run away.
pub(super) fn recur(
    spec: &Field<'_>,
    carried: Vec<Carried>,
    experiment: &mut Experiment,
) -> Result<(), Unreadable> {
    let recurrence = recurrence(spec)?;
    let late = lateness(spec, experiment)?;
    let policy = spec.get("concurrencyPolicy").text()?.unwrap_or_default();
    let forbids = policy == "Forbid";
    let stacked = carried.into_iter().map(|Carried { fault, waits }| {
        let rhythm = Rhythm {
            gap: recurrence.shortest_gap.saturating_sub(late),
            // A run that replaces another ends that workflow, not the chaos it has applied; and one
            // that waits for another waits for the workflow.
            allows_overlap: !(forbids && waits),
        };
        let mut fault = [fault];
        rhythm.stack(&mut fault);
        let [fault]: [Fault; 1] = fault;
        fault
    });
    experiment.faults = stacked.collect();
    if recurrence.time_zone.is_none() {
        experiment.notes.push(Note {
            field: spec.get("timezone").path().to_owned(),
            message: "missing, so that the controller's own zone counts, which nobody can see here; taken for UTC".to_owned(),
        });
    }
    experiment.schedule = Some(recurrence);
    experiment.dormant |= spec.get("suspend").boolean()?.unwrap_or(false);
    Ok(())
}

/// How much later than its tick a run may begin.
fn lateness(spec: &Field<'_>, experiment: &mut Experiment) -> Result<Duration, Unreadable> {
    let field = spec.get("startingDeadlineSeconds");
    let seconds = field.integer()?.and_then(|it| u64::try_from(it).ok());
    let late = Duration::from_secs(seconds.unwrap_or(0));
    if !late.is_zero() {
        experiment.notes.push(Note {
            field: field.path().to_owned(),
            message: format!(
                "a run that was missed begins up to {} s late, outside of its schedule",
                late.as_secs()
            ),
        });
    }
    Ok(late)
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
