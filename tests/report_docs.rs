//! `docs/report.md` describes every field of the reports, with its type, and shows what is written.
//! `UPDATE=1` rewrites what it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value};

use crate::command::{Ended, program};
use crate::shop::shop;
use crate::source::{root, source};

const PAGE: &str = "docs/report.md";

/// Whatever writes a report.
const VERBS: [&str; 3] = ["check", "plan", "plan --backup"];

/// Type by field, as the table below a heading tells.
fn table(heading: &str) -> BTreeMap<String, String> {
    let page = source(PAGE).text;
    let (_, section) = page.split_once(heading).expect("the heading");
    let section = section.split("\n## ").next().expect("a section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.map(|row| {
        let (field, rest) = row.split_once("` | ").expect("a field");
        let (kind, _) = rest.split_once(" | ").expect("a type");
        (field.to_owned(), kind.to_owned())
    });
    cells.collect()
}

/// Every field of a report below `path`, with the types of its values. A map is left whole.
fn fields(path: &str, object: &Map<String, Value>, found: &mut BTreeMap<String, BTreeSet<String>>) {
    for (key, value) in object {
        let field = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        let whole = key == "notJudged";
        let foreign = ["patch", "companions"].contains(&key.as_str());
        let kind = match (value, value.as_array().and_then(|items| items.first())) {
            (_, Some(item)) => format!("list of {}", simple(item)),
            (Value::Object(_), None) if whole => "map of map of integer".to_owned(),
            (other, None) => simple(other).to_owned(),
        };
        found.entry(field.clone()).or_default().insert(kind);
        if foreign {
            continue;
        }
        if let Some(below) = value.as_object().filter(|_| !whole) {
            fields(&field, below, found);
        }
        let items = value.as_array().into_iter().flatten();
        for below in items.filter_map(Value::as_object) {
            fields(&format!("{field}[]"), below, found);
        }
    }
}

fn simple(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn fits(kind: &str, documented: &str) -> bool {
    documented.split(" or ").any(|one| one == kind)
        || (kind == "list" && documented.starts_with("list of"))
}

/// What the command writes about the examples, about a chart, and about what cannot be read.
fn reports(verb: &str) -> Vec<Value> {
    let json = ["--format", "json"];
    let verb: Vec<&str> = verb.split(' ').collect();
    let mut examples = [&verb[..], &["examples", "--world", "examples/world"], &json].concat();
    if verb.contains(&"--backup") {
        examples.extend(["--policy", "policies"]);
    }
    let examples = program(&examples).current_dir(root()).output().unwrap();
    let shop = shop();
    shop.add("values.yaml", "replicas: 3\n");
    shop.add("bad.yaml", "a: [\n");
    vec![
        Ended::from(examples).json(),
        shop.run(&[&verb[..], &["."], &json].concat()).json(),
        shop.run(&[&verb[..], &["away.yaml"], &json].concat())
            .json(),
    ]
}

#[test]
fn every_field_of_the_reports_is_documented_with_its_type() {
    for verb in VERBS {
        let documented = table(&format!("## `{verb} --format json`"));
        let mut found = BTreeMap::new();
        for report in reports(verb) {
            fields("", report.as_object().unwrap(), &mut found);
        }
        for (field, kinds) in &found {
            let kind = documented.get(field);
            let kind = kind.unwrap_or_else(|| panic!("{verb}: {field} is not documented"));
            let wrong: Vec<&String> = kinds.iter().filter(|it| !fits(it, kind)).collect();
            assert!(
                wrong.is_empty(),
                "{verb}: {field} is {wrong:?}, documented as {kind}"
            );
        }
        let never: Vec<&String> = documented
            .keys()
            .filter(|it| !found.contains_key(*it))
            .collect();
        assert!(
            never.is_empty(),
            "{verb}: documented but never written: {never:?}"
        );
    }
}

#[test]
fn every_result_has_every_field() {
    for verb in VERBS {
        let documented = table(&format!("## `{verb} --format json`"));
        let direct = documented
            .keys()
            .filter_map(|field| field.strip_prefix("results[]."));
        let direct: BTreeSet<&str> = direct.filter(|field| !field.contains(['.', '['])).collect();
        for report in reports(verb) {
            assert_eq!(report["version"], "firebreak.dev/report/v1");
            for result in report["results"].as_array().unwrap() {
                let keys = result.as_object().unwrap().keys().map(String::as_str);
                assert_eq!(keys.collect::<BTreeSet<_>>(), direct, "{verb}");
            }
        }
    }
}

#[test]
fn the_reports_shown_are_those_written() {
    let page = source(PAGE).text;
    let mut parts = page.split("```sh\nfirebreak ");
    let mut rewritten = parts.next().expect("text").to_owned();
    for part in parts {
        let (arguments, rest) = part.split_once("\n```\n\n```json\n").expect("a report");
        let (_, after) = rest.split_once("```").expect("its end");
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let output = program(&arguments).current_dir(root()).output().unwrap();
        let written = Ended::from(output).out;
        let command = arguments.join(" ");
        let shown = format!("```sh\nfirebreak {command}\n```\n\n```json\n{written}```");
        rewritten.push_str(&shown);
        rewritten.push_str(after);
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(root().join(PAGE), &rewritten).unwrap();
        return;
    }
    assert_eq!(page, rewritten, "UPDATE=1 rewrites it");
}

#[test]
fn counts_add_up() {
    let report = &reports("check")[0];
    let results = report["results"].as_array().unwrap();
    for (word, decision) in [("allowed", "Allow"), ("warned", "Warn"), ("denied", "Deny")] {
        let with = results
            .iter()
            .filter(|result| result["decision"] == decision);
        assert_eq!(report["summary"][word], with.count(), "{word}");
    }
}
