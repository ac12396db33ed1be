//! Connections: how they are accepted, what they may take, and how they end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::{Extension, Router};
use futures::FutureExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::certs::{Live, Protocol};
use super::front::Caller;

/// What a listener is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It answers.
    Serving,
    /// It answers, and asks callers to go elsewhere.
    Leaving,
    /// It accepts nobody, and finishes what is under way.
    Closing,
}

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How many are open at a time.
    pub connections: usize,
    /// For how long hands may be shaken.
    pub handshake: Duration,
    /// For how long a request may take to say what it is, or an idle connection stays.
    pub header: Duration,
    /// How many requests one connection may have open at a time.
    pub streams: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 1000,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(30),
            streams: 100,
        }
    }
}

/// The largest header of a request, in bytes.
const LARGEST_HEADER: u16 = 16 * 1024;

/// Whether the other side of an HTTP/2 connection is there is asked so often,
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// and waited for so long.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection of HTTP/1.1 that is idle stays open after the end: a request may be on its
/// way. HTTP/2 tells the caller which requests were not taken.
const LINGER: Duration = Duration::from_secs(1);

/// A socket that is bound but not served yet.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Live>>,
    bounds: Bounds,
}

/// What every connection is given.
#[derive(Clone)]
struct Given {
    tls: Option<Arc<Live>>,
    bounds: Bounds,
    router: Router,
    phase: watch::Receiver<Phase>,
}

impl Listener {
    /// Binds to `address`, port 0 takes a free one; over TLS where there is a certificate to present.
    ///
    /// # Errors
    /// When the address is taken.
    pub fn bind(address: &str, tls: Option<Arc<Live>>, bounds: Bounds) -> anyhow::Result<Self> {
        let socket =
            TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
        socket.set_nonblocking(true).context("socket")?;
        Ok(Self {
            socket,
            tls,
            bounds,
        })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn address(&self) -> anyhow::Result<SocketAddr> {
        self.socket.local_addr().context("socket")
    }

    /// Serves until the phase is `Closing`, and then waits for what is under way, for `patience` at
    /// most.
    ///
    /// # Errors
    /// When the socket cannot be served.
    pub async fn serve(
        self,
        router: Router,
        phase: watch::Receiver<Phase>,
        patience: Duration,
    ) -> anyhow::Result<()> {
        let socket = tokio::net::TcpListener::from_std(self.socket).context("socket")?;
        let given = Given {
            tls: self.tls,
            bounds: self.bounds,
            router,
            phase,
        };
        let mut open = JoinSet::new();
        accept_until_closing(&socket, &given, &mut open).await;
        // Who was let in by the kernel has sent a request, or is about to.
        while let Some(Ok((stream, _))) = socket.accept().now_or_never() {
            open.spawn(connection(stream, given.clone()));
        }
        drop(socket);
        let all = async { while open.join_next().await.is_some() {} };
        if timeout(patience, all).await.is_err() {
            tracing::warn!(
                connections = open.len(),
                "cut off: they took too long to end"
            );
        }
        Ok(())
    }
}

async fn accept_until_closing(
    socket: &tokio::net::TcpListener,
    given: &Given,
    open: &mut JoinSet<()>,
) {
    let mut phase = given.phase.clone();
    loop {
        tokio::select! {
            accepted = socket.accept(), if open.len() < given.bounds.connections => match accepted {
                Ok((stream, _)) => drop(open.spawn(connection(stream, given.clone()))),
                Err(error) => {
                    // Out of files, most likely: those that are open have to end first.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = open.join_next() => {}
            () = closing(&mut phase) => return,
        }
    }
}

/// Waits until the listener is to close; so it is when nobody is left to say so.
async fn closing(phase: &mut watch::Receiver<Phase>) {
    let _ = phase.wait_for(|phase| *phase == Phase::Closing).await;
}

async fn connection(stream: TcpStream, given: Given) {
    // Where this fails, answers leave a little later.
    let _ = stream.set_nodelay(true);
    let Some(live) = &given.tls else {
        return run(stream, Protocol::Http1, given.router.clone(), &given).await;
    };
    match timeout(given.bounds.handshake, live.secure(stream)).await {
        Ok(Ok(secured)) => {
            let router = match secured.caller.as_slice() {
                [] => given.router.clone(),
                names => given.router.clone().layer(Extension(Caller::of(names))),
            };
            run(secured.stream, secured.protocol, router, &given).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "no handshake"),
        Err(_) => tracing::debug!("a handshake took too long"),
    }
}

async fn run<S>(stream: S, protocol: Protocol, router: Router, given: &Given)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let builder = builder(protocol, &given.bounds);
    let service = TowerToHyperService::new(router);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut phase = given.phase.clone();
    let asked = async {
        closing(&mut phase).await;
        if protocol == Protocol::Http1 {
            tokio::time::sleep(LINGER).await;
        }
    };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = asked => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection was cut");
    }
}

fn builder(protocol: Protocol, bounds: &Bounds) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.header)
        .max_buf_size(LARGEST_HEADER.into());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(LARGEST_HEADER.into())
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT);
    match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    }
}
