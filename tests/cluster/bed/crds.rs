//! The kinds of chaos tools and database operators: their own definitions where they are at hand, and
//! stand-ins of the same names where they are not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Bed, until};

/// Kinds of one group and version.
pub(crate) struct Family {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    /// Whether status is a subresource. Where it is not, whoever may write an object may write that too.
    pub(crate) status: bool,
    pub(crate) cluster_wide: bool,
    /// Kinds and their plurals.
    pub(crate) kinds: &'static [(&'static str, &'static str)],
}

/// What the tools and operators define, as far as the guard knows of it.
#[rustfmt::skip]
pub(crate) const FAMILIES: &[Family] = &[
    Family { group: "chaos-mesh.org", version: "v1alpha1", status: false, cluster_wide: false, kinds: &[
        ("AWSChaos", "awschaos"), ("AzureChaos", "azurechaos"), ("BlockChaos", "blockchaos"), ("DNSChaos", "dnschaos"),
        ("GCPChaos", "gcpchaos"), ("HTTPChaos", "httpchaos"), ("IOChaos", "iochaos"), ("JVMChaos", "jvmchaos"),
        ("KernelChaos", "kernelchaos"), ("NetworkChaos", "networkchaos"), ("PhysicalMachine", "physicalmachines"),
        ("PhysicalMachineChaos", "physicalmachinechaos"), ("PodChaos", "podchaos"), ("Schedule", "schedules"),
        ("StressChaos", "stresschaos"), ("TimeChaos", "timechaos"),
    ] },
    Family { group: "chaos-mesh.org", version: "v1alpha1", status: true, cluster_wide: false, kinds: &[
        ("PodHttpChaos", "podhttpchaos"), ("PodIOChaos", "podiochaos"), ("PodNetworkChaos", "podnetworkchaos"),
        ("StatusCheck", "statuschecks"), ("Workflow", "workflows"), ("WorkflowNode", "workflownodes"),
    ] },
    Family { group: "chaos-mesh.org", version: "v1alpha1", status: true, cluster_wide: true, kinds: &[
        ("RemoteCluster", "remoteclusters"),
    ] },
    Family { group: "litmuschaos.io", version: "v1alpha1", status: false, cluster_wide: false, kinds: &[
        ("ChaosEngine", "chaosengines"), ("ChaosExperiment", "chaosexperiments"), ("ChaosResult", "chaosresults"),
        ("ChaosSchedule", "chaosschedules"),
    ] },
    Family { group: "argoproj.io", version: "v1alpha1", status: false, cluster_wide: false, kinds: &[
        ("CronWorkflow", "cronworkflows"), ("Workflow", "workflows"), ("WorkflowTemplate", "workflowtemplates"),
    ] },
    Family { group: "argoproj.io", version: "v1alpha1", status: false, cluster_wide: true, kinds: &[
        ("ClusterWorkflowTemplate", "clusterworkflowtemplates"),
    ] },
    Family { group: "postgresql.cnpg.io", version: "v1", status: true, cluster_wide: false, kinds: &[
        ("Backup", "backups"), ("Cluster", "clusters"), ("Pooler", "poolers"), ("ScheduledBackup", "scheduledbackups"),
    ] },
    Family { group: "barmancloud.cnpg.io", version: "v1", status: true, cluster_wide: false, kinds: &[
        ("ObjectStore", "objectstores"),
    ] },
    Family { group: "pxc.percona.com", version: "v1", status: true, cluster_wide: false, kinds: &[
        ("PerconaXtraDBCluster", "perconaxtradbclusters"), ("PerconaXtraDBClusterBackup", "perconaxtradbclusterbackups"),
    ] },
    Family { group: "ps.percona.com", version: "v1", status: true, cluster_wide: false, kinds: &[
        ("PerconaServerMySQL", "perconaservermysqls"), ("PerconaServerMySQLBackup", "perconaservermysqlbackups"),
    ] },
    Family { group: "psmdb.percona.com", version: "v1", status: true, cluster_wide: false, kinds: &[
        ("PerconaServerMongoDB", "perconaservermongodbs"), ("PerconaServerMongoDBBackup", "perconaservermongodbbackups"),
    ] },
    Family { group: "pgv2.percona.com", version: "v2", status: true, cluster_wide: false, kinds: &[
        ("PerconaPGBackup", "perconapgbackups"), ("PerconaPGCluster", "perconapgclusters"),
    ] },
    Family { group: "postgres-operator.crunchydata.com", version: "v1beta1", status: true, cluster_wide: false, kinds: &[
        ("PostgresCluster", "postgresclusters"),
    ] },
    Family { group: "acid.zalan.do", version: "v1", status: true, cluster_wide: false, kinds: &[
        ("postgresql", "postgresqls"),
    ] },
    Family { group: "mysql.oracle.com", version: "v2", status: true, cluster_wide: false, kinds: &[
        ("InnoDBCluster", "innodbclusters"), ("MySQLBackup", "mysqlbackups"),
    ] },
    Family { group: "k8s.mariadb.com", version: "v1alpha1", status: true, cluster_wide: false, kinds: &[
        ("Backup", "backups"), ("MariaDB", "mariadbs"), ("PhysicalBackup", "physicalbackups"),
    ] },
];

/// What only stand-ins are known of.
#[rustfmt::skip]
const OTHERS: &[Family] = &[
    Family { group: "chaosblade.io", version: "v1alpha1", status: true, cluster_wide: true, kinds: &[
        ("ChaosBlade", "chaosblades"),
    ] },
    Family { group: "cilium.io", version: "v2", status: true, cluster_wide: false, kinds: &[
        ("CiliumNetworkPolicy", "ciliumnetworkpolicies"),
    ] },
];

/// The kinds of our own, which are defined by what is shipped.
const OURS: Family = Family {
    group: "firebreak.dev",
    version: "v1alpha1",
    status: false,
    cluster_wide: true,
    kinds: &[
        ("BackupDefaults", "backupdefaults"),
        ("BlastLedger", "blastledgers"),
        ("BlastRadiusPolicy", "blastradiuspolicies"),
        ("EmergencyStop", "emergencystops"),
        ("Exemption", "exemptions"),
        ("ExperimentRun", "experimentruns"),
        ("SanctionedExperiment", "sanctionedexperiments"),
    ],
};

/// The folders of foreign definitions, where they are at hand.
pub(crate) fn folders() -> Vec<PathBuf> {
    let upstream = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream");
    let entries = fs::read_dir(upstream).into_iter().flatten();
    let folders = entries.map(|entry| entry.expect("an entry").path().join("crds"));
    let mut folders: Vec<PathBuf> = folders.filter(|folder| folder.is_dir()).collect();
    folders.sort();
    folders
}

impl Bed {
    /// Defines the foreign kinds and our own, and waits until all are served. The foreign ones are
    /// defined once; ours may have been removed with an installation.
    pub(crate) fn define_kinds(&self) {
        self.kinds.call_once_force(|_| self.define_them());
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/crds");
        let file = ours.to_str().expect("a path");
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", file];
        self.kubectl(&apply).succeeds();
        self.is_served(&OURS);
    }

    fn define_them(&self) {
        let folders = folders();
        let of = if folders.is_empty() { FAMILIES } else { &[] };
        self.apply_all(of.iter().chain(OTHERS).flat_map(Family::definitions));
        let mut apply = vec![
            "apply",
            "--server-side",
            "--force-conflicts",
            "--validate=false",
        ];
        let paths: Vec<String> = folders
            .iter()
            .map(|folder| format!("--filename={}", folder.display()))
            .collect();
        apply.extend(paths.iter().map(String::as_str));
        if !paths.is_empty() {
            let ended = self.kubectl(&apply).run();
            let expected = ended.code == Some(0) || is_expected(&ended.err);
            assert!(expected, "{}", ended.told());
        }
        for family in FAMILIES.iter().chain(OTHERS) {
            self.is_served(family);
        }
    }

    /// Waits until the kinds of a family are served.
    fn is_served(&self, family: &Family) {
        let path = format!("/apis/{}/{}", family.group, family.version);
        until(&format!("{path} is served"), || {
            let served = self.answer(&["get", "--raw", &path])?;
            let missing = family.kinds.iter().find(|(_, plural)| {
                let name = format!("\"name\":\"{plural}\"");
                !served.contains(&name)
            });
            missing.map_or(Ok(()), |(_, plural)| Err(plural.to_string()))
        });
    }
}

/// Whether all that is wrong is a definition that uses what older API servers do not know.
fn is_expected(errors: &str) -> bool {
    errors.contains("undeclared reference to 'isIP'")
        && errors.matches("is invalid").count() == 1
        && errors.contains("perconaservermysqlclustersets.ps.percona.com")
}

impl Family {
    fn definitions(&self) -> impl Iterator<Item = Value> {
        self.kinds
            .iter()
            .map(|(kind, plural)| self.definition(kind, plural))
    }

    /// A definition that takes everything.
    fn definition(&self, kind: &str, plural: &str) -> Value {
        let anything = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let mut version = json!({
            "name": self.version, "served": true, "storage": true,
            "schema": {"openAPIV3Schema": anything},
        });
        if self.status {
            version["subresources"] = json!({"status": {}});
        }
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{}", self.group)},
            "spec": {
                "group": self.group,
                "scope": if self.cluster_wide { "Cluster" } else { "Namespaced" },
                "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
                "versions": [version],
            },
        })
    }
}
