//! Limits on what may be reached at all, by whom, and with what.

use crate::fault::Effect;
use crate::inventory::{Group, GroupId, PodId};
use crate::policy::account::listed;
use crate::policy::context::{LimitContext, Reached, Seen, name};
use crate::policy::remedy::Culprit;
use crate::policy::spec::limits::{Actions, OptIn, OptInScope};
use crate::policy::spec::values::{ActionName, EffectName};
use crate::policy::{Reason, Violation};
use crate::selector::Labelled;

/// What cannot be resolved is over every limit, whoever's pods it may hit.
pub(super) fn unresolvable(context: &LimitContext<'_>) -> Vec<Violation> {
    let unknown = context.case.blast.unknown.iter();
    let violation = |it: &crate::blast::Unknown| Violation {
        message: format!("{}, so that it is over every limit", it.what),
        measured: it.what.clone(),
        permitted: "a target that can be resolved".to_owned(),
        field: it
            .fault
            .and_then(|fault| context.case.experiment.faults.get(fault))
            .map(|fault| fault.field.clone())
            .unwrap_or_default(),
        ..context.violation(Reason::Unresolvable, "every limit")
    };
    unknown.map(violation).collect()
}

/// A violation about what is selected: it helps only to select something else.
fn selected(context: &LimitContext<'_>, reached: Reached<'_>, violation: Violation) -> Violation {
    let culprit = Culprit::of(context, &reached.impact.faults);
    Violation {
        field: culprit.map(|it| it.selector_field()).unwrap_or_default(),
        group: Some(reached.impact.group),
        ..violation
    }
}

pub(super) fn protected(context: &LimitContext<'_>) -> Vec<Violation> {
    if !context.policy.limits.protected {
        return Vec::new();
    }
    let violation = |reached: &Reached<'_>| {
        let (place, hit) = (name(reached.group), reached.impact.candidates);
        let violation = Violation {
            measured: hit.to_string(),
            permitted: "0".to_owned(),
            message: format!(
                "{place} is protected, no chaos may reach it, and {hit} of its pods can be hit"
            ),
            remedy: format!(
                "a selection without pods of namespace {} would be allowed",
                reached.group.namespace
            ),
            ..context.violation(Reason::ProtectedTarget, "protected")
        };
        selected(context, *reached, violation)
    };
    context.reached.iter().map(violation).collect()
}

pub(super) fn opt_in(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(opt_in) = &context.policy.limits.opt_in else {
        return Vec::new();
    };
    let label = format!("{}={}", opt_in.label, opt_in.value);
    let refused = context.reached.iter();
    let refused = refused.filter(|reached| {
        let pods = candidates(context, reached.impact.group);
        !has_opted_in(context, reached.group, &pods, opt_in)
    });
    let violation = |reached: &Reached<'_>| {
        let bearer = match opt_in.scope {
            OptInScope::Namespace => format!("namespace {}", reached.group.namespace),
            OptInScope::Pod => "every pod of it that can be hit".to_owned(),
            OptInScope::Either => format!(
                "namespace {}, or every pod of it that can be hit,",
                reached.group.namespace
            ),
        };
        let violation = Violation {
            measured: format!("no label {label}"),
            permitted: label.clone(),
            message: format!("{} has not opted in to chaos", name(reached.group)),
            remedy: format!("it would be allowed if {bearer} had the label {label}"),
            ..context.violation(Reason::OptInMissing, "optIn")
        };
        selected(context, *reached, violation)
    };
    refused.map(violation).collect()
}

/// Whether the namespace, or every one of these pods, bears the label.
pub(super) fn has_opted_in(
    context: &LimitContext<'_>,
    group: &Group,
    pods: &[PodId],
    opt_in: &OptIn,
) -> bool {
    let inventory = context.inventory();
    let wanted = Some(opt_in.value.as_str());
    let has = |labels: &dyn Labelled| labels.value_of(&opt_in.label) == wanted;
    let namespace = inventory.namespace(&group.namespace);
    let namespace = namespace.is_some_and(|namespace| has(&namespace.labels));
    let pods = !pods.is_empty() && pods.iter().all(|pod| has(&inventory.pod(*pod).labels));
    match opt_in.scope {
        OptInScope::Namespace => namespace,
        OptInScope::Pod => pods,
        OptInScope::Either => namespace || pods,
    }
}

/// The pods of a group that can be hit.
fn candidates(context: &LimitContext<'_>, group: GroupId) -> Vec<PodId> {
    let candidates = context.case.blast.candidates.iter().copied();
    candidates
        .filter(|pod| context.inventory().pod(*pod).group == group)
        .collect()
}

pub(super) fn accounts(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(accounts) = &context.policy.limits.accounts else {
        return Vec::new();
    };
    let user = &context.case.request.user;
    if listed(&accounts.allow, user) {
        return Vec::new();
    }
    vec![Violation {
        measured: user.name.clone(),
        permitted: accounts.allow.join(", "),
        message: format!("{:?} may not start chaos here", user.name),
        remedy: format!(
            "a request of {} would be allowed",
            accounts.allow.join(" or ")
        ),
        ..context.violation(Reason::AccountDenied, "accounts")
    }]
}

pub(super) fn actions(context: &LimitContext<'_>) -> Vec<Violation> {
    let Some(actions) = &context.policy.limits.actions else {
        return Vec::new();
    };
    let refused = context.faults.iter();
    let refused = refused.filter(|seen| !permits(actions, ActionName(seen.fault.action)));
    let violation = |seen: &Seen<'_>| Violation {
        measured: seen.fault.action.name().to_owned(),
        permitted: permitted(actions),
        message: format!("{} is not permitted", seen.fault.action.name()),
        field: seen.fault.field.clone(),
        remedy: format!("{} would be allowed", permitted(actions)),
        ..context.violation(Reason::ActionDenied, "actions")
    };
    refused.map(violation).collect()
}

fn permits(actions: &Actions, action: ActionName) -> bool {
    let lists = |list: &Option<Vec<ActionName>>| list.as_ref().map(|list| list.contains(&action));
    lists(&actions.allow) != Some(false) && lists(&actions.deny) != Some(true)
}

fn permitted(actions: &Actions) -> String {
    match (&actions.allow, &actions.deny) {
        (Some(allow), _) => join(allow),
        (None, deny) => format!("any but {}", join(deny.as_deref().unwrap_or_default())),
    }
}

fn join<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.join(", ")
}

pub(super) fn effects(context: &LimitContext<'_>) -> Vec<Violation> {
    let standing = [Effect::Down, Effect::Isolated, Effect::Degraded].map(EffectName);
    let permitted = context.policy.limits.effects.as_deref();
    let permitted = permitted.unwrap_or(&standing);
    let refused = context.faults.iter();
    let refused = refused.filter(|seen| !permitted.contains(&EffectName(seen.fault.effect)));
    let violation = |seen: &Seen<'_>| {
        let (effect, action) = (seen.fault.effect.name(), seen.fault.action.name());
        Violation {
            measured: effect.to_owned(),
            permitted: join(permitted),
            message: format!("{effect}, the effect of {action}, is not permitted"),
            field: seen.fault.field.clone(),
            remedy: format!("a fault that is {} would be allowed", join(permitted)),
            ..context.violation(Reason::EffectDenied, "effects")
        }
    };
    refused.map(violation).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::blast::Unknown;
    use crate::fault::{Action, Aim, Fault, Lifetime};
    use crate::policy::fixture::Fixture;

    #[test]
    fn what_is_protected_may_not_be_reached_at_all() {
        Fixture::new(3, 1).keeps(&json!({"protected": false}));
        let found = Fixture::new(3, 1).only(&json!({"protected": true}));
        assert_eq!(found.reason, Reason::ProtectedTarget);
        assert_eq!(
            found.remedy,
            "a selection without pods of namespace shop would be allowed"
        );
    }

    #[test]
    fn an_opt_in_is_borne_by_the_namespace_or_by_every_pod() {
        let limits = |label: &str, value: &str, scope: &str| json!({"optIn": {"label": label, "value": value, "scope": scope}});
        let fixture = Fixture::new(3, 1);
        fixture.keeps(&limits("environment", "production", "Namespace"));
        fixture.keeps(&limits("environment", "production", "Either"));
        fixture.keeps(&limits("app", "ledger", "Pod"));
        fixture.keeps(&limits("app", "ledger", "Either"));
        fixture.only(&limits("environment", "production", "Pod"));
        fixture.only(&limits("app", "ledger", "Namespace"));
        let some_pods = fixture.only(&limits("role", "replica", "Either"));
        assert_eq!(some_pods.reason, Reason::OptInMissing);
        assert!(
            some_pods.remedy.ends_with("had the label role=replica"),
            "{}",
            some_pods.remedy
        );
    }

    #[test]
    fn only_listed_accounts_may_start_chaos() {
        let mut fixture = Fixture::new(3, 1);
        let limits = json!({"accounts": {"allow": ["group:sre", "eva"]}});
        fixture.request.user.name = "adam".to_owned();
        assert_eq!(
            fixture.only(&limits).message,
            "\"adam\" may not start chaos here"
        );
        fixture.request.user.groups.push("sre".to_owned());
        fixture.keeps(&limits);
    }

    #[test]
    fn actions_are_allowed_or_denied_by_name() {
        let mut fixture = Fixture::new(3, 1);
        fixture.keeps(&json!({"actions": {"allow": ["PodFailure"]}}));
        fixture.keeps(&json!({"actions": {"deny": ["KernelFault"]}}));
        fixture.fault().action = Action::KernelFault;
        let found = fixture.only(&json!({"actions": {"allow": ["PodFailure"]}}));
        assert_eq!(found.remedy, "PodFailure would be allowed");
        let found = fixture.only(&json!({"actions": {"deny": ["KernelFault"]}}));
        assert_eq!(found.permitted, "any but KernelFault");
    }

    #[test]
    fn corruption_is_permitted_only_where_it_is_named() {
        let mut fixture = Fixture::new(3, 1);
        fixture.keeps(&json!({}));
        fixture.fault().effect = Effect::Corrupting;
        assert_eq!(fixture.only(&json!({})).reason, Reason::EffectDenied);
        fixture.keeps(&json!({"effects": ["Corrupting"]}));
        fixture.fault().effect = Effect::Down;
        fixture.only(&json!({"effects": ["Degraded"]}));
    }

    #[test]
    fn what_cannot_be_resolved_is_over_every_limit() {
        let mut fixture = Fixture::new(3, 1);
        fixture.blast.unknown.push(Unknown {
            fault: Some(0),
            what: "a disk of the cloud is detached".to_owned(),
        });
        let found = fixture.only(&json!({}));
        assert_eq!(found.reason, Reason::Unresolvable);
        assert_eq!(
            found.message,
            "a disk of the cloud is detached, so that it is over every limit"
        );
    }

    #[test]
    fn a_fault_that_reaches_only_others_is_not_judged() {
        let mut fixture = Fixture::new(3, 1);
        let endless = Fault {
            aim: Aim::Pods(fixture.target().clone()),
            lifetime: Lifetime::Forever,
            ..fixture.fault().clone()
        };
        fixture.experiment.faults.push(endless);
        fixture
            .blast
            .faults
            .push(crate::blast::FaultReach::default());
        fixture.keeps(&json!({"maxDuration": "5m"}));
        fixture.blast.faults[1].candidates = vec![crate::inventory::PodId(2)];
        fixture.only(&json!({"maxDuration": "5m"}));
        fixture.blast.faults[1].candidates.clear();
        fixture.impact().faults.push(1);
        fixture.only(&json!({"maxDuration": "5m"}));
    }
}
