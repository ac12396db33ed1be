//! What a run is to do, with all that its author left out.

use std::time::Duration;

use super::spec::sanctioned::{BackupWord, ClockWord, SanctionedExperimentSpec};
use crate::fault::{Action, Effect, Experiment, Fault, Lifetime};
use crate::policy::spec::values::Span;

/// How long a phase may take, by default.
const PREFLIGHT: Duration = Duration::from_mins(2);
const BACKUP: Duration = Duration::from_mins(30);
const RESERVING: Duration = Duration::from_mins(1);
/// Until the chaos object is made, and until its effect is seen.
const CREATION: Duration = Duration::from_secs(30);
const CONFIRMATION: Duration = Duration::from_mins(1);
/// How much longer than it says a fault may be in effect.
const GRACE: Duration = Duration::from_mins(1);
/// Until somebody is told that a fault does not end.
const REVERTING: Duration = Duration::from_mins(2);
/// How long what is taken down in an instant is watched before recovery is awaited.
const INSTANT: Duration = Duration::from_secs(1);

/// What the API server shows of the pods that are hit.
const SHOWN: [Action; 6] = [
    Action::PodKill,
    Action::PodFailure,
    Action::ContainerKill,
    Action::Scale,
    Action::NodeStop,
    Action::NodeRestart,
];

/// All figures of a run, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How late it may begin after its tick, what it is put off by included.
    pub starting_deadline: Duration,
    /// How long everything must have been good before it is injected, and how long that may take.
    pub stable_before: Duration,
    /// How long the looking before may take.
    pub preflight: Duration,
    /// How far a replica may lag behind before.
    pub max_lag: Duration,
    /// When a backup is made.
    pub backup: BackupWord,
    /// How old a backup may be.
    pub max_age: Option<Duration>,
    /// How long a backup may take.
    pub backup_within: Duration,
    /// How long choosing and promising may take.
    pub reserve_within: Duration,
    /// By when the chaos object must be made.
    pub create_within: Duration,
    /// By when its effect must be seen, after that.
    pub confirm_within: Duration,
    /// How long the fault is in effect; none: it acts in an instant.
    pub lasts: Option<Duration>,
    /// Whether its tool ends it then; else we do.
    pub ends_itself: bool,
    /// How much longer it may be.
    pub grace: Duration,
    /// By what its effect is told.
    pub evidence: Evidence,
    /// How long no member may be writable.
    pub max_no_primary: Duration,
    /// After how long without sight a run is ended.
    pub blind: Duration,
    /// How often it is looked at while the fault is in effect.
    pub watch: Duration,
    /// After how long somebody is told that the fault does not end.
    pub stuck_after: Duration,
    /// From when recovery is counted.
    pub clock: ClockWord,
    /// By when it must be over.
    pub recovery: Duration,
    /// How long everything must have been good after.
    pub stable_after: Duration,
    /// How often it is looked at then.
    pub poll: Duration,
}

/// By what it is told that a fault is in effect, beside the word of its tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// A pinned pod is gone, restarted, or not ready any more.
    Pods,
    /// Nothing that the API server shows changes; the word of the tool has to do.
    ToolAlone,
}

impl Plan {
    /// The plan of an experiment, whose chaos object was read.
    #[must_use]
    pub fn of(spec: &SanctionedExperimentSpec, experiment: &Experiment) -> Self {
        let or = |span: Option<Span>, default: u64| {
            span.map_or(Duration::from_secs(default), |span| span.0)
        };
        let stable_before = or(spec.preflight.stable_for, 45);
        let lasts = lasts(experiment);
        let clock = if lasts.is_some() {
            ClockWord::Revert
        } else {
            ClockWord::Injection
        };
        Self {
            starting_deadline: or(spec.starting_deadline, 300).saturating_add(or(spec.jitter, 0)),
            stable_before,
            preflight: PREFLIGHT.saturating_add(stable_before),
            max_lag: or(spec.preflight.max_lag, 10),
            backup: spec.backup.before,
            max_age: max_age(spec),
            backup_within: BACKUP,
            reserve_within: RESERVING,
            create_within: CREATION,
            confirm_within: CONFIRMATION,
            lasts,
            ends_itself: spec.native.is_none(),
            grace: GRACE,
            evidence: evidence(experiment),
            max_no_primary: or(spec.safety.max_no_primary, 60),
            blind: Duration::from_secs(30),
            watch: Duration::from_secs(5),
            stuck_after: REVERTING,
            clock: spec.recovery.from.unwrap_or(clock),
            recovery: or(spec.recovery.deadline, 120),
            stable_after: or(spec.recovery.stable_for, 30),
            poll: or(spec.recovery.poll, 15),
        }
    }

    /// The longest that a run may take from its tick on.
    #[must_use]
    pub fn longest(&self) -> Duration {
        let backup = match self.backup {
            BackupWord::Never => Duration::ZERO,
            BackupWord::IfStale | BackupWord::Always => self.backup_within,
        };
        let parts = [
            self.preflight,
            backup,
            self.reserve_within,
            self.create_within,
            self.confirm_within,
            self.lasts.unwrap_or(INSTANT),
            self.grace,
            self.stuck_after,
            self.recovery,
        ];
        parts
            .into_iter()
            .fold(Duration::ZERO, Duration::saturating_add)
    }

    /// How long the fault is in effect by its own word.
    #[must_use]
    pub fn in_effect(&self) -> Duration {
        self.lasts.unwrap_or(INSTANT)
    }
}

/// How old a backup may be: what is asked for, and a day where one is made when it is stale.
fn max_age(spec: &SanctionedExperimentSpec) -> Option<Duration> {
    let day = Duration::from_hours(24);
    match (spec.backup.max_age, spec.backup.before) {
        (Some(span), _) => Some(span.0),
        (None, BackupWord::IfStale) => Some(day),
        (None, BackupWord::Never | BackupWord::Always) => None,
    }
}

/// How long the longest of its faults lasts; none where all of them act in an instant.
fn lasts(experiment: &Experiment) -> Option<Duration> {
    let each = experiment.faults.iter().filter_map(|it| match it.lifetime {
        Lifetime::For(duration) => Some(duration),
        Lifetime::Forever => Some(Duration::MAX),
        Lifetime::Instant | Lifetime::Never => None,
    });
    each.max()
}

fn evidence(experiment: &Experiment) -> Evidence {
    // A node that is drained shows by the pods that leave it; one that is only cordoned does not.
    let drains = |fault: &Fault| fault.action == Action::NodeDrain && fault.effect == Effect::Down;
    let shows = |fault: &Fault| SHOWN.contains(&fault.action) || drains(fault);
    if experiment.faults.iter().any(shows) {
        Evidence::Pods
    } else {
        Evidence::ToolAlone
    }
}
