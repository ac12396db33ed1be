//! What stands in front of the routes: who may ask, how many at a time, and how long it may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Version, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http_body_util::LengthLimitError;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::admission::LARGEST_BODY;
use super::listener::Phase;
use crate::calendar::{format_duration, parse_duration};

/// How many requests may be open at a time, bodies in memory included.
const PLACES: usize = 256;

/// How long the API server waits for an answer where it does not say, and at most.
const USUAL: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(30);

/// The names in the certificate of whoever asks.
#[derive(Debug, Clone)]
pub(super) struct Caller(Arc<[String]>);

impl Caller {
    pub(super) fn of(names: &[String]) -> Self {
        Self(names.into())
    }
}

/// What stands in front of the routes.
pub struct Front {
    names: Vec<String>,
    places: Arc<Semaphore>,
    phase: watch::Receiver<Phase>,
    /// What did not get an answer of the routes.
    pub refusals: Refusals,
}

/// How many requests did not get an answer of the routes, by why.
#[derive(Debug, Default)]
pub struct Refusals {
    /// The caller's certificate has another name.
    pub name: AtomicU64,
    /// There was no place left.
    pub busy: AtomicU64,
    /// The answer would have been late.
    pub late: AtomicU64,
    /// The program failed.
    pub panics: AtomicU64,
}

impl Front {
    /// Lets in whoever has one of these names, or anybody where there are none.
    #[must_use]
    pub fn new(names: Vec<String>, phase: watch::Receiver<Phase>) -> Self {
        Self::with_places(names, phase, PLACES)
    }

    /// The same, with this many places.
    #[must_use]
    pub fn with_places(names: Vec<String>, phase: watch::Receiver<Phase>, places: usize) -> Self {
        Self {
            names,
            places: Arc::new(Semaphore::new(places)),
            phase,
            refusals: Refusals::default(),
        }
    }

    fn knows(&self, caller: Option<&Caller>) -> bool {
        let known = |name: &String| self.names.contains(name);
        self.names.is_empty() || caller.is_some_and(|caller| caller.0.iter().any(known))
    }
}

/// These routes, with this in front of them.
pub fn before(front: Arc<Front>, router: Router) -> Router {
    router.layer(from_fn_with_state(front, pass))
}

async fn pass(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    let version = request.version();
    let mut response = admit(&front, request, next).await;
    // HTTP/2 has a frame for this, which is sent when the listener closes.
    if version < Version::HTTP_2 && *front.phase.borrow() > Phase::Serving {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

async fn admit(front: &Front, request: Request, next: Next) -> Response {
    let refusals = &front.refusals;
    if !front.knows(request.extensions().get::<Caller>()) {
        refusals.name.fetch_add(1, Ordering::Relaxed);
        return refused(
            StatusCode::FORBIDDEN,
            "the caller's certificate has none of clientNames",
        );
    }
    let Ok(place) = Arc::clone(&front.places).try_acquire_owned() else {
        refusals.busy.fetch_add(1, Ordering::Relaxed);
        let busy = refused(
            StatusCode::TOO_MANY_REQUESTS,
            "too many requests at a time, try again",
        );
        return ([(header::RETRY_AFTER, "1")], busy).into_response();
    };
    let given = given(request.uri().query());
    let usable = usable(given);
    let answer = async {
        let request = whole(request).await?;
        // On its own, so that a failure ends this request alone, and what was begun is finished.
        let answer = tokio::spawn(async move {
            let _place = place;
            next.run(request).await
        });
        answer.await.map_err(|_| {
            refusals.panics.fetch_add(1, Ordering::Relaxed);
            refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "firebreak failed on this request",
            )
        })
    };
    let Ok(answer) = timeout(usable, answer).await else {
        refusals.late.fetch_add(1, Ordering::Relaxed);
        return late(given);
    };
    answer.unwrap_or_else(|refusal| refusal)
}

/// The request with all of its body.
async fn whole(request: Request) -> Result<Request, Response> {
    let (parts, body) = request.into_parts();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > LARGEST_BODY {
        return Err(too_large());
    }
    match axum::body::to_bytes(body, LARGEST_BODY).await {
        Ok(body) => Ok(Request::from_parts(parts, Body::from(body))),
        Err(error) if is_too_large(&error) => Err(too_large()),
        Err(error) => Err(refused(StatusCode::BAD_REQUEST, &error.to_string())),
    }
}

fn too_large() -> Response {
    let sentence = format!("the body is over {LARGEST_BODY} bytes, the most that is read");
    refused(StatusCode::PAYLOAD_TOO_LARGE, &sentence)
}

fn is_too_large(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// How long whoever asks will wait, as it says.
fn given(query: Option<&str>) -> Duration {
    let mut pairs = query.unwrap_or_default().split('&');
    let said = pairs.find_map(|pair| pair.strip_prefix("timeout="));
    let said = said.and_then(|text| parse_duration(text).ok());
    said.filter(|said| !said.is_zero())
        .map_or(USUAL, |said| said.min(LONGEST))
}

/// How much of that may be used: the answer has to travel, too.
fn usable(given: Duration) -> Duration {
    let travel = (given / 20).clamp(Duration::from_millis(20), Duration::from_millis(500));
    given.saturating_sub(travel)
}

/// The API server shows what a 500 says, but not what a 504 does.
fn late(given: Duration) -> Response {
    let sentence = format!(
        "no verdict within the {} that the API server waits",
        format_duration(given)
    );
    refused(StatusCode::INTERNAL_SERVER_ERROR, &sentence)
}

fn refused(status: StatusCode, sentence: &str) -> Response {
    (status, format!("firebreak: {sentence}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_server_says_it_waits_is_what_is_given() {
        let seconds = |query: &str| given(Some(query)).as_secs();
        assert_eq!(seconds("timeout=5s"), 5);
        assert_eq!(seconds("dryRun=All&timeout=1m"), 30);
        assert_eq!(seconds("timeout=soon"), 10);
        assert_eq!(given(None), USUAL);
        assert_eq!(usable(Duration::from_secs(5)), Duration::from_millis(4750));
        assert_eq!(usable(Duration::from_millis(10)), Duration::ZERO);
    }
}
