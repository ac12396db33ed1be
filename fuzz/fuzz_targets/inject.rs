//! Any object as a database, with anything around it: what it gets is only added, added once, and always
//! the same, when it is created and when it is changed, and what is said of it is short.
//!
//! What the fuzzer makes is a database, a line that is `---`, and a list of what is around it, both in
//! JSON. The definitions are those of the examples.

#![no_main]

use std::sync::LazyLock;

use firebreak::backup::{
    self, ANNOTATION, Around, Defaults, Injection, Known, LONGEST_WARNING, Secret,
};
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

thread_local! {
    /// What is around the examples, read once.
    static EXAMPLES: Vicinity = examples::databases().expect("the examples").vicinity;
}

/// What is around the examples, and what the fuzzer makes up beside it.
struct Both<'a> {
    examples: &'a Vicinity,
    more: &'a Vicinity,
}

impl Around for Both<'_> {
    fn namespace(&self, name: &str) -> Option<Object> {
        let made_up = self.more.objects("", "Namespace", "").unwrap_or_default();
        let found = made_up.into_iter().find(|it| it.reference().name == name);
        found.or_else(|| self.examples.namespace(name))
    }

    fn objects(&self, group: &str, kind: &str, namespace: &str) -> Option<Vec<Object>> {
        let all = [self.examples, self.more].map(|it| it.objects(group, kind, namespace));
        let known = all.iter().any(Option::is_some);
        known.then(|| all.into_iter().flatten().flatten().collect())
    }

    fn secret(&self, namespace: &str, name: &str) -> Secret {
        match self.more.secret(namespace, name) {
            Secret::Keyless => self.examples.secret(namespace, name),
            told => told,
        }
    }

    fn is_reachable(&self, defaults: &str) -> bool {
        self.examples.is_reachable(defaults)
    }
}

fn made_up(around: &str) -> Vicinity {
    let mut vicinity = Vicinity::default();
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

fuzz_target!(|data: &str| EXAMPLES.with(|examples| hold(data, examples)));

fn hold(data: &str, examples: &Vicinity) {
    let (database, around) = data.split_once("\n---\n").unwrap_or((data, "[]"));
    let database = serde_json::from_str(database).ok();
    let Some(object) = database.and_then(|it: Value| Object::new(it).ok()) else {
        return;
    };
    let object = object.in_namespace("databases");
    let more = made_up(around);
    let around = Both {
        examples,
        more: &more,
    };
    let schema = examples.schema(object.reference());
    let known = Known {
        schema: schema.as_ref(),
        around: &around,
        operators: &[],
    };
    let mut request = Request::create(object.clone(), User::named("engineer"));
    let created = holds(&request, &DEFAULTS, &known);
    let _ = backup::unprotected(&object, &around);
    let _ = backup::offer(&object, &DEFAULTS, &known);
    let _ = backup::companions(&object, &DEFAULTS, &known);
    request.operation = Operation::Update;
    request.old_object = Some(object.clone());
    holds(&request, &FOR_CHANGES, &known);
    if let Some(Ok(after)) = created.applied(&object).map(Object::new) {
        request.old_object = Some(after);
        holds(&request, &Defaults::default(), &known);
    }
}
