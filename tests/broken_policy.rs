//! A policy of the cluster that is broken forbids everything until it is mended: what it would have
//! forbidden is not known.

use firebreak::cli::examples::{self, now};
use firebreak::inventory::{Inventory, Origin};
use firebreak::judge::{Decision, Verdict, judge};
use firebreak::object::Object;
use firebreak::policy::{PolicySet, Reason};
use firebreak::request::{Operation, Request, User};
use serde_json::{Value, json};

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

fn policy(name: &str, limits: &Value) -> Object {
    object(
        json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": name}, "spec": {"enforcement": "Audit", "limits": limits}}),
    )
}

fn kill() -> Object {
    object(
        json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "kill", "namespace": "shop"},
        "spec": {"action": "pod-kill", "mode": "one", "selector": {"namespaces": ["shop"]}}}),
    )
}

fn verdict(policies: &PolicySet, object: Object) -> Verdict {
    let world = examples::world().unwrap().into_iter();
    let world: Vec<Object> = world.map(|manifest| manifest.object).collect();
    let inventory = Inventory::from_objects(&world, Origin::Recorded);
    let request = Request::create(object, User::named("jane"));
    judge(&inventory, policies, &request, now())
}

fn reasons(verdict: &Verdict) -> Vec<(&str, Reason)> {
    let violations = verdict.violations.iter();
    violations
        .map(|it| (it.policy.as_str(), it.reason))
        .collect()
}

#[test]
fn nothing_is_permitted_while_a_policy_is_broken_and_the_denial_names_it() {
    let (good, lax) = (policy("good", &json!({})), policy("typo", &json!({})));
    let typo = policy("typo", &json!({"maxPod": 3}));
    let mended = PolicySet::in_force([&good, &lax]);
    let allowed = verdict(&mended, kill());
    assert_eq!(allowed.decision, Decision::Allow, "{}", allowed.explain());
    let broken = PolicySet::in_force([&good, &typo]);
    let denied = verdict(&broken, kill());
    assert_eq!(denied.decision, Decision::Deny);
    assert_eq!(reasons(&denied)[0], ("typo", Reason::PolicyInvalid));
    let text = denied.explain();
    assert!(text.contains("spec.limits.maxPod: unknown field"), "{text}");
}

#[test]
fn what_is_no_chaos_and_the_policy_that_mends_it_pass() {
    let typo = policy("typo", &json!({"maxPod": 3}));
    let broken = PolicySet::in_force([&typo]);
    let harmless = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx"}]}}}});
    let passed = verdict(&broken, object(harmless));
    assert_eq!(passed.decision, Decision::Allow, "{}", passed.explain());
    let mends = Request {
        operation: Operation::Update,
        old_object: Some(typo),
        ..Request::create(policy("typo", &json!({"maxPods": 3})), User::named("jane"))
    };
    let unavailable = Inventory::unlisted("it is not there");
    let verdict = judge(&unavailable, &broken, &mends, now());
    assert_eq!(verdict.decision, Decision::Allow, "{}", verdict.explain());
}

#[test]
fn a_broken_exemption_lifts_nothing_and_forbids_nothing() {
    let good = policy("good", &json!({}));
    let exemption = object(
        json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "Exemption",
        "metadata": {"name": "typo"}, "spec": {"limit": []}}),
    );
    let set = PolicySet::in_force([&good, &exemption]);
    assert_eq!(set.exemptions().len(), 0);
    assert_eq!(verdict(&set, kill()).decision, Decision::Allow);
}

#[test]
fn policies_that_are_not_known_forbid_everything() {
    let denied = verdict(&PolicySet::unknown("they have not been listed yet"), kill());
    assert_eq!(denied.decision, Decision::Deny);
    assert_eq!(reasons(&denied), [("", Reason::PolicyInvalid)]);
    let text = denied.explain();
    assert!(text.contains("they have not been listed yet"), "{text}");
}
