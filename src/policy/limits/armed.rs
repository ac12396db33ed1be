//! The limit on what matches nothing now, and so stays armed.

use super::database::quorum_decides;
use super::reach::has_opted_in;
use crate::fault::Lifetime;
use crate::inventory::Group;
use crate::policy::context::{LimitContext, Seen, is_endless, name};
use crate::policy::remedy::Culprit;
use crate::policy::spec::limits::Primary;
use crate::policy::{Reason, Violation};

/// An experiment that matches nothing now stays armed until it ends.
pub(super) fn armed(context: &LimitContext<'_>) -> Vec<Violation> {
    let acts = |seen: &&Seen<'_>| seen.armed && seen.fault.lifetime != Lifetime::Never;
    let waiting = context.faults.iter().filter(acts);
    waiting
        .flat_map(|seen| {
            let endless = is_endless(seen.fault).then(|| endless(context, *seen));
            let later = context.addressable.iter();
            let later = later.filter(|(fault, group)| {
                *fault == seen.index && is_strict(context, context.inventory().group(*group))
            });
            let later = later.map(|(_, group)| Violation {
                message: format!(
                    "it matches no pod now, but could match pods of {} while it waits",
                    name(context.inventory().group(*group))
                ),
                field: Culprit::of(context, &[seen.index])
                    .map(|culprit| culprit.selector_field())
                    .unwrap_or_default(),
                remedy: "a selection that matches pods now would be judged by them".to_owned(),
                group: Some(*group),
                ..waits(context)
            });
            endless.into_iter().chain(later).collect::<Vec<_>>()
        })
        .collect()
}

/// Whether the policy permits no hit at all on some pod of the group. Labels by which a tool selects
/// are taken to stay as they are, but for those that follow a role from member to member.
fn is_strict(context: &LimitContext<'_>, group: &Group) -> bool {
    let limits = &context.policy.limits;
    let closed = limits.opt_in.as_ref();
    let closed = closed.is_some_and(|it| !has_opted_in(context, group, &group.members, it));
    let spared = limits.database.as_ref().zip(group.database.as_ref());
    let spared = spared.is_some_and(|(limits, database)| {
        limits.primary == Primary::Never && !quorum_decides(limits, database)
    });
    limits.protected || closed || spared
}

fn waits(context: &LimitContext<'_>) -> Violation {
    Violation {
        measured: "no pod now".to_owned(),
        permitted: "at least one pod".to_owned(),
        ..context.violation(Reason::NoTarget, "protects")
    }
}

fn endless(context: &LimitContext<'_>, seen: Seen<'_>) -> Violation {
    let message = "it matches no pod now and stays armed without an end";
    let (field, remedy) = match seen.fault.lifetime {
        Lifetime::Forever => (&seen.fault.duration_field, "a duration would end it"),
        Lifetime::Instant | Lifetime::For(_) | Lifetime::Never => (
            &seen.fault.field,
            "a selection that matches pods now would be judged by them",
        ),
    };
    Violation {
        message: message.to_owned(),
        field: field.clone(),
        remedy: remedy.to_owned(),
        ..waits(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::inventory::GroupId;
    use crate::policy::fixture::Fixture;

    /// The fixture with a fault that matches nothing now.
    fn armed(lifetime: Lifetime, addressable: &[GroupId]) -> Fixture {
        let mut fixture = Fixture::new(3, 0);
        fixture.blast.impacts.clear();
        fixture.blast.faults[0].armed = true;
        fixture.blast.faults[0].addressable = addressable.to_vec();
        fixture.fault().lifetime = lifetime;
        fixture
    }

    #[test]
    fn what_matches_nothing_must_end_and_must_not_wait_for_protected_pods() {
        let minute = Lifetime::For(Duration::from_mins(1));
        armed(minute, &[]).keeps(&json!({}));
        armed(Lifetime::Never, &[GroupId(0)]).keeps(&json!({}));
        armed(minute, &[GroupId(0)]).keeps(&json!({}));
        armed(minute, &[GroupId(0)]).keeps(&json!({"optIn": {"label": "app", "value": "ledger"}}));
        for strict in [
            json!({"protected": true}),
            json!({"optIn": {"label": "a", "value": "b"}}),
        ] {
            let found = armed(minute, &[GroupId(0)]).only(&strict);
            assert_eq!(
                (found.reason, found.group),
                (Reason::NoTarget, Some(GroupId(0)))
            );
        }
        armed(minute, &[GroupId(0)]).only(&json!({"maxDuration": "59s"}));
        let found = armed(Lifetime::Forever, &[]).only(&json!({}));
        assert_eq!(
            found.message,
            "it matches no pod now and stays armed without an end"
        );
        assert_eq!(found.field, "spec.duration");
        armed(Lifetime::Instant, &[]).only(&json!({}));
    }
}
