//! Manifests as kubectl takes them: files, directories and standard input, lists taken apart.
//!
//! Nothing is passed over in silence. A document ends as a [`Manifest`], as a [`ReadFailure`], or,
//! in a directory only, as [`Skipped`]: something without `kind`, such as the values of a chart.
//! In what was named on the command line everything has to be an object, as for `kubectl apply`.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::files;
use crate::object::{Object, ObjectRef};
use crate::yaml::{self, Document, Position, Positions, SyntaxError};

/// One Kubernetes object and where it was written.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The file as it was named, or below the directory that was; `-` for standard input.
    pub file: String,
    /// The line it begins in, counted from 1.
    pub line: usize,
    /// The object, in the default namespace where it names none.
    pub object: Object,
    /// Where its fields stand.
    pub positions: Positions,
}

/// Something that could not be read. Whatever it was, it was not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFailure {
    /// The file.
    pub file: String,
    /// The place in the file, unless it is about the file as a whole.
    pub position: Option<Position>,
    /// What was found, and what would be accepted.
    pub message: String,
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some(position) => write!(f, "{}:{position}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for ReadFailure {}

/// A document in a directory that is no Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// The line it begins in.
    pub line: usize,
}

/// All that was found behind the arguments.
#[derive(Debug, Default)]
pub struct Reading {
    /// The objects, in the order of the arguments, of the paths, and of the text.
    pub manifests: Vec<Manifest>,
    /// API group and kind of what there is nothing of, as a list of the kind without items says.
    pub none: Vec<(String, String)>,
    /// What is no object and was not checked.
    pub skipped: Vec<Skipped>,
    /// What could not be read.
    pub failures: Vec<ReadFailure>,
}

/// How manifests are read.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// The namespace of objects that name none, unless their kind has none.
    pub namespace: &'a str,
    /// How many bytes a document may have.
    pub largest: usize,
}

impl Default for Reader<'_> {
    fn default() -> Self {
        Self {
            namespace: "default",
            largest: yaml::LARGEST,
        }
    }
}

/// Where a document was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Named,
    Directory,
}

impl Reader<'_> {
    /// Reads files, directories and, for `-`, `stdin`.
    #[must_use]
    pub fn read(&self, inputs: &[String], stdin: &mut dyn Read) -> Reading {
        let mut reading = Reading::default();
        for input in inputs {
            let path = Path::new(input);
            if input == "-" {
                let text = files::text_of(&mut *stdin);
                self.source(input, &mut reading).named(text);
            } else if path.is_dir() {
                self.directory(path, &mut reading);
            } else {
                self.source(input, &mut reading).named(files::text(path));
            }
        }
        reading
    }

    /// Reads the text of a file that was named `file`.
    #[must_use]
    pub fn read_text(&self, file: &str, text: &str) -> Reading {
        let mut reading = Reading::default();
        self.source(file, &mut reading).named(Ok(text.to_owned()));
        reading
    }

    fn directory(&self, directory: &Path, reading: &mut Reading) {
        let found = files::below(directory);
        for path in found.files {
            let file = path.display().to_string();
            self.source(&file, reading).found(files::text(&path));
        }
        for (path, error) in found.failures {
            let file = path.display().to_string();
            self.source(&file, reading).fail(None, error.to_string());
        }
    }

    fn source<'s>(&'s self, file: &'s str, reading: &'s mut Reading) -> Source<'s> {
        Source {
            file,
            reader: self,
            reading,
        }
    }
}

/// A file that is being read.
struct Source<'a> {
    file: &'a str,
    reader: &'a Reader<'a>,
    reading: &'a mut Reading,
}

impl Source<'_> {
    /// Takes the text of a file that was named: there have to be objects in it, and nothing else.
    fn named(&mut self, text: Result<String, String>) {
        if self.documents(text, Origin::Named) == 0 {
            self.fail(None, "no objects, expected at least one");
        }
    }

    /// Takes the text of a file that was found in a directory.
    fn found(&mut self, text: Result<String, String>) {
        self.documents(text, Origin::Directory);
    }

    /// Takes all documents of a text, and tells how many there are, failures among them.
    fn documents(&mut self, text: Result<String, String>, origin: Origin) -> usize {
        let text = match text {
            Ok(text) => text,
            Err(message) => {
                self.fail(None, message);
                return 1;
            }
        };
        let documents = yaml::read(&text, self.reader.largest);
        let count = documents.len();
        for document in documents {
            match document {
                Ok(document) => self.document(document, origin),
                Err(SyntaxError { position, message }) => self.fail(Some(position), message),
            }
        }
        count
    }

    fn fail(&mut self, position: Option<Position>, message: impl Into<String>) {
        self.reading.failures.push(ReadFailure {
            file: self.file.to_owned(),
            position,
            message: message.into(),
        });
    }

    /// Takes a document apart: a list may hold lists, and its items come in their order.
    fn document(&mut self, document: Document, origin: Origin) {
        let mut waiting = vec![(document.value, document.positions, origin)];
        while let Some((value, positions, origin)) = waiting.pop() {
            match listed(value) {
                Listed::Items(items) => {
                    let below = positions.below("items").map_or(&[][..], Positions::items);
                    let at = |index| below.get(index).unwrap_or(&positions).clone();
                    let items = items.into_iter().enumerate().rev();
                    // What stands in a list is meant to be an object, wherever the list was found.
                    waiting.extend(items.map(|(index, item)| (item, at(index), Origin::Named)));
                }
                Listed::Nothing(api_version, kind) => {
                    let group = api_version.split_once('/').map_or("", |(group, _)| group);
                    self.reading.none.push((group.to_owned(), kind));
                }
                Listed::Not(value) => self.object(value, positions, origin),
                Listed::Malformed => {
                    let here = positions.locate("items");
                    self.fail(Some(here), "items of a list, expected a list of objects");
                }
            }
        }
    }

    fn object(&mut self, value: Value, positions: Positions, origin: Origin) {
        let start = positions.start();
        if origin == Origin::Directory && value.get("kind").is_none() {
            self.reading.skipped.push(Skipped {
                file: self.file.to_owned(),
                line: start.line,
            });
            return;
        }
        match named(value) {
            Ok(object) => self.reading.manifests.push(Manifest {
                file: self.file.to_owned(),
                line: start.line,
                object: self.placed(object),
                positions,
            }),
            Err((field, message)) => self.fail(Some(positions.locate(&field)), message),
        }
    }

    fn placed(&self, object: Object) -> Object {
        if is_cluster_scoped(object.reference()) {
            object
        } else {
            object.in_namespace(self.reader.namespace)
        }
    }
}

/// The object a value is, or the field that keeps it from being one and why. A name that is no text
/// is most often one that YAML takes for something else, such as `n` or `007`.
fn named(value: Value) -> Result<Object, (String, String)> {
    let object = Object::new(value).map_err(|error| {
        let field = error.field.trim_start_matches('/').to_owned();
        let message = format!("{field}: {}, expected a Kubernetes object", error.problem);
        (field, message)
    })?;
    for key in ["name", "namespace"] {
        let field = object.root().get("metadata").get(key);
        let text = field.text().map(drop);
        text.map_err(|error| (error.field.clone(), error.to_string()))?;
    }
    Ok(object)
}

/// A value, if it is a list of objects its items.
enum Listed {
    Items(Vec<Value>),
    /// There is nothing of a kind.
    Nothing(String, String),
    Not(Value),
    Malformed,
}

/// The items of `List`, `PodChaosList` and so on. Items that do not name their kind are of the kind
/// the list is named for.
fn listed(mut value: Value) -> Listed {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = text("kind").unwrap_or_default();
    let Some(item_kind) = kind.strip_suffix("List") else {
        return Listed::Not(value);
    };
    let api_version = text("apiVersion");
    match value.get_mut("items").map(Value::take) {
        Some(Value::Array(mut items)) if !items.is_empty() => {
            for item in &mut items {
                name_kind(item, item_kind, api_version.as_deref());
            }
            Listed::Items(items)
        }
        Some(Value::Null | Value::Array(_)) => match api_version {
            Some(api_version) if !item_kind.is_empty() => {
                Listed::Nothing(api_version, item_kind.to_owned())
            }
            Some(_) | None => Listed::Items(Vec::new()),
        },
        None if !item_kind.is_empty() => Listed::Not(value),
        Some(_) | None => Listed::Malformed,
    }
}

fn name_kind(item: &mut Value, kind: &str, api_version: Option<&str>) {
    let (Value::Object(item), Some(api_version)) = (item, api_version) else {
        return;
    };
    if !kind.is_empty() && !item.contains_key("kind") {
        item.insert("kind".to_owned(), Value::from(kind));
        item.insert("apiVersion".to_owned(), Value::from(api_version));
    }
}

/// The kinds without a namespace that manifests here may hold: API group and its kinds. Whoever
/// is not in the table is taken to live in a namespace.
const CLUSTER_SCOPED: [(&str, &[&str]); 12] = [
    ("", &["Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("cert-manager.io", &["ClusterIssuer"]),
    ("chaos-mesh.org", &["RemoteCluster"]),
    ("chaosblade.io", &["ChaosBlade"]),
    (
        "firebreak.dev",
        &[
            "BackupDefaults",
            "BlastRadiusPolicy",
            "EmergencyStop",
            "Exemption",
        ],
    ),
    ("postgresql.cnpg.io", &["ClusterImageCatalog"]),
    (
        "rbac.authorization.k8s.io",
        &["ClusterRole", "ClusterRoleBinding"],
    ),
    ("scheduling.k8s.io", &["PriorityClass"]),
    (
        "storage.k8s.io",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
    ),
];

fn is_cluster_scoped(reference: &ObjectRef) -> bool {
    let scoped = |(group, kinds): &(&str, &[&str])| {
        *group == reference.group && kinds.contains(&reference.kind.as_str())
    };
    CLUSTER_SCOPED.iter().any(scoped)
}
