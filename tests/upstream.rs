//! Manifests of the tools themselves, where they are at hand: each is read without an error, but
//! for those that the tool itself would refuse.

use std::path::{Path, PathBuf};

use firebreak::fault::{self, Lifetime, Surroundings};
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

/// Files of which a document cannot be read, and why.
const REFUSED: &[Refused] = &[(
    "portal_2a_litmus_crds.yaml",
    "a quoted text goes on in this line, expected deeper indentation than its key has",
)];

fn objects(path: &Path) -> Vec<(PathBuf, Object)> {
    let text = std::fs::read_to_string(path).unwrap();
    let refused = REFUSED.iter().find(|(file, _)| path.ends_with(file));
    let documents = yaml::read(&text, yaml::LARGEST).into_iter();
    let values = documents.filter_map(|document| match (document, refused) {
        (Ok(document), _) => Some(document.value),
        (Err(error), Some((_, why))) if error.message == *why => None,
        (Err(error), _) => panic!("{}: {error:?}", path.display()),
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

#[test]
fn what_the_tools_bring_along_is_no_chaos() {
    let argo = manifests("argo").unwrap_or_default().into_iter();
    for (path, object) in argo.chain(manifests("litmus/crds").unwrap_or_default()) {
        let read = fault::read(&object, Surroundings::NONE);
        assert_eq!(read, Ok(None), "{}", path.display());
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
fn the_experiments_of_litmus_inject_nothing_by_themselves_and_none_is_refused() {
    for (path, object) in manifests("litmus/experiments").unwrap_or_default() {
        let experiment = fault::read(&object, Surroundings::NONE).unwrap().unwrap();
        assert!(experiment.faults.is_empty(), "{}", path.display());
        let refusals = &experiment.refusals;
        assert!(refusals.is_empty(), "{}: {refusals:?}", path.display());
    }
}

#[test]
fn every_engine_of_litmus_is_read_by_the_published_definitions() {
    let definitions = manifests("litmus/experiments").unwrap_or_default();
    let definitions: Vec<Object> = definitions.into_iter().map(|(_, it)| it).collect();
    let around = Surroundings::of(&definitions);
    for (path, object) in manifests("litmus/engines").unwrap_or_default() {
        let path = path.display().to_string();
        let mut value = object.value().clone();
        value["metadata"]["namespace"] = "default".into();
        value["spec"]["appinfo"] = serde_json::json!({
            "appns": "db", "applabel": "app=pg", "appkind": "statefulset"
        });
        let read = fault::read(&Object::new(value).unwrap(), &around).unwrap();
        let refusals = read.unwrap().refusals;
        assert!(refusals.is_empty(), "{path}: {refusals:?}");
    }
}

/// The published faults, and how many seconds their programs take where nothing says so.
const PUBLISHED: &[(&str, u64)] = &[
    ("aws-az-chaos", 30),
    ("aws-ssm-chaos-by-id", 60),
    ("aws-ssm-chaos-by-tag", 60),
    ("azure-disk-loss", 30),
    ("azure-instance-stop", 30),
    ("container-kill", 20),
    ("disk-fill", 60),
    ("docker-service-kill", 90),
    ("ebs-loss-by-id", 30),
    ("ebs-loss-by-tag", 30),
    ("ec2-stop-by-id", 30),
    ("ec2-stop-by-tag", 30),
    ("gcp-vm-disk-loss", 30),
    ("gcp-vm-disk-loss-by-label", 30),
    ("gcp-vm-instance-stop", 30),
    ("gcp-vm-instance-stop-by-label", 30),
    ("k6-loadgen", 30),
    ("kubelet-service-kill", 90),
    ("node-cpu-hog", 30),
    ("node-drain", 60),
    ("node-io-stress", 120),
    ("node-memory-hog", 60),
    ("node-poweroff", 30),
    ("node-restart", 30),
    ("node-taint", 60),
    ("pod-autoscaler", 60),
    ("pod-cpu-hog", 60),
    ("pod-cpu-hog-exec", 60),
    ("pod-delete", 30),
    ("pod-dns-error", 60),
    ("pod-dns-spoof", 60),
    ("pod-http-latency", 60),
    ("pod-http-modify-body", 60),
    ("pod-http-modify-header", 60),
    ("pod-http-reset-peer", 60),
    ("pod-http-status-code", 60),
    ("pod-io-stress", 120),
    ("pod-memory-hog", 60),
    ("pod-memory-hog-exec", 30),
    ("pod-network-corruption", 60),
    ("pod-network-duplication", 60),
    ("pod-network-latency", 60),
    ("pod-network-loss", 60),
    ("pod-network-partition", 30),
    ("pod-network-rate-limit", 60),
    ("rds-instance-stop", 30),
    ("spring-boot-app-kill", 30),
    ("spring-boot-cpu-stress", 30),
    ("spring-boot-exceptions", 30),
    ("spring-boot-faults", 30),
    ("spring-boot-latency", 30),
    ("spring-boot-memory-stress", 30),
    ("vmware-vm-poweroff", 30),
];

/// An engine that says nothing but whom it hits.
fn silent_engine(name: &str) -> Object {
    let env = serde_json::json!([{"name": "TARGET_PODS", "value": "pg-0"}]);
    Object::new(serde_json::json!({
        "apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine",
        "metadata": {"name": "x", "namespace": "default"},
        "spec": {
            "appinfo": {"appns": "db", "applabel": "app=pg", "appkind": "statefulset"},
            "experiments": [{"name": name, "spec": {"components": {"env": env}}}]
        }
    }))
    .unwrap()
}

fn seconds(name: &str, around: &Surroundings) -> Option<u64> {
    let read = fault::read(&silent_engine(name), around);
    let read = read.unwrap_or_else(|error| panic!("{name}: {error}"));
    match read.unwrap().faults[0].lifetime {
        Lifetime::For(duration) => Some(duration.as_secs()),
        Lifetime::Forever => None,
        Lifetime::Instant | Lifetime::Never => panic!("{name}"),
    }
}

#[test]
fn the_hub_of_litmus_is_our_table() {
    let Some(definitions) = manifests("litmus/experiments") else {
        return;
    };
    let mut names: Vec<String> = Vec::new();
    for (_, definition) in &definitions {
        let name = definition.reference().name.as_str();
        let program = PUBLISHED.iter().find(|(published, _)| *published == name);
        let (_, program) = program.unwrap_or_else(|| panic!("{name} has no row"));
        let env = definition.spec().get("definition").get("env");
        let set = env.items().unwrap().into_iter().find_map(|item| {
            let is_it = item.get("name").text() == Ok(Some("TOTAL_CHAOS_DURATION"));
            let value = item.get("value").text().ok()??;
            is_it.then(|| value.parse::<u64>().unwrap())
        });
        let stretch = if name == "node-drain" { 2 } else { 1 };
        let ends = name != "node-poweroff";
        let alone = set.unwrap_or(*program).max(*program) * stretch;
        assert_eq!(
            seconds(name, Surroundings::NONE),
            ends.then_some(alone),
            "{name} alone"
        );
        let around = Surroundings::of(std::slice::from_ref(definition));
        let defined = set.unwrap_or(*program) * stretch;
        assert_eq!(seconds(name, &around), ends.then_some(defined), "{name}");
        names.push(name.to_owned());
    }
    names.sort();
    let published: Vec<&str> = PUBLISHED.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, published);
}
