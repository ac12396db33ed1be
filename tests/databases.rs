//! What is known of databases, operator by operator.

use std::collections::BTreeMap;

use firebreak::inventory::{Backup, Database, Inventory, Quorum, Writer};
use serde_json::{Value, json};

use crate::inventory::{at, database, group, manifests, names, read, recorded, writers};

/// The CloudNativePG cluster `pg` of three, with these values at these paths.
fn cluster(rest: &Value) -> Value {
    let mut object = json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
        "metadata": {"name": "pg", "namespace": "db"}, "spec": {"instances": 3}
    });
    set(&mut object, rest);
    object
}

/// Puts values at paths.
fn set(object: &mut Value, values: &Value) {
    for (path, value) in values.as_object().unwrap() {
        let at = path.split('/').fold(&mut *object, |at, key| &mut at[key]);
        *at = value.clone();
    }
}

/// What is said of the cluster `pg` when it is recorded with these fields.
fn assessed(rest: &Value) -> Database {
    let expanded = manifests(vec![cluster(&json!({}))]);
    let pods = expanded.pods().map(|(_, pod)| {
        let labels: BTreeMap<&str, &str> = pod.labels.iter().collect();
        let (name, namespace) = (pod.name.as_str(), pod.namespace.as_str());
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels}})
    });
    let objects = std::iter::once(cluster(rest)).chain(pods).collect();
    database(&recorded(&read(objects)), "Cluster db/pg").clone()
}

#[test]
fn a_cloudnative_pg_cluster_is_unhealthy_unless_it_says_otherwise_in_every_way() {
    let healthy = json!({
        "phase": "Cluster in healthy state", "readyInstances": 3,
        "currentPrimary": "pg-1", "targetPrimary": "pg-1",
        "conditions": [{"type": "Ready", "status": "True"}]
    });
    assert_eq!(assessed(&json!({"status": healthy})).unhealthy, None);
    let unhealthy = |field: &str, value: Value| {
        let mut rest = json!({"status": healthy});
        rest[field] = value;
        assessed(&rest).unhealthy.unwrap()
    };
    for (field, value, reason) in [
        ("status", Value::Null, "it has no status yet"),
        (
            "status/phase",
            json!("Failing over"),
            "its phase is \"Failing over\"",
        ),
        (
            "status/conditions",
            json!([]),
            "its condition Ready is not set",
        ),
        (
            "status/readyInstances",
            json!(0),
            "none of its instances is ready",
        ),
        (
            "metadata/annotations",
            json!({"cnpg.io/fencedInstances": "[\"pg-2\"]"}),
            "some of its instances are fenced",
        ),
        (
            "metadata/annotations",
            json!({"cnpg.io/reconciliationLoop": "disabled"}),
            "its operator is told not to act, so nothing would fail over",
        ),
    ] {
        assert_eq!(unhealthy(field, value), reason);
    }
}

#[test]
fn during_a_switchover_both_primaries_count() {
    let status = json!({"currentPrimary": "pg-1", "targetPrimary": "pg-3"});
    let database = assessed(&json!({"status": status}));
    assert!(matches!(database.writer, Writer::Known(ref pods) if pods.len() == 2));
    assert_eq!(database.standbys.len(), 1);
    let moves = "its primary moves from \"pg-1\" to \"pg-3\"";
    assert_eq!(database.busy.as_deref(), Some(moves));
}

#[test]
fn synchronous_replication_says_how_many_standbys_must_stay() {
    let quorum = |synchronous: Value| {
        let postgresql = json!({"synchronous": synchronous});
        assessed(&json!({"spec/postgresql": postgresql})).quorum
    };
    assert_eq!(assessed(&json!({})).quorum, Quorum::Standbys(0));
    assert_eq!(quorum(json!({"number": 2})), Quorum::Standbys(2));
    assert_eq!(
        quorum(json!({"number": 2, "dataDurability": "preferred"})),
        Quorum::Standbys(1)
    );
    assert_eq!(
        quorum(json!({"number": 1, "failoverQuorum": true})),
        Quorum::Standbys(1)
    );
    assert_eq!(
        assessed(&json!({"spec/minSyncReplicas": 2})).quorum,
        Quorum::Standbys(2)
    );
}

fn backup(name: &str, phase: &str, stopped: &str) -> Value {
    json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup",
        "metadata": {"name": name, "namespace": "db"}, "spec": {"cluster": {"name": "pg"}},
        "status": {"phase": phase, "stoppedAt": stopped}})
}

#[test]
fn only_a_completed_backup_of_this_cluster_counts() {
    let made = json!({"metadata/creationTimestamp": "2026-11-01T00:00:00Z", "status": {}});
    let with = |backups: Vec<Value>| {
        let objects = std::iter::once(cluster(&made)).chain(backups).collect();
        let inventory = recorded(&read(objects));
        let database = database(&inventory, "Cluster db/pg");
        (database.backup.clone(), database.busy.clone())
    };
    let newer = "2026-11-03T00:00:00Z";
    assert_eq!(with(vec![]), (Backup::Never, None));
    assert_eq!(
        with(vec![backup("a", "completed", newer)]),
        (at(newer), None)
    );
    assert_eq!(with(vec![backup("a", "Completed", newer)]).0, Backup::Never);
    assert_eq!(
        with(vec![backup("a", "failed", newer)]),
        (Backup::Never, None)
    );
    assert_eq!(
        with(vec![backup("a", "completed", "2026-10-01T00:00:00Z")]).0,
        Backup::Never
    );
    let unreadable = Backup::Unknown("Backup a does not say when it finished".to_owned());
    assert_eq!(
        with(vec![backup("a", "completed", "yesterday")]).0,
        unreadable
    );
    let running = with(vec![backup("b", "running", "")]);
    assert_eq!(
        running,
        (Backup::Never, Some("Backup b is \"running\"".to_owned()))
    );
}

/// The pods of a StatefulSet of three and that StatefulSet, with these labels.
fn stateful(name: &str, labels: &Value, container: &Value, claims: bool) -> Vec<Value> {
    let claims = if claims {
        json!([{"metadata": {"name": "data"}}])
    } else {
        json!([])
    };
    vec![json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": "db"},
        "spec": {"replicas": 3, "volumeClaimTemplates": claims, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [container]}}}
    })]
}

#[test]
fn a_stateful_set_is_a_database_by_its_name_its_port_or_its_image() {
    let found = |labels: &Value, container: &Value, claims| {
        let inventory = manifests(stateful("s", labels, container, claims));
        let database = group(&inventory, "StatefulSet db/s").database.clone();
        database.map(|it| (it.engine, it.recognised_by))
    };
    let reason = |labels: &Value, container: &Value| found(labels, container, true).map(|it| it.1);
    let nothing = json!({"name": "c"});
    assert_eq!(
        reason(&json!({"app": "mysql"}), &nothing).unwrap(),
        "a StatefulSet with volumes, labelled app=mysql"
    );
    assert_eq!(
        reason(&json!({}), &json!({"ports": [{"containerPort": 5432}]})).unwrap(),
        "probably: a StatefulSet with volumes that listens at 5432"
    );
    assert_eq!(
        reason(&json!({}), &json!({"image": "library/mongo:8"})).unwrap(),
        "probably: a StatefulSet with volumes that runs \"library/mongo:8\""
    );
    assert_eq!(reason(&json!({"app": "web"}), &nothing), None);
    assert_eq!(found(&json!({"app": "mysql"}), &nothing, false), None);
    let metrics = json!({"app": "mysql", "app.kubernetes.io/component": "metrics"});
    assert_eq!(reason(&metrics, &nothing), None);
    let marked = json!({"firebreak.dev/database": "oracle"});
    assert_eq!(found(&marked, &nothing, false).unwrap().0, "oracle");
}

#[test]
fn without_a_word_about_roles_one_member_writes_or_any_and_a_majority_must_stay() {
    let told = |engine: &str| {
        let inventory = manifests(stateful("s", &json!({"app": engine}), &json!({}), true));
        let found = database(&inventory, "StatefulSet db/s").clone();
        (found, inventory.find_pod("db", "s-0"))
    };
    let (database, probable) = told("etcd");
    assert_eq!(database.writer, Writer::Any { probable });
    assert_eq!(database.standbys.len(), 3);
    let (database, probable) = told("mysql");
    assert_eq!(database.writer, Writer::Untold { probable });
    assert_eq!(database.quorum, Quorum::Majority(3));
    assert!(database.standbys.is_empty());
}

#[test]
fn a_role_label_that_moves_tells_the_writer_and_its_standbys() {
    let mut objects = stateful("s", &json!({"app": "postgres"}), &json!({}), true);
    let owner =
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "controller": true});
    for (index, role) in [(0, "replica"), (1, "master"), (2, "replica")] {
        let labels = json!({"app": "postgres", "spilo-role": role});
        let metadata = json!({"name": format!("s-{index}"), "namespace": "db",
            "labels": labels, "ownerReferences": [owner]});
        objects.push(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata}));
    }
    let inventory = recorded(&read(objects));
    assert_eq!(writers(&inventory, "StatefulSet db/s"), ["s-1"]);
    let database = database(&inventory, "StatefulSet db/s");
    assert_eq!(names(&inventory, &database.standbys), ["s-0", "s-2"]);
    assert_eq!(database.quorum, Quorum::None);
}

#[test]
fn two_replica_sets_are_two_databases_and_the_voters_of_a_chart_are_one() {
    let names = |labels: [Value; 2], claims| {
        let sets = ["rs0", "rs1"].iter().zip(labels);
        let sets = sets.flat_map(|(name, it)| stateful(name, &it, &json!({}), claims));
        let inventory = manifests(sets.collect());
        let databases = inventory.groups().filter_map(|(_, group)| {
            let database = group.database.as_ref()?;
            Some((
                group.name.to_string(),
                database.quorum,
                database.standbys.len(),
            ))
        });
        databases.collect::<Vec<_>>()
    };
    let labels = |name: &str, component: &str| {
        json!({"app.kubernetes.io/instance": "m", "app.kubernetes.io/name": name,
            "app.kubernetes.io/component": component})
    };
    let shard = || labels("percona-server-mongodb", "mongod");
    let two = ["rs0", "rs1"].map(|name| (name.to_owned(), Quorum::Majority(3), 3));
    assert_eq!(names([shard(), shard()], true), two);
    let chart = ["mongodb", "hidden"].map(|component| labels("mongodb", component));
    assert_eq!(
        names(chart, true),
        [("m".to_owned(), Quorum::Majority(6), 3)]
    );
}

/// What is said of a Deployment of one pod with a claim, labelled and annotated so.
fn deployed(labels: &Value, annotations: &Value) -> Option<Database> {
    let volume = json!({"name": "data", "persistentVolumeClaim": {"claimName": "d"}});
    let inventory = manifests(vec![json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "db", "annotations": annotations},
        "spec": {"template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "c"}], "volumes": [volume]}}}
    })]);
    group(&inventory, "Deployment db/d")
        .database
        .as_deref()
        .cloned()
}

#[test]
fn a_deployment_with_a_claim_is_probably_what_its_name_says() {
    let found = deployed(&json!({"app": "postgres"}), &json!({})).unwrap();
    assert_eq!(
        found.recognised_by,
        "probably: a Deployment with volumes, labelled app=postgres"
    );
    assert_eq!(
        found.doubt.unwrap(),
        "it was taken for postgresql, as a Deployment with volumes, labelled app=postgres; \
         annotate it with firebreak.dev/database"
    );
    let marked = |engine: &str| {
        let mark = json!({"firebreak.dev/database": engine});
        deployed(&json!({"app": "postgres"}), &mark)
    };
    assert_eq!(marked("postgres").unwrap().doubt, None);
    assert_eq!(marked("none"), None);
    assert_eq!(deployed(&json!({"app": "web"}), &json!({})), None);
}

#[test]
fn data_that_is_spread_needs_all_members_but_one() {
    let quorum = |size: u32| {
        let mut objects = stateful("s", &json!({"app": "cassandra"}), &json!({}), true);
        objects[0]["spec"]["replicas"] = json!(size);
        database(&manifests(objects), "StatefulSet db/s").quorum
    };
    let needs: Vec<u32> = (1..=6).map(|size| quorum(size).needs()).collect();
    assert_eq!(needs, [1, 2, 2, 3, 4, 5]);
    assert_eq!(quorum(6), Quorum::AtLeast(5));
}

#[test]
fn a_database_told_to_have_no_pods_is_paused() {
    let mut objects = stateful("s", &json!({"app": "mysql"}), &json!({}), true);
    objects[0]["spec"]["replicas"] = json!(0);
    let inventory = recorded(&read(objects.clone()));
    let found = group(&inventory, "StatefulSet db/s");
    assert_eq!((found.size, found.members.len()), (0, 0));
    assert!(found.database.as_ref().unwrap().paused);
    // The StatefulSet of an operator without pods is no database beside the operator's.
    objects[0]["metadata"]["ownerReferences"] =
        json!([{"apiVersion": "x.io/v1", "kind": "X", "name": "x", "controller": true}]);
    assert_eq!(recorded(&read(objects)).groups().len(), 0);
}

/// What is said of the XtraDB cluster `c1` of three behind HAProxy, ready but for these values,
/// with these objects beside it, and what it is said of.
fn xtradb(rest: &Value, beside: Vec<Value>) -> (Inventory, Database) {
    let mut object = json!({
        "apiVersion": "pxc.percona.com/v1", "kind": "PerconaXtraDBCluster",
        "metadata": {"name": "c1", "namespace": "db", "generation": 2},
        "spec": {"pxc": {"size": 3}, "haproxy": {"enabled": true, "size": 2}},
        "status": {"state": "ready", "observedGeneration": 2}
    });
    set(&mut object, rest);
    let mut objects = vec![object];
    for index in 0..3 {
        let labels = json!({"app.kubernetes.io/name": "percona-xtradb-cluster",
            "app.kubernetes.io/instance": "c1", "app.kubernetes.io/component": "pxc"});
        let ready = if index == 0 { "False" } else { "True" };
        objects.push(json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": format!("c1-pxc-{index}"), "namespace": "db", "labels": labels},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}}));
    }
    objects.extend(beside);
    let inventory = recorded(&read(objects));
    let found = database(&inventory, "PerconaXtraDBCluster db/c1").clone();
    (inventory, found)
}

fn of_c1(kind: &str, state: &str, completed: &str) -> Value {
    json!({"apiVersion": "pxc.percona.com/v1", "kind": kind,
        "metadata": {"name": "x", "namespace": "db"}, "spec": {"pxcCluster": "c1"},
        "status": {"state": state, "completed": completed}})
}

#[test]
fn writes_go_to_the_last_member_behind_haproxy_and_to_the_first_behind_proxysql() {
    for (haproxy, expected) in [(true, "c1-pxc-2"), (false, "c1-pxc-1")] {
        let (inventory, found) = xtradb(&json!({"spec/haproxy/enabled": haproxy}), vec![]);
        let probable = inventory.find_pod("db", expected);
        assert_eq!(found.writer, Writer::Any { probable });
    }
}

#[test]
fn an_xtradb_cluster_is_healthy_when_its_operator_has_seen_its_spec() {
    let unhealthy = |rest: &Value| xtradb(rest, vec![]).1.unhealthy;
    assert_eq!(unhealthy(&json!({})), None);
    let behind = Some("its operator has not seen its current spec yet".to_owned());
    assert_eq!(unhealthy(&json!({"metadata/generation": 3})), behind);
    assert_eq!(unhealthy(&json!({"status": {"state": "ready"}})), behind);
    let paused = xtradb(&json!({"spec/pause": true}), vec![]).1;
    assert!(paused.paused);
    let starting = xtradb(&json!({"status/state": "initializing"}), vec![]).1;
    assert_eq!(starting.busy.as_deref(), Some("it is initializing"));
}

#[test]
fn a_backup_from_before_a_restore_does_not_count() {
    let backup = || {
        of_c1(
            "PerconaXtraDBClusterBackup",
            "Succeeded",
            "2026-11-02T00:00:00Z",
        )
    };
    let restore = |at| of_c1("PerconaXtraDBClusterRestore", "Succeeded", at);
    let newest = |beside| xtradb(&json!({}), beside).1.backup;
    assert_eq!(newest(vec![backup()]), at("2026-11-02T00:00:00Z"));
    let earlier = vec![backup(), restore("2026-11-01T00:00:00Z")];
    assert_eq!(newest(earlier), at("2026-11-02T00:00:00Z"));
    assert_eq!(
        newest(vec![backup(), restore("2026-11-03T00:00:00Z")]),
        Backup::Never
    );
    assert!(matches!(
        newest(vec![backup(), restore("")]),
        Backup::Unknown(_)
    ));
}

#[test]
fn a_restore_keeps_its_database_busy_until_it_ends() {
    let busy = |state| {
        let restore = of_c1("PerconaXtraDBClusterRestore", state, "2026-11-02T00:00:00Z");
        xtradb(&json!({}), vec![restore]).1.busy
    };
    let restoring = "PerconaXtraDBClusterRestore x is \"Restoring\"";
    assert_eq!(busy("Restoring").as_deref(), Some(restoring));
    assert_eq!(
        busy("").as_deref(),
        Some("PerconaXtraDBClusterRestore x has not begun")
    );
    assert_eq!(busy("Succeeded"), None);
    assert_eq!(busy("Failed"), None);
}

#[test]
fn a_store_of_the_barman_plugin_tells_of_backups_while_the_log_is_archived() {
    let plugin = json!({"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": true,
        "parameters": {"barmanObjectName": "store"}});
    let store = json!({"apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore",
        "metadata": {"name": "store", "namespace": "db"},
        "status": {"serverRecoveryWindow": {
            "pg": {"lastSuccessfulBackupTime": "2026-11-02T00:00:00Z"}}}});
    let told = |archiving: &str| {
        let condition = json!([{"type": "ContinuousArchiving", "status": archiving}]);
        let cluster = cluster(&json!({"spec/plugins": [plugin], "status/conditions": condition}));
        let inventory = recorded(&read(vec![cluster, store.clone()]));
        let found = database(&inventory, "Cluster db/pg");
        (found.backup.clone(), found.point_in_time)
    };
    assert_eq!(told("True"), (at("2026-11-02T00:00:00Z"), Some(true)));
    let (backup, point_in_time) = told("False");
    assert!(matches!(backup, Backup::Unknown(_)));
    assert_eq!(point_in_time, Some(false));
}
