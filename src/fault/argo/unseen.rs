//! What a workflow of chaos applies, and what lies where nobody can see it.

use serde_json::Value;

use super::commands::{applies, url};
use super::piece::Piece;

/// Where an artifact comes from that does not stand in the workflow.
const ELSEWHERE: &[&str] = &[
    "artifactory",
    "azure",
    "from",
    "fromExpression",
    "gcs",
    "git",
    "hdfs",
    "http",
    "oss",
    "s3",
];

/// The methods that only look.
const LOOKING: &[&str] = &["", "GET", "HEAD", "OPTIONS"];

/// Places in a piece that hide what is applied, and why.
pub(super) fn unseen(piece: &Piece) -> Vec<(String, String)> {
    let (path, template) = (&piece.path, &piece.content);
    let mut found = Vec::new();
    let from = template.pointer("/resource/manifestFrom/artifact");
    if from.is_some_and(|artifact| artifact.pointer("/raw/data").is_none()) {
        let what = "this manifest is fetched when the workflow runs";
        found.push((format!("{path}.resource.manifestFrom"), what.to_owned()));
    }
    let artifacts = template
        .pointer("/inputs/artifacts")
        .and_then(Value::as_array);
    for (index, artifact) in artifacts.into_iter().flatten().enumerate() {
        let key = ELSEWHERE.iter().find(|key| artifact.get(**key).is_some());
        if let (Some(key), true) = (key, applies(template)) {
            let place = format!("{path}.inputs.artifacts[{index}].{key}");
            let what = "what this step applies is fetched when the workflow runs";
            found.push((place, what.to_owned()));
        }
    }
    if let Some(url) = url(template) {
        let what = format!("what lies at {url} cannot be seen");
        found.push((path.clone(), what));
    }
    found.extend(request(template).map(|what| (format!("{path}.http"), what)));
    let end = |(place, what)| {
        (
            place,
            format!("{what}; the chaos in it is judged when it is created"),
        )
    };
    found.into_iter().map(end).collect()
}

/// A request that changes something in a cluster.
fn request(template: &Value) -> Option<String> {
    let http = template.get("http")?;
    let text = |key: &str| http.get(key).and_then(Value::as_str).unwrap_or_default();
    let (method, url) = (text("method").to_ascii_uppercase(), text("url"));
    let changes = url.contains("kubernetes") && !LOOKING.contains(&method.as_str());
    changes.then(|| format!("what {method} {url} changes cannot be told"))
}
