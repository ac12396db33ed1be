//! Backups at the terminal: what databases get as a diff, what is said of those without, and what is
//! offered to those that are there.

use std::fs;
use std::process::Stdio;

use firebreak::backup;
use firebreak::yaml;
use serde_json::{Value, json};

use crate::command::{Ended, Folder, program};
use crate::shop::assert_ends;
use crate::source::root;

const CLUSTER: &str = "\
apiVersion: pxc.percona.com/v1
kind: PerconaXtraDBCluster
metadata: {name: orders, namespace: shop}
spec:
  crVersion: 1.19.0
  pxc: {size: 3, image: percona/percona-xtradb-cluster:8.4.7-7.1}
";

/// A folder with this database, the definitions of the examples and the defaults that we ship.
fn folder(database: &str) -> Folder {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    Folder::with(&[
        ("database.yaml", database),
        (
            "definitions.yaml",
            &read("examples/databases/definitions.yaml"),
        ),
        ("around.yaml", &read("examples/databases/around.yaml")),
        ("policies/a.yaml", &read("policies/backup-defaults.yaml")),
        (
            "policies/b.yaml",
            &read("policies/backup-defaults-all.yaml"),
        ),
    ])
}

const DIFF: [&str; 7] = [
    "check",
    "database.yaml",
    "definitions.yaml",
    "around.yaml",
    "--policy",
    "policies",
    "-odiff",
];

fn examples(arguments: &[&str]) -> Ended {
    let mut command = program(arguments);
    command.current_dir(root()).output().unwrap().into()
}

#[test]
fn a_diff_shows_what_is_added_and_why_nothing_is() {
    let ended = examples(&[
        "check",
        "examples/databases",
        "--policy",
        "policies",
        "-o",
        "diff",
    ]);
    let file = "examples/databases/percona-xtradb.yaml:4";
    let expected = [
        &*format!(
            "{file}: PerconaXtraDBCluster databases/orders gets backups of BackupDefaults default\n"
        ),
        "  warning: spec.backup.image: added, because the operator refuses a cluster without it\n",
        "  assumed: secret databases/percona-backup-minio-credentials is there\n",
        &*format!("--- {file}\n+++ with BackupDefaults default\n@@ -1,9 +1,55 @@\n"),
        "+  backup:\n+    allowParallel: false\n",
        "+++ ScheduledBackup databases/accounts-fb-daily\n",
        "+++ PhysicalBackup databases/invoices-fb-weekly\n",
        "PerconaServerMySQL databases/scratch is left as it is: it asks to be left alone\n",
        "PerconaXtraDBCluster databases/archive is left as it is: it has all that could be added\n",
    ];
    assert_ends(&ended, 0, &expected);
    let removed = ended
        .out
        .lines()
        .find(|it| it.starts_with('-') && !it.starts_with("---"));
    assert_eq!(removed, None, "only ever added to");
}

#[test]
fn a_denial_ends_a_diff_as_it_ends_a_check() {
    let chaos = "examples/pake/pod-kill-api-50.yaml";
    let policy = [
        "--policy",
        "policies",
        "-o",
        "diff",
        "--world",
        "examples/world",
    ];
    let ended = examples(&[&["check", chaos, "examples/databases"], &policy[..]].concat());
    assert_ends(&ended, 1, &["is denied\n", "+  backup:\n"]);
}

#[test]
fn without_a_definition_nothing_is_added_and_what_is_missing_is_said() {
    let folder = folder(CLUSTER);
    let ended = folder.run(&[
        "check",
        "database.yaml",
        "--policy",
        "policies",
        "-o",
        "diff",
    ]);
    let said = "is left as it is: the schema of PerconaXtraDBCluster cannot be read; no backups are added; \
                the schema of PerconaXtraDBCluster is not here: give the CustomResourceDefinition of \
                pxc.percona.com too\n";
    assert_ends(&ended, 0, &[said]);
    assert!(!ended.out.contains("+++"), "{}", ended.told());
}

#[test]
fn what_the_manifests_tell_of_a_secret_counts() {
    let folder = folder(CLUSTER);
    assert_ends(
        &folder.run(&DIFF),
        0,
        &[
            "+  backup:\n",
            "  assumed: secret shop/percona-backup-minio-credentials is there\n",
        ],
    );
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: percona-backup-minio-credentials, namespace: shop}\n\
                  stringData: {AWS_ACCESS_KEY_ID: hunter2}\n";
    folder.add("policies/c.yaml", secret);
    folder.add("around.yaml", secret);
    let ended = folder.run(&DIFF);
    assert_ends(
        &ended,
        0,
        &[
            "secret shop/percona-backup-minio-credentials has no key AWS_SECRET_ACCESS_KEY; no backups are added\n",
        ],
    );
    assert!(!ended.told().contains("hunter2"), "{}", ended.told());
}

#[test]
fn a_database_without_backups_is_a_notice_and_denies_nothing() {
    let folder = folder(CLUSTER);
    let ended = folder.run(&["check", "database.yaml"]);
    let said = "database.yaml:1: PerconaXtraDBCluster shop/orders has no backups: spec.backup is missing; \
                no BackupDefaults apply to it\n";
    assert_ends(&ended, 0, &[said]);
    let ended = folder.run(&DIFF[..6]);
    let said =
        "has no backups: spec.backup is missing; BackupDefaults default would give it some\n";
    assert_ends(&ended, 0, &[said]);
    let report = folder.run(&[&DIFF[..6], &["-o", "json"]].concat()).json();
    let expected = json!([{
        "source": {"file": "database.yaml", "line": 1},
        "object": {"apiVersion": "pxc.percona.com/v1", "kind": "PerconaXtraDBCluster",
            "namespace": "shop", "name": "orders"},
        "reason": "spec.backup is missing", "defaults": "default", "left": "",
    }]);
    assert_eq!(report["unprotected"], expected);
}

#[test]
fn defaults_that_cannot_be_used_end_with_what_is_wrong() {
    let folder = folder(CLUSTER);
    let broken = fs::read_to_string(root().join("policies/backup-defaults.yaml")).unwrap();
    folder.add("policies/a.yaml", &broken.replace("0 2 * * *", "@every 6h"));
    let ended = folder.run(&DIFF);
    assert_eq!(ended.code, Some(2), "{}", ended.told());
    let said = "backup defaults are refused:\n  BackupDefaults default: spec.schedules[0].schedule: \"@every 6h\"";
    assert!(ended.err.contains(said), "{}", ended.told());
}

const OFFER: [&str; 7] = [
    "plan",
    "--backup",
    "database.yaml",
    "definitions.yaml",
    "around.yaml",
    "--policy",
    "policies",
];

#[test]
fn an_offer_reads_like_this() {
    let clusters = CLUSTER.replace("1.19.0", "1.17.0");
    let ended = folder(&clusters).run(&OFFER);
    let expected = "\
database.yaml:1: PerconaXtraDBCluster shop/orders has no backups: spec.backup is missing
  BackupDefaults default would give it these; its operator does not restart it for that
  warning: spec.backup.image: added, because the operator refuses a cluster without it
  warning: spec.backup.schedule: keep in place of retention, which this release does not heed
  assumed: secret shop/percona-backup-minio-credentials is there

    metadata:
      annotations:
        firebreak.dev/backup-injected: \"{\\\"added\\\":[\\\"/spec/backup\\\"],\\\"generation\\\":0,\\\"policy\\\":\\\"default\\\"}\"
    spec:
      backup:
        allowParallel: false
";
    assert_ends(
        &ended,
        0,
        &[expected, "\n1 read: 1 could be given backups\n"],
    );
    let command = "\nkubectl patch perconaxtradbclusters.pxc.percona.com orders --namespace shop --type merge --patch '{\"metadata\"";
    assert_ends(&ended, 0, &[command]);
    assert_eq!(ended.out, folder(&clusters).run(&OFFER).out);
}

/// Merges as a merge patch does.
fn merge(into: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (key, value) in patch {
        merge(&mut into[key], value);
    }
}

#[test]
fn an_offer_that_is_taken_leaves_nothing_to_offer() {
    let databases = [
        "percona-xtradb",
        "percona-mysql",
        "percona-mongodb",
        "cloudnative-pg",
        "percona-postgresql",
        "zalando",
        "innodbcluster",
        "mariadb",
    ];
    for name in databases {
        let path = root().join(format!("examples/databases/{name}.yaml"));
        let text = fs::read_to_string(path).unwrap();
        let json = ["--format", "json"];
        let report = folder(&text).run(&[&OFFER[..], &json].concat()).json();
        let offered = &report["results"][0];
        let mut database = yaml::read(&text, yaml::LARGEST).remove(0).unwrap().value;
        let command = offered["commands"][0].as_str().unwrap();
        if let Some((_, patch)) = command.split_once("--patch '") {
            let patch: Value = serde_json::from_str(patch.strip_suffix('\'').unwrap()).unwrap();
            assert_eq!(patch, offered["patch"], "{name}");
            merge(&mut database, &patch);
        }
        let beside = offered["companions"].as_array().unwrap();
        let all: Vec<String> = beside
            .iter()
            .chain([&database])
            .map(|it| format!("---\n{it}\n"))
            .collect();
        let report = folder(&all.concat())
            .run(&[&OFFER[..], &json].concat())
            .json();
        assert_eq!(report["summary"]["complete"], 1, "{name}: {report:#}");
        assert_eq!(report["results"][0]["unprotected"], Value::Null, "{name}");
    }
}

#[test]
fn an_offer_says_what_restarts_and_what_is_for_new_databases_alone() {
    let ended = examples(&[
        "plan",
        "--backup",
        "examples/databases",
        "--policy",
        "policies",
    ]);
    let restarts = "its operator RESTARTS it for that: choose the hour\n";
    let new = "PostgresCluster databases/billing has no backups: spec.backups.pgbackrest.repos has no entry\n  \
               nothing is offered: its operator takes backups only with a new database\n";
    assert_ends(
        &ended,
        0,
        &[
            restarts,
            new,
            "\nkubectl create --filename - <<'EOF'\napiVersion: k8s.mariadb.com/v1alpha1\n",
        ],
    );
    let counts = "11 read: 8 could be given backups, 1 have them, 2 are left as they are\n";
    assert_ends(&ended, 0, &[counts]);
}

#[test]
fn without_paths_the_databases_of_the_world_are_meant() {
    let folder = folder(CLUSTER);
    let ended = folder.run(&["plan", "--backup", "--world", "."]);
    assert_ends(
        &ended,
        0,
        &[
            "database.yaml:1: PerconaXtraDBCluster shop/orders has no backups",
            "kubectl patch",
        ],
    );
    assert_eq!(folder.run(&["plan", "--backup"]).code, Some(2));
    assert_eq!(folder.run(&["plan"]).code, Some(2));
}

#[test]
fn a_shell_reads_the_command_as_it_is_meant() {
    let odd = CLUSTER.replace("spec:\n", "spec:\n  \"it's $(x)\": 1\n");
    let folder = folder(&odd);
    let report = folder
        .run(&[&OFFER[..], &["--format", "json"]].concat())
        .json();
    let command = report["results"][0]["commands"][0].as_str().unwrap();
    let script = format!("kubectl() {{ for last; do :; done; printf %s \"$last\"; }}\n{command}\n");
    let output = folder
        .other("sh")
        .args(["-c", &script])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let patch: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(patch, report["results"][0]["patch"]);
}

#[test]
fn the_demo_shows_one_database_leaving_with_its_backups() {
    let ended = examples(&["demo"]);
    let said = "examples/databases/percona-xtradb.yaml:4: PerconaXtraDBCluster databases/orders gets backups of BackupDefaults default\n";
    assert_ends(
        &ended,
        0,
        &[
            "/mutate answers over HTTPS",
            said,
            "+  backup:\n",
            "+    image: ",
        ],
    );
}

#[test]
fn the_resource_of_each_kind_is_the_name_of_its_definition() {
    let upstream = root().join("../shared/upstream");
    if !upstream.is_dir() {
        println!("skipped: ../shared/upstream is not here");
        return;
    }
    let mut text = String::new();
    for folder in fs::read_dir(&upstream).unwrap() {
        for file in fs::read_dir(folder.unwrap().path().join("crds"))
            .into_iter()
            .flatten()
        {
            text.push_str(&fs::read_to_string(file.unwrap().path()).unwrap_or_default());
        }
    }
    for kind in backup::kinds() {
        let name = format!("name: {}\n", kind.resource());
        assert!(text.contains(&name), "{name}");
    }
}
