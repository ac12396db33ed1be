//! Kinds that are served and cannot be listed: an unknown is a worst case.

use firebreak::cli::examples;
use firebreak::fault;
use firebreak::inventory::{Backup, Cluster, Inventory, watches};
use firebreak::judge::{Decision, judge};
use firebreak::object::Object;
use firebreak::policy::{PolicySet, Reason};
use firebreak::request::{Request, User};
use serde_json::{Value, json};

use crate::facts::{example_world, policies, requests, watched_cluster};

const WHY: &str = "pods is forbidden";

fn marked(cluster: &Cluster, group: &str, kind: &str) -> Inventory {
    let mut cluster = cluster.clone();
    cluster.mark(group, kind, Some(WHY.to_owned()));
    cluster.inventory()
}

/// How strict a decision is.
fn rank(decision: Decision) -> u8 {
    match decision {
        Decision::Allow => 0,
        Decision::Warn => 1,
        Decision::Deny => 2,
    }
}

fn chaos(selector: &Value) -> Request {
    let chaos = json!({
        "apiVersion": "chaos-mesh.org/v1alpha1", "kind": "PodChaos",
        "metadata": {"name": "x", "namespace": "chaos"},
        "spec": {"action": "pod-failure", "mode": "one", "duration": "1m", "selector": selector}
    });
    Request::create(Object::new(chaos).unwrap(), User::named("engineer"))
}

fn policy(limits: &Value) -> PolicySet {
    let policy = json!({
        "apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "p"}, "spec": {"limits": limits}
    });
    PolicySet::compile([&Object::new(policy).unwrap()]).unwrap()
}

#[test]
fn no_verdict_is_more_permissive_where_a_kind_is_not_known() {
    let cluster = watched_cluster(&example_world());
    let (known, requests) = (cluster.inventory(), requests());
    let sets = [
        policies(),
        policy(&json!({"respectBudgets": true})),
        policy(&json!({"database": {"backup": {"maxAge": "26h"}}})),
    ];
    let decide = |inventory: &Inventory, set: &PolicySet, request: &Request| {
        rank(judge(inventory, set, request, examples::now()).decision)
    };
    let ranks: Vec<Vec<u8>> = sets
        .iter()
        .map(|set| {
            requests
                .iter()
                .map(|it| decide(&known, set, &it.1))
                .collect()
        })
        .collect();
    for kind in watches() {
        let unknown = marked(&cluster, kind.group, kind.kind);
        for (set, ranks) in sets.iter().zip(&ranks) {
            for ((file, request), rank) in requests.iter().zip(ranks) {
                let found = decide(&unknown, set, request);
                assert!(found >= *rank, "{file} without {kind:?}");
            }
        }
    }
}

#[test]
fn nothing_is_bounded_without_what_faults_hit_and_what_is_live() {
    let cluster = watched_cluster(&example_world());
    let api = json!({"namespaces": ["pake-api"], "labelSelectors": {"app": "pake-api"}});
    for (group, kind) in [
        ("", "Pod"),
        ("", "Namespace"),
        ("", "Service"),
        ("apps", "ReplicaSet"),
        ("pxc.percona.com", "PerconaXtraDBCluster"),
        ("chaos-mesh.org", "PodChaos"),
        ("chaos-mesh.org", "NewChaos"),
        ("litmuschaos.io", "ChaosEngine"),
        ("networking.k8s.io", "NetworkPolicy"),
    ] {
        let inventory = marked(&cluster, group, kind);
        let verdict = judge(&inventory, &policies(), &chaos(&api), examples::now());
        let violation = &verdict.violations[0];
        assert_eq!(violation.reason, Reason::InventoryUnavailable, "{kind}");
        for word in [kind, WHY, "list", "watch"] {
            assert!(violation.message.contains(word), "{}", violation.message);
        }
    }
}

#[test]
fn budgets_that_are_not_known_are_not_respected() {
    let cluster = watched_cluster(&example_world());
    let inventory = marked(&cluster, "policy", "PodDisruptionBudget");
    let request = chaos(&json!({"namespaces": ["pake-api"]}));
    let verdict = |limits| judge(&inventory, &policy(&limits), &request, examples::now());
    let found = verdict(json!({"respectBudgets": true}));
    assert_eq!(found.violations[0].reason, Reason::BudgetExceeded);
    let message = &found.violations[0].message;
    assert!(
        message.contains("PodDisruptionBudget") && message.contains(WHY),
        "{message}"
    );
    assert_eq!(verdict(json!({"maxPods": 9})).decision, Decision::Allow);
}

#[test]
fn without_the_records_of_its_family_a_database_has_no_backup_and_no_idle_hour() {
    let cluster = watched_cluster(&example_world());
    let known = cluster.inventory();
    let database = |inventory: &Inventory, kind: &str| {
        let mut groups = inventory.groups().map(|it| it.1);
        let found = groups.find(|it| it.kind == kind).unwrap();
        found.database.clone().unwrap()
    };
    let pxc = "PerconaXtraDBCluster";
    assert!(matches!(database(&known, pxc).backup, Backup::At(_)));
    for (kind, concerned, spared) in [
        ("PerconaXtraDBClusterBackup", pxc, "Cluster"),
        ("PerconaXtraDBClusterRestore", pxc, "Cluster"),
    ] {
        let unknown = marked(&cluster, "pxc.percona.com", kind);
        let found = database(&unknown, concerned);
        assert!(matches!(&found.backup, Backup::Unknown(why) if why.contains(kind)));
        assert_eq!(found.point_in_time, None);
        assert!(found.busy.is_some());
        assert_eq!(database(&unknown, spared), database(&known, spared));
    }
    let unknown = marked(&cluster, "velero.io", "Backup");
    assert_eq!(database(&unknown, pxc), database(&known, pxc));
    let plain = |inventory: &Inventory| database(inventory, "StatefulSet").backup;
    assert_ne!(plain(&unknown), plain(&known));
}

#[test]
fn without_roles_an_account_may_have_any_right() {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "none"}, "rules": []
    });
    let binding = |kind: &str, namespace: &str| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": "none", "namespace": namespace},
            "roleRef": {"kind": "ClusterRole", "name": "none"},
            "subjects": [{"kind": "ServiceAccount", "name": "runner", "namespace": "web"}]
        })
    };
    let mut objects = example_world();
    let more = [
        role,
        binding("RoleBinding", "web"),
        binding("ClusterRoleBinding", ""),
    ];
    objects.extend(more.map(|it| Object::new(it).unwrap()));
    let cluster = watched_cluster(&objects);
    let job = Object::new(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x", "namespace": "web"},
        "spec": {"template": {"metadata": {"labels": {"chaos-type": "kill"}}, "spec": {
            "serviceAccountName": "runner",
            "containers": [{"name": "main", "image": "kubectl",
                "command": ["sh", "-c", "kubectl delete pod $(cat target) -n percona"]}]
        }}}
    }))
    .unwrap();
    let read = |inventory: &Inventory| {
        let read = fault::read(&job, inventory.surroundings()).unwrap();
        read.map_or(0, |it| it.faults.len())
    };
    let known = read(&cluster.inventory());
    for kind in ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"] {
        let unknown = marked(&cluster, "rbac.authorization.k8s.io", kind);
        assert_eq!(unknown.unavailable(), None);
        assert!(
            !unknown
                .surroundings()
                .knows(("rbac.authorization.k8s.io", "RoleBinding"))
        );
        assert!(read(&unknown) >= known.max(1), "{kind}");
    }
}

#[test]
fn what_is_known_again_is_known() {
    let mut cluster = watched_cluster(&example_world());
    cluster.mark("", "Pod", Some(WHY.to_owned()));
    assert!(cluster.inventory().unavailable().is_some());
    cluster.mark("", "Pod", None);
    assert_eq!(cluster.inventory().unavailable(), None);
}

#[test]
fn policies_are_judged_without_a_cluster() {
    let broken = Object::new(json!({
        "apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "p"}, "spec": {"limits": {"maxPods": "many"}}
    }))
    .unwrap();
    let request = Request::create(broken, User::named("engineer"));
    let inventory = Inventory::unlisted("it was never listed");
    let verdict = judge(&inventory, &PolicySet::default(), &request, examples::now());
    assert_eq!(verdict.violations[0].reason, Reason::PolicyInvalid);
}
