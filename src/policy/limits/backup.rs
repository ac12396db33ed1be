//! The limit on the backups that a database must have.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::database::{At, each};
use crate::calendar::format_duration;
use crate::inventory::Backup;
use crate::policy::context::LimitContext;
use crate::policy::spec::limits::{BackupRule, OnUnknown};
use crate::policy::spec::values::Span;
use crate::policy::{Enforcement, Reason, Violation};

/// How far the clock of whoever wrote a time may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// How long ago a backup finished; `None` where it says that it is yet to.
pub(in crate::policy) fn age_of(finished: Timestamp, now: Timestamp) -> Option<Duration> {
    let age = now.duration_since(finished);
    (age >= -SKEW).then(|| Duration::try_from(age).unwrap_or_default())
}

pub(super) fn backup(context: &LimitContext<'_>) -> Vec<Violation> {
    let mut all = each(context, |at| age(at, at.limits.backup?));
    all.extend(each(context, |at| point_in_time(at, at.limits.backup?)));
    all
}

fn age(at: At<'_>, rule: BackupRule) -> Option<Violation> {
    let Span(limit) = rule.max_age?;
    let permitted = format_duration(limit);
    let (measured, message) = match &at.database.backup {
        Backup::Unknown(why) => {
            let message = format!(
                "whether {} has a fresh backup cannot be told: {why}",
                at.name()
            );
            return unknown(at, rule, message);
        }
        Backup::Never => ("none".to_owned(), format!("{} has no backup", at.name())),
        Backup::At(finished) => {
            let Some(age) = age_of(*finished, at.context.case.now) else {
                let message = format!(
                    "the newest backup of {} says it finished at {finished}, which is yet to come",
                    at.name()
                );
                return unknown(at, rule, message);
            };
            if age <= limit {
                return None;
            }
            let age = format_duration(age);
            let message = format!(
                "{age}, the age of the newest backup of {}, is over {permitted}; {}",
                at.name(),
                tested(at)
            );
            (age, message)
        }
    };
    Some(Violation {
        measured,
        permitted,
        message,
        remedy: "it would be judged again after a backup".to_owned(),
        ..at.violation(Reason::BackupStale, "database.backup.maxAge")
    })
}

/// Whether anything shows that backups can be restored. One that succeeded does not.
fn tested(at: At<'_>) -> String {
    match at.database.restored {
        Some(restored) => format!("its last restore that succeeded was at {restored}"),
        None => "no restore of it is known, and a successful backup is not a tested one".to_owned(),
    }
}

fn point_in_time(at: At<'_>, rule: BackupRule) -> Option<Violation> {
    if !rule.require_point_in_time {
        return None;
    }
    match at.database.point_in_time {
        Some(true) => None,
        Some(false) => Some(Violation {
            measured: "false".to_owned(),
            permitted: "true".to_owned(),
            message: format!("{} cannot be restored to a point in time", at.name()),
            remedy: "it would be allowed with point-in-time recovery".to_owned(),
            ..at.violation(Reason::BackupStale, "database.backup.requirePointInTime")
        }),
        None => {
            let message = format!(
                "whether {} can be restored to a point in time cannot be told",
                at.name()
            );
            unknown(at, rule, message)
        }
    }
}

fn unknown(at: At<'_>, rule: BackupRule, message: String) -> Option<Violation> {
    let policy = at.context.policy.enforcement;
    let enforcement = match rule.on_unknown {
        OnUnknown::Deny => policy,
        OnUnknown::Warn => policy.min(Enforcement::Warn),
        OnUnknown::Allow => return None,
    };
    Some(Violation {
        measured: "unknown".to_owned(),
        permitted: "a known backup".to_owned(),
        message,
        enforcement,
        ..at.violation(Reason::BackupUnknown, "database.backup.onUnknown")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::fixture::Fixture;

    #[test]
    fn the_newest_backup_is_fresh() {
        let limits = json!({"database": {"backup": {"maxAge": "26h"}}});
        let mut fixture = Fixture::database(3, 1);
        assert_eq!(
            fixture.only(&limits).message,
            "StatefulSet shop/ledger has no backup"
        );
        fixture.facts().backup = Backup::At("2026-11-20T07:59:59Z".parse().unwrap());
        assert_eq!(fixture.only(&limits).reason, Reason::BackupStale);
        let says = |fixture: &Fixture, what: &str| fixture.only(&limits).message.contains(what);
        assert!(says(&fixture, "no restore of it is known"));
        fixture.facts().restored = Some("2026-11-01T00:00:00Z".parse().unwrap());
        assert!(says(
            &fixture,
            "its last restore that succeeded was at 2026-11-01T00:00:00Z"
        ));
        fixture.facts().backup = Backup::At("2026-11-20T08:00:00Z".parse().unwrap());
        fixture.keeps(&limits);
        fixture.facts().backup = Backup::At("2026-11-21T10:04:00Z".parse().unwrap());
        fixture.keeps(&limits);
        fixture.facts().backup = Backup::At("2026-11-21T10:06:00Z".parse().unwrap());
        assert_eq!(fixture.only(&limits).reason, Reason::BackupUnknown);
    }

    #[test]
    fn it_is_restorable_to_a_point_in_time() {
        let limits = json!({"database": {"backup": {"requirePointInTime": true}}});
        let mut fixture = Fixture::database(3, 1);
        assert_eq!(fixture.only(&limits).reason, Reason::BackupUnknown);
        fixture.facts().point_in_time = Some(false);
        assert_eq!(fixture.only(&limits).reason, Reason::BackupStale);
        fixture.facts().point_in_time = Some(true);
        fixture.keeps(&limits);
    }

    #[test]
    fn what_follows_from_an_unknown_backup_is_for_the_policy_to_say() {
        let mut fixture = Fixture::database(3, 1);
        fixture.facts().backup = Backup::Unknown("its status says nothing".to_owned());
        let limits =
            |word: &str| json!({"database": {"backup": {"maxAge": "1h", "onUnknown": word}}});
        assert_eq!(fixture.only(&limits("Deny")).enforcement, Enforcement::Deny);
        assert_eq!(fixture.only(&limits("Warn")).enforcement, Enforcement::Warn);
        fixture.keeps(&limits("Allow"));
    }
}
