//! The webhook: an AdmissionReview in, an AdmissionReview out.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;

use super::ledger::{Admitted, Ledgers};
use super::review;
use super::view::Outlook;
use crate::judge::{Verdict, judge};
use crate::request::Request;

/// The largest body that is read, in bytes.
pub const LARGEST_BODY: usize = 3 * 1024 * 1024;

/// What the webhook judges with.
pub struct Guard {
    /// The cluster, and what is permitted.
    pub outlook: Arc<dyn Outlook>,
    /// Where what is promised to experiments is kept; without it nothing is reserved.
    pub ledgers: Option<Ledgers>,
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Guard {
    /// The verdict on a request; where it permits one, what that may hit is reserved.
    async fn verdict(&self, request: &Request) -> Verdict {
        let now = (self.now)();
        let view = self.outlook.view(now);
        let verdict = judge(&view.inventory, &view.policies, request, now);
        let Some(ledgers) = &self.ledgers else {
            return verdict;
        };
        let (view, verdict) = (&view, &verdict);
        let admitted = Admitted {
            view,
            request,
            verdict,
            now,
        };
        ledgers.admit(admitted).await
    }
}

/// The routes: `POST /validate`, and the two probes.
pub fn router(guard: Arc<Guard>) -> Router {
    Router::new()
        .route("/validate", post(validate))
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(async || "ok"))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(guard)
}

async fn validate(
    State(guard): State<Arc<Guard>>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return refused(rejection.status(), &rejection.body_text()),
    };
    match review::read(&body) {
        Ok((uid, request)) => {
            let verdict = guard.verdict(&request).await;
            tracing::info!(subject = %verdict.subject, decision = verdict.decision.name(), "verdict");
            reply(&review::answer(uid, &verdict))
        }
        Err(problem) => refused(StatusCode::BAD_REQUEST, &problem.to_string()),
    }
}

fn reply(answer: &review::Answer) -> Response {
    match serde_json::to_vec(answer) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn refused(status: StatusCode, sentence: &str) -> Response {
    let sentence = if status == StatusCode::PAYLOAD_TOO_LARGE {
        format!("the body is over {LARGEST_BODY} bytes, the most that is read\n")
    } else {
        format!("{sentence}\n")
    };
    (status, sentence).into_response()
}
