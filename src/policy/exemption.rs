//! A named, reasoned and expiring permission to exceed named limits.

use std::time::Duration;

use jiff::Timestamp;

use super::account::{fits, listed};
use super::compile::read;
use super::spec::exemption::ExemptionSpec;
use super::{Case, Reason, Violation};
use crate::object::{Object, ObjectRef, Unreadable};

/// The longest time for which an exemption may be given.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// An exemption, compiled.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemption {
    /// Its name.
    pub name: String,
    spec: ExemptionSpec,
}

impl Exemption {
    pub(super) fn compile(object: &Object) -> Result<Self, Unreadable> {
        let spec: ExemptionSpec = read(object)?;
        check(object, &spec)?;
        Ok(Self {
            name: object.reference().name.clone(),
            spec,
        })
    }

    /// Whether it has begun and not ended.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.spec.from.0 <= now && now < self.spec.until.0
    }

    /// Whether it lifts this violation in this case.
    #[must_use]
    pub fn lifts(&self, violation: &Violation, case: &Case<'_>) -> bool {
        let permitted = |permit: &super::spec::values::Permit| permit.0 == violation.word();
        self.is_active(case.now)
            && self.spec.policies.contains(&violation.policy)
            && self.spec.permits.iter().any(permitted)
            && self.is_meant_for(&case.experiment.object)
            && self.accepts(case)
    }

    fn is_meant_for(&self, object: &ObjectRef) -> bool {
        let objects = &self.spec.objects;
        let any = |list: &Option<Vec<String>>, fits: &dyn Fn(&String) -> bool| {
            list.as_ref().is_none_or(|list| list.iter().any(fits))
        };
        any(&objects.kinds, &|kind| *kind == object.kind)
            && any(&objects.namespaces, &|name| *name == object.namespace)
            && any(&objects.names, &|pattern| fits(pattern, &object.name))
    }

    fn accepts(&self, case: &Case<'_>) -> bool {
        let accounts = self.spec.accounts.as_ref();
        accounts.is_none_or(|accounts| listed(&accounts.allow, &case.request.user))
    }
}

/// What the types do not say about an exemption.
fn check(object: &Object, spec: &ExemptionSpec) -> Result<(), Unreadable> {
    let field = object.spec();
    let refuse = |wrong: bool, name: &str, accepted: &str| {
        if wrong {
            Err(field.get(name).unreadable(accepted))
        } else {
            Ok(())
        }
    };
    let length = spec.until.0.duration_since(spec.from.0);
    let bounded = Duration::try_from(length).is_ok_and(|it| !it.is_zero() && it <= LONGEST);
    let objects = &spec.objects;
    let lists = [&objects.kinds, &objects.namespaces, &objects.names];
    let mut given = lists.iter().filter_map(|list| list.as_ref());
    let meant = given.clone().next().is_some() && given.all(|list| !list.is_empty());
    let risks = spec
        .permits
        .iter()
        .any(|it| it.0 == Reason::PrimaryAtRisk.name());
    refuse(spec.reason.trim().is_empty(), "reason", "why it is needed")?;
    refuse(
        spec.approved_by.trim().is_empty(),
        "approvedBy",
        "who approved it",
    )?;
    refuse(
        spec.policies.is_empty(),
        "policies",
        "at least one name of a policy",
    )?;
    refuse(spec.permits.is_empty(), "permits", "at least one reason")?;
    refuse(!bounded, "until", "a time after from, by at most 30 days")?;
    refuse(
        !meant,
        "objects",
        "at least one kind, namespace or name, and no empty list",
    )?;
    refuse(
        spec.primary.is_some() && !risks,
        "primary",
        "permits: [PrimaryAtRisk] beside it",
    )?;
    refuse(
        spec.primary.is_none() && risks,
        "primary",
        "\"Allowed\", because it permits PrimaryAtRisk",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::fixture::{Fixture, object, policy};
    use super::super::{PolicySet, evaluate};

    fn exemption() -> Value {
        json!({
            "apiVersion": "firebreak.dev/v1alpha1", "kind": "Exemption",
            "metadata": {"name": "drill"},
            "spec": {
                "reason": "quarterly drill", "approvedBy": "dba-lead",
                "policies": ["production"], "permits": ["MaxShareExceeded"],
                "objects": {"kinds": ["PodChaos"], "namespaces": ["chaos-testing"], "names": ["kill-*"]},
                "accounts": {"allow": ["group:dba"]},
                "from": "2026-11-21T10:00:00Z", "until": "2026-11-21T17:00:00Z",
            },
        })
    }

    /// The exemption with one field of its spec changed; `null` removes it.
    fn with(field: &str, value: Value) -> Value {
        let mut changed = exemption();
        changed["spec"][field] = value;
        changed
    }

    /// Whether the exemption lifts the share, at this instant.
    fn lifts(exemption: Value, now: &str) -> bool {
        let mut fixture = Fixture::new(10, 6);
        fixture.request.user.groups.push("dba".to_owned());
        fixture.now = now.parse().unwrap();
        let limits = json!({"limits": {"maxSharePercent": 25, "maxPods": 5}});
        let set = PolicySet::compile(&[policy(&limits), object(exemption)]).unwrap();
        let found = evaluate(&set, &fixture.case());
        assert_eq!(found.len(), 2, "an exempted violation stays listed");
        assert_eq!(found[1].exempted_by, None, "maxPods is not permitted");
        found[0].exempted_by.as_deref() == Some("drill")
    }

    #[test]
    fn it_holds_from_its_beginning_to_before_its_end() {
        assert!(lifts(exemption(), "2026-11-21T10:00:00Z"));
        assert!(lifts(exemption(), "2026-11-21T16:59:59Z"));
        assert!(!lifts(exemption(), "2026-11-21T09:59:59Z"));
        assert!(!lifts(exemption(), "2026-11-21T17:00:00Z"));
    }

    #[test]
    fn it_lifts_only_what_it_names() {
        let now = "2026-11-21T12:00:00Z";
        let others = [
            ("policies", json!(["staging"])),
            ("permits", json!(["BudgetExceeded"])),
            ("objects", json!({"kinds": ["NetworkChaos"]})),
            ("objects", json!({"namespaces": ["shop"]})),
            ("objects", json!({"names": ["kill"]})),
            ("accounts", json!({"allow": ["group:sre"]})),
        ];
        for (field, value) in others {
            assert!(!lifts(with(field, value.clone()), now), "{field}: {value}");
        }
        assert!(lifts(with("accounts", Value::Null), now));
        assert!(lifts(with("objects", json!({"names": ["*"]})), now));
    }

    #[test]
    fn one_that_says_too_little_or_too_much_is_refused() {
        let wrong = [
            ("reason", json!(" ")),
            ("approvedBy", json!("")),
            ("policies", json!([])),
            ("permits", json!([])),
            ("permits", json!(["*"])),
            ("permits", json!(["PrimaryAtRisk"])),
            ("primary", json!("Allowed")),
            ("objects", json!({})),
            ("objects", json!({"names": []})),
            ("until", Value::Null),
            ("until", json!("2026-11-21T10:00:00Z")),
            ("until", json!("2026-12-21T10:00:01Z")),
            ("forever", json!(true)),
        ];
        for (field, value) in wrong {
            let set = PolicySet::compile(&[object(with(field, value.clone()))]);
            assert!(set.is_err(), "{field}: {value}");
        }
    }

    #[test]
    fn thirty_days_and_a_primary_said_twice_are_accepted() {
        let mut longest = with("until", json!("2026-12-21T10:00:00Z"));
        longest["spec"]["permits"] = json!(["PrimaryAtRisk"]);
        longest["spec"]["primary"] = json!("Allowed");
        PolicySet::compile(&[object(longest)]).unwrap();
    }
}
