//! Inventories of whole clusters: recorded ones, and manifests that stand for one.

use firebreak::cli::manifests::Reader;
use firebreak::fault::{Mode, NodeQuery, NodeTarget};
use firebreak::inventory::{
    Backup, Database, Group, Inventory, Origin, PodId, Quorum, View, Writer,
};
use firebreak::object::Object;
use serde_json::{Value, json};

/// The objects of a `List`.
fn listed(text: &str) -> Vec<Object> {
    let list: Value = serde_json::from_str(text).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| Object::new(item.clone()).unwrap())
        .collect()
}

/// The objects of the example world.
fn example() -> Vec<Object> {
    let world = format!("{}/examples/world", env!("CARGO_MANIFEST_DIR"));
    let reading = Reader::default().read(&[world], &mut std::io::empty());
    assert!(reading.failures.is_empty(), "{:?}", reading.failures);
    reading.manifests.into_iter().map(|it| it.object).collect()
}

fn cluster1() -> Vec<Object> {
    listed(include_str!("data/worlds/pxc-cluster1.json"))
}

pub(crate) fn recorded(objects: &[Object]) -> Inventory {
    Inventory::from_objects(objects, Origin::Recorded)
}

pub(crate) fn manifests(objects: Vec<Value>) -> Inventory {
    Inventory::from_objects(&read(objects), Origin::Manifests)
}

pub(crate) fn read(objects: Vec<Value>) -> Vec<Object> {
    objects
        .into_iter()
        .map(|it| Object::new(it).unwrap())
        .collect()
}

pub(crate) fn group<'i>(inventory: &'i Inventory, name: &str) -> &'i Group {
    let mut groups = inventory.groups().map(|(_, group)| group);
    let found = groups.find(|group| group.to_string() == name);
    found.unwrap_or_else(|| panic!("no {name} in {:?}", all(inventory)))
}

fn all(inventory: &Inventory) -> Vec<String> {
    inventory
        .groups()
        .map(|(_, group)| group.to_string())
        .collect()
}

pub(crate) fn database<'i>(inventory: &'i Inventory, name: &str) -> &'i Database {
    group(inventory, name)
        .database
        .as_ref()
        .unwrap_or_else(|| panic!("{name} is no database"))
}

pub(crate) fn names<'i>(inventory: &'i Inventory, pods: &[PodId]) -> Vec<&'i str> {
    pods.iter()
        .map(|id| inventory.pod(*id).name.as_str())
        .collect()
}

pub(crate) fn writers<'i>(inventory: &'i Inventory, name: &str) -> Vec<&'i str> {
    match &database(inventory, name).writer {
        Writer::Known(pods) => names(inventory, pods),
        Writer::Any { probable } | Writer::Untold { probable } => {
            panic!("any, probably {probable:?}")
        }
    }
}

pub(crate) fn at(text: &str) -> Backup {
    Backup::At(text.parse().unwrap())
}

const CLUSTER1: &str = "PerconaXtraDBCluster percona/cluster1";

#[test]
fn a_recorded_xtradb_cluster_is_recognised_whole() {
    let inventory = recorded(&cluster1());
    assert_eq!(
        all(&inventory),
        [CLUSTER1, "StatefulSet percona/cluster1-haproxy"]
    );
    let group = group(&inventory, CLUSTER1);
    let members = ["cluster1-pxc-0", "cluster1-pxc-1", "cluster1-pxc-2"];
    assert_eq!(names(&inventory, &group.members), members);
    assert_eq!(group.size, 3);
    let database = database(&inventory, CLUSTER1);
    assert_eq!(database.quorum, Quorum::Majority(3));
    let probable = inventory.find_pod("percona", "cluster1-pxc-0");
    assert_eq!(database.writer, Writer::Any { probable });
    let state = "its state is \"error\": Error: validate cr: backup.Image can't be empty";
    assert_eq!(database.unhealthy.as_deref(), Some(state));
    assert_eq!(database.backup, Backup::Never);
    // It is asked for, and there is no backup to begin with.
    assert_eq!(database.point_in_time, Some(false));
    assert_eq!(database.backup_schedules, [("0 2 * * *".to_owned(), None)]);
    assert!(inventory.pods().all(|(_, pod)| pod.healthy));
}

#[test]
fn the_budgets_of_a_recorded_cluster_leave_all_but_one() {
    let inventory = recorded(&cluster1());
    let budgets = inventory.budgets().iter();
    let budgets: Vec<_> = budgets
        .map(|it| (&*it.name, it.pods.len(), it.min_healthy))
        .collect();
    assert_eq!(
        budgets,
        [("cluster1-haproxy", 2, 1), ("cluster1-pxc", 3, 2)]
    );
}

#[test]
fn members_without_their_resource_are_still_a_database_and_not_healthy() {
    let mut objects = cluster1();
    objects.retain(|it| it.reference().kind != "PerconaXtraDBCluster");
    let inventory = recorded(&objects);
    let database = database(&inventory, CLUSTER1);
    assert_eq!(
        database.unhealthy.as_deref(),
        Some("its resource is not in the inventory")
    );
    assert_eq!(database.quorum, Quorum::Majority(3));
    assert!(matches!(database.backup, Backup::Unknown(_)));
    assert!(database.recognised_by.contains("labels"));
}

#[test]
fn the_databases_of_the_example_world_are_recognised() {
    let inventory = recorded(&example());
    let databases = inventory
        .groups()
        .filter(|(_, group)| group.database.is_some());
    let databases: Vec<String> = databases.map(|(_, group)| group.to_string()).collect();
    assert_eq!(
        databases,
        [
            "Cluster cnpg-test/test-cluster",
            "StatefulSet database/pake-postgresql",
            "Cluster databases/pg-eu",
            "StatefulSet default/mysql",
            "Cluster eql-cnpg-cluster-projvol/eql-storage-postgresql-cluster",
            CLUSTER1,
        ]
    );
    assert!(
        inventory
            .groups()
            .all(|(_, group)| !group.members.is_empty())
    );
    assert!(!inventory.assumed());
}

#[test]
fn the_xtradb_cluster_of_the_example_world_is_ready() {
    let inventory = recorded(&example());
    let database = database(&inventory, CLUSTER1);
    assert_eq!(database.unhealthy, None);
    assert_eq!(database.busy, None);
    assert!(matches!(database.backup, Backup::At(_)));
    assert_eq!(database.backup_schedules.len(), 3);
}

#[test]
fn the_primary_of_a_cloudnative_pg_cluster_is_known_and_a_standby_must_confirm() {
    let inventory = recorded(&example());
    let name = "Cluster databases/pg-eu";
    let database = database(&inventory, name);
    assert_eq!(writers(&inventory, name), ["pg-eu-1"]);
    assert_eq!(
        names(&inventory, &database.standbys),
        ["pg-eu-2", "pg-eu-3"]
    );
    assert_eq!(database.quorum, Quorum::Standbys(1));
    assert_eq!((&database.unhealthy, &database.busy), (&None, &None));
    assert_eq!(database.backup, at("2026-11-21T02:11:40Z"));
    assert_eq!(database.point_in_time, Some(true));
    assert_eq!(database.backup_schedules, [("0 2 * * *".to_owned(), None)]);
}

#[test]
fn nothing_takes_over_from_the_primary_of_a_bitnami_chart() {
    let inventory = recorded(&example());
    let name = "StatefulSet default/mysql";
    let database = database(&inventory, name);
    assert_eq!(group(&inventory, name).size, 3);
    assert_eq!(writers(&inventory, name), ["mysql-primary-0"]);
    assert!(database.standbys.is_empty());
    assert_eq!(database.quorum, Quorum::None);
    assert_eq!(database.backup, at("2026-11-21T00:03:27Z"));
    let zone = Some("Etc/UTC".to_owned());
    assert!(
        database
            .backup_schedules
            .contains(&("0 0 * * *".to_owned(), zone))
    );
    assert!(
        database
            .recognised_by
            .ends_with("; nothing promotes another member")
    );
}

#[test]
fn manifests_become_the_pods_they_would_have() {
    let mut objects = vec![json!({
        "apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
        "metadata": {"name": "pg", "namespace": "db"}, "spec": {"instances": 3}
    })];
    objects.push(json!({
        "apiVersion": "pxc.percona.com/v1", "kind": "PerconaXtraDBCluster",
        "metadata": {"name": "c1", "namespace": "db"},
        "spec": {"pxc": {"size": 3}, "proxysql": {"enabled": true, "size": 2}}
    }));
    objects.push(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "api", "namespace": "web"},
        "spec": {"replicas": 4, "template": {"metadata": {"labels": {"app": "api"}}}}
    }));
    let inventory = manifests(objects);
    assert!(inventory.assumed());
    assert_eq!(
        all(&inventory),
        [
            "Cluster db/pg",
            "PerconaXtraDBCluster db/c1",
            "StatefulSet db/c1-proxysql",
            "Deployment web/api",
        ]
    );
    assert_eq!(writers(&inventory, "Cluster db/pg"), ["pg-1"]);
    assert_eq!(group(&inventory, "Deployment web/api").members.len(), 4);
    assert_eq!(
        group(&inventory, "StatefulSet db/c1-proxysql")
            .members
            .len(),
        2
    );
    let database = database(&inventory, "PerconaXtraDBCluster db/c1");
    let probable = inventory.find_pod("db", "c1-pxc-0");
    assert_eq!(database.writer, Writer::Any { probable });
    assert_eq!(database.unhealthy, None);
    assert!(matches!(database.backup, Backup::Unknown(_)));
    assert!(inventory.pods().all(|(_, pod)| pod.healthy && pod.assumed));
}

#[test]
fn a_recorded_pod_of_a_controller_stands_for_all_of_its_pods() {
    let owner =
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "controller": true});
    let objects = vec![
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "s", "namespace": "db"}, "spec": {"replicas": 3}}),
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "s-0", "namespace": "db", "ownerReferences": [owner]}}),
    ];
    let inventory = manifests(objects);
    assert_eq!(inventory.pods().len(), 1);
    assert_eq!(group(&inventory, "StatefulSet db/s").size, 3);
    assert!(!inventory.assumed());
}

#[test]
fn finished_pods_of_a_job_can_be_selected_but_do_not_count() {
    let owner = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "j", "controller": true});
    let metadata = json!({"name": "j-x", "namespace": "db", "ownerReferences": [owner]});
    let objects = read(vec![
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "status": {"phase": "Succeeded"}}),
    ]);
    let inventory = recorded(&objects);
    let job = group(&inventory, "Job db/j");
    assert!(job.members.is_empty());
    assert_eq!(job.size, 0);
    assert_eq!(inventory.pods().len(), 1);
}

#[test]
fn marked_pods_are_not_healthy() {
    let mut inventory = recorded(&cluster1());
    let pod = inventory.find_pod("percona", "cluster1-pxc-1").unwrap();
    inventory.mark_unhealthy(&[pod]);
    assert_eq!(inventory.pods().filter(|(_, pod)| !pod.healthy).count(), 1);
}

/// The same value with one of its parts, by number, replaced.
fn broken(value: &Value, part: &mut usize, by: &Value) -> Value {
    if *part == 0 {
        *part = usize::MAX;
        return by.clone();
    }
    *part = part.saturating_sub(1);
    match value {
        Value::Array(items) => items.iter().map(|it| broken(it, part, by)).collect(),
        Value::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, it)| (key.clone(), broken(it, part, by)));
            Value::Object(entries.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[test]
fn no_json_is_too_strange() {
    let strange = [
        json!(null),
        json!(-1),
        json!(u64::MAX),
        json!("é:/["),
        json!([[]]),
        json!({"a": 1}),
    ];
    let mut random = fastrand::Rng::with_seed(7);
    let objects: Vec<Object> = cluster1().into_iter().chain(example()).collect();
    for object in &objects {
        for _ in 0..12 {
            let by = &strange[random.usize(..strange.len())];
            let value = broken(object.value(), &mut random.usize(1..80), by);
            let Ok(object) = Object::new(value) else {
                continue;
            };
            for origin in [Origin::Recorded, Origin::Manifests] {
                let inventory = Inventory::from_objects(std::slice::from_ref(&object), origin);
                assert!(inventory.groups().count() <= inventory.pods().len() + 1);
            }
        }
    }
}

#[test]
fn any_node_may_run_any_pod_that_is_assumed() {
    let node = |name: &str| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}});
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "s", "namespace": "db"}, "spec": {"replicas": 3}});
    let hit = |objects: Vec<Value>| {
        let inventory = manifests(objects);
        let target = NodeTarget {
            nodes: Some(NodeQuery {
                names: vec!["n1".to_owned()],
                labels: None,
                ..NodeQuery::default()
            }),
            hosting: None,
            mode: Mode::One,
            field: String::new(),
        };
        let nodes = inventory.select_nodes(&target, View::Now);
        let pods = nodes.iter().map(|id| inventory.node(*id).pods.len());
        pods.collect::<Vec<_>>()
    };
    assert_eq!(hit(vec![node("n1"), node("n2"), set.clone()]), [3]);
    assert_eq!(hit(vec![set]), [3]);
}
