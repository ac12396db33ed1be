//! An HTTPS client that trusts one authority, to talk to the demo's own webhook.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::server::certs;

type Pool = hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// An HTTPS client.
pub struct Client {
    pool: Pool,
}

impl Client {
    /// A client that trusts this authority (PEM) alone.
    ///
    /// # Errors
    /// When the PEM holds no certificate.
    pub fn new(authority: &str) -> anyhow::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(certs::client(authority)?)
            .https_only()
            .enable_http1()
            .build();
        let pool = hyper_util::client::legacy::Client::builder(TokioExecutor::new());
        Ok(Self {
            pool: pool.build(connector),
        })
    }

    /// Posts JSON and reads the JSON that comes back.
    ///
    /// # Errors
    /// When there is no answer, or one that is not 200 with JSON.
    pub async fn post(&self, url: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        let request = http::Request::post(url)
            .header("content-type", "application/json")
            .body(Full::from(body))
            .context("request")?;
        let response = self.pool.request(request).await.context("no answer")?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .context("answer cut short")?
            .to_bytes();
        ensure!(
            status.is_success(),
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
        serde_json::from_slice(&body).context("the answer is no JSON")
    }
}
