//! What the API server is told of us covers all that is read and watched, stands in nobody's way,
//! and is what lies under `manifests`. `UPDATE=1 cargo test registration` rewrites that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use firebreak::backup;
use firebreak::cli::bundle::{Age, Part, text};
use firebreak::fault;
use firebreak::inventory::watched;
use firebreak::server::registration::entries::{ENTRIES, Entry};
use firebreak::server::registration::injections::injections;
use firebreak::server::registration::resources::{ANY, Guard, of_kind, resources};
use firebreak::server::registration::webhooks::{Conditions, deletions, webhooks};
use firebreak::yaml;
use serde_json::{Value, json};

use crate::source::{root, source};

/// The generated files.
const GENERATED: &[(&str, Part)] = &[
    ("manifests/rbac.yaml", Part::Rbac),
    ("manifests/webhooks.yaml", Part::Webhooks(KNOWN)),
    ("manifests/deletions.yaml", Part::Deletions(KNOWN)),
    ("manifests/backups.yaml", Part::Backups(KNOWN)),
    ("manifests/chart/files/backups.yaml", Part::Backups(KNOWN)),
    (
        "manifests/chart/files/backups-1.28.yaml",
        Part::Backups(UNKNOWN),
    ),
    (
        "overlays/guard-deletions/deletions.yaml",
        Part::Deletions(KNOWN),
    ),
    ("manifests/chart/files/rbac.yaml", Part::Rbac),
    ("manifests/chart/files/webhooks.yaml", Part::Webhooks(KNOWN)),
    (
        "manifests/chart/files/webhooks-1.28.yaml",
        Part::Webhooks(UNKNOWN),
    ),
    (
        "manifests/chart/files/deletions.yaml",
        Part::Deletions(KNOWN),
    ),
    (
        "manifests/chart/files/deletions-1.28.yaml",
        Part::Deletions(UNKNOWN),
    ),
];

const KNOWN: Age = Age {
    without_conditions: false,
};
const UNKNOWN: Age = Age {
    without_conditions: true,
};

#[test]
fn the_manifests_are_as_generated() {
    for (path, part) in GENERATED {
        let generated = format!(
            "# Generated; `firebreak manifests` prints the same.\n{}",
            text(*part).unwrap()
        );
        is_as_generated(path, &generated);
    }
}

/// Whether a file of the project holds this; `UPDATE=1` writes it.
pub(crate) fn is_as_generated(path: &str, generated: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, generated).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    let same = stored == generated;
    assert!(same, "{path} is not as generated; UPDATE=1 rewrites it");
}

#[test]
fn every_kind_that_is_read_is_put_before_the_webhook() {
    for (group, kind) in fault::kinds() {
        let rows = of_kind(group, kind);
        assert!(!rows.is_empty(), "{kind} of \"{group}\" has no row");
        for row in rows {
            let asked = ENTRIES
                .iter()
                .any(|entry| entry.guards.contains(&row.guard));
            assert!(asked, "{} of \"{group}\" is in no entry", row.plural);
        }
    }
}

#[test]
fn every_kind_that_is_watched_may_be_read_and_no_other() {
    let role = document("manifests/rbac.yaml", "ClusterRole", "firebreak-watch");
    let mut granted = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        assert_eq!(rule["verbs"], json!(["list", "watch"]), "{rule}");
        assert_eq!(rule.as_object().unwrap().len(), 3, "{rule}");
        for resource in texts(&rule["resources"]) {
            granted.insert((texts(&rule["apiGroups"])[0].clone(), resource));
        }
    }
    let rules = resources().filter(|row| row.guard == Guard::Rule);
    let mut needed: BTreeSet<(String, String)> = watched()
        .flat_map(|(group, kind)| {
            let rows = of_kind(group, kind);
            assert!(!rows.is_empty(), "{kind} of \"{group}\" has no row");
            rows
        })
        .chain(rules)
        .map(|row| (row.group.to_owned(), row.plural.to_owned()))
        .collect();
    let whole: BTreeSet<String> = needed
        .iter()
        .filter(|(_, plural)| plural == ANY)
        .map(|(group, _)| group.clone())
        .collect();
    needed.retain(|(group, plural)| plural == ANY || !whole.contains(group));
    assert_eq!(granted, needed);
}

#[test]
fn each_kind_has_one_row() {
    let mut seen = BTreeSet::new();
    for row in resources() {
        assert!(
            seen.insert((row.group, row.kind)),
            "{} is there twice",
            row.kind
        );
    }
}

#[test]
fn resources_are_called_as_their_definitions_say() {
    let folder = root().join("../shared/upstream");
    if !folder.is_dir() {
        println!("skipped: ../shared/upstream is not here");
        return;
    }
    let mut seen = 0;
    for value in definitions(&folder) {
        let spec = &value["spec"];
        let (group, kind) = (word(&spec["group"]), word(&spec["names"]["kind"]));
        let row = resources().find(|row| row.group == group && row.kind == kind);
        if let Some(row) = row {
            assert_eq!(
                row.plural,
                word(&spec["names"]["plural"]),
                "{kind} of {group}"
            );
            assert_eq!(row.scope.word(), word(&spec["scope"]), "{kind} of {group}");
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} definitions");
}

#[test]
fn only_chaos_and_what_judges_it_fails_when_nobody_answers() {
    for configuration in [webhooks(Conditions::Known), webhooks(Conditions::Unknown)] {
        for webhook in configuration["webhooks"].as_array().unwrap() {
            let name = word(&webhook["name"]);
            let closed = webhook["failurePolicy"] == "Fail";
            for rule in webhook["rules"].as_array().unwrap() {
                let native = ["", "apps", "batch", "networking.k8s.io"]
                    .contains(&word(&rule["apiGroups"][0]));
                let narrow =
                    !webhook["objectSelector"].is_null() || !webhook["matchConditions"].is_null();
                assert!(!(closed && native) || narrow, "{name} can stop the cluster");
                assert!(
                    !(closed && rule["operations"] == json!(["UPDATE"])),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn webhooks_ask_for_no_more_than_they_need() {
    let all = [
        webhooks(Conditions::Known),
        webhooks(Conditions::Unknown),
        deletions(Conditions::Known),
    ];
    for webhook in all.iter().flat_map(|it| it["webhooks"].as_array().unwrap()) {
        let name = word(&webhook["name"]);
        assert_eq!(webhook["matchPolicy"], "Equivalent", "{name}");
        assert_eq!(webhook["sideEffects"], "NoneOnDryRun", "{name}");
        assert!(webhook["timeoutSeconds"].as_u64().unwrap() <= 5, "{name}");
        assert!(
            webhook["matchConditions"]
                .as_array()
                .is_none_or(|it| it.len() <= 64),
            "{name}"
        );
        for rule in webhook["rules"].as_array().unwrap() {
            let [group] = &texts(&rule["apiGroups"])[..] else {
                panic!("{name}: more than one group in a rule");
            };
            assert_ne!(group, ANY, "{name}");
            let tools = resources().any(|row| row.group == group && row.guard == Guard::Chaos);
            for resource in texts(&rule["resources"]) {
                let exact = !resource.contains(ANY) && !resource.contains('/');
                assert!(
                    exact || tools || resource == "pods/eviction",
                    "{name}: {resource}"
                );
                assert!(
                    resource == ANY || !resource.contains(ANY),
                    "{name}: {resource}"
                );
            }
        }
    }
    let operations = |it: &Entry| it.operations.contains(&"DELETE");
    assert!(!ENTRIES.iter().any(operations), "stopping depends on us");
}

#[test]
fn the_webhook_of_backups_is_asked_about_databases_alone_and_stops_none() {
    let databases: BTreeSet<(String, String)> = backup::kinds()
        .flat_map(|it| of_kind(it.group, it.kind))
        .map(|row| (row.group.to_owned(), row.plural.to_owned()))
        .collect();
    assert_eq!(databases.len(), backup::kinds().count());
    for conditions in [Conditions::Known, Conditions::Unknown] {
        let configuration = injections(conditions);
        let webhooks = configuration["webhooks"].as_array().unwrap();
        let mut operations = Vec::new();
        for webhook in webhooks {
            let fixed = [
                ("failurePolicy", "Ignore"),
                ("matchPolicy", "Equivalent"),
                ("reinvocationPolicy", "IfNeeded"),
                ("sideEffects", "None"),
            ];
            for (key, value) in fixed {
                assert_eq!(webhook[key], value, "{key}");
            }
            assert!(webhook["timeoutSeconds"].as_u64().unwrap() <= 5);
            let known = webhook["matchConditions"].is_array();
            assert_eq!(known, conditions == Conditions::Known);
            let spared = &webhook["namespaceSelector"]["matchExpressions"][0];
            assert!(texts(&spared["values"]).contains(&"firebreak".to_owned()));
            let mut asked = BTreeSet::new();
            for rule in webhook["rules"].as_array().unwrap() {
                let group = texts(&rule["apiGroups"]).remove(0);
                let plurals = texts(&rule["resources"]).into_iter();
                asked.extend(plurals.map(|plural| (group.clone(), plural)));
            }
            assert_eq!(asked, databases);
            operations.extend(texts(&webhook["rules"][0]["operations"]));
        }
        assert_eq!(operations, ["CREATE", "UPDATE"]);
    }
}

/// A right to secrets without names would be one to all of them.
#[test]
fn the_secrets_that_may_be_looked_at_are_those_of_the_shipped_defaults() {
    let role = document("manifests/rbac.yaml", "ClusterRole", "firebreak-backups");
    let defaults = document("policies/backup-defaults.yaml", "BackupDefaults", "default");
    let secret = &defaults["spec"]["storage"]["s3"]["credentialsSecret"];
    let rule = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"],
        "resourceNames": [secret]});
    assert_eq!(role["rules"], json!([rule]));
}

#[test]
fn nothing_that_a_cluster_lives_by_is_put_before_the_webhook() {
    let groups = [
        "authentication.k8s.io",
        "authorization.k8s.io",
        "coordination.k8s.io",
        "events.k8s.io",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "rbac.authorization.k8s.io",
    ];
    let core = [
        "configmaps",
        "endpoints",
        "events",
        "namespaces",
        "secrets",
        "serviceaccounts",
        "services",
    ];
    for row in resources() {
        let lives =
            groups.contains(&row.group) || row.group.is_empty() && core.contains(&row.plural);
        assert!(!lives || row.guard == Guard::Unguarded, "{}", row.plural);
    }
}

/// Every CustomResourceDefinition below a folder.
fn definitions(folder: &Path) -> Vec<Value> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if text.contains("\nkind: CustomResourceDefinition") {
                let documents = yaml::read(&text, usize::MAX).into_iter().flatten();
                found.extend(documents.map(|document| document.value));
            }
        }
    }
    found.retain(|value| value["kind"] == "CustomResourceDefinition");
    found
}

/// The document of this kind and name in a file of the project.
fn document(path: &str, kind: &str, name: &str) -> Value {
    let text = source(path).text;
    let mut documents = yaml::read(&text, yaml::LARGEST)
        .into_iter()
        .map(|document| document.unwrap().value);
    let found = documents.find(|it| it["kind"] == kind && it["metadata"]["name"] == name);
    found.unwrap_or_else(|| panic!("{path}: no {kind} {name}"))
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().unwrap().iter();
    texts.map(|text| word(text).to_owned()).collect()
}

pub(crate) fn word(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
