//! What a Service does for the API server: it passes connections on to whoever is ready.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::control_plane::lock;

/// Somebody who serves.
#[derive(Clone)]
pub(crate) struct Backend {
    /// Where reviews go.
    pub(crate) address: SocketAddr,
    /// Where `GET /readyz` says whether they may, without TLS; always where there is none.
    pub(crate) probe: Option<SocketAddr>,
}

/// What becomes of connections.
pub(crate) enum Mode {
    /// They are passed on, in turn.
    Pass,
    /// They are closed: nobody is there.
    Refuse,
    /// They are taken, and nobody ever answers.
    Hold,
}

struct Shared {
    backends: Mutex<Vec<Backend>>,
    mode: Mutex<Mode>,
    open: Mutex<Vec<TcpStream>>,
    turn: AtomicUsize,
    taken: AtomicUsize,
}

/// A listening port, and whom its connections are passed on to.
pub(crate) struct Balancer {
    port: u16,
    shared: Arc<Shared>,
}

impl Balancer {
    /// Listens on a free port.
    pub(crate) fn new(backends: Vec<Backend>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared {
            backends: Mutex::new(backends),
            mode: Mutex::new(Mode::Pass),
            open: Mutex::default(),
            turn: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
        });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                own.take(stream);
            }
        });
        Self { port, shared }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Whom connections are passed on to from now on.
    pub(crate) fn set(&self, backends: Vec<Backend>) {
        *lock(&self.shared.backends) = backends;
    }

    /// What becomes of connections from now on. Those that are open are closed.
    pub(crate) fn set_mode(&self, mode: Mode) {
        *lock(&self.shared.mode) = mode;
        for stream in lock(&self.shared.open).drain(..) {
            // It may be closed already.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// How many connections there were so far.
    pub(crate) fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn take(&self, stream: TcpStream) {
        self.taken.fetch_add(1, Ordering::SeqCst);
        let backend = match *lock(&self.mode) {
            Mode::Refuse => None,
            Mode::Hold => {
                lock(&self.open).push(stream);
                return;
            }
            Mode::Pass => self.ready(),
        };
        let Some(there) = backend.and_then(|it| TcpStream::connect(it.address).ok()) else {
            return;
        };
        lock(&self.open).extend(stream.try_clone());
        pass(&stream, &there);
        pass(&there, &stream);
    }

    /// The next that is ready.
    fn ready(&self) -> Option<Backend> {
        let backends = lock(&self.backends).clone();
        let turn = self.turn.fetch_add(1, Ordering::SeqCst);
        let from = turn.checked_rem(backends.len())?;
        let mut in_turn = backends.iter().cycle().skip(from).take(backends.len());
        in_turn
            .find(|backend| backend.probe.is_none_or(is_ready))
            .cloned()
    }
}

/// Copies from one to the other, in a thread of its own, until one of them ends.
fn pass(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        // Either side may go at any time; then so does the other.
        drop(io::copy(&mut from, &mut to));
        drop(from.shutdown(Shutdown::Both));
        drop(to.shutdown(Shutdown::Both));
    });
}

/// Whether `GET /readyz` is answered by 200.
pub(crate) fn is_ready(probe: SocketAddr) -> bool {
    get(probe, "/readyz").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// The answer to a `GET` without TLS, head and all.
pub(crate) fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    request(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: bed\r\nConnection: close\r\n\r\n"),
    )
}

/// The answer to a `POST` of JSON without TLS, head and all.
pub(crate) fn post(address: SocketAddr, path: &str, body: &str) -> io::Result<String> {
    let length = body.len();
    let head = "Content-Type: application/json\r\nHost: bed\r\nConnection: close";
    request(
        address,
        &format!("POST {path} HTTP/1.1\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}"),
    )
}

fn request(address: SocketAddr, text: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(text.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
