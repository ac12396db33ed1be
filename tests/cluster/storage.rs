//! The storage of backups is tried by the leader, with keys of its own namespace.

use serde_json::json;

use crate::backups_around::{Given, LONG};
use crate::bed::{Bed, within};
use crate::s3::{ID, SECRET, Store};

/// Waits until the condition says this for this reason.
fn is_said(bed: &Bed, status: &str, reason: &str) {
    within(LONG, reason, || {
        let defaults = bed.kubectl(&["get", "backupdefaults", "tried"]).json();
        let conditions = defaults["status"]["conditions"].as_array().cloned();
        let conditions = conditions.unwrap_or_default();
        let said = |kind: &str, status: &str| {
            let mut all = conditions.iter();
            all.any(|it| {
                it["type"] == *kind
                    && it["status"] == *status
                    && it["observedGeneration"] == defaults["metadata"]["generation"]
            })
        };
        let why = conditions.iter().any(|it| it["reason"] == *reason);
        if why && said("StorageReachable", status) && said("Ready", "True") {
            Ok(())
        } else {
            Err(defaults["status"].to_string())
        }
    });
}

pub(crate) fn it_is_tried_where_that_is_wanted(bed: &Bed) {
    let given = Given::start(bed);
    let store = given.bed.wait(async { Store::start("bed", None) });
    let mut defaults = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
        "metadata": {"name": "tried", "annotations": {"firebreak.dev/verify-storage": "true"}},
        "spec": {
            "appliesTo": {"databases": ["Cluster"],
                "namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "nowhere"}}},
            "storage": {"name": "store", "s3": {"bucket": "backups", "endpointUrl": store.url,
                "credentialsSecret": "percona-backup-minio-credentials"}},
            "schedules": [{"name": "daily", "schedule": "0 2 * * *", "keep": 7}]}});
    bed.apply(defaults.to_string());
    is_said(bed, "False", "NoKeys");
    let secret = json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "percona-backup-minio-credentials", "namespace": "firebreak"},
        "stringData": {"AWS_ACCESS_KEY_ID": ID, "AWS_SECRET_ACCESS_KEY": SECRET}});
    bed.apply(secret.to_string());
    // A change is tried at once; what could not be reached again in a while.
    defaults["spec"]["jitterMinutes"] = json!(1);
    bed.apply(defaults.to_string());
    is_said(bed, "True", "WrittenAndDeleted");
    assert!(!store.holds_something());
    let log: String = given
        .guards
        .each
        .iter()
        .map(|it| it.process.log())
        .collect();
    assert!(!log.contains(SECRET));
    bed.kubectl(&["delete", "backupdefaults", "tried"])
        .succeeds();
    let delete = ["delete", "-f", "-"];
    bed.kubectl(&delete).input(secret.to_string()).succeeds();
}
