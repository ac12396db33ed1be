//! The objects that make backups beside databases, and what is said of databases without.

use serde_json::{Value, json};

use crate::backups_around::{Given, LONG, PLACE, bare};
use crate::bed::{Bed, until, within};

const PHYSICAL: &str = "physicalbackups.k8s.mariadb.com";
const SCHEDULED: &str = "scheduledbackups.postgresql.cnpg.io";

fn create(bed: &Bed, object: &Value) {
    let create = bed.kubectl(&["create", "-f", "-"]);
    create.input(object.to_string()).succeeds();
}

/// The names of the objects of a kind, sorted.
fn names(bed: &Bed, kind: &str) -> Vec<String> {
    let list = bed.kubectl(&["get", kind, "--namespace", PLACE]).json();
    let items = list["items"].as_array().unwrap().iter();
    let mut names: Vec<String> = items
        .map(|it| it["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn there_are(bed: &Bed, kind: &str, wanted: &[&str]) {
    within(LONG, &format!("{kind} {wanted:?}"), || {
        let found = names(bed, kind);
        if found == wanted {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    });
}

pub(crate) fn objects_that_make_backups_come_and_go_and_what_others_wrote_stays(bed: &Bed) {
    let given = Given::start(bed);
    create(bed, &bare("MariaDB", "m1"));
    let own = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup",
        "metadata": {"name": "by-hand", "namespace": PLACE},
        "spec": {"schedule": "0 0 3 * * *", "cluster": {"name": "c2"}, "method": "plugin",
            "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"}}});
    create(bed, &own);
    // Its author schedules its backups, those of the other are scheduled here.
    create(bed, &bare("Cluster", "c2"));
    create(bed, &bare("Cluster", "c1"));
    there_are(bed, SCHEDULED, &["by-hand", "c1-fb-daily"]);
    there_are(bed, PHYSICAL, &["m1-fb-daily", "m1-fb-weekly"]);
    let get = ["get", SCHEDULED, "c1-fb-daily", "--namespace", PLACE];
    let made = bed.kubectl(&get).json();
    assert_eq!(made["spec"]["schedule"], "0 0 2 * * *");
    assert_eq!(made["metadata"]["ownerReferences"][0]["name"], "c1");
    let labels = json!({"app.kubernetes.io/managed-by": "firebreak"});
    assert_eq!(made["metadata"]["labels"], labels);
    // What somebody has changed stays; the rest goes with the wish.
    let edit = json!({"spec": {"schedule": {"cron": "0 5 * * *"}}}).to_string();
    let place = format!("--namespace={PLACE}");
    let patch = ["patch", PHYSICAL, "m1-fb-daily", &place, "--type=merge"];
    bed.kubectl(&[&patch[..], &["--patch", &edit]].concat())
        .succeeds();
    let ignore = "firebreak.dev/backup-defaults=ignore";
    for it in [
        "mariadbs.k8s.mariadb.com/m1",
        "clusters.postgresql.cnpg.io/c1",
    ] {
        bed.kubectl(&["annotate", it, ignore, &place]).succeeds();
    }
    there_are(bed, PHYSICAL, &["m1-fb-daily"]);
    there_are(bed, SCHEDULED, &["by-hand"]);
    // What is left goes with its database.
    bed.kubectl(&["delete", "mariadbs.k8s.mariadb.com", "m1", &place])
        .succeeds();
    there_are(bed, PHYSICAL, &[]);
    bed.kubectl(&["delete", "clusters.postgresql.cnpg.io", "--all", &place])
        .succeeds();
    bed.kubectl(&["delete", SCHEDULED, "--all", &place])
        .succeeds();
    drop(given);
}

pub(crate) fn what_has_no_backups_is_said(bed: &Bed) {
    let given = Given::start(bed);
    create(bed, &bare("PerconaXtraDBCluster", "given"));
    let mut left = bare("PerconaXtraDBCluster", "left");
    left["spec"]["pxc"]["image"] = json!("registry.example.com/pxc@sha256:0");
    create(bed, &left);
    let status = || bed.kubectl(&["get", "backupdefaults", "every"]).json()["status"].clone();
    until("the status tells them apart", || {
        let status = status();
        let names = status["unprotected"].as_array().into_iter().flatten();
        let names: Vec<&Value> = names.map(|it| &it["name"]).collect();
        // For any image there is one that makes backups of it here.
        let told = status["injected"] == 2 && names.is_empty();
        if told {
            Ok(())
        } else {
            Err(status.to_string())
        }
    });
    let ignored = json!({"metadata": {"annotations": {"firebreak.dev/backup-defaults": "ignore"}}});
    let mut without = bare("PerconaXtraDBCluster", "without");
    without["metadata"]["annotations"] = ignored["metadata"]["annotations"].clone();
    create(bed, &without);
    let place = format!("--namespace={PLACE}");
    let kind = "perconaxtradbclusters.pxc.percona.com";
    let again = "firebreak.dev/backup-defaults-";
    bed.kubectl(&["annotate", kind, "without", again, &place])
        .succeeds();
    until("the one without is named", || {
        let status = status();
        let names = status["unprotected"].as_array().into_iter().flatten();
        let names: Vec<&Value> = names.map(|it| &it["name"]).collect();
        if names == ["without"] {
            Ok(())
        } else {
            Err(status.to_string())
        }
    });
    let page = given.guards.each[0].probe("/metrics").unwrap();
    for line in [
        "firebreak_unprotected_databases{defaults=\"every\"} 1",
        "firebreak_injected_databases{defaults=\"every\"} 2",
        "firebreak_backup_injections_total{kind=\"PerconaXtraDBCluster\",outcome=\"Injected\"} 2",
        "firebreak_leader 1",
    ] {
        assert!(page.lines().any(|it| it == line), "{line}\n{page}");
    }
    let conditions = status()["conditions"].clone();
    let types = conditions.as_array().unwrap().iter();
    let mut types: Vec<&str> = types.map(|it| it["type"].as_str().unwrap()).collect();
    types.sort_unstable();
    assert_eq!(types, ["Ready", "StorageReachable"], "{conditions}");
    bed.kubectl(&["delete", kind, "--all", &place]).succeeds();
    drop(given);
}
