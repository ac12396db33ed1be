//! The policies we ship compile, alone and all together, and say what their pages promise.
//!
//! A page is Markdown that runs: each `yaml object` is judged in the example cluster by the policies
//! of the page, at the time after `at` (else at noon of a Tuesday), and `text expected` is what
//! they say. `yaml world` puts more into the cluster. `UPDATE=1` rewrites what is expected.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use firebreak::blast::measure;
use firebreak::fault::{self, Surroundings};
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::policy::{Case, Enforcement, PolicySet, Violation, evaluate};
use firebreak::request::{Request, User};
use firebreak::yaml;

use crate::spec::{Section, objects, sections};

const NAMES: [&str; 5] = ["default", "rules", "staging", "strict", "tiers"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")
}

/// The policies of one file.
fn policies(name: &str) -> Vec<Object> {
    let text = fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
    let documents = yaml::read(&text, yaml::LARGEST).into_iter();
    documents
        .map(|document| Object::new(document.unwrap().value).unwrap())
        .collect()
}

fn compiled(objects: &[Object]) -> PolicySet {
    PolicySet::compile(objects).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

#[test]
fn every_policy_we_ship_is_listed_and_has_a_page() {
    let files = fs::read_dir(folder()).unwrap();
    let mut found: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    // Defaults of backups are no policy; their page is run by `backup`.
    let expected = ["backup-defaults-all", "backup-defaults"]
        .iter()
        .chain(&NAMES)
        .flat_map(|name| [format!("{name}.md"), format!("{name}.yaml")]);
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn they_compile_alone_and_all_together() {
    let mut all = Vec::new();
    for name in NAMES {
        let objects = policies(name);
        assert_eq!(compiled(&objects).policies().len(), objects.len(), "{name}");
        all.extend(objects);
    }
    compiled(&all);
}

#[test]
fn only_the_advice_of_staging_does_not_deny() {
    for name in NAMES {
        for policy in compiled(&policies(name)).policies() {
            let expected = if policy.name == "staging-advice" {
                Enforcement::Warn
            } else {
                Enforcement::Deny
            };
            assert_eq!(policy.enforcement, expected, "{}", policy.name);
        }
    }
}

pub(crate) fn example_cluster() -> Vec<Object> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/world");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
        .iter()
        .flat_map(|path| {
            objects(
                &fs::read_to_string(path).unwrap(),
                &path.display().to_string(),
            )
        })
        .collect()
}

/// What the policies say, as a page shows it.
fn told(violations: &[Violation]) -> String {
    let worst = violations.iter().map(|it| it.enforcement).max();
    let mut text = worst.map_or("Allow".to_owned(), |worst| format!("{worst:?}"));
    for it in violations {
        write!(
            text,
            "\n{}  {} {}: {}",
            it.word(),
            it.policy,
            it.limit,
            it.message
        )
        .unwrap();
        let hint = [format!("at {}", it.field), it.remedy.clone()];
        let hint: Vec<String> = hint
            .into_iter()
            .filter(|it| !it.is_empty() && it != "at ")
            .collect();
        if !hint.is_empty() {
            write!(text, "\n  {}", hint.join("; ")).unwrap();
        }
    }
    text + "\n"
}

fn judged(object: &Object, world: &[Object], policies: &PolicySet, now: &str) -> String {
    let inventory = Inventory::from_objects(world, Origin::Recorded);
    let experiment = fault::read(object, Surroundings::NONE)
        .unwrap()
        .expect("a chaos object");
    let blast = measure(&experiment, &inventory);
    let request = Request::create(object.clone(), User::default());
    told(&evaluate(
        policies,
        &Case {
            request: &request,
            experiment: &experiment,
            blast: &blast,
            inventory: &inventory,
            now: now.parse().unwrap(),
        },
    ))
}

/// What a section of a page expects and gets; `None` where it is no test.
fn section(
    section: &Section,
    text: &str,
    policies: &PolicySet,
) -> Option<(std::ops::Range<usize>, String)> {
    const TUESDAY: &str = "2026-11-24T12:00:00Z";
    let expected = section
        .blocks
        .last()
        .filter(|block| block.info == "text expected")?;
    let mut world = example_cluster();
    let mut got = String::new();
    for block in &section.blocks {
        let given = || objects(&text[block.range.clone()], &section.name);
        let now = block.info.strip_prefix("yaml object at ");
        if block.info == "yaml world" {
            world.extend(given());
        } else if now.is_some() || block.info == "yaml object" {
            for object in given() {
                got.push_str(&judged(&object, &world, policies, now.unwrap_or(TUESDAY)));
            }
        }
    }
    assert!(!got.is_empty(), "{}: no object is given", section.name);
    Some((expected.range.clone(), got))
}

#[test]
fn their_pages_hold() {
    let mut failures = Vec::new();
    for name in NAMES {
        let path = folder().join(format!("{name}.md"));
        let text = fs::read_to_string(&path).unwrap();
        let set = compiled(&policies(name));
        let all = sections(&text);
        let mut results: Vec<_> = all
            .iter()
            .filter_map(|it| section(it, &text, &set))
            .collect();
        assert!(results.len() > 2, "{name}.md has too few cases");
        let mut updated = text.clone();
        results.reverse();
        for (range, got) in results {
            if text[range.clone()] != got {
                failures.push(format!(
                    "{name}.md\nexpected:\n{}got:\n{got}",
                    &text[range.clone()]
                ));
                updated.replace_range(range, &got);
            }
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, updated).unwrap();
            failures.clear();
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
