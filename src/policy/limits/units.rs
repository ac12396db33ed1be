//! The limit on the units of one resource, such as shards, that may be hit at once.

use std::collections::BTreeMap;

use crate::inventory::Quorum;
use crate::policy::context::{LimitContext, Reached};
use crate::policy::remedy::Culprit;
use crate::policy::{Reason, Violation};

pub(super) fn max_units(context: &LimitContext<'_>) -> Vec<Violation> {
    let limits = context.policy.limits.database.as_ref();
    let Some(limit) = limits.and_then(|it| it.max_units) else {
        return Vec::new();
    };
    let mut resources = BTreeMap::<[&str; 4], Vec<Reached<'_>>>::new();
    for reached in context.reached.iter().filter(|it| is_unit(it)) {
        let key = reached.group.resource();
        resources.entry(key).or_default().push(*reached);
    }
    let over = |units: &Vec<Reached<'_>>| at_once(context, units) > limit;
    let over = resources.into_values().filter(over);
    over.map(|units| violation(context, &units, limit))
        .collect()
}

/// Members that no quorum needs, such as those without a vote, are no unit to be counted.
fn is_unit(reached: &Reached<'_>) -> bool {
    let group = reached.group;
    let needed = |quorum| quorum != Quorum::None;
    let database = group.database.as_ref();
    let counts = !group.unit.is_empty() && database.is_some_and(|it| needed(it.quorum));
    counts && reached.impact.hits > 0
}

/// The most units hit at once: no more than pods.
fn at_once(context: &LimitContext<'_>, units: &[Reached<'_>]) -> u32 {
    let units = u32::try_from(units.len()).unwrap_or(u32::MAX);
    units.min(context.case.blast.pods)
}

fn violation(context: &LimitContext<'_>, units: &[Reached<'_>], limit: u32) -> Violation {
    let measured = at_once(context, units);
    let names = units.iter().map(|reached| reached.group.unit.as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    let first = units.first().map(|reached| reached.group);
    let resource = first.map(|it| format!("{} {}/{}", it.kind, it.namespace, it.name));
    let faults: Vec<usize> = units
        .iter()
        .flat_map(|reached| reached.impact.faults.clone())
        .collect();
    let culprit = Culprit::of(context, &faults);
    Violation {
        measured: measured.to_string(),
        permitted: limit.to_string(),
        message: format!(
            "{measured} units of {} at once is over {limit}: {names}",
            resource.unwrap_or_default()
        ),
        field: culprit.map(|it| it.selector_field()).unwrap_or_default(),
        remedy: format!("members of {limit} of them at most would be allowed"),
        group: units.first().map(|reached| reached.impact.group),
        ..context.violation(Reason::MaxUnitsExceeded, "database.maxUnits")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::inventory::Quorum;
    use crate::policy::Reason;
    use crate::policy::fixture::Fixture;

    #[test]
    fn a_resource_that_is_one_database_has_no_units() {
        let limits = json!({"database": {"maxUnits": 1}});
        let mut fixture = Fixture::database(3, 2);
        fixture.facts().quorum = Quorum::Majority(3);
        fixture.keeps(&limits);
    }

    #[test]
    fn no_unit_at_all_may_be_hit_where_none_is_permitted() {
        let mut fixture = Fixture::database(3, 1);
        fixture.facts().quorum = Quorum::Majority(3);
        fixture.group.unit = "rs0".into();
        let found = fixture.only(&json!({"database": {"maxUnits": 0}}));
        assert_eq!(found.reason, Reason::MaxUnitsExceeded);
        fixture.keeps(&json!({"database": {"maxUnits": 1}}));
        fixture.facts().quorum = Quorum::None;
        fixture.keeps(&json!({"database": {"maxUnits": 0}}));
    }
}
