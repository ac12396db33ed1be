//! Inventories of recorded clusters, and selections against what the tools themselves selected.

use firebreak::fault::chaos_mesh_selector::{Installation, selection};
use firebreak::inventory::{Candidates, Inventory, Origin, View};
use firebreak::object::{Field, Object};
use serde_json::Value;

/// The objects of a `List`.
fn listed(text: &str) -> Vec<Object> {
    let list: Value = serde_json::from_str(text).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| Object::new(item.clone()).unwrap())
        .collect()
}

fn recorded(text: &str) -> Inventory {
    Inventory::from_objects(&listed(text), Origin::Recorded)
}

fn names(inventory: &Inventory, found: &Candidates) -> Vec<String> {
    let name = |id| {
        let pod = inventory.pod(id);
        format!("{}/{}", pod.namespace, pod.name)
    };
    found.pods.iter().map(|id| name(*id)).collect()
}

/// What Chaos Mesh answered: its list of pods, or an error.
fn answered(case: &Value) -> Result<Vec<String>, String> {
    match case["error"].as_str() {
        Some(error) if !error.starts_with("mode: ") => Err(error.to_owned()),
        _ => {
            let pods = case["pods"].as_array().unwrap().iter();
            Ok(pods.map(|pod| pod.as_str().unwrap().to_owned()).collect())
        }
    }
}

/// What we answer: the candidates, or an error.
fn ours(inventory: &Inventory, case: &Value) -> Result<Candidates, String> {
    let installation = Installation {
        filter_namespaces: case["in"]["filterNamespace"] == true,
    };
    let selector = Field::at("spec.selector", &case["in"]["selector"]);
    let selection = selection(&selector, None, installation).map_err(|it| it.to_string())?;
    let found = inventory.select(&selection, View::Now);
    if found.fails {
        return Err("a node is missing".to_owned());
    }
    Ok(found)
}

#[test]
fn pods_are_selected_as_chaos_mesh_selects_them() {
    let world = include_str!("data/chaos-mesh-selection/world.json");
    let inventory = recorded(world);
    assert_eq!(inventory.pods().len(), 36);
    let mut selected = 0;
    for line in include_str!("data/chaos-mesh-selection/cases.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        match (answered(&case), ours(&inventory, &case)) {
            (Ok(theirs), Ok(ours)) => {
                assert_eq!(ours.listed, theirs.len(), "{line}");
                let mut distinct = theirs;
                distinct.sort();
                distinct.dedup();
                assert_eq!(names(&inventory, &ours), distinct, "{line}");
                selected += usize::from(!distinct.is_empty());
            }
            // An unsupported field stays unnoticed where there is no namespace to look in.
            (Ok(theirs), Err(_)) => assert!(theirs.is_empty(), "{line}"),
            (Err(theirs), Ok(_)) => panic!("{theirs}: {line}"),
            (Err(_), Err(_)) => {}
        }
    }
    assert!(selected > 1000, "{selected}");
}
