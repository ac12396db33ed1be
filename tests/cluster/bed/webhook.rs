//! The guard in the admission chain: its registration, and a webhook of the test's own that answers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use firebreak::cli::manifests::Reader;
use firebreak::server::admission::{self, Guard};
use firebreak::server::certs::Throwaway;
use firebreak::server::listener::{Bounds, Listener, Phase};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::balancer::{Backend, Balancer};
use super::{Bed, access};

/// The name under which the API server verifies the webhook.
pub(crate) const HOST: &str = "firebreak.firebreak.svc";

/// What a guard warns of that knows of no policy.
pub(crate) const UNPROTECTED: &str = "no BlastRadiusPolicy is in force";

/// A guard in this process, behind a balancer.
pub(crate) struct StandIn {
    pub(crate) balancer: Balancer,
    /// The authority of its certificate, PEM.
    pub(crate) authority: String,
    /// It ends when this is gone.
    _phase: watch::Sender<Phase>,
}

/// A registration in force until it is dropped.
pub(crate) struct Registered<'a> {
    bed: &'a Bed,
    configurations: Vec<Value>,
}

impl Bed {
    /// A guard in this process that judges by what the test says.
    pub(crate) fn stand_in(&self, guard: Guard) -> StandIn {
        let certificate = Throwaway::new(&[HOST]).expect("a certificate");
        let live = Some(Arc::clone(&certificate.live));
        let webhook = Listener::bind("127.0.0.1:0", live, Bounds::default()).expect("a webhook");
        let address = webhook.address().expect("an address");
        let (phase, phases) = watch::channel(Phase::Serving);
        let routes = admission::router(Arc::new(guard));
        self.runtime
            .spawn(webhook.serve(routes, phases, Duration::ZERO));
        let backend = Backend {
            address,
            probe: None,
        };
        StandIn {
            balancer: Balancer::new(vec![backend]),
            authority: certificate.authority,
            _phase: phase,
        }
    }

    /// Puts webhook configurations into force, as they are but for the port, and for the authority
    /// where the guard does not write that itself.
    pub(crate) fn register(
        &self,
        configurations: Vec<Value>,
        port: u16,
        authority: Option<&str>,
    ) -> Registered<'_> {
        self.namespace("firebreak");
        self.apply(service().to_string());
        let mut configurations = configurations;
        for configuration in &mut configurations {
            for webhook in configuration["webhooks"].as_array_mut().expect("webhooks") {
                let client = &mut webhook["clientConfig"];
                client["service"]["port"] = json!(port);
                if let Some(authority) = authority {
                    client["caBundle"] = access::base64(authority).into();
                }
            }
        }
        let registered = Registered {
            bed: self,
            configurations,
        };
        registered.again();
        registered.in_force();
        registered
    }
}

impl Registered<'_> {
    /// Applies the same once more.
    pub(crate) fn again(&self) {
        self.bed.apply_all(self.configurations.iter().cloned());
    }

    /// The API server takes a moment to notice a registration, and says nothing when it has.
    fn in_force(&self) {
        let probe = json!({
            "apiVersion": "chaos-mesh.org/v1alpha1",
            "kind": "PodChaos",
            "metadata": {"name": "probe", "namespace": "default"},
            "spec": {"action": "pod-kill", "mode": "all", "selector": {"namespaces": ["default"]}},
        });
        super::until("the webhook is asked", || {
            let create = ["create", "--dry-run=server", "-f", "-"];
            let ended = self.bed.kubectl(&create).input(probe.to_string()).run();
            let told = ended.told();
            let asked = told.contains("firebreak") || told.contains(UNPROTECTED);
            if asked { Ok(()) } else { Err(ended.told()) }
        });
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        for configuration in &self.configurations {
            let name = configuration["metadata"]["name"].as_str();
            let name = name.expect("a name");
            let kind = configuration["kind"].as_str().expect("a kind");
            let delete = ["delete", "--ignore-not-found", kind, name];
            let ended = self.bed.kubectl(&delete).run();
            if ended.code != Some(0) {
                println!("{}", ended.told());
            }
        }
    }
}

/// The Service of the guard, which leads to this machine. The API server goes to the port that the
/// registration names, and still verifies the certificate for the Service's name.
fn service() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "firebreak", "namespace": "firebreak"},
        "spec": {"type": "ExternalName", "externalName": "localhost"},
    })
}

/// The registrations that are shipped.
pub(crate) fn registrations(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("manifests")
        .join(file);
    let text = std::fs::read_to_string(&path).expect("a manifest of ours");
    let reading = Reader::default().read_text(file, &text);
    assert!(reading.failures.is_empty(), "{:?}", reading.failures);
    let objects = reading.manifests.into_iter();
    objects
        .map(|manifest| manifest.object.value().clone())
        .collect()
}
