//! Samples of database operators, where they are at hand: each cluster in them becomes the
//! databases it should, with its members, its size and its quorum.

use std::path::{Path, PathBuf};

use firebreak::inventory::{Group, Inventory, Origin};
use firebreak::object::Object;
use firebreak::yaml;

/// What becomes of the samples of an operator: its folder, the kinds that stand for a database,
/// and a line for each database.
type Operator = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// A line is the file, the database, how many members are there of how many, and its quorum.
const OPERATORS: &[Operator] = &[
    (
        "percona-xtradb-cluster-operator",
        &["PerconaXtraDBCluster"],
        &[
            "cr-minimal.yaml: PerconaXtraDBCluster default/minimal-cluster: 1 of 1, Majority(1)",
            "cr.yaml: PerconaXtraDBCluster default/cluster1: 3 of 3, Majority(3)",
            "demand-backup-cloud.yml: PerconaXtraDBCluster default/demand-backup-cloud: 3 of 3, Majority(3)",
            "demand-backup.yml: PerconaXtraDBCluster default/demand-backup: 3 of 3, Majority(3)",
            "pitr-gap-errors.yml: PerconaXtraDBCluster default/pitr-gap-errors: 3 of 3, Majority(3)",
            "pitr.yml: PerconaXtraDBCluster default/pitr: 3 of 3, Majority(3)",
            "scheduled-backup-azure.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-disable.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-gcs.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-minio.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
            "scheduled-backup-pvc.yml: PerconaXtraDBCluster default/scheduled-backup: 3 of 3, Majority(3)",
        ],
    ),
    (
        "percona-server-mysql-operator",
        &["PerconaServerMySQL"],
        &[
            "cr-minimal.yaml: PerconaServerMySQL default/minimal-cluster: 1 of 1, Majority(1)",
            "cr.yaml: PerconaServerMySQL default/ps-cluster1: 3 of 3, Majority(3)",
        ],
    ),
    (
        "percona-server-mongodb-operator",
        &["PerconaServerMongoDB"],
        &[
            "cr-minimal.yaml: PerconaServerMongoDB default/minimal-cluster (cfg): 1 of 1, Majority(1)",
            "cr-minimal.yaml: PerconaServerMongoDB default/minimal-cluster (rs0): 1 of 1, Majority(1)",
            "cr.yaml: PerconaServerMongoDB default/my-cluster-name (cfg): 3 of 3, Majority(3)",
            "cr.yaml: PerconaServerMongoDB default/my-cluster-name (rs0): 3 of 3, Majority(3)",
            "some-name-arbiter-nv.yml: PerconaServerMongoDB default/some-name (rs0): 5 of 5, Majority(5)",
            "some-name-arbiter-nv.yml: PerconaServerMongoDB default/some-name (rs0 nonVoting): 1 of 1, None",
            "some-name-oc.yml: PerconaServerMongoDB default/some-name (rs0): 3 of 3, Majority(3)",
            "some-name-rs0-2.yml: PerconaServerMongoDB default/some-name (rs0): 3 of 3, Majority(3)",
            "some-name.yml: PerconaServerMongoDB default/some-name (rs0): 3 of 3, Majority(3)",
        ],
    ),
    (
        "percona-postgresql-operator",
        &["PerconaPGCluster"],
        &["cr.yaml: PerconaPGCluster default/cluster1: 3 of 3, Standbys(0)"],
    ),
    (
        "crunchy-postgres-operator",
        &["PostgresCluster"],
        &[
            "01-primary-cluster.yaml: PostgresCluster default/primary-cluster: 1 of 1, Standbys(0), its API version is \"${KUTTL_PGCLUSTER_API_VERSION}\", which is not known",
            "postgrescluster.yaml: PostgresCluster default/hippo: 1 of 1, Standbys(0)",
            "simple-cluster.yaml: PostgresCluster default/($cluster.name): 1 of 1, Standbys(0)",
        ],
    ),
    (
        "zalando-postgres-operator",
        &["postgresql"],
        &[
            "complete-postgres-manifest.yaml: postgresql default/acid-test-cluster: 2 of 2, Standbys(0)",
            "minimal-master-replica-svcmonitor.yaml: postgresql test-pg/acid-minimal-cluster: 2 of 2, Standbys(0)",
            "minimal-postgres-lowest-version-manifest.yaml: postgresql default/acid-upgrade-test: 2 of 2, Standbys(0)",
            "minimal-postgres-manifest.yaml: postgresql default/acid-minimal-cluster: 2 of 2, Standbys(0)",
        ],
    ),
    (
        "plugin-barman-cloud",
        &["Cluster"],
        &[
            "cluster-example-legacy.yaml: Cluster default/cluster-example: 3 of 3, Standbys(0)",
            "cluster-example.yaml: Cluster default/cluster-example: 3 of 3, Standbys(0)",
            "cluster-replica-streaming.yaml: Cluster default/cluster-replica: 3 of 3, Standbys(0)",
            "cluster-restore-archive.yaml: Cluster default/cluster-restore: 3 of 3, Standbys(0)",
            "cluster-restore.yaml: Cluster default/cluster-restore: 3 of 3, Standbys(0)",
        ],
    ),
    (
        "cloudnative-pg",
        &["Cluster"],
        &[
            "cluster-advanced-initdb.yaml: Cluster default/cluster-advanced-initdb: 3 of 3, Standbys(0)",
            "cluster-backup-aws-inherit.yaml: Cluster default/pg-backup-aws-inherit: 3 of 3, Standbys(0)",
            "cluster-backup-azure-inherit.yaml: Cluster default/pg-backup-azure-inherit: 3 of 3, Standbys(0)",
            "cluster-backup-retention-30d.yaml: Cluster default/pg-backup-retention-30d: 3 of 3, Standbys(0)",
            "cluster-clone-basicauth.yaml: Cluster default/cluster-clone-basicauth: 3 of 3, Standbys(0)",
            "cluster-dc-a.yaml: Cluster default/cluster-dc-a: 3 of 3, Standbys(0)",
            "cluster-dc-b.yaml: Cluster default/cluster-dc-b: 3 of 3, Standbys(0)",
            "cluster-example-bis-restore-cr.yaml: Cluster default/cluster-restore: 3 of 3, Standbys(0)",
            "cluster-example-bis.yaml: Cluster default/cluster-example: 3 of 3, Standbys(0)",
            "cluster-example-full.yaml: Cluster default/cluster-example-full: 3 of 3, Standbys(0)",
            "cluster-example-initdb.yaml: Cluster default/cluster-example-initdb: 3 of 3, Standbys(0)",
            "cluster-example-logical-source.yaml: Cluster default/cluster-example: 3 of 3, Standbys(0)",
            "cluster-example-managed-services.yaml: Cluster default/cluster-example-managed-services: 1 of 1, Standbys(0)",
            "cluster-example-monitoring.yaml: Cluster default/cluster-example: 3 of 3, Standbys(0)",
            "cluster-example-pg-hba.yaml: Cluster default/cluster-example: 3 of 3, Standbys(0)",
            "cluster-example-pod-selector-refs.yaml: Cluster default/cluster-example-pod-selector-refs: 3 of 3, Standbys(0)",
            "cluster-example-projected-volume.yaml: Cluster default/cluster-example-projected-volume: 3 of 3, Standbys(0)",
            "cluster-example-replica-from-backup-simple.yaml: Cluster default/cluster-example-replica-from-backup-simple: 1 of 1, Standbys(0)",
            "cluster-example-replica-from-volume-snapshot.yaml: Cluster default/cluster-example-replica-from-snapshot: 1 of 1, Standbys(0)",
            "cluster-example-security-context.yaml: Cluster default/cluster-security-context: 3 of 3, Standbys(0)",
            "cluster-example-sync-az.yaml: Cluster default/cluster-example-az: 3 of 3, Standbys(1)",
            "cluster-example-syncreplicas-explicit.yaml: Cluster default/cluster-example-syncreplicas: 5 of 5, Standbys(2)",
            "cluster-example-syncreplicas-legacy.yaml: Cluster default/cluster-example-syncreplicas: 5 of 5, Standbys(1)",
            "cluster-example-syncreplicas-quorum.yaml: Cluster default/cluster-example: 3 of 3, Standbys(1)",
            "cluster-example-with-backup-scaleway.yaml: Cluster default/pg-backup-scaleway: 3 of 3, Standbys(0)",
            "cluster-example-with-backup.yaml: Cluster default/cluster-example-with-backup: 3 of 3, Standbys(0)",
            "cluster-example-with-roles.yaml: Cluster default/cluster-example-with-roles: 3 of 3, Standbys(0)",
            "cluster-example-with-tablespaces-backup.yaml: Cluster default/cluster-example-with-tablespaces: 3 of 3, Standbys(0)",
            "cluster-example-with-tablespaces.yaml: Cluster default/cluster-example-with-tablespaces: 3 of 3, Standbys(0)",
            "cluster-example-with-volume-snapshot.yaml: Cluster default/cluster-example-with-volume-snapshot: 3 of 3, Standbys(0)",
            "cluster-example.yaml: Cluster default/cluster-example: 3 of 3, Standbys(0)",
            "cluster-import-schema-only-basicauth.yaml: Cluster default/cluster-pgdump: 3 of 3, Standbys(0)",
            "cluster-import-snapshot-tls.yaml: Cluster default/cluster-pgdump: 3 of 3, Standbys(0)",
            "cluster-pvc-template.yaml: Cluster default/postgresql-pvc-template: 3 of 3, Standbys(0)",
            "cluster-replica-async.yaml: Cluster default/cluster-replica-async: 3 of 3, Standbys(0)",
            "cluster-replica-tls.yaml: Cluster default/cluster-replica-tls: 3 of 3, Standbys(0)",
            "cluster-restore-external-cluster.yaml: Cluster default/cluster-restore: 3 of 3, Standbys(0)",
            "cluster-restore-pitr.yaml: Cluster default/cluster-restore-pitr: 3 of 3, Standbys(0)",
            "cluster-restore-snapshot-full.yaml: Cluster default/cluster-restore-full: 3 of 3, Standbys(0)",
            "cluster-restore-snapshot.yaml: Cluster default/cluster-restore: 3 of 3, Standbys(0)",
            "cluster-restore-with-tablespaces.yaml: Cluster default/cluster-restore-with-tablespaces: 3 of 3, Standbys(0)",
            "cluster-restore.yaml: Cluster default/cluster-restore: 3 of 3, Standbys(0)",
            "cluster-storage-class.yaml: Cluster default/postgresql-storage-class: 3 of 3, Standbys(0)",
            "cluster-test.yaml: Cluster default/cluster-test: 3 of 3, Standbys(0)",
            "pooler-example-cluster-image-catalog.yaml: Cluster default/cluster-example: 1 of 1, Standbys(0)",
            "pooler-example-image-catalog.yaml: Cluster default/cluster-example: 1 of 1, Standbys(0)",
            "postgis-example.yaml: Cluster default/postgis-example: 1 of 1, Standbys(0)",
        ],
    ),
    (
        "mysql-operator",
        &["InnoDBCluster"],
        &[
            "sample-cluster-mycnf.yaml: InnoDBCluster default/idc-with-custom-config: 3 of 3, Majority(3)",
            "sample-cluster-podspec-node-selector.yaml: InnoDBCluster default/idc-with-selector: 3 of 3, Majority(3)",
            "sample-cluster-podspec-resources.yaml: InnoDBCluster default/idc-with-resources: 3 of 3, Majority(3)",
            "sample-cluster.yaml: InnoDBCluster default/mycluster: 3 of 3, Majority(3)",
        ],
    ),
    (
        "mariadb-operator",
        &["MariaDB"],
        &[
            "manifests--mariadb.yaml: MariaDB default/mariadb: 1 of 1, None",
            "mariadb.yaml: MariaDB mariadb/mariadb: 1 of 1, None",
            "mariadb_from_abs_physical.yaml: MariaDB default/mariadb-from-abs: 1 of 1, None",
            "mariadb_from_backup.yaml: MariaDB default/mariadb-from-backup: 1 of 1, None",
            "mariadb_from_nfs.yaml: MariaDB default/mariadb-from-nfs: 1 of 1, None",
            "mariadb_from_physicalbackup.yaml: MariaDB default/mariadb-from-physicalbackup: 1 of 1, None",
            "mariadb_from_s3.yaml: MariaDB default/mariadb-from-s3: 1 of 1, None",
            "mariadb_from_volumesnapshot.yaml: MariaDB default/mariadb-from-volumesnapshot: 1 of 1, None",
            "mariadb_galera.yaml: MariaDB default/mariadb-galera: 3 of 3, Majority(3)",
            "mariadb_galera_from_s3.yaml: MariaDB default/mariadb-galera: 3 of 3, Majority(3)",
            "mariadb_galera_from_volumesnapshot.yaml: MariaDB default/mariadb-galera: 3 of 3, Majority(3)",
            "mariadb_galera_production.yaml: MariaDB default/mariadb-galera: 3 of 3, Majority(3)",
            "mariadb_init_and_sidecar.yaml: MariaDB default/mariadb: 1 of 1, None",
            "mariadb_metrics_full.yaml: MariaDB default/mariadb: 1 of 1, None",
            "mariadb_minimal.yaml: MariaDB default/mariadb-min: 1 of 1, None",
            "mariadb_mycnf.yaml: MariaDB default/mariadb: 1 of 1, None",
            "mariadb_password_plugin.yaml: MariaDB default/mariadb: 1 of 1, None",
            "mariadb_probes.yaml: MariaDB default/mariadb: 1 of 1, None",
            "mariadb_replication.yaml: MariaDB default/mariadb-repl: 3 of 3, Standbys(1)",
            "mariadb_replication_from_volumesnapshot.yaml: MariaDB default/mariadb-repl: 3 of 3, Standbys(1)",
            "mariadb_replication_pitr_abs.yaml: MariaDB default/mariadb-repl: 3 of 3, Standbys(1)",
            "mariadb_replication_pitr_s3.yaml: MariaDB default/mariadb-repl: 3 of 3, Standbys(1)",
            "mariadb_replication_scaleout_physicalbackup.yaml: MariaDB default/mariadb-repl: 3 of 3, Standbys(1)",
            "mariadb_suspend.yaml: MariaDB default/mariadb: 1 of 1, None",
        ],
    ),
];

/// The files below the samples of an operator; `None` where they are not at hand.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn samples(operator: &str) -> Option<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream");
    let directory = root.join(operator).join("samples");
    if !directory.is_dir() {
        println!("skipped: ../shared/upstream is not here");
        return None;
    }
    let entries = std::fs::read_dir(&directory).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files)
}

/// Manifests that cannot be read, and why.
const REFUSED: &[(&str, &str)] = &[(
    "scheduled-backup-aws.yml",
    "key \"labels\" is written twice in one map",
)];

/// The objects of a file. What is no manifest, such as a page of text, has none.
fn objects(path: &Path) -> Vec<Object> {
    let manifest = path
        .extension()
        .is_some_and(|it| ["yaml", "yml", "json"].iter().any(|known| it == *known));
    if !manifest {
        return Vec::new();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let refused = REFUSED.iter().find(|(file, _)| path.ends_with(file));
    let mut objects = Vec::new();
    for document in yaml::read(&text, yaml::LARGEST) {
        match (document, refused) {
            (Ok(document), _) => objects.extend(Object::new(document.value).ok()),
            (Err(error), Some((_, why))) => assert_eq!(error.message, *why),
            (Err(error), None) => panic!("{}: {error:?}", path.display()),
        }
    }
    objects
}

/// The databases of a file in which there is a resource of these kinds, a line each.
fn databases(path: &Path, kinds: &[&str]) -> Vec<String> {
    let objects = objects(path);
    let mut resources = objects.iter().map(|object| &object.reference().kind);
    if !resources.any(|kind| kinds.contains(&kind.as_str())) {
        return Vec::new();
    }
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let inventory = Inventory::from_objects(&objects, Origin::Manifests);
    let groups = inventory.groups().filter_map(|(_, group)| line(group));
    let lines: Vec<String> = groups.map(|line| format!("{file}: {line}")).collect();
    assert!(!lines.is_empty(), "{file}: no database");
    lines
}

fn line(group: &Group) -> Option<String> {
    let database = group.database.as_ref()?;
    let (members, size, quorum) = (group.members.len(), group.size, database.quorum);
    let doubt = database.doubt.as_ref();
    let doubt = doubt.map_or_else(String::new, |doubt| format!(", {doubt}"));
    Some(format!("{group}: {members} of {size}, {quorum:?}{doubt}"))
}

#[test]
fn the_samples_of_database_operators_become_the_databases_they_ask_for() {
    for (operator, kinds, expected) in OPERATORS {
        let Some(files) = samples(operator) else {
            return;
        };
        let found = files.iter().flat_map(|file| databases(file, kinds));
        let found: Vec<String> = found.collect();
        assert_eq!(found, *expected, "{operator}\n{}", found.join("\n"));
    }
}
