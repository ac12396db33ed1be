//! One request over HTTP, on a connection of its own: whether one can be made is part of the question.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::server::certs;

/// How much of an answer is read, in bytes.
const READ: usize = 1 << 20;

/// What was answered.
pub(super) struct Page {
    pub(super) status: StatusCode,
    /// Its beginning, if it is long.
    pub(super) body: Vec<u8>,
}

/// Asks for a page. A redirection is an answer like any other. The authority is PEM; none: the public ones.
pub(super) async fn fetch(
    request: http::request::Builder,
    body: Vec<u8>,
    authority: Option<&str>,
) -> Result<Page, String> {
    let tls = match authority {
        Some(authority) => certs::client(authority),
        None => certs::outside(true),
    };
    let tls = tls.map_err(|error| error.to_string())?;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let agent = concat!("firebreak/", env!("CARGO_PKG_VERSION"));
    let request: Request<Full<Bytes>> = request
        .header("user-agent", agent)
        .body(Full::from(body))
        .map_err(|error| error.to_string())?;
    let answer = client.request(request).await;
    let (parts, mut rest) = answer.map_err(|error| chain(&error))?.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = rest.frame().await {
        let frame = frame.map_err(|error| format!("the answer was cut short: {error}"))?;
        body.extend_from_slice(frame.data_ref().map_or(&[], |data| &data[..]));
        if body.len() >= READ {
            break;
        }
    }
    Ok(Page {
        status: parts.status,
        body,
    })
}

/// An error and what caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_told = cause.to_string();
        if !told.ends_with(&cause_told) {
            told = format!("{told}: {cause_told}");
        }
        source = cause.source();
    }
    told
}
