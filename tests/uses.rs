//! How often exemptions are used: what counts, and that nothing is lost where several write.

use std::time::Duration;

use firebreak::inventory::{Inventory, Origin};
use firebreak::judge::{Decision, Verdict, judge};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::request::{Request, User};
use firebreak::server::uses::Uses;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fake_api::FakeApi;

const DRILL: &str = "/apis/firebreak.dev/v1alpha1/exemptions/drill";

fn exemption() -> Value {
    json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "Exemption", "metadata": {"name": "drill"},
        "spec": {"reason": "drill", "approvedBy": "dba", "policies": ["production"],
            "permits": ["MaxPodsExceeded"], "objects": {"kinds": ["PodChaos"]},
            "from": "2026-11-21T09:00:00Z", "until": "2026-11-21T17:00:00Z"}})
}

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

/// An API server with the exemption, of which the leader has said that it holds.
fn api() -> FakeApi {
    let api = FakeApi::default();
    let mut exemption = exemption();
    exemption["status"] = json!({"state": "Active"});
    api.put(DRILL, Some(exemption));
    api
}

fn status(api: &FakeApi) -> Value {
    api.get(DRILL).unwrap()["status"].clone()
}

/// Somebody kills both pods of a shop in which one may be hit.
fn kill() -> (Request, Verdict) {
    let object = |value: Value| Object::new(value).unwrap();
    let pod = |name: &str| {
        object(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop"}, "spec": {"containers": [{"name": "c"}]},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}))
    };
    let policy = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "production"}, "spec": {"limits": {"maxPods": 1}}});
    let chaos = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "kill", "namespace": "shop"},
        "spec": {"action": "pod-kill", "mode": "all", "selector": {"namespaces": ["shop"]}}});
    let inventory = Inventory::from_objects(&[pod("a"), pod("b")], Origin::Recorded);
    let policies = PolicySet::compile(&[object(policy), object(exemption())]).unwrap();
    let request = Request::create(object(chaos), User::named("engineer"));
    let verdict = judge(&inventory, &policies, &request, now());
    assert_ne!(verdict.decision, Decision::Deny, "{}", verdict.explain());
    (request, verdict)
}

/// A counter that is at work.
fn counter(api: &FakeApi) -> Uses {
    let (uses, work) = Uses::of(api.client());
    tokio::spawn(work);
    uses
}

async fn until_uses_are(api: &FakeApi, wanted: u64) {
    for _ in 0..600 {
        if status(api)["uses"] == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{wanted} uses expected, found {}", status(api));
}

#[tokio::test(start_paused = true)]
async fn each_request_that_is_admitted_by_an_exemption_counts_once() {
    let api = api();
    let uses = counter(&api);
    let (request, verdict) = kill();
    uses.count(&request, &verdict, now());
    until_uses_are(&api, 1).await;
    let later = now() + jiff::SignedDuration::from_mins(5);
    uses.count(&request, &verdict, later);
    uses.count(&request, &verdict, now());
    until_uses_are(&api, 3).await;
    let expected = json!({"state": "Active", "uses": 3, "lastUsed": "2026-11-21T10:05:00Z"});
    assert_eq!(status(&api), expected);
}

#[tokio::test(start_paused = true)]
async fn what_admits_nothing_does_not_count() {
    let api = api();
    let uses = counter(&api);
    let (mut request, verdict) = kill();
    let denied = Verdict {
        decision: Decision::Deny,
        ..verdict.clone()
    };
    uses.count(&request, &denied, now());
    let plain = Verdict::passed(&request, "it is none");
    uses.count(&request, &plain, now());
    request.dry_run = true;
    uses.count(&request, &verdict, now());
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert!(api.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn replicas_that_count_at_once_lose_nothing() {
    let api = api();
    let (request, verdict) = kill();
    for _ in 0..4 {
        let (uses, request, verdict) = (counter(&api), request.clone(), verdict.clone());
        tokio::spawn(async move {
            for _ in 0..25 {
                uses.count(&request, &verdict, now());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }
    until_uses_are(&api, 100).await;
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_is_counted_later() {
    let api = api();
    let uses = counter(&api);
    let (request, verdict) = kill();
    api.set_away(true);
    uses.count(&request, &verdict, now());
    tokio::time::sleep(Duration::from_mins(1)).await;
    uses.count(&request, &verdict, now());
    api.set_away(false);
    until_uses_are(&api, 2).await;
}
