//! Limits on how long, how often, how many together and how strong.

use std::fmt;
use std::time::Duration;

use crate::calendar::format_duration;
use crate::fault::{Action, Fault, Intensity, Lifetime};
use crate::policy::context::{LimitContext, Reached, Seen, name};
use crate::policy::spec::limits::IntensityLimits;
use crate::policy::spec::values::{ActionName, Span};
use crate::policy::{Policy, Reason, Violation};

pub(super) fn max_concurrent(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(limit) = context.policy.limits.max_concurrent else {
        return Vec::new();
    };
    let crowded = context.reached.iter().filter_map(|reached| {
        let others: Vec<String> = context
            .concurrent(reached.impact.group)
            .map(|other| other.experiment.object.to_string())
            .collect();
        let live = u32::try_from(others.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        (live > limit).then(|| Violation {
            measured: live.to_string(),
            permitted: limit.to_string(),
            message: format!(
                "{live} experiments at once on {} is over {limit}: {} may be live already",
                name(reached.group),
                others.join(", ")
            ),
            remedy: "it would be judged again once they have ended".to_owned(),
            group: Some(reached.impact.group),
            ..context.violation(Reason::ConcurrencyExceeded, "maxConcurrent")
        })
    });
    crowded.collect()
}

pub(super) fn min_interval(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(Span(limit)) = context.policy.limits.min_interval else {
        return Vec::new();
    };
    let schedule = context.case.experiment.schedule.as_ref();
    let own = schedule.filter(|schedule| schedule.shortest_gap < limit);
    let own = own.map(|schedule| Violation {
        message: format!(
            "{} between two of its runs is under {}",
            format_duration(schedule.shortest_gap),
            format_duration(limit)
        ),
        field: schedule.field.clone(),
        remedy: format!("{} or more would be allowed", format_duration(limit)),
        ..interval(context, &format_duration(schedule.shortest_gap), limit)
    });
    let mut all: Vec<Violation> = own.into_iter().collect();
    for reached in &context.reached {
        all.extend(follows(context, *reached, limit));
    }
    all
}

fn interval(context: &LimitContext<'_>, measured: &str, limit: Duration) -> Violation {
    Violation {
        measured: measured.to_owned(),
        permitted: format_duration(limit),
        ..context.violation(Reason::IntervalTooShort, "minInterval")
    }
}

/// Other experiments on the group that began too shortly before this one.
fn follows(context: &LimitContext<'_>, reached: Reached<'_>, limit: Duration) -> Vec<Violation> {
    let others = context.concurrent(reached.impact.group);
    let recent = others.filter_map(|other| {
        let since = other
            .started
            .map(|start| context.case.now.duration_since(start));
        // A start in the future is as recent as can be.
        let since = since.map(|since| Duration::try_from(since).unwrap_or_default());
        if since.is_some_and(|since| since >= limit) {
            return None;
        }
        let measured = since.map_or_else(|| "an unknown time".to_owned(), format_duration);
        Some(Violation {
            message: format!(
                "{measured} after {} began on {} is under {}",
                other.experiment.object,
                name(reached.group),
                format_duration(limit)
            ),
            remedy: since
                .map(|since| {
                    format!(
                        "it would be judged again in {}",
                        format_duration(limit.saturating_sub(since))
                    )
                })
                .unwrap_or_default(),
            group: Some(reached.impact.group),
            ..interval(context, &measured, limit)
        })
    });
    recent.collect()
}

/// Whether a policy bounds the duration of any action.
pub(super) fn bounds_durations(policy: &Policy) -> bool {
    policy.limits.max_duration.is_some() || !policy.limits.max_durations.is_empty()
}

pub(super) fn max_duration(context: &LimitContext<'_>) -> Vec<Violation> {
    let over = context.faults.iter().filter_map(|seen| {
        let (limit, bound) = bound(context, seen.fault.action)?;
        too_long(context, *seen, (limit, bound))
    });
    over.collect()
}

/// Where the bound on the duration of an action is written.
#[derive(Clone, Copy)]
enum Bound {
    General,
    Own,
}

/// The smaller bound on the duration of an action, and the limit it comes from.
fn bound(context: &LimitContext<'_>, action: Action) -> Option<(Bound, Duration)> {
    let limits = &context.policy.limits;
    let general = limits.max_duration.map(|span| (Bound::General, span.0));
    let own = limits.max_durations.get(&ActionName(action));
    let own = own.map(|span| (Bound::Own, span.0));
    match (general, own) {
        (Some(general), Some(own)) if general.1 < own.1 => Some(general),
        (general, own) => own.or(general),
    }
}

fn too_long(
    context: &LimitContext<'_>,
    seen: Seen<'_>,
    (limit, bound): (Bound, Duration),
) -> Option<Violation> {
    let action = seen.fault.action.name();
    let (reason, measured) = match seen.fault.lifetime {
        Lifetime::Instant | Lifetime::Never => return None,
        Lifetime::For(lasts) if lasts <= bound => return None,
        Lifetime::For(lasts) => (Reason::DurationExceeded, Some(format_duration(lasts))),
        Lifetime::Forever => (Reason::DurationMissing, None),
    };
    let permitted = format_duration(bound);
    let message = match &measured {
        Some(lasts) => format!("{action} for {lasts} is over {permitted}"),
        None => format!("nothing ends {action}, which may last {permitted} at most"),
    };
    let limit = match limit {
        Bound::General => "maxDuration".to_owned(),
        Bound::Own => format!("maxDurations.{action}"),
    };
    Some(Violation {
        measured: measured.unwrap_or_else(|| "no end".to_owned()),
        message,
        remedy: format!("{permitted} or less would be allowed"),
        permitted,
        field: match seen.fault.duration_field.as_str() {
            "" => seen.fault.field.clone(),
            field => field.to_owned(),
        },
        ..context.violation(reason, &limit)
    })
}

/// How much of something; compared with others of its kind alone.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Amount {
    Percent(u32),
    Length(Duration),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(value) => write!(f, "{value}%"),
            Self::Length(value) => f.write_str(&format_duration(*value)),
        }
    }
}

/// One way in which a fault can be strong.
struct Strength {
    limit: &'static str,
    /// The actions that are always strong in this way, so that silence is no excuse.
    actions: &'static [Action],
    /// What the fault says.
    measured: fn(&Intensity) -> Option<Amount>,
    /// What the policy permits.
    permitted: fn(&IntensityLimits) -> Option<Amount>,
}

const STRENGTHS: &[Strength] = &[
    Strength {
        limit: "intensity.cpuPercent",
        actions: &[Action::CpuStress],
        measured: |it| it.cpu_percent.map(Amount::Percent),
        permitted: |it| it.cpu_percent.map(Amount::Percent),
    },
    Strength {
        limit: "intensity.memoryPercent",
        actions: &[Action::MemoryStress],
        measured: |it| it.memory_percent.map(Amount::Percent),
        permitted: |it| it.memory_percent.map(Amount::Percent),
    },
    Strength {
        limit: "intensity.diskFillPercent",
        actions: &[Action::DiskFill],
        measured: |it| it.disk_fill_percent.map(Amount::Percent),
        permitted: |it| it.disk_fill_percent.map(Amount::Percent),
    },
    Strength {
        limit: "intensity.latency",
        actions: &[Action::NetworkDelay, Action::IoDelay, Action::BlockDelay],
        measured: |it| it.latency.map(Amount::Length),
        permitted: |it| it.latency.map(|span| Amount::Length(span.0)),
    },
    Strength {
        limit: "intensity.lossPercent",
        actions: &[Action::NetworkLoss, Action::NetworkCorrupt],
        measured: |it| it.loss_percent.map(Amount::Percent),
        permitted: |it| it.loss_percent.map(Amount::Percent),
    },
];

pub(super) fn intensity(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(limits) = &context.policy.limits.intensity else {
        return Vec::new();
    };
    let seen = context.faults.iter().map(|seen| seen.fault);
    seen.flat_map(|fault| {
        let strengths = STRENGTHS.iter();
        strengths.filter_map(|strength| too_strong(context, fault, strength, limits))
    })
    .collect()
}

fn too_strong(
    context: &LimitContext<'_>,
    fault: &Fault,
    strength: &Strength,
    limits: &IntensityLimits,
) -> Option<Violation> {
    let permitted = (strength.permitted)(limits)?;
    let action = fault.action.name();
    let (measured, message) = match (strength.measured)(&fault.intensity) {
        Some(amount) if amount <= permitted => return None,
        Some(amount) => (
            amount.to_string(),
            format!("{action} of {amount} is over {permitted}"),
        ),
        None if strength.actions.contains(&fault.action) => {
            let message =
                format!("how strong {action} is cannot be told, and {permitted} is permitted");
            ("unknown".to_owned(), message)
        }
        None => return None,
    };
    Some(Violation {
        measured,
        message,
        remedy: format!("{permitted} or less would be allowed"),
        permitted: permitted.to_string(),
        field: fault.field.clone(),
        ..context.violation(Reason::IntensityExceeded, strength.limit)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fault::Recurrence;
    use crate::policy::fixture::Fixture;

    #[test]
    fn the_smaller_bound_on_the_duration_counts() {
        let mut fixture = Fixture::new(3, 1);
        let limits = json!({"maxDuration": "10m", "maxDurations": {"PodFailure": "5m"}});
        fixture.keeps(&limits);
        fixture.fault().lifetime = Lifetime::For(Duration::from_secs(301));
        let found = fixture.only(&limits);
        assert_eq!(found.message, "PodFailure for 5m1s is over 5m");
        assert_eq!(found.limit, "maxDurations.PodFailure");
        assert_eq!(
            (found.field.as_str(), found.remedy.as_str()),
            ("spec.duration", "5m or less would be allowed")
        );
        fixture.keeps(&json!({"maxDurations": {"NetworkPartition": "1m"}}));
        let found =
            fixture.only(&json!({"maxDuration": "1m", "maxDurations": {"PodFailure": "5m"}}));
        assert_eq!(found.limit, "maxDuration");
    }

    #[test]
    fn what_nothing_ends_is_over_every_bound_and_an_instant_is_under_all() {
        let mut fixture = Fixture::new(3, 1);
        fixture.fault().lifetime = Lifetime::Forever;
        let found = fixture.only(&json!({"maxDuration": "24h"}));
        assert_eq!(found.reason, Reason::DurationMissing);
        for lifetime in [Lifetime::Instant, Lifetime::Never] {
            fixture.fault().lifetime = lifetime;
            fixture.keeps(&json!({"maxDuration": "1s"}));
        }
    }

    #[test]
    fn experiments_on_one_group_are_counted_with_the_new_one() {
        let fixture = Fixture::new(3, 1).live(None);
        fixture.keeps(&json!({"maxConcurrent": 2}));
        let found = fixture.only(&json!({"maxConcurrent": 1}));
        assert_eq!(found.reason, Reason::ConcurrencyExceeded);
        assert!(
            found.message.contains("PodChaos chaos-testing/other"),
            "{}",
            found.message
        );
        Fixture::new(3, 1).keeps(&json!({"maxConcurrent": 1}));
    }

    #[test]
    fn an_experiment_may_not_follow_another_too_soon() {
        let limits = json!({"minInterval": "10m"});
        let at = |text: &str| Some(text.parse().unwrap());
        Fixture::new(3, 1)
            .live(at("2026-11-21T09:50:00Z"))
            .keeps(&limits);
        let found = Fixture::new(3, 1)
            .live(at("2026-11-21T09:51:00Z"))
            .only(&limits);
        assert_eq!(found.remedy, "it would be judged again in 1m");
        Fixture::new(3, 1)
            .live(at("2026-11-21T10:01:00Z"))
            .only(&limits);
        assert_eq!(
            Fixture::new(3, 1).live(None).only(&limits).measured,
            "an unknown time"
        );
    }

    #[test]
    fn runs_of_a_schedule_keep_their_distance() {
        let mut fixture = Fixture::new(3, 1);
        fixture.experiment.schedule = Some(Recurrence {
            schedules: vec!["@every 10m".to_owned()],
            field: "spec.schedule".to_owned(),
            time_zone: None,
            shortest_gap: Duration::from_mins(10),
        });
        fixture.keeps(&json!({"minInterval": "10m"}));
        assert_eq!(
            fixture.only(&json!({"minInterval": "11m"})).field,
            "spec.schedule"
        );
    }

    #[test]
    fn strength_is_bounded_in_each_of_its_ways() {
        let mut fixture = Fixture::new(3, 1);
        fixture.fault().intensity = Intensity {
            cpu_percent: Some(95),
            memory_percent: Some(80),
            disk_fill_percent: Some(70),
            latency: Some(Duration::from_secs(2)),
            loss_percent: Some(60),
            grace: None,
        };
        let kept = json!({"cpuPercent": 95, "memoryPercent": 80, "diskFillPercent": 70,
            "latency": "2s", "lossPercent": 60});
        fixture.keeps(&json!({"intensity": kept}));
        let under = [
            ("cpuPercent", json!(94)),
            ("memoryPercent", json!(79)),
            ("diskFillPercent", json!(69)),
            ("latency", json!("1999ms")),
            ("lossPercent", json!(59)),
        ];
        for (name, bound) in under {
            let found = fixture.only(&json!({"intensity": {name: bound}}));
            assert_eq!(found.limit, format!("intensity.{name}"));
        }
    }

    #[test]
    fn a_stress_of_unknown_strength_is_over_every_bound() {
        let mut fixture = Fixture::new(3, 1);
        fixture.fault().action = Action::CpuStress;
        let found = fixture.only(&json!({"intensity": {"cpuPercent": 100}}));
        assert_eq!(found.measured, "unknown");
        fixture.keeps(&json!({"intensity": {"memoryPercent": 1}}));
    }
}
