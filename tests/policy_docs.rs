//! `docs/policies.md` is generated from the types (`UPDATE=1` rewrites it), and `docs/checks.md`
//! explains every reason.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use firebreak::policy::{Reason, crds};
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs")
        .join(name)
}

/// What may stand in a field, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(words) = schema["enum"].as_array() {
        if words.len() > 6 {
            return "name".to_owned();
        }
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("`{}`", word.as_str().unwrap()))
            .collect();
        return words.join(", ");
    }
    if schema["x-kubernetes-int-or-string"] == Value::Bool(true) {
        return "number or percentage".to_owned();
    }
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match schema["type"].as_str().unwrap() {
        "string" if pattern.contains("ms|s") => "duration".to_owned(),
        "string" if schema["format"] == "date-time" => "time".to_owned(),
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => "map".to_owned(),
        other => other.to_owned(),
    }
}

fn rows(page: &mut String, path: &str, schema: &Value) {
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (name, field) in properties {
        let here = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let required = schema["required"].as_array();
        let required = required.is_some_and(|all| all.iter().any(|one| one == name.as_str()));
        let mark = if required { ", required" } else { "" };
        let text = field["description"]
            .as_str()
            .unwrap_or_default()
            .replace('|', "\\|");
        writeln!(page, "| `{here}` | {}{mark} | {text} |", kind(field)).unwrap();
        rows(page, &here, field);
        rows(page, &format!("{here}[]"), &field["items"]);
    }
}

fn generated() -> String {
    let mut page = "# Policies, field by field\n\nGenerated from the types in `src/policy`. \
        `kubectl explain blastradiuspolicy.spec` shows the same. Times are RFC 3339, durations \
        `90s`, `10m`, `1h30m`. An unknown field is an error. What each violation means is in \
        [checks.md](checks.md).\n"
        .to_owned();
    for crd in crds() {
        for version in crd.spec.versions {
            let schema = serde_json::to_value(version.schema.unwrap().open_api_v3_schema).unwrap();
            let spec = &schema["properties"]["spec"];
            let text = spec["description"].as_str().unwrap();
            write!(page, "\n## {}\n\n{text}\n\n", crd.spec.names.kind).unwrap();
            page.push_str("| field of `spec` | type | meaning |\n|---|---|---|\n");
            rows(&mut page, "", spec);
        }
    }
    let actions = firebreak::fault::Action::ALL
        .iter()
        .map(|action| format!("`{}`", action.name()));
    let actions: Vec<String> = actions.collect();
    write!(page, "\n## Names of actions\n\n{}\n", actions.join(", ")).unwrap();
    page
}

#[test]
fn the_policy_reference_is_as_generated() {
    let generated = generated();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path("policies.md"), &generated).unwrap();
    }
    let stored = fs::read_to_string(path("policies.md")).unwrap_or_default();
    assert!(
        stored == generated,
        "docs/policies.md is not as generated; UPDATE=1 rewrites it"
    );
}

#[test]
fn every_reason_is_explained_and_nothing_else() {
    let page = fs::read_to_string(path("checks.md")).unwrap();
    let (_, body) = page.split_once("\n## ").unwrap();
    let sections: Vec<(&str, &str)> = body
        .split("\n## ")
        .map(|part| part.split_once('\n').unwrap())
        .collect();
    let explained: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
    let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(explained, known);
    for (reason, (name, text)) in Reason::ALL.iter().zip(sections) {
        assert!(
            text.trim_start().starts_with(reason.meaning().trim()),
            "{name} does not begin with its meaning"
        );
        assert!(
            text.contains("*Why") && text.contains("*Fix:*"),
            "{name} lacks a why or a fix"
        );
        assert_eq!(
            text.contains("*Why (always):*"),
            reason.needs_no_policy(),
            "{name}"
        );
    }
}
