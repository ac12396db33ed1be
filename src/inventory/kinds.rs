//! Every kind that an inventory is made of, what it is for, and what follows where it cannot be
//! listed.
//!
//! A [`Kind`] is made here alone. So whatever is looked up is in the table, and whatever is in the
//! table is watched.

/// API group and kind of objects that an inventory is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    group: &'static str,
    name: &'static str,
}

impl Kind {
    const fn new(group: &'static str, name: &'static str) -> Self {
        Self { group, name }
    }

    pub(super) const fn group(self) -> &'static str {
        self.group
    }

    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    /// API group and kind.
    pub(super) const fn pair(self) -> (&'static str, &'static str) {
        (self.group, self.name)
    }
}

impl PartialEq<Kind> for (&str, &str) {
    fn eq(&self, other: &Kind) -> bool {
        *self == other.pair()
    }
}

/// What follows where the objects of a kind cannot be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unlisted {
    /// Nothing can be bounded.
    Unbounded,
    /// No budget can be respected.
    Budgets,
    /// Of a database that they may be about, the backups and what goes on are not known.
    Records,
    /// An account may have any right.
    Rights,
    /// Nothing: a cluster's own pods tell all of it.
    Nothing,
}

/// A kind, and why it is watched.
pub(super) struct Row {
    pub(super) kind: Kind,
    pub(super) why: &'static str,
    pub(super) unlisted: Unlisted,
}

/// What follows where the objects of a kind cannot be listed. Of what is not in the table nothing is
/// known but that it is watched, for it may be chaos.
pub(super) fn unlisted(kind: (&str, &str)) -> Unlisted {
    let mut rows = ROWS.iter();
    let row = rows.find(|row| kind == row.kind);
    row.map_or(Unlisted::Unbounded, |row| row.unlisted)
}

/// One row and one constant for each kind, sorted by group and kind.
macro_rules! kinds {
    ($($constant:ident = ($group:literal, $name:literal), $unlisted:ident, $why:literal;)+) => {
        $(pub(super) const $constant: Kind = Kind::new($group, $name);)+

        /// The table.
        pub(super) const ROWS: &[Row] = &[
            $(Row { kind: $constant, unlisted: Unlisted::$unlisted, why: $why }),+
        ];
    };
}

kinds! {
    NAMESPACE = ("", "Namespace"), Unbounded, "its labels decide which policies protect what is in it";
    NODE = ("", "Node"), Unbounded, "faults take nodes with the pods on them";
    POD = ("", "Pod"), Unbounded, "it is what faults hit";
    REPLICATION_CONTROLLER = ("", "ReplicationController"), Unbounded, "pods are counted in their workload";
    SERVICE = ("", "Service"), Unbounded, "an address leads to the pods behind it";
    POSTGRESQL_CONFIGURATION = ("acid.zalan.do", "OperatorConfiguration"), Unbounded, "it names the labels of members";
    POSTGRESQL = ("acid.zalan.do", "postgresql"), Unbounded, "it is a database";
    DAEMON_SET = ("apps", "DaemonSet"), Unbounded, "pods are counted in their workload";
    DEPLOYMENT = ("apps", "Deployment"), Unbounded, "pods are counted in their workload";
    REPLICA_SET = ("apps", "ReplicaSet"), Unbounded, "pods are counted in their workload";
    STATEFUL_SET = ("apps", "StatefulSet"), Unbounded, "pods are counted in their workload";
    ROLLOUT = ("argoproj.io", "Rollout"), Unbounded, "pods are counted in their workload";
    OBJECT_STORE = ("barmancloud.cnpg.io", "ObjectStore"), Records, "it tells when a database was backed up";
    CRON_JOB = ("batch", "CronJob"), Records, "it tells when a database was backed up";
    JOB = ("batch", "Job"), Unbounded, "pods are counted in their workload";
    BACKUP_DEFAULTS = ("firebreak.dev", "BackupDefaults"), Nothing, "it says which backups databases are given";
    POLICY = ("firebreak.dev", "BlastRadiusPolicy"), Unbounded, "it says what is permitted";
    EXEMPTION = ("firebreak.dev", "Exemption"), Nothing, "it permits what a policy does not";
    MARIADB_BACKUP = ("k8s.mariadb.com", "Backup"), Records, "it tells when a database was backed up";
    MARIADB = ("k8s.mariadb.com", "MariaDB"), Unbounded, "it is a database";
    MAX_SCALE = ("k8s.mariadb.com", "MaxScale"), Unbounded, "it tells which member is written to";
    MARIADB_PHYSICAL_BACKUP = ("k8s.mariadb.com", "PhysicalBackup"), Records, "it tells when a database was backed up";
    MARIADB_RECOVERY = ("k8s.mariadb.com", "PointInTimeRecovery"), Nothing, "a database may be given its logs";
    MARIADB_RESTORE = ("k8s.mariadb.com", "Restore"), Records, "backups before it are of other data";
    INNODB_CLUSTER = ("mysql.oracle.com", "InnoDBCluster"), Unbounded, "it is a database";
    MYSQL_BACKUP = ("mysql.oracle.com", "MySQLBackup"), Records, "it tells when a database was backed up";
    NETWORK_POLICY = ("networking.k8s.io", "NetworkPolicy"), Unbounded, "it tells what another one cuts off";
    PERCONA_PG_BACKUP = ("pgv2.percona.com", "PerconaPGBackup"), Records, "it tells when a database was backed up";
    PERCONA_PG = ("pgv2.percona.com", "PerconaPGCluster"), Unbounded, "it is a database";
    PERCONA_PG_RESTORE = ("pgv2.percona.com", "PerconaPGRestore"), Records, "backups before it are of other data";
    PERCONA_PG_UPGRADE = ("pgv2.percona.com", "PerconaPGUpgrade"), Records, "it tells what goes on in a database";
    BUDGET = ("policy", "PodDisruptionBudget"), Budgets, "it wants pods left";
    POSTGRES_CLUSTER = ("postgres-operator.crunchydata.com", "PostgresCluster"), Unbounded, "it is a database";
    CNPG_BACKUP = ("postgresql.cnpg.io", "Backup"), Records, "it tells when a database was backed up";
    CNPG = ("postgresql.cnpg.io", "Cluster"), Unbounded, "it is a database";
    FAILOVER_QUORUM = ("postgresql.cnpg.io", "FailoverQuorum"), Unbounded, "it tells how many standbys a promotion needs";
    POOLER = ("postgresql.cnpg.io", "Pooler"), Nothing, "it tells the pods that manifests would have";
    CNPG_SCHEDULE = ("postgresql.cnpg.io", "ScheduledBackup"), Records, "it tells when a database is backed up";
    PS = ("ps.percona.com", "PerconaServerMySQL"), Unbounded, "it is a database";
    PS_BACKUP = ("ps.percona.com", "PerconaServerMySQLBackup"), Records, "it tells when a database was backed up";
    PS_CLUSTER_SET = ("ps.percona.com", "PerconaServerMySQLClusterSet"), Records, "it tells what goes on in a database";
    PS_RESTORE = ("ps.percona.com", "PerconaServerMySQLRestore"), Records, "backups before it are of other data";
    PSMDB = ("psmdb.percona.com", "PerconaServerMongoDB"), Unbounded, "it is a database";
    PSMDB_BACKUP = ("psmdb.percona.com", "PerconaServerMongoDBBackup"), Records, "it tells when a database was backed up";
    PSMDB_RESTORE = ("psmdb.percona.com", "PerconaServerMongoDBRestore"), Records, "backups before it are of other data";
    PXC = ("pxc.percona.com", "PerconaXtraDBCluster"), Unbounded, "it is a database";
    PXC_BACKUP = ("pxc.percona.com", "PerconaXtraDBClusterBackup"), Records, "it tells when a database was backed up";
    PXC_RESTORE = ("pxc.percona.com", "PerconaXtraDBClusterRestore"), Records, "backups before it are of other data";
    CLUSTER_ROLE = ("rbac.authorization.k8s.io", "ClusterRole"), Rights, "it tells what a program may do";
    CLUSTER_ROLE_BINDING = ("rbac.authorization.k8s.io", "ClusterRoleBinding"), Rights, "it tells what a program may do";
    ROLE = ("rbac.authorization.k8s.io", "Role"), Rights, "it tells what a program may do";
    ROLE_BINDING = ("rbac.authorization.k8s.io", "RoleBinding"), Rights, "it tells what a program may do";
    VOLUME_SNAPSHOT = ("snapshot.storage.k8s.io", "VolumeSnapshot"), Records, "it tells when a database was backed up";
    PERCONA_PG_OWN = ("upstream.pgv2.percona.com", "PostgresCluster"), Unbounded, "it tells whose members pods are";
    VELERO_BACKUP = ("velero.io", "Backup"), Records, "it tells when a database was backed up";
    VELERO_RESTORE = ("velero.io", "Restore"), Records, "backups before it are of other data";
}
