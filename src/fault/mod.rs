//! What an experiment could do, whoever wrote it: one reader a kind, one table of readers.

pub mod experiment;
pub mod target;

pub use experiment::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Note, Overlap, Recurrence, Tool,
};
pub use target::{
    Listing, Mode, Namespaces, NodeQuery, NodeTarget, OwnerQuery, Phases, PodField, PodQuery,
    Selection, Target,
};

pub use crate::object::Unreadable;
