//! Whether a bucket takes and deletes an object: the only question that is ever asked of one.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Collected, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};
use tokio::time::timeout;

use crate::backup::spec::S3Spec;
use crate::server::certs;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long a signature is good.
const SIGNED: Duration = Duration::from_mins(5);
/// How much of an answer is read, in bytes.
const READ: usize = 16 << 10;

/// What is written.
const BODY: &str = "written by firebreak to see whether it can be, and deleted at once\n";

/// What is known by whoever may write to a bucket.
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`.
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret: String,
}

/// What went wrong: in a word, and in a sentence.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// In a word.
    pub reason: &'static str,
    /// In a sentence, in which nothing of a key is.
    pub message: String,
}

/// Writes an object to a bucket and deletes it.
///
/// # Errors
/// What was in the way of that.
pub async fn probe(spec: &S3Spec, keys: Keys, name: &str) -> Result<(), Unreachable> {
    let invalid = |message: String| unreachable("Invalid", message);
    let region = spec.region.as_deref().unwrap_or("us-east-1");
    let (endpoint, style) = match &spec.endpoint_url {
        Some(url) => (url.clone(), UrlStyle::Path),
        None => (
            format!("https://s3.{region}.amazonaws.com"),
            UrlStyle::VirtualHost,
        ),
    };
    let url = endpoint
        .parse()
        .map_err(|error| invalid(format!("storage.s3.endpointUrl: {error}")))?;
    let bucket = Bucket::new(url, style, spec.bucket.clone(), region.to_owned())
        .map_err(|error| invalid(format!("storage.s3.bucket: {error}")))?;
    let keys = Credentials::new(keys.id, keys.secret);
    let client = client(spec.verify_tls != Some(false))?;
    let object = object(spec, name);
    let put = bucket.put_object(Some(&keys), &object).sign(SIGNED);
    send(&client, Method::PUT, put.as_str(), "WriteRefused").await?;
    let delete = bucket.delete_object(Some(&keys), &object).sign(SIGNED);
    send(&client, Method::DELETE, delete.as_str(), "DeleteRefused").await
}

/// Where it is written: below the prefix of backups, in a place that no database has.
fn object(spec: &S3Spec, name: &str) -> String {
    let prefix = spec.prefix.as_deref().unwrap_or("{namespace}/{name}");
    let place = prefix
        .replace("{namespace}", "firebreak.dev")
        .replace("{name}", name);
    format!("{}/probe", place.trim_matches('/'))
}

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

fn client(verifies: bool) -> Result<Pool, Unreachable> {
    let tls =
        certs::outside(verifies).map_err(|error| unreachable("Invalid", error.to_string()))?;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

async fn send(
    client: &Pool,
    method: Method,
    url: &str,
    refused: &'static str,
) -> Result<(), Unreachable> {
    let body = if method == Method::PUT { BODY } else { "" };
    let request = Request::builder()
        .method(&method)
        .uri(url)
        .body(Full::from(body))
        .map_err(|error| unreachable("Invalid", error.to_string()))?;
    let answered = async {
        let answer = client
            .request(request)
            .await
            .map_err(|error| chain(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), READ).collect().await;
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        Ok::<_, String>((status, body))
    };
    let late = |_| Err(format!("no answer in {} s", PATIENCE.as_secs()));
    match timeout(PATIENCE, answered).await.unwrap_or_else(late) {
        Ok((status, _)) if status.is_success() => Ok(()),
        Ok((status, body)) => Err(unreachable(refused, said(&method, status, &body))),
        Err(why) => Err(unreachable("NoAnswer", why)),
    }
}

/// What a server says of a refusal: its code, of which S3 has one for each. The rest of the answer may quote
/// the request, signature and all.
fn said(method: &Method, status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map(|(code, _)| code).filter(|code| {
        code.len() <= 64 && code.chars().all(|letter| letter.is_ascii_alphanumeric())
    });
    match code {
        Some(code) => format!("{method}: {status}, {code}"),
        None => format!("{method}: {status}"),
    }
}

/// An error and what caused it. The request is not in it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        told = format!("{told}: {cause}");
        source = cause.source();
    }
    told
}

fn unreachable(reason: &'static str, message: String) -> Unreachable {
    Unreachable { reason, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_a_refusal_is_told() {
        let body = b"<Error><Code>AccessDenied</Code><Message>key AKIA</Message></Error>";
        let said = |body: &[u8]| said(&Method::PUT, StatusCode::FORBIDDEN, body);
        assert_eq!(said(body), "PUT: 403 Forbidden, AccessDenied");
        assert_eq!(said(b"<Code>no word at all</Code>"), "PUT: 403 Forbidden");
        assert_eq!(said(b"\xff"), "PUT: 403 Forbidden");
    }

    #[test]
    fn it_is_written_where_no_database_writes() {
        let mut spec = S3Spec::default();
        assert_eq!(object(&spec, "minio"), "firebreak.dev/minio/probe");
        spec.prefix = Some("/prod/{namespace}/{name}/".to_owned());
        assert_eq!(object(&spec, "minio"), "prod/firebreak.dev/minio/probe");
    }
}
