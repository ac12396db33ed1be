//! The network half of the shell: certificates, reviews, the webhook.

#![allow(
    clippy::disallowed_methods,
    reason = "the shell is where sockets and the clock belong"
)]

pub mod view;
pub mod certs;
pub mod review;
pub mod ledger;
pub mod admission;
pub mod registration;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;

use admission::Guard;
use certs::Throwaway;

/// A webhook that is listening but not serving yet.
pub struct Webhook {
    listener: TcpListener,
    handle: Handle<SocketAddr>,
    tls: RustlsConfig,
    guard: Arc<Guard>,
}

impl Webhook {
    /// Binds to `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is taken.
    pub fn bind(address: &str, certificate: &Throwaway, guard: Guard) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        listener.set_nonblocking(true).context("socket")?;
        Ok(Self {
            listener,
            handle: Handle::new(),
            tls: RustlsConfig::from_config(Arc::clone(&certificate.server)),
            guard: Arc::new(guard),
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.listener.local_addr().context("socket")
    }

    /// What stops it.
    #[must_use]
    pub fn handle(&self) -> Handle<SocketAddr> {
        self.handle.clone()
    }

    /// Serves until its handle is shut down.
    ///
    /// # Errors
    /// When the socket fails.
    pub async fn serve(self) -> anyhow::Result<()> {
        axum_server::from_tcp_rustls(self.listener, self.tls)
            .context("socket")?
            .handle(self.handle)
            .serve(admission::router(self.guard).into_make_service())
            .await
            .context("the webhook stopped")
    }
}
