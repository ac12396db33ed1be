//! Which pods and nodes a fault is aimed at, as its tool would select them.

use crate::selector::LabelSelector;

/// A selection and how many of its candidates are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What is selected.
    pub selection: Selection,
    /// How many of the candidates are drawn.
    pub mode: Mode,
    /// The field that holds the mode, for denials that name it.
    pub mode_field: String,
    /// The field that holds the number or percentage, for denials that name it.
    pub value_field: String,
    /// The field that holds the selection, for denials that name it.
    pub selector_field: String,
}

impl Target {
    /// All pods of a query, which stands at `field` with all that is said of it.
    pub(super) fn all_of(query: PodQuery, field: &str) -> Self {
        Self {
            selection: Selection {
                queries: vec![query],
                list: Listing::WithRepeats,
            },
            mode: Mode::All,
            mode_field: field.to_owned(),
            value_field: field.to_owned(),
            selector_field: field.to_owned(),
        }
    }
}

/// A union of pod queries.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// The queries; their answers are joined in this order.
    pub queries: Vec<PodQuery>,
    /// What counts as one entry of the list that the mode draws from.
    pub list: Listing,
}

/// What the tool counts when it draws from its list of candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listing {
    /// Each answer of each query, so that a pod found twice counts twice (Chaos Mesh).
    #[default]
    WithRepeats,
    /// Each pod name once, whatever its namespace (Litmus).
    ByName,
}

/// Conditions on pods that must all hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PodQuery {
    /// In which namespaces; a namespace listed twice yields its pods twice.
    pub namespaces: Namespaces,
    /// Exactly these names, where given; a name listed twice yields its pod twice.
    pub names: Option<Vec<String>>,
    /// On the pod's labels.
    pub labels: LabelSelector,
    /// Pods that match any of these are left out.
    pub except: Vec<LabelSelector>,
    /// On the pod's annotations.
    pub annotations: LabelSelector,
    /// On the pod's fields, each equal to the value.
    pub fields: Vec<(PodField, String)>,
    /// On the node the pod runs on.
    pub nodes: Option<NodeQuery>,
    /// On the pod's phase.
    pub phases: Phases,
    /// On the pod's owner.
    pub owner: Option<OwnerQuery>,
    /// Pods whose owner is of one of these kinds, in lower case, are left out.
    pub not_owned_by: Vec<String>,
    /// Pods that put up with this taint are left out.
    pub expelled_by: Option<Taint>,
    /// On the pod's address: the pod's own, or that of a Service that leads to it.
    pub addresses: Option<Vec<String>>,
    /// On the PersistentVolumeClaims it mounts: one of these.
    pub claims: Option<Vec<String>>,
}

/// The effect of a taint that takes away what runs already.
pub const EXPELLING: &str = "NoExecute";

/// A taint of that effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// In which namespaces a query looks.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Namespaces {
    /// In all of them.
    #[default]
    All,
    /// In these, in this order.
    Named(Vec<String>),
    /// In those whose labels match.
    Labelled(LabelSelector),
    /// In those that carry this annotation with this value, of the ones named (all when `None`).
    Annotated {
        /// The annotation's key and value.
        annotation: (String, String),
        /// In these only.
        of: Option<Vec<String>>,
    },
}

/// A field of a pod that tools select by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodField {
    /// `metadata.name`.
    Name,
    /// `metadata.namespace`.
    Namespace,
    /// `spec.nodeName`.
    NodeName,
    /// `spec.restartPolicy`.
    RestartPolicy,
    /// `spec.schedulerName`.
    SchedulerName,
    /// `spec.serviceAccountName`.
    ServiceAccountName,
    /// `status.phase`.
    Phase,
    /// `status.podIP`.
    PodIp,
    /// `status.nominatedNodeName`.
    NominatedNodeName,
}

impl PodField {
    /// Whether the field may change between admission and injection.
    #[must_use]
    pub fn is_volatile(self) -> bool {
        match self {
            Self::Name
            | Self::Namespace
            | Self::RestartPolicy
            | Self::SchedulerName
            | Self::ServiceAccountName => false,
            Self::NodeName | Self::Phase | Self::PodIp | Self::NominatedNodeName => true,
        }
    }
}

/// Nodes with one of these names, or with these labels, or that are one of these machines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeQuery {
    /// Names.
    pub names: Vec<String>,
    /// Labels; `None` adds no node.
    pub labels: Option<LabelSelector>,
    /// How the provider's name of the machine ends, in lower case. Where machines are named, a node
    /// that is one of them must be known: otherwise what is hit cannot be resolved.
    pub machines: Vec<String>,
}

/// Conditions on a pod's phase: one of `include` (any when empty), and none of `exclude`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Phases {
    /// Accepted phases.
    pub include: Vec<String>,
    /// Refused phases.
    pub exclude: Vec<String>,
}

/// Conditions on the workload that owns a pod.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnerQuery {
    /// Kind in lower case, as Litmus writes it; a ReplicaSet's owner counts instead of the
    /// ReplicaSet.
    pub kind: String,
    /// Names, where given.
    pub names: Option<Vec<String>>,
    /// How the workload is scaled, where it is: only the pods that this concerns.
    pub scaled: Option<Scaling>,
}

/// Workloads that are scaled to a number of pods.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scaling {
    /// On the labels of the workload itself.
    pub labels: LabelSelector,
    /// Of the workloads in order of name, this percentage of the first ones, rounded down, but at
    /// least one.
    pub percent: u32,
    /// How many pods each is left with: the pods above that go. `None` is every pod.
    pub keeps: Option<u32>,
}

/// How many of a list of candidates are drawn. Draws are random: any of them may be hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One.
    One,
    /// All.
    All,
    /// This many, at most all.
    Fixed(u64),
    /// This percentage, rounded up.
    Percent(u32),
    /// From none up to this percentage, rounded up.
    UpToPercent(u32),
    /// This percentage, rounded down, but at least one (Litmus).
    AtLeastOne(u32),
    /// This percentage, rounded to the nearest number, a half upwards, but no more than so many
    /// (ChaosBlade, kube-monkey).
    Nearest {
        /// The percentage.
        percent: u32,
        /// The most.
        most: u64,
    },
}

/// How candidates are parted into sets, each of which is drawn from by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sets {
    /// By the value that a pod has under any of these labels, none being a value too (ChaosBlade).
    Labels(Vec<String>),
    /// By controlling owner; a pod without one is a set of its own (chaoskube).
    Owners,
}

impl Mode {
    /// The most draws from a list of `listed` entries.
    #[must_use]
    pub fn most_draws(self, listed: usize) -> usize {
        let percent = |percent: u32| listed.saturating_mul(percent as usize);
        match self {
            Self::One => listed.min(1),
            Self::All => listed,
            Self::Fixed(count) => usize::try_from(count).unwrap_or(usize::MAX).min(listed),
            Self::Percent(p) | Self::UpToPercent(p) => percent(p).div_ceil(100).min(listed),
            Self::AtLeastOne(p) => (percent(p.min(100)) / 100).max(1).min(listed),
            Self::Nearest { percent: p, most } => {
                let nearest = percent(p).saturating_add(50) / 100;
                nearest.min(Self::Fixed(most).most_draws(listed))
            }
        }
    }

    /// The largest number with which this mode draws at most `draws` of `listed` entries; `None`
    /// where no number above zero does, or the mode has none.
    #[must_use]
    pub fn at_most(self, draws: u64, listed: usize) -> Option<u64> {
        let listed = u64::try_from(listed).unwrap_or(u64::MAX).max(1);
        let number = match self {
            Self::One | Self::All => return None,
            Self::Fixed(_) => draws,
            Self::Percent(_) | Self::UpToPercent(_) => {
                (draws.saturating_mul(100) / listed).min(100)
            }
            Self::AtLeastOne(_) => {
                let next = draws.saturating_add(1).saturating_mul(100);
                ((next - 1) / listed).min(100)
            }
            Self::Nearest { .. } => {
                let next = draws.saturating_add(1).saturating_mul(100);
                (next.saturating_sub(51) / listed).min(100)
            }
        };
        (number > 0).then_some(number)
    }

    /// The fewest draws from a list of `listed` entries.
    #[must_use]
    pub fn fewest_draws(self, listed: usize) -> usize {
        match self {
            Self::UpToPercent(_) => 0,
            Self::One
            | Self::All
            | Self::Fixed(_)
            | Self::Percent(_)
            | Self::AtLeastOne(_)
            | Self::Nearest { .. } => self.most_draws(listed),
        }
    }
}

/// Which nodes a fault is aimed at, and how many of them.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeTarget {
    /// By name or label; `None` is every node.
    pub nodes: Option<NodeQuery>,
    /// Only nodes that run a pod of this selection.
    pub hosting: Option<Selection>,
    /// How many.
    pub mode: Mode,
    /// The field that holds the choice, for denials that name it.
    pub field: String,
}
