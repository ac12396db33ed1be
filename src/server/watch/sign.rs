//! The signs of life of what is watched: when each was heard of last, and how it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::served::Served;

/// How a watch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its objects are being listed.
    Listing,
    /// It is told of every change.
    Watching,
    /// It was cut off, for this reason, and tries again.
    Lost(String),
    /// Its objects cannot be known, for this reason. Every so often it tries again.
    Unlisted(String),
}

/// What is told of a watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// API group, empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// How many objects are held.
    pub objects: usize,
    /// How long ago it was heard of; `None` before the first time.
    pub seen: Option<Duration>,
    /// How it is.
    pub state: State,
}

/// The signs of life of one watch. Ages are told by a clock that nobody sets.
#[derive(Debug)]
pub(super) struct Sign {
    pub(super) served: Served,
    epoch: Instant,
    /// Milliseconds from the epoch, and one; zero before the first time.
    seen: AtomicU64,
    /// How many objects are held.
    pub(super) objects: AtomicUsize,
    state: ArcSwap<State>,
    /// Whether the inventory knows its objects, or that they cannot be known.
    settled: AtomicBool,
    established: AtomicBool,
    /// Whether somebody was warned that it is lost.
    warned: AtomicBool,
}

impl Sign {
    pub(super) fn new(served: Served) -> Arc<Self> {
        Arc::new(Self {
            served,
            epoch: Instant::now(),
            seen: AtomicU64::new(0),
            objects: AtomicUsize::new(0),
            state: ArcSwap::from_pointee(State::Listing),
            settled: AtomicBool::new(false),
            established: AtomicBool::new(false),
            warned: AtomicBool::new(false),
        })
    }

    /// Something was heard.
    pub(super) fn alive(&self) {
        let now = u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.seen.store(now.saturating_add(1), Ordering::Relaxed);
    }

    /// How long ago it was heard of.
    pub(super) fn age(&self) -> Option<Duration> {
        let seen = self.seen.load(Ordering::Relaxed).checked_sub(1)?;
        Some(
            self.epoch
                .elapsed()
                .saturating_sub(Duration::from_millis(seen)),
        )
    }

    /// The inventory knows of it what can be known.
    pub(super) fn settle(&self) {
        self.settled.store(true, Ordering::Release);
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    fn is_watching(&self) -> bool {
        matches!(**self.state.load(), State::Watching)
    }

    /// Whether its objects cannot be known, so that their age says nothing.
    pub(super) fn is_unlisted(&self) -> bool {
        matches!(**self.state.load(), State::Unlisted(_))
    }

    pub(super) fn health(&self) -> Health {
        Health {
            group: self.served.group.clone(),
            kind: self.served.kind.clone(),
            objects: self.objects.load(Ordering::Relaxed),
            seen: self.age(),
            state: State::clone(&self.state.load()),
        }
    }

    /// It is told of every change from here on.
    pub(super) fn watching(&self) {
        self.state.store(Arc::new(State::Watching));
        let resource = self.served.resource();
        let warned = self.warned.swap(false, Ordering::Relaxed);
        if !self.established.swap(true, Ordering::Relaxed) {
            tracing::info!(resource, "watch established");
        } else if warned {
            tracing::info!(resource, "watch is back");
        } else {
            tracing::debug!(resource, "watch goes on");
        }
        self.alive();
    }

    /// It is cut off. Watches end all the time; it is a matter for people only where it is `grave`.
    pub(super) fn lost(&self, why: &str, grave: bool) {
        if self.is_unlisted() {
            return;
        }
        self.state.store(Arc::new(State::Lost(why.to_owned())));
        let resource = self.served.resource();
        if !grave {
            tracing::debug!(resource, why, "watch ended");
        } else if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(resource, why, "watch lost");
        }
    }

    /// Its objects cannot be known.
    pub(super) fn unlisted(&self, why: &str) {
        self.warned.store(true, Ordering::Relaxed);
        let before = self.state.swap(Arc::new(State::Unlisted(why.to_owned())));
        if !matches!(*before, State::Unlisted(_)) {
            tracing::warn!(resource = self.served.resource(), why, "not to be watched");
        }
    }
}

/// Every sign of life there is to heed.
#[derive(Debug)]
pub(super) struct Signs {
    kinds: ArcSwap<Vec<Arc<Sign>>>,
    /// That of whoever makes views of what the watches tell.
    pub(super) keeper: Arc<Sign>,
    discovered: AtomicBool,
}

impl Signs {
    pub(super) fn new() -> Self {
        Self {
            kinds: ArcSwap::default(),
            keeper: Sign::new(Served::named("", "", "Inventory", "the inventory")),
            discovered: AtomicBool::new(false),
        }
    }

    /// Those of the kinds.
    pub(super) fn all(&self) -> Arc<Vec<Arc<Sign>>> {
        self.kinds.load_full()
    }

    /// These are the kinds that are served.
    pub(super) fn set(&self, kinds: Vec<Arc<Sign>>) {
        self.kinds.store(Arc::new(kinds));
        self.discovered.store(true, Ordering::Release);
    }

    /// What was not heard of for longer than the bound, as a phrase; the oldest where there are
    /// several.
    pub(super) fn stale(&self, bound: Duration) -> Option<String> {
        let (age, of) = self.oldest(|sign| sign.served.resource())?;
        (age > bound).then(|| {
            let (age, bound) = (phrase(age), phrase(bound));
            format!("{of} was last seen {age} ago, and the bound is {bound}")
        })
    }

    /// What was heard of longest ago, told by `tell`, and how long ago.
    pub(super) fn oldest<T>(&self, tell: impl FnOnce(&Sign) -> T) -> Option<(Duration, T)> {
        let kinds = self.kinds.load();
        let signs = kinds.iter().chain([&self.keeper]);
        let heeded = signs.filter(|sign| !sign.is_unlisted());
        let aged = heeded.filter_map(|sign| Some((sign.age()?, sign)));
        let (age, sign) = aged.max_by_key(|(age, _)| *age)?;
        Some((age, tell(sign)))
    }

    /// Whether the API server is there for anyone: some kind is watched, and was heard of lately.
    pub(super) fn any_alive(&self, lately: Duration) -> bool {
        let kinds = self.kinds.load();
        let mut watching = kinds.iter().filter(|sign| sign.is_watching());
        watching.any(|sign| sign.age().is_some_and(|age| age < lately))
    }

    /// Which kinds the inventory does not know yet; `None` before it is known which there are.
    pub(super) fn unsettled(&self) -> Option<Vec<String>> {
        let discovered = self.discovered.load(Ordering::Acquire);
        let kinds = self.kinds.load();
        let waiting = kinds.iter().filter(|sign| !sign.is_settled());
        discovered.then(|| waiting.map(|sign| sign.served.resource()).collect())
    }
}

/// A time in minutes and seconds, such as `3m12s`.
fn phrase(time: Duration) -> String {
    crate::calendar::duration::format_duration(Duration::from_secs(time.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_oldest_sign_of_life_is_told() {
        let signs = Signs::new();
        let old = Sign::new(Served::named(
            "policy",
            "v1",
            "PodDisruptionBudget",
            "poddisruptionbudgets",
        ));
        let new = Sign::new(Served::named("", "v1", "Pod", "pods"));
        let bound = Duration::from_mins(2);
        signs.set(vec![Arc::clone(&old), Arc::clone(&new)]);
        assert_eq!(signs.stale(bound), None);
        old.alive();
        tokio::time::advance(Duration::from_secs(192)).await;
        new.alive();
        let told = "poddisruptionbudgets.policy was last seen 3m12s ago, and the bound is 2m";
        assert_eq!(signs.stale(bound).as_deref(), Some(told));
        old.unlisted("forbidden");
        assert_eq!(signs.stale(bound), None);
    }
}
