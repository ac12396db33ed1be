//! What a run asks the shell to do. Each may be done again without another effect.

use super::spec::status::{ChaosObject, PinnedPod, UndoStatus};

/// Something to be done once the status that asks for it is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// The finalizer of the run is put on, so that it is not gone before it is closed.
    Hold,
    /// The finalizer of the run is taken off.
    LetGo,
    /// A backup of this name is made, unless it is there.
    BackUp(String),
    /// What the run is pinned to is promised to it, unless it is already.
    Reserve,
    /// What was promised is given back.
    Release,
    /// The chaos object is made, unless one of that name is there.
    Create(Box<ChaosObject>),
    /// These instances of pods are removed, and no others.
    Remove(Vec<PinnedPod>),
    /// The workload is scaled, or the nodes are cordoned, as the run says.
    Apply,
    /// The chaos object is told to stop.
    Stop(Box<ChaosObject>),
    /// The chaos object is deleted, if it is the one with its uid.
    Delete(Box<ChaosObject>),
    /// The chaos object is let go although its tool does not: its victims are gone, and the fault with them.
    Force(Box<ChaosObject>),
    /// Something is put back.
    PutBack(UndoStatus),
    /// What bears the label of the run is removed.
    Sweep,
    /// People are told.
    Tell {
        /// For machines.
        reason: String,
        /// For people.
        message: String,
    },
}
