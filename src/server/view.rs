//! What verdicts are made of at one instant, and where it is to be had.

use std::sync::Arc;

use jiff::Timestamp;

use super::backup::Beside;
use crate::inventory::Inventory;
use crate::policy::PolicySet;

/// What verdicts are made of at one instant.
#[derive(Debug, Clone)]
pub struct View {
    /// The cluster; one that says why it is not available, where it is not.
    pub inventory: Arc<Inventory>,
    /// What is permitted.
    pub policies: Arc<PolicySet>,
}

/// Where the present view is to be had. Asking costs next to nothing.
pub trait Outlook: Send + Sync {
    /// The view, as it is good for at `now`: a cluster that has not been seen for too long is not
    /// available in it.
    fn view(&self, now: Timestamp) -> View;

    /// What backups of databases depend on; where nobody says otherwise, nothing of it is known.
    fn beside(&self) -> Arc<Beside> {
        Arc::new(Beside::unknown("nobody looks at the cluster"))
    }
}

/// A view that stays.
impl Outlook for View {
    fn view(&self, _: Timestamp) -> View {
        self.clone()
    }
}
