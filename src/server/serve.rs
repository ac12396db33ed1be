//! `firebreak serve`: everything put together, from the first signal of life to the last.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::admission::{self, Guard};
use super::certs::{Live, files};
use super::config::{Certificates, Config, Drain};
use super::front::{self, Front};
use super::ledger::Ledgers;
use super::listener::{Bounds, Listener, Phase};
use super::ops::{self, Missing, Ops};
use super::view::Outlook;
use super::{Clock, Task};

/// What the guard is made of.
pub struct Parts {
    /// The cluster, and what is permitted.
    pub outlook: Arc<dyn Outlook>,
    /// Where what is promised to experiments is kept; without it nothing is reserved.
    pub ledgers: Option<Ledgers>,
    /// The clock.
    pub now: Clock,
    /// What keeps the outlook up to date.
    pub tasks: Vec<Task>,
}

/// A guard that has bound its ports.
pub struct Server {
    webhook: Listener,
    ops: Listener,
    live: Arc<Live>,
    names: Vec<String>,
    drain: Drain,
    parts: Parts,
}

impl Server {
    /// Binds both ports.
    ///
    /// # Errors
    /// When one is taken.
    pub fn bind(config: &Config, parts: Parts) -> anyhow::Result<Self> {
        let live = Arc::new(Live::new(config.client_authority.is_some()));
        let bounds = Bounds::default();
        let tls = Some(Arc::clone(&live));
        let mut server = Self {
            webhook: Listener::bind(&config.listen.to_string(), tls, bounds).context("listen")?,
            ops: Listener::bind(&config.ops.to_string(), None, bounds).context("ops")?,
            live,
            names: config.client_names.clone(),
            drain: config.drain,
            parts,
        };
        server.follow(config);
        Ok(server)
    }

    /// Whatever keeps the certificate and the authority of callers up to date.
    fn follow(&mut self, config: &Config) {
        if let Some(path) = &config.client_authority {
            let live = Arc::clone(&self.live);
            let task = files::follow_callers(live, path.clone(), files::EVERY);
            self.parts.tasks.push(Box::pin(task));
        }
        match &config.certificates {
            Certificates::Files { certificate, key } => {
                let (live, now) = (Arc::clone(&self.live), Arc::clone(&self.parts.now));
                let paths = [certificate.clone(), key.clone()];
                let task = files::follow_pair(live, paths, now, files::EVERY);
                self.parts.tasks.push(Box::pin(task));
            }
            Certificates::SelfSigned { .. } => {}
        }
    }

    /// The certificate that is presented.
    #[must_use]
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live)
    }

    /// Where the webhook and the probes listen.
    ///
    /// # Errors
    /// When a socket is gone.
    pub fn addresses(&self) -> anyhow::Result<[std::net::SocketAddr; 2]> {
        Ok([self.webhook.address()?, self.ops.address()?])
    }

    /// Serves until a signal comes: on the first it drains, on the second it ends at once.
    ///
    /// # Errors
    /// When a socket fails, something beside it ends, or there was a second signal.
    pub async fn run(self, mut signals: mpsc::Receiver<&'static str>) -> anyhow::Result<()> {
        let [webhook, ops] = self.addresses()?;
        let mut beside: JoinSet<()> = self.parts.tasks.into_iter().collect();
        let (phase, phases) = watch::channel(Phase::Serving);
        let (probing, probes) = watch::channel(Phase::Serving);
        let guard = Arc::new(Guard {
            outlook: Arc::clone(&self.parts.outlook),
            ledgers: self.parts.ledgers,
            now: Arc::clone(&self.parts.now),
        });
        let front = Arc::new(Front::new(self.names, phases.clone()));
        let routes = front::before(front, admission::router(guard));
        let asked = Arc::new(Ops {
            missing: missing(self.live, self.parts.outlook, &self.parts.now),
            phase: phases.clone(),
        });
        let drain = self.drain;
        let serving = tokio::spawn(self.webhook.serve(routes, phases, drain.timeout));
        let probed = tokio::spawn(self.ops.serve(ops::router(asked), probes, PROBES));
        tracing::info!(%webhook, %ops, "listening");
        tokio::select! {
            Some(signal) = signals.recv() => tracing::info!(signal, "ending"),
            Some(_) = beside.join_next() => bail!("something that has to go on has ended"),
        }
        phase.send_replace(Phase::Leaving);
        let rest = async {
            tokio::time::sleep(drain.delay).await;
            phase.send_replace(Phase::Closing);
            serving.await.context("webhook")??;
            probing.send_replace(Phase::Closing);
            probed.await.context("probes")?
        };
        tokio::select! {
            ended = rest => ended?,
            Some(signal) = signals.recv() => bail!("ended at once by a second signal ({signal})"),
        }
        tracing::info!("ended");
        Ok(())
    }
}

/// For how long the last probe is waited for.
const PROBES: Duration = Duration::from_secs(1);

/// What has to be there before it is ready.
///
/// Once the cluster has been seen, it stays ready when it is out of sight: an answer that says why
/// everything is denied is better than none.
fn missing(live: Arc<Live>, outlook: Arc<dyn Outlook>, now: &Clock) -> Vec<Missing> {
    let (clock, seen) = (Arc::clone(now), AtomicBool::new(false));
    let cluster = move || {
        if seen.load(Ordering::Relaxed) {
            return None;
        }
        let view = outlook.view(clock());
        let missing = view.inventory.unavailable().map(str::to_owned);
        seen.store(missing.is_none(), Ordering::Relaxed);
        missing
    };
    let now = Arc::clone(now);
    vec![Box::new(cluster), Box::new(move || live.missing(now()))]
}

/// The signals by which a process is asked to end, each by its name.
///
/// # Errors
/// When they cannot be listened to.
pub fn signals() -> anyhow::Result<mpsc::Receiver<&'static str>> {
    let (sender, receiver) = mpsc::channel(2);
    let asked = [
        ("SIGTERM", SignalKind::terminate()),
        ("SIGINT", SignalKind::interrupt()),
    ];
    for (name, kind) in asked {
        let mut signal = signal(kind).context(name)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while signal.recv().await.is_some() && sender.send(name).await.is_ok() {}
        });
    }
    Ok(receiver)
}
