//! The kinds that are watched or may be, of which no request is put before the webhook.

use super::resources::Row;
use crate::policy::spec::GROUP;

use super::resources::Scope::{Cluster, Namespaced};

/// API group, and its kinds.
pub(super) const UNGUARDED: &[(&str, &[Row])] = &[
    ("argoproj.io", &[("Rollout", "rollouts", Namespaced)]),
    (
        "",
        &[
            ("Namespace", "namespaces", Cluster),
            ("Service", "services", Namespaced),
            ("Endpoints", "endpoints", Namespaced),
            ("ServiceAccount", "serviceaccounts", Namespaced),
            ("PersistentVolume", "persistentvolumes", Cluster),
            (
                "PersistentVolumeClaim",
                "persistentvolumeclaims",
                Namespaced,
            ),
        ],
    ),
    (
        "discovery.k8s.io",
        &[("EndpointSlice", "endpointslices", Namespaced)],
    ),
    (
        "policy",
        &[("PodDisruptionBudget", "poddisruptionbudgets", Namespaced)],
    ),
    (
        "rbac.authorization.k8s.io",
        &[
            ("ClusterRole", "clusterroles", Cluster),
            ("ClusterRoleBinding", "clusterrolebindings", Cluster),
            ("Role", "roles", Namespaced),
            ("RoleBinding", "rolebindings", Namespaced),
        ],
    ),
    (
        "acid.zalan.do",
        &[
            (
                "OperatorConfiguration",
                "operatorconfigurations",
                Namespaced,
            ),
            ("postgresql", "postgresqls", Namespaced),
        ],
    ),
    (
        "barmancloud.cnpg.io",
        &[("ObjectStore", "objectstores", Namespaced)],
    ),
    (
        "k8s.mariadb.com",
        &[
            ("Backup", "backups", Namespaced),
            ("MariaDB", "mariadbs", Namespaced),
            ("MaxScale", "maxscales", Namespaced),
            ("PhysicalBackup", "physicalbackups", Namespaced),
            ("PointInTimeRecovery", "pointintimerecoveries", Namespaced),
            ("Restore", "restores", Namespaced),
        ],
    ),
    (
        "mysql.oracle.com",
        &[
            ("InnoDBCluster", "innodbclusters", Namespaced),
            ("MySQLBackup", "mysqlbackups", Namespaced),
        ],
    ),
    (
        "pgv2.percona.com",
        &[
            ("PerconaPGBackup", "perconapgbackups", Namespaced),
            ("PerconaPGCluster", "perconapgclusters", Namespaced),
            ("PerconaPGRestore", "perconapgrestores", Namespaced),
            ("PerconaPGUpgrade", "perconapgupgrades", Namespaced),
        ],
    ),
    (
        "postgres-operator.crunchydata.com",
        &[
            ("PGUpgrade", "pgupgrades", Namespaced),
            ("PostgresCluster", "postgresclusters", Namespaced),
        ],
    ),
    (
        "postgresql.cnpg.io",
        &[
            ("Backup", "backups", Namespaced),
            ("Cluster", "clusters", Namespaced),
            ("FailoverQuorum", "failoverquorums", Namespaced),
            ("Pooler", "poolers", Namespaced),
            ("ScheduledBackup", "scheduledbackups", Namespaced),
        ],
    ),
    (
        "ps.percona.com",
        &[
            ("PerconaServerMySQL", "perconaservermysqls", Namespaced),
            (
                "PerconaServerMySQLBackup",
                "perconaservermysqlbackups",
                Namespaced,
            ),
            (
                "PerconaServerMySQLClusterSet",
                "perconaservermysqlclustersets",
                Namespaced,
            ),
            (
                "PerconaServerMySQLRestore",
                "perconaservermysqlrestores",
                Namespaced,
            ),
        ],
    ),
    (
        "psmdb.percona.com",
        &[
            ("PerconaServerMongoDB", "perconaservermongodbs", Namespaced),
            (
                "PerconaServerMongoDBBackup",
                "perconaservermongodbbackups",
                Namespaced,
            ),
            (
                "PerconaServerMongoDBRestore",
                "perconaservermongodbrestores",
                Namespaced,
            ),
        ],
    ),
    (
        "pxc.percona.com",
        &[
            ("PerconaXtraDBCluster", "perconaxtradbclusters", Namespaced),
            (
                "PerconaXtraDBClusterBackup",
                "perconaxtradbclusterbackups",
                Namespaced,
            ),
            (
                "PerconaXtraDBClusterRestore",
                "perconaxtradbclusterrestores",
                Namespaced,
            ),
        ],
    ),
    (
        "snapshot.storage.k8s.io",
        &[("VolumeSnapshot", "volumesnapshots", Namespaced)],
    ),
    (
        "upstream.pgv2.percona.com",
        &[("PostgresCluster", "postgresclusters", Namespaced)],
    ),
    (
        "velero.io",
        &[
            ("Backup", "backups", Namespaced),
            (
                "BackupStorageLocation",
                "backupstoragelocations",
                Namespaced,
            ),
            ("Restore", "restores", Namespaced),
            ("Schedule", "schedules", Namespaced),
        ],
    ),
    // Written by the answer to a request, which must not ask for another.
    (GROUP, &[("BlastLedger", "blastledgers", Namespaced)]),
];
