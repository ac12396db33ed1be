//! One judge: what a user sees of `kubectl apply` is what `firebreak check` says of the same file.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use firebreak::cli::examples;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::cli::manifests::Reader;
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use firebreak::policy::PolicySet;
use firebreak::server::admission::Guard;
use firebreak::server::view::View;
use serde_json::Value;

use crate::bed::Bed;
use crate::bed::webhook::registrations;

/// What the API server refuses before it asks anybody, where the definitions are the real ones.
const REFUSED: [(&str, &str); 3] = [
    (
        "examples/cnpg-proposal/cnpg-primary-failure.yaml",
        r#"unknown field "spec.scheduler""#,
    ),
    (
        "examples/eql-cnpg/pod-shutdown.yaml",
        r#"unknown field "spec.scheduler""#,
    ),
    (
        "examples/pake/chaos-pod-kill-manual.yaml",
        "metadata.ownerReferences.uid: Invalid value",
    ),
];

/// The guard of the example cluster, at the instant at which that was recorded.
pub(crate) fn example_guard() -> Guard {
    let world: Vec<Object> = examples::world()
        .unwrap()
        .into_iter()
        .map(|it| it.object)
        .collect();
    let policies = Reader::default()
        .read_text("policies", DEFAULT_POLICIES)
        .manifests;
    let policies: Vec<Object> = policies.into_iter().map(|it| it.object).collect();
    let view = View {
        inventory: Inventory::from_objects(&world, Origin::Recorded).into(),
        policies: PolicySet::compile(&policies).unwrap().into(),
    };
    Guard {
        outlook: Arc::new(view),
        ledgers: None,
        uses: None,
        fence: None,
        now: Arc::new(examples::now),
    }
}

/// What the command line says of every example, by file: the decision, and each reason with its sentence.
fn command_line() -> BTreeMap<String, (String, Vec<String>)> {
    let output = Command::new(env!("CARGO_BIN_EXE_firebreak"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "check",
            "examples",
            "--world",
            "examples/world",
            "--now",
            examples::NOW,
        ])
        .args([
            "--as",
            "engineer",
            "--as-group",
            "system:authenticated",
            "--format",
            "json",
        ])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = |result: &Value| {
        let violations = result["violations"].as_array().into_iter().flatten();
        let counting = violations.filter(|it| it["exemptedBy"].is_null());
        let told = counting.flat_map(|it| [text(&it["reason"]), text(&it["message"])]);
        let decision = text(&result["decision"]);
        (text(&result["source"]["file"]), (decision, told.collect()))
    };
    report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect()
}

pub(crate) fn every_example_gets_the_same_verdict_from_the_api_server(bed: &Bed) {
    bed.define_kinds();
    bed.may_do_everything("engineer");
    let places = examples::world().unwrap().into_iter().map(|it| it.object);
    places
        .filter(|it| it.is("", "Namespace"))
        .for_each(|it| bed.namespace(&it.reference().name));
    let guard = bed.stand_in(example_guard());
    let _registered = bed.register(
        registrations("webhooks.yaml"),
        guard.balancer.port(),
        Some(&guard.authority),
    );
    let mut said = command_line();
    said.retain(|file, _| !file.ends_with(".review.yaml"));
    assert!(said.len() > 60, "only {} examples", said.len());
    let wrong: Vec<String> = said
        .iter()
        .filter_map(|(file, (decision, told))| differs(bed, file, decision, told))
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// How the answer to `kubectl create` differs from what the command line said.
fn differs(bed: &Bed, file: &str, decision: &str, told: &[String]) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let create = ["create", "--dry-run=server", "-f", path.to_str().unwrap()];
    let ended = bed.kubectl(&create).by("engineer").run();
    let denied = ended.code != Some(0);
    let is_refused = |(name, why): &(&str, &str)| *name == file && ended.err.contains(why);
    if REFUSED.iter().any(is_refused) {
        return None;
    }
    let silent = |line: &&String| denied && !ended.err.contains(*line);
    let silent: Vec<&String> = told.iter().filter(silent).collect();
    let agrees = denied == (decision == "Deny") && silent.is_empty();
    (!agrees).then(|| format!("{file}: {decision}, not told: {silent:?}\n{}", ended.told()))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
