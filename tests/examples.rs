//! Every example says what it expects and where it is from, comes out as it expects, and together
//! they hold every chaos object of the documents they render.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use firebreak::backup;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::{backups, examples};
use firebreak::policy::Reason;
use serde_json::Value;

use crate::admission::{guard, send};
use crate::source::root;

/// The facts of the documents that are chaos objects, or targets, figures and faults of some.
const FACTS: [&str; 45] = [
    "000.31", "000.32", "000.33", "000.36", "000.38", "000.42", "000.46", //
    "001.4", "001.5", "001.6", "001.7", "001.9", "001.37", "001.38", "001.39", //
    "002.1", "002.2", "002.3", "002.4", "002.5", "002.6", "002.7", "002.9", "002.12", "002.13",
    "002.14", "002.16", "002.17", "002.19", "002.23", "002.24", "002.36", "002.37", "002.38",
    "002.40", "002.41", //
    "003.2", "003.14", "003.15", "003.16", "003.18", //
    "004.2", "004.4", "004.6", "004.12",
];

/// How many facts each document has.
const DOCUMENTS: [(&str, u32); 5] = [
    ("000", 54),
    ("001", 40),
    ("002", 60),
    ("003", 19),
    ("004", 15),
];

/// The examples: every YAML file but the cluster.
fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in fs::read_dir(root().join("examples")).unwrap() {
        let folder = folder.unwrap().path();
        let apart = folder.ends_with("world") || folder.ends_with("databases");
        if folder.is_dir() && !apart {
            let files = fs::read_dir(folder).unwrap();
            found.extend(files.map(|file| file.unwrap().path()));
        }
    }
    found.sort();
    assert!(found.len() > 80, "only {} examples", found.len());
    found
}

fn sources(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().nth(1).unwrap_or_default();
    let facts = line.strip_prefix("# source: ");
    let facts = facts.unwrap_or_else(|| panic!("{}: the second line is no source", path.display()));
    facts.split(", ").map(str::to_owned).collect()
}

#[test]
fn every_example_begins_with_what_it_expects_and_where_it_is_from() {
    let known: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    for path in files() {
        let file = path.display();
        let text = fs::read_to_string(&path).unwrap();
        let expected = examples::expectation(&text).unwrap_or_else(|e| panic!("{file}: {e}"));
        for reason in &expected.reasons {
            assert!(
                known.contains(reason.as_str()),
                "{file}: {reason} is no reason"
            );
        }
        if expected.decision == "Allow" {
            assert!(expected.reasons.is_empty(), "{file}: allowed for a reason");
        }
        for fact in sources(&path) {
            let (document, number) = fact.split_once('.').unwrap_or_default();
            let facts = DOCUMENTS.iter().find(|(name, _)| *name == document);
            let number: u32 = number.parse().unwrap_or(0);
            let exists = facts.is_some_and(|(_, facts)| (1..=*facts).contains(&number));
            assert!(exists, "{file}: {fact:?} is no fact");
        }
        let why = text.lines().nth(2).unwrap_or_default();
        assert!(why.starts_with("# "), "{file}: nothing says why");
    }
}

#[test]
fn every_chaos_object_of_the_documents_is_an_example() {
    let covered: BTreeSet<String> = files().iter().flat_map(|path| sources(path)).collect();
    let missing: Vec<&&str> = FACTS
        .iter()
        .filter(|fact| !covered.contains(**fact))
        .collect();
    assert!(missing.is_empty(), "no example renders {missing:?}");
}

#[test]
fn every_example_database_gets_what_it_says() {
    let databases = examples::databases().unwrap();
    let defaults = examples::backup_defaults().unwrap();
    let answers = backups::answers(&databases.subjects, &defaults, &databases.vicinity);
    let got: Vec<String> = answers.iter().map(backups::Answer::gist).collect();
    assert_eq!(got, databases.expected);
    let kinds = answers.iter().map(|it| &it.object().reference().kind);
    let kinds: BTreeSet<&String> = kinds.collect();
    let known: BTreeSet<String> = backup::kinds().map(|it| it.kind.to_owned()).collect();
    assert_eq!(kinds, known.iter().collect());
}

#[tokio::test]
async fn every_example_comes_out_as_expected() {
    let mut wrong = Vec::new();
    let guard = guard(DEFAULT_POLICIES);
    for example in examples::examples().unwrap() {
        let (_, body) = send(Arc::clone(&guard), example.review.to_string()).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        let response = &answer["response"];
        let decision = match response.pointer("/auditAnnotations/decision") {
            Some(decision) => decision.as_str().unwrap_or_default(),
            None => "Allow",
        };
        let message = response.pointer("/status/message").and_then(Value::as_str);
        let causes = response["status"]["details"]["causes"].clone();
        let given = |reason: &String| {
            let causes = causes.as_array().into_iter().flatten();
            causes.into_iter().any(|cause| cause["reason"] == **reason)
        };
        if decision != example.expected.decision || !example.expected.reasons.iter().all(given) {
            let (file, expected, message) = (example.file, example.expected, message.unwrap_or(""));
            wrong.push(format!(
                "{file}: {decision}, expected {expected:?}\n{message}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
