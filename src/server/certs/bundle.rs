//! The caBundle of webhook configurations: which authorities the API server trusts.
//!
//! Others write these objects, too. Nothing but the caBundle of those webhooks is touched that lead to
//! our Service, only where it lacks an authority of ours, and only if it is still what was read.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::facts::Facts;

/// The webhook configurations that lead to us.
pub struct Bundles {
    validating: Api<ValidatingWebhookConfiguration>,
    mutating: Api<MutatingWebhookConfiguration>,
    names: Vec<String>,
    service: String,
    namespace: String,
    written: BTreeMap<(Kind, String), Written>,
}

/// A kind of configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Validating,
    Mutating,
}

/// One webhook that leads to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    kind: Kind,
    configuration: String,
    index: usize,
    name: String,
    bundle: Option<Vec<u8>>,
}

/// How often a configuration was written of late, and when it may be again.
#[derive(Debug, Clone, Copy)]
struct Written {
    times: u32,
    again: Timestamp,
}

/// The first and the longest pause between two writes of one configuration.
const PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);
/// How often it may be undone before somebody should look.
const PATIENCE: u32 = 3;

impl Bundles {
    /// The configurations of these names, and in them the webhooks that lead to this Service.
    #[must_use]
    pub fn new(client: Client, names: Vec<String>, (namespace, service): (&str, &str)) -> Self {
        Self {
            validating: Api::all(client.clone()),
            mutating: Api::all(client),
            names,
            service: service.to_owned(),
            namespace: namespace.to_owned(),
            written: BTreeMap::new(),
        }
    }

    /// Every webhook that leads to us. A configuration that is not there has none.
    ///
    /// # Errors
    /// When the API server does not say.
    pub async fn read(&self) -> kube::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for name in &self.names {
            let found = self.validating.get_opt(name).await?;
            let webhooks = found.and_then(|found| found.webhooks).unwrap_or_default();
            let calls = webhooks.into_iter().map(|it| (it.name, it.client_config));
            entries.extend(self.entries((Kind::Validating, name), calls));
            let found = self.mutating(name).await?;
            let webhooks = found.and_then(|found| found.webhooks).unwrap_or_default();
            let calls = webhooks.into_iter().map(|it| (it.name, it.client_config));
            entries.extend(self.entries((Kind::Mutating, name), calls));
        }
        Ok(entries)
    }

    /// A configuration of webhooks that add something. Where it may not be read, experiments are still
    /// to be judged.
    async fn mutating(&self, name: &str) -> kube::Result<Option<MutatingWebhookConfiguration>> {
        match self.mutating.get_opt(name).await {
            Err(kube::Error::Api(status)) if status.code == 403 => {
                tracing::warn!(
                    configuration = name,
                    "the right to read mutatingwebhookconfigurations is missing"
                );
                Ok(None)
            }
            other => other,
        }
    }

    /// Those of the webhooks of a configuration that lead to us.
    fn entries(
        &self,
        (kind, configuration): (Kind, &str),
        calls: impl Iterator<Item = (String, WebhookClientConfig)>,
    ) -> Vec<Entry> {
        let leads_here = |call: &WebhookClientConfig| {
            let service = call.service.as_ref();
            service.is_some_and(|it| it.name == self.service && it.namespace == self.namespace)
        };
        let ours = calls.enumerate().filter(|(_, (_, call))| leads_here(call));
        ours.map(|(index, (name, call))| Entry {
            kind,
            configuration: configuration.to_owned(),
            index,
            name,
            bundle: call.ca_bundle.map(|bundle| bundle.0),
        })
        .collect()
    }

    /// Adds these authorities wherever one of them is missing.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn write(&mut self, wanted: &[&str], now: Timestamp) -> kube::Result<()> {
        let entries = self.read().await?;
        let kinds = [Kind::Validating, Kind::Mutating];
        let each = self.names.clone().into_iter();
        for it in each.flat_map(|name| kinds.map(|kind| (kind, name.clone()))) {
            let of_it = |entry: &&Entry| (entry.kind, &entry.configuration) == (it.0, &it.1);
            let lacking = entries.iter().filter(of_it);
            let lacking: Vec<&Entry> = lacking.filter(|entry| entry.lacks(wanted)).collect();
            if lacking.is_empty() || !self.may_write(&it, now) {
                continue;
            }
            let patch: Vec<Value> = lacking
                .iter()
                .flat_map(|entry| entry.patch(wanted, now))
                .collect();
            self.patch(&it, patch).await?;
        }
        Ok(())
    }

    async fn patch(&self, (kind, name): &(Kind, String), patch: Vec<Value>) -> kube::Result<()> {
        let patch = serde_json::from_value(Value::Array(patch)).map_err(kube::Error::SerdeError)?;
        let (patch, params) = (Patch::Json::<()>(patch), PatchParams::default());
        let patched = match kind {
            Kind::Validating => self.validating.patch(name, &params, &patch).await.map(drop),
            Kind::Mutating => self.mutating.patch(name, &params, &patch).await.map(drop),
        };
        match patched {
            Ok(()) => {
                tracing::info!(configuration = name, "our authorities are in its caBundle");
                Ok(())
            }
            // A test in the patch did not hold: it was written meanwhile, and will be read again.
            Err(kube::Error::Api(status)) if [409, 422].contains(&status.code) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether it is time, and if so, when it will be the next time: whoever undoes it is not raced.
    fn may_write(&mut self, it: &(Kind, String), now: Timestamp) -> bool {
        let before = self.written.get(it).copied();
        if before.is_some_and(|before| now < before.again) {
            return false;
        }
        let quiet = before.is_none_or(|before| before.again < now - LONGEST_PAUSE);
        let times = if quiet {
            0
        } else {
            before.map_or(0, |it| it.times)
        };
        let pause = PAUSE.saturating_mul(1 << times.min(10)).min(LONGEST_PAUSE);
        let written = Written {
            times: times.saturating_add(1),
            again: now + pause,
        };
        if written.times > PATIENCE {
            tracing::warn!(
                configuration = it.1,
                times = written.times,
                "somebody keeps taking our authority out of its caBundle"
            );
        }
        self.written.insert(it.clone(), written);
        true
    }
}

impl Entry {
    /// Whether this webhook is called only if this authority is trusted.
    #[must_use]
    pub fn trusts(&self, authority: &str) -> bool {
        let trusted = ders(self.bundle.as_deref().unwrap_or_default());
        let wanted = ders(authority.as_bytes());
        wanted.iter().all(|wanted| trusted.contains(wanted))
    }

    fn lacks(&self, wanted: &[&str]) -> bool {
        wanted.iter().any(|authority| !self.trusts(authority))
    }

    /// What others have put there stays as long as it is good; of ours, what is wanted.
    fn patch(&self, wanted: &[&str], now: Timestamp) -> Vec<Value> {
        let bundle = self.bundle.as_deref().unwrap_or_default();
        let mut pem: String = wanted.iter().map(|pem| with_newline(pem)).collect();
        for block in blocks(&String::from_utf8_lossy(bundle)) {
            let facts = ders(block.as_bytes()).first().map(|der| Facts::read(der));
            let ours = |facts: &Facts| {
                facts
                    .names
                    .iter()
                    .any(|name| name.starts_with("firebreak "))
            };
            let stays = |facts: &Facts| facts.until > now && !ours(facts);
            if facts.is_some_and(|facts| facts.is_ok_and(|facts| stays(&facts))) {
                pem.push_str(&with_newline(block));
            }
        }
        let webhook = format!("/webhooks/{}", self.index);
        let path = format!("{webhook}/clientConfig/caBundle");
        let mut patch =
            vec![json!({"op": "test", "path": format!("{webhook}/name"), "value": self.name})];
        if let Some(bundle) = &self.bundle {
            let bundle = ByteString(bundle.clone());
            patch.push(json!({"op": "test", "path": path, "value": bundle}));
        }
        patch.push(json!({"op": "add", "path": path, "value": ByteString(pem.into_bytes())}));
        patch
    }
}

fn with_newline(pem: &str) -> String {
    format!("{}\n", pem.trim_end())
}

/// The certificates in a text, those that can be read.
fn ders(pem: &[u8]) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).flatten().collect()
}

/// The certificates in a text, each as it is written there.
pub(super) fn blocks(text: &str) -> impl Iterator<Item = &str> {
    const END: &str = "-----END CERTIFICATE-----";
    let parts = text.split_inclusive(END);
    parts.filter_map(|part| {
        part.find("-----BEGIN CERTIFICATE-----")
            .and_then(|at| part.get(at..))
    })
}
