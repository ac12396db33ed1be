//! Schedule: one experiment, or one Workflow, again and again.

use std::time::Duration;

use super::kinds::Kind;
use super::lint;
use super::site::{Found, Site, namespace};
use super::workflow;
use crate::calendar::{Dialect, Schedule};
use crate::fault::{Lifetime, Overlap, Reading, Recurrence, Unreadable};
use crate::object::{Field, Object};

/// How long a victim of a one-shot action is assumed to be away. A tick within that time may take
/// another pod while the first is not back.
const ASSUMED_RECOVERY: Duration = Duration::from_mins(5);

const ACCEPTED: &str = "a schedule as Chaos Mesh reads it";

/// The gap between ticks that never come.
const NEVER: Duration = Duration::MAX;

/// The start of the year whose changes of clocks stand for those of every year.
const SAMPLE_YEAR: jiff::Timestamp = jiff::Timestamp::constant(1_767_225_600, 0);

/// When runs start and how many may be there at once.
struct Rhythm {
    gap: Duration,
    allows_overlap: bool,
    /// How many endless runs stay; `None` where they are not collected.
    history: Option<u32>,
}

/// Reads a Schedule.
pub(in crate::fault) fn read(object: &Object) -> Reading {
    let mut found = Found::default();
    schedule(&object.spec(), namespace(object), &mut found)?;
    lint::last_applied(object, &mut found);
    Ok(Some(found.experiment(object)))
}

/// Reads the spec of a Schedule, or of a template that is one.
pub(super) fn schedule(
    spec: &Field<'_>,
    namespace: Option<&str>,
    found: &mut Found,
) -> Result<(), Unreadable> {
    let recurrence = recurrence(spec, found)?;
    let rhythm = rhythm(spec, recurrence.shortest_gap)?;
    let first = found.faults.len();
    let span = embedded(spec, namespace, found)?;
    for fault in found.faults.iter_mut().skip(first) {
        fault.later = true;
        let one_shot = fault.lifetime == Lifetime::Instant;
        let copies = rhythm.copies(if one_shot { Lifetime::Instant } else { span });
        fault.overlap = times(fault.overlap, copies);
    }
    rhythm.note(spec, span, found);
    found.recur(recurrence);
    Ok(())
}

/// Counts what a `scheduler` from before 2.0 stands by, from the `first` fault on, as the Schedule
/// that its author means: at least what a single run does. It does not recur, though.
pub(super) fn as_meant(scheduler: &Field<'_>, first: usize, found: &mut Found) {
    if !scheduler.is_set() {
        return;
    }
    let field = scheduler.get("cron");
    let cron = field.text().ok().flatten().unwrap_or_default();
    let Ok(schedule) = Schedule::parse(cron, Dialect::ChaosMesh, &jiff::tz::TimeZone::UTC) else {
        return;
    };
    let rhythm = Rhythm {
        gap: schedule.shortest_gap(SAMPLE_YEAR).unwrap_or(NEVER),
        allows_overlap: false,
        history: Some(0),
    };
    for fault in found.faults.iter_mut().skip(first) {
        fault.later = true;
        fault.overlap = times(fault.overlap, rhythm.copies(fault.lifetime));
    }
}

/// Reads what the type of a Schedule names, and tells how long a run of it lasts.
fn embedded(
    spec: &Field<'_>,
    namespace: Option<&str>,
    found: &mut Found,
) -> Result<Lifetime, Unreadable> {
    let kind = spec.get("type");
    let name = kind.required_text()?;
    if name == "Workflow" {
        lint::unused_specs(spec, "workflow", found);
        return workflow::expand(&spec.get("workflow"), namespace, found);
    }
    let Some(kind) = Kind::named(name) else {
        return Err(kind.unreadable(format!("Workflow, or one of {}", Kind::names())));
    };
    lint::unused_specs(spec, kind.embed, found);
    let first = found.faults.len();
    Site::new(kind, spec.get(kind.embed), namespace)?.read(found)?;
    let fault = found.faults.get(first);
    Ok(fault.map_or(Lifetime::Never, |fault| fault.lifetime))
}

impl Rhythm {
    /// How many runs that last this long may be there at once.
    fn copies(&self, lifetime: Lifetime) -> Overlap {
        let within = |span: Duration| span.as_nanos().checked_div(self.gap.as_nanos());
        match lifetime {
            Lifetime::Never => Overlap::AtMost(1),
            Lifetime::Instant => {
                let gap = self.gap.as_nanos().max(1);
                at_most(Some(ASSUMED_RECOVERY.as_nanos().div_ceil(gap)))
            }
            Lifetime::For(_) | Lifetime::Forever if !self.allows_overlap => Overlap::AtMost(1),
            Lifetime::For(span) => at_most(within(span).map(|runs| runs.saturating_add(1))),
            Lifetime::Forever => self.history.map_or(Overlap::Unbounded, |history| {
                Overlap::AtMost(history.saturating_add(1))
            }),
        }
    }

    /// What a run that lasts this long means for the next.
    fn note(&self, spec: &Field<'_>, lifetime: Lifetime, found: &mut Found) {
        let policy = spec.get("concurrencyPolicy");
        match lifetime {
            Lifetime::For(span) if !self.allows_overlap && span >= self.gap => found.note(
                policy.path(),
                "a run lasts longer than the time between two: the next starts as soon as it has recovered",
            ),
            Lifetime::Forever if self.history == Some(0) => found.note(
                spec.get("historyLimit").path(),
                "without a duration and a history limit each run is undone almost at once",
            ),
            Lifetime::Forever if !self.allows_overlap => found.note(
                policy.path(),
                "without a duration the first run never ends, and no other follows",
            ),
            Lifetime::For(_) | Lifetime::Forever | Lifetime::Instant | Lifetime::Never => {}
        }
    }
}

fn at_most(runs: Option<u128>) -> Overlap {
    match runs.map(u32::try_from) {
        Some(Ok(runs)) => Overlap::AtMost(runs.max(1)),
        Some(Err(_)) | None => Overlap::Unbounded,
    }
}

/// As many draws as both say.
pub(super) fn times(one: Overlap, other: Overlap) -> Overlap {
    match (one, other) {
        (Overlap::AtMost(one), Overlap::AtMost(other)) => {
            Overlap::AtMost(one.saturating_mul(other))
        }
        (Overlap::Unbounded, _) | (_, Overlap::Unbounded) => Overlap::Unbounded,
    }
}

fn rhythm(spec: &Field<'_>, gap: Duration) -> Result<Rhythm, Unreadable> {
    let policy = spec.get("concurrencyPolicy");
    let allows_overlap = match policy.text()?.unwrap_or_default() {
        "" | "Forbid" => false,
        "Allow" => true,
        _ => return Err(policy.unreadable("Forbid or Allow")),
    };
    // Only experiments are known to be collected before they end.
    let collected = spec.get("type").text()? != Some("Workflow");
    let history = spec.get("historyLimit").integer()?.unwrap_or(0).max(0);
    Ok(Rhythm {
        gap,
        allows_overlap,
        history: collected.then(|| u32::try_from(history).unwrap_or(u32::MAX)),
    })
}

fn recurrence(spec: &Field<'_>, found: &mut Found) -> Result<Recurrence, Unreadable> {
    let field = spec.get("schedule");
    let text = field.required_text()?;
    let schedule = Schedule::parse(text, Dialect::ChaosMesh, &jiff::tz::TimeZone::UTC)
        .map_err(|error| Unreadable::new(field.path(), error.to_string(), ACCEPTED))?;
    if !schedule.is_possible() {
        found.note(field.path(), "no such instant comes: it never fires");
    }
    let shortest_gap = schedule.shortest_gap(SAMPLE_YEAR).unwrap_or(NEVER);
    let deadline = spec.get("startingDeadlineSeconds").integer()?;
    let deadline = deadline.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    if schedule.is_beat() && deadline.is_some_and(|deadline| deadline < shortest_gap) {
        found.note(
            spec.get("startingDeadlineSeconds").path(),
            "shorter than the time between two runs: it never fires",
        );
    }
    Ok(Recurrence {
        schedules: vec![text.to_owned()],
        field: field.path().to_owned(),
        time_zone: time_zone(text),
        shortest_gap,
    })
}

fn time_zone(text: &str) -> Option<String> {
    let zoned = text
        .strip_prefix("CRON_TZ=")
        .or_else(|| text.strip_prefix("TZ="))?;
    zoned.split_whitespace().next().map(str::to_owned)
}
