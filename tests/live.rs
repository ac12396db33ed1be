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
    let over = vec![schedule.reference().clone()];
    let nothing = Live {
        over,
        ..Live::default()
    };
    assert_eq!(found(&[schedule]), nothing);
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

/// An engine of Litmus in a state, with a status.
fn engine(state: &str, status: &str) -> Object {
    object(json!({
        "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine",
        "metadata": {"name": "cut", "namespace": "db"},
        "spec": {
            "engineState": state,
            "appinfo": {"appns": "db", "applabel": "app=pg", "appkind": "statefulset"},
            "experiments": [{"name": "pod-network-loss"}]
        },
        "status": {"engineStatus": status}
    }))
}

#[test]
fn the_status_of_an_engine_proves_nothing_while_it_is_active() {
    let cases = [
        ("active", "", 1),
        ("active", "initialized", 1),
        ("active", "completed", 1),
        ("active", "stopped", 1),
        ("stop", "initialized", 1),
        ("stop", "completed", 0),
        ("stop", "stopped", 0),
        ("stop", "", 0),
    ];
    for (state, status, live) in cases {
        let found = found(&[engine(state, status)]);
        assert_eq!(found.experiments.len(), live, "{state} {status}");
        assert!(found.unread.is_empty());
    }
}

#[test]
fn what_an_engine_does_is_counted_once() {
    let definition = object(json!({
        "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosExperiment",
        "metadata": {"name": "pod-network-loss", "namespace": "db"},
        "spec": {"definition": {
            "image": "litmuschaos/go-runner:latest", "command": ["/bin/bash"],
            "args": ["-c", "./experiments -name pod-network-loss"]
        }}
    }));
    let schedule = object(json!({
        "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosSchedule",
        "metadata": {"name": "cut", "namespace": "db"},
        "spec": {
            "schedule": {"now": true},
            "engineTemplateSpec": engine("active", "").value()["spec"]
        }
    }));
    let world = |with: &[&Object]| {
        let all: Vec<Object> = pods()
            .into_iter()
            .chain(with.iter().map(|it| (*it).clone()))
            .collect();
        let inventory = Inventory::from_objects(&all, Origin::Recorded);
        live(&all, &inventory).experiments.len()
    };
    let running = engine("active", "initialized");
    assert_eq!(world(&[&definition]), 0);
    assert_eq!(world(&[&definition, &running]), 1);
    assert_eq!(
        world(&[&definition, &schedule]),
        1,
        "before its engine is there"
    );
    assert_eq!(world(&[&definition, &schedule, &running]), 1);
}
