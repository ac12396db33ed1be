//! Selections, condition by condition.

use serde_json::{Value, json};

use firebreak::fault::{
    Listing, Mode, Namespaces, NodeQuery, NodeTarget, OwnerQuery, Phases, PodQuery, Selection,
};
use firebreak::inventory::{Inventory, Origin, View};
use firebreak::object::Object;
use firebreak::selector::{LabelSelector, Requirement};

fn pod(namespace: &str, name: &str, rest: &Value) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {}, "status": {"phase": "Running"}
    });
    for (key, value) in rest.as_object().unwrap() {
        pod[key] = value.clone();
    }
    pod
}

fn owned(namespace: &str, name: &str, kind: &str, owner: &str) -> Value {
    let owner = json!({"apiVersion": "apps/v1", "kind": kind, "name": owner, "controller": true});
    let labels = json!({"app": owner["name"], "pod-template-hash": "5d4f"});
    let metadata = json!({"name": name, "namespace": namespace, "labels": labels,
        "ownerReferences": [owner]});
    pod(namespace, name, &json!({"metadata": metadata}))
}

fn inventory(objects: Vec<Value>) -> Inventory {
    let objects = objects.into_iter().map(|it| Object::new(it).unwrap());
    Inventory::from_objects(&objects.collect::<Vec<_>>(), Origin::Recorded)
}

fn world() -> Inventory {
    let node = |name: &str| {
        json!({"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"disk": name}}})
    };
    let on = |node: &str| json!({"spec": {"nodeName": node}});
    inventory(vec![
        node("n1"),
        node("n2"),
        pod("db", "a", &on("n1")),
        pod("db", "b", &json!({"status": {"phase": "Pending"}})),
        pod("web", "a", &on("n2")),
        owned("web", "api-5d4f-x1", "ReplicaSet", "api-5d4f"),
        owned("web", "set-0", "StatefulSet", "set"),
    ])
}

fn names(inventory: &Inventory, query: PodQuery, view: View) -> Vec<&str> {
    let selection = Selection {
        queries: vec![query],
        ..Selection::default()
    };
    let found = inventory.select(&selection, view);
    found
        .pods
        .iter()
        .map(|id| inventory.pod(*id).name.as_str())
        .collect()
}

#[test]
fn what_changes_by_itself_does_not_count_later() {
    let world = world();
    let nodes = NodeQuery {
        names: vec!["n1".to_owned()],
        labels: None,
        ..NodeQuery::default()
    };
    let query = PodQuery {
        namespaces: Namespaces::Named(vec!["db".to_owned()]),
        nodes: Some(nodes),
        phases: Phases {
            include: vec!["Running".to_owned()],
            exclude: Vec::new(),
        },
        addresses: Some(vec!["10.0.0.9".to_owned()]),
        ..PodQuery::default()
    };
    assert!(names(&world, query.clone(), View::Now).is_empty());
    assert_eq!(names(&world, query, View::Later), ["a", "b"]);
}

#[test]
fn a_missing_node_fails_the_selection_now_and_not_later() {
    let world = world();
    let nodes = NodeQuery {
        names: vec!["n9".to_owned()],
        labels: None,
        ..NodeQuery::default()
    };
    let query = PodQuery {
        nodes: Some(nodes),
        ..PodQuery::default()
    };
    let selection = Selection {
        queries: vec![query],
        ..Selection::default()
    };
    let now = world.select(&selection, View::Now);
    assert!(now.fails && now.pods.is_empty());
    let later = world.select(&selection, View::Later);
    assert!(!later.fails && later.pods.len() == 5);
}

#[test]
fn litmus_counts_a_name_once_and_chaos_mesh_each_answer() {
    let query = PodQuery {
        names: Some(vec!["a".to_owned()]),
        ..PodQuery::default()
    };
    let namespaces = ["db", "web", "db"].map(str::to_owned).to_vec();
    let query = PodQuery {
        namespaces: Namespaces::Named(namespaces),
        ..query
    };
    let listed = |list| {
        let found = world().select(
            &Selection {
                queries: vec![query.clone()],
                list,
            },
            View::Now,
        );
        (found.pods.len(), found.listed)
    };
    assert_eq!(listed(Listing::WithRepeats), (2, 3));
    assert_eq!(listed(Listing::ByName), (2, 1));
}

#[test]
fn a_pod_belongs_to_the_deployment_behind_its_replica_set() {
    let world = world();
    let owner = |kind: &str, names: Option<&str>| PodQuery {
        owner: Some(OwnerQuery {
            kind: kind.to_owned(),
            names: names.map(|name| vec![name.to_owned()]),
            scaled: None,
        }),
        ..PodQuery::default()
    };
    assert_eq!(
        names(&world, owner("deployment", Some("api")), View::Now),
        ["api-5d4f-x1"]
    );
    assert_eq!(
        names(&world, owner("statefulset", None), View::Now),
        ["set-0"]
    );
    assert!(names(&world, owner("statefulset", Some("api")), View::Now).is_empty());
    let pod = world.find_pod("web", "api-5d4f-x1").unwrap();
    assert_eq!(world.group_name(world.pod(pod).group), "Deployment web/api");
}

#[test]
fn nodes_are_chosen_by_name_by_label_or_by_what_they_host() {
    let world = world();
    let target = |nodes, hosting| NodeTarget {
        nodes,
        hosting,
        mode: Mode::All,
        field: String::new(),
    };
    let n2 = LabelSelector {
        requirements: vec![Requirement::equals("disk", "n2")],
    };
    let query = NodeQuery {
        names: vec!["n1".to_owned(), "n9".to_owned()],
        labels: Some(n2),
        ..NodeQuery::default()
    };
    let chosen = |target, view| world.select_nodes(&target, view).len();
    assert_eq!(chosen(target(Some(query), None), View::Now), 2);
    assert_eq!(chosen(target(None, None), View::Now), 2);
    let hosting = Selection {
        queries: vec![PodQuery {
            namespaces: Namespaces::Named(vec!["db".to_owned()]),
            ..PodQuery::default()
        }],
        ..Selection::default()
    };
    assert_eq!(chosen(target(None, Some(hosting.clone())), View::Now), 1);
    assert_eq!(chosen(target(None, Some(hosting)), View::Later), 2);
}

#[test]
fn a_namespace_that_is_not_in_the_inventory_may_carry_any_label() {
    let annotated = Namespaces::Annotated {
        annotation: ("chaos-mesh.org/inject".to_owned(), "enabled".to_owned()),
        of: Some(vec!["db".to_owned(), "db".to_owned()]),
    };
    let query = PodQuery {
        namespaces: annotated,
        ..PodQuery::default()
    };
    assert_eq!(names(&world(), query, View::Now), ["a", "b"]);
}

#[test]
fn a_node_that_only_its_pods_name_may_carry_any_label() {
    let world = inventory(vec![
        pod("db", "a", &json!({"spec": {"nodeName": "n2"}})),
        pod("db", "b", &json!({})),
    ]);
    let n2 = LabelSelector {
        requirements: vec![Requirement::equals("disk", "ssd")],
    };
    let nodes = NodeQuery {
        names: Vec::new(),
        labels: Some(n2),
        ..NodeQuery::default()
    };
    let query = PodQuery {
        nodes: Some(nodes),
        ..PodQuery::default()
    };
    assert_eq!(names(&world, query, View::Now), ["a"]);
    assert_eq!(world.nodes().len(), 1);
}
