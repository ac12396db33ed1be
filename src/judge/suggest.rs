//! What would be allowed instead. A suggestion is tried before it is made: the changed object is
//! read, measured and evaluated like any other.

use std::time::Duration;

use serde_json::Value;

use super::Court;
use crate::calendar::duration::{format_duration, parse_duration};
use crate::fault::{self, Aim, Experiment, Fault, Lifetime, Target, Tool};
use crate::inventory::View;
use crate::object::Object;
use crate::policy::{Enforcement, Reason, Violation};
use crate::request::Request;

/// One field and the value it should have.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The field's path.
    pub field: String,
    /// The value that was tried.
    pub value: Value,
}

impl Change {
    fn new(field: &str, value: impl Into<Value>) -> Self {
        Self {
            field: field.to_owned(),
            value: value.into(),
        }
    }
}

/// Changes that together would be allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The changes.
    pub changes: Vec<Change>,
}

/// Violations that fewer victims may cure.
const COUNTED: &[Reason] = &[
    Reason::StandbysTooFew,
    Reason::QuorumLost,
    Reason::MinHealthyBreached,
    Reason::BudgetExceeded,
    Reason::MaxShareExceeded,
    Reason::MaxPodsExceeded,
];

/// Violations that a shorter experiment may cure.
const TIMED: &[Reason] = &[
    Reason::DurationExceeded,
    Reason::DurationMissing,
    Reason::NoTarget,
    Reason::OutsideWindow,
    Reason::Blackout,
];

/// Up to how many targets are lessened one by one before all are together.
const APART: usize = 3;

/// The longest duration that is suggested to end before a window closes, in minutes.
const LONGEST: u64 = 24 * 60;

/// The mildest change of numbers with which the object would not be denied, if there is one.
pub(super) fn suggest(
    court: Court<'_>,
    experiment: &Experiment,
    object: &Object,
    violations: &[Violation],
) -> Option<Suggestion> {
    let denied: Vec<&Violation> = violations.iter().filter(|it| counts(it)).collect();
    let any = |reasons: &[Reason]| denied.iter().any(|it| reasons.contains(&it.reason));
    let curable = |it: &&Violation| COUNTED.contains(&it.reason) || TIMED.contains(&it.reason);
    if !denied.iter().all(curable) {
        return None;
    }
    let trial = Trial { court, object };
    let mut changes = Vec::new();
    if any(TIMED) {
        changes = trial.shorter(experiment, &denied)?;
    }
    if any(COUNTED) {
        return trial.fewer(experiment, &changes);
    }
    trial.allows(&changes).then_some(Suggestion { changes })
}

fn counts(violation: &Violation) -> bool {
    violation.enforcement == Enforcement::Deny && violation.exempted_by.is_none()
}

/// The object that is changed, and the court that hears each change.
#[derive(Clone, Copy)]
struct Trial<'a> {
    court: Court<'a>,
    object: &'a Object,
}

impl Trial<'_> {
    /// What counts against the object with these changes; `None` where it cannot be read so.
    fn against(self, changes: &[Change]) -> Option<Vec<Violation>> {
        let changed = apply(self.object, changes)?;
        let experiment = fault::read(&changed, self.court.inventory.surroundings()).ok()??;
        // Rules look at the object itself.
        let request = Request {
            object: Some(changed),
            ..self.court.request.clone()
        };
        let court = Court {
            request: &request,
            ..self.court
        };
        let (_, mut violations) = court.violations(&experiment);
        violations.retain(counts);
        Some(violations)
    }

    fn allows(self, changes: &[Change]) -> bool {
        !changes.is_empty()
            && self
                .against(changes)
                .is_some_and(|against| against.is_empty())
    }

    /// Durations short enough for every bound on them.
    fn shorter(self, experiment: &Experiment, denied: &[&Violation]) -> Option<Vec<Change>> {
        let bounds = denied.iter().filter(|it| TIMED.contains(&it.reason));
        let bound = bounds
            .filter_map(|it| parse_duration(&it.permitted).ok())
            .min();
        let timed = |changes: &[Change]| {
            let against = self.against(changes);
            against.is_none_or(|all| all.iter().any(|it| TIMED.contains(&it.reason)))
        };
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let within = bound.map(|bound| shortened(experiment, bound));
        if let Some(changes) = within.filter(|changes| !timed(changes)) {
            return Some(changes);
        }
        // A window that closes is no bound on the duration: how long is left is found by trying.
        let most = bound.map_or(LONGEST, |bound| bound.as_secs() / 60);
        let best = largest_below(most.saturating_add(1), |count| {
            let changes = shortened(experiment, minutes(count));
            (!timed(&changes)).then_some(changes)
        });
        best.filter(|changes| !changes.is_empty())
    }

    /// The most victims that are allowed, fewer than now.
    fn fewer(self, experiment: &Experiment, changes: &[Change]) -> Option<Suggestion> {
        let targets = self.targets(experiment);
        let apart = if targets.len() <= APART {
            targets.len()
        } else {
            0
        };
        let mut ways: Vec<&[Draws]> = targets.chunks(1).take(apart).collect();
        ways.push(&targets);
        ways.into_iter().find_map(|draws| {
            let most = draws.iter().map(Draws::most).max()?;
            largest_below(most, |count| {
                let lessened = draws.iter().flat_map(|draws| draws.at_most(count));
                let changes: Vec<Change> = changes.iter().cloned().chain(lessened).collect();
                self.allows(&changes).then_some(Suggestion { changes })
            })
        })
    }

    /// The targets of the experiment that draw pods, each once.
    fn targets(self, experiment: &Experiment) -> Vec<Draws<'_>> {
        let mut found: Vec<Draws> = Vec::new();
        for target in experiment.faults.iter().flat_map(targets) {
            let draws = Draws::of(target, self.court, experiment.tool);
            if !found
                .iter()
                .any(|other| other.target.mode_field == target.mode_field)
            {
                found.push(draws);
            }
        }
        found
    }
}

fn targets(fault: &Fault) -> Vec<&Target> {
    match &fault.aim {
        Aim::Pods(target) => vec![target],
        Aim::Cut { from, to } => vec![from, to],
        Aim::Each { .. } | Aim::Nodes(_) | Aim::Isolation(_) | Aim::Unknown(_) => Vec::new(),
    }
}

/// What is found with the largest count from 1 to below `refused` that finds something. A smaller
/// count never does more harm, so the boundary is found by halving.
fn largest_below<T>(mut refused: u64, attempt: impl Fn(u64) -> Option<T>) -> Option<T> {
    let (mut allowed, mut best) = (0, None);
    while refused > allowed + 1 {
        let middle = allowed + (refused - allowed) / 2;
        match attempt(middle) {
            Some(found) => (allowed, best) = (middle, Some(found)),
            None => refused = middle,
        }
    }
    best
}

/// The bound as the duration of each fault that lasts longer and has a field for it.
fn shortened(experiment: &Experiment, bound: Duration) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for fault in &experiment.faults {
        let longer = match fault.lifetime {
            Lifetime::For(duration) => duration > bound,
            Lifetime::Forever => true,
            Lifetime::Instant | Lifetime::Never => false,
        };
        let change = Change::new(&fault.duration_field, format_duration(bound));
        if longer && !change.field.is_empty() && !changes.contains(&change) {
            changes.push(change);
        }
    }
    changes
}

/// A target and the list it draws from.
struct Draws<'a> {
    target: &'a Target,
    listed: usize,
    tool: Tool,
}

impl<'a> Draws<'a> {
    fn of(target: &'a Target, court: Court<'_>, tool: Tool) -> Self {
        let listed = |view| court.inventory.select(&target.selection, view).listed;
        Self {
            target,
            listed: listed(View::Now).max(listed(View::Later)),
            tool,
        }
    }

    fn most(&self) -> u64 {
        u64::try_from(self.target.mode.most_draws(self.listed)).unwrap_or(u64::MAX)
    }

    /// The fields that make the target draw no more than `count` pods: in the author's own mode
    /// where that can say it.
    fn at_most(&self, count: u64) -> Vec<Change> {
        if self.most() <= count {
            return Vec::new();
        }
        let value = |number: u64| Change::new(&self.target.value_field, number.to_string());
        match self.target.mode.at_most(count, self.listed) {
            Some(number) => vec![value(number)],
            None if self.tool == Tool::ChaosMesh => {
                vec![Change::new(&self.target.mode_field, "fixed"), value(count)]
            }
            None => Vec::new(),
        }
    }
}

/// The object with the changes made; `None` where a field's parent does not exist.
#[must_use]
pub fn apply(object: &Object, changes: &[Change]) -> Option<Object> {
    let mut value = object.value().clone();
    for change in changes {
        let (parent, key) = change.field.rsplit_once('.')?;
        let pointer = format!("/{}", parent.replace(['.', '['], "/").replace(']', ""));
        let parent = value.pointer_mut(&pointer)?.as_object_mut()?;
        parent.insert(key.to_owned(), change.value.clone());
    }
    let changed = Object::new(value).ok()?;
    Some(changed.in_namespace(&object.reference().namespace))
}
