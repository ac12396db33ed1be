//! The command line reads a real cluster with the rights for it that are shipped, and writes nothing.

use std::fs;
use std::path::Path;
use std::process::Command;

use firebreak::cli::examples;
use serde_json::Value;

use crate::bed::audit::VIEWER;
use crate::bed::{Bed, until};
use crate::playground::example_world;

const BINDING: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: viewer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: firebreak-viewer}
subjects: [{kind: ServiceAccount, name: viewer, namespace: firebreak}]
";

/// What a call of the program ended with.
fn firebreak(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firebreak"));
    let command = command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// File, decision and reasons of every verdict on the examples, in a cluster.
fn verdicts(cluster: &[&str]) -> Vec<Value> {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap();
    let folders = folders.map(|it| it.unwrap().path());
    let mut folders: Vec<String> = folders
        .filter(|it| it.is_dir() && !it.ends_with("world"))
        .map(|it| it.display().to_string())
        .collect();
    folders.sort();
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let check = ["check", "--format=json", "--now", examples::NOW];
    let who = ["--as", "engineer", "--as-group", "system:authenticated"];
    let (_, out, err) = firebreak(&[&check[..], &who, cluster, &folders].concat());
    assert_eq!(err, "");
    let report: Value = serde_json::from_str(&out).unwrap();
    let results = report["results"].as_array().unwrap().clone();
    assert!(results.len() > 60, "only {}", results.len());
    results
}

pub(crate) fn who_may_only_look_gets_verdicts_and_a_snapshot_and_writes_nothing(bed: &Bed) {
    bed.define_kinds();
    bed.load(&example_world());
    let account = bed.account("firebreak", "viewer").to_string();
    let rights = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/rbac.yaml");
    bed.apply(fs::read_to_string(rights).unwrap());
    bed.apply(BINDING);
    until("the viewer may read", || {
        let ask = ["auth", "can-i", "list", "pods", "--all-namespaces"];
        let ended = bed.kubectl(&ask).by(VIEWER).run();
        if ended.code == Some(0) {
            Ok(())
        } else {
            Err(ended.told())
        }
    });
    let file = |name: &str| bed.folder().join(name).display().to_string();
    let (kubeconfig, world) = (file("viewer.kubeconfig"), file("snapshot"));
    fs::write(&kubeconfig, account).unwrap();
    let live = ["--kubeconfig", &kubeconfig, "--context", "bed"];
    let (code, out, err) = firebreak(&[&["snapshot", "-o", &world][..], &live].concat());
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("pods.yaml: "), "{out}");
    let seen = verdicts(&live);
    assert_eq!(seen, verdicts(&["--world", &world]));
    let decided = |word: &str| seen.iter().filter(|it| it["decision"] == word).count();
    assert!(decided("Allow") > 5 && decided("Deny") > 20, "{seen:?}");
    others(bed, &world);
    let asked = bed.asked();
    let asked: Vec<_> = asked.iter().filter(|it| it.by == VIEWER).collect();
    assert!(asked.len() > 50, "only {} requests", asked.len());
    for it in asked {
        assert!(
            !it.writes() && it.resource != "secrets",
            "{} {}",
            it.verb,
            it.resource
        );
        assert!(!it.forbidden, "{} {} is not granted", it.verb, it.resource);
    }
    bed.kubectl(&["delete", "clusterrolebinding", "viewer"])
        .succeeds();
    bed.forget("firebreak");
    bed.forget_world(&example_world());
}

/// An administrator reads as somebody else, who may or may not.
fn others(bed: &Bed, world: &str) {
    let admin = bed.kubeconfig().display().to_string();
    let one = "examples/allowed/api-pod-kill.yaml";
    let check = ["check", one, "--kubeconfig", &admin, "--now", examples::NOW];
    let (code, out, err) = firebreak(&[&check[..], &["--read-as", VIEWER]].concat());
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let nobody = [
        "--read-as",
        "nobody",
        "--read-as-group",
        "system:authenticated",
    ];
    let (code, out, err) = firebreak(&[&check[..], &nobody].concat());
    assert_eq!(code, Some(1), "{out}{err}");
    let unknown = "the right to list blastradiuspolicies.firebreak.dev is missing";
    assert!(out.contains(unknown), "{out}");
    assert!(
        err.contains("the right to list pods is missing: pods is forbidden: User \"nobody\""),
        "{err}"
    );
    let snapshot = [
        "snapshot",
        "--kubeconfig",
        &admin,
        "-o",
        &format!("{world}-of-nobody"),
    ];
    let (code, out, err) = firebreak(&[&snapshot[..], &nobody].concat());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("nothing was written"), "{err}");
}
