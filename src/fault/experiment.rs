//! What one chaos object would do, whoever wrote it.

use std::time::Duration;

use super::network_policy::NetworkPolicy;
use super::target::{NodeTarget, Sets, Target};
use crate::object::{ObjectRef, Unreadable};

/// What one chaos object would do: the faults it may have live at the same time.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// The chaos object it was read from.
    pub object: ObjectRef,
    /// The tool that would carry it out.
    pub tool: Tool,
    /// Every fault that may be live, an upper bound: a sequence is listed whole.
    pub faults: Vec<Fault>,
    /// When it recurs.
    pub schedule: Option<Recurrence>,
    /// What its author should know; becomes warnings.
    pub notes: Vec<Note>,
    /// What makes the object unacceptable although the rest of it can be read: a part that would be
    /// dropped, so that it does not do what its author wrote. The faults are those it would have.
    pub refusals: Vec<Unreadable>,
    /// Whether nothing is injected when the object is applied, because it is paused or stopped.
    pub dormant: bool,
    /// Whether the object says that it is chaos. One that does not (a pod deleted, a node drained, a
    /// NetworkPolicy applied by hand) is judged only where it reaches a database.
    pub declared: bool,
}

/// The tool that carries an experiment out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Chaos Mesh.
    ChaosMesh,
    /// LitmusChaos.
    Litmus,
    /// Argo Workflows.
    Argo,
    /// ChaosBlade.
    ChaosBlade,
    /// krkn, formerly Kraken.
    Krkn,
    /// kube-monkey.
    KubeMonkey,
    /// chaoskube.
    Chaoskube,
    /// Kubernetes itself: a NetworkPolicy, a Job, a deletion.
    Kubernetes,
}

impl Tool {
    /// Whether every run of a schedule is an object of its own, which is judged when it is created.
    #[must_use]
    pub fn runs_are_objects(self) -> bool {
        match self {
            Self::ChaosMesh
            | Self::Litmus
            | Self::Argo
            | Self::Kubernetes
            | Self::ChaosBlade
            | Self::Krkn => true,
            Self::KubeMonkey | Self::Chaoskube => false,
        }
    }
}

/// One harmful thing inside an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Its kind.
    pub action: Action,
    /// What it does to a pod it hits.
    pub effect: Effect,
    /// What it is aimed at.
    pub aim: Aim,
    /// How long it lasts, from its first injection to its last reversal.
    pub lifetime: Lifetime,
    /// How many draws of it may be in effect together, because it repeats before the victims of
    /// the earlier draws are back.
    pub overlap: Overlap,
    /// How strong it is, as far as the tool says.
    pub intensity: Intensity,
    /// The field of the chaos object that describes it, such as `spec` or
    /// `spec.templates[1].podChaos`. Faults of one experiment with the same field and the same aim
    /// are one draw: they hit the same pods (processor and memory stress, delay and loss).
    pub field: String,
    /// The field that holds its duration, for denials that name it.
    pub duration_field: String,
    /// Whether it selects its victims some time after admission (a schedule, a later step, a paused
    /// object), so that what pods are now (phase, node, readiness) says nothing.
    pub later: bool,
}

impl Fault {
    /// Something that nobody can tell beforehand, at `field`: it may do anything, for ever.
    pub(super) fn untold(field: impl Into<String>, what: impl Into<String>) -> Self {
        let field = field.into();
        Self {
            action: Action::ArbitraryCode,
            effect: Effect::Corrupting,
            aim: Aim::Unknown(what.into()),
            lifetime: Lifetime::Forever,
            overlap: Overlap::AtMost(1),
            intensity: Intensity::default(),
            duration_field: field.clone(),
            field,
            later: true,
        }
    }
}

/// What a fault is aimed at.
#[derive(Debug, Clone, PartialEq)]
pub enum Aim {
    /// Pods.
    Pods(Target),
    /// Pods, drawn from each set of them by itself.
    Each {
        /// The pods, and how many of each set.
        target: Target,
        /// How they are parted.
        sets: Sets,
        /// The most of all sets together.
        most: u32,
    },
    /// The traffic between two sets of pods.
    Cut {
        /// One side.
        from: Target,
        /// The other side.
        to: Target,
    },
    /// Nodes, and with them every pod that runs there.
    Nodes(NodeTarget),
    /// The members of databases that a NetworkPolicy would newly cut off.
    Isolation(Box<Isolation>),
    /// Something that cannot be resolved in this cluster; a sentence says what. Over every limit.
    Unknown(String),
}

/// A NetworkPolicy, held against those in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Isolation {
    /// The policy.
    pub policy: NetworkPolicy,
    /// From whom it would cut members off.
    pub ties: Ties,
}

/// Whom a member of a database talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ties {
    /// Those without whom it does not serve: the other members, everybody outside, and the API
    /// server where that says who leads.
    Vital,
    /// Those without whom it serves, but does not recover: its operator, and who resolves names.
    Helpful,
}

/// How long a fault lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// At most this long.
    For(Duration),
    /// It acts in an instant; recovery is the victim's own matter.
    Instant,
    /// Until somebody ends it.
    Forever,
    /// Its end has passed before it begins, so it never acts.
    Never,
}

impl Lifetime {
    /// Whether the tool ends it some time after it began.
    #[must_use]
    pub fn ends(self) -> bool {
        match self {
            Self::For(_) => true,
            Self::Instant | Self::Forever | Self::Never => false,
        }
    }
}

/// How many draws of one fault may be in effect together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// At most this many; at least 1.
    AtMost(u32),
    /// No bound.
    Unbounded,
}

impl Overlap {
    /// As many draws as each of `other` makes in each of these.
    pub(super) fn times(self, other: Self) -> Self {
        self.with(other, u32::saturating_mul)
    }

    /// The draws of both.
    pub(super) fn plus(self, other: Self) -> Self {
        self.with(other, u32::saturating_add)
    }

    fn with(self, other: Self, join: fn(u32, u32) -> u32) -> Self {
        match (self, other) {
            (Self::AtMost(one), Self::AtMost(other)) => Self::AtMost(join(one, other)),
            (Self::Unbounded, _) | (_, Self::Unbounded) => Self::Unbounded,
        }
    }
}

/// How strong a fault is. What the tool does not say is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Intensity {
    /// Load on the processor, in percent of what the pod or node may use.
    pub cpu_percent: Option<u32>,
    /// Memory taken, in percent of the limit.
    pub memory_percent: Option<u32>,
    /// Disk filled, in percent.
    pub disk_fill_percent: Option<u32>,
    /// Delay added to each packet or call.
    pub latency: Option<Duration>,
    /// Packets lost or corrupted, in percent.
    pub loss_percent: Option<u32>,
    /// How long a pod that is deleted has to stop by itself.
    pub grace: Option<Duration>,
}

/// When an experiment recurs.
#[derive(Debug, Clone, PartialEq)]
pub struct Recurrence {
    /// The schedules as written.
    pub schedules: Vec<String>,
    /// The field that holds them.
    pub field: String,
    /// IANA zone, where the object names one.
    pub time_zone: Option<String>,
    /// The shortest time between two runs, over a year.
    pub shortest_gap: Duration,
}

/// Something the author of a chaos object should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The field it is about.
    pub field: String,
    /// A sentence.
    pub message: String,
}

/// A delay by which probes and clients have given up, so that a pod counts as lost.
pub(super) const EXTREME_DELAY: Duration = Duration::from_secs(10);

/// What a fault does to a pod it hits, ordered by harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Slow or lossy, but serving.
    Degraded,
    /// Cut off.
    Isolated,
    /// Stops serving.
    Down,
    /// May damage data.
    Corrupting,
}

impl Effect {
    /// The name used in policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Degraded => "Degraded",
            Self::Isolated => "Isolated",
            Self::Down => "Down",
            Self::Corrupting => "Corrupting",
        }
    }

    /// Whether a pod it hits no longer counts as healthy.
    #[must_use]
    pub fn takes_down(self) -> bool {
        self > Self::Degraded
    }
}

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The kinds of fault, under one name whichever tool causes them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($(#[doc = $doc])+ $name,)+ }

        impl Action {
            /// Every action, in the order of the documentation.
            pub const ALL: &'static [Action] = &[$(Action::$name,)+];

            /// The name used in policies.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }
        }
    };
}

actions! {
    /// A pod is deleted.
    PodKill,
    /// A pod is made to fail until the fault ends.
    PodFailure,
    /// Containers of a pod are killed.
    ContainerKill,
    /// Traffic is cut.
    NetworkPartition,
    /// Packets are delayed.
    NetworkDelay,
    /// Packets are lost.
    NetworkLoss,
    /// Packets are sent twice.
    NetworkDuplicate,
    /// Packets are corrupted.
    NetworkCorrupt,
    /// Bandwidth is limited.
    NetworkBandwidth,
    /// The processor is loaded.
    CpuStress,
    /// Memory is taken.
    MemoryStress,
    /// Disks are loaded.
    IoStress,
    /// A disk is filled.
    DiskFill,
    /// File operations are delayed.
    IoDelay,
    /// File operations fail.
    IoFault,
    /// Files are read or written wrongly, or their attributes changed.
    DiskCorruption,
    /// A block device is delayed.
    BlockDelay,
    /// Clocks are shifted.
    ClockSkew,
    /// Names are not resolved.
    DnsError,
    /// Names are resolved to random addresses.
    DnsRandom,
    /// System calls of the kernel fail.
    KernelFault,
    /// HTTP traffic is changed or cut.
    HttpFault,
    /// A Java virtual machine is disturbed.
    JvmFault,
    /// A workload is scaled.
    Scale,
    /// A node is drained, cordoned or tainted.
    NodeDrain,
    /// A node, or what it runs pods with, is restarted.
    NodeRestart,
    /// A node is stopped.
    NodeStop,
    /// A node's processor, memory or disks are loaded.
    NodeStress,
    /// A volume is detached.
    VolumeLoss,
    /// A machine outside the cluster is attacked.
    MachineFault,
    /// A program of the author's choice is run.
    ArbitraryCode,
}
