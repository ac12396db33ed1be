//! The pods that operators of PostgreSQL would make of manifests, and of manifests that are odd.

use std::collections::BTreeSet;
use std::path::Path;

use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use serde_json::{Value, json};

use crate::inventory::{database, group, manifests, names, writers};
use crate::mangled::{oddities, places};
use crate::spec::{objects, sections};

/// The names of everything in an inventory, with the number of its members.
fn groups(inventory: &Inventory) -> Vec<String> {
    let groups = inventory.groups().map(|(_, group)| group);
    groups
        .map(|group| format!("{group}: {}", group.members.len()))
        .collect()
}

fn percona(spec: &Value) -> Vec<Value> {
    vec![
        json!({"apiVersion": "pgv2.percona.com/v2", "kind": "PerconaPGCluster",
        "metadata": {"name": "c", "namespace": "db"}, "spec": spec}),
    ]
}

fn crunchy(spec: &Value) -> Vec<Value> {
    vec![
        json!({"apiVersion": "postgres-operator.crunchydata.com/v1", "kind": "PostgresCluster",
        "metadata": {"name": "c", "namespace": "db"}, "spec": spec}),
    ]
}

fn zalando(spec: &Value) -> Vec<Value> {
    vec![
        json!({"apiVersion": "acid.zalan.do/v1", "kind": "postgresql",
        "metadata": {"name": "c", "namespace": "db"}, "spec": spec}),
    ]
}

#[test]
fn each_operator_makes_its_members_and_what_stands_beside_them() {
    let repos = json!({"pgbackrest": {"repos": [{"name": "repo1"}]}});
    let sets = json!([{"name": "a", "replicas": 2}, {"name": "b"}]);
    let spec = json!({"instances": sets, "backups": repos});
    assert_eq!(
        groups(&manifests(percona(&spec))),
        [
            "Deployment db/c-pgbouncer: 1",
            "PerconaPGCluster db/c: 3",
            "StatefulSet db/c-repo-host: 1",
        ]
    );
    assert_eq!(
        groups(&manifests(crunchy(&spec))),
        ["PostgresCluster db/c: 3", "StatefulSet db/c-repo-host: 1"]
    );
    let proxied = json!({"instances": sets, "proxy": {"pgBouncer": {"replicas": 2}}});
    assert_eq!(
        groups(&manifests(crunchy(&proxied))),
        ["Deployment db/c-pgbouncer: 2", "PostgresCluster db/c: 3"]
    );
    let pooled = json!({"numberOfInstances": 2, "enableConnectionPooler": true,
        "enableReplicaConnectionPooler": true, "connectionPooler": {"numberOfInstances": 3}});
    assert_eq!(
        groups(&manifests(zalando(&pooled))),
        [
            "Deployment db/c-pooler: 3",
            "Deployment db/c-pooler-repl: 3",
            "postgresql db/c: 2",
        ]
    );
}

#[test]
fn what_is_switched_off_has_no_pods_and_keeps_its_size() {
    let sets = json!([{"replicas": 3}]);
    let off = [
        manifests(percona(&json!({"instances": sets, "pause": true}))),
        manifests(crunchy(&json!({"instances": sets, "shutdown": true}))),
    ];
    for inventory in &off {
        let (_, group) = inventory.groups().next().unwrap();
        assert_eq!((group.members.len(), group.size), (0, 3), "{group}");
        assert!(group.database.as_ref().unwrap().paused, "{group}");
    }
    let none = manifests(zalando(&json!({"numberOfInstances": 0})));
    assert_eq!(groups(&none), ["postgresql db/c: 0"]);
}

#[test]
fn the_first_member_of_manifests_leads_in_the_word_of_its_operator() {
    let spec = json!({"instances": [{"replicas": 2}], "numberOfInstances": 2});
    let role = "postgres-operator.crunchydata.com/role";
    for (objects, name, label, word) in [
        (percona(&spec), "PerconaPGCluster db/c", role, "primary"),
        (crunchy(&spec), "PostgresCluster db/c", role, "master"),
        (zalando(&spec), "postgresql db/c", "spilo-role", "master"),
    ] {
        let inventory = manifests(objects);
        let found = database(&inventory, name);
        assert_eq!(found.standbys.len(), 1, "{name}");
        let leader = inventory.find_pod("db", writers(&inventory, name)[0]);
        assert_eq!(inventory.pod(leader.unwrap()).label(label), word);
    }
}

#[test]
fn members_that_are_recorded_are_not_made_again() {
    let mut objects = crunchy(&json!({"instances": [{"name": "00", "replicas": 2}]}));
    let labels = json!({"postgres-operator.crunchydata.com/cluster": "c",
        "postgres-operator.crunchydata.com/data": "postgres"});
    objects.push(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "c-00-wxyz-0", "namespace": "db", "labels": labels}}));
    let inventory = manifests(objects);
    let group = group(&inventory, "PostgresCluster db/c");
    assert_eq!(names(&inventory, &group.members), ["c-00-wxyz-0"]);
    assert_eq!(group.size, 2);
}

#[test]
fn without_a_word_of_its_size_a_database_is_as_large_as_its_pods() {
    for odd in [
        json!({}),
        json!({"instances": {}}),
        json!({"instances": []}),
        json!(7),
    ] {
        let inventory = manifests(crunchy(&odd));
        assert_eq!(group(&inventory, "PostgresCluster db/c").size, 0, "{odd}");
    }
    let inventory = manifests(crunchy(&json!({"instances": [7, {"replicas": "x"}, null]})));
    assert_eq!(group(&inventory, "PostgresCluster db/c").size, 3);
}

/// Every object in the worlds of the specifications of databases.
fn specified() -> Vec<Object> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/databases");
    let mut found: Vec<Object> = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let blocks = sections(&text).into_iter().flat_map(|it| it.blocks);
        for block in blocks.filter(|block| block.info == "yaml world") {
            found.extend(objects(&text[block.range], &path.display().to_string()));
        }
    }
    found
}

#[test]
fn whatever_stands_in_a_resource_an_inventory_is_made_of_it() {
    const TOPS: [&str; 3] = ["/spec", "/status", "/metadata/"];
    let oddities = oddities();
    let (mut seen, mut made) = (BTreeSet::new(), 0);
    for object in specified() {
        let mut paths = Vec::new();
        places(object.value(), "", &mut paths);
        paths.retain(|path| TOPS.iter().any(|top| path.starts_with(top)));
        paths.retain(|path| seen.insert((object.reference().kind.clone(), path.clone())));
        for (path, oddity) in paths
            .iter()
            .flat_map(|path| oddities.iter().map(move |odd| (path, odd)))
        {
            let mut value = object.value().clone();
            *value.pointer_mut(path).unwrap() = oddity.clone();
            // What has no name is no object.
            let Ok(mangled) = Object::new(value) else {
                continue;
            };
            for origin in [Origin::Recorded, Origin::Manifests] {
                let inventory = Inventory::from_objects(std::slice::from_ref(&mangled), origin);
                made += inventory.groups().len();
            }
        }
    }
    assert!(made > 1_000, "{made}");
}
