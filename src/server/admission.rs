//! The webhook: an AdmissionReview in, an AdmissionReview out.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::backup::{self, Injector};
use super::ledger::{Admitted, Ledgers};
use super::metrics::{Family, metrics};
use super::scheduler::{self, Fence};
use super::uses::Uses;
use super::view::Outlook;
use super::{Clock, metrics, review, telemetry};
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
    /// Where it is counted how often exemptions are used; without it nobody counts.
    pub uses: Option<Uses>,
    /// What tells the chaos objects of runs from those that only say so; without it nobody asks.
    pub fence: Option<Fence>,
    /// The clock.
    pub now: Clock,
}

impl Guard {
    /// The verdict on a request; where it permits one, what that may hit is reserved.
    async fn verdict(&self, request: &Request) -> Verdict {
        let verdict = self.judged(request).await;
        if let Some(uses) = &self.uses {
            uses.count(request, &verdict, (self.now)());
        }
        verdict
    }

    async fn judged(&self, request: &Request) -> Verdict {
        if let Some(verdict) = backup::verdict(request, || self.outlook.beside()) {
            return verdict;
        }
        if let Some(verdict) = scheduler::verdict(request) {
            return verdict;
        }
        if let Some(fence) = &self.fence
            && let Some(verdict) = fence.verdict(request).await
        {
            return verdict;
        }
        let now = (self.now)();
        let view = self.outlook.view(now);
        let began = Instant::now();
        let verdict = judge(&view.inventory, &view.policies, request, now);
        metrics().observe(Family::Decisions, &[], began.elapsed());
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

/// What gives databases backups.
pub struct Giver {
    /// What is known of the cluster.
    pub outlook: Arc<dyn Outlook>,
    /// Who answers.
    pub injector: Arc<Injector>,
}

/// The route: `POST /mutate`.
pub fn giving(giver: Arc<Giver>) -> Router {
    Router::new()
        .route("/mutate", post(mutate))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(giver)
}

async fn mutate(State(giver): State<Arc<Giver>>, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return refused(rejection.status(), &rejection.body_text()),
    };
    let problem = match review::read(&body) {
        Ok((uid, request)) => return given(&giver, uid, &request).await,
        Err(problem) => problem,
    };
    // A database that is not understood here may be one to its operator.
    metrics().count(Family::Refused, &["mutate"]);
    match review::uid(&body) {
        Some(uid) => reply(&review::untouched(uid, &problem)),
        None => refused(StatusCode::BAD_REQUEST, &problem.to_string()),
    }
}

async fn given(giver: &Giver, uid: String, request: &Request) -> Response {
    let began = Instant::now();
    let beside = giver.outlook.beside();
    let injection = giver.injector.injection(request, &beside).await;
    telemetry::injection(&uid, request, &injection, began.elapsed());
    metrics::injection(request, &injection, began.elapsed());
    match review::injected(uid, &injection) {
        Ok(answer) => reply(&answer),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// The route: `POST /validate`.
pub fn router(guard: Arc<Guard>) -> Router {
    Router::new()
        .route("/validate", post(validate))
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
        // It computes, for microseconds: handing it to a thread of its own would take longer.
        Ok((uid, request)) => reply(&answer(&guard, uid, &request).await),
        Err(problem) => {
            metrics().count(Family::Refused, &["validate"]);
            refused(StatusCode::BAD_REQUEST, &problem.to_string())
        }
    }
}

async fn answer(guard: &Guard, uid: String, request: &Request) -> review::Answer {
    let began = Instant::now();
    let verdict = guard.verdict(request).await;
    telemetry::verdict(&uid, request, &verdict, began.elapsed());
    metrics::verdict(request, &verdict, began.elapsed());
    review::answer(uid, &verdict)
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
