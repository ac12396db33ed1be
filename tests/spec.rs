//! The specification as Markdown that runs: `tests/spec/**/*.md`.
//!
//! A heading is a test, the fenced blocks below it are what is given, the last block is what is
//! expected. `yaml world` and `yaml policy` also count for the headings below theirs; `yaml before`,
//! `yaml object` and `text expected` belong to one heading alone. `UPDATE=1` rewrites what is
//! expected.
//!
//! What is expected is what an object is read as, and where a policy is in force the verdict on it.
//! `yaml object user=...` is written by that account, else by an engineer. An object with a
//! `yaml before` is an update of it, and one before without one after is deleted: by `user=...`,
//! within `grace=...` seconds. An Eviction evicts the pod it names. In a world, a chaos object is an
//! experiment that is live. What stands under `backup/` is about databases, and run by `backup`.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use firebreak::inventory::{Inventory, Origin, live};
use firebreak::object::Object;
use firebreak::request::{Operation, Request, User};
use firebreak::yaml;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

use crate::render::{judged, render};

/// A heading and the blocks below it.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) level: usize,
    pub(crate) blocks: Vec<Block>,
}

/// A fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) info: String,
    pub(crate) range: Range<usize>,
}

/// What a test is given.
#[derive(Debug, Clone, Default)]
struct Given {
    level: usize,
    world: Vec<Object>,
    policies: Vec<Object>,
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let found = |path: PathBuf| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    };
    let files = paths.into_iter().flat_map(found);
    files
        .filter(|path| {
            !path
                .parent()
                .is_some_and(|folder| folder.ends_with("spec/backup"))
        })
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "Markdown has more than headings and fenced blocks"
)]
pub(crate) fn sections(text: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut in_heading = false;
    for (event, range) in Parser::new(text).into_offset_iter() {
        let section = sections.last_mut().unwrap();
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                in_heading = true;
                sections.push(Section {
                    level: depth(level),
                    ..Section::default()
                });
            }
            Event::End(TagEnd::Heading(_)) => in_heading = false,
            Event::Text(text) | Event::Code(text) if in_heading => section.name.push_str(&text),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let range = range.end..range.end;
                section.blocks.push(Block {
                    info: info.to_string(),
                    range,
                });
            }
            Event::Text(_) => {
                if let Some(block) = section
                    .blocks
                    .last_mut()
                    .filter(|b| range.end <= b.range.end)
                {
                    block.range.start = block.range.start.min(range.start);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                // The range so far ends behind the closing fence.
                let block = section.blocks.last_mut().unwrap();
                block.range.end = text[..block.range.end].rfind("```").unwrap();
                block.range.start = block.range.start.min(block.range.end);
            }
            _ => {}
        }
    }
    sections
}

fn depth(level: HeadingLevel) -> usize {
    level as usize
}

pub(crate) fn objects(text: &str, place: &str) -> Vec<Object> {
    let documents = yaml::read(text, yaml::LARGEST).into_iter();
    let value = |document: Result<yaml::Document, _>| match document {
        Ok(document) => document.value,
        Err(error) => panic!("{place}: {error:?}"),
    };
    let listed = documents
        .map(value)
        .flat_map(|value| match value.as_array() {
            Some(items) => items.clone(),
            None => vec![value],
        });
    listed
        .map(|value| Object::new(value).unwrap_or_else(|e| panic!("{place}: {e}")))
        .collect()
}

/// What a section expects and what it gets; `None` where it is no test.
fn run<'s>(section: &'s Section, given: &Given, text: &str) -> Option<(&'s Block, String)> {
    let expected = section
        .blocks
        .last()
        .filter(|block| block.info == "text expected")?;
    let world = Inventory::from_objects(&given.world, Origin::Recorded);
    let live = live(&given.world, &world);
    let world = world.with_live(live);
    let requests = requests(section, text);
    assert!(!requests.is_empty(), "{}: no object is given", section.name);
    let rendered = requests.iter().map(|request| match &request.object {
        Some(object) if given.policies.is_empty() => render(object, &world),
        _ => judged(request, &world, &given.policies),
    });
    Some((expected, rendered.collect::<Vec<_>>().join("\n")))
}

/// What the blocks of a section ask for.
fn requests(section: &Section, text: &str) -> Vec<Request> {
    let listed = |block: &Block| objects(&text[block.range.clone()], &section.name);
    let old = section
        .blocks
        .iter()
        .find(|b| b.info.starts_with("yaml before"));
    let old_object: Option<Object> = old.and_then(|block| listed(block).into_iter().next());
    let mut requests = Vec::new();
    for block in &section.blocks {
        let Some(user) = author(&block.info) else {
            continue;
        };
        requests.extend(listed(block).into_iter().map(|object| {
            Request {
                operation: old_object
                    .as_ref()
                    .map_or(Operation::Create, |_| Operation::Update),
                old_object: old_object.clone(),
                subresource: evicts(&object).to_owned(),
                ..Request::create(object, user.clone())
            }
        }));
    }
    match old_object {
        Some(object) if requests.is_empty() => vec![Request {
            operation: Operation::Delete,
            object: None,
            old_object: Some(object.clone()),
            grace: option(old, "grace=").and_then(|text| text.parse().ok()),
            ..Request::create(object, option(old, "user=").map_or_else(engineer, account))
        }],
        _ => requests,
    }
}

/// The subresource through which an object is created.
fn evicts(object: &Object) -> &'static str {
    if object.is("policy", "Eviction") {
        "eviction"
    } else {
        ""
    }
}

/// What stands behind `name` in the info of a block.
pub(crate) fn option<'b>(block: Option<&'b Block>, name: &str) -> Option<&'b str> {
    let mut words = block?.info.split_whitespace();
    words.find_map(|word| word.strip_prefix(name))
}

/// Who writes the object of a block with this info; `None` where it holds none.
fn author(info: &str) -> Option<User> {
    match info.strip_prefix("yaml object")?.trim() {
        "" => Some(engineer()),
        option => option.strip_prefix("user=").map(account),
    }
}

fn engineer() -> User {
    account("engineer")
}

pub(crate) fn account(name: &str) -> User {
    User::named(name)
}

/// Runs a file: the names of the tests, and of those that failed with what they got, and the text
/// as it would have to be.
fn check(path: &Path) -> (usize, Vec<String>, String) {
    let text = fs::read_to_string(path).unwrap();
    let (mut tests, mut failures, mut updated) = (0, Vec::new(), text.clone());
    let mut stack = vec![Given::default()];
    let mut replacements = Vec::new();
    for section in sections(&text) {
        stack.retain(|given| given.level < section.level.max(1));
        let mut given = stack.last().cloned().unwrap_or_default();
        given.level = section.level;
        for block in &section.blocks {
            let more = match block.info.as_str() {
                "yaml world" => &mut given.world,
                "yaml policy" => &mut given.policies,
                _ => continue,
            };
            more.extend(objects(&text[block.range.clone()], &section.name));
        }
        if let Some((expected, got)) = run(&section, &given, &text) {
            tests += 1;
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

/// Every object that the specification gives.
pub(crate) fn given_objects() -> Vec<Object> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec");
    let mut given = Vec::new();
    for path in files(&root) {
        let text = fs::read_to_string(&path).unwrap();
        let blocks = sections(&text)
            .into_iter()
            .flat_map(|section| section.blocks);
        for block in blocks.filter(|block| author(&block.info).is_some()) {
            given.extend(objects(&text[block.range], &path.display().to_string()));
        }
    }
    given
}

/// Holds files against what `check` gets of each: how many tests there are, which fail, and the text with
/// what was got. `UPDATE=1` rewrites what is expected.
pub(crate) fn hold(paths: &[PathBuf], check: impl Fn(&Path) -> (usize, Vec<String>, String)) {
    let update = std::env::var("UPDATE").is_ok_and(|update| update == "1");
    let mut all = Vec::new();
    for path in paths {
        let (tests, failures, updated) = check(path);
        assert!(tests > 0, "{}: no test", path.display());
        if update {
            fs::write(path, updated).unwrap();
        } else {
            let failures = failures.into_iter();
            all.extend(failures.map(|it| format!("{}\n{it}", path.display())));
        }
    }
    assert!(
        all.is_empty(),
        "{} failed:\n\n{}",
        all.len(),
        all.join("\n")
    );
}

#[test]
fn the_specification_holds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec");
    hold(&files(&root), check);
}

#[test]
fn a_wrong_expectation_is_found() {
    let text = "# a\n```yaml object\nkind: Job\napiVersion: v1\nmetadata: {}\n```\n\
        ```text expected\nsomething\n```\n## b\n```text other\n```\n";
    let found = sections(text);
    let names: Vec<&str> = found.iter().map(|section| section.name.as_str()).collect();
    assert_eq!(names, ["", "a", "b"]);
    let (expected, got) = run(&found[1], &Given::default(), text).unwrap();
    assert_eq!(&text[expected.range.clone()], "something\n");
    assert_ne!(got, "something\n");
    assert!(run(&found[2], &Given::default(), text).is_none());
}
