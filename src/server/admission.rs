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

use super::review;
use super::view::{Outlook, View};
use crate::judge::judge;

/// The largest body that is read, in bytes.
pub const LARGEST_BODY: usize = 3 * 1024 * 1024;

/// What the webhook judges with.
pub struct Guard {
    /// The cluster, and what is permitted.
    pub outlook: Arc<dyn Outlook>,
    /// The clock.
    pub now: fn() -> Timestamp,
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
            let now = (guard.now)();
            let View {
                inventory,
                policies,
            } = guard.outlook.view(now);
            let verdict = judge(&inventory, &policies, &request, now);
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
