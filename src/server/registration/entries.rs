//! The webhooks, one a row: which requests about which kinds, and what happens when nobody answers.
//!
//! Chaos is never urgent, so that creating it waits for an answer. Everything else goes on without
//! one: a tool that may not save its records injects again, and the pods of a cluster have to start
//! whether we do or not.

use super::conditions::Condition;
use super::resources::Guard;
use crate::fault;

/// One webhook of a configuration.
#[derive(Debug)]
pub struct Entry {
    /// Its name, without our domain.
    pub name: &'static str,
    /// `CREATE`, `UPDATE`, `DELETE`.
    pub operations: &'static [&'static str],
    /// Which kinds.
    pub guards: &'static [Guard],
    /// Whether a request fails when nobody answers.
    pub closed: bool,
    /// How long an answer is waited for.
    pub seconds: u32,
    /// What must hold of a request.
    pub conditions: &'static [Condition],
    /// The labels, any of which an object carries, where they alone say it.
    pub labels: &'static [&'static str],
    /// Whether the namespaces that a cluster starts from are left alone.
    pub spares: bool,
}

/// A webhook without conditions.
const ENTRY: Entry = Entry {
    name: "",
    operations: &[],
    guards: &[],
    closed: false,
    seconds: 2,
    conditions: &[],
    labels: &[],
    spares: false,
};

/// Every webhook of the configuration that is always installed.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: "create.chaos",
        operations: &["CREATE"],
        guards: &[Guard::Chaos],
        closed: true,
        seconds: 5,
        conditions: &[Condition::NotInternal],
        ..ENTRY
    },
    Entry {
        name: "update.chaos",
        operations: &["UPDATE"],
        guards: &[Guard::Chaos],
        conditions: &[Condition::NotATool, Condition::NotLeaving],
        ..ENTRY
    },
    Entry {
        name: "declare.network",
        operations: &["CREATE"],
        guards: &[Guard::Network, Guard::Foreign],
        closed: true,
        seconds: 5,
        conditions: &[Condition::DeclaredNetwork],
        labels: fault::POLICY_LABELS,
        ..ENTRY
    },
    Entry {
        name: "create.network",
        operations: &["CREATE"],
        guards: &[Guard::Network],
        conditions: &[Condition::UndeclaredNetwork],
        ..ENTRY
    },
    Entry {
        name: "update.network",
        operations: &["UPDATE"],
        guards: &[Guard::Network, Guard::Foreign],
        conditions: &[
            Condition::NotATool,
            Condition::NotLeaving,
            Condition::UnderstoodNetwork,
            Condition::Changed,
        ],
        ..ENTRY
    },
    Entry {
        name: "declare.program",
        operations: &["CREATE"],
        guards: &[Guard::Program],
        closed: true,
        seconds: 5,
        conditions: &[Condition::DeclaredProgram],
        labels: fault::PROGRAM_LABELS,
        ..ENTRY
    },
    // Pods that controllers make are among these: a workload that was scaled to nothing when it was
    // judged is judged again by its pods, and nothing else shows that it has been scaled up.
    Entry {
        name: "create.program",
        operations: &["CREATE"],
        guards: &[Guard::Program],
        seconds: 1,
        conditions: &[Condition::NotAnOperator, Condition::UndeclaredProgram],
        spares: true,
        ..ENTRY
    },
    Entry {
        name: "create.workload",
        operations: &["CREATE"],
        guards: &[Guard::Workload],
        seconds: 1,
        conditions: &[Condition::NotAnOperator],
        spares: true,
        ..ENTRY
    },
    Entry {
        name: "update.workload",
        operations: &["UPDATE"],
        guards: &[Guard::Program, Guard::Workload],
        seconds: 1,
        conditions: &[
            Condition::NotTheCluster,
            Condition::NotAnOperator,
            Condition::NotATool,
            Condition::NotLeaving,
            Condition::ChangedOrEnrolled,
        ],
        spares: true,
        ..ENTRY
    },
    Entry {
        name: "update.node",
        operations: &["UPDATE"],
        guards: &[Guard::Node],
        seconds: 1,
        conditions: &[
            Condition::NotTheCluster,
            Condition::NotATool,
            Condition::NotLeaving,
            Condition::Tainted,
        ],
        ..ENTRY
    },
    Entry {
        name: "write.policy",
        operations: &["CREATE", "UPDATE"],
        guards: &[Guard::Rule, Guard::Sanction],
        closed: true,
        seconds: 5,
        ..ENTRY
    },
];

/// The webhooks of the configuration that guards the deletion of pods, for those who ask for it.
pub const DELETIONS: &[Removal] = &[
    Removal {
        name: "delete.pod",
        operation: "DELETE",
        resource: "pods",
        conditions: &[
            Condition::NotTheCluster,
            Condition::NotAnOperator,
            Condition::NotATool,
            Condition::NotGoing,
        ],
    },
    Removal {
        name: "evict.pod",
        operation: "CREATE",
        resource: "pods/eviction",
        conditions: &[
            Condition::NotTheCluster,
            Condition::NotAnOperator,
            Condition::NotATool,
        ],
    },
];

/// A way to take a pod away. Whoever deletes by name may hit the successor of a pod while an answer
/// is waited for, so that there is little time for one.
#[derive(Debug)]
pub struct Removal {
    /// Its name, without our domain.
    pub name: &'static str,
    /// What is asked for.
    pub operation: &'static str,
    /// Of which resource.
    pub resource: &'static str,
    /// What must hold of a request.
    pub conditions: &'static [Condition],
}
