//! The embedded examples: a cluster, the chaos objects of its users, and what each should get.

use anyhow::{Context as _, bail, ensure};
use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::manifests::{Manifest, Reader, Reading};
use crate::object::Object;

static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples");

/// The instant at which the example cluster was recorded.
pub const NOW: &str = "2026-11-21T10:00:00Z";

/// The folder of databases, which are no chaos.
const DATABASES: &str = "databases/";

/// One example: what is sent, and what should come back.
pub struct Example {
    /// Its file, below `examples/`.
    pub file: String,
    /// The AdmissionReview that is sent.
    pub review: Value,
    /// What should come back.
    pub expected: Expectation,
}

/// The first line of an example: a decision, and reasons that must be among those given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The decision.
    pub decision: String,
    /// The reasons.
    pub reasons: Vec<String>,
}

/// The instant at which the example cluster was recorded.
#[must_use]
pub fn now() -> Timestamp {
    NOW.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The embedded example cluster.
///
/// # Errors
/// When an embedded file cannot be read.
pub fn world() -> anyhow::Result<Vec<Manifest>> {
    let mut all = Vec::new();
    for (file, text) in files() {
        if file.starts_with("world/") {
            all.extend(whole(Reader::default().read_text(&file, text))?);
        }
    }
    Ok(all)
}

/// Every embedded YAML file, sorted by path.
fn files() -> Vec<(String, &'static str)> {
    let mut files = Vec::new();
    let mut folders = vec![&EXAMPLES];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let path = file.path().to_string_lossy().replace('\\', "/");
            if let (true, Some(text)) = (is_yaml(file.path()), file.contents_utf8()) {
                files.push((path, text));
            }
        }
    }
    files.sort();
    files
}

fn is_yaml(path: &std::path::Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "yaml")
}

/// All that was read, if everything was.
///
/// # Errors
/// With the first thing that could not be read.
pub fn whole(reading: Reading) -> anyhow::Result<Vec<Manifest>> {
    match reading.failures.first() {
        Some(failure) => bail!("an embedded example cannot be read: {failure}"),
        None => Ok(reading.manifests),
    }
}

/// Every example, in order of its file.
///
/// # Errors
/// When an embedded file cannot be read, or does not say what it expects.
pub fn examples() -> anyhow::Result<Vec<Example>> {
    let mut examples = Vec::new();
    for (file, text) in files() {
        if file.starts_with("world/") || file.starts_with(DATABASES) {
            continue;
        }
        let expected = expectation(text).with_context(|| format!("examples/{file}"))?;
        for manifest in whole(Reader::default().read_text(&file, text))? {
            let review = review(&manifest.object, examples.len());
            examples.push(Example {
                file: file.clone(),
                review,
                expected: expected.clone(),
            });
        }
    }
    Ok(examples)
}

/// Reads `# expect: Deny ReasonA, ReasonB`, the first line of every example.
///
/// # Errors
/// When the first line is something else.
pub fn expectation(text: &str) -> anyhow::Result<Expectation> {
    let line = text.lines().next().unwrap_or_default();
    let expected = line
        .strip_prefix("# expect: ")
        .context("the first line must be `# expect: …`")?;
    let (decision, reasons) = expected
        .trim()
        .split_once(' ')
        .unwrap_or((expected.trim(), ""));
    ensure!(
        matches!(decision, "Allow" | "Warn" | "Deny"),
        "\"{decision}\" is no decision"
    );
    let reasons = reasons
        .split(',')
        .map(str::trim)
        .filter(|reason| !reason.is_empty());
    Ok(Expectation {
        decision: decision.to_owned(),
        reasons: reasons.map(str::to_owned).collect(),
    })
}

/// The review that the API server would send for the creation of an object.
fn review(object: &Object, number: usize) -> Value {
    if object.is("admission.k8s.io", "AdmissionReview") {
        return object.value().clone();
    }
    let reference = object.reference();
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": format!("example-{number}"),
            "kind": {"group": reference.group, "version": reference.version, "kind": reference.kind},
            "namespace": reference.namespace,
            "name": reference.name,
            "operation": "CREATE",
            "userInfo": {"username": "engineer", "groups": ["system:authenticated"]},
            "object": object.value(),
        }
    })
}
