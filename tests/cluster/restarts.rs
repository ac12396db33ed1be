//! Replicas are replaced and certificates renewed while reviews come without end, and none is lost.

use std::env;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::bed::audit::ACCOUNT;
use crate::bed::authority::Authority;
use crate::bed::replicas::Settings;
use crate::bed::webhook::HOST;
use crate::bed::{Bed, until, within};
use crate::guarded::{Guarded, LONG, questions};

const SECRET: &str = "firebreak-tls";
const OWN: &str = "--namespace=firebreak";
const SINCE: &str = "firebreak.dev/next-authority-trusted-since";

/// Replicas that are told to end before they take no more connections, as in the Deployment.
fn settings(servers: Option<&Authority>) -> Settings<'_> {
    Settings {
        servers,
        drain_delay: Some("1s"),
        ..Settings::default()
    }
}

/// How many reviews either test has answered at least.
fn reviews() -> usize {
    let asked = env::var("FIREBREAK_REVIEWS").ok();
    let asked = asked.map(|text| text.parse().expect("FIREBREAK_REVIEWS is a number"));
    asked.unwrap_or(20_000) / 2
}

/// More memory than this needs no replica for a small cluster, in KiB.
const MEMORY: u64 = 256 << 10;

/// How often each replica has read a certificate.
fn read(guarded: &Guarded) -> Vec<usize> {
    let each = guarded.guards.each.iter();
    each.map(|it| it.process.log().matches("certificate read").count())
        .collect()
}

/// Waits until each replica has read a certificate more often than before.
fn read_again(guarded: &Guarded, before: &[usize]) {
    within(LONG, "each replica reads the new certificate", || {
        let now = read(guarded);
        if now.iter().zip(before).all(|(now, before)| now > before) {
            Ok(())
        } else {
            Err(format!("{now:?} after {before:?}"))
        }
    });
}

pub(crate) fn no_review_is_lost_while_replicas_and_files_are_replaced(bed: &Bed) {
    let [first, second] = ["first", "second"].map(Authority::new);
    let mut guarded = Guarded::start(bed, 2, &settings(Some(&first)));
    guarded.judges();
    let load = bed.ask(guarded.guards.balancer.port(), questions(), &first.pem());
    let asked = bed.asked().len();
    let before = read(&guarded);
    load.trust(&(first.pem() + &second.pem()));
    bed.present(&second.server(&[HOST]));
    read_again(&guarded, &before);
    load.trust(&second.pem());
    for replica in &mut guarded.guards.each {
        replica.replace();
    }
    bed.answered(load, reviews()).must_be_right();
    for replica in &guarded.guards.each {
        let most = replica.process.most_memory().unwrap_or_default();
        assert!(most < MEMORY, "{most} KiB");
    }
    // Reviews leave nothing behind, however many they are.
    let written = bed
        .asked()
        .into_iter()
        .skip(asked)
        .filter(|it| it.by == ACCOUNT && it.writes());
    let written: Vec<String> = written
        .map(|it| it.resource)
        .filter(|it| it != "leases")
        .collect();
    assert!(written.len() < 5, "{written:?}");
}

/// The Secret with our own authority and certificate.
fn secret(bed: &Bed) -> Value {
    bed.kubectl(&["get", "secret", SECRET, OWN]).json()
}

fn decoded(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The authorities that the API server trusts, PEM; none where webhooks differ.
fn bundle(bed: &Bed) -> String {
    let get = ["get", "validatingwebhookconfiguration", "firebreak"];
    let configuration = bed.kubectl(&get).json();
    let webhooks = configuration["webhooks"].as_array().unwrap();
    let bundles = webhooks.iter().map(|it| &it["clientConfig"]["caBundle"]);
    let first = &webhooks[0]["clientConfig"]["caBundle"];
    if bundles.clone().all(|it| it == first) {
        decoded(first)
    } else {
        String::new()
    }
}

fn patch(bed: &Bed, change: &str) {
    let patch = ["patch", "secret", SECRET, OWN, "--type=merge", "-p", change];
    bed.kubectl(&patch).succeeds();
}

/// Waits until the Secret says so.
fn told(bed: &Bed, what: &str, so: impl Fn(&Value) -> bool) {
    within(LONG, what, || {
        let secret = secret(bed);
        let keys: Vec<&String> = secret["data"].as_object().unwrap().keys().collect();
        if so(&secret) {
            Ok(())
        } else {
            Err(format!("{keys:?}"))
        }
    });
}

pub(crate) fn no_review_is_lost_while_the_leader_has_a_new_authority_sign(bed: &Bed) {
    let mut guarded = Guarded::start(bed, 2, &settings(None));
    guarded.judges();
    let first = bundle(bed);
    assert_eq!(decoded(&secret(bed)["data"]["ca.crt"]).trim(), first.trim());
    let load = bed.ask(guarded.guards.balancer.port(), questions(), &first);

    // An authority without its key cannot renew a certificate, so another is introduced.
    patch(bed, r#"{"data": {"ca.key": null}}"#);
    guarded.guards.each[0].replace();
    let next = "/data/next-ca.crt";
    told(bed, "another authority is there", |it| {
        it.pointer(next).is_some()
    });
    let second = decoded(&secret(bed)["data"]["next-ca.crt"]);
    until("both authorities are trusted", || {
        let both = bundle(bed);
        let there = [&first, &second].iter().all(|it| both.contains(it.trim()));
        if there {
            load.trust(&both);
            Ok(())
        } else {
            Err(both)
        }
    });
    guarded.guards.each[1].replace();
    told(bed, "it is known to be trusted", |it| {
        !it["metadata"]["annotations"][SINCE].is_null()
    });
    let before = read(&guarded);
    let long_ago =
        format!(r#"{{"metadata": {{"annotations": {{"{SINCE}": "2020-01-01T00:00:00Z"}}}}}}"#);
    patch(bed, &long_ago);
    told(bed, "it signs", |it| {
        decoded(&it["data"]["ca.crt"]).starts_with(second.trim())
    });
    read_again(&guarded, &before);
    load.trust(&second);
    // Whoever applies the files again does not take the authority away.
    let trusted = bundle(bed);
    guarded.registered.again();
    assert_eq!(bundle(bed), trusted);
    guarded.judges();
    bed.answered(load, reviews()).must_be_right();
}
