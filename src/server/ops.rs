//! The probes and the metrics, on a port of their own without TLS.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::sync::watch;

use super::listener::Phase;
use super::metrics::{FORMAT, Metrics, metrics};

/// What is missing until requests can be answered, a phrase; none when nothing is.
pub type Missing = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// Sets what is told only when somebody asks.
pub type Measure = Box<dyn Fn(&Metrics) + Send + Sync>;

/// What the probes ask.
pub struct Ops {
    /// What is asked before it is ready.
    pub missing: Vec<Missing>,
    /// What the listener is doing.
    pub phase: watch::Receiver<Phase>,
    /// What is measured when it is asked for.
    pub measured: Vec<Measure>,
}

/// The routes: `/healthz` answers while the process does, `/readyz` only while requests should come,
/// `/metrics` in the text format of Prometheus.
///
/// Whether it is healthy never depends on anything outside: to be started again would not help.
pub fn router(ops: Arc<Ops>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(measured))
        .with_state(ops)
}

async fn measured(State(ops): State<Arc<Ops>>) -> impl IntoResponse {
    let metrics = metrics();
    for measure in &ops.measured {
        measure(metrics);
    }
    ([(header::CONTENT_TYPE, FORMAT)], metrics.page())
}

async fn ready(State(ops): State<Arc<Ops>>) -> (StatusCode, String) {
    let leaving = *ops.phase.borrow() > Phase::Serving;
    let leaving = leaving.then(|| "it is ending".to_owned());
    let missing = ops.missing.iter().filter_map(|missing| missing());
    let reasons: Vec<String> = leaving.into_iter().chain(missing).collect();
    if reasons.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    let mut page = "not ready\n".to_owned();
    for reason in reasons {
        // Writing to a text cannot fail.
        let _ = writeln!(page, "- {reason}");
    }
    (StatusCode::SERVICE_UNAVAILABLE, page)
}
