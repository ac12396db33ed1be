//! Samples of database operators, where they are at hand: each cluster in them becomes the
//! databases it should, with its members, its size and its quorum.

use std::path::{Path, PathBuf};

use firebreak::inventory::{Group, Inventory, Origin};
use firebreak::object::Object;
use firebreak::yaml;

/// What becomes of the samples of an operator: its folder, the kinds that stand for a database,
/// and a line for each database.
type Operator = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// A line is the file, the database, how many members are there of how many, and its quorum.
const OPERATORS: &[Operator] = &[
    (
        "percona-xtradb-cluster-operator",
        &["PerconaXtraDBCluster"],
        &[
            "cr-minimal.yaml: PerconaXtraDBCluster default/minimal-cluster: 1 of 1, Majority(1)",
            "cr.yaml: PerconaXtraDBCluster default/cluster1: 3 of 3, Majority(3)",
            "demand-backup-cloud.yml: PerconaXtraDBCluster default/demand-backup-cloud: 3 of 3, Majority(3)",
            "demand-backup.yml: PerconaXtraDBCluster default/demand-backup: 3 of 3, Majority(3)",
            "pitr-gap-errors.yml: PerconaXtraDBCluster default/pitr-gap-errors: 3 of 3, Majority(3)",
            "pitr.yml: PerconaXtraDBCluster default/pitr: 3 of 3, Majority(3)",
            "scheduled-backup-azure.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-disable.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-gcs.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-minio.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-pvc.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
        ],
    ),
    (
        "percona-server-mysql-operator",
        &["PerconaServerMySQL"],
        &[
            "cr-minimal.yaml: PerconaServerMySQL default/minimal-cluster: 1 of 1, Majority(1)",
            "cr.yaml: PerconaServerMySQL default/ps-cluster1: 3 of 3, Majority(3)",
        ],
    ),
    (
        "percona-server-mongodb-operator",
        &["PerconaServerMongoDB"],
        &[
            "cr-minimal.yaml: PerconaServerMongoDB default/minimal-cluster (cfg): 1 of 1, Majority(1)",
            "cr-minimal.yaml: PerconaServerMongoDB default/minimal-cluster (rs0): 1 of 1, Majority(1)",
            "cr.yaml: PerconaServerMongoDB default/my-cluster-name (cfg): 3 of 3, Majority(3)",
            "cr.yaml: PerconaServerMongoDB default/my-cluster-name (rs0): 3 of 3, Majority(3)",
            "some-name-arbiter-nv.yml: PerconaServerMongoDB default/some-name (rs0): 5 of 5, Majority(5)",
            "some-name-arbiter-nv.yml: PerconaServerMongoDB default/some-name (rs0 nonVoting): 1 of 1, None",
            "some-name-oc.yml: PerconaServerMongoDB default/some-name (rs0): 3 of 3, Majority(3)",
            "some-name-rs0-2.yml: PerconaServerMongoDB default/some-name (rs0): 3 of 3, Majority(3)",
            "some-name.yml: PerconaServerMongoDB default/some-name (rs0): 3 of 3, Majority(3)",
        ],
    ),
];

/// The files below the samples of an operator; `None` where they are not at hand.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn samples(operator: &str) -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream");
    let directory = root.join(operator).join("samples");
    if !directory.is_dir() {
        println!("skipped: ../shared/upstream is not here");
        return None;
    }
    let entries = std::fs::read_dir(&directory).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files)
}

/// The objects of a file. What is no YAML, such as a page of text, has none.
fn objects(path: &Path) -> Vec<Object> {
    let text = std::fs::read_to_string(path).unwrap();
    let documents = yaml::read(&text, yaml::LARGEST).into_iter();
    let values = documents.filter_map(|document| Some(document.ok()?.value));
    values.filter_map(|it| Object::new(it).ok()).collect()
}

/// The databases of a file in which there is a resource of these kinds, a line each.
fn databases(path: &Path, kinds: &[&str]) -> Vec<String> {
    let objects = objects(path);
    let mut resources = objects.iter().map(|object| &object.reference().kind);
    if !resources.any(|kind| kinds.contains(&kind.as_str())) {
        return Vec::new();
    }
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let inventory = Inventory::from_objects(&objects, Origin::Manifests);
    let groups = inventory.groups().filter_map(|(_, group)| line(group));
    let lines: Vec<String> = groups.map(|line| format!("{file}: {line}")).collect();
    assert!(!lines.is_empty(), "{file}: no database");
    lines
}

fn line(group: &Group) -> Option<String> {
    let database = group.database.as_ref()?;
    let (members, size, quorum) = (group.members.len(), group.size, database.quorum);
    assert_eq!(database.doubt, None, "{group}");
    Some(format!("{group}: {members} of {size}, {quorum:?}"))
}

#[test]
fn the_samples_of_database_operators_become_the_databases_they_ask_for() {
    for (operator, kinds, expected) in OPERATORS {
        let Some(files) = samples(operator) else {
            return;
        };
        let found = files.iter().flat_map(|file| databases(file, kinds));
        let found: Vec<String> = found.collect();
        assert_eq!(found, *expected, "{operator}\n{}", found.join("\n"));
    }
}
