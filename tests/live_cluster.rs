//! The command line on a live cluster: it says what it says of a recorded one, with the rights of
//! whoever calls, and it reads alone.

use firebreak::cli::examples;
use firebreak::object::Object;
use firebreak::yaml;
use serde_json::{Value, json};

use crate::command::{Ended, Folder, program};
use crate::facts::example_world;
use crate::shop::{assert_ends, failure, half, one};
use crate::source::root;
use crate::watch::fake::{Fake, cluster_of};

/// A cluster that answers on a socket, and how to get there.
struct Reached {
    fake: Fake,
    folder: Folder,
}

async fn reached(objects: &[Object]) -> Reached {
    let fake = cluster_of(objects);
    let config = fake.listen().await;
    let folder = Folder::with(&[("kubeconfig", &config), ("one.yaml", &one())]);
    folder.add("half.yaml", &half());
    Reached { fake, folder }
}

impl Reached {
    fn run(&self, arguments: &[&str]) -> Ended {
        self.folder.run(&[arguments, &LIVE].concat())
    }

    /// What is said of every example, but for the world itself.
    fn verdicts(&self, cluster: &[&str]) -> Value {
        let mut command = program(&["check", "--format=json", "--now", examples::NOW]);
        let paths = std::fs::read_dir(root().join("examples")).unwrap();
        let paths = paths.map(|it| it.unwrap().path());
        let mut paths: Vec<_> = paths
            .filter(|it| it.is_dir() && !it.ends_with("world"))
            .collect();
        paths.sort();
        let who = ["--as", "engineer", "--as-group", "system:authenticated"];
        let command = command.args(paths).args(who).args(cluster);
        let ended = Ended::from(command.current_dir(self.folder.path()).output().unwrap());
        assert_eq!(ended.err, "");
        let report = ended.json();
        assert!(report["results"].as_array().unwrap().len() > 60, "{report}");
        report
    }
}

const LIVE: [&str; 2] = ["--kubeconfig", "kubeconfig"];

fn recorded() -> String {
    root().join("examples/world").display().to_string()
}

/// Ten pods of a StatefulSet, and a policy.
fn ledger() -> Vec<Object> {
    let pod = |number: usize| {
        json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("ledger-{number}"), "namespace": "payments", "labels": {"app": "ledger"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "ledger", "controller": true}]},
        "spec": {"nodeName": "n1", "containers": [{"name": "ledger", "image": "ledger",
            "env": [{"name": "PASSWORD", "value": "hunter2"}]}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})
    };
    let others = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "payments"}}),
        json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}),
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": {"name": "ledger", "namespace": "payments"},
            "spec": {"replicas": 10, "template": {"metadata": {"labels": {"app": "ledger"}}}}}),
        json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
            "metadata": {"name": "production"}, "spec": {"limits": {"maxPods": 3}}}),
    ];
    let all = others.into_iter().chain((0..10).map(pod));
    all.map(|value| Object::new(value).unwrap()).collect()
}

fn forbid(fake: &Fake, kind: &str, resource: &str) {
    let message =
        format!("{resource} is forbidden: User \"me\" cannot list resource \"{resource}\"");
    fake.with(kind, |it| it.refused = Some((403, message)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_cluster_and_a_recorded_one_get_the_same_verdicts() {
    let reached = reached(&example_world()).await;
    reached.fake.pages_of(7);
    let live = reached.verdicts(&LIVE);
    assert_eq!(live, reached.verdicts(&["--world", &recorded()]));
    let asked = reached.fake.requests();
    assert!(
        asked
            .iter()
            .any(|it| it.contains("/pods?") && it.contains("continue="))
    );
    for uri in &asked {
        assert!(!uri.contains("secrets") && !uri.contains("watch="), "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_gets_the_verdicts_of_the_cluster() {
    let reached = reached(&example_world()).await;
    let definition = ("litmuschaos.io/v1alpha1", "ChaosExperiment");
    reached
        .fake
        .serve(definition.0, definition.1, "chaosexperiments");
    let live = reached.verdicts(&LIVE);
    let told = reached.run(&["snapshot", "-o", "world"]);
    assert_ends(
        &told,
        0,
        &[
            "world/pods.yaml: 41\n",
            "world/clusters.postgresql.cnpg.io.yaml: 3\n",
            "world/chaosexperiments.litmuschaos.io.yaml: 0\n",
        ],
    );
    assert_eq!(reached.verdicts(&["--world", "world"]), live);
    let stream = reached.run(&["snapshot"]);
    assert_eq!((stream.code, stream.err.as_str()), (Some(0), ""));
    reached.folder.add("stream.yaml", &stream.out);
    assert_eq!(reached.verdicts(&["--world", "stream.yaml"]), live);
    for uri in reached.fake.requests() {
        assert!(!uri.contains("secrets"), "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_has_nothing_that_no_decision_needs_and_takes_no_place_of_others() {
    let reached = reached(&ledger()).await;
    let told = reached.run(&["snapshot"]);
    assert_ends(
        &told,
        0,
        &[
            "# recorded at ",
            "name: ledger-9",
            "kind: BlastRadiusPolicy",
        ],
    );
    for word in ["managedFields", "hunter2", "PASSWORD", "Secret"] {
        assert!(!told.out.contains(word), "{word} in\n{}", told.out);
    }
    reached.folder.add("taken/old.yaml", "");
    let refused = reached.run(&["snapshot", "-o", "taken"]);
    let expected = "\"taken/old.yaml\" is there already, expected a folder without manifests";
    assert_ends(&refused, 2, &[expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_those_of_the_cluster_unless_others_are_given() {
    let reached = reached(&ledger()).await;
    let found = "policies: production (found in the world)";
    assert_ends(
        &reached.run(&["check", "half.yaml"]),
        1,
        &["MaxPodsExceeded", found],
    );
    assert_ends(&reached.run(&["check", "one.yaml"]), 0, &[found]);
    let six = "apiVersion: firebreak.dev/v1alpha1\nkind: BlastRadiusPolicy\n\
               metadata: {name: six}\nspec: {limits: {maxPods: 6}}\n";
    reached.folder.add("six.yaml", six);
    reached.fake.requests();
    let given = reached.run(&["check", "half.yaml", "--policy", "six.yaml"]);
    assert_ends(&given, 0, &["policies: six (given)"]);
    let plan = reached.run(&["plan", "half.yaml"]);
    assert_ends(&plan, 0, &["hits 6 of 10"]);
    let asked = reached.fake.requests();
    assert!(
        !asked.iter().any(|it| it.contains("blastradiuspolicies")),
        "{asked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_listed_is_told_and_counts_as_the_worst() {
    let reached = reached(&ledger()).await;
    forbid(&reached.fake, "Node", "nodes");
    let why = "the right to list nodes is missing: nodes is forbidden: User \"me\" cannot list \
               resource \"nodes\"";
    let told = format!("firebreak: {why}; verdicts count what it may hold as the worst\n");
    let ended = reached.run(&["check", "one.yaml"]);
    assert_ends(&ended, 1, &["InventoryUnavailable", why]);
    assert_eq!(ended.err, told);
    let refused = reached.run(&["snapshot", "-o", "world"]);
    assert_ends(&refused, 2, &["nothing was written", why]);
    assert!(!reached.folder.path().join("world").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_policies_are_not_known_nothing_is_permitted_but_by_those_given() {
    let reached = reached(&ledger()).await;
    forbid(&reached.fake, "BlastRadiusPolicy", "blastradiuspolicies");
    let ended = reached.run(&["check", "one.yaml"]);
    assert_ends(
        &ended,
        1,
        &[
            "the right to list blastradiuspolicies.firebreak.dev is missing",
            "policies: not known",
        ],
    );
    reached.folder.add("policy.yaml", crate::shop::POLICY);
    let given = reached.run(&["check", "one.yaml", "--policy", "policy.yaml"]);
    assert_ends(&given, 0, &["policies: production (given)"]);
    assert_eq!(given.err, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_fails_for_a_moment_is_asked_for_again_and_one_that_is_gone_is_not_missed() {
    let reached = reached(&ledger()).await;
    reached.fake.with("Pod", |kind| kind.failures = 2);
    assert_ends(
        &reached.run(&["check", "half.yaml"]),
        1,
        &["MaxPodsExceeded"],
    );
    reached.fake.withdraw("BlastRadiusPolicy");
    let shipped = reached.run(&["check", "one.yaml"]);
    assert_ends(
        &shipped,
        0,
        &["(shipped with firebreak, since none was given)"],
    );
    assert_eq!(shipped.err, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_is_another_matter_than_who_submits() {
    let reached = reached(&ledger()).await;
    let only = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "BlastRadiusPolicy",
        "metadata": {"name": "only"}, "spec": {"accounts": {"allow": [{"users": ["jane"]}]}}});
    reached.folder.add("only.yaml", &only.to_string());
    let check = ["check", "one.yaml", "--as", "jane"];
    let read = ["--read-as", "auditor", "--read-as-group", "readers"];
    assert_eq!(reached.run(&[&check[..], &read].concat()).code, Some(0));
    assert_eq!(reached.fake.callers(), ["auditor readers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_is_found_by_its_name_and_the_current_one_without() {
    let reached = reached(&ledger()).await;
    reached
        .folder
        .add("payments/one.yaml", &failure("a", "mode: one"));
    for context in [
        &["--context", "here"][..],
        &["--context=here"],
        &["--context"],
    ] {
        let ended = reached.run(&[&["check", "one.yaml"], context].concat());
        assert_ends(&ended, 0, &["policies: production"]);
    }
    let mut bare = program(&["check", "one.yaml", "--context"]);
    let bare = bare
        .env("KUBECONFIG", "kubeconfig")
        .current_dir(reached.folder.path());
    assert_ends(
        &Ended::from(bare.output().unwrap()),
        0,
        &["policies: production"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_cannot_be_read_is_no_verdict() {
    let reached = reached(&ledger()).await;
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["--kubeconfig", "kubeconfig", "--context", "nowhere"],
            &["no way to the API server", "context \"nowhere\""],
        ),
        (
            &["--kubeconfig", "missing"],
            &["no way to the API server", "the kubeconfig \"missing\""],
        ),
        (
            &["--kubeconfig", "kubeconfig", "--context", "away"],
            &[
                "no answer from the API server of the kubeconfig \"kubeconfig\" and its context \"away\"",
                "refused",
            ],
        ),
        (
            &["--kubeconfig", "kubeconfig", "--world", "one.yaml"],
            &["--world beside --context or --kubeconfig are two clusters, expected one"],
        ),
        (
            &["--read-as", "jane"],
            &["--read-as \"jane\" reads a live cluster, expected --context or --kubeconfig"],
        ),
    ];
    for (arguments, expected) in cases {
        for verb in ["check", "plan"] {
            let ended = reached
                .folder
                .run(&[&[verb, "one.yaml"], *arguments].concat());
            assert_ends(&ended, 2, expected);
            assert_eq!(ended.out, "");
        }
    }
    reached.fake.down(true);
    let down = reached.run(&["snapshot"]);
    assert_ends(
        &down,
        2,
        &["no answer from the API server", "503: nobody is here"],
    );
    assert_eq!(down.out, "");
}

/// A database without backups, its definition, and the defaults that we ship, for a secret that is
/// not there.
fn unprotected() -> Vec<Object> {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let defaults = read("policies/backup-defaults.yaml");
    let defaults = defaults.replace("  storage:\n", "  missingSecret: Inject\n  storage:\n");
    let database = "apiVersion: pxc.percona.com/v1\nkind: PerconaXtraDBCluster\n\
        metadata: {name: orders, namespace: shop, uid: u-1}\n\
        spec: {crVersion: 1.19.0, pxc: {size: 3, image: 'percona/percona-xtradb-cluster:8.4.7-7.1'}}\n";
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let texts = [
        defaults,
        database.to_owned(),
        namespace.to_owned(),
        read("examples/databases/definitions.yaml"),
    ];
    let documents = texts
        .iter()
        .flat_map(|text| yaml::read(text, yaml::LARGEST));
    let objects = documents.map(|it| Object::new(it.unwrap().value).unwrap());
    let wanted = |it: &Object| {
        let it = it.reference();
        it.kind != "CustomResourceDefinition" || it.name.starts_with("perconaxtradb")
    };
    objects.filter(wanted).collect()
}

const SECRET: &str = "/api/v1/namespaces/shop/secrets/percona-backup-minio-credentials";

#[tokio::test(flavor = "multi_thread")]
async fn the_databases_of_a_live_cluster_are_offered_backups() {
    let reached = reached(&unprotected()).await;
    let ended = reached.run(&["plan", "--backup"]);
    let said = [
        "PerconaXtraDBCluster shop/orders has no backups: spec.backup is missing\n  \
         BackupDefaults default would give it these; its operator does not restart it for that\n",
        "warning: secret shop/percona-backup-minio-credentials is not there; its backups will fail until it is\n",
        "\nkubectl patch perconaxtradbclusters.pxc.percona.com orders --namespace shop --type merge --patch '",
        "\n1 read: 1 could be given backups\n",
    ];
    assert_ends(&ended, 0, &said);
    assert!(!ended.out.contains("assumed:"), "{}", ended.told());
    let asked = reached.fake.requests();
    let secrets: Vec<_> = asked.iter().filter(|it| it.contains("secrets")).collect();
    assert_eq!(secrets, [SECRET]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diff_on_a_live_cluster_is_by_its_own_definitions_and_defaults() {
    let reached = reached(&unprotected()).await;
    let database = std::fs::read_to_string(root().join("examples/databases/percona-xtradb.yaml"));
    let database = database.unwrap().replace("databases", "shop");
    reached.folder.add("database.yaml", &database);
    let ended = reached.run(&["check", "database.yaml", "-o", "diff"]);
    let said = "database.yaml:4: PerconaXtraDBCluster shop/orders gets backups of BackupDefaults default\n";
    assert_ends(&ended, 0, &[said, "+  backup:\n"]);
    forbid(&reached.fake, "Namespace", "namespaces");
    let ended = reached.run(&["check", "database.yaml", "-o", "diff"]);
    let said = "is left as it is: namespace \"shop\" is not known; no backups are added\n";
    assert!(ended.out.contains(said), "{}", ended.told());
}
