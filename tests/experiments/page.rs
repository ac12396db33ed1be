//! `docs/experiments.md`, from the files of the library.

use std::fmt::Write as _;

use firebreak::schedule::spec::sanctioned::{ClockWord, SubjectSpec};
use serde_json::Value;

use super::library::{COMPONENTS, Entry};

const INTRO: &str = "\
# The library of experiments

Generated from the files in `manifests/experiments`, which the tests read, hold against a policy, and judge as runs.

69 scenarios for three databases. Each file holds one: what is expected to hold, what is done, to whom, what must stay meanwhile, and by when
everything must be as before. Nothing in them starts by itself: no file has a schedule, and all are suspended.

They are aimed at `percona/cluster1`, `databases/pg-eu` and `default/mysql`, and at what is around those; put names of your own in their place.
Probes read a Secret `firebreak-probe` beside the experiment, with `username` and `password`. What a tool selects is in the template for whoever
applies that by itself: a run is pinned by name, to members that it selects and `targets` permits. Four of them say by `firebreak.dev/scenario` which
[disaster-recovery scenario](schedules.md#disaster-recovery-scenarios) they exercise, as `firebreak dr coverage` asks.

## What the guard says

[policy.yaml](../manifests/experiments/policy.yaml) is what they are held against, in the cluster of `tests/data/experiments/world`, where everything is healthy and
every database has the backup of last night.

- **Allow**: it is admitted. **AllowWithBackup**: and a backup is made before, where the newest is not of the last day.
- **Exempt**: it is denied for these reasons, and admitted by the exemption of [exemptions.yaml](../manifests/experiments/exemptions.yaml) that is
  named, after a backup, and when somebody approves the run.
- **Deny**: it is denied for these reasons, and none of the exemptions admits it. Such a file is there to show it.

Where a file is a Job there is no run of firebreak: no tool that it drives can do it. A comment in the file says what it does and what it does not.
";

const COLUMNS: &str = "\
| id | database | fault | tool | target | verdict | deadline | components |
|---|---|---|---|---|---|---|---|";

const COVERAGE: &str = "
## What is put to the test

The parts of an installation that an experiment can break, and by which. Not among them is what no fault reaches: the values of a Helm release,
and how a StatefulSet, a claim or a secret is written; what changes those is a change, not chaos.

| component | PerconaXtraDB | CloudNativePG | MySQL | Any, None |
|---|---|---|---|---|
";

/// The databases, and how their part of the page is called.
const ENGINES: [(&str, &str, &[&str]); 4] = [
    ("P", "Percona XtraDB Cluster", &["PerconaXtraDB"]),
    ("C", "CloudNativePG", &["CloudNativePG"]),
    ("M", "MySQL without an operator", &["MySQL"]),
    ("X", "Any database", &["Any", "None"]),
];

/// The page.
pub(super) fn text(entries: &[Entry]) -> String {
    let mut page = INTRO.to_owned();
    for (letter, title, _) in ENGINES {
        writeln!(page, "\n## {title}\n\n{COLUMNS}").unwrap();
        for entry in entries.iter().filter(|it| it.id().starts_with(letter)) {
            row(&mut page, entry);
        }
    }
    page += COVERAGE;
    for component in COMPONENTS {
        let cells = ENGINES.map(|(_, _, engines)| covering(entries, component, engines));
        writeln!(page, "| {component} | {} |", cells.join(" | ")).unwrap();
    }
    page
}

fn row(page: &mut String, entry: &Entry) {
    let (fault, tool) = fault(entry.object.value());
    let components: Vec<&str> = entry.components().collect();
    writeln!(
        page,
        "| [{}](../manifests/experiments/{}) | {} | {fault} | {tool} | {} | {} | {} | {} |",
        entry.id(),
        entry.file,
        entry.engine(),
        target(entry),
        verdict(entry),
        deadline(entry),
        components.join(", "),
    )
    .unwrap();
}

/// What is done, and by what.
fn fault(object: &Value) -> (String, &'static str) {
    let spec = &object["spec"];
    let (template, native) = (&spec["template"], &spec["native"]);
    if let Some(native) = native.as_object() {
        let names: Vec<&str> = native.keys().map(String::as_str).collect();
        return (names.join(", "), "firebreak");
    }
    match (object["kind"].as_str(), template["kind"].as_str()) {
        (Some("Job"), _) => {
            let name = object["metadata"]["name"].as_str().unwrap();
            let (_, what) = name.split_once('-').unwrap();
            (what.replace('-', " "), "Job")
        }
        (_, Some("ChaosEngine")) => {
            let name = &template["spec"]["experiments"][0]["name"];
            (name.as_str().unwrap().to_owned(), "Litmus")
        }
        (_, Some(kind)) => {
            let action = template["spec"]["action"].as_str();
            let action = action.map_or(String::new(), |action| format!(" {action}"));
            (format!("{kind}{action}"), "Chaos Mesh")
        }
        (_, None) => panic!("neither a template nor native"),
    }
}

/// Whom it hits.
fn target(entry: &Entry) -> String {
    let Some(sanctioned) = &entry.sanctioned else {
        return format!(
            "what the Job says, in {}",
            entry.object.reference().namespace
        );
    };
    let spec = &sanctioned.spec;
    let named = |subject: &SubjectSpec| {
        let namespace = subject.namespace.as_ref().unwrap_or(&sanctioned.namespace);
        let kind = subject.kind.split('.').next().unwrap_or_default();
        format!("{kind} {namespace}/{}", subject.name)
    };
    let subject = spec.database.as_ref().or(spec.workload.as_ref());
    format!("{:?} of {}", spec.targets, subject.map(named).unwrap())
}

fn verdict(entry: &Entry) -> String {
    let reasons: Vec<&str> = entry.expects.reasons.iter().map(String::as_str).collect();
    let exemption = entry.exemption().map(|name| format!("({name})"));
    let parts = [format!("**{}**", entry.expects.word), reasons.join(", ")];
    let parts = parts.into_iter().chain(exemption);
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

fn deadline(entry: &Entry) -> String {
    let deadline = entry.deadline();
    match entry.sanctioned.as_ref().map(|it| it.plan.clock) {
        Some(ClockWord::Injection) => format!("{deadline} after injection"),
        Some(ClockWord::Revert) => format!("{deadline} after revert"),
        None => deadline.to_owned(),
    }
}

/// How many put a component to the test, and which.
fn covering(entries: &[Entry], component: &str, engines: &[&str]) -> String {
    let own = entries.iter().filter(|it| engines.contains(&it.engine()));
    let covering = own.filter(|it| it.components().any(|own| own == component));
    let ids: Vec<&str> = covering.map(Entry::id).collect();
    match ids.len() {
        0 => "–".to_owned(),
        count => format!("{count}: {}", ids.join(" ")),
    }
}
