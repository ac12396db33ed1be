//! The CustomResourceDefinitions under `manifests/crds` are those that the types generate.
//! `UPDATE=1 cargo test manifests_crds` rewrites them.

use std::path::PathBuf;

use firebreak::schedule::crds;
use serde_json::Value;

/// The fields that take anything: a chaos object of whatever kind, and what an operator's section may hold.
const ANYTHING: [&str; 5] = [
    "BlastLedger.spec.reservations[].object",
    "BackupDefaults.spec.overrides[]",
    "SanctionedExperiment.spec.template",
    "ExperimentRun.spec.frozen.template",
    "ExperimentRun.status.chaosObject.object",
];

fn schemas() -> Vec<(String, Value)> {
    let all = crds().into_iter().flat_map(|crd| {
        let name = crd.spec.names.kind.clone();
        crd.spec
            .versions
            .into_iter()
            .map(move |version| (name.clone(), version.schema))
    });
    all.map(|(name, schema)| {
        (
            name,
            serde_json::to_value(schema).unwrap()["openAPIV3Schema"].clone(),
        )
    })
    .collect()
}

/// Calls `look` with the path of every schema within `schema`.
fn walk(path: &str, schema: &Value, look: &mut dyn FnMut(&str, &Value)) {
    look(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), property, look);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            walk(&format!("{path}[]"), &schema[inner], look);
        }
    }
}

#[test]
fn the_definitions_are_as_generated() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("manifests/crds");
    for crd in crds() {
        let path = folder.join(format!("{}.yaml", crd.spec.names.plural));
        let generated = format!(
            "# Generated from the types in src/policy; `firebreak crds` prints the same.\n{}",
            serde_saphyr::to_string(&serde_json::to_value(&crd).unwrap()).unwrap()
        );
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            stored == generated,
            "{} is not as generated; UPDATE=1 rewrites it",
            path.display()
        );
    }
}

#[test]
fn every_field_of_a_definition_is_described_and_typed() {
    for (kind, schema) in schemas() {
        walk(&kind, &schema, &mut |path, schema| {
            let typed = schema["type"].is_string()
                || schema["x-kubernetes-int-or-string"] == Value::Bool(true);
            assert!(typed, "{path} has no type");
            let anything = ANYTHING.contains(&path);
            assert!(
                schema["x-kubernetes-preserve-unknown-fields"].is_null() || anything,
                "{path} takes anything"
            );
            for combined in ["anyOf", "oneOf", "allOf", "not", "$ref", "nullable"] {
                assert!(schema[combined].is_null(), "{path} uses {combined}");
            }
            let leaf = path.ends_with("[]") || path == format!("{kind}.metadata");
            let described = schema["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            assert!(leaf || described, "{path} has no description");
        });
    }
}
