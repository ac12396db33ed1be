//! What rules may name: every field has an example, and every example is a rule that can be evaluated.

use std::collections::BTreeSet;

use firebreak::blast::measure;
use firebreak::cel::Type;
use firebreak::fault;
use firebreak::inventory::{Inventory, Origin, live};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::policy::rules::{Facts, SHAPES, VARIABLES, ask, environment};
use firebreak::request::{Request, ResourceRef, User, Wording};
use serde_json::{Value, json};

use crate::policies::example_cluster;
use crate::spec::objects;

/// Everything that is declared: what it belongs to, its name, and its example.
fn declared() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let fields = SHAPES.iter().flat_map(|shape| {
        let fields = shape.fields.iter();
        fields.map(|field| (shape.name, field.name, field.example))
    });
    fields.chain(VARIABLES.iter().map(|it| ("", it.name, it.example)))
}

#[test]
fn every_example_is_a_rule_that_names_what_it_shows() {
    let environment = environment();
    for (shape, name, example) in declared() {
        let program = environment.compile(example);
        let program = program.unwrap_or_else(|e| panic!("{shape}.{name}: {example}\n{e}"));
        assert_eq!(*program.output(), Type::Bool, "{shape}.{name}: {example}");
        assert!(example.contains(name), "{shape}.{name}: {example}");
    }
}

#[test]
fn everything_declared_says_what_it_is_and_is_declared_once() {
    let mut seen = BTreeSet::new();
    for (shape, name, _) in declared() {
        assert!(seen.insert((shape, name)), "{shape}.{name} twice");
    }
    let says = SHAPES.iter().map(|shape| (shape.name, shape.says));
    let fields = SHAPES
        .iter()
        .flat_map(|shape| shape.fields)
        .chain(VARIABLES);
    for (name, says) in says.chain(fields.map(|it| (it.name, it.says))) {
        assert!(
            says.ends_with('.') && !says.starts_with(' '),
            "{name}: {says:?}"
        );
    }
}

const NOW: &str = "2026-11-24T12:00:00Z";

/// A world in which as much as possible is known.
fn world() -> Inventory {
    let mut all = example_cluster();
    all.extend(objects(
        r#"
- apiVersion: v1
  kind: Namespace
  metadata:
    name: drills
    labels: {team: sre}
    annotations: {on-call: sre}
    uid: 0d9ad1f3
    resourceVersion: "7"
    creationTimestamp: "2026-01-01T00:00:00Z"
  spec: {finalizers: [kubernetes]}
  status: {phase: Active, conditions: []}
- apiVersion: chaos-mesh.org/v1alpha1
  kind: PodChaos
  metadata: {name: background-load, namespace: drills}
  spec: {action: pod-failure, mode: one, selector: {namespaces: [percona]}}
"#,
        "world",
    ));
    let inventory = Inventory::from_objects(&all, Origin::Recorded);
    let live = live(&all, &inventory);
    inventory.with_live(live)
}

/// Experiments that between them have every field.
fn experiments() -> Vec<Object> {
    objects(
        r#"
- apiVersion: chaos-mesh.org/v1alpha1
  kind: Schedule
  metadata: {name: drill-1, namespace: drills, labels: {team: sre}}
  spec:
    schedule: "0 3 * * *"
    type: PodChaos
    podChaos: {action: pod-kill, mode: fixed, value: "2", gracePeriod: 5, selector: {namespaces: [percona]}}
- apiVersion: chaos-mesh.org/v1alpha1
  kind: NetworkChaos
  metadata: {name: drill-2, namespace: drills}
  spec:
    action: loss
    loss: {loss: "20"}
    mode: one
    duration: 5m
    selector: {namespaces: [percona, cnpg-test]}
- apiVersion: litmuschaos.io/v1alpha1
  kind: ChaosEngine
  metadata: {name: drill-3, namespace: drills}
  spec:
    engineState: active
    chaosServiceAccount: litmus-admin
    experiments: [{name: node-drain, spec: {components: {env: [{name: TARGET_NODE, value: worker1}]}}}]
"#,
        "experiments",
    )
}

fn request(object: &Object) -> Request {
    let user = User {
        groups: vec!["sre".to_owned()],
        uid: "1".to_owned(),
        extra: [("scopes".to_owned(), vec!["all".to_owned()])].into(),
        ..User::named("engineer")
    };
    let resource = ResourceRef {
        group: "chaos-mesh.org".to_owned(),
        version: "v1alpha1".to_owned(),
        resource: "podchaos".to_owned(),
    };
    Request {
        wording: Wording {
            resource: Some(resource.clone()),
            request_resource: Some(resource),
            options: json!({"kind": "CreateOptions"}),
            ..Wording::default()
        },
        ..Request::create(object.clone(), user)
    }
}

/// Asks for the value of an expression about an object in this world.
fn asked(expression: &str, object: &Object, world: &Inventory) -> Result<Value, String> {
    let experiment = fault::read(object, world.surroundings()).unwrap().unwrap();
    let blast = measure(&experiment, world);
    let request = request(object);
    let now = NOW.parse().unwrap();
    let facts = Facts::new((&request, world, now), Ok(&experiment), Ok(&blast));
    ask(expression, &facts)
}

#[test]
fn every_example_can_be_evaluated() {
    let world = world();
    for object in experiments() {
        for (shape, name, example) in declared() {
            match asked(example, &object, &world) {
                Ok(Value::Bool(_)) => {}
                // What is null where it is not known, and compared all the same.
                Err(error)
                    if error.contains("null") && ["lag", "age", "duration"].contains(&name) => {}
                other => panic!(
                    "{}: {shape}.{name}: {example}\n{other:?}",
                    object.reference()
                ),
            }
        }
    }
}

#[test]
fn a_record_has_what_is_declared_and_of_that_type() {
    // What a record has is told by its view; what it may have, by its shape.
    let world = world();
    for object in experiments() {
        for variable in ["request", "namespaceObject", "experiment", "blast"] {
            let value = asked(variable, &object, &world).unwrap();
            let shape = VARIABLES
                .iter()
                .find(|it| it.name == variable)
                .unwrap()
                .kind;
            fits(variable, shape, &value);
        }
    }
}

/// Asserts that a value is of the type that these words declare.
fn fits(path: &str, kind: &str, value: &Value) {
    let inner = |word: &str| {
        let rest = kind.strip_prefix(word)?.strip_prefix('(')?;
        rest.strip_suffix(')').map(str::to_owned)
    };
    if let Some(item) = inner("list") {
        let items = value
            .as_array()
            .unwrap_or_else(|| panic!("{path}: {value}"));
        return items
            .iter()
            .for_each(|it| fits(&format!("{path}[]"), &item, it));
    }
    if let Some(entries) = inner("map") {
        let (_, kind) = entries.split_once(", ").unwrap();
        let map = value
            .as_object()
            .unwrap_or_else(|| panic!("{path}: {value}"));
        return map
            .iter()
            .for_each(|(key, it)| fits(&format!("{path}.{key}"), kind, it));
    }
    let fine = match kind {
        "dyn" => true,
        "bool" => value.is_boolean(),
        "int" => value.is_i64(),
        "string" => value.is_string(),
        "duration" | "timestamp" => value.is_null() || value.is_string(),
        shape => {
            let shape = SHAPES.iter().find(|it| it.name == shape);
            let shape = shape.unwrap_or_else(|| panic!("{path}: no type {kind}"));
            for (name, value) in value.as_object().into_iter().flatten() {
                let field = shape.fields.iter().find(|it| it.name == *name);
                let field = field.unwrap_or_else(|| panic!("{path}.{name} is not declared"));
                fits(&format!("{path}.{name}"), field.kind, value);
            }
            value.is_object() || value.is_null()
        }
    };
    assert!(fine, "{path} is no {kind}: {value}");
}

fn policy(spec: &Value) -> Object {
    let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "production"}, "spec": spec});
    Object::new(value).unwrap()
}

fn refused(spec: &Value) -> String {
    let errors = PolicySet::compile(&[policy(spec)]).unwrap_err();
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

#[test]
fn an_expression_has_a_longest_length_and_a_deepest_nesting() {
    let rule = |expression: String| json!({"rules": [{"name": "a", "expression": expression}]});
    let long = |padding: usize| format!("true{}", " ".repeat(padding));
    PolicySet::compile(&[policy(&rule(long(16 * 1024 - 4)))]).unwrap();
    assert!(refused(&rule(long(16 * 1024 - 3))).contains("spec.rules[0].expression: rule \"a\""));
    let deep = |depth: usize| format!("{}true", "!".repeat(depth));
    refused(&rule(deep(10_000)));
    refused(&rule(format!(
        "{}true{}",
        "(".repeat(5000),
        ")".repeat(5000)
    )));
}

#[test]
fn variables_are_nested_together_as_deep_as_an_expression() {
    let chain = |length: usize| {
        let step = |index: usize| {
            let before = index.checked_sub(1);
            let nested = |before| format!("[1].map(a, variables.v{before}.size() + 1)");
            let expression = before.map_or_else(|| "[1]".to_owned(), nested);
            json!({"name": format!("v{index}"), "expression": expression})
        };
        let variables: Vec<Value> = (0..length).map(step).collect();
        let last = length - 1;
        let rule = format!("variables.v{last} != []");
        json!({"variables": variables, "rules": [{"name": "a", "expression": rule}]})
    };
    PolicySet::compile(&[policy(&chain(20))]).unwrap();
    let told = refused(&chain(64));
    assert!(
        told.contains("deep with the variables that it reads"),
        "{told}"
    );
}

#[test]
fn a_policy_has_at_most_64_of_each() {
    let many = |length: usize| {
        let each = (0..length).map(|it| json!({"name": format!("a{it}"), "expression": "true"}));
        json!(each.collect::<Vec<_>>())
    };
    for list in ["variables", "rules", "matchConditions"] {
        PolicySet::compile(&[policy(&json!({list: many(64)}))]).unwrap();
        let told = refused(&json!({list: many(65)}));
        assert!(
            told.ends_with(&format!("spec.{list}: 65 of them, expected at most 64")),
            "{told}"
        );
    }
}
