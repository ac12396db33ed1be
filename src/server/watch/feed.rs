//! The watch of one kind: lists it, follows it, and begins again where it was cut off.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Instant, sleep, timeout};

use super::backoff;
use super::decode::{self, Event, Status};
use super::served::Served;
use super::sign::{Sign, Signs};
use super::wire::{self, Lines, Start, Trouble};
use crate::inventory::Cluster;
use crate::object::{Object, ObjectRef};

/// How long a watch is asked to last, where bookmarks tell often enough that it is alive.
const LASTING: (Duration, Duration) = (Duration::from_mins(4), Duration::from_mins(5));
/// How long nothing may be heard. Bookmarks come every minute.
const SILENCE: (Duration, Duration) = (Duration::from_secs(75), Duration::from_secs(90));
/// A watch that lived so long was no failure.
const STEADY: Duration = Duration::from_secs(15);
/// How long a kind may be refused before it counts as one that cannot be known.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long watches are asked to last, each a time between these two, so that all are heard of within the
/// bound. Where bookmarks come too seldom for that, they are ended and begun again in time.
pub(super) fn lasting(bound: Duration) -> (Duration, Duration) {
    if bound > SILENCE.1 {
        return LASTING;
    }
    // Whole seconds, as the API server takes them; none means that it may choose.
    let seconds = |part: u32| Duration::from_secs((bound / part).as_secs().max(1));
    (seconds(4), seconds(2))
}

/// What a watch tells.
#[derive(Debug)]
pub(super) enum Change {
    /// An object is there, like this.
    Put(Arc<Sign>, Object),
    /// An object is gone.
    Removed(Arc<Sign>, ObjectRef),
    /// These are all objects of the kind.
    Listed(Arc<Sign>, Cluster),
    /// The objects of the kind cannot be known, and why; or they are known again.
    Marked(Arc<Sign>, Option<String>),
    /// The kind is served, and will be listed.
    Appeared(Arc<Sign>),
    /// The kind is not served any more.
    Gone(Arc<Sign>),
}

impl Change {
    /// Of which watch.
    pub(super) fn sign(&self) -> &Sign {
        match self {
            Self::Put(sign, _)
            | Self::Removed(sign, _)
            | Self::Listed(sign, _)
            | Self::Marked(sign, _)
            | Self::Appeared(sign)
            | Self::Gone(sign) => sign,
        }
    }
}

/// What all watches share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) client: Client,
    /// Who is told of changes.
    pub(super) keeper: mpsc::Sender<Change>,
    /// How many may list at once.
    pub(super) lists: Arc<Semaphore>,
    /// How long one may be out of sight.
    pub(super) staleness: Duration,
    /// How long a watch is asked to last.
    pub(super) lasting: (Duration, Duration),
    /// What wakes the discovery of kinds.
    pub(super) rediscover: Arc<Notify>,
    /// How the others are.
    pub(super) signs: Arc<Signs>,
}

/// The watch of one kind.
pub(super) struct Feed {
    shared: Shared,
    sign: Arc<Sign>,
    /// Up to where everything is known.
    position: Option<String>,
    /// Whether lists come as streams, as far as is known.
    streams: bool,
    failures: u32,
    refused: Option<Instant>,
    marked: bool,
}

/// Why a step ended: for a reason to try again, or because nobody listens any more.
enum End {
    Trouble(Trouble),
    Deaf,
}

impl<T: Into<Trouble>> From<T> for End {
    fn from(trouble: T) -> Self {
        Self::Trouble(trouble.into())
    }
}

impl Feed {
    pub(super) fn new(shared: Shared, sign: Arc<Sign>) -> Self {
        Self {
            shared,
            sign,
            position: None,
            streams: true,
            failures: 0,
            refused: None,
            marked: false,
        }
    }

    /// Watches until nobody listens.
    pub(super) async fn run(mut self) {
        loop {
            let begun = Instant::now();
            let end = match self.step().await {
                Err(End::Trouble(trouble)) => self.mourn(&trouble).await,
                other => other,
            };
            if matches!(end, Err(End::Deaf)) {
                return;
            }
            let steady = STEADY.min(self.shared.lasting.0);
            self.failures = match begun.elapsed() {
                long if long >= steady => 0,
                _ => self.failures.saturating_add(1),
            };
            sleep(backoff::after(self.failures)).await;
        }
    }

    /// Lists where there is need, and follows until the API server ends it.
    async fn step(&mut self) -> Result<(), End> {
        let lines = match self.position.clone() {
            None => self.list().await?,
            Some(position) => self.open(Start::After(&position)).await?,
        };
        self.found().await?;
        self.follow(lines).await
    }

    fn served(&self) -> &Served {
        &self.sign.served
    }

    async fn open(&self, start: Start<'_>) -> Result<Lines, Trouble> {
        let lasting = backoff::between(self.shared.lasting.0, self.shared.lasting.1);
        wire::watch(&self.shared.client, self.served(), start, lasting).await
    }

    async fn tell(&self, change: Change) -> Result<(), End> {
        let told = self.shared.keeper.send(change).await;
        told.map_err(|_| End::Deaf)
    }

    /// A list, and the watch from there on.
    async fn list(&mut self) -> Result<Lines, End> {
        let lists = Arc::clone(&self.shared.lists);
        let permit = lists.acquire().await.map_err(|_| End::Deaf)?;
        if self.streams {
            match self.list_as_stream().await {
                Err(End::Trouble(trouble)) if is_refusal_of_streams(&trouble) => {
                    self.streams = false;
                }
                other => return other,
            }
        }
        let mut list = Cluster::default();
        let (client, served) = (&self.shared.client, self.served());
        let position = wire::list(client, served, |object| list.put(object)).await?;
        drop(permit);
        self.complete(list, position.clone()).await?;
        Ok(self.open(Start::After(&position)).await?)
    }

    /// A list that comes as the first events of a watch.
    async fn list_as_stream(&mut self) -> Result<Lines, End> {
        let mut lines = self.open(Start::Everything).await?;
        let mut list = Cluster::default();
        loop {
            let Some(event) = self.next(&mut lines).await? else {
                let why = "it ended before the list was complete".to_owned();
                return Err(Trouble::Broken(why).into());
            };
            match event {
                Event::Applied(object, _) => list.put(object),
                Event::Deleted(reference, _) => list.remove(&reference),
                Event::Bookmark(_, false) => {}
                Event::Bookmark(position, true) => {
                    self.complete(list, position).await?;
                    return Ok(lines);
                }
                Event::Error(status) => return Err(status.into()),
            }
        }
    }

    async fn complete(&mut self, list: Cluster, position: String) -> Result<(), End> {
        self.tell(Change::Listed(Arc::clone(&self.sign), list))
            .await?;
        self.position = Some(position);
        self.marked = false;
        self.sign.alive();
        Ok(())
    }

    /// The next event; `None` where the API server ended the watch.
    async fn next(&self, lines: &mut Lines) -> Result<Option<Event>, Trouble> {
        let silence = backoff::between(SILENCE.0, SILENCE.1);
        let line = timeout(silence, lines.next()).await;
        let line = line.unwrap_or(Err(Trouble::Silent(silence)))?;
        let event = line.map(|line| decode::event(&line, self.served()));
        Ok(event.transpose()?)
    }

    async fn follow(&mut self, mut lines: Lines) -> Result<(), End> {
        while let Some(event) = self.next(&mut lines).await? {
            let sign = Arc::clone(&self.sign);
            let position = match event {
                Event::Applied(object, position) => {
                    self.tell(Change::Put(sign, object)).await?;
                    position
                }
                Event::Deleted(reference, position) => {
                    self.tell(Change::Removed(sign, reference)).await?;
                    position
                }
                Event::Bookmark(position, _) => position,
                Event::Error(status) => return Err(status.into()),
            };
            self.position = Some(position);
            self.sign.alive();
        }
        Ok(())
    }

    /// The API server answers.
    async fn found(&mut self) -> Result<(), End> {
        self.refused = None;
        if std::mem::take(&mut self.marked) {
            self.tell(Change::Marked(Arc::clone(&self.sign), None))
                .await?;
        }
        self.sign.watching();
        Ok(())
    }

    /// Remembers what went wrong.
    async fn mourn(&mut self, trouble: &Trouble) -> Result<(), End> {
        match trouble {
            Trouble::Expired => self.position = None,
            Trouble::Refused(status) => self.refuse(status).await?,
            Trouble::Broken(_) | Trouble::Silent(_) => self.lose(&trouble.to_string()),
        }
        Ok(())
    }

    /// It is cut off, which is grave where there is no list to go on from, or where it has been out of sight
    /// for too long.
    fn lose(&self, why: &str) {
        let age = self.sign.age();
        let old = age.is_none_or(|age| age > self.shared.staleness);
        self.sign.lost(why, self.position.is_none() || old);
    }

    async fn refuse(&mut self, status: &Status) -> Result<(), End> {
        let Status { code, message, .. } = status;
        let resource = self.served().resource();
        if (400..500).contains(code) && ![401, 429].contains(code) {
            self.position = None;
        }
        if *code == 404 {
            self.shared.rediscover.notify_one();
        }
        let since = *self.refused.get_or_insert_with(Instant::now);
        if *code == 403 {
            let why = format!("firebreak may not list {resource}: grant list and watch");
            self.unlisted(why).await?;
        } else if since.elapsed() >= PATIENCE && self.shared.signs.any_alive(SILENCE.1) {
            // It is this kind, and not the API server: that would make everything stale.
            self.unlisted(format!("{resource} cannot be listed: {code}: {message}"))
                .await?;
        } else {
            self.lose(&format!("{code}: {message}"));
        }
        let wait = status
            .details
            .as_ref()
            .map_or(0, |it| it.retry_after_seconds);
        sleep(Duration::from_secs(wait.min(60))).await;
        Ok(())
    }

    async fn unlisted(&mut self, why: String) -> Result<(), End> {
        self.sign.unlisted(&why);
        if std::mem::replace(&mut self.marked, true) {
            return Ok(());
        }
        self.tell(Change::Marked(Arc::clone(&self.sign), Some(why)))
            .await
    }
}

/// Whether this is how an API server answers that does not know lists as streams.
fn is_refusal_of_streams(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Refused(status) => {
            (400..500).contains(&status.code) && ![401, 403, 404, 429].contains(&status.code)
        }
        // One that never heard of them goes on as if nothing had been asked for.
        Trouble::Silent(_) => true,
        Trouble::Expired | Trouble::Broken(_) => false,
    }
}
