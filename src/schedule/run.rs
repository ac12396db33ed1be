//! A run: what it is to do, and where it is.

use jiff::Timestamp;

use super::plan::Plan;
use super::spec::run::ExperimentRunSpec;
use super::spec::status::ExperimentRunStatus;

/// The finalizer by which a run is kept until it is closed.
pub const FINALIZER: &str = "firebreak.dev/run";

/// One execution of a sanctioned experiment, as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether somebody deletes it, which ends it.
    pub deleting: bool,
    /// Whether our finalizer is on it.
    pub held: bool,
    /// What was asked for.
    pub spec: ExperimentRunSpec,
    /// The figures of that.
    pub plan: Plan,
    /// Whether a person must agree to it, and nobody has.
    pub unapproved: bool,
    /// All that is known of it.
    pub status: ExperimentRunStatus,
}

impl Run {
    /// The instant that it is for: its tick, or when somebody asked for it.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.spec.tick.map_or(self.created, |tick| tick.0)
    }

    /// The name of the backup that it asks for.
    #[must_use]
    pub fn backup_name(&self) -> String {
        self.name.clone()
    }
}
