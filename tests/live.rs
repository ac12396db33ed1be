//! Which chaos objects of a cluster are live, by their records and not by their conditions.

use firebreak::blast::measure;
use firebreak::fault::{self, Surroundings};
use firebreak::inventory::{Inventory, Live, Origin, live};
use firebreak::object::Object;
use serde_json::{Value, json};

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

fn pods() -> Vec<Object> {
    let pod = |index: usize| {
        object(json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": format!("pg-{index}"), "namespace": "db", "labels": {"app": "pg"},
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "pg", "controller": true}
                ]
            },
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        }))
    };
    (0..3).map(pod).collect()
}

fn chaos(action: &str, status: &Value) -> Object {
    object(json!({
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "live", "namespace": "db"},
        "spec": {
            "action": action, "mode": "one", "duration": "1h",
            "selector": {"labelSelectors": {"app": "pg"}}
        },
        "status": status
    }))
}

fn records(phases: &[&str], desired: &str) -> Value {
    let record = |(index, phase): (usize, &&str)| json!({"id": format!("db/pg-{index}"), "selectorKey": ".", "phase": phase});
    let records: Vec<Value> = phases.iter().enumerate().map(record).collect();
    json!({"experiment": {"containerRecords": records, "desiredPhase": desired}})
}

fn found(objects: &[Object]) -> Live {
    live(objects, &Inventory::from_objects(&pods(), Origin::Recorded))
}

#[test]
fn records_and_the_desired_phase_tell_what_is_live() {
    let cases = [
        ("pod-failure", json!({}), Some(None)),
        (
            "pod-failure",
            json!({"experiment": {"desiredPhase": "Stop"}}),
            None,
        ),
        ("pod-kill", records(&["Injected"], "Run"), None),
        (
            "pod-kill",
            records(&["Injected", "Not Injected"], "Run"),
            Some(Some(2)),
        ),
        ("pod-failure", records(&["Injected"], "Run"), Some(Some(1))),
        (
            "pod-failure",
            records(&["Not Injected"], "Run"),
            Some(Some(1)),
        ),
        ("pod-failure", records(&["Not Injected"], "Stop"), None),
        (
            "pod-failure",
            records(&["Not Injected/Wait"], "Stop"),
            Some(Some(1)),
        ),
        ("pod-failure", records(&["Injected"], "Stop"), Some(Some(1))),
    ];
    for (action, status, expected) in cases {
        let live = found(&[chaos(action, &status)]);
        let held = live
            .experiments
            .first()
            .map(|it| it.records.as_ref().map(Vec::len));
        assert_eq!(held, expected, "{action} {status}");
        assert!(live.unread.is_empty());
    }
}

#[test]
fn a_schedule_between_its_ticks_holds_nothing() {
    let schedule = object(json!({
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "Schedule",
        "metadata": {"name": "nightly", "namespace": "db"},
        "spec": {
            "schedule": "0 3 * * *", "type": "PodChaos", "historyLimit": 1,
            "concurrencyPolicy": "Forbid",
            "podChaos": {"action": "pod-kill", "mode": "one", "selector": {}}
        }
    }));
    assert_eq!(found(&[schedule]), Live::default());
}

#[test]
fn what_cannot_be_read_leaves_everything_unknown() {
    let broken = object(json!({
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "broken", "namespace": "db"},
        "spec": {"action": "pod-kill", "mode": "sometimes", "selector": {}}
    }));
    let live = found(&[broken]);
    assert_eq!(live.unread.len(), 1);
    let inventory = Inventory::from_objects(&pods(), Origin::Recorded).with_live(live);
    let experiment = fault::read(&chaos("pod-kill", &Value::Null), Surroundings::NONE)
        .unwrap()
        .unwrap();
    let unknown = measure(&experiment, &inventory).unknown;
    assert!(unknown[0].what.contains("db/broken"), "{unknown:?}");
}

#[test]
fn a_pod_under_a_pod_failure_is_not_healthy_though_it_is_ready() {
    let objects = [chaos("pod-failure", &records(&["Injected"], "Run"))];
    let inventory = Inventory::from_objects(&pods(), Origin::Recorded);
    let live = live(&objects, &inventory);
    let inventory = inventory.with_live(live);
    let healthy = inventory.pods().filter(|(_, pod)| pod.healthy).count();
    assert_eq!(healthy, 2);
    let experiment = fault::read(&chaos("pod-kill", &Value::Null), Surroundings::NONE)
        .unwrap()
        .unwrap();
    let impact = &measure(&experiment, &inventory).impacts[0];
    assert_eq!(
        (impact.healthy, impact.remaining),
        (2, 1),
        "joint with the one that is live"
    );
}
