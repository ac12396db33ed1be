//! The judge is total and pure: whatever a request holds, there is one verdict, and it is always
//! the same.

use firebreak::cli::examples::{self, now};
use firebreak::cli::manifests::Reader;
use firebreak::inventory::{Inventory, Origin};
use firebreak::judge::{Decision, judge};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::request::{Request, User};
use firebreak::server::review;
use serde_json::Value;

use crate::mangled::{oddities, places};
use crate::source::source;

fn world() -> Inventory {
    let objects: Vec<Object> = examples::world()
        .unwrap()
        .into_iter()
        .map(|manifest| manifest.object)
        .collect();
    Inventory::from_objects(&objects, Origin::Recorded)
}

fn policies(name: &str) -> PolicySet {
    let text = source(&format!("policies/{name}.yaml")).text;
    let reading = Reader::default().read_text(name, &text);
    let objects: Vec<Object> = reading
        .manifests
        .into_iter()
        .map(|manifest| manifest.object)
        .collect();
    PolicySet::compile(&objects).unwrap()
}

/// The requests of all examples.
fn requests() -> Vec<Request> {
    let examples = examples::examples().unwrap();
    let request = |example: &examples::Example| {
        let body = serde_json::to_vec(&example.review).unwrap();
        review::read(&body).unwrap().1
    };
    examples.iter().map(request).collect()
}

#[test]
fn an_odd_object_gets_a_verdict_and_always_the_same() {
    let (inventory, policies) = (world(), policies("strict"));
    let mut denied = 0;
    for request in requests() {
        let Some(object) = &request.object else {
            continue;
        };
        let mut paths = Vec::new();
        places(object.value(), "", &mut paths);
        for path in paths.iter().filter(|path| path.starts_with("/spec")) {
            for oddity in oddities() {
                let mut value = object.value().clone();
                *value.pointer_mut(path).unwrap() = oddity;
                let request = Request::create(Object::new(value).unwrap(), User::default());
                let verdict = judge(&inventory, &policies, &request, now());
                let again = judge(&inventory, &policies, &request, now());
                assert_eq!(verdict, again, "{path}");
                assert!(!verdict.explain().is_empty());
                denied += usize::from(verdict.decision == Decision::Deny);
            }
        }
    }
    assert!(denied > 10_000, "{denied}");
}

#[test]
fn a_request_without_its_object_is_answered() {
    let (inventory, policies) = (world(), policies("default"));
    for mut request in requests() {
        request.object = None;
        request.old_object = None;
        let verdict = judge(&inventory, &policies, &request, now());
        assert_eq!(verdict.decision, Decision::Allow);
        assert!(verdict.passed.is_some());
    }
}

#[test]
fn a_status_of_any_shape_is_answered() {
    let (inventory, policies) = (world(), policies("default"));
    for request in requests() {
        for oddity in oddities() {
            let mut request = request.clone();
            let Some(object) = &request.object else {
                continue;
            };
            let mut value = object.value().clone();
            value["status"] = Value::from_iter([("experiment", oddity)]);
            request.object = Object::new(value).ok();
            let verdict = judge(&inventory, &policies, &request, now());
            assert!(!verdict.explain().is_empty());
        }
    }
}
