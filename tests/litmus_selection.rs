//! Selections of Litmus, against what its own code answered.

use std::collections::BTreeSet;

use firebreak::fault::{self, Aim, Experiment, Surroundings, Target, Unreadable};
use firebreak::inventory::{Inventory, Origin, View};
use firebreak::object::Object;
use serde::Deserialize;
use serde_json::{Value, json};

/// One recorded answer.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(rename = "in")]
    asked: Asked,
    hits: usize,
    reachable: Vec<String>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Asked {
    targets: String,
    target_pods: String,
    pods_affected_perc: String,
    node_label: String,
    app_namespace: String,
}

impl Asked {
    /// An engine whose variables say the same.
    fn engine(&self) -> Object {
        let mut env = vec![
            json!({"name": "TARGET_PODS", "value": self.target_pods}),
            json!({"name": "PODS_AFFECTED_PERC", "value": self.pods_affected_perc}),
            json!({"name": "NODE_LABEL", "value": self.node_label}),
        ];
        env.push(json!({"name": "TARGETS", "value": self.targets}));
        Object::new(json!({
            "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine",
            "metadata": {"name": "x", "namespace": self.app_namespace},
            "spec": {"experiments": [
                {"name": "container-kill", "spec": {"components": {"env": env}}}
            ]}
        }))
        .unwrap()
    }

    fn read(&self) -> Result<Experiment, Unreadable> {
        let read = fault::read(&self.engine(), Surroundings::NONE)?;
        Ok(read.unwrap())
    }

    fn target(&self) -> Result<Target, Unreadable> {
        let experiment = self.read()?;
        let aim = experiment.faults.into_iter().next().unwrap().aim;
        let Aim::Pods(target) = aim else {
            panic!("{aim:?}");
        };
        Ok(target)
    }
}

fn answers() -> Vec<Answer> {
    let lines = include_str!("data/litmus-selection/cases.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn world() -> Inventory {
    let text = include_str!("data/litmus-selection/world.json");
    let list: Value = serde_json::from_str(text).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    let objects: Vec<Object> = items
        .map(|item| Object::new(item.clone()).unwrap())
        .collect();
    Inventory::from_objects(&objects, Origin::Recorded)
}

/// The names without their namespaces.
fn bare(names: &BTreeSet<String>) -> BTreeSet<&str> {
    names
        .iter()
        .filter_map(|name| name.split('/').nth(1))
        .collect()
}

/// What the target of an experiment selects, `namespace/name`, and the most that it hits.
fn selected(target: &Target, world: &Inventory) -> (BTreeSet<String>, usize) {
    let candidates = world.select(&target.selection, View::Now);
    let name = |id| format!("{}/{}", world.pod(id).namespace, world.pod(id).name);
    let hits = target.mode.most_draws(candidates.listed);
    (candidates.pods.into_iter().map(name).collect(), hits)
}

#[test]
fn what_is_selected_is_what_litmus_selected() {
    let world = world();
    let mut agreed = 0;
    for answer in answers().iter().filter(|answer| answer.error.is_none()) {
        let (found, hits) = selected(&answer.asked.target().unwrap(), &world);
        let expected: BTreeSet<String> = answer.reachable.iter().cloned().collect();
        // Of two pods with one name Litmus keeps the one it finds first; it might be either.
        assert!(found.is_superset(&expected), "{answer:?} {found:?}");
        assert_eq!(bare(&found), bare(&expected), "{answer:?}");
        assert_eq!(hits, answer.hits, "{answer:?}");
        agreed += 1;
    }
    assert_eq!(agreed, 456);
}

#[test]
fn where_litmus_fails_nothing_is_read_or_a_superset() {
    let world = world();
    let mut failed = 0;
    for answer in answers().iter().filter(|answer| answer.error.is_some()) {
        if let Ok(target) = answer.asked.target() {
            let (found, _) = selected(&target, &world);
            let expected: BTreeSet<String> = answer.reachable.iter().cloned().collect();
            assert!(found.is_superset(&expected), "{answer:?} {found:?}");
        }
        failed += 1;
    }
    assert_eq!(failed, 290);
}

#[test]
fn only_numbers_that_go_misreads_are_refused() {
    let misread = ["1.5", " 50", "50%", "abc", "-5", "99999999999999999999"];
    for answer in answers().iter().filter(|answer| answer.error.is_none()) {
        let experiment = answer.asked.read().unwrap();
        let named = !answer.asked.target_pods.is_empty();
        let odd = misread.contains(&answer.asked.pods_affected_perc.as_str());
        // Of named pods no percentage is asked for.
        assert_eq!(!experiment.refusals.is_empty(), odd && !named, "{answer:?}");
    }
}

#[test]
fn what_litmus_refuses_is_refused_or_more() {
    let refused = |answer: &&Answer| {
        let error = answer.error.as_deref().unwrap_or_default();
        error.starts_with("found '='") || answer.asked.targets.is_empty() && !error.is_empty()
    };
    let answers = answers();
    let mut seen = 0;
    for answer in answers.iter().filter(refused) {
        seen += 1;
        if answer.asked.target_pods.is_empty() {
            assert!(answer.asked.target().is_err(), "{answer:?}");
        }
    }
    assert!(seen > 30, "{seen}");
}
