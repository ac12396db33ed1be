//! The files of the library, read.

use std::collections::BTreeSet;

use firebreak::fault::Surroundings;
use firebreak::object::Object;
use firebreak::schedule::sanctioned::{KIND, Sanctioned};
use firebreak::yaml;
use serde_json::Value;

use crate::source::{source, sources};

/// Where they are.
pub(super) const FOLDER: &str = "manifests/experiments/";

/// What lies beside them.
const BESIDE: [&str; 2] = ["policy.yaml", "exemptions.yaml"];

/// The parts of an installation that an experiment can put to the test.
pub(super) const COMPONENTS: [&str; 7] = [
    "StatefulSets",
    "Services",
    "ClusterVersions",
    "Resources",
    "AntiAffinity",
    "Backups",
    "Storage",
];

/// A file of the library.
pub(super) struct Entry {
    /// Its name.
    pub(super) file: String,
    /// What it holds.
    pub(super) object: Object,
    /// What the guard is expected to say.
    pub(super) expects: Expectation,
    /// The experiment that it is; none where it is no run of firebreak.
    pub(super) sanctioned: Option<Sanctioned>,
}

/// What the guard is expected to say.
pub(super) struct Expectation {
    /// `Allow`, `AllowWithBackup`, `Exempt` or `Deny`.
    pub(super) word: String,
    /// Why, where it is denied.
    pub(super) reasons: BTreeSet<String>,
}

impl Expectation {
    fn read(text: &str) -> Self {
        let (word, reasons) = text.split_once(' ').unwrap_or((text, ""));
        let reasons = reasons.split(", ").filter(|it| !it.is_empty());
        Self {
            word: word.to_owned(),
            reasons: reasons.map(str::to_owned).collect(),
        }
    }
}

impl Entry {
    fn read(file: &str, object: Object) -> Self {
        let expects = object.annotation("firebreak.dev/expects");
        let expects = expects.unwrap_or_else(|| panic!("{file} expects nothing"));
        let expects = Expectation::read(expects);
        let run = object.reference().kind == KIND;
        let sanctioned = run.then(|| compiled(file, &object));
        Self {
            file: file.to_owned(),
            object,
            expects,
            sanctioned,
        }
    }

    fn annotated(&self, name: &str) -> Option<&str> {
        self.object.annotation(&format!("firebreak.dev/{name}"))
    }

    /// The id of its scenario.
    pub(super) fn id(&self) -> &str {
        let id = self.object.label("firebreak.dev/library");
        id.unwrap_or_else(|| panic!("{} has no id", self.file))
    }

    /// What it is aimed at: a product, `Any` or `None`.
    pub(super) fn engine(&self) -> &str {
        let engine = self.object.label("firebreak.dev/engine");
        engine.unwrap_or_else(|| panic!("{} is aimed at nothing", self.file))
    }

    /// The exemption that admits it.
    pub(super) fn exemption(&self) -> Option<&str> {
        self.annotated("exemption")
    }

    /// What it can put to the test.
    pub(super) fn components(&self) -> impl Iterator<Item = &str> {
        let listed = self.annotated("components").unwrap_or_default();
        listed.split(", ").filter(|it| !it.is_empty())
    }

    /// What is expected to hold.
    pub(super) fn hypothesis(&self) -> &str {
        match &self.sanctioned {
            Some(sanctioned) => &sanctioned.spec.hypothesis,
            None => self.annotated("hypothesis").unwrap_or_default(),
        }
    }

    /// By when it must have recovered.
    pub(super) fn deadline(&self) -> &str {
        let written = &self.object.value()["spec"]["recovery"]["deadline"];
        let written = written.as_str().or_else(|| self.annotated("deadline"));
        written.unwrap_or_default()
    }
}

fn compiled(file: &str, object: &Object) -> Sanctioned {
    Sanctioned::compile(object, Surroundings::NONE).unwrap_or_else(|wrong| {
        let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        panic!("{file}: {}", wrong.join("\n"))
    })
}

/// Every object of a file.
pub(super) fn objects(path: &str) -> Vec<Object> {
    let text = source(path).text;
    let values = yaml::read(&text, yaml::LARGEST).into_iter();
    let values = values.map(|document| document.unwrap().value);
    values
        .filter(|value| *value != Value::Null)
        .map(|value| Object::new(value).unwrap())
        .collect()
}

/// The library, in the order of `docs/experiments.md`: by database, and then by id.
pub(super) fn entries() -> Vec<Entry> {
    let files = sources(FOLDER).into_iter().map(|file| file.path);
    let names = files.filter_map(|path| path.strip_prefix(FOLDER).map(str::to_owned));
    let own = names.filter(|name| !BESIDE.contains(&name.as_str()));
    let mut all: Vec<Entry> = own
        .map(|name| {
            let mut found = objects(&format!("{FOLDER}{name}"));
            assert_eq!(found.len(), 1, "{name} holds more or less than one object");
            Entry::read(&name, found.remove(0))
        })
        .collect();
    all.sort_by_key(|entry| {
        let (letter, number) = entry.id().split_at(1);
        let place = "PCMX".find(letter);
        (place, number.to_owned())
    });
    all
}
