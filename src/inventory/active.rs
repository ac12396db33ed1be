//! Experiments that are live beside the one that is judged.

use super::PodId;
use crate::fault::Experiment;

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
