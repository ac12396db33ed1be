//! A way to a server that can lose its answers, as a network does in the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A relay on loopback.
pub(super) struct Relay {
    pub(super) port: u16,
    way: Arc<Way>,
}

/// Where it leads, and what it does to answers.
struct Way {
    to: u16,
    loses: AtomicBool,
}

/// The statement whose answer is lost.
const WRITE: &[u8] = b"INSERT INTO firebreak_probe";

impl Relay {
    /// One to a server at this port.
    pub(super) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let way = Arc::new(Way {
            to: port,
            loses: AtomicBool::new(false),
        });
        let shared = Arc::clone(&way);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(client, Arc::clone(&shared)));
            }
        });
        Self { port: own, way }
    }

    /// Whether the answers to writes are lost from now on.
    pub(super) fn loses(&self, loses: bool) {
        self.way.loses.store(loses, Ordering::Relaxed);
    }
}

async fn pass(client: TcpStream, way: Arc<Way>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", way.to)).await else {
        return;
    };
    let mute = AtomicBool::new(false);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let asks = relay(from_client, to_server, |bytes| {
        let writes = bytes.windows(WRITE.len()).any(|it| it == WRITE);
        if writes && way.loses.load(Ordering::Relaxed) {
            mute.store(true, Ordering::Relaxed);
        }
        true
    });
    let answers = relay(from_server, to_client, |_| !mute.load(Ordering::Relaxed));
    // Whoever goes away ends it, for the client alone: what the server was told to do it does.
    tokio::join!(asks, answers);
}

async fn relay(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    passes: impl Fn(&[u8]) -> bool,
) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if passes(&bytes[..count]) && to.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
}
