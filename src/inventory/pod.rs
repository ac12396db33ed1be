//! A pod, as far as a decision needs it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lenient::{condition, count, is_set, list, map, text, truth};
use super::toleration::Toleration;
use super::world::namespace;
use super::{GroupId, NodeId};
use crate::object::Object;

/// A pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// The node it runs on.
    pub node: Option<NodeId>,
    /// The node's name as the pod says it, also where that node is not in the inventory.
    pub node_name: String,
    /// `status.phase`.
    pub phase: String,
    /// Its own address.
    pub ip: String,
    /// `spec.serviceAccountName`.
    pub service_account: String,
    /// `spec.schedulerName`.
    pub scheduler: String,
    /// `spec.restartPolicy`.
    pub restart_policy: String,
    /// `status.nominatedNodeName`.
    pub nominated_node: String,
    /// Whether it shares the node's network.
    pub host_network: bool,
    /// The taints it puts up with for as long as they last.
    pub tolerations: Vec<Toleration>,
    /// Names of its regular containers, in order.
    pub containers: Vec<String>,
    /// The ports that its containers say they listen at, those of exporters left out.
    pub ports: Vec<ContainerPort>,
    /// The PersistentVolumeClaims it mounts.
    pub claims: Vec<String>,
    /// The workload it belongs to, a ReplicaSet's owner in place of the ReplicaSet.
    pub owner: Option<Owner>,
    /// The database or workload it is counted in. A finished pod belongs to its group without
    /// being one of the members that count.
    pub group: GroupId,
    /// Whether it serves: Ready, not being deleted, and not under an active fault that hides
    /// behind readiness.
    pub healthy: bool,
    /// Whether it was derived from a controller's template and only assumed to exist.
    pub assumed: bool,
}

/// A port that a container says it listens at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerPort {
    /// Name, empty where it has none.
    pub name: String,
    /// Number.
    pub number: u32,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
}

/// The controlling owner of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Owner {
    /// API group of the kind.
    pub api_group: String,
    /// Kind, as Kubernetes spells it.
    pub kind: String,
    /// Name.
    pub name: String,
}

impl Owner {
    /// A workload of the group `apps`.
    pub(super) fn app(kind: &str, name: impl Into<String>) -> Self {
        Self {
            api_group: "apps".to_owned(),
            kind: kind.to_owned(),
            name: name.into(),
        }
    }

    /// API group and kind.
    pub(super) fn resource(&self) -> (&str, &str) {
        (&self.api_group, &self.kind)
    }
}

impl Pod {
    /// A pod as it was recorded. Its owner and node are found later, by those who know the others.
    pub(super) fn recorded(object: &Object) -> Self {
        let value = object.value();
        let ip = match text(value, "/status/podIP") {
            "" => text(value, "/status/podIPs/0/ip"),
            ip => ip,
        };
        Self {
            namespace: namespace(object).to_owned(),
            name: object.reference().name.clone(),
            phase: text(value, "/status/phase").to_owned(),
            ip: ip.to_owned(),
            nominated_node: text(value, "/status/nominatedNodeName").to_owned(),
            healthy: serves(value),
            ..Self::described(value)
        }
    }

    /// A pod that a controller would make from `template`.
    pub(super) fn assumed(template: &Value, namespace: &str, name: String, owner: Owner) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name,
            phase: "Running".to_owned(),
            owner: Some(owner),
            healthy: true,
            assumed: true,
            ..Self::described(template)
        }
    }

    /// What the metadata and the spec of a pod or of a template say, with the defaults of the API.
    fn described(value: &Value) -> Self {
        let or = |pointer: &str, default: &str| match text(value, pointer) {
            "" => default.to_owned(),
            found => found.to_owned(),
        };
        let containers = list(value, "/spec/containers").iter();
        let ports = containers.clone().flat_map(ports).collect();
        Self {
            labels: map(value, "/metadata/labels"),
            annotations: map(value, "/metadata/annotations"),
            node_name: or("/spec/nodeName", ""),
            service_account: or("/spec/serviceAccountName", "default"),
            scheduler: or("/spec/schedulerName", "default-scheduler"),
            restart_policy: or("/spec/restartPolicy", "Always"),
            host_network: truth(value, "/spec/hostNetwork"),
            tolerations: Toleration::all_of(value),
            containers: containers.map(|it| text(it, "/name").to_owned()).collect(),
            ports,
            claims: claims(value),
            ..Self::default()
        }
    }

    /// A label's value, empty when it has none.
    #[must_use]
    pub fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }

    /// An annotation's value, empty when it has none.
    #[must_use]
    pub fn annotation(&self, key: &str) -> &str {
        self.annotations.get(key).map_or("", String::as_str)
    }

    /// Whether it mounts this claim. A pod that is only assumed to exist mounts those that are called
    /// after it, as StatefulSets and operators call them.
    pub(super) fn mounts(&self, claim: &str) -> bool {
        let named = || {
            let rest = claim.strip_suffix(&self.name);
            let rest = rest.or_else(|| claim.strip_prefix(&self.name));
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('-') || rest.starts_with('-'))
        };
        self.claims.iter().any(|it| it == claim) || (self.assumed && named())
    }

    /// Whether it has done its work and will not serve again. Selectors still find it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let of_job = self.owner.as_ref().is_some_and(|owner| owner.kind == "Job");
        self.phase == "Succeeded" || (self.phase == "Failed" && of_job)
    }
}

fn claims(pod: &Value) -> Vec<String> {
    let volumes = list(pod, "/spec/volumes").iter();
    let names = volumes.map(|it| text(it, "/persistentVolumeClaim/claimName").to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// What the containers and ports of exporters are called: nobody but a monitor talks to them.
const EXPORTERS: &[&str] = &["metrics", "exporter", "prom"];

fn ports(container: &Value) -> impl Iterator<Item = ContainerPort> + '_ {
    let exports = |value: &Value| EXPORTERS.iter().any(|it| text(value, "/name").contains(it));
    let ports: &[Value] = if exports(container) {
        &[]
    } else {
        list(container, "/ports")
    };
    let served = ports.iter().filter(move |port| !exports(port));
    served.filter_map(|port| {
        Some(ContainerPort {
            name: text(port, "/name").to_owned(),
            number: count(port, "/containerPort")?,
            protocol: match text(port, "/protocol") {
                "" => "TCP".to_owned(),
                protocol => protocol.to_owned(),
            },
        })
    })
}

fn serves(pod: &Value) -> bool {
    text(pod, "/status/phase") == "Running"
        && condition(pod, "Ready") == Some("True")
        && !is_set(pod, "/metadata/deletionTimestamp")
}
