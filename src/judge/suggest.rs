//! What would be allowed instead. A suggestion is tried before it is made: the changed object is
//! read, measured and evaluated like any other.

use serde_json::{Value, json};

use super::Court;
use crate::fault::{self, Aim, Experiment, Mode, Target};
use crate::object::Object;
use crate::policy::{Enforcement, Reason, Violation};

/// One field and the value it should have.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The field's path.
    pub field: String,
    /// The value that was tried.
    pub value: Value,
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
];

/// The mildest change of numbers with which the object would not be denied, if there is one.
pub(super) fn suggest(
    court: Court<'_>,
    experiment: &Experiment,
    object: &Object,
    violations: &[Violation],
) -> Option<Suggestion> {
    let denied = || violations.iter().filter(|violation| counts(violation));
    let curable = |v: &Violation| COUNTED.contains(&v.reason) || TIMED.contains(&v.reason);
    if !denied().all(curable) {
        return None;
    }
    let mut changes = Vec::new();
    if denied().any(|violation| TIMED.contains(&violation.reason)) {
        changes.extend(shorten(experiment, denied()));
    }
    if !denied().any(|violation| COUNTED.contains(&violation.reason)) {
        return tried(court, object, changes);
    }
    let (target, most) = only_target(experiment, court)?;
    fewer(court, object, &changes, (target, most))
}

fn counts(violation: &Violation) -> bool {
    violation.enforcement == Enforcement::Deny && violation.exempted_by.is_none()
}

/// The shortest bound that any policy sets, for each fault that has a field for it.
fn shorten<'a>(
    experiment: &Experiment,
    denied: impl Iterator<Item = &'a Violation>,
) -> Vec<Change> {
    let timed = denied.filter(|violation| TIMED.contains(&violation.reason));
    let bound = timed
        .filter_map(|violation| {
            crate::calendar::duration::parse_duration(&violation.permitted).ok()
        })
        .min();
    let Some(bound) = bound else {
        return Vec::new();
    };
    let text = crate::calendar::duration::format_duration(bound);
    let fields = experiment
        .faults
        .iter()
        .map(|fault| fault.duration_field.clone());
    let change = |field: String| Change {
        field,
        value: json!(text),
    };
    fields
        .filter(|field| !field.is_empty())
        .map(change)
        .collect()
}

/// The one target of the experiment, where it has one, with the most it hits now.
fn only_target<'e>(experiment: &'e Experiment, court: Court<'_>) -> Option<(&'e Target, u64)> {
    let [fault] = experiment.faults.as_slice() else {
        return None;
    };
    let Aim::Pods(target) = &fault.aim else {
        return None;
    };
    let listed = court
        .inventory
        .select(&target.selection, crate::inventory::View::Now)
        .listed;
    let most = target.mode.most_draws(listed);
    Some((target, u64::try_from(most).ok()?))
}

/// The largest smaller number of victims that is allowed. Fewer victims never do more harm, so the
/// boundary is found by halving.
fn fewer(
    court: Court<'_>,
    object: &Object,
    changes: &[Change],
    (target, most): (&Target, u64),
) -> Option<Suggestion> {
    let attempt = |count: u64| {
        let mut all = changes.to_vec();
        all.extend(draw(target, count));
        tried(court, object, all)
    };
    let (mut allowed, mut best) = (0, None);
    let mut refused = most;
    while refused > allowed + 1 {
        let middle = allowed + (refused - allowed) / 2;
        match attempt(middle) {
            Some(found) => (allowed, best) = (middle, Some(found)),
            None => refused = middle,
        }
    }
    best
}

/// The fields that make a target draw `count` pods.
fn draw(target: &Target, count: u64) -> Vec<Change> {
    let change = |field: &str, value: Value| Change {
        field: field.to_owned(),
        value,
    };
    let mode = |text: &str| change(&target.mode_field, json!(text));
    match target.mode {
        Mode::Fixed(_) => vec![change(&target.value_field, json!(count.to_string()))],
        Mode::One | Mode::All | Mode::Percent(_) | Mode::UpToPercent(_) | Mode::AtLeastOne(_) => {
            vec![
                mode("fixed"),
                change(&target.value_field, json!(count.to_string())),
            ]
        }
    }
}

/// The suggestion, if the object with these changes is read and not denied.
fn tried(court: Court<'_>, object: &Object, changes: Vec<Change>) -> Option<Suggestion> {
    if changes.is_empty() {
        return None;
    }
    let changed = apply(object, &changes)?;
    let experiment = fault::read(&changed).ok()??;
    let (_, violations) = court.violations(&experiment);
    (!violations.iter().any(counts)).then_some(Suggestion { changes })
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
