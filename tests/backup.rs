//! Backups by default, as Markdown that runs: `tests/spec/backup/*.md`.
//!
//! A heading is a test. `yaml defaults` (BackupDefaults), `text schema` and `yaml world` also count for
//! the headings below theirs; `yaml database`, `yaml before` and `text expected` belong to one heading
//! alone. A schema is written as one field a line: `spec.backup.schedule[].keep: integer`, where `{}`
//! stands for any key, `!` behind a field says that it is required, and the words behind an `=` are all
//! that it accepts; `none` is a schema that cannot be read. `yaml defaults unreached` are those whose
//! storage was not verified. `yaml world` may hold secrets, of which the keys count.
//!
//! What is expected is what is added and said. What was added is then applied and asked about again:
//! nothing more may be added.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use firebreak::backup::{
    self, Around, Defaults, Injection, Known, LONGEST_WARNING, Schema, Secret, additions,
};
use firebreak::object::Object;
use firebreak::request::{Operation, Request};
use serde_json::{Map, Value, json};

use crate::spec::{Block, Section, account, hold, objects, option, sections};

/// What is around a database in a test.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) objects: Vec<Object>,
    pub(crate) unreached: bool,
}

impl Around for World {
    fn namespace(&self, name: &str) -> Option<Object> {
        let found = self
            .objects
            .iter()
            .find(|it| it.is("", "Namespace") && it.reference().name == name);
        let plain =
            || object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        Some(found.cloned().unwrap_or_else(plain))
    }

    fn objects(&self, group: &str, kind: &str, namespace: &str) -> Option<Vec<Object>> {
        let here = |it: &&Object| namespace.is_empty() || it.reference().namespace == namespace;
        let found = self
            .objects
            .iter()
            .filter(|it| it.is(group, kind))
            .filter(here);
        Some(found.cloned().collect())
    }

    fn secret(&self, namespace: &str, name: &str) -> Secret {
        let mut secrets = self.objects.iter().filter(|it| it.is("", "Secret"));
        let found = secrets.find(|it| {
            let it = it.reference();
            it.name == name && (it.namespace.is_empty() || it.namespace == namespace)
        });
        let Some(found) = found else {
            return Secret::Absent;
        };
        let keys = found.value()["data"].as_object();
        Secret::Present(
            keys.into_iter()
                .flat_map(Map::keys)
                .cloned()
                .collect::<BTreeSet<_>>(),
        )
    }

    fn is_reachable(&self, _: &str) -> bool {
        !self.unreached
    }
}

pub(crate) fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

/// The accounts of operators.
pub(crate) fn operators() -> Vec<String> {
    vec!["system:serviceaccount:*:*-operator".to_owned()]
}

#[derive(Debug, Clone, Default)]
struct Given {
    level: usize,
    world: World,
    defaults: Vec<Object>,
    schema: Option<Schema>,
}

/// The schema that lines of `path: type` describe.
pub(crate) fn schema(text: &str) -> Option<Value> {
    if text.trim() == "none" {
        return None;
    }
    let mut root = json!({"type": "object"});
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (path, kind) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        let mut at = &mut root;
        for part in path.trim().split('.') {
            let name = part.trim_end_matches(['!', '[', ']', '{', '}']);
            if part.ends_with('!') {
                let required = at.as_object_mut().unwrap().entry("required");
                required
                    .or_insert(json!([]))
                    .as_array_mut()
                    .unwrap()
                    .push(json!(name));
            }
            at = &mut at["properties"][name];
            if part.ends_with("[]") {
                at["type"] = json!("array");
                at = &mut at["items"];
            } else if part.ends_with("{}") {
                at["type"] = json!("object");
                at = &mut at["additionalProperties"];
            }
            if at["type"].is_null() {
                *at = json!({"type": "object"});
            }
        }
        let (kind, words) = kind.split_once('=').unwrap_or((kind, ""));
        at["type"] = json!(kind.trim());
        if !words.is_empty() {
            at["enum"] = words.split_whitespace().collect();
        }
    }
    Some(root)
}

fn request(section: &Section, text: &str) -> Option<Request> {
    let block = |name: &str| {
        section
            .blocks
            .iter()
            .find(|block| block.info.starts_with(name))
    };
    let first = |block: &Block| objects(&text[block.range.clone()], &section.name).remove(0);
    let database = block("yaml database")?;
    let user = option(Some(database), "user=").unwrap_or("engineer");
    let mut request = Request::create(first(database), account(user));
    let namespace = option(Some(database), "namespace=").unwrap_or("shop");
    namespace.clone_into(&mut request.target.namespace);
    if let Some(before) = block("yaml before") {
        request.operation = Operation::Update;
        request.old_object = Some(first(before));
    }
    Some(request)
}

/// What is added and said, as a test expects it.
pub(crate) fn told(injection: &Injection) -> String {
    let mut text = String::new();
    for (path, value) in additions(&injection.patch) {
        writeln!(text, "add {path}").unwrap();
        let yaml = serde_saphyr::to_string(value).unwrap();
        for line in yaml.trim_end().lines() {
            writeln!(text, "  {line}").unwrap();
        }
    }
    for warning in &injection.warnings {
        assert!(
            warning.len() <= LONGEST_WARNING && !warning.contains('\n'),
            "{warning}"
        );
        writeln!(text, "warning: {warning}").unwrap();
    }
    if let Some(left) = &injection.left {
        writeln!(text, "left: {}", left.why.name()).unwrap();
    }
    text
}

/// The answer to a request, once it is certain that asking again adds nothing and that only what was
/// left out was added.
pub(crate) fn answered(request: &Request, defaults: &Defaults, known: &Known<'_>) -> Injection {
    let injection = backup::inject(request, defaults, known);
    assert_eq!(
        injection,
        backup::inject(request, defaults, known),
        "not always the same"
    );
    let object = request.object.as_ref().unwrap();
    let after = injection.applied(object).expect("a patch that fits");
    only_adds(object.value(), &after, "");
    let mut again = request.clone();
    again.object = Some(self::object(after));
    let again = backup::inject(&again, defaults, known);
    assert!(again.patch.is_empty(), "asked again: {}", told(&again));
    injection
}

/// Whatever was set before is there after. Only our annotation may change.
fn only_adds(before: &Value, after: &Value, path: &str) {
    match (before, after) {
        (Value::Null, _) => {}
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before.iter().filter(|(key, _)| *key != backup::ANNOTATION) {
                let kept = after
                    .get(key)
                    .unwrap_or_else(|| panic!("{path}/{key} is gone"));
                only_adds(value, kept, &format!("{path}/{key}"));
            }
        }
        (before, after) => assert_eq!(before, after, "{path}"),
    }
}

fn lines(each: impl Iterator<Item = String>) -> String {
    each.flat_map(|line| [line, "\n".to_owned()]).collect()
}

fn got(given: &Given, request: Option<&Request>) -> String {
    let defaults = match Defaults::compile(&given.defaults) {
        Ok(defaults) => defaults,
        Err(problems) => {
            let refused = problems.iter().map(|problem| format!("refused: {problem}"));
            return lines(refused);
        }
    };
    let Some(request) = request else {
        let notes = defaults.all().iter().flat_map(backup::One::notes);
        return lines(notes.map(|note| format!("note: {note}")));
    };
    let operators = operators();
    let known = Known {
        schema: given.schema.as_ref(),
        around: &given.world,
        operators: &operators,
    };
    let injection = answered(request, &defaults, &known);
    let mut text = told(&injection);
    let mut after = injection.applied(request.object.as_ref().unwrap()).unwrap();
    after["metadata"]["namespace"] = json!(request.target.namespace);
    let after = object(after);
    match backup::companions(&after, &defaults, &known) {
        Ok(companions) => {
            for warning in &companions.warnings {
                assert!(warning.len() <= LONGEST_WARNING, "{warning}");
                writeln!(text, "companion warning: {warning}").unwrap();
            }
            for companion in companions.objects {
                let yaml = serde_saphyr::to_string(&companion).unwrap();
                writeln!(
                    text,
                    "companion\n  {}",
                    yaml.trim_end().replace('\n', "\n  ")
                )
                .unwrap();
            }
        }
        Err(left) if injection.left.as_ref().is_none_or(|it| it.why != left.why) => {
            writeln!(text, "no companion: {}: {}", left.why.name(), left.message).unwrap();
        }
        Err(_) => {}
    }
    if let Some(why) = backup::unprotected(&after, &given.world) {
        writeln!(text, "unprotected: {why}").unwrap();
    }
    text
}

/// Runs a file: how many tests, what failed, and the text as it would have to be.
fn check(path: &Path, shipped: &[Object]) -> (usize, Vec<String>, String) {
    let text = fs::read_to_string(path).unwrap();
    let (mut tests, mut failures, mut updated) = (0, Vec::new(), text.clone());
    let mut stack = vec![Given {
        defaults: shipped.to_vec(),
        ..Given::default()
    }];
    let mut replacements = Vec::new();
    for section in sections(&text) {
        stack.retain(|given| given.level < section.level.max(1));
        let mut given = stack.last().cloned().unwrap_or_default();
        given.level = section.level;
        for block in &section.blocks {
            let inner = &text[block.range.clone()];
            match block.info.as_str() {
                "yaml world" => given.world.objects.extend(objects(inner, &section.name)),
                "yaml defaults" => given.defaults = objects(inner, &section.name),
                "yaml defaults unreached" => {
                    given.defaults = objects(inner, &section.name);
                    given.world.unreached = true;
                }
                "text schema" => given.schema = schema(inner).map(Schema::new),
                _ => {}
            }
        }
        let expected = section
            .blocks
            .last()
            .filter(|block| block.info == "text expected");
        if let Some(expected) = expected {
            tests += 1;
            let got = got(&given, request(&section, &text).as_ref());
            let wanted = &text[expected.range.clone()];
            if wanted != got {
                failures.push(format!(
                    "# {}\nexpected:\n{wanted}got:\n{got}",
                    section.name
                ));
                replacements.push((expected.range.clone(), got));
            }
        }
        stack.push(given);
    }
    for (range, got) in replacements.into_iter().rev() {
        updated.replace_range(range, &got);
    }
    (tests, failures, updated)
}

#[test]
fn the_specification_of_backups_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/backup");
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    paths.sort();
    hold(&paths, |path| check(path, &[]));
}

#[test]
fn the_defaults_we_ship_say_what_their_page_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let pages = ["backup-defaults", "backup-defaults-all"].map(|name| folder.join(name));
    let pages = pages.map(|page| page.with_extension("md"));
    hold(&pages, |page| {
        let shipped = fs::read_to_string(page.with_extension("yaml")).unwrap();
        check(page, &objects(&shipped, "the defaults"))
    });
}
