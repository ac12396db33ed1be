//! Files, directories and standard input are read as manifests, and nothing that cannot be read
//! passes for checked.

use std::fs;
use std::path::{Path, PathBuf};

use firebreak::cli::manifests::{Manifest, Reader, Reading};

use crate::yaml::POD_CHAOS;

fn read(inputs: &[&Path], stdin: &str) -> Reading {
    let inputs: Vec<String> = inputs
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    Reader::default().read(&inputs, &mut stdin.as_bytes())
}

fn names(reading: &Reading) -> Vec<String> {
    let name = |manifest: &Manifest| manifest.object.reference().name.clone();
    reading.manifests.iter().map(name).collect()
}

fn failures(reading: &Reading) -> Vec<String> {
    reading.failures.iter().map(ToString::to_string).collect()
}

/// An empty directory of this name.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("manifests")
        .join(name);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

fn object(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
}

#[test]
fn lists_are_taken_apart() {
    let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: node}
- apiVersion: chaos-mesh.org/v1alpha1
  kind: PodChaosList
  items:
  - metadata: {name: a, namespace: own}
    spec: {mode: all}
  - metadata: {name: b}
- kind: Broken
- {}
---
apiVersion: example.org/v1
kind: AllowList
metadata: {name: no-list}
---
apiVersion: v1
kind: List
items: 5
";
    let reading = read(&[Path::new("-")], text);
    assert_eq!(names(&reading), ["node", "a", "b", "no-list"]);
    let references: Vec<String> = reading
        .manifests
        .iter()
        .map(|manifest| manifest.object.reference().to_string())
        .collect();
    assert_eq!(
        references,
        [
            "Node node",
            "PodChaos own/a",
            "PodChaos default/b",
            "AllowList default/no-list"
        ]
    );
    let a = &reading.manifests[1];
    assert_eq!((a.file.as_str(), a.line), ("-", 10));
    assert_eq!(a.positions.locate("spec.mode").to_string(), "11:12");
    assert_eq!(
        a.object.reference().api_version(),
        "chaos-mesh.org/v1alpha1"
    );
    assert_eq!(
        failures(&reading),
        [
            "-:13:3: apiVersion: missing, expected a Kubernetes object",
            "-:14:3: apiVersion: missing, expected a Kubernetes object",
            "-:22:1: items of a list, expected a list of objects"
        ]
    );
}

#[test]
fn the_default_namespace_fills_what_is_absent() {
    let reader = Reader {
        namespace: "staging",
        ..Reader::default()
    };
    let reading = reader.read(&["-".to_owned()], &mut POD_CHAOS.as_bytes());
    let object = &reading.manifests[0].object;
    assert_eq!(object.reference().namespace, "staging");
    assert!(object.value()["metadata"].get("namespace").is_none());
}

#[test]
fn names_that_are_no_text_for_kubectl_are_refused() {
    let text = format!(
        "{}---\nkind: X\napiVersion: v1\nmetadata: {{namespace: 007}}",
        object("n")
    );
    assert_eq!(
        failures(&read(&[Path::new("-")], &text)),
        [
            "-:3:12: metadata.name: false, expected a string",
            "-:7:12: metadata.namespace: 7, expected a string"
        ]
    );
}

#[test]
fn a_directory_is_read_through_in_order() {
    let root = directory("in-order");
    fs::create_dir_all(root.join("b/.hidden")).unwrap();
    fs::write(
        root.join("c.json"),
        "{\"apiVersion\": \"v1\", \"kind\": \"X\"}",
    )
    .unwrap();
    fs::write(root.join("b/two.yml"), object("two")).unwrap();
    fs::write(root.join("b/.hidden/no.yaml"), object("no")).unwrap();
    fs::write(root.join(".no.yaml"), object("no")).unwrap();
    fs::write(root.join("README.md"), "no").unwrap();
    let two = format!("{}---\n{}", object("one"), object("other"));
    fs::write(root.join("a.yaml"), two).unwrap();
    fs::write(root.join("empty.yaml"), "# nothing\n").unwrap();
    fs::write(root.join("values.yaml"), "\nreplicas: 3\n").unwrap();
    fs::write(root.join("broken.yaml"), "a: [\n").unwrap();
    fs::write(root.join("latin.yaml"), b"a: 1\nb: \xff\n").unwrap();
    let reading = read(&[&root], "");
    assert_eq!(names(&reading), ["one", "other", "two", ""]);
    assert_eq!(reading.manifests[1].line, 5);
    assert_eq!(
        reading.manifests[2].file,
        root.join("b/two.yml").display().to_string()
    );
    let skipped: Vec<(String, usize)> = reading
        .skipped
        .iter()
        .map(|skipped| (skipped.file.clone(), skipped.line))
        .collect();
    assert_eq!(
        skipped,
        [(root.join("values.yaml").display().to_string(), 2)]
    );
    let failures = failures(&reading);
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(failures[0].contains("broken.yaml:1:4: "), "{failures:?}");
    assert!(failures[1].ends_with("latin.yaml: line 2 is no UTF-8, expected text in UTF-8"));
}

#[cfg(unix)]
#[test]
fn links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let root = directory("links");
    fs::create_dir_all(root.join("a")).unwrap();
    fs::write(root.join("a/one.yaml"), object("one")).unwrap();
    symlink(&root, root.join("a/loop")).unwrap();
    symlink(root.join("a"), root.join("b")).unwrap();
    symlink(root.join("a/one.yaml"), root.join("linked.yaml")).unwrap();
    symlink(root.join("nowhere"), root.join("broken.yaml")).unwrap();
    let reading = read(&[&root], "");
    assert_eq!(names(&reading), ["one", "one"]);
    assert_eq!(failures(&reading).len(), 1);
}

#[test]
fn in_what_was_named_everything_has_to_be_an_object() {
    let root = directory("named");
    let values = root.join("values.yaml");
    let mixed = root.join("mixed.txt");
    let empty = root.join("empty.yaml");
    fs::write(&values, "replicas: 3\n").unwrap();
    fs::write(&mixed, format!("{}---\nspec: 1\n", object("one"))).unwrap();
    fs::write(&empty, "---\n# nothing\n").unwrap();
    let missing = root.join("missing.yaml");
    let reading = read(&[&values, &mixed, &empty, &missing], "");
    assert_eq!(names(&reading), ["one"]);
    assert!(reading.skipped.is_empty());
    let failures = failures(&reading);
    assert_eq!(failures.len(), 4, "{failures:?}");
    assert!(
        failures[0].ends_with("values.yaml:1:1: apiVersion: missing, expected a Kubernetes object")
    );
    assert!(failures[1].contains("mixed.txt:5:1: apiVersion: missing"));
    assert!(failures[2].ends_with("empty.yaml: no objects, expected at least one"));
    assert!(failures[3].contains("missing.yaml: No such file"));
}

#[test]
fn every_foreign_sample_is_read_or_refused_for_a_reason() {
    let upstream = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream");
    if !upstream.exists() {
        println!("skipped: ../shared/upstream is not here");
        return;
    }
    let known = [
        "written twice in one map",
        "expected deeper indentation than its key has",
    ];
    for folder in ["chaos-mesh", "litmus", "argo", "cloudnative-pg"] {
        let reading = read(&[&upstream.join(folder)], "");
        assert!(!reading.manifests.is_empty(), "{folder}");
        let unknown = |failure: &String| !known.iter().any(|known| failure.contains(known));
        let unknown: Vec<String> = failures(&reading).into_iter().filter(unknown).collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
    }
}
