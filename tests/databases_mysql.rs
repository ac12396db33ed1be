//! What the operators of MySQL and MariaDB would make of their resources, whatever is in them.

use firebreak::inventory::{Database, Inventory, Origin, Quorum, Writer};
use firebreak::object::Object;
use serde_json::{Value, json};

use crate::inventory::{database, group, manifests, names, read, writers};

fn cluster(spec: &Value) -> Value {
    json!({"apiVersion": "mysql.oracle.com/v2", "kind": "InnoDBCluster",
        "metadata": {"name": "shop", "namespace": "db"}, "spec": spec})
}

fn maria(spec: &Value) -> Value {
    json!({"apiVersion": "k8s.mariadb.com/v1alpha1", "kind": "MariaDB",
        "metadata": {"name": "shop", "namespace": "db"}, "spec": spec})
}

/// Every database and workload, with how many members it has.
fn sizes(inventory: &Inventory) -> Vec<String> {
    let groups = inventory.groups();
    let size = |group: &firebreak::inventory::Group| format!("{group}: {}", group.members.len());
    groups.map(|(_, group)| size(group)).collect()
}

fn known(resource: Value, name: &str) -> (Inventory, Database) {
    let inventory = manifests(vec![resource]);
    let found = database(&inventory, name).clone();
    (inventory, found)
}

#[test]
fn an_innodb_cluster_is_its_servers_and_neither_its_routers_nor_its_read_replicas() {
    let spec = json!({"instances": 3, "readReplicas": [{"name": "eu", "instances": 2}]});
    let inventory = manifests(vec![cluster(&spec)]);
    let expected = [
        "Deployment db/shop-router: 1",
        "InnoDBCluster db/shop: 3",
        "StatefulSet db/shop-eu: 2",
    ];
    assert_eq!(sizes(&inventory), expected);
    assert_eq!(group(&inventory, "StatefulSet db/shop-eu").database, None);
    assert_eq!(writers(&inventory, "InnoDBCluster db/shop"), ["shop-0"]);
    let found = database(&inventory, "InnoDBCluster db/shop");
    assert_eq!(names(&inventory, &found.standbys), ["shop-1", "shop-2"]);
    assert_eq!(found.quorum, Quorum::Majority(3));
    assert_eq!(found.unhealthy, None);
    assert_eq!(found.point_in_time, Some(false));
}

#[test]
fn an_innodb_cluster_that_says_nothing_is_one_server_and_one_router() {
    let inventory = manifests(vec![cluster(&json!({}))]);
    let expected = ["Deployment db/shop-router: 1", "InnoDBCluster db/shop: 1"];
    assert_eq!(sizes(&inventory), expected);
    let without = manifests(vec![cluster(&json!({"router": {"instances": 0}}))]);
    assert_eq!(sizes(&without), ["InnoDBCluster db/shop: 1"]);
}

#[test]
fn the_labels_of_a_user_do_not_hide_those_of_the_operator() {
    let labels = json!({"team": "shop", "component": "web", "mysql.oracle.com/cluster": "other"});
    let inventory = manifests(vec![cluster(&json!({"instances": 2, "podLabels": labels}))]);
    assert_eq!(group(&inventory, "InnoDBCluster db/shop").members.len(), 2);
    let pod = inventory.find_pod("db", "shop-1").unwrap();
    assert_eq!(inventory.pod(pod).label("team"), "shop");
    assert_eq!(inventory.pod(pod).containers, ["sidecar", "mysql"]);
}

#[test]
fn schedules_that_are_switched_off_make_no_backups() {
    let schedules = json!([
        {"name": "a", "schedule": "0 2 * * *", "timeZone": "Europe/Paris"},
        {"name": "b", "schedule": "0 3 * * *", "enabled": false},
        {"name": "c", "schedule": "0 4 * * *", "enabled": true},
    ]);
    let (_, found) = known(
        cluster(&json!({"backupSchedules": schedules})),
        "InnoDBCluster db/shop",
    );
    let paris = Some("Europe/Paris".to_owned());
    let expected = [
        ("0 2 * * *".to_owned(), paris),
        ("0 4 * * *".to_owned(), None),
    ];
    assert_eq!(found.backup_schedules, expected);
}

#[test]
fn a_mariadb_that_says_nothing_is_one_server_that_nothing_replaces() {
    let (inventory, found) = known(maria(&json!({})), "MariaDB db/shop");
    assert_eq!(sizes(&inventory), ["MariaDB db/shop: 1"]);
    assert_eq!(writers(&inventory, "MariaDB db/shop"), ["shop-0"]);
    assert!(found.standbys.is_empty());
    assert_eq!(found.quorum, Quorum::None);
    assert!(!found.paused);
    assert!(
        known(maria(&json!({"suspend": true})), "MariaDB db/shop")
            .1
            .paused
    );
}

#[test]
fn a_mariadb_with_replicas_has_one_primary_where_it_says() {
    let spec = json!({"replicas": 3, "replication": {"enabled": true, "primary": {"podIndex": 1}},
        "metrics": {"enabled": true}, "sidecarContainers": [{"name": "audit"}]});
    let (inventory, found) = known(maria(&spec), "MariaDB db/shop");
    assert_eq!(
        sizes(&inventory),
        ["Deployment db/shop-metrics: 1", "MariaDB db/shop: 3"]
    );
    assert_eq!(writers(&inventory, "MariaDB db/shop"), ["shop-1"]);
    assert_eq!(names(&inventory, &found.standbys), ["shop-0", "shop-2"]);
    assert_eq!(found.quorum, Quorum::Standbys(1));
    assert_eq!(found.lag, None);
    let pod = inventory.find_pod("db", "shop-2").unwrap();
    assert_eq!(inventory.pod(pod).containers, ["mariadb", "agent", "audit"]);
}

#[test]
fn every_member_of_galera_may_write_and_the_named_primary_is_only_probable() {
    let spec = json!({"replicas": 3, "galera": {"enabled": true, "primary": {"podIndex": 2}}});
    let (inventory, found) = known(maria(&spec), "MariaDB db/shop");
    let probable = inventory.find_pod("db", "shop-2");
    assert_eq!(found.writer, Writer::Any { probable });
    assert_eq!(found.quorum, Quorum::Majority(3));
}

#[test]
fn a_maxscale_and_its_exporter_are_workloads() {
    let proxy = json!({"apiVersion": "k8s.mariadb.com/v1alpha1", "kind": "MaxScale",
        "metadata": {"name": "proxy", "namespace": "db"},
        "spec": {"replicas": 2, "metrics": {"enabled": true}}});
    let inventory = manifests(vec![proxy]);
    let expected = ["Deployment db/proxy-metrics: 1", "StatefulSet db/proxy: 2"];
    assert_eq!(sizes(&inventory), expected);
    assert!(
        inventory
            .groups()
            .all(|(_, group)| group.database.is_none())
    );
}

#[test]
fn the_schedules_of_a_mariadb_are_those_of_the_backups_that_name_it() {
    let backup = |kind: &str, name: &str, spec: Value| {
        json!({"apiVersion": "k8s.mariadb.com/v1alpha1", "kind": kind,
            "metadata": {"name": name, "namespace": "db"}, "spec": spec})
    };
    let of = |schedule: Value| json!({"mariaDbRef": {"name": "shop"}, "schedule": schedule});
    let mut zoned = of(json!({"cron": "0 2 * * *"}));
    zoned["timeZone"] = json!("Europe/Paris");
    let objects = vec![
        maria(&json!({})),
        backup("Backup", "dump", zoned),
        backup("PhysicalBackup", "daily", of(json!({"cron": "0 3 * * *"}))),
        backup(
            "PhysicalBackup",
            "off",
            of(json!({"cron": "0 4 * * *", "suspend": true})),
        ),
        backup("PhysicalBackup", "once", of(json!({}))),
    ];
    let inventory = manifests(objects);
    let found = database(&inventory, "MariaDB db/shop");
    let daily = ("0 3 * * *".to_owned(), None);
    let dump = ("0 2 * * *".to_owned(), Some("Europe/Paris".to_owned()));
    assert_eq!(found.backup_schedules, [daily, dump]);
    assert_eq!(found.busy, None);
}

/// Fields of which the families read something.
const FIELDS: &[&str] = &[
    "spec",
    "status",
    "metadata/annotations",
    "metadata/labels",
    "spec/instances",
    "spec/router",
    "spec/readReplicas",
    "spec/podLabels",
    "spec/backupSchedules",
    "spec/replicas",
    "spec/replication",
    "spec/galera",
    "spec/maxScaleRef",
    "spec/metrics",
    "spec/sidecarContainers",
    "spec/bootstrapFrom",
    "spec/inheritMetadata",
    "status/conditions",
    "status/replication",
    "status/currentPrimary",
    "status/cluster",
    "status/pointInTimeRecovery",
];

fn odd() -> Vec<Value> {
    let deep = json!({"enabled": true, "instances": -1, "primary": {"podIndex": 1e30}, "name": "",
        "replicas": {"shop-0": [], "shop-1": {"secondsBehindMaster": 1e300}}, "roles": ["Primary"]});
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e30),
        json!(u64::MAX),
        json!(""),
        json!("é/~1"),
        json!([]),
        json!([null, 1, "x", {}]),
        json!({}),
        deep,
    ]
}

#[test]
fn an_empty_or_odd_resource_is_a_database_all_the_same() {
    for whole in [
        cluster(&json!({"instances": 2})),
        maria(&json!({"replicas": 2})),
    ] {
        for (field, value) in FIELDS
            .iter()
            .flat_map(|it| odd().into_iter().map(move |odd| (it, odd)))
        {
            let mut resource = whole.clone();
            let mut at = &mut resource;
            for key in field.split('/') {
                at = &mut at[key];
            }
            *at = value;
            let Ok(object) = Object::new(resource.clone()) else {
                continue;
            };
            for origin in [Origin::Manifests, Origin::Recorded] {
                let inventory = Inventory::from_objects(std::slice::from_ref(&object), origin);
                let mut groups = inventory.groups();
                assert!(
                    groups.any(|(_, group)| group.database.is_some()),
                    "{resource}"
                );
            }
        }
    }
    let bare = read(vec![
        json!({"apiVersion": "mysql.oracle.com/v2", "kind": "InnoDBCluster", "metadata": {"name": "x"}}),
    ]);
    assert_eq!(
        Inventory::from_objects(&bare, Origin::Manifests)
            .pods()
            .len(),
        2
    );
}
