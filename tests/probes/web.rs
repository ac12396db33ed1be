//! HTTP, TCP and figures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use firebreak::schedule::spec::status::ResultWord;
use firebreak::server::certs::Throwaway;
use firebreak::server::listener::{Bounds, Listener, Phase};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{Asked, probe, put_secret};
use crate::fake_api::FakeApi;

/// A server that answers whatever it is told to, or not at all.
struct Site {
    url: String,
    said: Arc<Mutex<(u16, String)>>,
    /// How often it was asked, and what last.
    asked: Arc<AtomicU64>,
    heard: Arc<Mutex<String>>,
    /// How many questions are open, and how many at most were.
    open: Arc<Mutex<(usize, usize)>>,
    _phase: watch::Sender<Phase>,
}

/// A question that is open as long as this lives.
struct Open(Arc<Mutex<(usize, usize)>>);

impl Open {
    fn of(open: &Arc<Mutex<(usize, usize)>>) -> Self {
        let mut counts = open.lock().unwrap();
        counts.0 += 1;
        counts.1 = counts.1.max(counts.0);
        Self(Arc::clone(open))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.lock().unwrap().0 -= 1;
    }
}

/// What is said by a server that does not answer.
const SILENT: u16 = 0;

impl Site {
    fn start(certificate: Option<&Throwaway>) -> Self {
        let said = Arc::new(Mutex::new((200, "all is well".to_owned())));
        let asked = Arc::new(AtomicU64::new(0));
        let heard = Arc::new(Mutex::new(String::new()));
        let open = Arc::new(Mutex::new((0, 0)));
        let of_routes = (said.clone(), asked.clone(), heard.clone(), open.clone());
        let routes = Router::new().fallback(move |body: Bytes| {
            let (said, asked, heard, open) = of_routes.clone();
            async move {
                let _open = Open::of(&open);
                asked.fetch_add(1, Ordering::Relaxed);
                *heard.lock().unwrap() = String::from_utf8_lossy(&body).into_owned();
                let (status, text) = said.lock().unwrap().clone();
                if status == SILENT {
                    std::future::pending::<()>().await;
                }
                (StatusCode::from_u16(status).unwrap(), text)
            }
        });
        let live = certificate.map(|it| Arc::clone(&it.live));
        let scheme = if live.is_some() { "https" } else { "http" };
        let listener = Listener::bind("127.0.0.1:0", live, Bounds::default()).unwrap();
        let url = format!("{scheme}://{}", listener.address().unwrap());
        let (phase, phases) = watch::channel(Phase::Serving);
        tokio::spawn(listener.serve(routes, phases, Duration::ZERO));
        Self {
            url,
            said,
            asked,
            heard,
            open,
            _phase: phase,
        }
    }

    fn says(&self, status: u16, text: &str) {
        *self.said.lock().unwrap() = (status, text.to_owned());
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Answers as Prometheus does.
    fn figures(&self, values: &[&str]) {
        let series = values
            .iter()
            .map(|it| json!({"metric": {}, "value": [1.5, it]}));
        let series: Vec<Value> = series.collect();
        let data = json!({"resultType": "vector", "result": series});
        self.says(200, &json!({"status": "success", "data": data}).to_string());
    }
}

#[tokio::test]
async fn a_get_is_good_or_a_breach_by_what_is_answered() {
    let site = Site::start(None);
    let spec = json!({"url": format!("{}/health", site.url), "contains": "well"});
    let asked = Asked::new(&FakeApi::default(), &[probe("http", spec)]);
    let first = asked.says().await.remove(0);
    assert_eq!(first.result, ResultWord::Unknown, "{first:?}");
    assert_eq!(asked.until(ResultWord::Good).await.seen, "200 OK");
    site.says(503, "all is well");
    let expected = "503 Service Unavailable, expected 200 to 299";
    asked.seen(ResultWord::Bad, expected).await;
    // The window still holds failures, until what was true before is told to be of no interest.
    site.says(200, "all is well");
    asked.prober.anew("0b5c");
    asked.until(ResultWord::Good).await;
    site.says(200, "who knows");
    let expected = "\"well\" is not in the body";
    asked.once(|it| it.seen.contains(expected)).await;
    let traffic = asked.traffic();
    assert!(
        traffic.asked > traffic.failed && traffic.failed > 0,
        "{traffic:?}"
    );
    assert!(
        traffic.p50.is_some() && traffic.p50 <= traffic.p99,
        "{traffic:?}"
    );
    assert_eq!(traffic.write_downtime, None);
}

#[tokio::test]
async fn a_page_over_tls_is_trusted_by_the_authority_that_is_named() {
    let certificate = Throwaway::new(&["127.0.0.1"]).unwrap();
    let site = Site::start(Some(&certificate));
    let api = FakeApi::default();
    let asked = Asked::new(&api, &[probe("http", json!({"url": site.url}))]);
    asked.seen(ResultWord::Bad, "certificate").await;

    let spec = json!({"url": site.url, "authoritySecret": "authority"});
    let asked = Asked::new(&api, &[probe("http", spec.clone())]);
    asked
        .seen(
            ResultWord::Bad,
            "the Secret \"authority\" cannot be read: 404 NotFound",
        )
        .await;
    put_secret(&api, "authority", &[("ca.crt", &certificate.authority)]);
    asked.prober.anew("0b5c");
    asked.until(ResultWord::Good).await;

    put_secret(&api, "authority", &[("ca.crt", "no certificate")]);
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "authority"},
        "data": {"ca.crt": certificate.authority}});
    api.put("/api/v1/namespaces/shop/configmaps/authority", Some(map));
    Asked::new(&api, &[probe("http", spec)])
        .until(ResultWord::Good)
        .await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_has_failed_and_nothing_is_asked_beside_it() {
    let site = Site::start(None);
    site.says(SILENT, "");
    let asked = Asked::new(
        &FakeApi::default(),
        &[probe("http", json!({"url": site.url}))],
    );
    asked.seen(ResultWord::Bad, "no answer in 0.2s").await;
    asked.measured(|it| it.asked >= 10).await;
    // The server may notice later than we that nobody waits for an answer.
    let most = site.open.lock().unwrap().1;
    assert!(most <= 2, "{most} questions were open at once");
}

#[tokio::test]
async fn what_is_not_named_any_more_and_what_is_forgotten_is_asked_no_more() {
    let site = Site::start(None);
    let other = Site::start(None);
    let mut second = probe("http", json!({"url": other.url}));
    second["name"] = json!("other");
    let probes = [probe("http", json!({"url": site.url})), second];
    let mut asked = Asked::new(&FakeApi::default(), &probes);
    asked.until(ResultWord::Good).await;
    asked.probes.pop();
    assert_eq!(asked.says().await.len(), 1);
    let before = (site.asked(), other.asked());
    asked
        .measured(|it| it.asked > before.0 + before.1 + 5)
        .await;
    assert!(other.asked() <= before.1 + 1, "it is asked still");

    asked.prober.forget("0b5c");
    assert_eq!(asked.traffic().asked, 0);
    let before = site.asked();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(site.asked() <= before + 1, "it is asked still");
}

#[tokio::test]
async fn a_connection_is_accepted_or_not() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let spec = json!({"host": "127.0.0.1", "port": port});
    let asked = Asked::new(&FakeApi::default(), &[probe("tcp", spec)]);
    assert_eq!(asked.until(ResultWord::Good).await.seen, "accepted");
    let since = jiff::Timestamp::now();
    assert_eq!(asked.prober.first_failed("0b5c", since), None);
    drop(listener);
    asked.seen(ResultWord::Bad, "refused").await;
    let failed = asked.prober.first_failed("0b5c", since).unwrap();
    assert!(failed >= since && failed <= jiff::Timestamp::now());
}

#[tokio::test]
async fn a_figure_out_of_its_bounds_is_a_breach_and_so_is_no_figure() {
    let site = Site::start(None);
    let mut asked = Asked::new(&FakeApi::default(), &[]);
    // As a circuit breaker it is asked every five seconds: as a probe it is asked often.
    let query = json!({"url": format!("{}/", site.url), "query": "sum(a{b=\"c\"})", "over": 0.25});
    asked.probes = vec![serde_json::from_value(probe("prometheus", query.clone())).unwrap()];
    site.figures(&["0.1", "0.25"]);
    assert_eq!(
        asked.until(ResultWord::Good).await.seen,
        "2 figures within their bounds"
    );
    assert_eq!(
        *site.heard.lock().unwrap(),
        "query=sum%28a%7Bb%3D%22c%22%7D%29"
    );
    site.figures(&["0.1", "0.5"]);
    asked
        .seen(ResultWord::Bad, "0.5, expected at most 0.25")
        .await;
    let silences: [&dyn Fn(); 5] = [
        &|| site.figures(&[]),
        &|| site.figures(&["NaN"]),
        &|| {
            site.says(
                422,
                &json!({"status": "error", "errorType": "execution", "error": "many"}).to_string(),
            );
        },
        &|| site.says(502, "<html>bad gateway</html>"),
        &|| site.says(SILENT, ""),
    ];
    for silence in silences {
        site.figures(&["0.2"]);
        asked.until(ResultWord::Good).await;
        silence();
        asked.until(ResultWord::Bad).await;
    }
    // These are no requests of users.
    assert_eq!(asked.traffic().asked, 0);

    let breaker = json!({"name": "errors", "prometheus": query});
    asked.probes.clear();
    asked.breakers = vec![serde_json::from_value(breaker).unwrap()];
    site.figures(&["0.2"]);
    let says = asked.until(ResultWord::Good).await;
    assert_eq!((says.name.as_str(), says.seen.as_str()), ("errors", "0.2"));
}
