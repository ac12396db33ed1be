//! What there is to be seen for a run, all of it at one instant. What cannot be seen says so.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;

use super::acts;
use super::backups;
use super::choose::{self, Place};
use super::promise::reference;
use super::reach::{Age, Failure, kind};
use super::read::Open;
use super::stopped::{Stops, stopped};
use super::subject;
use super::{Scheduler, Who};
use crate::inventory::GroupId;
use crate::object::ObjectRef;
use crate::policy::shut;
use crate::schedule::observed::{
    Answers, Backup, Check, Chosen, Closed, Observed, Promise, Refused, Sight, Sighting, Subject,
};
use crate::schedule::pin::RUN_UID;
use crate::schedule::spec::probe::{BreakerSpec, ProbeSpec};
use crate::schedule::spec::status::{PhaseWord, ResultWord};
use crate::schedule::tool;
use crate::server::probe::Probed;
use crate::server::view::View;

/// The kinds of what a run makes beside its chaos object, and of what is made for that.
pub(super) const MADE: [(&str, &str, &str); 3] = [
    ("networking.k8s.io", "v1", "NetworkPolicy"),
    ("batch", "v1", "Job"),
    ("", "v1", "Pod"),
];

impl Scheduler {
    /// Looks at everything that a run depends on.
    pub(super) async fn look(&self, open: &Open, stops: &Stops, who: Who) -> Observed {
        let now = (self.now)();
        let phase = open.run.status.phase;
        if phase == PhaseWord::Closed {
            return nothing();
        }
        let Some(spec) = open.spec() else {
            return nothing();
        };
        let view = self.outlook.view(now);
        let inventory = &view.inventory;
        let group = subject::find(spec, &open.run.namespace, inventory);
        let id = group.clone().ok();
        let (subject, object, put_back, leftovers, promise, backup) = tokio::join!(
            subject::look(&self.reach, spec, (inventory, group)),
            self.object(open),
            self.put_back(open),
            self.leftovers(open),
            self.promises.look(open, &view, now),
            backups::look(&self.reach, open, id.map(|id| inventory.group(id))),
        );
        let probes = self.probes(open, &subject, who).await;
        let chosen = self.chosen(open, (&subject, id), &view).await;
        Observed {
            stopped: stopped(stops, (spec, &open.run.namespace), inventory),
            closed: id.and_then(|id| self.closed(open, &view, id)),
            checks: checks(open),
            subject,
            probes,
            backup,
            promise,
            object,
            put_back,
            leftovers,
            chosen,
        }
    }

    /// The chaos object as it is stored.
    async fn object(&self, open: &Open) -> Sight<Option<Sighting>> {
        let Some(made) = &open.run.status.chaos_object else {
            return Sight::Seen(None);
        };
        let fence = open.run.status.fence.as_deref();
        match self.reach.get(&reference(made)).await {
            Ok(None) => Sight::Seen(None),
            Ok(Some(it)) => {
                let sighting = tool::sighting(&it, (&open.run.uid, fence));
                Sight::Seen(Some(sighting))
            }
            Err(failure) => Sight::Blind(failure.to_string()),
        }
    }

    async fn put_back(&self, open: &Open) -> Vec<Sight<bool>> {
        let looks = open.run.status.undo.iter().map(|undo| async {
            match acts::is_back(&self.reach, undo).await {
                Ok(back) => Sight::Seen(back),
                Err(failure) => Sight::Blind(failure.to_string()),
            }
        });
        join_all(looks).await
    }

    /// What bears the label of a run and is not its chaos object, while the run is being ended.
    async fn leftovers(&self, open: &Open) -> Sight<Vec<String>> {
        if open.run.status.phase != PhaseWord::Reverting {
            return Sight::Seen(Vec::new());
        }
        match self.left(open).await {
            Ok(left) => Sight::Seen(left.into_iter().map(|(it, _)| it.to_string()).collect()),
            Err(failure) => Sight::Blind(failure.to_string()),
        }
    }

    /// The same, each with its uid.
    pub(super) async fn left(&self, open: &Open) -> Result<Vec<(ObjectRef, String)>, Failure> {
        let label = format!("{RUN_UID}={}", open.run.uid);
        let made = open.run.status.chaos_object.as_ref().map(reference);
        let pinned = open.run.status.pinned.iter().flatten();
        let places = pinned.map(|it| it.namespace.as_str());
        let places: BTreeSet<&str> = places.chain([open.run.namespace.as_str()]).collect();
        let kinds = places.iter().flat_map(|place| {
            let of = |(group, version, name)| kind((group, version), name, place);
            MADE.map(of)
        });
        let lists = kinds.map(|of| {
            let label = &label;
            async move { self.reach.list(&of, label, Age::Now).await }
        });
        let mut left = Vec::new();
        for list in join_all(lists).await {
            for object in list? {
                let it = object.reference().clone();
                let ends = object.at(&["status", "phase"]).and_then(|it| it.as_str());
                let done = it.kind == "Pod" && matches!(ends, Some("Succeeded" | "Failed"));
                if Some(&it) != made.as_ref() && !done {
                    let uid = object.uid().unwrap_or_default().to_owned();
                    left.push((it, uid));
                }
            }
        }
        Ok(left)
    }

    /// The window of a policy that keeps it from running, or what runs from going on.
    fn closed(&self, open: &Open, view: &View, group: GroupId) -> Option<Closed> {
        let starting = open.run.status.phase < PhaseWord::Injecting;
        let lasts = if starting {
            open.run.plan.longest()
        } else {
            Duration::ZERO
        };
        let place = (&*view.inventory, group);
        let shut = shut(&view.policies, place, ((self.now)(), lasts))?;
        (starting || shut.now).then_some(Closed {
            why: shut.why,
            halts: shut.halts,
        })
    }

    /// What its probes answer. One replica asks them.
    async fn probes(&self, open: &Open, subject: &Sight<Subject>, who: Who) -> Vec<Answers> {
        let (probes, breakers) = probes_of(open);
        if who == Who::Any || probes.is_empty() && breakers.is_empty() {
            return Vec::new();
        }
        let members = subject.seen().map_or(&[][..], |it| &it.members);
        let probed = Probed {
            uid: &open.run.uid,
            namespace: &open.run.namespace,
            probes,
            breakers,
            members,
        };
        self.prober.answers(&probed).await
    }

    async fn chosen(
        &self,
        open: &Open,
        (subject, group): (&Sight<Subject>, Option<GroupId>),
        view: &View,
    ) -> Option<Result<Chosen, Refused>> {
        let status = &open.run.status;
        if status.phase != PhaseWord::Reserving || status.pinned.is_some() {
            return None;
        }
        let place = Place {
            view,
            group: group?,
            now: (self.now)(),
            account: &self.account,
        };
        Some(choose::choose(&self.reach, open, (subject.seen()?, place)).await)
    }
}

/// The probes and circuit breakers of the phase that a run is in.
fn probes_of(open: &Open) -> (Vec<&ProbeSpec>, Vec<&BreakerSpec>) {
    let Some(spec) = open.spec() else {
        return (Vec::new(), Vec::new());
    };
    let (probes, breakers): (&[ProbeSpec], &[BreakerSpec]) = match open.run.status.phase {
        PhaseWord::Preflight => (&spec.preflight.probes, &[]),
        PhaseWord::Injecting | PhaseWord::Active => {
            (&spec.safety.probes, &spec.safety.circuit_breakers)
        }
        PhaseWord::Verifying => (&spec.recovery.probes, &[]),
        PhaseWord::Pending
        | PhaseWord::BackingUp
        | PhaseWord::Reserving
        | PhaseWord::Reverting
        | PhaseWord::Closing
        | PhaseWord::Closed => (&[], &[]),
    };
    (probes.iter().collect(), breakers.iter().collect())
}

/// What else is looked at before: that what it is to do can still be read.
fn checks(open: &Open) -> Vec<Check> {
    let wrong = open.wrong.iter().map(|why| Check {
        name: "Invalid".to_owned(),
        result: ResultWord::Bad,
        seen: why.clone(),
    });
    wrong.collect()
}

/// Nothing was looked at.
fn nothing() -> Observed {
    let why = || "it was not looked at".to_owned();
    Observed {
        stopped: None,
        closed: None,
        subject: Sight::Blind(why()),
        checks: Vec::new(),
        probes: Vec::new(),
        backup: Backup::Unknown(why()),
        promise: Promise::Unknown(why()),
        object: Sight::Blind(why()),
        put_back: Vec::new(),
        leftovers: Sight::Blind(why()),
        chosen: None,
    }
}
