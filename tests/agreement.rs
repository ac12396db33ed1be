//! One judge: the webhook and the command line say the same of every example and of every
//! recorded review.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use firebreak::cli::examples;
use firebreak::cli::inputs::DEFAULT_POLICIES;
use firebreak::server::admission::Guard;
use serde_json::Value;

use crate::admission::{guard, send};
use crate::command::{Ended, program};
use crate::source::root;

/// A decision and the reasons for it; nothing where the request was not judged.
type Answer = Option<(String, Vec<String>)>;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What the webhook answers.
async fn webhook(guard: &Arc<Guard>, review: &Value) -> Answer {
    let (_, body) = send(Arc::clone(guard), review.to_string()).await;
    let answer: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {body}"));
    let response = &answer["response"];
    let decision = response.pointer("/auditAnnotations/decision")?;
    assert_eq!(decision == "Deny", response["allowed"] == false);
    let causes = response.pointer("/status/details/causes");
    let causes = causes.and_then(Value::as_array).into_iter().flatten();
    let reasons = causes.map(|cause| text(&cause["reason"]));
    Some((text(decision), reasons.collect()))
}

/// What the command line says of everything in `folder`, by file.
fn command_line(folder: &str) -> BTreeMap<String, Answer> {
    let arguments = [
        "check",
        folder,
        "--world",
        "examples/world",
        "--now",
        examples::NOW,
    ];
    let who = ["--as", "engineer", "--as-group", "system:authenticated"];
    let format = ["--format", "json"];
    let arguments = [&arguments[..], &who, &format].concat();
    let output = program(&arguments).current_dir(root()).output().unwrap();
    let report = Ended::from(output).json();
    assert_eq!(report["failures"], serde_json::json!([]));
    let results = report["results"].as_array().unwrap().iter();
    results
        .map(|result| (text(&result["source"]["file"]), answer(result)))
        .collect()
}

fn answer(result: &Value) -> Answer {
    let violations = result["violations"].as_array()?.iter();
    let counting = violations.filter(|it| it["exemptedBy"].is_null());
    let reasons: Vec<String> = counting.map(|it| text(&it["reason"])).collect();
    let denied = result["decision"] == "Deny";
    // The webhook names causes of a denial only; what merely warns is among its warnings.
    Some((
        text(&result["decision"]),
        if denied { reasons } else { Vec::new() },
    ))
}

#[tokio::test]
async fn the_webhook_and_the_command_line_agree_on_every_example() {
    let guard = guard(DEFAULT_POLICIES);
    let mut said = command_line("examples");
    let examples = examples::examples().unwrap();
    assert!(said.len() > 60, "only {} judged", said.len());
    for example in &examples {
        let file = format!("examples/{}", example.file);
        let said = said.remove(&file).flatten();
        assert_eq!(webhook(&guard, &example.review).await, said, "{file}");
    }
    assert!(said.is_empty(), "only the command line judged {said:?}");
}

#[tokio::test]
async fn the_webhook_and_the_command_line_agree_on_every_recorded_review() {
    let guard = guard(DEFAULT_POLICIES);
    let mut said = command_line("tests/data/reviews");
    assert!(said.len() > 20, "only {} judged", said.len());
    let mut seen = 0;
    for scenario in fs::read_dir(root().join("tests/data/reviews")).unwrap() {
        let scenario = scenario.unwrap().path();
        if !scenario.is_dir() {
            continue;
        }
        for file in fs::read_dir(scenario).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            let review = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            assert_eq!(
                webhook(&guard, &review).await,
                said.remove(&name).flatten(),
                "{name}"
            );
            seen += 1;
        }
    }
    assert!(seen > 500, "only {seen} reviews");
    assert!(said.is_empty(), "only the command line judged {said:?}");
}
