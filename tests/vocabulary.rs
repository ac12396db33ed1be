//! The words that hashed names keep are those that the program compares with: gathered from its own
//! source, so that no table is ever longer than they are.

use std::collections::BTreeSet;

use regex::Regex;

use crate::source::{Source, root, rust, source};

/// Where objects are compared with texts.
const COMPARING: [&str; 5] = [
    "src/calendar",
    "src/fault",
    "src/inventory",
    "src/policy/spec",
    "src/schedule",
];

/// More of the same, each in one file.
const BESIDE: [&str; 4] = [
    "src/object/mod.rs",
    "src/request.rs",
    "src/selector.rs",
    "src/selector_text.rs",
];

/// Where enumerations are whose names are written into objects.
const NAMING: [&str; 4] = ["src/blast", "src/fault", "src/inventory", "src/policy"];

/// A file without its tests and without what is said about the code.
fn code(file: &Source) -> String {
    let lines = file.lines().map(|(_, line)| line);
    let lines = lines.take_while(|line| *line != "#[cfg(test)]");
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn is_product(file: &Source) -> bool {
    !file.path.ends_with("tests.rs") && !file.path.ends_with("fixture.rs")
}

/// Texts that something may be compared with. Those of several words are said to people, but for
/// states that begin with a capital.
fn literals(code: &str) -> Vec<String> {
    let literal = Regex::new(r##"(?s)r#"(.*?)"#|"((?:[^"\\]|\\.)*)""##);
    let literal = literal.unwrap();
    let unsaid = Regex::new(r"\{[^}]*\}|\\.").unwrap();
    let found = literal.captures_iter(code);
    let found = found.filter_map(|it| it.get(1).or(it.get(2)));
    let texts = found.map(|it| it.as_str()).filter(|it| {
        !it.trim().contains(char::is_whitespace)
            || it.starts_with(|it: char| it.is_ascii_uppercase())
    });
    texts
        .map(|it| unsaid.replace_all(it, " ").into_owned())
        .collect()
}

fn variants(code: &str) -> Vec<String> {
    let variant = Regex::new(r"(?m)^ +([A-Z][A-Za-z]+)(?:,|\(|\s\{)").unwrap();
    let found = variant.captures_iter(code);
    found.map(|it| it[1].to_owned()).collect()
}

/// The words of a text; numbers and single letters stay anyway.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|it: char| !it.is_ascii_alphanumeric());
    let words =
        words.filter(|it| it.len() > 1 && it.starts_with(|it: char| it.is_ascii_alphabetic()));
    words.map(str::to_ascii_lowercase)
}

fn vocabulary() -> BTreeSet<String> {
    let comparing = COMPARING.into_iter().flat_map(rust).filter(is_product);
    let comparing = comparing.chain(BESIDE.into_iter().map(source));
    let mut texts: Vec<String> = comparing.flat_map(|it| literals(&code(&it))).collect();
    let naming = NAMING.into_iter().flat_map(rust).filter(is_product);
    texts.extend(naming.flat_map(|it| variants(&code(&it))));
    let policies = source("policies/default.yaml").text;
    let policies = policies.lines().filter(|it| !it.starts_with('#'));
    texts.extend(policies.map(str::to_owned));
    texts
        .iter()
        .flat_map(|it| words(it).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_words_that_stay_are_those_that_objects_are_compared_with() {
    let path = "src/hashed/vocabulary.txt";
    let words: Vec<String> = vocabulary().into_iter().collect();
    let text = words.join("\n") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(root().join(path), &text).unwrap();
    }
    assert!(words.len() > 800, "{}", words.len());
    assert!(
        source(path).text == text,
        "{path}: not the words of the source; UPDATE=1 writes them"
    );
}
