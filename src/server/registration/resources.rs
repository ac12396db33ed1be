//! Every kind that is read or watched: how its resource is called, where its objects stand, and which
//! requests about them are put before the webhook.

use Guard::{Chaos, Foreign, Network, Node, Program, Rule, Sanction, Workload};
use Scope::{Any, Cluster, Namespaced};

use super::unguarded::UNGUARDED;
use crate::policy::spec::GROUP;

/// Stands for every kind, or every resource, of a group.
pub const ANY: &str = "*";

/// A kind and its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// Kind, or [`ANY`].
    pub kind: &'static str,
    /// The word of the path, or [`ANY`].
    pub plural: &'static str,
    /// Where its objects stand.
    pub scope: Scope,
    /// Which requests are put before the webhook.
    pub guard: Guard,
}

/// Where the objects of a kind stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// In namespaces.
    Namespaced,
    /// Beside them.
    Cluster,
    /// It depends.
    Any,
}

impl Scope {
    /// The word of rules of webhooks.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Namespaced => "Namespaced",
            Self::Cluster => "Cluster",
            Self::Any => ANY,
        }
    }
}

/// What the objects of a kind are to the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Objects of chaos tools.
    Chaos,
    /// NetworkPolicies, which may be chaos.
    Network,
    /// Policies of network plugins and meshes, which are looked at when they say that they are chaos.
    Foreign,
    /// Programs that run to their end: what says that it is chaos is chaos.
    Program,
    /// What makes pods for good.
    Workload,
    /// Nodes, of which changes are judged.
    Node,
    /// What others are judged by.
    Rule,
    /// What firebreak is to carry out.
    Sanction,
    /// Known, and never in the way.
    Unguarded,
}

/// Kind, resource, and where its objects stand.
pub(super) type Row = (&'static str, &'static str, Scope);

const TABLE: &[(&str, Guard, &[Row])] = &[
    (
        "chaos-mesh.org",
        Chaos,
        &[
            ("PodChaos", "podchaos", Namespaced),
            ("NetworkChaos", "networkchaos", Namespaced),
            ("IOChaos", "iochaos", Namespaced),
            ("StressChaos", "stresschaos", Namespaced),
            ("TimeChaos", "timechaos", Namespaced),
            ("DNSChaos", "dnschaos", Namespaced),
            ("KernelChaos", "kernelchaos", Namespaced),
            ("HTTPChaos", "httpchaos", Namespaced),
            ("JVMChaos", "jvmchaos", Namespaced),
            ("BlockChaos", "blockchaos", Namespaced),
            ("AWSChaos", "awschaos", Namespaced),
            ("AzureChaos", "azurechaos", Namespaced),
            ("GCPChaos", "gcpchaos", Namespaced),
            ("PhysicalMachineChaos", "physicalmachinechaos", Namespaced),
            ("PodNetworkChaos", "podnetworkchaos", Namespaced),
            ("PodIOChaos", "podiochaos", Namespaced),
            ("PodHttpChaos", "podhttpchaos", Namespaced),
            ("Schedule", "schedules", Namespaced),
            ("Workflow", "workflows", Namespaced),
            ("WorkflowNode", "workflownodes", Namespaced),
            ("StatusCheck", "statuschecks", Namespaced),
            ("PhysicalMachine", "physicalmachines", Namespaced),
            ("RemoteCluster", "remoteclusters", Cluster),
            ("*", "*", Any),
        ],
    ),
    ("pingcap.com", Chaos, &[("*", "*", Any)]),
    (
        "litmuschaos.io",
        Chaos,
        &[
            ("ChaosEngine", "chaosengines", Namespaced),
            ("ChaosExperiment", "chaosexperiments", Namespaced),
            ("ChaosResult", "chaosresults", Namespaced),
            ("ChaosSchedule", "chaosschedules", Namespaced),
            ("*", "*", Any),
        ],
    ),
    (
        "argoproj.io",
        Chaos,
        &[
            ("CronWorkflow", "cronworkflows", Namespaced),
            ("Workflow", "workflows", Namespaced),
            ("WorkflowTemplate", "workflowtemplates", Namespaced),
            (
                "ClusterWorkflowTemplate",
                "clusterworkflowtemplates",
                Cluster,
            ),
        ],
    ),
    (
        "chaosblade.io",
        Chaos,
        &[("ChaosBlade", "chaosblades", Cluster), ("*", "*", Any)],
    ),
    (
        "krkn.krkn-chaos.dev",
        Chaos,
        &[
            ("KrknAIRun", "krknairuns", Namespaced),
            ("KrknGraphRun", "krkngraphruns", Namespaced),
            ("KrknScenarioRun", "krknscenarioruns", Namespaced),
            ("*", "*", Any),
        ],
    ),
    ("krkn-chaos.krkn-chaos.dev", Chaos, &[("*", "*", Any)]),
    (
        "networking.k8s.io",
        Network,
        &[("NetworkPolicy", "networkpolicies", Namespaced)],
    ),
    (
        "cilium.io",
        Foreign,
        &[
            (
                "CiliumClusterwideNetworkPolicy",
                "ciliumclusterwidenetworkpolicies",
                Cluster,
            ),
            ("CiliumNetworkPolicy", "ciliumnetworkpolicies", Namespaced),
        ],
    ),
    (
        "crd.projectcalico.org",
        Foreign,
        &[
            ("GlobalNetworkPolicy", "globalnetworkpolicies", Cluster),
            ("NetworkPolicy", "networkpolicies", Namespaced),
        ],
    ),
    (
        "projectcalico.org",
        Foreign,
        &[
            ("GlobalNetworkPolicy", "globalnetworkpolicies", Cluster),
            ("NetworkPolicy", "networkpolicies", Namespaced),
        ],
    ),
    (
        "policy.networking.k8s.io",
        Foreign,
        &[
            ("AdminNetworkPolicy", "adminnetworkpolicies", Cluster),
            (
                "BaselineAdminNetworkPolicy",
                "baselineadminnetworkpolicies",
                Cluster,
            ),
            ("ClusterNetworkPolicy", "clusternetworkpolicies", Cluster),
        ],
    ),
    (
        "networking.istio.io",
        Foreign,
        &[("VirtualService", "virtualservices", Namespaced)],
    ),
    ("", Program, &[("Pod", "pods", Namespaced)]),
    (
        "batch",
        Program,
        &[
            ("CronJob", "cronjobs", Namespaced),
            ("Job", "jobs", Namespaced),
        ],
    ),
    (
        "",
        Workload,
        &[(
            "ReplicationController",
            "replicationcontrollers",
            Namespaced,
        )],
    ),
    (
        "apps",
        Workload,
        &[
            ("DaemonSet", "daemonsets", Namespaced),
            ("Deployment", "deployments", Namespaced),
            ("ReplicaSet", "replicasets", Namespaced),
            ("StatefulSet", "statefulsets", Namespaced),
        ],
    ),
    ("", Node, &[("Node", "nodes", Cluster)]),
    (
        GROUP,
        Rule,
        &[
            ("BackupDefaults", "backupdefaults", Cluster),
            ("BlastRadiusPolicy", "blastradiuspolicies", Cluster),
            ("Exemption", "exemptions", Cluster),
        ],
    ),
    (
        GROUP,
        Sanction,
        &[("SanctionedExperiment", "sanctionedexperiments", Namespaced)],
    ),
];

/// Every kind that is known, in the order of the tables.
pub fn resources() -> impl Iterator<Item = Resource> {
    let rows = |(group, guard, rows): (&'static str, Guard, &'static [Row])| {
        rows.iter().map(move |&(kind, plural, scope)| Resource {
            group,
            kind,
            plural,
            scope,
            guard,
        })
    };
    let others = UNGUARDED
        .iter()
        .map(|&(group, rows)| (group, Guard::Unguarded, rows));
    TABLE.iter().copied().chain(others).flat_map(rows)
}

/// The resources of a kind: its own, that of its whole group, or, of a group that is known kind by
/// kind, each of them.
#[must_use]
pub fn of_kind(group: &str, kind: &str) -> Vec<Resource> {
    let of_group = resources().filter(|row| row.group == group);
    let (named, rest): (Vec<_>, Vec<_>) = of_group.partition(|row| row.kind == kind);
    let whole = |row: &Resource| row.kind == ANY || kind == ANY;
    match named.as_slice() {
        [] => rest.into_iter().filter(whole).collect(),
        [..] => named,
    }
}
