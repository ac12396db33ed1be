//! Workflows of Argo that are made to be too much: reading them ends, and hides nothing.

use firebreak::fault::{self, Experiment, Surroundings, Unreadable};
use firebreak::object::Object;
use serde_json::{Value, json};

const KILL: &str = "{apiVersion: chaos-mesh.org/v1alpha1, kind: PodChaos, \
    metadata: {name: k, namespace: db}, \
    spec: {action: pod-kill, mode: one, selector: {namespaces: [db]}}}";

fn read(spec: &Value) -> Result<Option<Experiment>, Unreadable> {
    let object = Object::new(json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow",
        "metadata": {"name": "x", "namespace": "db"}, "spec": spec
    }));
    fault::read(&object.unwrap(), Surroundings::NONE)
}

fn kill(name: &str) -> Value {
    json!({"name": name, "resource": {"action": "create", "manifest": KILL}})
}

#[test]
fn chaos_behind_more_templates_than_anybody_looks_through_is_refused() {
    let quiet = |index| json!({"name": format!("t{index}"), "suspend": {}});
    let mut templates: Vec<Value> = (0..20_000).map(quiet).collect();
    assert_eq!(read(&json!({"templates": templates})), Ok(None));
    templates.push(kill("last"));
    let refused = read(&json!({"templates": templates})).unwrap_err();
    assert_eq!(refused.found, "more than can be looked through");
}

#[test]
fn copies_of_copies_of_copies_end() {
    let items: Vec<u32> = (0..60).collect();
    let level = |index: u32| {
        let parameters = json!([{"name": "p", "value": "{{inputs.parameters.p}}-{{item}}"}]);
        json!({
            "name": format!("t{index}"),
            "inputs": {"parameters": [{"name": "p", "default": "x"}]},
            "steps": [[{
                "name": "s", "template": format!("t{}", index + 1), "withItems": items,
                "arguments": {"parameters": parameters}
            }]]
        })
    };
    let mut templates: Vec<Value> = (0..4).map(level).collect();
    templates.push(kill("t4"));
    let refused = read(&json!({"entrypoint": "t0", "templates": templates})).unwrap_err();
    assert_eq!(refused.found, "more than can be looked through");
}

#[test]
fn parameters_that_double_each_other_end() {
    let doubled = |index: u32| {
        let before = format!("{{{{workflow.parameters.p{index}}}}}");
        json!({"name": format!("p{}", index + 1), "value": before.repeat(2)})
    };
    let mut parameters = vec![json!({"name": "p0", "value": "0123456789"})];
    parameters.extend((0..200).map(doubled));
    let templates = [kill("k")];
    let spec = json!({"arguments": {"parameters": parameters}, "templates": templates});
    assert!(read(&spec).is_err());
}

#[test]
fn a_step_that_calls_without_end_is_one_that_runs_without_bound() {
    let own = json!([{"name": "p", "value": "{{inputs.parameters.p}}x"}]);
    let templates = json!([
        {
            "name": "main", "inputs": {"parameters": [{"name": "p", "default": "x"}]},
            "steps": [[{"name": "k", "template": "k"}],
                [{"name": "again", "template": "main", "arguments": {"parameters": own}}]]
        },
        kill("k")
    ]);
    let refused = read(&json!({"entrypoint": "main", "templates": templates})).unwrap_err();
    assert_eq!(refused.found, "more than can be looked through");
}
