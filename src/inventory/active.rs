//! Experiments that are live beside the one that is judged.

use super::PodId;
use crate::fault::{Action, Experiment};
use crate::object::Object;

/// An experiment that is live, or may become live, beside the one that is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Active {
    /// What it does.
    pub experiment: Experiment,
    /// The pods it holds already, where the tool recorded them; otherwise it may still draw any of
    /// its candidates.
    pub records: Option<Vec<PodId>>,
    /// When it began, where that is known.
    pub started: Option<jiff::Timestamp>,
}

impl Active {
    /// Whether it is this object: by its name, and by when it was made where both say so.
    pub(super) fn is(&self, object: &Object) -> bool {
        let (own, other) = (&self.experiment.object, object.reference());
        let made = created(object);
        let same_time = made.is_none() || self.started.is_none() || made == self.started;
        same_time
            && own.group == other.group
            && own.kind == other.kind
            && own.namespace == other.namespace
            && own.name == other.name
    }

    /// The pods that do not serve although they are ready, because it is hidden there.
    pub(super) fn failing(&self) -> impl Iterator<Item = PodId> + '_ {
        let mut faults = self.experiment.faults.iter();
        let fails = faults.any(|fault| fault.action == Action::PodFailure);
        let records = self.records.iter().filter(move |_| fails);
        records.flatten().copied()
    }
}

/// When an object was made, as far as it says.
pub(super) fn created(object: &Object) -> Option<jiff::Timestamp> {
    let created = object.root().get("metadata").get("creationTimestamp");
    created.text().ok().flatten()?.parse().ok()
}
