//! Inventories made from others: with more in them, with less, or known less well. What stays the same
//! is shared.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Active, Inventory, Live, Pod, PodId};
use crate::object::Object;

impl Inventory {
    /// The same inventory where some kinds cannot be listed: why nothing can be bounded, and why no
    /// budget is known.
    pub(super) fn with_untold(
        mut self,
        unbounded: Option<String>,
        budgets: Option<String>,
    ) -> Self {
        if budgets.is_some() {
            Arc::make_mut(&mut self.placed).budgets_untold = budgets;
        }
        self.unavailable = unbounded;
        self
    }

    /// The same inventory with these experiments live in it.
    #[must_use]
    pub fn with_active(mut self, active: Vec<Active>) -> Self {
        self.active = Arc::new(active);
        self
    }

    /// The same inventory with these experiments live in it as well, and these sentences about some that
    /// cannot be read. It costs what is live, not what is there.
    #[must_use]
    pub fn with_reserved(&self, more: Vec<Active>, unread: Vec<String>) -> Self {
        let mut active = self.active.as_ref().clone();
        active.extend(more);
        let mut inventory = self.clone().with_active(active);
        inventory.unread.extend(unread);
        inventory
    }

    /// The same inventory with what is live in it. A pod under a pod-failure is not healthy,
    /// whatever its readiness says.
    #[must_use]
    pub fn with_live(mut self, live: Live) -> Self {
        let failed: Vec<PodId> = live.experiments.iter().flat_map(Active::failing).collect();
        self.mark_unhealthy(&failed);
        self.unread = live.unread;
        self.over = Arc::new(live.over);
        self.with_active(live.experiments)
    }

    /// The same inventory as an object of it finds it: without what it does itself, where it is live
    /// already. Who is judged again is not to be counted beside itself.
    #[must_use]
    pub fn without(&self, object: &Object) -> Cow<'_, Self> {
        if !self.active.iter().any(|active| active.is(object)) {
            return Cow::Borrowed(self);
        }
        let own = self.active.iter().filter(|active| active.is(object));
        let own: Vec<PodId> = own.flat_map(Active::failing).collect();
        let others = self.active.iter().filter(|active| !active.is(object));
        let others: Vec<Active> = others.cloned().collect();
        let mut found = self.clone();
        found.mark(&own, Pod::serves);
        let failed: Vec<PodId> = others.iter().flat_map(Active::failing).collect();
        found.mark_unhealthy(&failed);
        Cow::Owned(found.with_active(others))
    }

    /// Counts these pods as unhealthy, whatever their readiness says: an active fault hides there.
    pub fn mark_unhealthy(&mut self, pods: &[PodId]) {
        self.mark(pods, |_| false);
    }

    fn mark(&mut self, pods: &[PodId], healthy: impl Fn(&Pod) -> bool) {
        if pods.is_empty() {
            return;
        }
        let all = Arc::make_mut(&mut self.pods);
        for id in pods {
            if let Some(pod) = all.get_mut(id.0 as usize) {
                pod.healthy = healthy(pod);
            }
        }
    }
}
