//! A limit or rule that is not kept.

use crate::inventory::GroupId;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Why a request is not permitted, the word for machines. `docs/checks.md` explains each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $name,)+ }

        impl Reason {
            /// Every reason, in the order in which violations are reported.
            pub const ALL: &'static [Reason] = &[$(Reason::$name,)+];

            /// The word itself, PascalCase.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What it means, a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+),)+ }
            }
        }
    };
}

reasons! {
    /// The chaos object cannot be read, so that nothing bounds what it does.
    Unreadable,
    /// What the experiment is aimed at cannot be resolved in this cluster.
    Unresolvable,
    /// The object carries a status that would make its tool skip the selector.
    ForgedStatus,
    /// The cluster's state is not known well enough to judge.
    InventoryUnavailable,
    /// What it may hit could not be reserved for it, so that another experiment could be promised the same.
    ReservationFailed,
    /// The policy that would judge cannot be read.
    PolicyInvalid,
    /// It says that it is of a run, and that run does not inject it now.
    NotOfItsRun,
    /// It can reach pods that no chaos may reach.
    ProtectedTarget,
    /// It can reach pods that have not opted in to chaos.
    OptInMissing,
    /// Whoever asks may not start chaos here.
    AccountDenied,
    /// It causes an action that the policy does not permit.
    ActionDenied,
    /// It has an effect that the policy does not permit.
    EffectDenied,
    /// It can hit the member of a database that may be writing.
    PrimaryAtRisk,
    /// It can leave too few healthy standbys to take over from the primary.
    StandbysTooFew,
    /// It can leave a database without the members it needs to serve.
    QuorumLost,
    /// It can hit too many units of one database, such as shards, at once.
    MaxUnitsExceeded,
    /// The database it can hit is not healthy, or busy, already.
    DatabaseUnhealthy,
    /// The database's replicas lag too far behind.
    ReplicationLagExceeded,
    /// The database's newest backup is too old, or there is none.
    BackupStale,
    /// Whether the database has a fresh backup cannot be told.
    BackupUnknown,
    /// It can leave too few healthy pods of a workload or database.
    MinHealthyBreached,
    /// It can break a PodDisruptionBudget.
    BudgetExceeded,
    /// It can hit too large a share of a workload or database.
    MaxShareExceeded,
    /// It can hit too many pods.
    MaxPodsExceeded,
    /// It can take too many nodes.
    MaxNodesExceeded,
    /// It can reach too many namespaces.
    MaxNamespacesExceeded,
    /// Too many experiments are live on one workload or database.
    ConcurrencyExceeded,
    /// It follows another experiment, or its own last run, too soon.
    IntervalTooShort,
    /// It may last too long.
    DurationExceeded,
    /// Nothing ends it.
    DurationMissing,
    /// It is stronger than permitted.
    IntensityExceeded,
    /// It matches nothing now and stays armed without an end, or could match protected pods later.
    NoTarget,
    /// It is outside the hours in which chaos is allowed.
    OutsideWindow,
    /// It falls into a blackout.
    Blackout,
    /// A rule of the policy does not hold.
    RuleNotKept,
    /// Whether a rule or condition of the policy holds cannot be told: its expression errs, or costs too much.
    RuleFailed,
}

impl Reason {
    /// Whether it refuses without asking any policy, so that no exemption lifts it.
    #[must_use]
    pub fn needs_no_policy(self) -> bool {
        [
            Self::Unreadable,
            Self::ForgedStatus,
            Self::InventoryUnavailable,
            Self::ReservationFailed,
            Self::PolicyInvalid,
            Self::NotOfItsRun,
        ]
        .contains(&self)
    }

    /// Whether it is about an expression of the policy, not about one of the built-in limits.
    #[must_use]
    pub fn is_of_rules(self) -> bool {
        [Self::RuleNotKept, Self::RuleFailed].contains(&self)
    }
}

/// Stands for a limit where nothing bounds what is asked for.
pub const EVERY_LIMIT: &str = "every limit";

/// How a policy's violations count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Enforcement {
    /// They are recorded.
    Audit,
    /// They are returned as warnings.
    Warn,
    /// They deny the request.
    Deny,
}

/// One limit or rule that is not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The word for machines. A rule may have one of its own in its place: [`Violation::word`].
    pub reason: Reason,
    /// The word that the policy's author gave for a rule.
    pub own_reason: Option<String>,
    /// The policy's name; empty where no policy is needed to refuse.
    pub policy: String,
    /// The limit as the policy spells it, such as `maxSharePercent`; for a rule `rule` and its name.
    pub limit: String,
    /// What was measured.
    pub measured: String,
    /// What is permitted.
    pub permitted: String,
    /// The field of the chaos object to change; empty where none would help.
    pub field: String,
    /// A sentence for people: what was measured against what is permitted, and where.
    pub message: String,
    /// What would be accepted, a phrase; empty where nothing would.
    pub remedy: String,
    /// How it counts.
    pub enforcement: Enforcement,
    /// The database or workload concerned.
    pub group: Option<GroupId>,
    /// The exemption that lifts it, if one does.
    pub exempted_by: Option<String>,
}

impl Violation {
    /// The word for machines: the rule's own where it has one.
    #[must_use]
    pub fn word(&self) -> &str {
        self.own_reason.as_deref().unwrap_or(self.reason.name())
    }

    /// Whose limit or rule is not kept, and which.
    #[must_use]
    pub fn source(&self) -> String {
        let Self { policy, limit, .. } = self;
        if limit == EVERY_LIMIT || self.reason.is_of_rules() {
            format!("policy {policy}, {limit}")
        } else {
            format!("policy {policy}, limit {limit}")
        }
    }
}
