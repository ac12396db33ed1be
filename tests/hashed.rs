//! Names that can be given to others: verdicts do not depend on them, what is made of names still is,
//! and none is left.

use std::collections::{BTreeMap, BTreeSet};

use firebreak::cli::hash_names::hashed;
use firebreak::cli::manifests::Reader;
use firebreak::cli::{examples, snapshot};
use firebreak::hashed::Hashing;
use firebreak::object::Object;
use serde_json::{Value, json};

use crate::command::{Ended, Folder, program};
use crate::facts::example_world;
use crate::source::{root, sources};
use crate::watch::fake::cluster_of;

const SALT: &str = "a salt that nobody guesses";

/// What a verdict says beside names: the decision, the reasons, how many warnings.
type Said = (String, Vec<String>, usize);

/// What is said of every object, by the file it is in.
fn said(report: &Value, below: &str) -> BTreeMap<String, Vec<Said>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut said = BTreeMap::<String, Vec<Said>>::new();
    for result in report["results"].as_array().unwrap() {
        let violations = result["violations"].as_array().unwrap();
        let mut reasons: Vec<String> = violations.iter().map(|it| text(&it["reason"])).collect();
        reasons.sort();
        let warnings = result["warnings"].as_array().unwrap().len();
        let file = text(&result["source"]["file"]);
        let file = file.split_once(below).unwrap().1.to_owned();
        let one = (text(&result["decision"]), reasons, warnings);
        said.entry(file).or_default().push(one);
    }
    said
}

/// Every manifest below a folder of the project, with other names, in files of the same names.
fn renamed(from: &str, folder: &Folder) {
    let hashing = Hashing::new(SALT);
    for file in sources(from) {
        if file.path.ends_with("README.md") {
            continue;
        }
        let path = root().join(&file.path).display().to_string();
        let reading = Reader::default().read(&[path], &mut std::io::empty());
        let documents = reading.manifests.iter();
        let documents =
            documents.map(|it| format!("---\n{}", hashed(&hashing, &it.object).unwrap().0));
        folder.add(&file.path, &documents.collect::<String>());
    }
}

/// What the program says of manifests on a world, submitted by somebody.
fn verdicts(folder: &Folder, paths: &[String], world: &str, user: &str) -> Value {
    let now = ["--format=json", "--now", examples::NOW, "--as", user];
    let mut command = program(&["check"]);
    let command = command
        .args(now)
        .args(["--as-group", "system:authenticated"]);
    let command = command.args(["--world", world]).args(paths);
    let ended = Ended::from(command.current_dir(folder.path()).output().unwrap());
    assert!(ended.code != Some(2), "{}", ended.told());
    ended.json()
}

/// The folders of examples, below the project or where they were renamed.
fn folders_of_examples(at: &std::path::Path) -> Vec<String> {
    let folders = std::fs::read_dir(at.join("examples")).unwrap();
    let folders = folders.map(|it| it.unwrap().path());
    let folders = folders.filter(|it| it.is_dir() && !it.ends_with("world"));
    let mut folders: Vec<String> = folders.map(|it| it.display().to_string()).collect();
    folders.sort();
    folders
}

/// The world at a path of the project with other names, as the program writes it.
fn renamed_world(folder: &Folder, world: &str) -> String {
    let world = root().join(world).display().to_string();
    let ended = folder.run(&["hash-names", "--salt", SALT, &world]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    folder.add("world.yaml", &ended.out);
    ended.out
}

#[test]
fn examples_get_the_verdicts_that_they_get_with_their_own_names() {
    let folder = Folder::with(&[]);
    renamed("examples", &folder);
    let engineer = Hashing::new(SALT).text("engineer");
    assert_ne!(engineer, "engineer");
    for world in ["examples/world", "tests/data/worlds/pxc-cluster1.json"] {
        renamed_world(&folder, world);
        let own = root().join(world).display().to_string();
        let plain = verdicts(&folder, &folders_of_examples(root()), &own, "engineer");
        let other = folders_of_examples(folder.path());
        let other = verdicts(&folder, &other, "world.yaml", &engineer);
        let (plain, other) = (said(&plain, "examples/"), said(&other, "examples/"));
        assert!(plain.len() > 80, "{world}: {}", plain.len());
        for (file, expected) in &plain {
            assert_eq!(other.get(file), Some(expected), "{world}: {file}");
        }
        assert_eq!(other.len(), plain.len());
    }
}

#[test]
fn recorded_reviews_get_the_verdicts_that_they_get_with_their_own_names() {
    let folder = Folder::with(&[]);
    renamed("tests/data/reviews", &folder);
    let world = "tests/data/worlds/pxc-cluster1.json";
    renamed_world(&folder, world);
    let own = root().join(world).display().to_string();
    let reviews = |at: &std::path::Path| vec![at.join("tests/data/reviews").display().to_string()];
    let plain = verdicts(&folder, &reviews(root()), &own, "engineer");
    let other = verdicts(&folder, &reviews(folder.path()), "world.yaml", "engineer");
    let (plain, other) = (said(&plain, "reviews/"), said(&other, "reviews/"));
    assert!(plain.len() > 20, "{}", plain.len());
    assert_eq!(plain, other);
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_ascii_alphanumeric())
}

/// Every word of a name, of a label's key or value, of an image: of every text but the words that
/// every cluster has.
fn names(object: &Object) -> Vec<String> {
    let mut found = vec![
        object.reference().name.clone(),
        object.reference().namespace.clone(),
    ];
    let mut waiting = vec![object.value()];
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(entries) => waiting.extend(entries),
            Value::Object(fields) => waiting.extend(fields.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}

#[test]
fn no_name_is_left() {
    let folder = Folder::with(&[]);
    let told = renamed_world(&folder, "examples/world");
    let left: BTreeSet<&str> = words(&told).collect();
    let hashing = Hashing::new(SALT);
    let world = example_world();
    let names: BTreeSet<String> = world.iter().flat_map(names).collect();
    let words: BTreeSet<&str> = names.iter().flat_map(|it| words(it)).collect();
    let renamed = |word: &&&str| word.len() > 3 && hashing.text(word) != **word;
    let renamed: Vec<&&str> = words.iter().filter(renamed).collect();
    assert!(renamed.len() > 40, "{renamed:?}");
    for word in renamed {
        assert!(!left.contains(word), "{word} is left");
    }
    for name in ["pake", "8wzrt"] {
        assert!(words.contains(name) && !told.contains(name), "{name}");
    }
}

#[test]
fn names_of_names_are_names_of_their_hashes_and_within_their_limits() {
    let hashing = Hashing::new(SALT);
    let mut state: u32 = 7;
    let mut draw = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let letters: Vec<char> = "abcdefghijklmnopqrstuvwxyz0123456789".chars().collect();
    let mut word = |length: u32| -> String {
        let first = letters[draw(26) as usize];
        let rest = (1..length).map(|_| letters[draw(36) as usize]);
        std::iter::once(first).chain(rest).collect()
    };
    let names: BTreeSet<String> = (2..2000).map(|it| word(2 + it % 30)).collect();
    let hashes: BTreeSet<String> = names.iter().map(|it| hashing.text(it)).collect();
    assert_eq!(hashes.len(), names.len());
    for (one, other) in names.iter().zip(names.iter().rev()) {
        let (a, b) = (hashing.text(one), hashing.text(other));
        for between in ["-", ".", "/", ":", "_", "-0-", ".svc."] {
            let whole = hashing.text(&format!("{one}{between}{other}"));
            assert_eq!(whole, format!("{a}{between}{b}"));
            assert_eq!(whole.len(), one.len() + between.len() + other.len());
        }
        let allowed = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
        assert!(
            a.starts_with(|it: char| it.is_ascii_lowercase()) && a.chars().all(allowed),
            "{a}"
        );
    }
}

#[test]
fn labels_are_renamed_by_key_and_value_and_fields_are_not() {
    let hashing = Hashing::new(SALT);
    let name = |text: &str| hashing.text(text);
    let service = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": "orders", "labels": {"acme.example/team": "billing"}},
        "spec": {"selector": {"acme": "orders"}, "unheardof": "billing"}});
    let object = hashing
        .object(&Object::new(service).unwrap())
        .unwrap()
        .object;
    let expected = json!({"apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name("orders"), "labels": {name("acme.example/team"): name("billing")}},
        "spec": {"selector": {name("acme"): name("orders")}, "unheardof": name("billing")}});
    assert_eq!(object.value(), &expected);
}

/// A policy whose rules look at names, one of them into words.
fn looking() -> Object {
    let rules = json!([
        {"name": "whole", "expression": "object.metadata.namespace == 'billing'"},
        {"name": "within", "expression": "object.metadata.name.matches('^ord')"}]);
    let policy = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "looking"}, "spec": {"rules": rules}});
    Object::new(policy).unwrap()
}

#[test]
fn what_cannot_be_kept_is_told_with_policy_and_rule() {
    let folder = Folder::with(&[("policy.yaml", &snapshot::document(&looking()).unwrap())]);
    let told = folder.run(&["hash-names", "--salt", SALT, "policy.yaml"]);
    assert_eq!(told.code, Some(0), "{}", told.told());
    let expected = "firebreak: BlastRadiusPolicy looking: spec.rules[within].expression looks into words: \
        matches()";
    assert!(told.err.starts_with(expected), "{}", told.err);
    assert_eq!(told.err.lines().count(), 1, "{}", told.err);
    let billing = Hashing::new(SALT).text("billing");
    assert!(
        told.out
            .contains(&format!("object.metadata.namespace == '{billing}'"))
    );
    let told = folder.run(&["hash-names", "--salt", SALT, "--text", "billing"]);
    assert_eq!(told.out, format!("{billing}\n"));
    let refused = folder.run(&["hash-names", "--salt", "", "policy.yaml"]);
    assert_eq!(refused.code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_with_other_names_gets_the_verdicts_of_the_cluster() {
    let fake = cluster_of(&example_world());
    let config = fake.listen().await;
    let folder = Folder::with(&[("kubeconfig", &config)]);
    renamed("examples", &folder);
    let live = ["snapshot", "--kubeconfig", "kubeconfig", "--hash-names"];
    let told = folder.run(&[&live[..], &["--salt", SALT, "-o", "world"]].concat());
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""));
    let own = root().join("examples/world").display().to_string();
    let plain = verdicts(&folder, &folders_of_examples(root()), &own, "engineer");
    let engineer = Hashing::new(SALT).text("engineer");
    let other = verdicts(
        &folder,
        &folders_of_examples(folder.path()),
        "world",
        &engineer,
    );
    assert_eq!(said(&plain, "examples/"), said(&other, "examples/"));
    let [one, two] = [(); 2].map(|()| folder.run(&live));
    for drawn in [&one, &two] {
        assert!(
            drawn.err.contains("names are hashed with the salt "),
            "{}",
            drawn.err
        );
        assert!(drawn.out.contains("its names are hashed") && !drawn.out.contains("pake"));
    }
    assert_ne!(one.err, two.err);
}
