//! What is kept of a cluster while it is watched.

use std::sync::Arc;

use super::live::among;
use super::store::{Store, trimmed};
use super::untold::Untold;
use super::world::World;
use super::{Inventory, Origin, build};
use crate::fault::Surroundings;
use crate::object::{Object, ObjectRef};

/// What is kept of a cluster: objects come and go, and an inventory can be made at any time.
///
/// Of pods and of what else there are many of, facts are kept, and what they have in common once; of
/// the rest what its readers look at.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    store: Box<Store>,
    around: Arc<Surroundings>,
    untold: Untold,
}

impl Cluster {
    /// Keeps what a decision needs of an object, in place of what was kept under its name.
    pub fn put(&mut self, object: Object) {
        let whole = self.store.put(&object);
        if Surroundings::keeps(&object) {
            let whole = whole.unwrap_or_else(|| Arc::new(trimmed(&object)));
            Arc::make_mut(&mut self.around).put(whole);
        }
        // It may be long, and is no longer wanted.
        drop(object);
    }

    /// Forgets an object.
    pub fn remove(&mut self, reference: &ObjectRef) {
        self.store.remove(reference);
        if self.around.has(reference) {
            Arc::make_mut(&mut self.around).remove(reference);
        }
    }

    /// Forgets every object of a kind but those that `keep` wants, by namespace and name.
    pub fn retain(&mut self, group: &str, kind: &str, keep: impl Fn(&str, &str) -> bool) {
        self.store.retain((group, kind), &keep);
        if Surroundings::kinds().any(|known| known == (group, kind)) {
            Arc::make_mut(&mut self.around).retain((group, kind), keep);
        }
    }

    /// Takes a whole list of a kind at once: what `list` keeps of it stands in the place of what was
    /// kept here, and the kind is known.
    pub fn adopt(&mut self, group: &str, kind: &str, list: Self) {
        self.mark(group, kind, None);
        self.store.adopt((group, kind), *list.store);
        if Surroundings::kinds().any(|known| known == (group, kind)) {
            Arc::make_mut(&mut self.around).adopt((group, kind), &list.around);
        }
    }

    /// How many objects of a kind something is kept of.
    #[must_use]
    pub fn count(&self, group: &str, kind: &str) -> usize {
        let around = self.around.all((group, kind)).count();
        self.store.count((group, kind)).max(around)
    }

    /// Says that the objects of a kind that is served cannot be known, and why; or, with `None`, that
    /// they are known again.
    pub fn mark(&mut self, group: &str, kind: &str, unlisted: Option<String>) {
        self.untold.mark((group, kind), unlisted);
    }

    /// Every object of a kind that is kept itself, by namespace and name. Of what there are many of,
    /// such as pods, only facts are kept.
    pub fn all(&self, group: &str, kind: &str) -> impl Iterator<Item = &Object> {
        self.store.all((group, kind)).map(Arc::as_ref)
    }

    /// The same objects, to be kept elsewhere too.
    pub fn shared(&self, group: &str, kind: &str) -> impl Iterator<Item = Arc<Object>> {
        self.store.all((group, kind)).cloned()
    }

    /// Why the objects of a kind that is served cannot be known; `None` where they are.
    #[must_use]
    pub fn unlisted(&self, group: &str, kind: &str) -> Option<&str> {
        self.untold.why((group, kind))
    }

    /// The cluster as it is now, with what is live in it.
    #[must_use]
    pub fn inventory(&self) -> Inventory {
        let rights = self.untold.rights();
        let around = match &rights {
            None => Arc::clone(&self.around),
            Some(_) => Arc::new(self.around.without_rights()),
        };
        let world = World::new(&self.store, Origin::Recorded, &self.untold);
        let inventory = build::inventory(&world, around);
        let whole: Vec<&Object> = self.store.whole().map(Arc::as_ref).collect();
        let mut live = among(&whole, &inventory);
        if let Some(why) = rights {
            live.doubt(&why);
        }
        let (unbounded, budgets) = (self.untold.unbounded(), self.untold.budgets());
        inventory.with_live(live).with_untold(unbounded, budgets)
    }
}
