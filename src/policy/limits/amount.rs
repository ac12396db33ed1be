//! Limits on how much may be hit at once, and on what must be left.

use crate::blast::BudgetImpact;
use crate::inventory::Budget;
use crate::policy::context::{LimitContext, Reached, name};
use crate::policy::remedy::{Culprit, Remedy};
use crate::policy::{Reason, Violation};

/// A violation whose remedy is to hit fewer pods.
fn amount(
    context: &LimitContext<'_>,
    faults: &[usize],
    (permitted, size): (u32, u32),
    violation: Violation,
) -> Violation {
    let culprit = Culprit::of(context, faults);
    let remedy = culprit
        .map(|it| it.fewer(context, permitted, size))
        .unwrap_or_default();
    Violation {
        field: remedy.field,
        remedy: remedy.phrase,
        ..violation
    }
}

pub(super) fn min_healthy(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(limit) = context.policy.limits.min_healthy else {
        return Vec::new();
    };
    let short = context.reached.iter().filter_map(|reached| {
        let least = limit.of(reached.impact.size);
        // Of a workload whose pods have all finished nothing is left to lose.
        let counts = reached.impact.size > 0;
        (counts && reached.impact.remaining < least).then(|| too_few_left(context, *reached, least))
    });
    short.collect()
}

fn too_few_left(context: &LimitContext<'_>, reached: Reached<'_>, least: u32) -> Violation {
    let (impact, place) = (reached.impact, name(reached.group));
    let (healthy, left) = (impact.healthy, impact.remaining);
    let limit = context.policy.limits.min_healthy;
    let of = limit.map(|limit| limit.to_string()).unwrap_or_default();
    let written = if of.ends_with('%') {
        format!(" ({of} of {})", impact.size)
    } else {
        String::new()
    };
    let message =
        format!("{left} of {healthy} healthy pods of {place} may be left, under {least}{written}");
    let violation = Violation {
        measured: left.to_string(),
        permitted: least.to_string(),
        message,
        group: Some(impact.group),
        ..context.violation(Reason::MinHealthyBreached, "minHealthy")
    };
    let spare = healthy.saturating_sub(least);
    if healthy < least {
        let missing = least - healthy;
        let remedy =
            format!("it would be judged again once {missing} more of its pods are healthy");
        return Violation {
            remedy,
            ..violation
        };
    }
    unless_others_are_live(context, reached, (spare, impact.size), violation)
}

/// What others that are live may take is not ours to give away.
fn unless_others_are_live(
    context: &LimitContext<'_>,
    reached: Reached<'_>,
    fewer: (u32, u32),
    violation: Violation,
) -> Violation {
    let other = context.concurrent(reached.impact.group).next();
    match other {
        None => amount(context, &reached.impact.faults, fewer, violation),
        Some(other) => Violation {
            remedy: format!(
                "it would be judged again once {} has ended",
                other.experiment.object
            ),
            ..violation
        },
    }
}

pub(super) fn max_share(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(limit) = context.policy.limits.max_share_percent else {
        return Vec::new();
    };
    let over = |reached: &&Reached<'_>| {
        let (hits, size) = (
            u64::from(reached.impact.hits),
            u64::from(reached.impact.size),
        );
        hits * 100 > size * u64::from(limit)
    };
    let violation = |reached: &Reached<'_>| {
        let impact = reached.impact;
        let share = (u64::from(impact.hits) * 100).div_ceil(u64::from(impact.size.max(1)));
        let permitted = u64::from(impact.size) * u64::from(limit) / 100;
        let permitted = u32::try_from(permitted).unwrap_or(u32::MAX);
        let message = format!(
            "{share} is over {limit}: {} of {} pods of {}",
            impact.hits,
            impact.size,
            name(reached.group)
        );
        let violation = Violation {
            measured: share.to_string(),
            permitted: limit.to_string(),
            message,
            group: Some(impact.group),
            ..context.violation(Reason::MaxShareExceeded, "maxSharePercent")
        };
        amount(context, &impact.faults, (permitted, impact.size), violation)
    };
    context.reached.iter().filter(over).map(violation).collect()
}

/// A limit on a number that concerns the experiment as a whole.
fn whole(
    context: &LimitContext<'_>,
    (measured, limit): (u32, Option<u32>),
    what: &str,
    (reason, name): (Reason, &str),
) -> Option<Violation> {
    let limit = limit.filter(|limit| measured > *limit)?;
    let faults: Vec<usize> = context.faults.iter().map(|seen| seen.index).collect();
    let culprit = Culprit::of(context, &faults);
    Some(Violation {
        measured: measured.to_string(),
        permitted: limit.to_string(),
        message: format!("{measured} {what} is over {limit}"),
        field: culprit.map(|it| it.selector_field()).unwrap_or_default(),
        remedy: format!("{limit} or fewer would be allowed"),
        ..context.violation(reason, name)
    })
}

pub(super) fn max_pods(context: &LimitContext<'_>) -> Vec<Violation> {
    let numbers = (context.case.blast.pods, context.policy.limits.max_pods);
    let limit = (Reason::MaxPodsExceeded, "maxPods");
    let mut found = whole(context, numbers, "pods hit at once", limit);
    if let (Some(violation), Some(limit)) = (&mut found, numbers.1) {
        let faults: Vec<usize> = (0..context.case.experiment.faults.len()).collect();
        let candidates = u32::try_from(context.case.blast.candidates.len()).unwrap_or(u32::MAX);
        let culprit = Culprit::of(context, &faults);
        let Remedy { field, phrase } = culprit
            .map(|it| it.fewer(context, limit, candidates))
            .unwrap_or_default();
        (violation.field, violation.remedy) = (field, phrase);
    }
    found.into_iter().collect()
}

pub(super) fn max_nodes(context: &LimitContext<'_>) -> Vec<Violation> {
    let numbers = (context.case.blast.nodes, context.policy.limits.max_nodes);
    let limit = (Reason::MaxNodesExceeded, "maxNodes");
    let found = whole(context, numbers, "nodes taken at once", limit);
    found.into_iter().collect()
}

pub(super) fn max_namespaces(context: &LimitContext<'_>) -> Vec<Violation> {
    let reached = u32::try_from(context.case.blast.namespaces.len()).unwrap_or(u32::MAX);
    let numbers = (reached, context.policy.limits.max_namespaces);
    let limit = (Reason::MaxNamespacesExceeded, "maxNamespaces");
    let found = whole(context, numbers, "namespaces in reach", limit);
    found.into_iter().collect()
}

pub(super) fn budgets(context: &LimitContext<'_>) -> Vec<Violation> {
    if !context.policy.limits.respect_budgets {
        return Vec::new();
    }
    if let Some(why) = context.inventory().budgets_untold() {
        return untold_budgets(context, why).into_iter().collect();
    }
    let broken = context
        .budgets()
        .filter(|(impact, _)| impact.lost > impact.allowed);
    broken
        .map(|(impact, budget)| broken_budget(context, impact, budget))
        .collect()
}

/// Whoever reaches what is protected may break a budget that is not known.
fn untold_budgets(context: &LimitContext<'_>, why: &str) -> Option<Violation> {
    let reached = context.reached.first()?;
    Some(Violation {
        measured: "unknown".to_owned(),
        permitted: "what every PodDisruptionBudget permits".to_owned(),
        message: format!(
            "whether a PodDisruptionBudget covers {} cannot be told: {why}",
            name(reached.group)
        ),
        remedy: "it would be judged again once they can be listed".to_owned(),
        group: Some(reached.impact.group),
        ..context.violation(Reason::BudgetExceeded, "respectBudgets")
    })
}

fn broken_budget(context: &LimitContext<'_>, impact: &BudgetImpact, budget: &Budget) -> Violation {
    let (lost, allowed, name) = (impact.lost, impact.allowed, &budget.name);
    let covered = u32::try_from(budget.pods.len()).unwrap_or(u32::MAX);
    let violation = Violation {
        measured: lost.to_string(),
        permitted: allowed.to_string(),
        message: format!(
            "{lost} is over the {allowed} that PodDisruptionBudget {name} permits in namespace {}",
            budget.namespace
        ),
        ..context.violation(Reason::BudgetExceeded, "respectBudgets")
    };
    let groups = budget
        .pods
        .iter()
        .map(|pod| context.inventory().pod(*pod).group);
    let mut reached = context.reached.iter();
    let groups: Vec<_> = groups.collect();
    match reached.find(|reached| groups.contains(&reached.impact.group)) {
        Some(reached) => {
            let violation = Violation {
                group: Some(reached.impact.group),
                ..violation
            };
            let found = unless_others_are_live(context, *reached, (allowed, covered), violation);
            let culprit = Culprit::of(context, &impact.faults);
            let field = culprit.filter(|_| found.field.is_empty());
            Violation {
                field: field.map_or(found.field, |it| it.selector_field()),
                ..found
            }
        }
        None => violation,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::fault::{Mode, Overlap, Tool};
    use crate::policy::fixture::Fixture;

    #[test]
    fn the_share_is_measured_against_the_size() {
        Fixture::new(10, 3).keeps(&json!({"maxSharePercent": 30}));
        let found = Fixture::new(10, 6).only(&json!({"maxSharePercent": 25}));
        assert_eq!(
            found.message,
            "60 is over 25: 6 of 10 pods of StatefulSet shop/ledger"
        );
        assert_eq!(
            (found.measured.as_str(), found.permitted.as_str()),
            ("60", "25")
        );
        assert_eq!(found.field, "spec.value");
        assert_eq!(found.remedy, "20 or less would be allowed");
    }

    #[test]
    fn a_third_is_over_33_percent_and_not_over_34() {
        Fixture::new(3, 1).keeps(&json!({"maxSharePercent": 34}));
        assert_eq!(
            Fixture::new(3, 1)
                .only(&json!({"maxSharePercent": 33}))
                .measured,
            "34"
        );
    }

    #[test]
    fn healthy_pods_are_counted_in_the_worst_case() {
        Fixture::new(3, 1).keeps(&json!({"minHealthy": 2}));
        let found = Fixture::new(3, 2).only(&json!({"minHealthy": 2}));
        assert_eq!(
            found.message,
            "1 of 3 healthy pods of StatefulSet shop/ledger may be left, under 2"
        );
        assert_eq!(found.remedy, "33 or less would be allowed");
    }

    #[test]
    fn a_percentage_of_healthy_pods_is_rounded_up() {
        Fixture::new(5, 2).keeps(&json!({"minHealthy": "60%"}));
        let found = Fixture::new(5, 3).only(&json!({"minHealthy": "60%"}));
        assert_eq!(found.permitted, "3");
        assert!(
            found.message.ends_with("under 3 (60% of 5)"),
            "{}",
            found.message
        );
    }

    #[test]
    fn what_is_short_of_pods_already_is_to_recover_first() {
        let mut fixture = Fixture::new(3, 1);
        fixture.impact().healthy = 1;
        fixture.impact().remaining = 0;
        let found = fixture.only(&json!({"minHealthy": 2}));
        assert_eq!(
            found.remedy,
            "it would be judged again once 1 more of its pods are healthy"
        );
    }

    #[test]
    fn the_remedy_speaks_the_language_of_the_mode() {
        let limits = json!({"minHealthy": 1});
        let mut fixture = Fixture::new(3, 3);
        fixture.target().mode = Mode::All;
        let found = fixture.only(&limits);
        assert_eq!(
            found.remedy,
            "mode fixed with value \"2\" or less would be allowed"
        );
        assert_eq!(found.field, "spec.mode");
        fixture.target().mode = Mode::Fixed(3);
        assert_eq!(fixture.only(&limits).remedy, "2 or less would be allowed");
        fixture.experiment.tool = Tool::Litmus;
        fixture.target().mode = Mode::All;
        assert_eq!(
            fixture.only(&limits).remedy,
            "2 of 3 or fewer would be allowed"
        );
    }

    #[test]
    fn repeated_draws_share_what_is_permitted() {
        let mut fixture = Fixture::new(10, 6);
        fixture.fault().overlap = Overlap::AtMost(2);
        let limits = json!({"minHealthy": 6});
        assert_eq!(fixture.only(&limits).remedy, "20 or less would be allowed");
        fixture.fault().overlap = Overlap::Unbounded;
        let found = fixture.only(&limits);
        assert_eq!(found.field, "spec.duration");
        assert!(found.remedy.contains("draws again"), "{}", found.remedy);
    }

    #[test]
    fn where_another_is_live_it_is_to_end_first() {
        let found = Fixture::new(3, 2)
            .live(None)
            .only(&json!({"minHealthy": 2}));
        let remedy = "it would be judged again once PodChaos chaos-testing/other has ended";
        assert_eq!(found.remedy, remedy);
    }

    #[test]
    fn numbers_of_the_whole_experiment_are_bounded() {
        let mut fixture = Fixture::new(10, 6);
        (fixture.blast.nodes, fixture.blast.pods) = (2, 6);
        fixture.blast.namespaces.push("till".to_owned());
        for (limit, kept) in [("maxPods", 6), ("maxNodes", 2), ("maxNamespaces", 2)] {
            fixture.keeps(&json!({limit: kept}));
            let found = fixture.only(&json!({limit: kept - 1}));
            assert_eq!(
                (found.limit.as_str(), found.permitted),
                (limit, (kept - 1).to_string())
            );
        }
        assert_eq!(
            fixture.only(&json!({"maxPods": 5})).remedy,
            "50 or less would be allowed"
        );
    }
}
