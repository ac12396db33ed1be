//! Limits that hold for databases: the primary, quorum, state and lag.

use crate::calendar::format_duration;
use crate::inventory::{Database, Pod, PodId, Quorum, ROLE_LABEL, Writer};
use crate::policy::context::{LimitContext, Reached, name};
use crate::policy::remedy::Culprit;
use crate::policy::spec::limits::{DatabaseLimits, DatabaseState, Primary, QuorumRule};
use crate::policy::spec::values::Span;
use crate::policy::{Reason, Violation};

/// A database within reach, and what the policy says of databases.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) context: &'a LimitContext<'a>,
    pub(super) limits: &'a DatabaseLimits,
    pub(super) reached: Reached<'a>,
    pub(super) database: &'a Database,
}

impl At<'_> {
    pub(super) fn violation(&self, reason: Reason, limit: &str) -> Violation {
        Violation {
            group: Some(self.reached.impact.group),
            ..self.context.violation(reason, limit)
        }
    }

    /// A violation that goes away with another selection.
    fn selected(&self, reason: Reason, limit: &str) -> Violation {
        let culprit = Culprit::of(self.context, &self.reached.impact.faults);
        Violation {
            field: culprit.map(|it| it.selector_field()).unwrap_or_default(),
            ..self.violation(reason, limit)
        }
    }

    pub(super) fn name(&self) -> String {
        name(self.reached.group)
    }
}

/// Asks `check` of every database within reach.
pub(super) fn each(
    context: &LimitContext<'_>,
    check: fn(At<'_>) -> Option<Violation>,
) -> Vec<Violation> {
    let Some(limits) = &context.policy.limits.database else {
        return Vec::new();
    };
    let databases = context.reached.iter().filter_map(|reached| {
        check(At {
            context,
            limits,
            reached: *reached,
            database: reached.group.database.as_ref()?,
        })
    });
    databases.collect()
}

pub(super) fn primary(context: &LimitContext<'_>) -> Vec<Violation> {
    each(context, |at| match at.limits.primary {
        Primary::Never => is_at_risk(at).then(|| never(at)),
        // A live experiment may take the primary while this one takes its last standby.
        Primary::WithHealthyStandby => {
            let together = at.reached.impact.standbys_left.is_some();
            (together || is_at_risk(at)).then(|| standbys(at)).flatten()
        }
    })
}

/// Whether a member that may be writing can be hit.
fn is_at_risk(at: At<'_>) -> bool {
    let known = matches!(at.database.writer, Writer::Known(_));
    let undecided = !known && !quorum_decides(at.limits, at.database);
    at.reached.impact.primary || (undecided && at.reached.impact.candidates > 0)
}

/// Where every member may be the writer, a majority decides in the primary's place, unless the
/// policy ignores quorum.
pub(super) fn quorum_decides(limits: &DatabaseLimits, database: &Database) -> bool {
    match (&database.writer, database.quorum) {
        (Writer::Any { .. }, Quorum::Majority(_) | Quorum::AtLeast(_)) => {
            limits.quorum == QuorumRule::Keep
        }
        (Writer::Any { .. } | Writer::Untold { .. } | Writer::Known(_), _) => false,
    }
}

fn never(at: At<'_>) -> Violation {
    let measured = match &at.database.writer {
        Writer::Known(writers) => names(at, writers),
        Writer::Any { .. } | Writer::Untold { .. } => "any member".to_owned(),
    };
    let message = match (&at.database.writer, &at.database.doubt) {
        (Writer::Known(_), _) if at.database.standbys.is_empty() => format!(
            "{measured}, the primary of {}, can be hit, and nothing would take over",
            at.name()
        ),
        (Writer::Known(_), _) => format!("{measured}, the primary of {}, can be hit", at.name()),
        (Writer::Any { .. } | Writer::Untold { .. }, None) => format!(
            "nothing tells the primary of {}, so that it can be hit",
            at.name()
        ),
        (Writer::Any { .. } | Writer::Untold { .. }, Some(doubt)) => format!(
            "any member of {} may be the primary, so that it can be hit: {doubt}",
            at.name()
        ),
    };
    Violation {
        measured,
        permitted: "Never".to_owned(),
        message,
        remedy: only_replicas(at),
        ..at.selected(Reason::PrimaryAtRisk, "database.primary")
    }
}

fn names(at: At<'_>, pods: &[PodId]) -> String {
    let names = pods
        .iter()
        .map(|pod| at.context.inventory().pod(*pod).name.as_str());
    names.collect::<Vec<_>>().join(" or ")
}

/// How to select replicas: by the label whose value only they have.
fn only_replicas(at: At<'_>) -> String {
    let Writer::Known(writers) = &at.database.writer else {
        return tell_primary(at);
    };
    let inventory = at.context.inventory();
    let pods = |ids: &[PodId]| ids.iter().map(|id| inventory.pod(*id)).collect::<Vec<_>>();
    let members = at.reached.group.members.iter().copied();
    let replicas: Vec<PodId> = members.filter(|id| !writers.contains(id)).collect();
    match telling_label(&pods(writers), &pods(&replicas)) {
        Some((key, value)) => {
            format!("select only replicas, for example by the label {key}: {value}")
        }
        None if replicas.is_empty() => "it has no replica to select instead".to_owned(),
        None => "select only replicas, for example by their names".to_owned(),
    }
}

/// How its owner tells the primary of a database that no operator runs.
fn tell_primary(at: At<'_>) -> String {
    let plain = ["", "apps"].contains(&at.reached.group.api_group.as_str());
    match at.database.writer {
        Writer::Untold { .. } if plain => {
            format!("the annotation {ROLE_LABEL} can name the label that tells it")
        }
        Writer::Untold { .. } | Writer::Any { .. } | Writer::Known(_) => String::new(),
    }
}

/// A label that says the role: every replica has the value, and no writer has.
fn telling_label<'a>(writers: &[&'a Pod], replicas: &[&'a Pod]) -> Option<(&'a str, &'a str)> {
    const ROLES: [&str; 4] = ["role", "component", "primary", "master"];
    let (first, others) = replicas.split_first()?;
    let tells = |(key, value): &(&str, &str)| {
        let word = key.to_lowercase();
        ROLES.iter().any(|role| word.contains(role))
            && others.iter().all(|pod| pod.labels.get(key) == Some(*value))
            && writers
                .iter()
                .all(|pod| pod.labels.get(key) != Some(*value))
    };
    let mut told: Vec<_> = first.labels.iter().filter(tells).collect();
    // Prefixed keys belong to the operator; plain ones are often kept for old versions only.
    told.sort_by_key(|(key, _)| !key.contains('/'));
    told.first().copied()
}

fn standbys(at: At<'_>) -> Option<Violation> {
    let least = at.limits.min_standbys.unwrap_or(1);
    let left = at.reached.impact.standbys_left.unwrap_or(0);
    (left < least).then(|| Violation {
        measured: left.to_string(),
        permitted: least.to_string(),
        message: format!(
            "the primary of {} can be hit with {left} healthy standbys left, under {least}",
            at.name()
        ),
        remedy: only_replicas(at),
        ..at.selected(Reason::StandbysTooFew, "database.minStandbys")
    })
}

pub(super) fn quorum(context: &LimitContext<'_>) -> Vec<Violation> {
    each(context, |at| {
        let impact = at.reached.impact;
        let lost = impact.quorum_kept == Some(false) && at.limits.quorum == QuorumRule::Keep;
        lost.then(|| quorum_lost(at))
    })
}

fn quorum_lost(at: At<'_>) -> Violation {
    let impact = at.reached.impact;
    let needs = at.database.quorum.needs();
    let spare = impact.healthy.saturating_sub(needs);
    let culprit = Culprit::of(at.context, &impact.faults);
    let remedy = culprit.map(|it| it.fewer(at.context, spare, impact.size));
    let remedy = remedy.filter(|_| at.context.concurrent(impact.group).next().is_none());
    let remedy = remedy.unwrap_or_default();
    Violation {
        measured: impact.remaining.to_string(),
        permitted: needs.to_string(),
        message: format!(
            "{} of {} healthy members of {} may be left, under the {needs} it needs to serve",
            impact.remaining,
            impact.healthy,
            at.name()
        ),
        field: remedy.field,
        remedy: remedy.phrase,
        ..at.violation(Reason::QuorumLost, "database.quorum")
    }
}

pub(super) fn state(context: &LimitContext<'_>) -> Vec<Violation> {
    each(context, |at| {
        if at.limits.state == DatabaseState::Any {
            return None;
        }
        let paused = at.database.paused.then(|| "it is paused".to_owned());
        let why = at
            .database
            .unhealthy
            .clone()
            .or_else(|| at.database.busy.clone())
            .or(paused)?;
        Some(Violation {
            message: format!("{} is not in a state to be disturbed: {why}", at.name()),
            measured: why,
            permitted: "Healthy".to_owned(),
            remedy: "it would be judged again once the database is healthy and idle".to_owned(),
            ..at.violation(Reason::DatabaseUnhealthy, "database.state")
        })
    })
}

pub(super) fn lag(context: &LimitContext<'_>) -> Vec<Violation> {
    each(context, |at| {
        let Span(limit) = at.limits.max_replication_lag?;
        let permitted = format_duration(limit);
        let (measured, message) = match at.database.lag {
            Some(lag) if lag <= limit => return None,
            Some(lag) => {
                let lag = format_duration(lag);
                let message = format!("{lag} behind is over {permitted} in {}", at.name());
                (lag, message)
            }
            None => {
                let message = format!(
                    "how far the replicas of {} lag behind cannot be told, and {permitted} is permitted",
                    at.name()
                );
                ("unknown".to_owned(), message)
            }
        };
        Some(Violation {
            measured,
            permitted,
            message,
            ..at.violation(Reason::ReplicationLagExceeded, "database.maxReplicationLag")
        })
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::policy::fixture::Fixture;

    fn hits_primary(standbys_left: u32) -> Fixture {
        let mut fixture = Fixture::database(3, 1);
        fixture.impact().primary = true;
        fixture.impact().standbys_left = Some(standbys_left);
        fixture
    }

    #[test]
    fn the_primary_is_protected_as_soon_as_databases_are() {
        Fixture::database(3, 1).keeps(&json!({"database": {}}));
        let found = hits_primary(2).only(&json!({"database": {}}));
        assert_eq!(found.reason, Reason::PrimaryAtRisk);
        assert_eq!(
            found.message,
            "ledger-0, the primary of StatefulSet shop/ledger, can be hit"
        );
        assert_eq!(found.field, "spec.selector");
        assert_eq!(
            found.remedy,
            "select only replicas, for example by the label cnpg.io/instanceRole: replica"
        );
        hits_primary(2).keeps(&json!({}));
    }

    #[test]
    fn a_workload_has_no_primary() {
        let mut fixture = Fixture::new(3, 1);
        fixture.impact().primary = true;
        fixture.keeps(&json!({"database": {"state": "Healthy"}}));
    }

    #[test]
    fn with_a_healthy_standby_the_primary_may_be_hit() {
        let limits = json!({"database": {"primary": "WithHealthyStandby"}});
        hits_primary(1).keeps(&limits);
        let found = hits_primary(0).only(&limits);
        assert_eq!(found.reason, Reason::StandbysTooFew);
        let two = json!({"database": {"primary": "WithHealthyStandby", "minStandbys": 2}});
        hits_primary(2).keeps(&two);
        hits_primary(1).only(&two);
        let mut fixture = hits_primary(0);
        fixture.impact().standbys_left = None;
        fixture.only(&limits);
    }

    #[test]
    fn the_last_standby_may_not_go_while_a_live_experiment_takes_the_primary() {
        let limits = json!({"database": {"primary": "WithHealthyStandby"}});
        let together = |standbys_left| {
            let mut fixture = hits_primary(standbys_left);
            fixture.impact().primary = false;
            fixture
        };
        together(1).keeps(&limits);
        assert_eq!(together(0).only(&limits).reason, Reason::StandbysTooFew);
    }

    #[test]
    fn where_nothing_tells_the_writer_quorum_decides() {
        let mut fixture = Fixture::database(3, 1);
        fixture.facts().writer = Writer::Any { probable: None };
        fixture.facts().quorum = Quorum::Majority(3);
        fixture.keeps(&json!({"database": {}}));
        let found = fixture.only(&json!({"database": {"quorum": "Ignore"}}));
        assert_eq!(found.reason, Reason::PrimaryAtRisk);
        fixture.facts().quorum = Quorum::None;
        fixture.only(&json!({"database": {}}));
    }

    #[test]
    fn quorum_is_kept_in_the_worst_case() {
        let mut fixture = Fixture::database(3, 2);
        fixture.facts().quorum = Quorum::Majority(3);
        fixture.impact().quorum_kept = Some(false);
        let found = fixture.only(&json!({"database": {}}));
        assert_eq!(found.reason, Reason::QuorumLost);
        assert_eq!(
            (found.measured.as_str(), found.permitted.as_str()),
            ("1", "2")
        );
        assert_eq!(found.remedy, "33 or less would be allowed");
        fixture.impact().quorum_kept = Some(true);
        fixture.keeps(&json!({"database": {}}));
    }

    #[test]
    fn a_database_that_is_unwell_or_busy_is_left_alone() {
        let healthy = json!({"database": {"state": "Healthy"}});
        Fixture::database(3, 1).keeps(&healthy);
        let changes: [fn(&mut Database); 3] = [
            |database| database.unhealthy = Some("1 of 3 members is ready".to_owned()),
            |database| database.busy = Some("a backup runs".to_owned()),
            |database| database.paused = true,
        ];
        for change in changes {
            let mut fixture = Fixture::database(3, 1);
            change(fixture.facts());
            assert_eq!(fixture.only(&healthy).reason, Reason::DatabaseUnhealthy);
            fixture.keeps(&json!({"database": {"state": "Any"}}));
        }
    }

    #[test]
    fn lag_is_bounded_and_unknown_lag_is_too_much() {
        let limits = json!({"database": {"maxReplicationLag": "30s"}});
        let mut fixture = Fixture::database(3, 1);
        assert_eq!(fixture.only(&limits).measured, "unknown");
        fixture.facts().lag = Some(Duration::from_secs(31));
        assert_eq!(fixture.only(&limits).measured, "31s");
        fixture.facts().lag = Some(Duration::from_secs(30));
        fixture.keeps(&limits);
    }
}
