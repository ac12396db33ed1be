//! Manifests of the tools themselves, where they are at hand: each is read without an error, but
//! for those that the tool itself would refuse.

use std::path::{Path, PathBuf};

use firebreak::fault::{self, Surroundings};
use firebreak::object::Object;
use firebreak::yaml;

/// A document that may not be read: a part of its path, and why.
type Refused = (&'static str, &'static str);

/// The manifests of `tool`; `None` where they are not at hand.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn manifests(tool: &str) -> Option<Vec<(PathBuf, Object)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream");
    let directory = root.join(tool);
    if !directory.is_dir() {
        println!("skipped: ../shared/upstream is not here");
        return None;
    }
    let files = files(&directory).into_iter().filter(|path| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml" | "json"))
    });
    Some(files.flat_map(|path| objects(&path)).collect())
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let found = |path: PathBuf| {
        if path.is_dir() {
            files(&path)
        } else {
            vec![path]
        }
    };
    paths.into_iter().flat_map(found).collect()
}

fn objects(path: &Path) -> Vec<(PathBuf, Object)> {
    let text = std::fs::read_to_string(path).unwrap();
    let documents = yaml::read(&text, yaml::LARGEST).into_iter();
    let values = documents.map(|document| {
        let error = |error| panic!("{}: {error:?}", path.display());
        document.unwrap_or_else(error).value
    });
    let objects = values.filter_map(|value| Object::new(value).ok());
    objects
        .map(|object| (path.to_owned(), object.in_namespace("default")))
        .collect()
}

/// Reads every chaos object of a tool; the number that was read.
fn read_all(tool: &str, refused: &[Refused]) -> Option<usize> {
    let mut read = 0;
    for (path, object) in manifests(tool)? {
        let path = path.display().to_string();
        let why = refused.iter().find(|(part, _)| path.contains(part));
        match (fault::read(&object, Surroundings::NONE), why) {
            (Ok(Some(_)), None) => read += 1,
            (Ok(None), None) | (Err(_), Some(_)) => {}
            (Err(error), None) => panic!("{path}: {error}"),
            (Ok(_), Some((_, why))) => panic!("{path} can be read, although {why}"),
        }
    }
    Some(read)
}

#[test]
fn every_example_of_chaos_mesh_is_read() {
    if let Some(read) = read_all("chaos-mesh/examples", &[]) {
        assert!(read >= 28, "{read}");
    }
}

const UNTARGETED: &str = "its author left the target empty";

/// The published engines that name no target: Litmus refuses to run them too.
const WITHOUT_TARGET: &[Refused] = &[
    ("engines/disk-fill.yaml", UNTARGETED),
    ("engines/pod-", UNTARGETED),
    ("engines/spring-boot-", UNTARGETED),
];

#[test]
fn every_engine_of_litmus_is_read_or_lacks_a_target() {
    if let Some(read) = read_all("litmus/engines", WITHOUT_TARGET) {
        assert!(read >= 15, "{read}");
    }
}

#[test]
fn every_engine_of_litmus_is_read_once_it_has_a_target() {
    let mut read = 0;
    for (path, object) in manifests("litmus/engines").unwrap_or_default() {
        let mut value = object.value().clone();
        if let Some(spec) = value.pointer_mut("/spec") {
            spec["appinfo"] = serde_json::json!({
                "appns": "db", "applabel": "app=pg", "appkind": "statefulset"
            });
        }
        let engine = Object::new(value).unwrap();
        let answer = fault::read(&engine, Surroundings::NONE)
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(answer.is_some(), "{}", path.display());
        read += 1;
    }
    assert!(read == 0 || read > 30, "{read}");
}

#[test]
fn the_experiments_of_litmus_inject_nothing_by_themselves() {
    for (path, object) in manifests("litmus/experiments").unwrap_or_default() {
        let experiment = fault::read(&object, Surroundings::NONE).unwrap().unwrap();
        assert!(experiment.faults.is_empty(), "{}", path.display());
    }
}
