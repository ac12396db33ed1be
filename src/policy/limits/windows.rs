//! The limit on when chaos may run.

use std::time::Duration;

use jiff::Timestamp;

use crate::calendar::{Closure, Windows};
use crate::fault::{Fault, Lifetime};
use crate::policy::context::{LimitContext, Reached, name};
use crate::policy::windows::PolicyWindows;
use crate::policy::{Reason, Violation};

/// What falls outside the hours or into a blackout, now or before it ends. A schedule whose runs are
/// objects is not held against them: each of its runs is, when it starts. One that is not goes on
/// at any time.
pub(super) fn windows(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(hours) = &context.policy.windows else {
        return Vec::new();
    };
    let experiment = context.case.experiment;
    let later = experiment.schedule.is_some() && experiment.tool.runs_are_objects();
    if later || context.faults.is_empty() {
        return Vec::new();
    }
    let mut all: Vec<Violation> = closed(context, &hours.windows).into_iter().collect();
    if !hours.backups.is_empty() {
        let databases = context.reached.iter();
        all.extend(databases.filter_map(|reached| backing_up(context, hours, *reached)));
    }
    all
}

fn backing_up(
    context: &LimitContext<'_>,
    hours: &PolicyWindows,
    reached: Reached<'_>,
) -> Option<Violation> {
    let place = name(reached.group);
    let violation = match hours.of_database(reached.group) {
        Ok(windows) => closed(context, &windows).map(|violation| Violation {
            message: format!("{}, from the backups of {place}", violation.message),
            ..violation
        }),
        Err(error) => Some(Violation {
            message: format!("when {place} backs itself up cannot be told: {error}"),
            ..context.violation(Reason::Blackout, "windows.blackouts")
        }),
    }?;
    Some(Violation {
        group: Some(reached.impact.group),
        ..violation
    })
}

fn closed(context: &LimitContext<'_>, windows: &Windows) -> Option<Violation> {
    let now = context.case.now;
    let write = |instant: Timestamp| {
        let local = instant.to_zoned(windows.zone.clone());
        local.strftime("%a %Y-%m-%d %H:%M %Z").to_string()
    };
    if let Some(closed) = windows.closed(now) {
        let again = closed.until.map(write);
        let remedy = again
            .as_ref()
            .map(|again| format!("it would be judged again at {again}"));
        let opens = again.map_or_else(String::new, |again| format!(", which ends {again}"));
        return Some(Violation {
            measured: write(now),
            message: match &closed.by {
                Closure::OutsideHours => format!("{} is outside the hours allowed", write(now)),
                Closure::Blackout(_) => format!("{} is in {}{opens}", write(now), closed.by),
            },
            remedy: remedy.unwrap_or_default(),
            ..closure(context, &closed.by)
        });
    }
    let last = context
        .faults
        .iter()
        .map(|seen| seen.fault)
        .max_by_key(|fault| lasts(fault))?;
    let lasts = match &context.case.experiment.schedule {
        Some(_) => Duration::MAX,
        None => lasts(last),
    };
    let closing = windows.closes_within(now, lasts)?;
    Some(Violation {
        measured: write(closing.at),
        message: format!(
            "it may still last at {}, {}",
            write(closing.at),
            begins(&closing.by)
        ),
        field: last.duration_field.clone(),
        remedy: format!("an end by {} would be allowed", write(closing.at)),
        ..closure(context, &closing.by)
    })
}

fn begins(by: &Closure) -> String {
    match by {
        Closure::OutsideHours => "when the hours allowed end".to_owned(),
        Closure::Blackout(_) => format!("when {by} begins"),
    }
}

fn closure(context: &LimitContext<'_>, by: &Closure) -> Violation {
    let (reason, limit) = match by {
        Closure::OutsideHours => (Reason::OutsideWindow, "windows.allow"),
        Closure::Blackout(_) => (Reason::Blackout, "windows.blackouts"),
    };
    Violation {
        permitted: match by {
            Closure::OutsideHours => "the hours allowed".to_owned(),
            Closure::Blackout(_) => format!("not in {by}"),
        },
        ..context.violation(reason, limit)
    }
}

fn lasts(fault: &Fault) -> Duration {
    match fault.lifetime {
        Lifetime::For(duration) => duration,
        Lifetime::Forever => Duration::MAX,
        Lifetime::Instant | Lifetime::Never => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::fixture::Fixture;

    /// What the windows say on Saturday 2026-11-21 at this hour, of a fault of five minutes.
    fn at(hour: &str, windows: &Value) -> Option<Violation> {
        let mut fixture = Fixture::database(3, 1);
        fixture
            .facts()
            .backup_schedules
            .push(("0 2 * * *".to_owned(), None));
        fixture.now = format!("2026-11-21T{hour}:00Z").parse().unwrap();
        let found = fixture.under(&json!({"windows": windows}));
        assert!(found.len() < 2, "{found:#?}");
        found.into_iter().next()
    }

    #[test]
    fn an_experiment_starts_and_ends_within_the_hours() {
        let hours = json!({"timeZone": "Europe/Prague",
            "allow": [{"days": ["Sat"], "from": "09:00", "to": "16:00"}]});
        assert_eq!(at("08:00", &hours), None);
        assert_eq!(at("14:55", &hours), None, "it ends as the hours do");
        let early = at("07:59", &hours).unwrap();
        assert_eq!(
            early.message,
            "Sat 2026-11-21 08:59 CET is outside the hours allowed"
        );
        assert_eq!(
            early.remedy,
            "it would be judged again at Sat 2026-11-21 09:00 CET"
        );
        let late = at("14:56", &hours).unwrap();
        assert_eq!(
            late.message,
            "it may still last at Sat 2026-11-21 16:00 CET, when the hours allowed end"
        );
        assert_eq!(
            (late.reason, late.field.as_str()),
            (Reason::OutsideWindow, "spec.duration")
        );
    }

    #[test]
    fn a_blackout_that_recurs_closes_what_reaches_into_it() {
        let windows = json!({"blackouts": [
            {"name": "month-end", "schedule": "0 12 21 * *", "duration": "2h"}]});
        assert_eq!(at("11:55", &windows), None);
        assert_eq!(at("14:00", &windows), None);
        assert_eq!(at("11:56", &windows).unwrap().reason, Reason::Blackout);
        let inside = at("13:59", &windows).unwrap();
        assert_eq!(
            inside.message,
            "Sat 2026-11-21 13:59 UTC is in blackout month-end, which ends Sat 2026-11-21 14:00 UTC"
        );
    }

    #[test]
    fn a_blackout_that_happens_once_has_both_ends() {
        let windows = json!({"blackouts": [
            {"name": "freeze", "from": "2026-11-21T12:00:00Z", "to": "2026-11-21T13:00:00Z"}]});
        assert_eq!(at("11:00", &windows), None);
        assert!(at("12:30", &windows).is_some());
        assert_eq!(at("13:00", &windows), None);
    }

    #[test]
    fn a_database_is_left_alone_while_it_backs_itself_up() {
        let windows = |more: &str| {
            let mut blackout = json!({"name": "backups", "fromDatabaseBackups": true});
            if !more.is_empty() {
                blackout["duration"] = json!(more);
            }
            json!({"blackouts": [blackout]})
        };
        assert_eq!(at("01:00", &windows("")), None);
        assert_eq!(at("03:00", &windows("")), None, "an hour has passed");
        let found = at("02:59", &windows("")).unwrap();
        assert!(
            found
                .message
                .contains("from the backups of StatefulSet shop/ledger")
        );
        assert!(at("03:00", &windows("90m")).is_some());
        assert!(
            at("01:56", &windows("")).is_some(),
            "it would reach into the backup"
        );
    }

    #[test]
    fn a_schedule_of_backups_that_cannot_be_read_closes() {
        let mut fixture = Fixture::database(3, 1);
        fixture
            .facts()
            .backup_schedules
            .push(("often".to_owned(), None));
        let blackout = json!({"name": "backups", "fromDatabaseBackups": true});
        let found = fixture.under(&json!({"windows": {"blackouts": [blackout]}}));
        assert_eq!(found[0].reason, Reason::Blackout);
    }

    #[test]
    fn a_schedule_is_not_held_against_windows() {
        let mut fixture = Fixture::new(3, 1);
        fixture.experiment.schedule = Some(crate::fault::Recurrence {
            schedules: vec!["0 3 * * *".to_owned()],
            field: "spec.schedule".to_owned(),
            time_zone: None,
            shortest_gap: Duration::from_hours(24),
        });
        let windows = json!({"allow": [{"days": ["Mon"], "from": "09:00", "to": "16:00"}]});
        assert_eq!(fixture.under(&json!({"windows": windows})), Vec::new());
    }

    #[test]
    fn what_never_ends_reaches_into_every_blackout() {
        let mut fixture = Fixture::new(3, 1);
        fixture.fault().lifetime = Lifetime::Forever;
        let windows = json!({"blackouts": [
            {"name": "freeze", "from": "2027-11-21T12:00:00Z", "to": "2027-11-21T13:00:00Z"}]});
        assert_eq!(fixture.under(&json!({"windows": windows})).len(), 1);
    }
}
