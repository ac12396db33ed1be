//! What is permitted: policies and exemptions, and how a case is held against them.

mod account;
mod compile;
mod context;
mod exemption;
#[cfg(test)]
mod fixture;
mod limits;
mod protects;
mod remedy;
pub mod rules;
pub mod spec;
mod violation;
mod windows;

pub use compile::{Policy, PolicyError, PolicySet, read};
pub use exemption::Exemption;
pub use limits::limit_names;
pub use protects::Protected;
pub use spec::crds::{crds, tidied};
pub use violation::{EVERY_LIMIT, Enforcement, Reason, Violation};
pub use windows::{Shut, shut};

use jiff::Timestamp;

use context::{Common, LimitContext};
use rules::{Facts, Trial};

use crate::blast::BlastRadius;
use crate::fault::Experiment;
use crate::inventory::Inventory;
use crate::request::Request;

/// Everything that a limit or a rule may see.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// Who asks for what.
    pub request: &'a Request,
    /// What it would do.
    pub experiment: &'a Experiment,
    /// The worst of it.
    pub blast: &'a BlastRadius,
    /// The cluster.
    pub inventory: &'a Inventory,
    /// The instant of the judgement.
    pub now: Timestamp,
}

/// Every limit and rule that the case does not keep, of every policy that protects what it can reach,
/// in a stable order. Those that an exemption lifts are among them and say so.
#[must_use]
pub fn evaluate(policies: &PolicySet, case: &Case<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let (facts, common) = (Facts::of(case), Common::of(case));
    for policy in policies.policies() {
        let context = LimitContext::new(policy, &common);
        if context.is_asked() {
            ask(&context, &facts, &mut violations);
        }
    }
    violations.sort_by(|a, b| order(a).cmp(&order(b)));
    violations.dedup();
    for violation in &mut violations {
        let mut exemptions = policies.exemptions().iter();
        let lifting = exemptions.find(|exemption| exemption.lifts(violation, case));
        violation.exempted_by = lifting.map(|exemption| exemption.name.clone());
    }
    violations
}

/// Adds what a policy says that protects something in reach: nothing where one of its conditions is
/// false.
fn ask(context: &LimitContext<'_>, facts: &Facts<'_>, violations: &mut Vec<Violation>) {
    let mut trial = Trial::new(&context.policy.rules, facts);
    let Some(failed) = trial.conditions(context) else {
        return;
    };
    violations.extend(failed);
    for limit in &context.policy.held {
        violations.append(&mut (limit.check)(context));
    }
    violations.extend(trial.rules(context));
}

fn order(violation: &Violation) -> impl Ord + '_ {
    let Violation {
        reason,
        policy,
        group,
        limit,
        field,
        message,
        ..
    } = violation;
    (*reason, policy, *group, limit, field, message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::fixture::{Fixture, object, policy};
    use super::*;

    fn named(name: &str, spec: &Value) -> crate::object::Object {
        let mut value = policy(spec).value().clone();
        value["metadata"]["name"] = json!(name);
        object(value)
    }

    #[test]
    fn every_policy_that_protects_a_victim_applies_in_a_stable_order() {
        let fixture = Fixture::new(10, 6);
        let share = json!({"limits": {"maxSharePercent": 50, "minHealthy": 5}});
        let warn = json!({"enforcement": "Warn", "limits": {"maxSharePercent": 25}});
        let other = json!({"protects": {"namespaces": {"matchLabels": {"environment": "staging"}}},
            "limits": {"protected": true}});
        let mut objects = [named("b", &share), named("a", &warn), named("c", &other)];
        let found = |objects: &[crate::object::Object]| {
            evaluate(&PolicySet::compile(objects).unwrap(), &fixture.case())
        };
        let first = found(&objects);
        let told = first
            .iter()
            .map(|it| (it.policy.as_str(), it.reason, it.enforcement));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                ("b", Reason::MinHealthyBreached, Enforcement::Deny),
                ("a", Reason::MaxShareExceeded, Enforcement::Warn),
                ("b", Reason::MaxShareExceeded, Enforcement::Deny),
            ]
        );
        objects.reverse();
        assert_eq!(found(&objects), first);
    }

    #[test]
    fn what_two_faults_do_alike_is_said_once() {
        let mut fixture = Fixture::new(10, 6);
        let fault = fixture.fault().clone();
        fixture.experiment.faults.push(fault);
        fixture.blast.faults.push(fixture.blast.faults[0].clone());
        fixture.impact().faults.push(1);
        let set = PolicySet::compile(&[policy(&json!({"limits": {"maxDuration": "1m"}}))]).unwrap();
        assert_eq!(evaluate(&set, &fixture.case()).len(), 1);
    }

    #[test]
    fn without_a_policy_nothing_is_limited() {
        let set = PolicySet::default();
        assert!(set.is_empty());
        assert_eq!(evaluate(&set, &Fixture::new(3, 3).case()), Vec::new());
    }

    #[test]
    fn a_limit_that_a_policy_does_not_set_has_nothing_to_say() {
        let specs = [
            json!({}),
            json!({"limits": {"minHealthy": 3, "maxPods": 1, "maxConcurrent": 1, "protected": true}}),
            json!({"limits": {"maxSharePercent": 1, "maxNodes": 0, "maxDurations": {"PodFailure": "1m"}}}),
            json!({"limits": {"database": {"maxUnits": 0, "backup": {"maxAge": "1h"}}, "effects": ["Degraded"]}}),
        ];
        let mut endless = Fixture::database(3, 3).live(None);
        endless.fault().lifetime = crate::fault::Lifetime::Forever;
        for fixture in [
            Fixture::new(3, 3),
            Fixture::database(3, 3).live(None),
            endless,
        ] {
            for spec in &specs {
                let mut set = PolicySet::compile(&[policy(spec)]).unwrap();
                let found = evaluate(&set, &fixture.case());
                set.ask_every_limit();
                assert_eq!(evaluate(&set, &fixture.case()), found, "{spec}");
            }
        }
    }

    #[test]
    fn the_limits_have_a_name_each() {
        let mut names: Vec<&str> = limit_names().collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
