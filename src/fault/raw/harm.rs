//! What the rules of roles permit to do to databases.

use std::fmt;

use crate::fault::{Action, Effect};
use crate::object::{Field, Object};

/// The API group of roles.
pub(super) const GROUP: &str = "rbac.authorization.k8s.io";

/// What a right can do to databases, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Harm {
    /// It is, or gives itself, the right to anything.
    Anything,
    /// Data, or who may read it.
    Data,
    /// Nodes, and all that runs there.
    Nodes,
    /// Pods.
    Pods,
    /// What leads to pods.
    Network,
    /// Nothing.
    None,
}

/// A verb on a resource, and what can be done by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Permitted {
    pub(super) harm: Harm,
    verb: String,
    resource: String,
}

impl Permitted {
    /// Whether it is about the pods themselves, so that a name is the name of a pod.
    pub(super) fn is_of_pods(&self) -> bool {
        ["pods", "pods/eviction"].contains(&self.resource.as_str())
    }
}

impl fmt::Display for Permitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.verb.as_str(), self.resource.as_str()) {
            ("*", "*") => f.write_str("do anything"),
            ("*", resource) => write!(f, "do anything to {resource}"),
            (verb, "*") => write!(f, "{verb} anything"),
            (verb, resource) => write!(f, "{verb} {resource}"),
        }
    }
}

/// What writing to a resource can do.
struct Row {
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    harm: Harm,
}

const fn row(
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    harm: Harm,
) -> Row {
    Row {
        group,
        resources,
        verbs,
        harm,
    }
}

/// Verbs that only look.
const READING: &[&str] = &["get", "list", "watch"];
const ANY: &[&str] = &["*"];
const WRITING: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const MAKING: &[&str] = &["create", "update", "patch"];
const TAKING: &[&str] = &["delete", "deletecollection"];

const WORKLOADS: &[&str] = &["daemonsets", "deployments", "replicasets", "statefulsets"];
const SCALES: &[&str] = &[
    "deployments/scale",
    "replicasets/scale",
    "statefulsets/scale",
];

/// What can be done by which right. Whoever starts a program chooses its account, what it mounts and
/// where it runs, and so may do anything. Writing to what is not listed may damage data.
const ROWS: &[Row] = &[
    row("", &["pods"], MAKING, Harm::Anything),
    row("", &["pods"], TAKING, Harm::Pods),
    row("", &["pods/eviction"], &["create"], Harm::Pods),
    // By the older protocol, these are asked for with the verb of a reader.
    row(
        "",
        &[
            "pods/attach",
            "pods/exec",
            "pods/portforward",
            "pods/proxy",
            "services/proxy",
        ],
        ANY,
        Harm::Data,
    ),
    row(
        "",
        &["nodes/proxy", "serviceaccounts/token"],
        ANY,
        Harm::Anything,
    ),
    row(
        "",
        &["pods/log", "pods/status", "events"],
        WRITING,
        Harm::None,
    ),
    row("events.k8s.io", &["events"], WRITING, Harm::None),
    row("", &["replicationcontrollers"], MAKING, Harm::Anything),
    row("", &["replicationcontrollers"], TAKING, Harm::Pods),
    row("", &["replicationcontrollers/scale"], MAKING, Harm::Pods),
    row("apps", WORKLOADS, MAKING, Harm::Anything),
    row("apps", WORKLOADS, TAKING, Harm::Pods),
    row("apps", SCALES, MAKING, Harm::Pods),
    row("batch", &["cronjobs", "jobs"], MAKING, Harm::Anything),
    row("batch", &["cronjobs", "jobs"], TAKING, Harm::None),
    row("", &["nodes", "nodes/status"], WRITING, Harm::Nodes),
    row("", &["endpoints", "services"], WRITING, Harm::Network),
    row(
        "discovery.k8s.io",
        &["endpointslices"],
        WRITING,
        Harm::Network,
    ),
    row(
        "networking.k8s.io",
        &["networkpolicies"],
        WRITING,
        Harm::Network,
    ),
    row("authorization.k8s.io", ANY, WRITING, Harm::None),
    row(
        "authentication.k8s.io",
        &["selfsubjectreviews", "tokenreviews"],
        WRITING,
        Harm::None,
    ),
    row(
        "authentication.k8s.io",
        &["userextras", "uids"],
        &["impersonate"],
        Harm::Anything,
    ),
    row(
        "",
        &["groups", "serviceaccounts", "users"],
        &["impersonate"],
        Harm::Anything,
    ),
    row(
        GROUP,
        ANY,
        &["bind", "create", "escalate", "patch", "update"],
        Harm::Anything,
    ),
    row(GROUP, ANY, TAKING, Harm::None),
    row("admissionregistration.k8s.io", ANY, WRITING, Harm::Anything),
    row("apiextensions.k8s.io", ANY, WRITING, Harm::Anything),
    row("certificates.k8s.io", ANY, WRITING, Harm::Anything),
    row("chaos-mesh.org", ANY, WRITING, Harm::None),
    row("litmuschaos.io", ANY, WRITING, Harm::None),
];

/// A rule of a role.
#[derive(Debug, Clone, Default)]
pub(super) struct Rule {
    groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
    /// Of these names alone, where there are any.
    pub(super) names: Vec<String>,
}

/// The rule that permits everything.
pub(super) fn everything() -> Vec<Rule> {
    let all = || vec!["*".to_owned()];
    vec![Rule {
        groups: all(),
        resources: all(),
        verbs: all(),
        names: Vec::new(),
    }]
}

/// The rules of a role as it is written; everything where they cannot be read.
pub(super) fn rules(role: &Object) -> Vec<Rule> {
    let rules = role.root().get("rules");
    let read = |rule: &Field<'_>| -> Option<Rule> {
        let texts = |key: &str| rule.get(key).texts().ok().map(Option::unwrap_or_default);
        Some(Rule {
            groups: texts("apiGroups")?,
            resources: texts("resources")?,
            verbs: texts("verbs")?,
            names: texts("resourceNames")?,
        })
    };
    let rules = rules.items().ok();
    let all: Option<Vec<Rule>> = rules.and_then(|rules| rules.iter().map(read).collect());
    all.unwrap_or_else(everything)
}

impl Rule {
    /// What the rule can do: the worst of each verb on each resource.
    pub(super) fn harms(&self) -> Vec<Permitted> {
        let mut found = Vec::new();
        for group in &self.groups {
            for resource in &self.resources {
                let harm = |verb: &String| Permitted {
                    harm: self.harm(group, resource, verb),
                    verb: verb.clone(),
                    resource: resource.clone(),
                };
                found.extend(self.verbs.iter().map(harm));
            }
        }
        found.retain(|permitted| permitted.harm != Harm::None);
        found
    }

    fn harm(&self, group: &str, resource: &str, verb: &str) -> Harm {
        // What has no name yet cannot be asked for by name.
        let unnamed = verb == "create" && !resource.contains('/') || verb == "deletecollection";
        if unnamed && !self.names.is_empty() {
            return Harm::None;
        }
        let listed = || {
            ROWS.iter().filter(|row| {
                fits(row.group, group) && row.resources.iter().any(|it| resource_fits(it, resource))
            })
        };
        let done = listed().filter(|row| row.verbs.iter().any(|it| fits(it, verb)));
        let worst = done.map(|row| row.harm).min().unwrap_or(Harm::None);
        let writes = !READING.contains(&verb);
        // Among everything there are the resources of databases, and what is not listed may be one.
        let whole = |row: &Row| row.group == group && row.resources == ANY;
        let told = listed().any(whole) || (resource != "*" && listed().next().is_some());
        if writes && !told {
            worst.min(Harm::Data)
        } else {
            worst
        }
    }
}

/// Whether what a table and a rule say can be the same.
fn fits(row: &str, rule: &str) -> bool {
    row == rule || row == "*" || rule == "*"
}

/// The same of resources, of which a rule may name a part for all: `*/scale`, `pods/*`.
fn resource_fits(row: &str, rule: &str) -> bool {
    if fits(row, rule) {
        return true;
    }
    match (row.split_once('/'), rule.split_once('/')) {
        (Some(row), Some(rule)) => fits(row.0, rule.0) && fits(row.1, rule.1),
        _ => false,
    }
}

impl Harm {
    /// As a fault.
    pub(super) fn kind(self) -> (Action, Effect) {
        match self {
            Self::Anything | Self::Data | Self::None => (Action::ArbitraryCode, Effect::Corrupting),
            Self::Nodes => (Action::NodeDrain, Effect::Down),
            Self::Pods => (Action::PodKill, Effect::Down),
            Self::Network => (Action::NetworkPartition, Effect::Isolated),
        }
    }
}
