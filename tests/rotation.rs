//! Our own certificates on a cluster: made, renewed, and told to the API server before they are used.

use std::sync::Arc;
use std::time::Duration;

use firebreak::server::Clock;
use firebreak::server::certs::Live;
use firebreak::server::certs::kept::{Place, follow, keep};
use firebreak::server::certs::rotation::Terms;
use jiff::{SignedDuration, Timestamp};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::caller::Authority;
use crate::fake_api::FakeApi;
use crate::leader::clock;

const SECRET: &str = "/api/v1/namespaces/firebreak/secrets/firebreak-tls";
const CONFIGURATION: &str =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/firebreak";
const HOST: &str = "firebreak.firebreak.svc";
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

const TERMS: Terms = Terms {
    authority: Duration::from_hours(100),
    certificate: Duration::from_hours(20),
    renewal: Duration::from_hours(5),
    settling: Duration::from_mins(10),
    overlap: Duration::from_hours(6),
};

fn place(api: &FakeApi) -> Place {
    Place {
        client: api.client(),
        namespace: "firebreak".to_owned(),
        secret: "firebreak-tls".to_owned(),
        service: "firebreak".to_owned(),
        webhooks: vec!["firebreak".to_owned(), "firebreak-deletions".to_owned()],
    }
}

fn encoded(pem: &str) -> Value {
    serde_json::to_value(k8s_openapi::ByteString(pem.as_bytes().to_vec())).unwrap()
}

fn decoded(value: &Value) -> String {
    let bytes: k8s_openapi::ByteString = serde_json::from_value(value.clone()).unwrap();
    String::from_utf8(bytes.0).unwrap()
}

/// Two webhooks that lead to us, and one that leads to somebody else.
fn configuration(bundle: &str) -> Value {
    let webhook = |name: &str, service: &str| {
        json!({
            "name": name,
            "clientConfig": {
                "service": {"name": service, "namespace": "firebreak", "path": "/validate"},
                "caBundle": encoded(bundle),
            },
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
        })
    };
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "firebreak", "labels": {"kept": "by-others"}},
        "webhooks": [
            webhook("create.firebreak.dev", "firebreak"),
            webhook("other.example.com", "other"),
            webhook("update.firebreak.dev", "firebreak"),
        ],
    })
}

fn bundle(api: &FakeApi, index: usize) -> String {
    let configuration = api.get(CONFIGURATION).unwrap();
    decoded(&configuration["webhooks"][index]["clientConfig"]["caBundle"])
}

fn file(api: &FakeApi, name: &str) -> Option<String> {
    let secret = api.get(SECRET)?;
    secret["data"].get(name).map(decoded)
}

/// Whether an API server that trusts this bundle accepts this certificate.
fn accepts(bundle: &str, certificate: &str, now: Timestamp) -> Result<(), String> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(authority.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
    let verifier = verifier.build().map_err(|error| error.to_string())?;
    let leaf = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let name = ServerName::try_from(HOST).unwrap();
    let seconds = u64::try_from(now.as_second()).unwrap();
    let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let verified = verifier.verify_server_cert(&leaf, &[], &name, &[], now);
    verified.map(drop).map_err(|error| error.to_string())
}

/// A leader that keeps everything in order.
fn lead(api: &FakeApi, every: Duration) -> Clock {
    let now = clock(SignedDuration::ZERO);
    tokio::spawn(keep(place(api), TERMS, Arc::clone(&now), every));
    now
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_made_told_and_presented() {
    let api = FakeApi::default();
    // As a chart leaves it: no certificate, but something that stands for one.
    api.put(CONFIGURATION, Some(configuration("\n")));
    let live = Arc::new(Live::new(false));
    let now = clock(SignedDuration::ZERO);
    let following = follow(place(&api), Arc::clone(&live), Arc::clone(&now), MINUTE);
    tokio::spawn(following);
    sleep(MINUTE).await;
    let why = live.missing(now()).unwrap();
    assert_eq!(why, "certificate: Secret \"firebreak-tls\" is not there");
    lead(&api, MINUTE);
    sleep(MINUTE / 2).await;
    assert_eq!(live.missing(now()), None);
    let left = live.facts().unwrap().until.duration_since(now());
    assert!(left.as_hours() < 24, "{left:?}");
    let leaf = file(&api, "tls.crt").unwrap();
    for index in [0, 2] {
        accepts(&bundle(&api, index), &leaf, now()).unwrap();
    }
    assert_eq!(bundle(&api, 1), "\n", "it leads to somebody else");
    let mut expected = configuration("\n");
    let found = api.get(CONFIGURATION).unwrap();
    expected["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"].clone();
    for index in [0, 2] {
        let bundle = &found["webhooks"][index]["clientConfig"]["caBundle"];
        expected["webhooks"][index]["clientConfig"]["caBundle"] = bundle.clone();
    }
    assert_eq!(found, expected, "nothing else is touched");
}

#[tokio::test(start_paused = true)]
async fn the_webhook_that_adds_something_is_told_too() {
    let api = FakeApi::default();
    let mutating = CONFIGURATION.replace("validating", "mutating");
    api.put(CONFIGURATION, Some(configuration("\n")));
    let mut own = configuration("\n");
    own["kind"] = json!("MutatingWebhookConfiguration");
    api.put(&mutating, Some(own));
    lead(&api, MINUTE);
    sleep(MINUTE / 2).await;
    let found = api.get(&mutating).unwrap();
    let told = decoded(&found["webhooks"][0]["clientConfig"]["caBundle"]);
    assert_eq!(told, bundle(&api, 0));
    assert!(told.contains("BEGIN CERTIFICATE"), "{told}");
}

/// As while pods with certificates in files are replaced one after the other by pods that make their own:
/// one of the former leads, and goes only when one of the latter is ready.
#[tokio::test(start_paused = true)]
async fn who_waits_for_a_leader_in_vain_makes_what_is_missing() {
    let api = FakeApi::default();
    api.put(CONFIGURATION, Some(configuration("\n")));
    let now = clock(SignedDuration::ZERO);
    let lives: Vec<Arc<Live>> = (0..2).map(|_| Arc::new(Live::new(false))).collect();
    for live in &lives {
        tokio::spawn(follow(
            place(&api),
            Arc::clone(live),
            Arc::clone(&now),
            MINUTE,
        ));
    }
    sleep(3 * MINUTE).await;
    let leaf = file(&api, "tls.crt").unwrap();
    for live in &lives {
        assert_eq!(live.missing(now()), None);
    }
    accepts(&bundle(&api, 0), &leaf, now()).unwrap();
    sleep(HOUR).await;
    assert_eq!(file(&api, "tls.crt").unwrap(), leaf);
}

#[tokio::test(start_paused = true)]
async fn no_handshake_fails_while_authorities_and_certificates_come_and_go() {
    let api = FakeApi::default();
    api.put(CONFIGURATION, Some(configuration("\n")));
    let now = lead(&api, MINUTE);
    // A second one that leads as well does no harm.
    lead(&api, MINUTE + Duration::from_secs(7));
    sleep(MINUTE).await;
    let (mut leaves, mut authorities) = (Vec::new(), Vec::new());
    let mut bundles = vec![bundle(&api, 0)];
    for _ in 0..(400 * 60 / 3) {
        sleep(3 * MINUTE).await;
        let leaf = file(&api, "tls.crt").unwrap();
        // A replica may present what was there three minutes ago, and an API server may trust so.
        let before = leaves.last().cloned().unwrap_or_else(|| leaf.clone());
        let trusted = [bundle(&api, 0), bundles.last().cloned().unwrap()];
        for (bundle, leaf) in trusted.iter().flat_map(|it| [(it, &leaf), (it, &before)]) {
            accepts(bundle, leaf, now()).unwrap();
        }
        if leaves.last() != Some(&leaf) {
            leaves.push(leaf);
        }
        bundles.push(trusted[0].clone());
        let authority = file(&api, "ca.crt").unwrap();
        if authorities.last() != Some(&authority) {
            authorities.push(authority);
        }
    }
    assert!(leaves.len() >= 26, "{}", leaves.len());
    // Each authority for itself, and with the one before it.
    assert!(authorities.len() >= 9, "{}", authorities.len());
    assert!(file(&api, "next-ca.key").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_new_authority_does_not_sign_while_somebody_keeps_it_out() {
    let api = FakeApi::default();
    api.put(CONFIGURATION, Some(configuration("\n")));
    let now = lead(&api, MINUTE);
    sleep(MINUTE).await;
    let old = bundle(&api, 0);
    let mut introduced = 0;
    for _ in 0..(80 * 30) {
        api.put(CONFIGURATION, Some(configuration(&old)));
        sleep(2 * MINUTE).await;
        introduced += u32::from(file(&api, "next-ca.crt").is_some());
        accepts(&old, &file(&api, "tls.crt").unwrap(), now()).unwrap();
    }
    assert!(introduced > 0);
    sleep(HOUR).await;
    assert!(file(&api, "next-ca.crt").is_none());
    accepts(&bundle(&api, 0), &file(&api, "tls.crt").unwrap(), now()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_undoes_it_is_not_raced_and_what_others_trust_stays() {
    let api = FakeApi::default();
    let others = Authority::new("others").pem();
    api.put(CONFIGURATION, Some(configuration(&others)));
    lead(&api, Duration::from_secs(10));
    sleep(MINUTE).await;
    assert!(bundle(&api, 0).contains(others.trim_end()));
    for _ in 0..360 {
        api.put(CONFIGURATION, Some(configuration(&others)));
        sleep(Duration::from_secs(10)).await;
    }
    let writes = api.writes();
    let writes = writes.iter().filter(|(path, _)| path == CONFIGURATION);
    let writes = writes.count();
    assert!((6..=14).contains(&writes), "{writes} writes in an hour");
    sleep(HOUR).await;
    assert!(bundle(&api, 0).len() > others.len());
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_deleted_or_spoilt_is_put_back() {
    let api = FakeApi::default();
    api.put(CONFIGURATION, Some(configuration("\n")));
    lead(&api, MINUTE);
    sleep(MINUTE).await;
    let leaf = file(&api, "tls.crt").unwrap();
    api.put(SECRET, None);
    sleep(2 * MINUTE).await;
    assert_eq!(file(&api, "tls.crt").as_ref(), Some(&leaf));
    let mut spoilt = api.get(SECRET).unwrap();
    spoilt["data"]["tls.key"] = encoded("no key");
    api.put(SECRET, Some(spoilt));
    sleep(2 * MINUTE).await;
    assert_eq!(file(&api, "tls.crt").as_ref(), Some(&leaf));
    assert!(file(&api, "tls.key").unwrap().contains("PRIVATE KEY"));
}

#[tokio::test(start_paused = true)]
async fn at_rest_nothing_is_written() {
    let api = FakeApi::default();
    api.put(CONFIGURATION, Some(configuration("\n")));
    lead(&api, MINUTE);
    sleep(2 * MINUTE).await;
    let before = api.writes().len();
    sleep(10 * HOUR).await;
    assert_eq!(api.writes().len(), before);
}
