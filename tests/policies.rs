//! The policies we ship compile, alone and all together, and say what their pages promise.

use std::fs;
use std::path::{Path, PathBuf};

use firebreak::cli::yaml;
use firebreak::object::Object;
use firebreak::policy::{Enforcement, PolicySet};

const NAMES: [&str; 4] = ["default", "staging", "strict", "tiers"];

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
    let expected = NAMES
        .iter()
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
