//! The Secret in which our own authority and certificate are kept.
//!
//! Every replica reads it and presents what is in it. The leader writes it, by compare-and-swap; and so
//! does who has waited for that in vain: a leader may have its certificate in files.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::time::{Instant, sleep};

use super::Unusable;
use super::authority::Issued;
use super::bundle::{Bundles, Entry, blocks};
use super::live::Live;
use super::pair::Pair;
use super::rotation::{Kept, Situation, Terms, step};
use crate::server::Clock;

/// How often the Secret and the webhook configurations are looked at.
pub const EVERY: Duration = Duration::from_secs(10);
/// How often, while there is nothing to present.
const SOON: Duration = Duration::from_secs(1);
/// How long nothing may be there until a replica does not wait for the leader any more.
const PATIENCE: Duration = Duration::from_mins(2);

/// Since when the next authority has been trusted everywhere.
const TRUSTED: &str = "firebreak.dev/next-authority-trusted-since";

/// Where things are.
#[derive(Clone)]
pub struct Place {
    /// The client of the API server.
    pub client: Client,
    /// Our namespace.
    pub namespace: String,
    /// The Secret.
    pub secret: String,
    /// The Service by whose name we are called.
    pub service: String,
    /// The webhook configurations that lead to it.
    pub webhooks: Vec<String>,
}

impl Place {
    fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The webhook configurations.
    fn bundles(&self) -> Bundles {
        let service = (self.namespace.as_str(), self.service.as_str());
        Bundles::new(self.client.clone(), self.webhooks.clone(), service)
    }

    /// The names by which the Service is called.
    fn names(&self) -> Vec<String> {
        let short = format!("{}.{}", self.service, self.namespace);
        ["svc", "svc.cluster.local"]
            .map(|domain| format!("{short}.{domain}"))
            .to_vec()
    }
}

/// Presents what is in the Secret, for ever.
pub async fn follow(place: Place, live: Arc<Live>, now: Clock, every: Duration) {
    let secrets = place.secrets();
    let mut before = None;
    let mut there = Instant::now();
    loop {
        let found = secrets.get_opt(&place.secret).await;
        let leaf = match found {
            Ok(Some(secret)) => Ok(Some(read(&secret).leaf)),
            Ok(None) => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        if before.as_ref() != Some(&leaf) {
            present(&live, &leaf, &place.secret, &now);
        }
        if leaf != Ok(None) {
            there = Instant::now();
        } else if there.elapsed() > PATIENCE {
            there = Instant::now();
            make(&place, &now).await;
        }
        // What could not be read is not what was presented.
        if leaf.is_ok() || live.facts().is_none() {
            before = Some(leaf);
        }
        sleep(if live.facts().is_some() {
            every
        } else {
            every.min(SOON)
        })
        .await;
    }
}

/// Makes what is missing, once.
async fn make(place: &Place, now: &Clock) {
    let (terms, mut bundles) = (Terms::default(), place.bundles());
    if let Err(error) = round(place, &mut bundles, (&terms, now), &mut None).await {
        tracing::warn!(
            error,
            "nobody makes a certificate, and it could not be made here"
        );
    }
}

fn present(live: &Live, leaf: &Result<Option<Issued>, String>, secret: &str, now: &Clock) {
    let pair = match leaf {
        Ok(Some(leaf)) => Pair::read(leaf.certificate.as_bytes(), leaf.key.as_bytes(), now()),
        Ok(None) => Err(Unusable::Refused(format!("Secret {secret:?} is not there"))),
        Err(error) => Err(Unusable::Refused(format!("Secret {secret:?}: {error}"))),
    };
    let until = pair.as_ref().ok().map(|pair| pair.facts.until.to_string());
    match live.present(pair) {
        Ok(()) => tracing::info!(until, "certificate read"),
        Err(error) => tracing::warn!(%error, "the Secret is of no use"),
    }
}

/// Keeps the Secret and the webhook configurations in order, for ever: the leader's duty.
pub async fn keep(place: Place, terms: Terms, now: Clock, every: Duration) {
    let mut bundles = place.bundles();
    let mut remembered = None;
    loop {
        if let Err(error) = round(&place, &mut bundles, (&terms, &now), &mut remembered).await {
            tracing::warn!(error, "certificates are not in order");
        }
        sleep(every).await;
    }
}

async fn round(
    place: &Place,
    bundles: &mut Bundles,
    (terms, now): (&Terms, &Clock),
    remembered: &mut Option<Kept>,
) -> Result<(), String> {
    let failed = |error: kube::Error| error.to_string();
    let entries = bundles.read().await.map_err(failed)?;
    let secret = place
        .secrets()
        .get_opt(&place.secret)
        .await
        .map_err(failed)?;
    let found = secret.as_ref().map(read);
    let found = found.filter(|kept| *kept != Kept::default());
    // What somebody has deleted or spoilt is still presented: better put back than made anew.
    let good = found.clone().filter(Kept::is_readable);
    let known = good
        .or_else(|| remembered.clone())
        .or_else(|| found.clone());
    let trusts = |authority: &str| entries.iter().all(|entry: &Entry| entry.trusts(authority));
    let situation = Situation {
        names: &place.names(),
        trusts: &trusts,
        terms,
        now: now(),
    };
    let next = step(known.as_ref(), situation).map_err(|error| error.to_string())?;
    let (kept, why) = match (next, known) {
        (Some((kept, why)), _) => (kept, Some(why)),
        (None, Some(kept)) => {
            let spoilt = found.as_ref() != Some(&kept);
            (kept, spoilt.then_some("it was deleted or spoilt"))
        }
        (None, None) => return Ok(()),
    };
    if let Some(why) = why {
        write(place, secret, &kept).await?;
        tracing::info!(secret = place.secret, why, "Secret written");
    }
    let wanted: Vec<&str> = kept.wanted().collect();
    bundles.write(&wanted, now()).await.map_err(failed)?;
    *remembered = Some(kept);
    Ok(())
}

/// Writes the Secret in place of what was read.
async fn write(place: &Place, before: Option<Secret>, kept: &Kept) -> Result<(), String> {
    let (secrets, create) = (place.secrets(), before.is_none());
    let mut secret = before.unwrap_or_else(|| Secret {
        metadata: ObjectMeta {
            name: Some(place.secret.clone()),
            ..ObjectMeta::default()
        },
        ..Secret::default()
    });
    secret.data = Some(data(kept));
    let annotations = secret.metadata.annotations.get_or_insert_default();
    match kept.trusted {
        Some(since) => drop(annotations.insert(TRUSTED.to_owned(), since.to_string())),
        None => drop(annotations.remove(TRUSTED)),
    }
    let written = if create {
        secrets.create(&PostParams::default(), &secret).await
    } else {
        secrets
            .replace(&place.secret, &PostParams::default(), &secret)
            .await
    };
    written.map(drop).map_err(|error| error.to_string())
}

fn data(kept: &Kept) -> BTreeMap<String, ByteString> {
    let mut authorities = vec![kept.authority.certificate.as_str()];
    authorities.extend(kept.former.iter().map(String::as_str));
    let authorities: Vec<&str> = authorities.into_iter().map(str::trim_end).collect();
    let next = kept.next.clone().unwrap_or_default();
    let files = [
        ("ca.crt", format!("{}\n", authorities.join("\n"))),
        ("ca.key", kept.authority.key.clone()),
        ("next-ca.crt", next.certificate),
        ("next-ca.key", next.key),
        ("tls.crt", kept.leaf.certificate.clone()),
        ("tls.key", kept.leaf.key.clone()),
    ];
    let files = files
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty());
    files
        .map(|(name, text)| (name.to_owned(), ByteString(text.into_bytes())))
        .collect()
}

fn read(secret: &Secret) -> Kept {
    let file = |name: &str| {
        let data = secret.data.as_ref().and_then(|data| data.get(name));
        data.map_or_else(String::new, |bytes| {
            String::from_utf8_lossy(&bytes.0).into_owned()
        })
    };
    let authorities = file("ca.crt");
    let mut authorities = blocks(&authorities).map(|pem| format!("{pem}\n"));
    let annotations = secret.metadata.annotations.as_ref();
    let trusted = annotations.and_then(|annotations| annotations.get(TRUSTED));
    let next = Issued {
        certificate: file("next-ca.crt"),
        key: file("next-ca.key"),
    };
    Kept {
        authority: Issued {
            certificate: authorities.next().unwrap_or_default(),
            key: file("ca.key"),
        },
        former: authorities.collect(),
        next: Some(next).filter(|next| !next.certificate.is_empty()),
        trusted: trusted.and_then(|since| since.parse().ok()),
        leaf: Issued {
            certificate: file("tls.crt"),
            key: file("tls.key"),
        },
    }
}
