//! The embedded examples: a cluster, the chaos objects of its users, and what each should get.

use anyhow::{Context as _, bail, ensure};
use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::inputs::Subject;
use super::manifests::{Manifest, Reader, Reading};
use super::report::Source;
use super::vicinity::{Vicinity, database};
use crate::backup::Defaults;
use crate::object::Object;
use crate::request::{Request, User};

static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/examples");

/// The instant at which the example cluster was recorded.
pub const NOW: &str = "2026-11-21T10:00:00Z";

/// The folder of databases, which are no chaos.
const DATABASES: &str = "databases/";

/// The backup defaults that we ship.
const BACKUP_DEFAULTS: [(&str, &str); 2] = [
    (
        "policies/backup-defaults.yaml",
        include_str!("../../policies/backup-defaults.yaml"),
    ),
    (
        "policies/backup-defaults-all.yaml",
        include_str!("../../policies/backup-defaults-all.yaml"),
    ),
];

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

/// The example databases, what each should get, and what is around them.
pub struct Databases {
    /// The databases, in order of file.
    pub subjects: Vec<Subject>,
    /// What each should get, as its first line says it.
    pub expected: Vec<String>,
    /// What is around them.
    pub vicinity: Vicinity,
}

/// The example databases.
///
/// # Errors
/// When an embedded file cannot be read, or does not say what it expects.
pub fn databases() -> anyhow::Result<Databases> {
    let mut found = Databases {
        subjects: Vec::new(),
        expected: Vec::new(),
        vicinity: Vicinity::default(),
    };
    for (file, text) in files() {
        if !file.starts_with(DATABASES) {
            continue;
        }
        let expected = text.lines().next().unwrap_or_default();
        for manifest in whole(Reader::default().read_text(&file, text))? {
            found.vicinity.put(&manifest.object);
            if database(&manifest.object).is_none() {
                continue;
            }
            let expected = expected.strip_prefix("# expect: ");
            let expected = expected.with_context(|| format!("examples/{file}: no expectation"))?;
            found.expected.push(expected.to_owned());
            found.subjects.push(Subject {
                source: Source {
                    file: format!("examples/{file}"),
                    line: manifest.line,
                },
                request: Request::create(manifest.object, User::named("engineer")),
            });
        }
    }
    Ok(found)
}

/// The backup defaults that we ship, as they are written.
///
/// # Errors
/// When they cannot be read.
pub fn written_defaults() -> anyhow::Result<Vec<Object>> {
    let mut all = Vec::new();
    for (file, text) in BACKUP_DEFAULTS {
        all.extend(whole(Reader::default().read_text(file, text))?);
    }
    Ok(all.into_iter().map(|it| it.object).collect())
}

/// The backup defaults that we ship.
///
/// # Errors
/// When they cannot be used.
pub fn backup_defaults() -> anyhow::Result<Defaults> {
    Defaults::compile(&written_defaults()?).map_err(|problems| {
        let first = problems.first().map(ToString::to_string);
        anyhow::anyhow!("{}", first.unwrap_or_default())
    })
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
            let review = review(&manifest.object, &format!("example-{}", examples.len()));
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
#[must_use]
pub fn review(object: &Object, uid: &str) -> Value {
    if object.is("admission.k8s.io", "AdmissionReview") {
        return object.value().clone();
    }
    let reference = object.reference();
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": reference.group, "version": reference.version, "kind": reference.kind},
            "namespace": reference.namespace,
            "name": reference.name,
            "operation": "CREATE",
            "userInfo": {"username": "engineer", "groups": ["system:authenticated"]},
            "object": object.value(),
        }
    })
}
