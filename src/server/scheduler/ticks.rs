//! From ticks to runs: whether an experiment can be used as it is written, what its ticks ask for now, and what it
//! tells of itself. A run is made before it is noted down that its tick was dealt with; its name is a function of
//! the tick, so that whoever makes it twice makes one.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use serde_json::{Value, json};

use super::history::{failures, last_outcome};
use super::reach::Failure;
use super::read::{self, GENERATION, RUN, Stored, own};
use super::rounds::{Due, Seen};
use super::stopped::stopped;
use super::{Scheduler, subject};
use crate::inventory::Inventory;
use crate::object::Object;
use crate::policy::shut;
use crate::policy::spec::values::Moment;
use crate::schedule::sanctioned::{APPROVED, KIND, Sanctioned};
use crate::schedule::spec::run::ExperimentRunSpec;
use crate::schedule::spec::sanctioned::{ApprovalWord, SanctionedExperimentStatus};
use crate::schedule::spec::status::PhaseWord;
use crate::schedule::tick::{Circumstances, Wanted};
use crate::server::view::View;

impl Scheduler {
    /// Deals with the ticks of every experiment whose time has come, or that has changed.
    pub(super) async fn tick_all(&self, seen: &mut Seen, due: &mut Due, every: Duration) {
        let now = (self.now)();
        let view = self.outlook.view(now);
        let seen = &*seen;
        for object in &seen.experiments {
            let uid = object.uid().unwrap_or_default();
            let version = mark(object, seen);
            if !due.is(uid, &version, now) {
                continue;
            }
            let soon = now.saturating_add(every).unwrap_or(now);
            let wake = match self.tick(object, seen, (&view, now)).await {
                Ok(wake) => wake.map_or(soon, |wake| wake.min(soon)),
                Err(failure) => {
                    let experiment = object.reference();
                    tracing::warn!(%experiment, %failure, "a tick was not dealt with");
                    now
                }
            };
            due.set(uid, &version, Some(wake));
        }
        self.tell_stops(seen, &view).await;
    }

    /// Deals with the ticks of one experiment. When to look again.
    async fn tick(
        &self,
        object: &Object,
        seen: &Seen,
        (view, now): (&View, Timestamp),
    ) -> Result<Option<Timestamp>, Failure> {
        if object.at(&["metadata", "deletionTimestamp"]).is_some() {
            return Ok(None);
        }
        let runs = runs_of(object, seen);
        let mut before = status(object);
        let inventory = &view.inventory;
        let sanctioned = match Sanctioned::compile(object, inventory.surroundings()) {
            Ok(sanctioned) => sanctioned,
            Err(wrong) => {
                let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                before.observed_generation = object.generation();
                before.next_ticks = Vec::new();
                let told = Err(wrong.join("; "));
                return self.keep(object, before, (told, now)).await.map(|()| None);
            }
        };
        before.consecutive_failures = failures(&runs, object.generation());
        before.last_outcome = last_outcome(&runs).or(before.last_outcome);
        let around = around(&sanctioned, (seen, &runs), (view, now));
        let turnout = sanctioned.timetable.turn(&before, &around, now);
        match &turnout.wanted {
            Wanted::Nothing => {}
            Wanted::Run { name, tick } => {
                self.make(object, &sanctioned, (name, Some(*tick))).await?;
            }
            Wanted::Abort(names) => {
                for name in names {
                    self.abort((&sanctioned.namespace, name)).await?;
                }
            }
        }
        let mut after = turnout.status;
        after.target = Some(target(&sanctioned, inventory));
        let handled = after.last_handled_tick;
        self.keep(object, after, (Ok(()), now)).await?;
        self.forget_old(&runs, &sanctioned.spec.history, handled)
            .await;
        Ok(turnout.wake)
    }

    /// Makes a run. One of that name that is of the same experiment and tick is the same run.
    async fn make(
        &self,
        object: &Object,
        sanctioned: &Sanctioned,
        (name, tick): (&str, Option<Timestamp>),
    ) -> Result<(), Failure> {
        let made = Object::new(run(object, sanctioned, (name, tick))?);
        let made = made.map_err(|error| Failure::Silent(error.to_string()))?;
        let failure = match self.reach.create(&made, false).await {
            Ok(_) => {
                tracing::info!(run = %made.reference(), "made for a tick");
                return Ok(());
            }
            Err(failure) if failure.is_conflict() => failure,
            Err(other) => return Err(other),
        };
        let found = self.reach.get(made.reference()).await?;
        let same = found
            .and_then(|it| Stored::read(it).ok())
            .is_some_and(|it| {
                it.spec.experiment == sanctioned.name && it.spec.tick.map(|it| it.0) == tick
            });
        if same { Ok(()) } else { Err(failure) }
    }

    /// Writes what an experiment tells of itself, where that is another.
    async fn keep(
        &self,
        object: &Object,
        mut after: SanctionedExperimentStatus,
        (usable, now): (Result<(), String>, Timestamp),
    ) -> Result<(), Failure> {
        let before = status(object);
        let mut ready = ready(&usable, object.generation(), now);
        let same = |it: &&Condition| it.type_ == ready.type_ && it.status == ready.status;
        if let Some(condition) = before.conditions.iter().find(same) {
            ready.last_transition_time = condition.last_transition_time.clone();
        }
        after.conditions = vec![ready];
        if after == before {
            return Ok(());
        }
        let value = serde_json::to_value(&after);
        let value = value.map_err(|error| Failure::Silent(error.to_string()))?;
        self.reach.write_status(object, &value).await.map(drop)
    }
}

/// In which version an experiment and its runs were seen.
fn mark(object: &Object, seen: &Seen) -> String {
    // Only what tells how far a run is: what is looked at while it runs is nothing to its experiment.
    let run = |run: &Stored| format!("{}{:?}", run.uid(), run.status.phase);
    let runs = runs_of(object, seen).into_iter().map(run);
    let version = read::version(object).to_owned();
    let parts: Vec<String> = [version].into_iter().chain(runs).collect();
    parts.join("/")
}

/// The runs of an experiment, the newest first.
fn runs_of<'s>(object: &Object, seen: &'s Seen) -> Vec<&'s Stored> {
    let it = object.reference();
    let own = |run: &&Stored| run.namespace() == it.namespace && run.spec.experiment == it.name;
    let mut runs: Vec<&Stored> = seen.runs.iter().filter(own).collect();
    runs.sort_by_key(|run| std::cmp::Reverse((run.created(), run.name().to_owned())));
    runs
}

fn status(object: &Object) -> SanctionedExperimentStatus {
    let status = object.value().get("status").cloned();
    let status = status.and_then(|it| serde_json::from_value(it).ok());
    status.unwrap_or_default()
}

/// What decides over a tick beside the timetable.
fn around(
    sanctioned: &Sanctioned,
    (seen, runs): (&Seen, &[&Stored]),
    (view, now): (&View, Timestamp),
) -> Circumstances {
    let inventory = &*view.inventory;
    let place = sanctioned.namespace.as_str();
    let group = subject::find(&sanctioned.spec, place, inventory).ok();
    let lasts = sanctioned.plan.longest();
    let shut = group.and_then(|id| shut(&view.policies, (inventory, id), (now, lasts)));
    let open = runs
        .iter()
        .filter(|run| run.status.phase != PhaseWord::Closed);
    // Runs of other experiments that are aimed at the same count too.
    let on_subject = seen.runs.iter().filter(|run| {
        let other = run.experiment();
        let other = other.and_then(|it| subject::find(it, run.namespace(), inventory).ok());
        !run.spec.dry_run
            && (other.is_some() && other == group || run.spec.experiment == sanctioned.name)
    });
    Circumstances {
        stopped: stopped(&seen.stops, (&sanctioned.spec, place), inventory),
        closed: shut.map(|it| it.why),
        open: open.map(|run| run.name().to_owned()).collect(),
        last_on_subject: on_subject.map(Stored::created).max(),
        unapproved: !sanctioned.approved,
    }
}

/// What an experiment is aimed at, as people call it.
fn target(sanctioned: &Sanctioned, inventory: &Inventory) -> String {
    let place = sanctioned.namespace.as_str();
    match subject::find(&sanctioned.spec, place, inventory) {
        Ok(id) => inventory.group_name(id),
        Err(why) => why,
    }
}

fn ready(usable: &Result<(), String>, generation: Option<i64>, now: Timestamp) -> Condition {
    let (status, reason, message) = match usable {
        Ok(()) => ("True", "Compiled", "its ticks start runs"),
        Err(why) => ("False", "Invalid", why.as_str()),
    };
    Condition {
        type_: "Ready".to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        observed_generation: generation,
        last_transition_time: Time(now),
    }
}

/// A run of an experiment as it is now. It goes with its experiment, which ends it.
fn run(
    object: &Object,
    sanctioned: &Sanctioned,
    (name, tick): (&str, Option<Timestamp>),
) -> Result<Value, Failure> {
    let it = own(RUN, (&sanctioned.namespace, name));
    let generation = object.generation().unwrap_or_default().to_string();
    let once = sanctioned.spec.approval == ApprovalWord::Once;
    let spec = ExperimentRunSpec {
        experiment: sanctioned.name.clone(),
        tick: tick.map(Moment),
        frozen: Some(Box::new(sanctioned.spec.clone())),
        dry_run: false,
        abort: false,
        approved_by: once.then(|| format!("{APPROVED}: {generation}")),
    };
    let spec = serde_json::to_value(&spec).map_err(|error| Failure::Silent(error.to_string()))?;
    Ok(json!({
        "apiVersion": it.api_version(), "kind": RUN,
        "metadata": {"name": name, "namespace": it.namespace,
            "annotations": {GENERATION: generation},
            "ownerReferences": [{
                "apiVersion": object.reference().api_version(), "kind": KIND,
                "name": sanctioned.name, "uid": object.uid(),
                "controller": true, "blockOwnerDeletion": false,
            }]},
        "spec": spec,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Surroundings;

    fn experiment() -> Object {
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": KIND,
            "metadata": {"name": "drill", "namespace": "db", "uid": "e", "generation": 3,
                "creationTimestamp": "2026-10-01T10:00:00Z"},
            "spec": {"hypothesis": "it holds", "native": {"podDelete": {}},
                "workload": {"kind": "StatefulSet", "name": "ledger"},
                "schedules": [{"schedule": "0 11 * * *"}]}});
        Object::new(value).unwrap()
    }

    #[test]
    fn a_run_of_a_tick_is_read_again_as_what_it_was_made_for() {
        let object = experiment();
        let sanctioned = Sanctioned::compile(&object, Surroundings::NONE).unwrap();
        let tick: Timestamp = "2026-10-01T11:00:00Z".parse().unwrap();
        let name = sanctioned.timetable.run_name(tick);
        let made = run(&object, &sanctioned, (&name, Some(tick))).unwrap();
        let stored = Stored::read(Object::new(made).unwrap()).unwrap();
        assert_eq!(stored.spec.tick, Some(Moment(tick)));
        assert_eq!(stored.experiment(), Some(&sanctioned.spec));
        assert_eq!(stored.object.annotation(GENERATION), Some("3"));
    }

    #[test]
    fn an_experiment_says_whether_it_can_be_used() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(ready(&Ok(()), Some(3), now).status, "True");
        let broken = ready(&Err("spec: neither".to_owned()), Some(3), now);
        assert_eq!(
            (broken.status.as_str(), broken.message.as_str()),
            ("False", "spec: neither")
        );
    }
}
