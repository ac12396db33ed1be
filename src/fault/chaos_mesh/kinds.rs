//! Chaos Mesh's experiment kinds and their actions, as tables.

use super::site::{Found, Site};
use super::{elsewhere, network, pods, stress};
use crate::fault::{Action, Effect, Unreadable};

/// An experiment kind.
pub(super) struct Kind {
    /// As objects write it.
    pub(super) name: &'static str,
    /// The field of a Schedule or Workflow template that embeds its spec.
    pub(super) embed: &'static str,
    /// Reads its spec.
    pub(super) read: fn(&Site<'_>, &mut Found) -> Result<(), Unreadable>,
    /// The fields of its spec.
    pub(super) fields: &'static [&'static str],
}

impl Kind {
    /// The kind of this name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The names of all kinds, as an error lists them.
    pub(super) fn names() -> String {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.join(", ")
    }
}

/// Stands for fields that are not checked.
pub(super) const ANY_FIELD: &[&str] = &["*"];

/// A list of names.
macro_rules! names {
    ($($name:ident)+) => { &[$(stringify!($name)),+] };
}

/// All of them.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "PodChaos",
        embed: "podChaos",
        read: pods::read,
        fields: names![
            action containerNames duration gracePeriod mode remoteCluster selector value
        ],
    },
    Kind {
        name: "NetworkChaos",
        embed: "networkChaos",
        read: network::read,
        fields: names![
            action bandwidth corrupt delay device direction duplicate duration externalTargets
            loss mode rate remoteCluster selector target targetDevice value
        ],
    },
    Kind {
        name: "IOChaos",
        embed: "ioChaos",
        read: pods::read,
        fields: names![
            action attr containerNames delay duration errno methods mistake mode path percent
            remoteCluster selector value volumePath
        ],
    },
    Kind {
        name: "StressChaos",
        embed: "stressChaos",
        read: stress::read,
        fields: names![
            containerNames duration mode remoteCluster selector stressngStressors stressors
            value
        ],
    },
    Kind {
        name: "TimeChaos",
        embed: "timeChaos",
        read: pods::read,
        fields: names![
            clockIds containerNames duration mode remoteCluster selector timeOffset value
        ],
    },
    Kind {
        name: "DNSChaos",
        embed: "dnsChaos",
        read: pods::read,
        fields: names![action containerNames duration mode patterns remoteCluster selector value],
    },
    Kind {
        name: "KernelChaos",
        embed: "kernelChaos",
        read: pods::read,
        fields: names![containerNames duration failKernRequest mode remoteCluster selector value],
    },
    Kind {
        name: "HTTPChaos",
        embed: "httpChaos",
        read: pods::read,
        fields: names![
            abort code delay duration method mode patch path port remoteCluster replace
            request_headers response_headers selector target tls value
        ],
    },
    Kind {
        name: "JVMChaos",
        embed: "jvmChaos",
        read: pods::read,
        fields: names![
            action class containerNames cpuCount database duration exception latency memType
            method mode mysqlConnectorVersion name pid port remoteCluster returnValue ruleData
            selector sqlType table value
        ],
    },
    Kind {
        name: "BlockChaos",
        embed: "blockChaos",
        read: pods::read,
        fields: names![
            action containerNames delay duration mode remoteCluster selector value volumeName
        ],
    },
    Kind {
        name: "AWSChaos",
        embed: "awsChaos",
        read: elsewhere::read_cloud,
        fields: names![
            action awsRegion deviceName duration ec2Instance endpoint remoteCluster secretName
            volumeID
        ],
    },
    Kind {
        name: "AzureChaos",
        embed: "azureChaos",
        read: elsewhere::read_cloud,
        fields: names![
            action diskName duration lun remoteCluster resourceGroupName secretName
            subscriptionID vmName
        ],
    },
    Kind {
        name: "GCPChaos",
        embed: "gcpChaos",
        read: elsewhere::read_cloud,
        fields: names![action deviceNames duration instance project remoteCluster secretName zone],
    },
    Kind {
        name: "PhysicalMachineChaos",
        embed: "physicalmachineChaos",
        read: elsewhere::read_machine,
        // The blocks named like the actions are many, and none of them changes the victim.
        fields: ANY_FIELD,
    },
];

/// What an action of a kind does.
pub(super) struct Row {
    kind: &'static str,
    /// As objects write it; empty for kinds without actions.
    written: &'static str,
    /// What it is called here.
    pub(super) action: Action,
    /// What it does to a pod it hits.
    pub(super) effect: Effect,
    /// Whether it acts in an instant. Duration and pause do nothing for such actions.
    pub(super) one_shot: bool,
}

/// Actions that last.
const fn row(kind: &'static str, written: &'static str, action: Action, effect: Effect) -> Row {
    Row {
        kind,
        written,
        action,
        effect,
        one_shot: false,
    }
}

/// Actions that act in an instant.
const fn once(kind: &'static str, written: &'static str, action: Action) -> Row {
    Row {
        one_shot: true,
        ..row(kind, written, action, Effect::Down)
    }
}

/// The actions of all kinds but NetworkChaos, StressChaos and PhysicalMachineChaos, which combine
/// several.
const ACTIONS: &[Row] = &[
    once("PodChaos", "pod-kill", Action::PodKill),
    row("PodChaos", "pod-failure", Action::PodFailure, Effect::Down),
    once("PodChaos", "container-kill", Action::ContainerKill),
    row("IOChaos", "latency", Action::IoDelay, Effect::Degraded),
    row("IOChaos", "fault", Action::IoFault, Effect::Down),
    row(
        "IOChaos",
        "attrOverride",
        Action::DiskCorruption,
        Effect::Corrupting,
    ),
    row(
        "IOChaos",
        "mistake",
        Action::DiskCorruption,
        Effect::Corrupting,
    ),
    row("TimeChaos", "", Action::ClockSkew, Effect::Degraded),
    row("DNSChaos", "error", Action::DnsError, Effect::Degraded),
    row("DNSChaos", "random", Action::DnsRandom, Effect::Degraded),
    row("KernelChaos", "", Action::KernelFault, Effect::Corrupting),
    row("HTTPChaos", "", Action::HttpFault, Effect::Degraded),
    row("JVMChaos", "latency", Action::JvmFault, Effect::Degraded),
    row("JVMChaos", "return", Action::JvmFault, Effect::Degraded),
    row("JVMChaos", "exception", Action::JvmFault, Effect::Degraded),
    row("JVMChaos", "stress", Action::JvmFault, Effect::Degraded),
    row("JVMChaos", "gc", Action::JvmFault, Effect::Degraded),
    row("JVMChaos", "ruleData", Action::JvmFault, Effect::Degraded),
    row("JVMChaos", "mysql", Action::JvmFault, Effect::Degraded),
    row("BlockChaos", "delay", Action::BlockDelay, Effect::Degraded),
    row("AWSChaos", "ec2-stop", Action::NodeStop, Effect::Down),
    once("AWSChaos", "ec2-restart", Action::NodeRestart),
    row(
        "AWSChaos",
        "detach-volume",
        Action::VolumeLoss,
        Effect::Down,
    ),
    row("AzureChaos", "vm-stop", Action::NodeStop, Effect::Down),
    once("AzureChaos", "vm-restart", Action::NodeRestart),
    row(
        "AzureChaos",
        "disk-detach",
        Action::VolumeLoss,
        Effect::Down,
    ),
    row("GCPChaos", "node-stop", Action::NodeStop, Effect::Down),
    once("GCPChaos", "node-reset", Action::NodeRestart),
    row("GCPChaos", "disk-loss", Action::VolumeLoss, Effect::Down),
];

/// What the action that `site` names does.
pub(super) fn action(site: &Site<'_>) -> Result<&'static Row, Unreadable> {
    let rows = || ACTIONS.iter().filter(|row| row.kind == site.kind.name);
    let field = site.spec.get("action");
    let written = if rows().all(|row| row.written.is_empty()) {
        ""
    } else {
        field.required_text()?
    };
    rows().find(|row| row.written == written).ok_or_else(|| {
        let accepted: Vec<&str> = rows().map(|row| row.written).collect();
        field.unreadable(format!("one of {}", accepted.join(", ")))
    })
}
