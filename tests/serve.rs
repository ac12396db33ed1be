//! The process: what one request may take, how it starts, and how it ends without losing any.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use firebreak::server::admission::LARGEST_BODY;
use firebreak::server::front::{Front, before};
use firebreak::server::listener::{Bounds, Listener, Phase};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::caller::{Authority, Caller, Issued};
use crate::command::{Folder, program};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

/// Routes behind the front, without TLS.
struct Open {
    address: SocketAddr,
    front: Arc<Front>,
    phase: watch::Sender<Phase>,
    ended: tokio::task::JoinHandle<anyhow::Result<()>>,
}

fn open(routes: Router, places: usize) -> Open {
    let bounds = Bounds {
        header: SHORT,
        ..Bounds::default()
    };
    let listener = Listener::bind("127.0.0.1:0", None, bounds).unwrap();
    let address = listener.address().unwrap();
    let (phase, phases) = watch::channel(Phase::Serving);
    let front = Arc::new(Front::with_places(Vec::new(), phases.clone(), places));
    let routes = before(Arc::clone(&front), routes);
    let ended = tokio::spawn(listener.serve(routes, phases, LONG));
    Open {
        address,
        front,
        phase,
        ended,
    }
}

/// Writes this, and reads until the other side ends.
async fn talk(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Posts an empty body, and reads the answer.
async fn ask(address: SocketAddr, path: &str) -> String {
    let head = "HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    talk(address, &format!("POST {path} {head}")).await
}

#[tokio::test]
async fn an_answer_that_would_be_late_says_so_in_time() {
    let routes = Router::new().route("/", post(std::future::pending::<()>));
    let open = open(routes, 10);
    let answer = ask(open.address, "/?timeout=60ms").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    let why = "firebreak: no verdict within the 60ms that the API server waits\n";
    assert!(answer.ends_with(why), "{answer}");
    assert_eq!(open.front.refusals.late.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let open = open(Router::new().route("/", post(async || "answered")), 10);
    let head = "POST /?timeout=60ms HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n123";
    let answer = talk(open.address, head).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
}

#[tokio::test]
async fn a_header_that_does_not_come_is_not_waited_for() {
    let open = open(Router::new().route("/", post(async || "answered")), 10);
    assert_eq!(talk(open.address, "POST / HTTP/1.1\r\nhost: ").await, "");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let open = open(Router::new().route("/", post(async || "answered")), 10);
    let length = LARGEST_BODY + 1;
    let head = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
    let answer = talk(open.address, &head).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains("the body is over 3145728 bytes, the most that is read"),
        "{answer}"
    );
}

#[tokio::test]
async fn beyond_so_many_at_a_time_others_are_asked_to_come_again() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&go));
    let slow = async move || {
        tell.notify_one();
        wait.notified().await;
        "answered"
    };
    let open = open(Router::new().route("/", post(slow)), 1);
    let first = tokio::spawn(async move { ask(open.address, "/").await });
    begun.notified().await;
    let second = ask(open.address, "/").await;
    assert!(second.starts_with("HTTP/1.1 429 "), "{second}");
    assert!(second.contains("retry-after: 1\r\n"), "{second}");
    go.notify_one();
    assert!(first.await.unwrap().ends_with("answered"));
    go.notify_one();
    assert!(ask(open.address, "/").await.ends_with("answered"));
}

#[tokio::test]
async fn a_failure_ends_its_request_alone() {
    let fail = async || -> &'static str { panic!("on purpose") };
    let routes = Router::new().route("/fail", post(fail));
    let open = open(routes.route("/", post(async || "answered")), 10);
    let answer = ask(open.address, "/fail").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(!answer.contains("on purpose"), "{answer}");
    assert!(ask(open.address, "/").await.ends_with("answered"));
    assert_eq!(open.front.refusals.panics.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn what_is_under_way_is_finished_and_nothing_is_begun() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&go));
    let slow = async move || {
        tell.notify_one();
        wait.notified().await;
        "answered"
    };
    let routes = Router::new().route("/slow", post(slow));
    let open = open(routes.route("/", post(async || "answered")), 10);
    let address = open.address;
    let under_way = tokio::spawn(async move { ask(address, "/slow").await });
    begun.notified().await;
    open.phase.send_replace(Phase::Leaving);
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
    let answer = talk(address, head).await;
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    // Connected before the end, and asking after it.
    let mut idle = TcpStream::connect(address).await.unwrap();
    open.phase.send_replace(Phase::Closing);
    idle.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    idle.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("answered"), "{answer}");
    go.notify_one();
    assert!(under_way.await.unwrap().ends_with("answered"));
    open.ended.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// An API server that is away.
const NOWHERE: &str = "\
apiVersion: v1
kind: Config
current-context: nowhere
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
clusters: [{name: nowhere, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: nobody, user: {token: none}}]
";

/// The program, serving; it is killed with the value.
struct Serving {
    child: Child,
    log: BufReader<std::process::ChildStderr>,
    addresses: [SocketAddr; 2],
    read: String,
    /// What was read while something else was waited for: lines come in no certain order.
    passed: Vec<Value>,
}

impl Serving {
    /// Starts it on free ports, with this folder's `tls.crt` and `tls.key`.
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        folder.add("kubeconfig", NOWHERE);
        let fixed = [
            "serve",
            "--kubeconfig=kubeconfig",
            "--listen=127.0.0.1:0",
            "--ops=127.0.0.1:0",
            "--certificates-mode=Files",
            "--certificates-certificate=tls.crt",
            "--certificates-key=tls.key",
        ];
        let mut child = program(&[&fixed, arguments].concat())
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut serving = Self {
            child,
            log,
            addresses: [SocketAddr::from(([127, 0, 0, 1], 0)); 2],
            read: String::new(),
            passed: Vec::new(),
        };
        let line = serving.line("listening");
        serving.addresses =
            ["webhook", "ops"].map(|name| line[name].as_str().unwrap().parse().unwrap());
        serving
    }

    /// The first line of the log with this message that was not asked for yet; waits until it is there.
    fn line(&mut self, message: &str) -> Value {
        let mut passed = self.passed.iter();
        if let Some(at) = passed.position(|line| line["message"] == message) {
            return self.passed.remove(at);
        }
        loop {
            let mut line = String::new();
            let length = self.log.read_line(&mut line).unwrap();
            assert!(length > 0, "no \"{message}\" in\n{}", self.read);
            self.read.push_str(&line);
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == message {
                return line;
            }
            self.passed.push(line);
        }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// How it ended, and everything that it logged.
    fn end(mut self) -> (Option<i32>, String) {
        self.log.read_to_string(&mut self.read).unwrap();
        let code = self.child.wait().unwrap().code();
        (code, std::mem::take(&mut self.read))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder(issued: &Issued) -> Folder {
    Folder::with(&[("tls.crt", &issued.certificate), ("tls.key", &issued.key)])
}

async fn probe(address: SocketAddr, path: &str) -> String {
    talk(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
    )
    .await
}

/// The creation of a chaos object.
fn review() -> String {
    let object = r#"{"apiVersion":"chaos-mesh.org/v1alpha1","kind":"PodChaos","metadata":{"name":"a","namespace":"n"},"spec":{"action":"pod-kill","mode":"one","selector":{}}}"#;
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"a-uid","kind":{{"group":"chaos-mesh.org","version":"v1alpha1","kind":"PodChaos"}},"operation":"CREATE","namespace":"n","userInfo":{{"username":"engineer"}},"object":{object}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_when_it_ends() {
    let authority = Authority::new("test");
    let folder = folder(&authority.issue("localhost"));
    let mut serving = Serving::start(&folder, &["--drain-delay=2s", "--drain-timeout=10s"]);
    serving.line("certificate read");
    let [webhook, ops] = serving.addresses;
    let (gone, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let load = (0..4).map(|number| {
        let caller = Caller::of(&authority.pem());
        let caller = if number < 2 {
            caller
        } else {
            caller.with_http2()
        };
        let (gone, answered) = (Arc::clone(&gone), Arc::clone(&answered));
        tokio::spawn(async move {
            while !gone.load(Ordering::Relaxed) {
                let (status, body) = caller.post(webhook, "/validate", review()).await.unwrap();
                assert_eq!(status, StatusCode::OK, "{body}");
                assert!(
                    body.contains("the cluster has not been listed yet"),
                    "{body}"
                );
                answered.fetch_add(1, Ordering::Relaxed);
            }
        })
    });
    let load: Vec<_> = load.collect();
    let (status, _) = Caller::of(&authority.pem())
        .post(webhook, "/validate", review())
        .await
        .unwrap();
    assert_eq!(status, StatusCode::OK);
    serving.signal("-TERM");
    serving.line("ending");
    let ready = probe(ops, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503 "), "{ready}");
    assert!(ready.contains("- it is ending\n"), "{ready}");
    // The endpoint is taken away, and callers go elsewhere while new ones are still accepted.
    let before = answered.load(Ordering::Relaxed);
    let enough = async {
        while answered.load(Ordering::Relaxed) < before + 20 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, enough).await.unwrap();
    gone.store(true, Ordering::Relaxed);
    for caller in load {
        caller.await.unwrap();
    }
    let (code, log) = serving.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("\"message\":\"ended\""), "{log}");
}

#[tokio::test]
async fn it_lives_without_a_certificate_and_says_what_is_missing() {
    let folder = Folder::with(&[]);
    let mut serving = Serving::start(&folder, &[]);
    serving.line("file is of no use");
    let [_, ops] = serving.addresses;
    assert!(probe(ops, "/healthz").await.starts_with("HTTP/1.1 200 "));
    let ready = probe(ops, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503 "), "{ready}");
    assert!(ready.contains("- certificate: tls.crt: "), "{ready}");
    assert!(
        ready.contains("- the cluster has not been listed yet\n"),
        "{ready}"
    );
}

#[tokio::test]
async fn its_metrics_tell_of_itself_and_of_what_it_has_answered() {
    let authority = Authority::new("test");
    let folder = folder(&authority.issue("localhost"));
    let mut serving = Serving::start(&folder, &[]);
    serving.line("certificate read");
    let [webhook, ops] = serving.addresses;
    let caller = Caller::of(&authority.pem());
    let posted = caller.post(webhook, "/validate", review()).await.unwrap();
    assert_eq!(posted.0, StatusCode::OK);
    let posted = caller.post(webhook, "/validate", "{}".to_owned());
    assert_eq!(posted.await.unwrap().0, StatusCode::BAD_REQUEST);
    let page = probe(ops, "/metrics").await;
    let version = env!("CARGO_PKG_VERSION");
    for start in [
        "firebreak_build_info{tzdata=\"20",
        "firebreak_leader 0",
        "firebreak_admission_requests_total{decision=\"Deny\",dry_run=\"false\",kind=\"PodChaos\",operation=\"CREATE\"} 1",
        "firebreak_admission_refused_total{webhook=\"validate\"} 1",
        "firebreak_admission_duration_seconds_count{webhook=\"validate\"} 1",
        "firebreak_decision_duration_seconds_count 1",
        "firebreak_webhook_certificate_expiry_timestamp_seconds ",
    ] {
        assert!(
            page.lines().any(|it| it.starts_with(start)),
            "{start}\n{page}"
        );
    }
    assert!(page.contains(&format!("version=\"{version}\"")), "{page}");
}

#[test]
fn a_port_that_is_taken_ends_it_with_the_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let listen = format!("--listen={address}");
    let arguments = [
        "serve",
        "--kubeconfig=kubeconfig",
        &listen,
        "--ops=127.0.0.1:0",
    ];
    let ended = Folder::with(&[("kubeconfig", NOWHERE)]).run(&arguments);
    assert_eq!(ended.code, Some(2));
    let why = format!("firebreak: listen: cannot listen on {address}: ");
    assert!(ended.err.starts_with(&why), "{}", ended.err);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = Folder::with(&[]);
    let mut serving = Serving::start(&folder, &["--drain-delay=1h"]);
    serving.signal("-TERM");
    serving.line("ending");
    serving.signal("-INT");
    let mut rest = String::new();
    serving.log.read_to_string(&mut rest).unwrap();
    assert!(
        rest.contains("ended at once by a second signal (SIGINT)"),
        "{rest}"
    );
    assert_eq!(serving.child.wait().unwrap().code(), Some(2));
}

#[tokio::test]
async fn a_verdict_is_one_line_without_the_object_and_keys_are_never_logged() {
    let authority = Authority::new("test");
    let issued = authority.issue("localhost");
    let folder = folder(&issued);
    let mut serving = Serving::start(&folder, &["--log-level=trace", "--drain-delay=0s"]);
    serving.line("certificate read");
    let [webhook, _] = serving.addresses;
    let caller = Caller::of(&authority.pem());
    caller.post(webhook, "/validate", review()).await.unwrap();
    let line = serving.line("verdict");
    let expected = [
        ("uid", "a-uid"),
        ("kind", "PodChaos"),
        ("namespace", "n"),
        ("name", "a"),
        ("operation", "Create"),
        ("user", "engineer"),
        ("decision", "Deny"),
        ("reasons", "PolicyInvalid"),
    ];
    for (field, value) in expected {
        assert_eq!(line[field], value, "{line}");
    }
    assert_eq!(line["dry_run"], false);
    assert!(line["microseconds"].is_u64(), "{line}");
    // A key where the certificate should be is refused, and not quoted.
    folder.add("tls.crt", &issued.key);
    serving.line("file is of no use");
    serving.signal("-TERM");
    let (code, log) = serving.end();
    assert_eq!(code, Some(0));
    assert!(!log.contains("pod-kill"), "{log}");
    for line in issued.key.lines().filter(|line| !line.starts_with('-')) {
        assert!(!log.contains(line), "{log}");
    }
}
