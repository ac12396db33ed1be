//! What runs have left behind that are no more is removed; what others have left is told, and stays.

use std::sync::PoisonError;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use super::Scheduler;
use super::look::MADE;
use super::native::RUN_NAMESPACE;
use super::reach::{Age, Failure, kind};
use super::read::{RUN, STOP, Stored, created, own};
use super::rounds::Seen;
use super::stopped::covers;
use super::tell::tell;
use crate::fault::PROGRAM_LABELS;
use crate::object::Object;
use crate::policy::spec::values::Moment;
use crate::schedule::pin;
use crate::schedule::pin::RUN_UID;
use crate::schedule::spec::status::PhaseWord;
use crate::schedule::spec::stop::EmergencyStopStatus;
use crate::server::view::View;

/// How old what others have left has to be before anybody is told.
const OLD: Duration = Duration::from_hours(1);

/// The version of the kinds of chaos tools.
const VERSION: &str = "v1alpha1";

impl Scheduler {
    /// Looks for what was left behind.
    pub(super) async fn sweep(&self, seen: &Seen) {
        let tools = pin::kinds().map(|(group, name)| (group, VERSION, name));
        let own = MADE.into_iter().chain(tools);
        let lists = own.map(|(group, version, name)| async move {
            let of = kind((group, version), name, "");
            self.reach.list(&of, RUN_UID, Age::AtHand).await
        });
        for list in join_all(lists).await {
            match list {
                Ok(objects) => {
                    for object in &objects {
                        self.sweep_one(object, seen).await;
                    }
                }
                Err(failure) => tracing::debug!(%failure, "nobody can tell what was left behind"),
            }
        }
        self.tell_of_others().await;
    }

    /// Removes an object of a run that is over or gone.
    async fn sweep_one(&self, object: &Object, seen: &Seen) {
        let uid = object.label(RUN_UID).unwrap_or_default();
        let open = |run: &&Stored| run.uid() == uid && run.status.phase != PhaseWord::Closed;
        if seen.runs.iter().any(|run| open(&run)) {
            return;
        }
        let it = object.reference();
        // The list may be older than the run: it is asked for once more before anything is removed.
        match self.is_open(object, uid).await {
            Ok(false) => {}
            Ok(true) => return,
            Err(failure) => {
                tracing::warn!(object = %it, %failure, "nobody can tell whose it is");
                return;
            }
        }
        let removed = self
            .reach
            .delete(it, object.uid().unwrap_or_default(), None);
        match removed.await {
            Ok(()) => tracing::warn!(object = %it, "removed: its run is over"),
            Err(failure) => tracing::warn!(object = %it, %failure, "left behind"),
        }
    }

    /// Whether the run of an object is open now.
    async fn is_open(&self, object: &Object, uid: &str) -> Result<bool, Failure> {
        let it = object.reference();
        let place = object.annotation(RUN_NAMESPACE).unwrap_or(&it.namespace);
        let name = object.label(pin::RUN).unwrap_or(&it.name);
        let found = self.reach.get(&own(RUN, (place, name))).await?;
        let Some(found) = found.filter(|it| it.uid() == Some(uid)) else {
            return Ok(false);
        };
        let stored = Stored::read(found).map_err(Failure::Silent)?;
        Ok(stored.status.phase != PhaseWord::Closed)
    }

    /// Tells of what says that it is chaos, and has been there for long.
    async fn tell_of_others(&self) {
        let now = (self.now)();
        let kinds = MADE.iter().take(2);
        let labelled = |of: (&'static str, &'static str, &'static str)| {
            PROGRAM_LABELS.iter().map(move |label| (of, *label))
        };
        let pairs: Vec<_> = kinds.copied().flat_map(labelled).collect();
        for ((group, version, name), label) in pairs {
            let of = kind((group, version), name, "");
            let Ok(found) = self.reach.list(&of, label, Age::AtHand).await else {
                continue;
            };
            for object in found.iter().filter(|it| it.label(RUN_UID).is_none()) {
                let made = created(object).unwrap_or(now);
                let age = Duration::try_from(now.duration_since(made)).unwrap_or_default();
                if age >= OLD && self.is_news(object) {
                    let message = format!(
                        "it says that it is chaos by its label {label}, and is {age:?} old"
                    );
                    tell(&self.reach, object, ("ChaosLeftBehind", &message), now).await;
                }
            }
        }
    }

    /// Whether nobody was told of this one. Once is enough for a process.
    fn is_news(&self, object: &Object) -> bool {
        let uid = object.uid().unwrap_or_default().to_owned();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(uid)
    }

    /// Says in the status of emergency stops what they have stopped.
    pub(super) async fn tell_stops(&self, seen: &Seen, view: &View) {
        let Ok(stops) = &seen.stops else {
            return;
        };
        for stop in stops {
            let after = told(stop, seen, view);
            let before = stop.value().get("status").cloned().unwrap_or(json!(null));
            let before: Option<EmergencyStopStatus> =
                serde_json::from_value(before).unwrap_or_default();
            if before.as_ref() == Some(&after) {
                continue;
            }
            let Ok(status) = serde_json::to_value(&after) else {
                continue;
            };
            if let Err(failure) = self.reach.write_status(stop, &status).await {
                tracing::debug!(kind = STOP, %failure, "the status was not written");
            }
        }
    }
}

/// What a stop has stopped so far.
fn told(stop: &Object, seen: &Seen, view: &View) -> EmergencyStopStatus {
    let since = created(stop);
    let in_scope = |run: &&Stored| {
        let spec = run.experiment();
        spec.is_some_and(|spec| covers(stop, (spec, run.namespace()), &view.inventory))
    };
    let by_it = |run: &&Stored| {
        let ended = run.status.timeline.last().map(|it| it.at.0);
        run.status.reason.as_deref() == Some("EmergencyStop") && ended >= since
    };
    let runs = || seen.runs.iter().filter(in_scope);
    let open = runs()
        .filter(|run| run.status.phase != PhaseWord::Closed)
        .count();
    let over = runs().filter(|run| run.status.phase == PhaseWord::Closed);
    let over = over.filter(by_it).count();
    EmergencyStopStatus {
        stopping: u32::try_from(open).unwrap_or(u32::MAX),
        stopped: u32::try_from(over).unwrap_or(u32::MAX),
        since: since.map(Moment),
    }
}
