//! ChaosBlade: experiments of a scope, a target and an action, and matchers that say whom they hit.
//!
//! Where neither a count nor a percentage is given, everything that matches is hit. A change of the
//! spec destroys the experiments and makes them anew, so that it is judged like a new object.

mod matchers;

use std::time::Duration;

use super::experiment::EXTREME_DELAY;
use super::workload::experiment;
use super::{Action, Aim, Effect, Fault, Intensity, Lifetime, Overlap, Reading, Tool, Unreadable};
use crate::object::{Field, Object};
use matchers::Matchers;

/// The one kind.
const KIND: &str = "ChaosBlade";
const SCOPES: &str = "one of node, pod, container";

/// Something that ChaosBlade does.
struct Deed {
    target: &'static str,
    actions: &'static [&'static str],
    action: Action,
    effect: Effect,
    /// Whether it acts in an instant, whatever its timeout.
    once: bool,
    /// The matcher that says how strong it is, what it is when that is absent, and how it is
    /// written down.
    strength: Option<(&'static str, Option<u32>, Set)>,
}

/// Writes a strength down; tells whether it is one that cuts a pod off.
type Set = fn(&mut Intensity, u32) -> bool;

const DEEDS: &[Deed] = &[
    deed("pod", &["delete"], Action::PodKill, Effect::Down).once(),
    deed("pod", &["fail"], Action::PodFailure, Effect::Down),
    deed("pod", &["IO"], Action::IoFault, Effect::Down),
    deed(
        "container",
        &["remove"],
        Action::ContainerKill,
        Effect::Down,
    )
    .once(),
    deed(
        "cpu",
        &["fullload", "load"],
        Action::CpuStress,
        Effect::Degraded,
    )
    .strong("cpu-percent", Some(100), |intensity, percent| {
        intensity.cpu_percent = Some(percent);
        false
    }),
    // An amount instead of a percentage may be all there is.
    deed("mem", &["load"], Action::MemoryStress, Effect::Down).strong(
        "mem-percent",
        Some(100),
        |intensity, percent| {
            intensity.memory_percent = Some(percent);
            false
        },
    ),
    deed("disk", &["fill"], Action::DiskFill, Effect::Down).strong(
        "percent",
        Some(100),
        |intensity, percent| {
            intensity.disk_fill_percent = Some(percent);
            false
        },
    ),
    deed("disk", &["burn"], Action::IoStress, Effect::Down),
    deed(
        "network",
        &["delay"],
        Action::NetworkDelay,
        Effect::Degraded,
    )
    .strong("time", None, slow),
    deed(
        "network",
        &["reorder"],
        Action::NetworkDelay,
        Effect::Degraded,
    ),
    deed("network", &["loss"], Action::NetworkLoss, Effect::Degraded).strong("percent", None, lose),
    deed(
        "network",
        &["corrupt"],
        Action::NetworkCorrupt,
        Effect::Degraded,
    )
    .strong("percent", None, lose),
    deed(
        "network",
        &["duplicate"],
        Action::NetworkDuplicate,
        Effect::Degraded,
    ),
    deed(
        "network",
        &["drop"],
        Action::NetworkPartition,
        Effect::Isolated,
    ),
    deed("network", &["dns"], Action::DnsError, Effect::Degraded),
    // A port that is in use is taken from who uses it.
    deed("network", &["occupy"], Action::PodFailure, Effect::Down),
    deed("process", &["kill"], Action::ContainerKill, Effect::Down).once(),
    deed("process", &["stop"], Action::PodFailure, Effect::Down),
    deed(
        "file",
        &["add", "append", "chmod", "delete", "move"],
        Action::DiskCorruption,
        Effect::Corrupting,
    ),
];

/// Targets that only a scope of their own name has.
const OWN_SCOPE: &[&str] = &["pod", "container"];

/// Targets whose actions run what their author writes, or change what programs are told.
const CODE: &[&str] = &["script", "strace"];

const fn deed(
    target: &'static str,
    actions: &'static [&'static str],
    action: Action,
    effect: Effect,
) -> Deed {
    Deed {
        target,
        actions,
        action,
        effect,
        once: false,
        strength: None,
    }
}

impl Deed {
    const fn once(self) -> Self {
        Self { once: true, ..self }
    }

    const fn strong(self, matcher: &'static str, absent: Option<u32>, set: Set) -> Self {
        let strength = Some((matcher, absent, set));
        Self { strength, ..self }
    }

    fn of(scope: &str, target: &str, action: &str) -> Option<&'static Self> {
        let fits = |deed: &&Self| deed.target == target && deed.actions.contains(&action);
        let elsewhere = OWN_SCOPE.contains(&target) && scope != target;
        DEEDS.iter().find(fits).filter(|_| !elsewhere)
    }
}

fn slow(intensity: &mut Intensity, millis: u32) -> bool {
    let delay = Duration::from_millis(millis.into());
    intensity.latency = Some(delay);
    delay >= EXTREME_DELAY
}

fn lose(intensity: &mut Intensity, percent: u32) -> bool {
    intensity.loss_percent = Some(percent);
    percent >= 100
}

/// Reads an object of ChaosBlade.
pub(super) fn read(object: &Object) -> Reading {
    let kind = object.root().get("kind");
    if object.reference().kind != KIND {
        return Err(kind.unreadable(KIND));
    }
    let experiments = object.spec().get("experiments");
    let faults: Result<Vec<Fault>, Unreadable> = experiments.items()?.iter().map(fault).collect();
    let faults = faults?;
    if faults.is_empty() {
        return Err(experiments.unreadable("at least one experiment"));
    }
    Ok(Some(experiment(object, Tool::ChaosBlade, faults)))
}

/// Reads one experiment.
fn fault(experiment: &Field<'_>) -> Result<Fault, Unreadable> {
    let (scope, target) = (experiment.get("scope"), experiment.get("target"));
    let action = experiment.get("action").required_text()?;
    let matchers = Matchers::read(experiment)?;
    let aim = match scope.required_text()? {
        "node" => matchers.nodes()?,
        "pod" | "container" => matchers.pods()?,
        _ => return Err(scope.unreadable(SCOPES)),
    };
    let on_node = matches!(aim, Aim::Nodes(_));
    let (scope, target) = (scope.required_text()?, target.required_text()?);
    let Some(deed) = Deed::of(scope, target, action) else {
        return Ok(Fault::untold(
            experiment.path(),
            untold(scope, target, action),
        ));
    };
    let (intensity, cut) = matchers.strength(deed)?;
    let timeout = matchers.lifetime()?;
    Ok(Fault {
        action: if on_node {
            on_a_node(deed.action)
        } else {
            deed.action
        },
        effect: if cut { Effect::Isolated } else { deed.effect },
        aim,
        lifetime: if deed.once {
            Lifetime::Instant
        } else {
            timeout
        },
        overlap: Overlap::AtMost(1),
        intensity,
        field: experiment.path().to_owned(),
        duration_field: matchers.path("timeout"),
        later: false,
    })
}

fn untold(scope: &str, target: &str, action: &str) -> String {
    let why = if CODE.contains(&target) {
        "is code of its author's choice"
    } else {
        "is not known"
    };
    format!("what {target} {action} of ChaosBlade does to a {scope} {why}")
}

/// What loads a node is a stress of the node.
fn on_a_node(action: Action) -> Action {
    let loads = [
        Action::CpuStress,
        Action::MemoryStress,
        Action::IoStress,
        Action::DiskFill,
    ];
    if loads.contains(&action) {
        Action::NodeStress
    } else {
        action
    }
}
