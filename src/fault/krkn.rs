//! krkn, which takes its scenarios from files in its own image: the API server sees what they do,
//! not what they say. Scenarios in ConfigMaps are not read; the program may have others.

use super::workload::{experiment, running};
use super::{Fault, Reading, Surroundings, Tool, Unreadable};
use crate::object::{Field, Object};

/// The names of its images, without registry and tag.
const IMAGES: &[&str] = &[
    "krkn",
    "krkn-hub",
    "kraken",
    "kraken-hub",
    "krkn-ai",
    "krknctl",
];

/// Its programs, as a command may call them.
const PROGRAMS: &[&str] = &["run_kraken.py", "krknctl"];

/// The kinds of its operator that run scenarios.
const RUNS: &[&str] = &["KrknAIRun", "KrknGraphRun", "KrknScenarioRun"];

/// The kinds of its operator that run nothing.
const HARMLESS: &[&str] = &[
    "KrknCategory",
    "KrknFileType",
    "KrknOperatorTarget",
    "KrknOperatorTargetProvider",
    "KrknOperatorTargetProviderConfig",
    "KrknTarget",
    "KrknTargetRequest",
    "KrknUser",
    "KrknUserGroup",
];

const UNTOLD: &str = "krkn takes its scenarios from its own files, so that what it does, and to \
    whom, cannot be told from the object";

/// Reads what runs in the pods of a workload.
pub(super) fn read(object: &Object, _: &Surroundings) -> Reading {
    let Some(template) = running(object) else {
        return Ok(None);
    };
    let mut faults = Vec::new();
    for list in ["initContainers", "containers"] {
        for container in template.get("spec").get(list).items()? {
            if runs_krkn(&container) {
                faults.push(Fault::untold(container.path(), UNTOLD));
            }
        }
    }
    Ok((!faults.is_empty()).then(|| experiment(object, Tool::Krkn, faults)))
}

/// Reads an object of its operator.
pub(super) fn read_object(object: &Object) -> Reading {
    let kind = object.reference().kind.as_str();
    if HARMLESS.contains(&kind) {
        return Ok(None);
    }
    if !RUNS.contains(&kind) {
        let found = format!("\"{kind}\" of krkn's operator");
        let accepted = format!("one of {}", RUNS.join(", "));
        return Err(Unreadable::new("kind", found, accepted));
    }
    let faults = vec![Fault::untold("spec", UNTOLD)];
    Ok(Some(experiment(object, Tool::Krkn, faults)))
}

fn runs_krkn(container: &Field<'_>) -> bool {
    let words = ["command", "args"].map(|list| container.get(list).texts().ok().flatten());
    let mut words = words.into_iter().flatten().flatten();
    let calls = |text: &str| {
        let mut words = text.split_whitespace();
        words.any(|word| PROGRAMS.contains(&word.rsplit('/').next().unwrap_or_default()))
    };
    IMAGES.contains(&super::workload::image(container)) || words.any(|word| calls(&word))
}
