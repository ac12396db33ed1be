//! What pods of one template have in common.

use serde_json::Value;

use super::database::Program;
use super::lenient::{count, list, text, truth};
use super::toleration::Toleration;
use super::words::{Text, Words};

/// What pods of one template have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Template {
    /// `spec.schedulerName`.
    pub scheduler: Text,
    /// `spec.restartPolicy`.
    pub restart_policy: Text,
    /// Whether its pods share the node's network.
    pub host_network: bool,
    /// The taints they put up with for as long as they last.
    pub tolerations: Vec<Toleration>,
    /// Names of their regular containers, in order.
    pub containers: Vec<Text>,
    /// The ports that their containers say they listen at, those of exporters left out.
    pub ports: Vec<ContainerPort>,
    /// What tells databases by what their containers run.
    pub(super) programs: Vec<Program>,
}

/// A port that a container says it listens at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ContainerPort {
    /// Name, empty where it has none.
    pub name: Text,
    /// Number.
    pub number: u32,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
}

impl Template {
    /// What the spec of a pod or of a template says, with the defaults of the API.
    pub(super) fn read(value: &Value, words: &mut Words) -> Self {
        let containers = list(value, "/spec/containers");
        let names = containers.iter().map(|it| words.text(text(it, "/name")));
        let names = names.collect();
        let served = containers.iter().filter(|it| !exports(it));
        let served = served.flat_map(|it| ports(it).iter().filter(|port| !exports(port)));
        let ports = served.filter_map(|port| ContainerPort::read(port, words));
        let ports = ports.collect();
        let mut or = |pointer: &str, default: &str| match text(value, pointer) {
            "" => words.text(default),
            found => words.text(found),
        };
        Self {
            scheduler: or("/spec/schedulerName", "default-scheduler"),
            restart_policy: or("/spec/restartPolicy", "Always"),
            host_network: truth(value, "/spec/hostNetwork"),
            tolerations: Toleration::all_of(value),
            programs: containers
                .iter()
                .map(|it| Program::read(it, words))
                .collect(),
            containers: names,
            ports,
        }
    }
}

/// What the containers and ports of exporters are called: nobody but a monitor talks to them.
const EXPORTERS: &[&str] = &["metrics", "exporter", "prom"];

fn exports(value: &Value) -> bool {
    EXPORTERS.iter().any(|it| text(value, "/name").contains(it))
}

fn ports(container: &Value) -> &[Value] {
    list(container, "/ports")
}

impl ContainerPort {
    /// A port of a container; `None` where it has no number.
    pub(super) fn read(port: &Value, words: &mut Words) -> Option<Self> {
        Some(Self {
            name: words.text(text(port, "/name")),
            number: count(port, "/containerPort")?,
            protocol: match text(port, "/protocol") {
                "" => words.text("TCP"),
                protocol => words.text(protocol),
            },
        })
    }
}
