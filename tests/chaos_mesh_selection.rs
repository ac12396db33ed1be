//! Selections of Chaos Mesh, against what its own code answered.

use std::collections::BTreeSet;

use firebreak::fault::chaos_mesh::selector::{Installation, mode, selection};
use firebreak::fault::{Mode, Selection, Unreadable};
use firebreak::inventory::{Candidates, Inventory, Origin, View};
use firebreak::object::{Field, Object};
use serde::Deserialize;
use serde_json::{Value, json};

/// One recorded answer.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(rename = "in")]
    asked: Asked,
    pods: Option<Vec<String>>,
    hits: Option<usize>,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    selector: Value,
    mode: String,
    value: String,
    filter_namespace: bool,
}

impl Asked {
    fn selection(&self) -> Result<Selection, Unreadable> {
        let field = Field::at("spec.selector", &self.selector);
        let filter_namespaces = self.filter_namespace;
        selection(&field, None, Installation { filter_namespaces })
    }

    fn mode(&self) -> Result<Mode, Unreadable> {
        let holder = json!({"mode": self.mode, "value": self.value});
        mode(&Field::at("spec", &holder))
    }
}

impl Answer {
    fn listed(&self) -> &[String] {
        self.pods.as_deref().unwrap_or_default()
    }

    /// The one thing read otherwise: a field that cannot be selected by stays unnoticed when the
    /// filter leaves no namespace to list.
    fn is_unnoticed_field(&self) -> bool {
        let fields = ["spec.foo", "metadata.labels.app"];
        let named = &self.asked.selector["fieldSelectors"];
        self.asked.filter_namespace
            && self.listed().is_empty()
            && fields.iter().any(|field| named.get(field).is_some())
    }
}

fn answers() -> Vec<Answer> {
    let lines = include_str!("data/chaos-mesh-selection/cases.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn world() -> Inventory {
    let list: Value =
        serde_json::from_str(include_str!("data/chaos-mesh-selection/world.json")).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    let objects: Vec<Object> = items
        .map(|item| Object::new(item.clone()).unwrap())
        .collect();
    Inventory::from_objects(&objects, Origin::Recorded)
}

fn names(world: &Inventory, candidates: &Candidates) -> BTreeSet<String> {
    let name = |id| {
        let pod = world.pod(id);
        format!("{}/{}", pod.namespace, pod.name)
    };
    candidates.pods.iter().copied().map(name).collect()
}

#[test]
fn candidates_are_those_that_chaos_mesh_selects() {
    let world = world();
    let mut unnoticed = 0;
    for answer in answers() {
        if answer
            .error
            .as_ref()
            .is_some_and(|error| !error.starts_with("mode: "))
        {
            continue;
        }
        match answer.asked.selection() {
            Ok(selection) => {
                let candidates = world.select(&selection, View::Now);
                let expected: BTreeSet<String> = answer.listed().iter().cloned().collect();
                if answer.error.is_none() {
                    assert_eq!(names(&world, &candidates), expected, "{answer:?}");
                    assert_eq!(candidates.listed, answer.listed().len(), "{answer:?}");
                }
                assert!(!candidates.fails, "{answer:?}");
            }
            Err(_) if answer.is_unnoticed_field() => unnoticed += 1,
            Err(error) => panic!("{error}: {answer:?}"),
        }
    }
    assert_eq!(unnoticed, 6);
}

#[test]
fn what_chaos_mesh_refuses_is_refused() {
    let world = world();
    for answer in answers() {
        let Some(error) = &answer.error else { continue };
        let refused = if error.starts_with("mode: ") {
            answer.asked.mode().is_err()
        } else {
            let selection = answer.asked.selection();
            selection.map_or(true, |selection| world.select(&selection, View::Now).fails)
        };
        assert!(refused, "{answer:?}");
    }
}

#[test]
fn hits_are_what_the_mode_draws() {
    let mut checked = 0;
    for answer in answers() {
        let Some(hits) = answer.hits else { continue };
        let mode = answer.asked.mode();
        let mode = mode.unwrap_or_else(|error| panic!("{error}: {answer:?}"));
        let listed = answer.listed().len();
        let drawn = (mode.fewest_draws(listed), mode.most_draws(listed));
        assert_eq!(drawn, (hits, hits), "{answer:?}");
        checked += 1;
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn later_a_selection_only_widens() {
    let world = world();
    for answer in answers() {
        let Ok(selection) = answer.asked.selection() else {
            continue;
        };
        let now = world.select(&selection, View::Now);
        let later = world.select(&selection, View::Later);
        assert!(
            names(&world, &now).is_subset(&names(&world, &later)),
            "{answer:?}"
        );
        assert!(now.listed <= later.listed, "{answer:?}");
    }
}
