//! ChaosExperiment, as engines find it: which fault its image runs, and with which variables.
//!
//! The name of an experiment is not the fault. It names the ChaosExperiment of the engine's
//! namespace, whose arguments name the fault, and whose image says what is run at all.

use super::shell::{fault_image, image_parts};
use crate::fault::{Surroundings, Unreadable};
use crate::object::{Field, Object};

/// The kind that engines name.
const KIND: (&str, &str) = ("litmuschaos.io", "ChaosExperiment");

/// What the program runs where its arguments name nothing.
const DEFAULT_FAULT: &str = "pod-delete";

/// The words of which the commands of published definitions are made, beside the fault's name.
const COMMAND_WORDS: &[&str] = &[
    "-c",
    "-u",
    "./experiments",
    "/bin/bash",
    "/bin/sh",
    "bash",
    "experiment",
    "python3",
    "sh",
];

/// What is known of the definition that a name stands for.
pub(super) enum Defined<'a> {
    /// No definition is in view at all, so that this one may be any.
    Unseen,
    /// There are definitions, and not this one.
    Missing,
    /// This one.
    By(Definition<'a>),
}

/// A definition.
pub(super) struct Definition<'a> {
    spec: Field<'a>,
}

/// What a definition runs.
pub(super) enum Program<'a> {
    /// The fault of this name.
    Fault(&'a str),
    /// Commands that no published definition has.
    Commands,
}

impl<'a> Defined<'a> {
    /// The definition that engines of `namespace` know by this name.
    pub(super) fn find(surroundings: &'a Surroundings, namespace: &str, name: &str) -> Self {
        match surroundings.find(KIND, namespace, name) {
            Some(object) => Self::By(Definition {
                spec: elsewhere(object).get("definition"),
            }),
            None if surroundings.knows(KIND) => Self::Missing,
            None => Self::Unseen,
        }
    }
}

impl<'a> Definition<'a> {
    /// The definition that is judged itself.
    pub(super) fn own(object: &'a Object) -> Self {
        let spec = object.spec().get("definition");
        Self { spec }
    }

    /// The list of its variables.
    pub(super) fn env(&self) -> Field<'a> {
        self.spec.get("env")
    }

    /// The field of its image.
    pub(super) fn image(&self) -> Field<'a> {
        self.spec.get("image")
    }

    /// The field of its arguments.
    pub(super) fn args(&self) -> Field<'a> {
        self.spec.get("args")
    }

    /// What it runs. Of several names the last counts.
    pub(super) fn program(&self) -> Result<Program<'a>, Unreadable> {
        let mut words = Vec::new();
        for list in [self.spec.get("command"), self.args()] {
            for item in list.items()? {
                words.extend(item.required_text()?.split_whitespace());
            }
        }
        let mut named = DEFAULT_FAULT;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let flag = word.trim_start_matches('-');
            match flag.strip_prefix("name") {
                Some("") if flag != word => named = words.next().unwrap_or_default(),
                Some(rest) if flag != word && rest.starts_with('=') => {
                    named = rest.trim_start_matches('=');
                }
                _ if COMMAND_WORDS.contains(&word) => {}
                _ => return Ok(Program::Commands),
            }
        }
        Ok(Program::Fault(named))
    }

    /// The image, where it is one that holds faults of Litmus.
    pub(super) fn faults(&self) -> Result<Option<&'a str>, Unreadable> {
        let image = self.image().text()?.unwrap_or_default();
        Ok(fault_image(image).then_some(image))
    }
}

/// The spec of an object beside the one that is judged; paths say which.
pub(super) fn elsewhere(object: &Object) -> Field<'_> {
    let none = &serde_json::Value::Null;
    let spec = object.value().get("spec").unwrap_or(none);
    Field::at(format!("{}: spec", object.reference()), spec)
}

/// Whether an image may hold faults from before 3.0, which asked no target for its kind. Tags that
/// move along have been at 3 for years; what says nothing may be anything.
pub(super) fn may_be_old(image: &str) -> bool {
    const MOVING: [&str; 2] = ["latest", "ci"];
    const FIRST: u32 = 3;
    let Some(tag) = image_parts(image).1.filter(|tag| !MOVING.contains(tag)) else {
        return false;
    };
    let major = tag
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    major.is_none_or(|major| major < FIRST)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn runs(command: &Value, args: &Value) -> Option<String> {
        let object = Object::new(json!({
            "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosExperiment",
            "metadata": {"name": "x", "namespace": "db"},
            "spec": {"definition": {"command": command, "args": args}}
        }))
        .unwrap();
        match Definition::own(&object).program().unwrap() {
            Program::Fault(name) => Some(name.to_owned()),
            Program::Commands => None,
        }
    }

    #[test]
    fn the_arguments_name_the_fault() {
        let bash = json!(["/bin/bash"]);
        let named = |text: &str| runs(&bash, &json!(["-c", text]));
        assert_eq!(
            named("./experiments -name node-drain").as_deref(),
            Some("node-drain")
        );
        assert_eq!(
            named("./experiments --name=disk-fill").as_deref(),
            Some("disk-fill")
        );
        assert_eq!(named("./experiments").as_deref(), Some("pod-delete"));
        assert_eq!(named("./experiments -name").as_deref(), Some(""));
        assert_eq!(named("./experiments -name pod-delete; reboot"), None);
        assert_eq!(named("kubectl delete pod pg-0"), None);
        let bare = runs(&json!([]), &json!(["./experiments", "-name", "pod-delete"]));
        assert_eq!(bare.as_deref(), Some("pod-delete"));
    }

    #[test]
    fn a_tag_tells_the_version() {
        for old in [
            "go-runner:2.14.0",
            "go-runner:1.13.8",
            "x/go-runner:mine",
            "go-runner@sha256:0",
        ] {
            assert!(may_be_old(old), "{old}");
        }
        for new in [
            "go-runner:3.0.0",
            "go-runner:3.31.0@sha256:0",
            "go-runner:latest",
            "go-runner",
        ] {
            assert!(!may_be_old(new), "{new}");
        }
    }
}
