//! One replica leads, so that work that needs doing once is done once.
//!
//! Leadership is a Lease, replaced only in the version that was read. Whether another's has run out is
//! judged by when this process saw it change, never by the other's clock. It only saves work: whatever
//! a leader does is safe when two do it.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::Clock;
use super::Task;
use super::listener::Phase;
use super::metrics::{Family, metrics};

/// Something that only the leader does: begun on gaining leadership, and dropped on losing it.
pub type Duty = Box<dyn Fn() -> Task + Send + Sync>;

/// How long leadership lasts.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// How long others wait after a renewal before they take over, in whole seconds.
    pub lease: Duration,
    /// How long it leads without having renewed; less than `lease`.
    pub renewal: Duration,
    /// How often it tries.
    pub retry: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            renewal: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// A replica that would lead.
pub struct Candidate {
    leases: Api<Lease>,
    name: String,
    identity: String,
    terms: Terms,
    now: Clock,
    /// What the Lease said when it last changed, and when that was seen.
    observed: Option<(LeaseSpec, Instant)>,
    /// When the last renewal that succeeded was begun.
    renewed: Instant,
}

impl Candidate {
    /// One that would lead by the Lease of this name.
    #[must_use]
    pub fn new(
        (client, namespace): (Client, &str),
        (name, identity): (&str, &str),
        terms: Terms,
        now: Clock,
    ) -> Self {
        Self {
            leases: Api::namespaced(client, namespace),
            name: name.to_owned(),
            identity: identity.to_owned(),
            terms,
            now,
            observed: None,
            renewed: Instant::now(),
        }
    }

    /// Leads whenever it can, until the process is to end; then the Lease is given back.
    pub async fn lead(mut self, duties: Vec<Duty>, phase: watch::Receiver<Phase>) {
        let leaving = leaving(phase);
        tokio::pin!(leaving);
        loop {
            tokio::select! {
                () = &mut leaving => return,
                () = self.gain() => tracing::info!(identity = self.identity, "leading"),
            }
            metrics().set(Family::Leader, &[], 1.0);
            let mut work: JoinSet<()> = duties.iter().map(|duty| duty()).collect();
            let ending = tokio::select! {
                () = &mut leaving => true,
                () = self.keep() => false,
                Some(_) = work.join_next() => {
                    tracing::error!("a duty has ended that has to go on");
                    false
                }
            };
            work.shutdown().await;
            metrics().set(Family::Leader, &[], 0.0);
            if let Err(error) = self.release().await {
                tracing::warn!(error, "the lease was not given back");
            }
            tracing::info!(identity = self.identity, "no longer leading");
            if ending {
                return;
            }
        }
    }

    async fn gain(&mut self) {
        loop {
            match timeout(self.terms.renewal, self.attempt()).await {
                Ok(Ok(true)) => return,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::debug!(error, "the lease was not taken"),
                Err(_) => tracing::debug!("the lease was not taken in time"),
            }
            sleep(self.terms.retry).await;
        }
    }

    /// Renews, until somebody else leads or it could not renew for too long.
    async fn keep(&mut self) {
        loop {
            let end = self.renewed + self.terms.renewal;
            let renewal = async {
                sleep(self.terms.retry).await;
                self.attempt().await
            };
            match timeout_at(end, renewal).await {
                Ok(Ok(true)) => {}
                Ok(Ok(false)) => return,
                Ok(Err(error)) => tracing::warn!(error, "the lease was not renewed"),
                Err(_) => {
                    tracing::warn!("the lease was not renewed in time");
                    return;
                }
            }
        }
    }

    /// Takes the Lease or renews it; false while it is another's.
    async fn attempt(&mut self) -> Result<bool, String> {
        let begun = Instant::now();
        let found = self.leases.get_opt(&self.name).await;
        let Some(lease) = found.map_err(|error| error.to_string())? else {
            let lease = self.lease(ObjectMeta::default(), &LeaseSpec::default());
            let made = self.leases.create(&PostParams::default(), &lease).await;
            return self.taken(made, begun);
        };
        let spec = lease.spec.unwrap_or_default();
        if self.observed.as_ref().is_none_or(|(seen, _)| *seen != spec) {
            self.observed = Some((spec.clone(), Instant::now()));
        }
        if self.is_anothers(&spec) {
            return Ok(false);
        }
        let (lease, params) = (self.lease(lease.metadata, &spec), PostParams::default());
        let replaced = self.leases.replace(&self.name, &params, &lease).await;
        self.taken(replaced, begun)
    }

    fn taken(&mut self, answer: kube::Result<Lease>, begun: Instant) -> Result<bool, String> {
        match answer {
            Ok(lease) => {
                self.observed = Some((lease.spec.unwrap_or_default(), begun));
                self.renewed = begun;
                Ok(true)
            }
            // Somebody was faster; the next attempt reads what they wrote.
            Err(kube::Error::Api(status)) if status.code == 409 => {
                Err("it was written meanwhile".to_owned())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn is_anothers(&self, spec: &LeaseSpec) -> bool {
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if holder.is_empty() || holder == self.identity {
            return false;
        }
        let lasts = spec.lease_duration_seconds.unwrap_or_default();
        let lasts = Duration::from_secs(u64::try_from(lasts).unwrap_or_default());
        let seen = self.observed.as_ref().map(|(_, seen)| *seen);
        seen.is_none_or(|seen| seen.elapsed() < lasts)
    }

    /// The Lease as this replica holds it.
    fn lease(&self, metadata: ObjectMeta, before: &LeaseSpec) -> Lease {
        let now = Some(MicroTime((self.now)()));
        let held = before.holder_identity.as_ref() == Some(&self.identity);
        let transitions = before.lease_transitions.unwrap_or_default();
        let lease = self.terms.lease.as_secs();
        let spec = LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(i32::try_from(lease).unwrap_or(i32::MAX)),
            acquire_time: if held {
                before.acquire_time.clone()
            } else {
                now.clone()
            },
            lease_transitions: Some(transitions.saturating_add(i32::from(!held))),
            renew_time: now,
            ..LeaseSpec::default()
        };
        Lease {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                ..metadata
            },
            spec: Some(spec),
        }
    }

    /// Gives the Lease back, so that nobody has to wait for it to run out.
    async fn release(&mut self) -> Result<(), String> {
        let release = async {
            let lease = self.leases.get(&self.name).await?;
            let spec = lease.spec.unwrap_or_default();
            if spec.holder_identity.as_ref() != Some(&self.identity) {
                return Ok(());
            }
            let mut given = self.lease(lease.metadata, &spec);
            if let Some(spec) = &mut given.spec {
                spec.holder_identity = Some(String::new());
                spec.lease_duration_seconds = Some(1);
            }
            let params = PostParams::default();
            let replaced = self.leases.replace(&self.name, &params, &given);
            replaced.await.map(drop)
        };
        let released = timeout(self.terms.retry, release).await;
        let released = released.map_err(|_| "no answer".to_owned())?;
        released.map_err(|error: kube::Error| error.to_string())
    }
}

/// Waits until the process is to end.
async fn leaving(mut phase: watch::Receiver<Phase>) {
    // So it is when nobody is left to say so.
    let _ = phase.wait_for(|phase| *phase > Phase::Serving).await;
}

/// A name for this process that no other has.
#[must_use]
pub fn identity(host: &str, now: &Clock) -> Arc<str> {
    let (process, instant) = (std::process::id(), now().as_nanosecond());
    format!("{host}-{process:x}-{instant:x}").into()
}
