//! One turn of a run, in the order that makes it safe: it is read as it is stored now, what it depends on is looked
//! at, the core decides, that is stored in the version that was read, and only then anything is done. Who finds
//! that somebody else has stored something begins anew.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::measure::measured;
use super::reach::Failure;
use super::read::{GENERATION, Open, RUN, Stored, own};
use super::stopped::Stops;
use super::subject;
use super::{Scheduler, Who};
use crate::object::Object;
use crate::policy::spec::GROUP;
use crate::schedule::sanctioned::{APPROVED, KIND, Sanctioned};
use crate::schedule::spec::sanctioned::ApprovalWord;
use crate::schedule::spec::status::{ExperimentRunStatus, OutcomeWord, PhaseWord};
use crate::schedule::{Step, advance};

/// What became of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turned {
    /// It is over, or gone.
    Over,
    /// It is to be looked at then.
    Wake(Timestamp),
    /// It is to be looked at as soon as can be.
    Again,
}

impl Scheduler {
    /// Takes a run on by one step, and tells in which version it is now. Who does not lead only ends what must not
    /// go on.
    pub(super) async fn turn(
        &self,
        place: (&str, &str),
        stops: &Stops,
        who: Who,
    ) -> (Turned, String) {
        match Box::pin(self.try_turn(place, stops, who)).await {
            Ok(turned) => turned,
            Err(failure) => {
                let (namespace, name) = place;
                tracing::warn!(namespace, name, %failure, "a run was not taken on");
                (Turned::Again, String::new())
            }
        }
    }

    async fn try_turn(
        &self,
        place: (&str, &str),
        stops: &Stops,
        who: Who,
    ) -> Result<(Turned, String), Failure> {
        let found = self.reach.get(&own(RUN, place)).await?;
        let Some(found) = found else {
            return Ok((Turned::Over, String::new()));
        };
        let stored = Stored::read(found).map_err(Failure::Silent)?;
        let version = stored.version().to_owned();
        if stored.is_over() {
            return Ok((Turned::Over, version));
        }
        let view = self.outlook.view((self.now)());
        let around = view.inventory.surroundings();
        let Some(mut open) = Open::of(stored.clone(), around) else {
            return Ok((self.freeze(stored, who).await?, version));
        };
        if open.sanctioned.is_none() && open.run.status.phase >= PhaseWord::Injecting {
            // What it was meant to do cannot be read any more: it is ended as if somebody had asked for that.
            open.run.spec.abort = true;
        }
        let seen = Box::pin(self.look(&open, stops, who)).await;
        let mut step = advance(&open.run, &seen, (self.now)());
        self.measure(&open, &mut step);
        if who == Who::Any && !ends(&open, &step) {
            return Ok((Turned::Again, version));
        }
        if !self.store(&mut open, &step).await? {
            return Ok((Turned::Again, version));
        }
        for effect in &step.effects {
            Box::pin(self.carry_out(&open, effect)).await;
        }
        let group = open
            .spec()
            .and_then(|spec| subject::find(spec, place.0, &view.inventory).ok());
        if let (Some(group), Who::Leader) = (group, who) {
            let now = (self.now)();
            self.promises.renew(&open, (&view, group), now).await;
        }
        let version = open.stored.version().to_owned();
        Ok((step.wake.map_or(Turned::Over, Turned::Wake), version))
    }

    /// Adds to a run that begins to close what it measured.
    fn measure(&self, open: &Open, step: &mut Step) {
        let before = open.run.status.phase;
        let closes = step.status.phase == PhaseWord::Closing && before != PhaseWord::Closing;
        if !closes || step.status.injected_at.is_none() {
            return;
        }
        let uid = &open.run.uid;
        let since = step.status.injected_at.map(|it| it.0);
        let failed = since.and_then(|since| self.prober.first_failed(uid, since));
        let traffic = self.prober.traffic(uid);
        step.status.metrics = Some(measured(&step.status, &traffic, failed));
    }

    /// Stores what is next, in the version that was read; whether nobody else has stored something.
    async fn store(&self, open: &mut Open, step: &Step) -> Result<bool, Failure> {
        if step.status == open.run.status {
            return Ok(true);
        }
        let status = value(&step.status)?;
        match self.reach.write_status(&open.stored.object, &status).await {
            Ok(written) => open.stored.object = written,
            Err(other) if other.is_conflict() => return Ok(false),
            Err(other) => return Err(other),
        }
        told(open, &step.status);
        if step.status.phase == PhaseWord::Verifying
            && open.run.status.phase != PhaseWord::Verifying
        {
            // What failed during the fault says nothing of recovery.
            self.prober.anew(&open.run.uid);
        }
        open.run.status = step.status.clone();
        open.stored.status = step.status.clone();
        Ok(true)
    }

    /// Writes into a run that somebody made what it is to do, so that it stays what it was when it was made.
    async fn freeze(&self, stored: Stored, who: Who) -> Result<Turned, Failure> {
        if who == Who::Any {
            return Ok(Turned::Again);
        }
        let name = stored.spec.experiment.as_str();
        let found = own(KIND, (stored.namespace(), name));
        let found = self.reach.get(&found).await?;
        let view = self.outlook.view((self.now)());
        let compiled = match &found {
            None => Err(format!("there is no {KIND} {name:?} in {GROUP}")),
            Some(found) => {
                let compiled = Sanctioned::compile(found, view.inventory.surroundings());
                compiled.map_err(|wrong| {
                    let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
                    wrong.join("; ")
                })
            }
        };
        let patch = match (compiled, &found) {
            (Ok(sanctioned), Some(found)) => frozen(&stored, &sanctioned, found)?,
            (Err(why), _) => return self.refuse(&stored, &why).await,
            (Ok(_), None) => return Ok(Turned::Again),
        };
        let it = stored.object.reference();
        match self.reach.patch(it, &patch).await {
            Ok(()) => Ok(Turned::Again),
            Err(other) if other.is_conflict() => Ok(Turned::Again),
            Err(other) => Err(other),
        }
    }

    /// Closes a run that cannot be begun.
    async fn refuse(&self, stored: &Stored, why: &str) -> Result<Turned, Failure> {
        let status = ExperimentRunStatus {
            phase: PhaseWord::Closed,
            outcome: Some(OutcomeWord::Error),
            reason: Some("Invalid".to_owned()),
            message: Some(why.to_owned()),
            ..stored.status.clone()
        };
        let status = value(&status)?;
        match self.reach.write_status(&stored.object, &status).await {
            Ok(_) => Ok(Turned::Over),
            Err(other) if other.is_conflict() => Ok(Turned::Again),
            Err(other) => Err(other),
        }
    }
}

/// What a run gets of its experiment as that is now.
fn frozen(stored: &Stored, sanctioned: &Sanctioned, found: &Object) -> Result<Value, Failure> {
    let generation = found.generation().unwrap_or_default().to_string();
    let spec = serde_json::to_value(&sanctioned.spec);
    let spec = spec.map_err(|error| Failure::Silent(error.to_string()))?;
    let mut patch = json!({
        "metadata": {"resourceVersion": stored.version(),
            "annotations": {GENERATION: generation}},
        "spec": {"frozen": spec},
    });
    let once = sanctioned.spec.approval == ApprovalWord::Once;
    if once && sanctioned.approved && stored.spec.approved_by.is_none() {
        patch["spec"]["approvedBy"] = json!(format!("{APPROVED}: {generation}"));
    }
    Ok(patch)
}

/// Whether a step does nothing but end what runs, so that anybody may take it.
fn ends(open: &Open, step: &Step) -> bool {
    let from = [
        PhaseWord::Injecting,
        PhaseWord::Active,
        PhaseWord::Reverting,
    ];
    from.contains(&open.run.status.phase) && step.status.phase == PhaseWord::Reverting
}

fn told(open: &Open, after: &ExperimentRunStatus) {
    let before = open.run.status.phase;
    if after.phase == before {
        return;
    }
    let run = open.stored.object.reference();
    let reason = after.reason.as_deref().unwrap_or_default();
    tracing::info!(%run, ?before, after = ?after.phase, outcome = ?after.outcome, reason, "a run went on");
}

fn value(status: &ExperimentRunStatus) -> Result<Value, Failure> {
    serde_json::to_value(status).map_err(|error| Failure::Silent(error.to_string()))
}
