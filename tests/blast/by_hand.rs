//! What random cases prove, once more in cases that can be read.

use std::time::Duration;

use firebreak::blast::{BlastRadius, Impact, measure};
use firebreak::fault::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Mode, NodeQuery, NodeTarget,
    Overlap, PodQuery, Selection, Surroundings, Target, Tool, read,
};
use firebreak::inventory::{Active, Inventory, Origin};
use firebreak::object::Object;
use serde_json::{Value, json};

/// A cluster of PostgreSQL: `pg-0` is the primary, `pg-1` and `pg-2` follow, each on its node, and
/// the primary has a budget of its own. Beside it a Job, which is done.
fn postgres() -> Vec<Value> {
    let pod = |name: &str, phase: &str, labels: &Value, owner: &Value| {
        let metadata = json!({"name": name, "namespace": "db", "labels": labels,
                              "ownerReferences": [owner]});
        let conditions = json!([{"type": "Ready", "status": "True"}]);
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
               "spec": {"nodeName": format!("on-{name}")},
               "status": {"phase": phase, "conditions": conditions}})
    };
    let role = |role: &str| json!({"cnpg.io/cluster": "pg", "cnpg.io/podRole": "instance", "cnpg.io/instanceRole": role});
    let version = "postgresql.cnpg.io/v1";
    let cluster =
        json!({"apiVersion": version, "kind": "Cluster", "name": "pg", "controller": true});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "name": "load", "controller": true});
    let selector = json!({"matchLabels": {"cnpg.io/instanceRole": "primary"}});
    vec![
        json!({"apiVersion": version, "kind": "Cluster", "spec": {"instances": 3},
               "metadata": {"name": "pg", "namespace": "db"}}),
        pod("pg-0", "Running", &role("primary"), &cluster),
        pod("pg-1", "Running", &role("replica"), &cluster),
        pod("pg-2", "Running", &role("replica"), &cluster),
        pod("load-0", "Succeeded", &json!({}), &job),
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
               "metadata": {"name": "pg-primary", "namespace": "db"},
               "spec": {"minAvailable": 1, "selector": selector}}),
    ]
}

fn inventory() -> Inventory {
    Inventory::from_objects(&crate::inventory::read(postgres()), Origin::Recorded)
}

/// All pods of these names.
fn named(names: &[&str]) -> Target {
    let query = PodQuery {
        names: Some(names.iter().map(|&name| name.to_owned()).collect()),
        ..PodQuery::default()
    };
    target(query)
}

fn target(query: PodQuery) -> Target {
    let selection = Selection {
        queries: vec![query],
        ..Selection::default()
    };
    Target {
        selection,
        mode: Mode::All,
        mode_field: String::new(),
        value_field: String::new(),
        selector_field: String::new(),
    }
}

fn fault(effect: Effect, aim: Aim) -> Fault {
    Fault {
        action: Action::PodKill,
        effect,
        aim,
        lifetime: Lifetime::For(Duration::from_mins(1)),
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: "spec".to_owned(),
        duration_field: "spec.duration".to_owned(),
        later: false,
    }
}

fn down(names: &[&str]) -> Fault {
    fault(Effect::Down, Aim::Pods(named(names)))
}

fn cut(from: &[&str], to: Target) -> Fault {
    let from = named(from);
    fault(Effect::Isolated, Aim::Cut { from, to })
}

fn experiment(faults: Vec<Fault>) -> Experiment {
    let object = json!({"apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosEngine",
                        "metadata": {"name": "chaos", "namespace": "db"}});
    Experiment {
        object: Object::new(object).unwrap().reference().clone(),
        tool: Tool::Litmus,
        faults,
        schedule: None,
        notes: Vec::new(),
        refusals: Vec::new(),
        dormant: false,
        declared: true,
    }
}

fn radius(faults: Vec<Fault>) -> BlastRadius {
    measure(&experiment(faults), &inventory())
}

/// What the faults do to the cluster.
fn impact(faults: Vec<Fault>) -> Impact {
    of_cluster(&radius(faults), &inventory())
}

fn of_cluster(radius: &BlastRadius, inventory: &Inventory) -> Impact {
    let mut impacts = radius.impacts.iter();
    let found = impacts.find(|it| inventory.group(it.group).kind == "Cluster");
    found.expect("the cluster is reached").clone()
}

#[test]
fn a_slow_primary_has_no_standby_when_another_fault_takes_them() {
    let slow = fault(Effect::Degraded, Aim::Pods(named(&["pg-0"])));
    assert_eq!(impact(vec![slow.clone()]).standbys_left, Some(2));
    let both = impact(vec![slow, down(&["pg-1", "pg-2"])]);
    assert_eq!((both.primary, both.standbys_left), (true, Some(0)));
}

#[test]
fn a_fault_on_the_standbys_counts_with_a_live_one_on_the_primary() {
    let live = |names: &[&str], records: Option<&str>| {
        let inventory = inventory();
        let records = records.and_then(|name| inventory.find_pod("db", name));
        let active = Active {
            experiment: experiment(vec![down(names)]),
            records: records.map(|pod| vec![pod, pod]),
            started: None,
        };
        let inventory = inventory.with_active(vec![active]);
        let found = measure(&experiment(vec![down(&["pg-1"])]), &inventory);
        of_cluster(&found, &inventory)
    };
    let found = live(&["pg-0"], None);
    assert_eq!((found.primary, found.standbys_left), (false, Some(1)));
    assert_eq!((found.lost, found.hits), (2, 1));
    let found = live(&["pg-0", "pg-2"], Some("pg-0"));
    assert_eq!(
        (found.lost, found.standbys_left),
        (2, Some(1)),
        "the records"
    );
    assert_eq!(live(&["pg-2"], None).standbys_left, None);
}

#[test]
fn a_partition_inside_a_cluster_is_felt_by_the_budget_of_its_primary() {
    let inside = radius(vec![cut(&["pg-0"], named(&["pg-1", "pg-2"]))]);
    let [budget] = inside.budgets.as_slice() else {
        panic!("one budget: {:?}", inside.budgets);
    };
    assert_eq!((budget.lost, budget.allowed), (1, 0));
    assert!(
        radius(vec![cut(&["pg-0"], named(&["load-0"]))])
            .budgets
            .is_empty()
    );
}

#[test]
fn a_cut_from_outside_the_cluster_degrades_the_near_side_and_waits_for_nobody() {
    let outside = target(PodQuery {
        addresses: Some(vec!["192.0.2.1".to_owned()]),
        ..PodQuery::default()
    });
    let found = radius(vec![cut(&["pg-0"], outside)]);
    assert!(!found.faults[0].armed);
    let found = of_cluster(&found, &inventory());
    assert_eq!(
        (found.effect, found.lost, found.hits),
        (Effect::Degraded, 0, 1)
    );
    assert!(radius(vec![cut(&["pg-0"], named(&["nobody"]))]).faults[0].armed);
}

#[test]
fn what_never_acts_shares_no_draw_with_what_does() {
    let never = Fault {
        lifetime: Lifetime::Never,
        ..down(&["pg-0"])
    };
    assert_eq!(impact(vec![never.clone(), down(&["pg-0"])]).lost, 1);
    assert!(radius(vec![never]).impacts.is_empty());
}

#[test]
fn a_fault_that_names_a_missing_node_waits_and_may_reach_everything() {
    let query = NodeQuery {
        names: vec!["missing".to_owned()],
        labels: None,
        ..NodeQuery::default()
    };
    let nodes = NodeTarget {
        nodes: Some(query.clone()),
        hosting: None,
        mode: Mode::All,
        field: String::new(),
    };
    let found = radius(vec![fault(Effect::Down, Aim::Nodes(nodes))]);
    let reach = &found.faults[0];
    assert!(reach.armed && reach.addressable.len() == inventory().groups().len());
    let on_missing = target(PodQuery {
        nodes: Some(query),
        ..PodQuery::default()
    });
    let found = radius(vec![fault(Effect::Down, Aim::Pods(on_missing))]);
    assert!(found.faults[0].armed && found.pods == 0);
}

#[test]
fn pods_that_are_unwell_or_done_are_hit_and_not_lost() {
    let mut objects = postgres();
    objects[2]["status"]["phase"] = json!("Pending");
    let inventory = Inventory::from_objects(&crate::inventory::read(objects), Origin::Recorded);
    let everyone = target(PodQuery::default());
    let all = experiment(vec![fault(Effect::Down, Aim::Pods(everyone))]);
    let found = measure(&all, &inventory);
    assert_eq!(found.pods, 4);
    let job = found.impacts.iter().find(|it| it.size == 0).unwrap();
    assert_eq!((job.candidates, job.hits, job.lost), (0, 0, 0));
    let cluster = of_cluster(&found, &inventory);
    assert_eq!((cluster.hits, cluster.lost), (3, 2));
}

#[test]
fn a_quorum_that_a_live_experiment_breaks_is_not_kept() {
    let faults = |faults| {
        let active = Active {
            experiment: experiment(vec![down(&["pg-0", "pg-1", "pg-2"])]),
            records: None,
            started: None,
        };
        let inventory = inventory().with_active(vec![active]);
        of_cluster(&measure(&experiment(faults), &inventory), &inventory).quorum_kept
    };
    assert_eq!(faults(vec![down(&["pg-2"])]), Some(false));
    let slow = fault(Effect::Degraded, Aim::Pods(named(&["pg-2"])));
    assert_eq!(faults(vec![slow]), None);
}

#[test]
fn assumed_pods_are_lost_with_whichever_node_is_drawn() {
    let mut objects = postgres();
    objects.retain(|it| it["kind"] != "Pod");
    for node in ["one", "two"] {
        let metadata = json!({"name": node});
        objects.push(json!({"apiVersion": "v1", "kind": "Node", "metadata": metadata}));
    }
    let inventory = Inventory::from_objects(&crate::inventory::read(objects), Origin::Manifests);
    let nodes = NodeTarget {
        nodes: None,
        hosting: None,
        mode: Mode::One,
        field: String::new(),
    };
    let drain = experiment(vec![fault(Effect::Down, Aim::Nodes(nodes))]);
    let found = of_cluster(&measure(&drain, &inventory), &inventory);
    assert_eq!((found.lost, found.hits), (3, 3));
}

#[test]
fn stress_on_processor_and_memory_is_one_draw() {
    let spec = json!({"selector": {"namespaces": ["db"]}, "mode": "one", "duration": "1m",
                      "stressors": {"cpu": {"workers": 1}, "memory": {"size": "1GB"}}});
    let object = json!({"apiVersion": "chaos-mesh.org/v1alpha1", "kind": "StressChaos",
                        "metadata": {"name": "stress", "namespace": "db"}, "spec": spec});
    let experiment = read(&Object::new(object).unwrap(), Surroundings::NONE)
        .unwrap()
        .unwrap();
    assert_eq!(experiment.faults.len(), 2);
    let found = measure(&experiment, &inventory());
    let cluster = of_cluster(&found, &inventory());
    assert_eq!(
        (found.pods, cluster.lost, cluster.standbys_left),
        (1, 1, Some(2))
    );
}
