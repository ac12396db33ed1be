//! What a tool says of a chaos object, and how the tool is told to end it.
//!
//! Conditions lie at their edges: those of Chaos Mesh say that all is recovered before anything was injected.
//! So the records are read, and what they do not say is not over.

mod chaos_mesh;
mod kubernetes;
mod litmus;

use serde_json::Value;

use super::observed::{Sighting, ToolState};
use super::pin::{FENCE, RUN_UID};
use crate::object::Object;

/// How the chaos objects of one tool are read and ended.
struct Way {
    group: &'static str,
    kinds: &'static [&'static str],
    state: fn(&Object) -> ToolState,
    stop: fn(&Object) -> Option<Value>,
    force: fn(&Object) -> Option<Value>,
}

/// Every tool.
const WAYS: [Way; 4] = [
    Way {
        group: "chaos-mesh.org",
        kinds: &[],
        state: chaos_mesh::state,
        stop: chaos_mesh::stop,
        force: |_| Some(chaos_mesh::force()),
    },
    Way {
        group: "litmuschaos.io",
        kinds: &["ChaosEngine"],
        state: litmus::state,
        stop: |_| Some(litmus::stop()),
        force: |_| Some(litmus::force()),
    },
    Way {
        group: "networking.k8s.io",
        kinds: &["NetworkPolicy"],
        // A NetworkPolicy acts as long as it is there.
        state: |_| ToolState::InEffect,
        stop: |_| None,
        force: |_| None,
    },
    Way {
        group: "batch",
        kinds: &["Job"],
        state: kubernetes::job,
        stop: |_| Some(kubernetes::suspend()),
        force: |_| None,
    },
];

fn way(object: &Object) -> Option<&'static Way> {
    let named = |way: &Way| {
        let mut kinds = way.kinds.iter();
        way.kinds.is_empty() || kinds.any(|kind| *kind == object.reference().kind)
    };
    let group = &object.reference().group;
    WAYS.iter().find(|way| way.group == group && named(way))
}

/// What is seen of the chaos object of a run.
#[must_use]
pub fn sighting(object: &Object, (run_uid, fence): (&str, Option<&str>)) -> Sighting {
    let own = object.label(RUN_UID) == Some(run_uid);
    Sighting {
        uid: object.uid().unwrap_or_default().to_owned(),
        own: own && fence.is_some() && object.annotation(FENCE) == fence,
        deleting: object.at(&["metadata", "deletionTimestamp"]).is_some(),
        state: way(object).map_or(ToolState::Beginning, |way| (way.state)(object)),
    }
}

/// The merge patch by which its tool is told to end it; none where only deletion does.
#[must_use]
pub fn stop(object: &Object) -> Option<Value> {
    way(object).and_then(|way| (way.stop)(object))
}

/// The merge patch that lets it go although its tool does not, for when the fault has died with its victims.
#[must_use]
pub fn force(object: &Object) -> Option<Value> {
    way(object).and_then(|way| (way.force)(object))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chaos(kind: &str, spec: &Value, status: &Value) -> Object {
        let (group, plain) = match kind {
            "ChaosEngine" => ("litmuschaos.io/v1alpha1", kind),
            "Job" => ("batch/v1", kind),
            "NetworkPolicy" => ("networking.k8s.io/v1", kind),
            _ => ("chaos-mesh.org/v1alpha1", kind),
        };
        Object::new(json!({"apiVersion": group, "kind": plain,
            "metadata": {"name": "it", "namespace": "db", "uid": "u",
                "labels": {RUN_UID: "run"}, "annotations": {FENCE: "f"}},
            "spec": spec, "status": status}))
        .unwrap()
    }

    fn records(desired: &str, phases: &[&str]) -> Value {
        let records: Vec<Value> = phases
            .iter()
            .map(|phase| json!({"id": "db/pg-1", "selectorKey": ".", "phase": phase}))
            .collect();
        json!({"experiment": {"desiredPhase": desired, "containerRecords": records}})
    }

    #[test]
    fn what_chaos_mesh_says_is_read_from_its_records() {
        let kill = json!({"action": "pod-kill", "mode": "one", "selector": {"namespaces": ["db"]}});
        let fail = json!({"action": "pod-failure", "duration": "60s", "mode": "one",
            "selector": {"namespaces": ["db"]}});
        let rows = [
            (&fail, json!({}), ToolState::Beginning),
            (
                &fail,
                records("Run", &["Not Injected"]),
                ToolState::Beginning,
            ),
            (
                &fail,
                records("Run", &["Injected", "Not Injected/Wait"]),
                ToolState::Beginning,
            ),
            (&fail, records("Run", &["Injected"]), ToolState::InEffect),
            (&fail, records("Stop", &["Injected"]), ToolState::InEffect),
            (
                &fail,
                records("Stop", &["Injected/Wait"]),
                ToolState::InEffect,
            ),
            (
                &fail,
                records("Stop", &["Not Injected/Wait"]),
                ToolState::InEffect,
            ),
            (&fail, records("Stop", &["Not Injected"]), ToolState::Over),
            (&fail, records("Stop", &[]), ToolState::Over),
            (&kill, records("Run", &["Injected"]), ToolState::Over),
            (
                &kill,
                records("Run", &["Not Injected"]),
                ToolState::Beginning,
            ),
        ];
        for (spec, status, state) in rows {
            let object = chaos("PodChaos", spec, &status);
            assert_eq!(
                sighting(&object, ("run", Some("f"))).state,
                state,
                "{status}"
            );
        }
    }

    #[test]
    fn what_litmus_says_is_read_from_its_engine() {
        let rows = [
            ("active", json!({}), ToolState::Beginning),
            (
                "active",
                json!({"engineStatus": "initialized"}),
                ToolState::Beginning,
            ),
            (
                "active",
                json!({"engineStatus": "initialized", "experiments": [{"status": "Running"}]}),
                ToolState::InEffect,
            ),
            (
                "active",
                json!({"engineStatus": "completed"}),
                ToolState::Over,
            ),
            (
                "stop",
                json!({"engineStatus": "completed", "experiments": [{"verdict": "Pass"}]}),
                ToolState::Over,
            ),
            (
                "stop",
                json!({"engineStatus": "initialized"}),
                ToolState::InEffect,
            ),
            ("stop", json!({"engineStatus": "stopped"}), ToolState::Over),
            ("stop", json!({}), ToolState::Over),
        ];
        for (state, status, expected) in rows {
            let object = chaos("ChaosEngine", &json!({"engineState": state}), &status);
            assert_eq!(
                sighting(&object, ("run", Some("f"))).state,
                expected,
                "{state} {status}"
            );
        }
        let missing = json!({"experiments": [{"status": "ChaosExperiment Not Found"}]});
        let object = chaos("ChaosEngine", &json!({"engineState": "active"}), &missing);
        let state = sighting(&object, ("run", Some("f"))).state;
        assert!(matches!(state, ToolState::Failed(_)), "{state:?}");
    }

    #[test]
    fn what_is_of_another_run_is_not_taken_for_ours() {
        let object = chaos("PodChaos", &json!({}), &json!({}));
        for (of, own) in [
            (("run", Some("f")), true),
            (("run", Some("g")), false),
            (("run", None), false),
            (("other", Some("f")), false),
        ] {
            assert_eq!(sighting(&object, of).own, own, "{of:?}");
        }
    }

    #[test]
    fn a_job_is_over_when_it_is_and_a_network_policy_when_it_is_gone() {
        let rows = [
            ("Job", json!({}), ToolState::Beginning),
            ("Job", json!({"active": 1}), ToolState::InEffect),
            (
                "Job",
                json!({"conditions": [{"type": "Complete", "status": "True"}]}),
                ToolState::Over,
            ),
            ("NetworkPolicy", json!({}), ToolState::InEffect),
        ];
        for (kind, status, expected) in rows {
            let object = chaos(kind, &json!({}), &status);
            assert_eq!(
                sighting(&object, ("run", Some("f"))).state,
                expected,
                "{kind} {status}"
            );
        }
    }

    #[test]
    fn each_tool_is_told_in_its_own_words() {
        let pause =
            json!({"metadata": {"annotations": {"experiment.chaos-mesh.org/pause": "true"}}});
        let network = chaos("NetworkChaos", &json!({"action": "delay"}), &json!({}));
        assert_eq!(stop(&network), Some(pause));
        // Nothing stops what acts in an instant but its deletion.
        let kill = json!({"action": "pod-kill", "mode": "one", "selector": {"namespaces": ["db"]}});
        assert_eq!(stop(&chaos("PodChaos", &kill, &json!({}))), None);
        let engine = chaos("ChaosEngine", &json!({}), &json!({}));
        assert_eq!(
            stop(&engine),
            Some(json!({"spec": {"engineState": "stop"}}))
        );
    }
}
