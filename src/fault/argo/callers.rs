//! What runs later from a template: the CronWorkflows that refer to it.

use super::carrier::{error_inside, move_inside, note_inside};
use super::unfold::unfold;
use super::{GROUP, read_within};
use crate::fault::{Experiment, Recurrence, Surroundings, Unreadable};
use crate::object::Object;

/// Adds what the callers of a template do once it says this; whether there are any. Each run of
/// them is judged again, but with nobody there who could mend the template.
pub(super) fn add(
    template: &Object,
    surroundings: &Surroundings,
    experiment: &mut Experiment,
) -> Result<bool, Unreadable> {
    let surroundings = surroundings.with([template]);
    let crons = surroundings.all((GROUP, "CronWorkflow"));
    let mut called = false;
    for cron in crons.filter(|cron| calls(cron, template, &surroundings)) {
        let place = cron.reference().to_string();
        let read = read_within(cron, &surroundings, 0);
        let read = read.map_err(|error| error_inside(&place, error))?;
        let Some(caller) = read.filter(|caller| !caller.dormant) else {
            continue;
        };
        if !std::mem::replace(&mut called, true) {
            // What the template does by itself is what its callers make of it.
            experiment.faults.clear();
        }
        experiment
            .faults
            .extend(caller.faults.into_iter().map(|mut fault| {
                move_inside(&place, &mut fault);
                fault
            }));
        let notes = caller.notes.into_iter();
        experiment
            .notes
            .extend(notes.map(|note| note_inside(&place, note)));
        let refusals = caller.refusals.into_iter();
        let refusals = refusals.map(|error| error_inside(&place, error));
        experiment.refusals.extend(refusals);
        let gap = |recurrence: &Recurrence| recurrence.shortest_gap;
        let schedules = [experiment.schedule.take(), caller.schedule];
        experiment.schedule = schedules.into_iter().flatten().min_by_key(gap);
    }
    Ok(called)
}

/// Whether a CronWorkflow runs something of a template.
fn calls(cron: &Object, template: &Object, surroundings: &Surroundings) -> bool {
    let (cron_at, template_at) = (cron.reference(), template.reference());
    let cluster = template_at.kind == "ClusterWorkflowTemplate";
    if !cluster && cron_at.namespace != template_at.namespace {
        return false;
    }
    let workflow = cron.spec().get("workflowSpec");
    let unfolded = unfold(cron, &workflow, surroundings);
    unfolded.uses.contains(&(cluster, template_at.name.clone()))
}
