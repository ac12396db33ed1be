//! Any object as a database, with anything around it: what it gets is only added, added once, and always
//! the same, when it is created and when it is changed, and what is said of it is short.
//!
//! What the fuzzer makes is a database, a line that is `---`, and a list of what is around it, both in
//! JSON. The definitions are those of the examples.

#![no_main]

use std::sync::LazyLock;

use firebreak::backup::{self, ANNOTATION, Defaults, Injection, Known, LONGEST_WARNING};
use firebreak::cli::examples;
use firebreak::cli::vicinity::Vicinity;
use firebreak::object::Object;
use firebreak::request::{Operation, Request, User};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static DEFAULTS: LazyLock<Defaults> =
    LazyLock::new(|| examples::backup_defaults().expect("the defaults that we ship"));

/// The defaults that we ship, for changes too.
static FOR_CHANGES: LazyLock<Defaults> = LazyLock::new(|| {
    let all = DEFAULTS.all().iter().map(|one| {
        let mut spec = one.spec.clone();
        spec.on_update = backup::spec::OnUpdate::Inject;
        spec.allow_restart = true;
        let value = serde_json::json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
            "metadata": {"name": one.name}, "spec": spec});
        Object::new(value).expect("an object")
    });
    Defaults::compile(&all.collect::<Vec<_>>()).expect("the same defaults")
});

fn vicinity(around: &str) -> Vicinity {
    let mut vicinity = examples::databases().expect("the examples").vicinity;
    let around: Vec<Value> = serde_json::from_str(around).unwrap_or_default();
    for object in around.into_iter().filter_map(|it| Object::new(it).ok()) {
        vicinity.put(&object);
    }
    vicinity
}

/// Whatever was set before is there after; our own annotation alone may change.
fn only_adds(before: &Value, after: &Value) {
    match (before, after) {
        (Value::Null, _) => {}
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before.iter().filter(|(key, _)| *key != ANNOTATION) {
                only_adds(value, after.get(key).expect("what was set is gone"));
            }
        }
        (before, after) => assert_eq!(before, after, "what was set is another"),
    }
}

fn holds(request: &Request, defaults: &Defaults, known: &Known<'_>) -> Injection {
    let injection = backup::inject(request, defaults, known);
    assert_eq!(injection, backup::inject(request, defaults, known));
    for warning in &injection.warnings {
        assert!(warning.len() <= LONGEST_WARNING && !warning.contains('\n'));
    }
    let object = request.object.as_ref().expect("an object");
    let after = injection.applied(object).expect("a patch that fits");
    only_adds(object.value(), &after);
    let mut again = request.clone();
    again.object = Some(Object::new(after).expect("still an object"));
    let again = backup::inject(&again, defaults, known);
    assert!(again.patch.is_empty(), "added twice: {again:?}");
    injection
}

fuzz_target!(|data: &str| {
    let (database, around) = data.split_once("\n---\n").unwrap_or((data, "[]"));
    let database = serde_json::from_str(database).ok();
    let Some(object) = database.and_then(|it: Value| Object::new(it).ok()) else {
        return;
    };
    let object = object.in_namespace("databases");
    let vicinity = vicinity(around);
    let schema = vicinity.schema(object.reference());
    let known = Known {
        schema: schema.as_ref(),
        around: &vicinity,
        operators: &[],
    };
    let mut request = Request::create(object.clone(), User::named("engineer"));
    let created = holds(&request, &DEFAULTS, &known);
    let _ = backup::unprotected(&object, &vicinity);
    let _ = backup::offer(&object, &DEFAULTS, &known);
    let _ = backup::companions(&object, &DEFAULTS, &known);
    request.operation = Operation::Update;
    request.old_object = Some(object.clone());
    holds(&request, &FOR_CHANGES, &known);
    if let Some(Ok(after)) = created.applied(&object).map(Object::new) {
        request.old_object = Some(after);
        holds(&request, &Defaults::default(), &known);
    }
});
