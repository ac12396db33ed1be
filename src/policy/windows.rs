//! When chaos is allowed: the hours and blackouts of a policy, and those of databases' own backups.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::spec::windows::{BlackoutSpec, Day, Hours, WindowsSpec};
use super::{Enforcement, PolicySet};
use crate::calendar::{Blackout, Dialect, Opening, Period, Schedule, WindowError, Windows, zone};
use crate::inventory::{Group, GroupId, Inventory};
use crate::object::{Field, Unreadable};

/// How long a backup is taken to last where the policy does not say.
const BACKUP: Duration = Duration::from_hours(1);

/// The windows of a policy, compiled.
#[derive(Debug, Clone)]
pub(super) struct PolicyWindows {
    pub(super) windows: Windows,
    /// Blackouts while a database backs itself up.
    pub(super) backups: Vec<BackupBlackout>,
}

#[derive(Debug, Clone)]
pub(super) struct BackupBlackout {
    name: String,
    lasts: Duration,
    halt_running: bool,
}

impl PolicyWindows {
    pub(super) fn compile(field: &Field<'_>, spec: WindowsSpec) -> Result<Self, Unreadable> {
        let zone = match &spec.time_zone {
            None => TimeZone::UTC,
            Some(named) => {
                zone(named).map_err(|error| field.get("timeZone").unreadable(error.to_string()))?
            }
        };
        let mut compiled = Self {
            windows: Windows {
                zone,
                allow: Vec::new(),
                blackouts: Vec::new(),
            },
            backups: Vec::new(),
        };
        let hours = spec.allow.unwrap_or_default();
        for (hours, at) in hours.iter().zip(field.get("allow").items()?) {
            compiled.windows.allow.push(opening(hours, &at)?);
        }
        if field.get("allow").is_set() && hours.is_empty() {
            let accepted = "at least one entry, or no such field where all hours are allowed";
            return Err(field.get("allow").unreadable(accepted));
        }
        let blackouts = field.get("blackouts").items()?;
        for (blackout, at) in spec.blackouts.into_iter().zip(blackouts) {
            compiled.add(blackout, &at)?;
        }
        Ok(compiled)
    }

    fn add(&mut self, spec: BlackoutSpec, field: &Field<'_>) -> Result<(), Unreadable> {
        let period = match &spec {
            BlackoutSpec {
                schedule: Some(schedule),
                duration: Some(duration),
                from: None,
                to: None,
                from_database_backups: false,
                ..
            } => Period::recurring(schedule, &self.windows.zone, duration.0),
            BlackoutSpec {
                schedule: None,
                duration: None,
                from: Some(from),
                to: Some(to),
                from_database_backups: false,
                ..
            } => Period::once(from.0, to.0),
            BlackoutSpec {
                schedule: None,
                from: None,
                to: None,
                from_database_backups: true,
                ..
            } => {
                self.backups.push(BackupBlackout {
                    name: spec.name,
                    lasts: spec.duration.map_or(BACKUP, |duration| duration.0),
                    halt_running: spec.halt_running,
                });
                return Ok(());
            }
            BlackoutSpec { .. } => {
                return Err(field.unreadable(
                    "one of: schedule with duration, from with to, fromDatabaseBackups: true",
                ));
            }
        };
        self.windows.blackouts.push(Blackout {
            name: spec.name,
            period: period.map_err(|error| refused(field, &error))?,
            halt_running: spec.halt_running,
        });
        Ok(())
    }

    /// The blackouts of a database's own backups. A schedule that cannot be read says nothing.
    pub(super) fn of_database(&self, group: &Group) -> Result<Windows, Unreadable> {
        let database = group.database.iter();
        let schedules = database.flat_map(|database| &database.backup_schedules);
        let mut blackouts = Vec::new();
        for (text, named) in schedules {
            let schedule = backup_schedule(text, named.as_deref())?;
            blackouts.extend(self.backups.iter().map(|backup| Blackout {
                name: backup.name.clone(),
                period: Period::Recurring {
                    schedule: schedule.clone(),
                    duration: backup.lasts,
                },
                halt_running: backup.halt_running,
            }));
        }
        Ok(Windows {
            zone: self.windows.zone.clone(),
            allow: Vec::new(),
            blackouts,
        })
    }
}

/// What keeps chaos away from a database or workload for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shut {
    /// Why, a phrase.
    pub why: String,
    /// Whether it does so now, and not only before long.
    pub now: bool,
    /// Whether what runs is ended by it.
    pub halts: bool,
}

/// What keeps chaos away from a database or workload now, or before so long has passed: by the windows of the
/// policies that protect it and deny. What ends what runs comes first.
#[must_use]
pub fn shut(
    policies: &PolicySet,
    (inventory, group): (&Inventory, GroupId),
    (now, within): (Timestamp, Duration),
) -> Option<Shut> {
    let group = inventory.group(group);
    let denying = policies.policies().iter().filter(|policy| {
        policy.enforcement == Enforcement::Deny && policy.protects.covers(group, &[], inventory)
    });
    let windows = denying.filter_map(|policy| Some((policy, policy.windows.as_ref()?)));
    let found = windows.flat_map(|(policy, windows)| {
        let own = shut_by(&windows.windows, (now, within));
        let backups = match windows.of_database(group) {
            Ok(backups) => shut_by(&backups, (now, within)),
            Err(error) => Some(Shut {
                why: format!("when it backs itself up cannot be told: {error}"),
                now: true,
                halts: false,
            }),
        };
        let told = move |shut: Shut| Shut {
            why: format!("{}, by policy {}", shut.why, policy.name),
            ..shut
        };
        own.into_iter().chain(backups).map(told)
    });
    found.max_by_key(|shut| (shut.halts, shut.now))
}

fn shut_by(windows: &Windows, (now, within): (Timestamp, Duration)) -> Option<Shut> {
    if let Some(closed) = windows.closed(now) {
        let until = closed.until.map(|until| format!(" until {until}"));
        return Some(Shut {
            why: format!("{}{}", closed.by, until.unwrap_or_default()),
            now: true,
            halts: windows.blackouts_at(now).any(|it| it.halt_running),
        });
    }
    let closing = windows.closes_within(now, within)?;
    Some(Shut {
        why: format!("it may still run at {}, {}", closing.at, closing.by),
        now: false,
        halts: false,
    })
}

fn refused(field: &Field<'_>, error: &WindowError) -> Unreadable {
    field.unreadable(error.to_string())
}

fn opening(hours: &Hours, field: &Field<'_>) -> Result<Opening, Unreadable> {
    let days = hours.days.as_deref();
    if days.is_some_and(<[Day]>::is_empty) {
        return Err(field
            .get("days")
            .unreadable("at least one day, or no such field"));
    }
    let days: Vec<Weekday> = days
        .unwrap_or_default()
        .iter()
        .copied()
        .map(weekday)
        .collect();
    Opening::new(&days, &hours.from, &hours.to).map_err(|error| refused(field, &error))
}

fn weekday(day: Day) -> Weekday {
    match day {
        Day::Mon => Weekday::Monday,
        Day::Tue => Weekday::Tuesday,
        Day::Wed => Weekday::Wednesday,
        Day::Thu => Weekday::Thursday,
        Day::Fri => Weekday::Friday,
        Day::Sat => Weekday::Saturday,
        Day::Sun => Weekday::Sunday,
    }
}

/// A schedule of an operator: five fields, or six with seconds first.
fn backup_schedule(text: &str, named: Option<&str>) -> Result<Schedule, Unreadable> {
    let refused = |error: &dyn std::fmt::Display| {
        Unreadable::new("schedule", format!("{text:?}"), error.to_string())
    };
    let zone = named
        .map_or(Ok(TimeZone::UTC), zone)
        .map_err(|error| refused(&error))?;
    Schedule::parse(text, Dialect::Standard, &zone)
        .or_else(|_| Schedule::parse(text, Dialect::Seconds, &zone))
        .map_err(|error| refused(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{Fixture, policy};
    use super::*;

    fn found(spec: &Value, hours: u64) -> Option<Shut> {
        let fixture = Fixture::new(3, 1);
        let set = PolicySet::compile(&[policy(spec)]).unwrap();
        let group = fixture.inventory.groups().next().unwrap().0;
        // A Thursday.
        let now = "2026-10-01T10:30:00Z".parse().unwrap();
        let within = Duration::from_hours(hours);
        shut(&set, (&fixture.inventory, group), (now, within))
    }

    fn blackout(schedule: &str, halts: bool) -> Value {
        json!({"windows": {"blackouts": [{"name": "month-end", "schedule": schedule,
            "duration": "2h", "haltRunning": halts}]}})
    }

    #[test]
    fn what_is_closed_now_is_told_from_what_closes_before_long() {
        let now = found(&blackout("0 10 * * *", true), 1).unwrap();
        assert!(now.now && now.halts, "{now:?}");
        assert!(now.why.contains("month-end") && now.why.contains("production"));
        let later = found(&blackout("0 12 * * *", true), 2).unwrap();
        assert!(!later.now && !later.halts, "{later:?}");
        assert_eq!(found(&blackout("0 12 * * *", true), 1), None);
    }

    #[test]
    fn a_policy_that_protects_others_or_only_warns_keeps_nothing_away() {
        let mut warns = blackout("0 10 * * *", true);
        warns["enforcement"] = json!("Warn");
        assert_eq!(found(&warns, 1), None);
        let mut others = blackout("0 10 * * *", true);
        others["protects"] = json!({"namespaces": {"matchLabels": {"environment": "staging"}}});
        assert_eq!(found(&others, 1), None);
    }
}
