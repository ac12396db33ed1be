//! The faults of the Litmus hub, as a table: how each selects, what it does, and how long.

use super::env::Knob;
use super::strength::{self, Set};
use crate::fault::{Action, Effect, Intensity};

/// A fault of the hub.
pub(super) struct HubFault {
    /// As `experiments[].name` writes it.
    pub(super) name: &'static str,
    /// How its victims are chosen.
    pub(super) select: Select,
    /// Its kind.
    pub(super) action: Action,
    /// What it does at its default strength.
    pub(super) effect: Effect,
    /// How many seconds it lasts.
    pub(super) duration: Knob,
    /// How strong it is, where that cannot be set.
    pub(super) intensity: Intensity,
    /// Reads how strong it is, where that can be set.
    pub(super) strength: Option<Set>,
    /// Whether it chooses its victims anew in every round.
    pub(super) redraws: bool,
    /// How much longer than its duration it may last; `None` where nothing ends it.
    pub(super) stretch: Option<u32>,
    /// In which order the program takes its victims when nothing says so.
    pub(super) order: Order,
}

/// Whether the victims of one experiment are taken together or in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// All at the same time.
    Together,
    /// One after the other.
    InTurn,
    /// One or the other, nobody knows which.
    Either,
    /// The program refuses to run.
    Refused,
}

/// How a fault chooses its victims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Select {
    /// The selection that most pod faults share.
    Pods,
    /// The same, without a node label and without ranges.
    PodsPlain,
    /// Every pod with the first label.
    Partition,
    /// The pods of the workloads with the first label.
    Workloads,
    /// A percentage of the nodes.
    ManyNodes,
    /// One node, perhaps one that hosts a pod with the first label.
    OneNode,
    /// The broker of a Kafka cluster, and whatever the target names.
    Broker,
    /// Machines of a cloud, by their ids where they are named.
    Machines(&'static Machines),
    /// Nothing of this cluster that could be named; why.
    Elsewhere(&'static str),
}

/// How a variable names machines of a cloud.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Machines {
    /// The variable that lists them.
    pub(super) list: &'static str,
    /// What stands before them at the end of the name that a Node carries in `spec.providerID`.
    pub(super) prefix: &'static str,
}

const EC2: Machines = Machines {
    list: "EC2_INSTANCE_ID",
    prefix: "/",
};
const AZURE: Machines = Machines {
    list: "AZURE_INSTANCE_NAMES",
    prefix: "/virtualmachines/",
};
const GCP: Machines = Machines {
    list: "VM_INSTANCE_NAMES",
    prefix: "/",
};

impl HubFault {
    /// The fault that a ChaosExperiment of this name is published for.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        HUB.iter().find(|fault| fault.name == name)
    }

    /// The fault that the program runs when its arguments name it so.
    pub(super) fn run_as(name: &str) -> Option<&'static Self> {
        match PUBLISHED_AS.iter().find(|(_, program)| *program == name) {
            Some((published, _)) => Self::named(published),
            None => Self::named(name).filter(|it| !OBJECTS_ONLY.contains(&it.name)),
        }
    }
}

/// Names of published objects that no program knows.
const OBJECTS_ONLY: &[&str] = &[
    "ec2-stop-by-id",
    "ec2-stop-by-tag",
    "node-poweroff",
    "vmware-vm-poweroff",
];

/// Objects that are published under another name than their fault, where the fault has no row.
const PUBLISHED_AS: &[(&str, &str)] = &[("vmware-vm-poweroff", "vm-poweroff")];

/// What to write instead of a name that the hub does not have.
pub(super) fn suggestion(name: &str) -> String {
    let bare = name.rsplit('/').next().unwrap_or(name);
    if bare != name && HubFault::named(bare).is_some() {
        return format!("{bare}: the part in front is a category of the hub, not part of the name");
    }
    match ALIASES.iter().find(|(alias, _)| *alias == bare) {
        Some((_, real)) => (*real).to_owned(),
        None => "the name of a fault of the Litmus hub, such as pod-delete".to_owned(),
    }
}

/// Names that people write, and what they mean.
const ALIASES: &[(&str, &str)] = &[
    ("network-partition", "pod-network-partition"),
    ("network-latency", "pod-network-latency"),
    ("network-loss", "pod-network-loss"),
    ("network-corruption", "pod-network-corruption"),
    ("network-duplication", "pod-network-duplication"),
    (
        "disk-loss",
        "ebs-loss-by-id, ebs-loss-by-tag, azure-disk-loss or gcp-vm-disk-loss: there is no general one",
    ),
    ("dns-chaos", "pod-dns-error or pod-dns-spoof"),
    ("node-reboot", "node-restart or node-poweroff"),
    ("pod-kill", "pod-delete"),
    (
        "pod-failure",
        "pod-delete: Litmus has no equal of pod-failure",
    ),
    ("cpu-hog", "pod-cpu-hog or node-cpu-hog"),
    ("memory-hog", "pod-memory-hog or node-memory-hog"),
    ("io-chaos", "pod-io-stress or node-io-stress"),
    ("disk-stress", "pod-io-stress or node-io-stress"),
    ("drain-node", "node-drain"),
    ("vm-poweroff", "vmware-vm-poweroff"),
];

const INSTANCES: &str = "it stops machines of a cloud, which may be nodes of this cluster";
const VOLUMES: &str = "it detaches disks of a cloud, which may hold the data of this cluster";
const COMMANDS: &str = "it runs commands on machines of a cloud";

const HUB: &[HubFault] = &[
    HubFault {
        redraws: true,
        ..pods("pod-delete", Action::PodKill, Effect::Down).lasts(15, 30)
    },
    HubFault {
        redraws: true,
        ..pods("cassandra-pod-delete", Action::PodKill, Effect::Down).lasts(30, 30)
    },
    HubFault {
        redraws: true,
        ..row(
            "kafka-broker-pod-failure",
            Select::Broker,
            Action::PodKill,
            Effect::Down,
        )
    },
    pods("container-kill", Action::ContainerKill, Effect::Down).lasts(20, 20),
    pods("pod-cpu-hog", Action::CpuStress, Effect::Degraded).reads(strength::pod_cpu),
    plain("pod-cpu-hog-exec", Action::CpuStress, Effect::Degraded).at(strength::FULL_CPU),
    pods("pod-memory-hog", Action::MemoryStress, Effect::Down).reads(strength::pod_memory),
    plain("pod-memory-hog-exec", Action::MemoryStress, Effect::Down).lasts(60, 30),
    pods("pod-io-stress", Action::IoStress, Effect::Degraded)
        .lasts(120, 120)
        .reads(strength::pod_io),
    plain("pod-fio-stress", Action::IoStress, Effect::Down)
        .lasts(30, 30)
        .at(strength::FULL_DISK)
        .ordered(Order::Refused),
    pods("disk-fill", Action::DiskFill, Effect::Down).reads(strength::disk_fill),
    pods("pod-network-loss", Action::NetworkLoss, Effect::Isolated).reads(strength::loss),
    pods(
        "pod-network-latency",
        Action::NetworkDelay,
        Effect::Degraded,
    )
    .reads(strength::latency),
    pods(
        "pod-network-corruption",
        Action::NetworkCorrupt,
        Effect::Isolated,
    )
    .reads(strength::corruption),
    pods(
        "pod-network-duplication",
        Action::NetworkDuplicate,
        Effect::Degraded,
    ),
    pods(
        "pod-network-rate-limit",
        Action::NetworkBandwidth,
        Effect::Degraded,
    )
    .reads(strength::bandwidth),
    row(
        "pod-network-partition",
        Select::Partition,
        Action::NetworkPartition,
        Effect::Isolated,
    )
    .lasts(60, 30),
    plain("pod-dns-error", Action::DnsError, Effect::Degraded),
    plain("pod-dns-spoof", Action::DnsRandom, Effect::Degraded),
    // A port that does not speak HTTP is as good as cut off by the proxy in front of it.
    pods("pod-http-latency", Action::HttpFault, Effect::Isolated).reads(strength::http_latency),
    pods("pod-http-reset-peer", Action::HttpFault, Effect::Isolated),
    pods("pod-http-status-code", Action::HttpFault, Effect::Isolated),
    pods("pod-http-modify-body", Action::HttpFault, Effect::Isolated),
    pods(
        "pod-http-modify-header",
        Action::HttpFault,
        Effect::Isolated,
    ),
    row(
        "pod-autoscaler",
        Select::Workloads,
        Action::Scale,
        Effect::Down,
    ),
    nodes("node-cpu-hog", Effect::Degraded)
        .lasts(60, 30)
        .reads(strength::node_cpu),
    nodes("node-memory-hog", Effect::Down)
        .lasts(120, 60)
        .reads(strength::node_memory),
    nodes("node-io-stress", Effect::Down)
        .lasts(120, 120)
        .reads(strength::node_io),
    HubFault {
        stretch: Some(2),
        ..node("node-drain", Action::NodeDrain)
    },
    node("node-taint", Action::NodeDrain),
    node("node-restart", Action::NodeRestart)
        .lasts(60, 30)
        .reads(strength::reboot),
    HubFault {
        stretch: None,
        ..node("node-poweroff", Action::NodeStop)
    },
    node("kubelet-service-kill", Action::NodeRestart).lasts(60, 90),
    node("docker-service-kill", Action::NodeRestart).lasts(90, 90),
    spring("spring-boot-app-kill", Effect::Down),
    spring("spring-boot-cpu-stress", Effect::Degraded).at(strength::FULL_CPU),
    spring("spring-boot-exceptions", Effect::Down),
    spring("spring-boot-faults", Effect::Down),
    spring("spring-boot-latency", Effect::Degraded).reads(strength::http_latency),
    spring("spring-boot-memory-stress", Effect::Down),
    cloud("aws-az-chaos", Action::MachineFault, INSTANCES),
    machines("aws-ssm-chaos-by-id", Action::MachineFault, &EC2).lasts(60, 60),
    cloud("aws-ssm-chaos-by-tag", Action::MachineFault, COMMANDS).lasts(60, 60),
    cloud("azure-disk-loss", Action::VolumeLoss, VOLUMES),
    machines("azure-instance-stop", Action::NodeStop, &AZURE),
    cloud("ebs-loss-by-id", Action::VolumeLoss, VOLUMES),
    cloud("ebs-loss-by-tag", Action::VolumeLoss, VOLUMES),
    machines("ec2-stop-by-id", Action::NodeStop, &EC2),
    cloud("ec2-stop-by-tag", Action::NodeStop, INSTANCES),
    machines("ec2-terminate-by-id", Action::NodeStop, &EC2),
    cloud("ec2-terminate-by-tag", Action::NodeStop, INSTANCES),
    cloud("gcp-vm-disk-loss", Action::VolumeLoss, VOLUMES),
    cloud("gcp-vm-disk-loss-by-label", Action::VolumeLoss, VOLUMES),
    machines("gcp-vm-instance-stop", Action::NodeStop, &GCP),
    cloud("gcp-vm-instance-stop-by-label", Action::NodeStop, INSTANCES),
    cloud(
        "rds-instance-stop",
        Action::MachineFault,
        "it stops databases of a cloud",
    ),
    cloud("vmware-vm-poweroff", Action::NodeStop, INSTANCES),
    cloud("redfish-node-restart", Action::NodeRestart, INSTANCES),
    cloud(
        "k6-loadgen",
        Action::ArbitraryCode,
        "it runs a script from a Secret",
    ),
];

const fn row(name: &'static str, select: Select, action: Action, effect: Effect) -> HubFault {
    HubFault {
        name,
        select,
        action,
        effect,
        duration: Knob::new("TOTAL_CHAOS_DURATION", 60),
        intensity: strength::UNTOLD,
        strength: None,
        redraws: false,
        stretch: Some(1),
        order: Order::Together,
    }
}

const fn pods(name: &'static str, action: Action, effect: Effect) -> HubFault {
    row(name, Select::Pods, action, effect)
}

const fn plain(name: &'static str, action: Action, effect: Effect) -> HubFault {
    row(name, Select::PodsPlain, action, effect)
}

const fn nodes(name: &'static str, effect: Effect) -> HubFault {
    row(name, Select::ManyNodes, Action::NodeStress, effect)
}

const fn node(name: &'static str, action: Action) -> HubFault {
    row(name, Select::OneNode, action, Effect::Down)
}

const fn spring(name: &'static str, effect: Effect) -> HubFault {
    plain(name, Action::JvmFault, effect)
        .lasts(30, 30)
        .ordered(Order::InTurn)
}

const fn machines(name: &'static str, action: Action, list: &'static Machines) -> HubFault {
    row(name, Select::Machines(list), action, Effect::Down).lasts(30, 30)
}

const fn cloud(name: &'static str, action: Action, why: &'static str) -> HubFault {
    row(name, Select::Elsewhere(why), action, Effect::Down).lasts(30, 30)
}

impl HubFault {
    /// The same fault with these default durations, of the chart and of the program.
    const fn lasts(mut self, chart: u32, program: u32) -> Self {
        self.duration = Knob::new("TOTAL_CHAOS_DURATION", chart).program(program);
        self
    }

    /// The same fault, whose strength is read so.
    const fn reads(mut self, strength: Set) -> Self {
        self.strength = Some(strength);
        self
    }

    /// The same fault, whose victims the program takes in this order by itself.
    const fn ordered(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// The same fault, always of this strength.
    const fn at(mut self, intensity: Intensity) -> Self {
        self.intensity = intensity;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_alias_is_a_name_of_the_hub() {
        for (alias, _) in ALIASES {
            assert!(HubFault::named(alias).is_none(), "{alias}");
        }
    }

    #[test]
    fn what_is_not_published_is_known_to_the_programs() {
        const PROGRAMS_ONLY: [&str; 6] = [
            "cassandra-pod-delete",
            "ec2-terminate-by-id",
            "ec2-terminate-by-tag",
            "kafka-broker-pod-failure",
            "pod-fio-stress",
            "redfish-node-restart",
        ];
        const PUBLISHED: usize = 53;
        assert_eq!(HUB.len(), PUBLISHED + PROGRAMS_ONLY.len());
        for name in PROGRAMS_ONLY {
            assert!(HubFault::run_as(name).is_some(), "{name}");
        }
        for name in OBJECTS_ONLY {
            assert!(HubFault::named(name).is_some(), "{name}");
            assert!(HubFault::run_as(name).is_none(), "{name}");
        }
        assert!(HubFault::run_as("vm-poweroff").is_some());
    }

    #[test]
    fn each_name_stands_once() {
        for fault in HUB {
            let count = HUB.iter().filter(|other| other.name == fault.name).count();
            assert_eq!(count, 1, "{}", fault.name);
        }
    }
}
