//! Starts the watch of every kind that is served, and ends it when the kind goes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::backoff;
use super::discover::{self, Found};
use super::feed::{Change, Feed, Shared};
use super::served::Served;
use super::sign::{Sign, Signs};
use super::wire::Trouble;

/// How long before everything that is served is asked for again.
const ROUND: (Duration, Duration) = (Duration::from_mins(3), Duration::from_mins(5));
/// After a definition changed, what is served follows a little later, on each API server by itself:
/// it is asked for again after these times.
const ECHOES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(20),
];

/// The watches there are.
pub(super) struct Kinds {
    shared: Shared,
    signs: Arc<Signs>,
    running: BTreeMap<Served, Running>,
    /// Whether what is served could not be asked for.
    lost: bool,
}

struct Running {
    sign: Arc<Sign>,
    /// None for a kind that cannot be watched.
    feed: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(feed) = &self.feed {
            feed.abort();
        }
    }
}

impl Kinds {
    pub(super) fn new(shared: Shared, signs: Arc<Signs>) -> Self {
        Self {
            shared,
            signs,
            running: BTreeMap::new(),
            lost: false,
        }
    }

    /// Follows what is served, for ever.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let mut failures = 0;
        let mut echoes = Vec::new();
        loop {
            let found = discover::discover(&self.shared.client).await;
            self.heard(&found);
            failures = match found {
                Ok(found) => {
                    self.follow(found).await?;
                    0
                }
                Err(_) => failures + 1,
            };
            let pause = match failures {
                0 => backoff::between(ROUND.0, ROUND.1),
                _ => backoff::after(failures),
            };
            self.rest(Instant::now() + pause, &mut echoes).await?;
        }
    }

    /// Waits until it is time to ask again, or a definition changes.
    async fn rest(&self, until: Instant, echoes: &mut Vec<Instant>) -> anyhow::Result<()> {
        let wake = echoes.last().copied().map_or(until, |echo| echo.min(until));
        let changed = self.shared.rediscover.notified();
        if timeout_at(wake, changed).await.is_ok() {
            let now = Instant::now();
            *echoes = ECHOES.iter().rev().map(|echo| now + *echo).collect();
            sleep(ECHOES[0]).await;
        }
        let now = Instant::now();
        echoes.retain(|echo| *echo > now);
        for (served, running) in &self.running {
            if running.feed.as_ref().is_some_and(JoinHandle::is_finished) {
                bail!("the watch of {} ended", served.resource());
            }
        }
        Ok(())
    }

    fn heard(&mut self, found: &Result<Found, Trouble>) {
        match found {
            Ok(_) if self.lost => tracing::info!("what is served is known again"),
            Err(why) if !self.lost => tracing::warn!(%why, "what is served is not known"),
            Ok(_) | Err(_) => {}
        }
        self.lost = found.is_err();
    }

    /// Watches what is served now, and nothing else.
    async fn follow(&mut self, mut found: Found) -> anyhow::Result<()> {
        for group in &found.silent {
            found.kinds.extend(self.of_silent(group));
        }
        let gone = |served: &&Served| !found.kinds.contains(*served);
        let gone: Vec<Served> = self.running.keys().filter(gone).cloned().collect();
        let ended: Vec<Running> = gone
            .iter()
            .filter_map(|it| self.running.remove(it))
            .collect();
        let fresh = found.kinds.into_iter();
        let fresh: Vec<Served> = fresh.filter(|it| !self.running.contains_key(it)).collect();
        for running in ended {
            self.end(running).await?;
        }
        for served in fresh {
            self.begin(served).await?;
        }
        let signs = self.running.values().map(|it| Arc::clone(&it.sign));
        self.signs.set(signs.collect());
        Ok(())
    }

    /// What a group serves that does not say it: what it served before; and the kinds that are looked
    /// for in it and were never seen, which cannot be known.
    fn of_silent(&self, group: &str) -> Vec<Served> {
        let before = self.running.keys().filter(|it| it.group == group);
        let before: Vec<Served> = before.cloned().collect();
        let seen = |kind: &str| before.iter().any(|it| it.kind == kind);
        let unseen = discover::unseen(group).filter(|it| !seen(&it.kind));
        let unseen: Vec<Served> = unseen.collect();
        before.into_iter().chain(unseen).collect()
    }

    async fn begin(&mut self, served: Served) -> anyhow::Result<()> {
        let sign = Sign::new(served.clone());
        let feed = if served.watchable {
            self.tell(Change::Appeared(Arc::clone(&sign))).await?;
            let feed = Feed::new(self.shared.clone(), Arc::clone(&sign));
            Some(tokio::spawn(feed.run()))
        } else {
            let why = served.out_of_reach();
            sign.unlisted(&why);
            self.tell(Change::Marked(Arc::clone(&sign), Some(why)))
                .await?;
            None
        };
        self.running.insert(served, Running { sign, feed });
        Ok(())
    }

    async fn end(&self, mut running: Running) -> anyhow::Result<()> {
        if let Some(feed) = running.feed.take() {
            feed.abort();
            // What it was about to tell comes before the news that the kind is gone.
            let _ = feed.await;
        }
        tracing::info!(
            resource = running.sign.served.resource(),
            "not served any more"
        );
        self.tell(Change::Gone(Arc::clone(&running.sign))).await
    }

    async fn tell(&self, change: Change) -> anyhow::Result<()> {
        if self.shared.keeper.send(change).await.is_err() {
            bail!("nobody keeps what the watches tell");
        }
        Ok(())
    }
}
