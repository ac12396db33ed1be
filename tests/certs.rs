//! Handshakes: what is offered, which certificate is presented while files change, who is let in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use firebreak::server::Clock;
use firebreak::server::admission;
use firebreak::server::certs::callers::Callers;
use firebreak::server::certs::files;
use firebreak::server::certs::pair::Pair;
use firebreak::server::certs::{Live, Unusable};
use firebreak::server::front::{Front, before};
use firebreak::server::listener::{Bounds, Listener, Phase};
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::admission::guard;
use crate::caller::{Authority, Caller, Issued};
use crate::command::Folder;

/// Long enough for anything on loopback; a test that waits so long has failed.
const LONG: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(5);

fn clock() -> Clock {
    Arc::new(Timestamp::now)
}

fn pair(issued: &Issued) -> Result<Pair, Unusable> {
    let now = Timestamp::now();
    Pair::read(issued.certificate.as_bytes(), issued.key.as_bytes(), now)
}

/// The webhook with this certificate and these names, for as long as the sender is kept.
pub(crate) fn listen(live: &Arc<Live>, names: &[&str]) -> (SocketAddr, watch::Sender<Phase>) {
    let tls = Some(Arc::clone(live));
    let listener = Listener::bind("127.0.0.1:0", tls, Bounds::default()).unwrap();
    let address = listener.address().unwrap();
    let (phase, phases) = watch::channel(Phase::Serving);
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let front = Arc::new(Front::new(names, phases.clone()));
    let routes = before(front, admission::router(guard("")));
    tokio::spawn(listener.serve(routes, phases, LONG));
    (address, phase)
}

/// A certificate that is good, presented.
fn presented(authority: &Authority) -> Arc<Live> {
    let live = Live::new(false);
    live.present(pair(&authority.issue("localhost"))).unwrap();
    Arc::new(live)
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let authority = Authority::new("test");
    let (address, _phase) = listen(&presented(&authority), &[]);
    for caller in [
        Caller::of(&authority.pem()),
        Caller::of(&authority.pem()).with_http2(),
    ] {
        let (status, body) = caller.post(address, "/validate", "{").await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.starts_with("the body is no JSON"), "{body}");
    }
}

#[tokio::test]
async fn every_suite_that_encrypts_and_authenticates_at_once_is_offered() {
    let authority = Authority::new("test");
    let (address, _phase) = listen(&presented(&authority), &[]);
    let suites = Caller::of(&authority.pem()).suites();
    // Those of TLS 1.2 with a key of RSA are not for our certificate, which is of elliptic curves.
    let suites: Vec<_> = suites.iter().filter(|it| !it.contains("_RSA_")).collect();
    assert_eq!(suites.len(), 6, "{suites:?}");
    for suite in suites {
        let caller = Caller::of(&authority.pem()).with_suite(suite);
        let answer = caller.post(address, "/validate", "{").await;
        assert!(answer.is_ok(), "{suite}: {answer:?}");
    }
}

/// What is answered to a first message of TLS in this version with this suite: the type of the
/// record, and its last byte, which is the description where it is an alert.
async fn hello(address: SocketAddr, version: [u8; 2], suite: [u8; 2]) -> (u8, u8) {
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend([0, 2]);
    body.extend(suite);
    body.extend([1, 0]);
    // Groups x25519 and secp256r1, and ECDSA and RSA with SHA-256.
    let extensions = [
        0, 10, 0, 6, 0, 4, 0, 29, 0, 23, 0, 13, 0, 6, 0, 4, 4, 3, 4, 1,
    ];
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let mut message = vec![1, 0];
    message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    message.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
    record.extend(message);
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&record).await.unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await.unwrap();
    (answer[0], answer[6])
}

#[tokio::test]
async fn what_is_weaker_is_refused() {
    const ALERT: u8 = 21;
    const HANDSHAKE: u8 = 22;
    let authority = Authority::new("test");
    let (address, _phase) = listen(&presented(&authority), &[]);
    let (tls_1_1, tls_1_2) = ([3, 2], [3, 3]);
    let (gcm, cbc) = ([0xc0, 0x2b], [0xc0, 0x23]);
    let (kind, _) = hello(address, tls_1_2, gcm).await;
    assert_eq!(kind, HANDSHAKE, "this message is well made");
    let refused = [
        (tls_1_2, cbc, "ECDHE-ECDSA-AES128-SHA256"),
        (
            tls_1_2,
            [0, 0x9c],
            "AES128-GCM-SHA256, without forward secrecy",
        ),
        (tls_1_1, gcm, "TLS 1.1"),
    ];
    for (version, suite, name) in refused {
        let (kind, description) = hello(address, version, suite).await;
        assert_eq!(kind, ALERT, "{name}");
        assert!([40, 70].contains(&description), "{name}: {description}");
    }
}

#[tokio::test]
async fn a_certificate_is_replaced_under_load_without_a_failed_handshake() {
    let authority = Authority::new("test");
    let folder = Folder::with(&[]);
    let write = |issued: &Issued| {
        folder.add("tls.crt", &issued.certificate);
        folder.add("tls.key", &issued.key);
    };
    write(&authority.issue("localhost"));
    let live = Arc::new(Live::new(false));
    let paths = ["tls.crt", "tls.key"].map(|name| folder.path().join(name));
    let mut changes = live.changes();
    tokio::spawn(files::follow_pair(Arc::clone(&live), paths, clock(), SOON));
    changes.wait_for(|count| *count > 0).await.unwrap();
    let (address, _phase) = listen(&live, &[]);
    let done = Arc::new(AtomicBool::new(false));
    let load = (0..4).map(|_| {
        let (caller, done) = (Caller::of(&authority.pem()), Arc::clone(&done));
        tokio::spawn(async move {
            let mut handshakes = 0;
            while !done.load(Ordering::Relaxed) {
                caller.connect(address).await.unwrap();
                handshakes += 1;
            }
            handshakes
        })
    });
    let load: Vec<_> = load.collect();
    let mut ends = Vec::new();
    for day in 1..=5 {
        let end = Timestamp::now() + jiff::Span::new().hours(24 * day);
        write(&authority.issue_until("localhost", end));
        let presented = |_: &u64| {
            let left = live
                .facts()
                .map(|it| it.until.duration_since(Timestamp::now()));
            left.is_some_and(|left| left.as_hours().div_euclid(24) == day - 1)
        };
        changes.wait_for(presented).await.unwrap();
        ends.push(live.facts().unwrap().until);
    }
    done.store(true, Ordering::Relaxed);
    for caller in load {
        assert!(caller.await.unwrap() > 0);
    }
    ends.dedup();
    assert_eq!(ends.len(), 5);
}

#[tokio::test]
async fn what_is_no_pair_is_kept_away() {
    let authority = Authority::new("test");
    let (good, other) = (authority.issue("localhost"), authority.issue("localhost"));
    let live = presented(&authority);
    let before = live.facts();
    let half = |text: &str| text[..text.len() / 2].to_owned();
    let expired = authority.issue_until("localhost", "2020-01-01T00:00:00Z".parse().unwrap());
    let wrong = [
        ("", good.key.as_str(), "no certificate in PEM"),
        (
            &half(&good.certificate),
            &good.key,
            "a certificate that cannot be read",
        ),
        (&good.certificate, "", "no private key in PEM"),
        (&good.certificate, &half(&good.key), "no private key in PEM"),
        (
            &good.certificate,
            &other.key,
            "the key does not belong to the certificate",
        ),
        (
            &expired.certificate,
            &expired.key,
            "the certificate expired at 2020-01-01T00:00:00Z",
        ),
    ];
    for (certificate, key, why) in wrong {
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        let refused = live.present(pair(&Issued { certificate, key }));
        assert_eq!(refused.unwrap_err().to_string(), why);
        assert_eq!(live.facts(), before);
    }
    assert_eq!(live.missing(Timestamp::now()), None);
}

#[tokio::test]
async fn without_a_certificate_it_says_what_is_missing() {
    let authority = Authority::new("test");
    let live = Arc::new(Live::new(false));
    let now = Timestamp::now();
    assert_eq!(live.missing(now).unwrap(), "no certificate yet");
    live.present(Err(Unusable::NoKey)).unwrap_err();
    let why = live.missing(now).unwrap();
    assert_eq!(why, "certificate: no private key in PEM");
    let (address, _phase) = listen(&live, &[]);
    let caller = Caller::of(&authority.pem());
    assert!(caller.connect(address).await.is_err());
    live.present(pair(&authority.issue("localhost"))).unwrap();
    caller.connect(address).await.unwrap();
    let later = now + jiff::Span::new().hours(24 * 366);
    let why = live.missing(later).unwrap();
    assert!(why.starts_with("the certificate expired at "), "{why}");
}

#[tokio::test]
async fn who_calls_has_to_show_a_certificate_where_it_is_asked_for() {
    let (authority, clients) = (Authority::new("server"), Authority::new("clients"));
    let live = Arc::new(Live::new(true));
    live.present(pair(&authority.issue("localhost"))).unwrap();
    assert!(live.missing(Timestamp::now()).is_some(), "nobody is known");
    live.ask(Callers::read(clients.pem().as_bytes())).unwrap();
    let (address, _phase) = listen(&live, &["kube-apiserver"]);
    let post = async |shows: Option<Issued>| {
        let caller = Caller::of(&authority.pem());
        let caller = match shows {
            Some(shows) => caller.showing(shows),
            None => caller,
        };
        caller.post(address, "/validate", "{").await
    };
    let none = post(None).await.unwrap_err();
    assert!(none.contains("CertificateRequired"), "{none}");
    let strange = Authority::new("others").issue("kube-apiserver");
    let strange = post(Some(strange)).await.unwrap_err();
    assert!(
        strange.contains("alert") || strange.contains("Alert"),
        "{strange}"
    );
    let (status, body) = post(Some(clients.issue("somebody"))).await.unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(
        body,
        "firebreak: the caller's certificate has none of clientNames\n"
    );
    let (status, _) = post(Some(clients.issue("kube-apiserver"))).await.unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_authority_of_callers_is_read_again_when_its_file_changes() {
    let (authority, clients) = (Authority::new("server"), Authority::new("clients"));
    let folder = Folder::with(&[("ca.crt", "nothing")]);
    let live = Arc::new(Live::new(true));
    live.present(pair(&authority.issue("localhost"))).unwrap();
    let mut changes = live.changes();
    let path = folder.path().join("ca.crt");
    tokio::spawn(files::follow_callers(Arc::clone(&live), path, SOON));
    changes.wait_for(|count| *count > 1).await.unwrap();
    let why = live.missing(Timestamp::now()).unwrap();
    assert_eq!(why, "clientAuthority: no certificate in PEM");
    folder.add("ca.crt", &clients.pem());
    changes.wait_for(|_| live.facts().is_some()).await.unwrap();
    let (address, _phase) = listen(&live, &[]);
    let caller = Caller::of(&authority.pem()).showing(clients.issue("anybody"));
    caller.post(address, "/validate", "{").await.unwrap();
    folder.add("ca.crt", "");
    changes.wait_for(|count| *count > 3).await.unwrap();
    caller.post(address, "/validate", "{").await.unwrap();
}

#[test]
fn no_key_is_shown() {
    let issued = Authority::new("test").issue("localhost");
    let pair = pair(&issued).unwrap();
    let live = Live::new(false);
    let shown = format!("{pair:?} {:?}", live.present(Ok(pair.clone())));
    assert!(shown.starts_with("Pair { facts: Facts {"), "{shown}");
    let secret = issued.key.lines().nth(1).unwrap();
    assert!(!shown.contains(&secret[..16]), "{shown}");
}
