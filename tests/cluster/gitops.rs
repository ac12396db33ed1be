//! Databases as tools keep applying them: what was added stays, and nothing flaps.
//!
//! Each way of writing is repeated many times with what an author has in their repository, which knows
//! nothing of backups.

use serde_json::{Value, json};

use crate::backups_around::{ADDED, Given, PLACE, bare};
use crate::bed::{Bed, Ended};
use crate::installation;

/// How often each way is repeated.
const ROUNDS: usize = 20;

/// A way to write a database again and again.
type Way = (&'static str, fn(&Bed, &Value, usize) -> Ended);

const WAYS: &[Way] = &[
    ("client-side apply", |bed, object, _| {
        send(bed, &["apply"], object)
    }),
    ("server-side apply by two", |bed, object, round| {
        let manager = ["--field-manager=flux", "--field-manager=argo"][round % 2];
        send(bed, &["apply", "--server-side", manager], object)
    }),
    ("replace", |bed, object, _| send(bed, &["replace"], object)),
    ("JSON patch", |bed, object, _| {
        let patch = json!([{"op": "add", "path": "/spec", "value": object["spec"]}]);
        patched(bed, "json", object, &patch)
    }),
    ("merge patch", |bed, object, _| {
        patched(bed, "merge", object, &json!({"spec": object["spec"]}))
    }),
];

fn send(bed: &Bed, words: &[&str], object: &Value) -> Ended {
    let words = [words, &["-f", "-"]].concat();
    bed.kubectl(&words).input(object.to_string()).run()
}

fn patched(bed: &Bed, kind: &str, object: &Value, patch: &Value) -> Ended {
    let (place, kind) = (format!("--namespace={PLACE}"), format!("--type={kind}"));
    let patch = patch.to_string();
    let of = resource(object);
    let name = object["metadata"]["name"].as_str().unwrap();
    bed.kubectl(&["patch", &of, name, &place, &kind, "--patch", &patch])
        .run()
}

/// A kind and its group, as kubectl takes them.
fn resource(object: &Value) -> String {
    let api = object["apiVersion"].as_str().unwrap();
    let (group, version) = api.split_once('/').unwrap();
    format!("{}.{version}.{group}", object["kind"].as_str().unwrap())
}

/// Kinds of which one is given a section, one a list, and one a reference.
const KINDS: [&str; 3] = ["PerconaXtraDBCluster", "Cluster", "MariaDB"];

fn stored(bed: &Bed, object: &Value) -> Value {
    let name = object["metadata"]["name"].as_str().unwrap();
    let place = format!("--namespace={PLACE}");
    let get = ["get", &resource(object), name, &place];
    bed.kubectl(&get).json()
}

fn remove(bed: &Bed, object: &Value) {
    let name = object["metadata"]["name"].as_str().unwrap();
    let place = format!("--namespace={PLACE}");
    bed.kubectl(&["delete", &resource(object), name, &place])
        .succeeds();
}

/// That an object is as it was when it was first given backups.
fn is_same(what: &str, before: &Value, after: &Value) {
    assert_eq!(after["spec"], before["spec"], "{what}");
    for key in ["generation", "uid"] {
        assert_eq!(after["metadata"][key], before["metadata"][key], "{what}");
    }
}

pub(crate) fn backups_stay_whoever_writes_the_database(bed: &Bed) {
    let given = Given::start(bed);
    println!("kind | way | rounds | generation");
    for object in KINDS.map(|kind| bare(kind, "cluster1")) {
        for (way, write) in WAYS {
            let what = format!("{} by {way}", object["kind"]);
            let begin = if *way == "client-side apply" {
                "apply"
            } else {
                "create"
            };
            let ended = match *way {
                "server-side apply by two" => write(bed, &object, 0),
                _ => send(bed, &[begin], &object),
            };
            assert_eq!(ended.code, Some(0), "{what}: {}", ended.told());
            let before = stored(bed, &object);
            let noted = before["metadata"]["annotations"][ADDED].is_string();
            assert!(noted, "{what}: {before}");
            for round in 0..ROUNDS {
                let ended = write(bed, &object, round);
                assert_eq!(ended.code, Some(0), "{what}, {round}: {}", ended.told());
                is_same(&what, &before, &stored(bed, &object));
            }
            println!("{what} | {ROUNDS} | {}", before["metadata"]["generation"]);
            remove(bed, &object);
        }
        by_helm(bed, &object);
    }
    drop(given);
}

/// A chart that holds the database, upgraded again and again.
fn by_helm(bed: &Bed, object: &Value) {
    let chart = bed.folder().join("database");
    let templates = chart.join("templates");
    std::fs::create_dir_all(&templates).unwrap();
    let about = "apiVersion: v2\nname: database\nversion: 0.1.0\n";
    std::fs::write(chart.join("Chart.yaml"), about).unwrap();
    let mut text = object.clone();
    text["metadata"]["annotations"] = json!({"round": "{{ .Release.Revision }}"});
    std::fs::write(templates.join("database.yaml"), text.to_string()).unwrap();
    let (path, place) = (chart.to_str().unwrap(), format!("--namespace={PLACE}"));
    installation::run(bed, &["install", "database", path, &place]);
    let what = format!("{} by helm upgrade", object["kind"]);
    let before = stored(bed, object);
    assert!(
        before["metadata"]["annotations"][ADDED].is_string(),
        "{what}: {before}"
    );
    for _ in 0..ROUNDS {
        installation::run(bed, &["upgrade", "database", path, &place]);
        is_same(&what, &before, &stored(bed, object));
    }
    println!("{what} | {ROUNDS} | {}", before["metadata"]["generation"]);
    installation::run(bed, &["uninstall", "database", &place]);
}
