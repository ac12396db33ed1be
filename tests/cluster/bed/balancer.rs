//! What a Service does for the API server: it passes connections on to whoever is ready.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are passed on, in turn.
    Pass,
    /// They are closed: nobody is there.
    Refuse,
    /// They are taken, and nobody ever answers.
    Hold,
    /// They stay open, and what is asked arrives; answers are kept back until they are passed on again.
    Mute,
}

struct Shared {
    backends: Mutex<Vec<Backend>>,
    mode: Mutex<Mode>,
    /// Told when the mode changes.
    changed: Condvar,
    /// The callers' sides of open connections, by number.
    open: Mutex<BTreeMap<usize, TcpStream>>,
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
            changed: Condvar::new(),
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

    /// What becomes of connections from now on. Those that are open are closed, unless their answers are
    /// to be kept back, or were.
    pub(crate) fn set_mode(&self, mode: Mode) {
        let before = std::mem::replace(&mut *lock(&self.shared.mode), mode);
        self.shared.changed.notify_all();
        if mode == Mode::Mute || (before, mode) == (Mode::Mute, Mode::Pass) {
            return;
        }
        for stream in std::mem::take(&mut *lock(&self.shared.open)).values() {
            // It may be closed already.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// How many connections there were so far.
    pub(crate) fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }
}

impl Drop for Balancer {
    /// Nobody waits for an answer any more.
    fn drop(&mut self) {
        self.set_mode(Mode::Refuse);
    }
}

impl Shared {
    fn take(self: &Arc<Self>, here: TcpStream) {
        let number = self.taken.fetch_add(1, Ordering::SeqCst);
        let mode = *lock(&self.mode);
        let there = match mode {
            Mode::Refuse => return,
            Mode::Hold => {
                lock(&self.open).insert(number, here);
                return;
            }
            Mode::Pass | Mode::Mute => self.ready(),
        };
        let there = there.and_then(|it| TcpStream::connect(it.address).ok());
        let Some((there, (asked, answered))) =
            there.zip(here.try_clone().ok().zip(here.try_clone().ok()))
        else {
            return;
        };
        let Ok(back) = there.try_clone() else { return };
        // What goes through is small and asked for by somebody who waits.
        for side in [&here, &there] {
            drop(side.set_nodelay(true));
        }
        lock(&self.open).insert(number, here);
        let (asking, answering) = (Arc::clone(self), Arc::clone(self));
        thread::spawn(move || asking.copy(number, [asked, there], false));
        thread::spawn(move || answering.copy(number, [back, answered], true));
    }

    /// Copies from one to the other until one of them ends; then both are closed.
    fn copy(&self, number: usize, [mut from, mut to]: [TcpStream; 2], answers: bool) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if answers && !self.may_answer() {
                break;
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        // Either side may have gone already.
        drop(from.shutdown(Shutdown::Both));
        drop(to.shutdown(Shutdown::Both));
        lock(&self.open).remove(&number);
    }

    /// Waits while answers are kept back; whether they are passed on then. Where connections are
    /// closed instead, what was kept back must not slip through before they are.
    fn may_answer(&self) -> bool {
        let mode = lock(&self.mode);
        let told = self.changed.wait_while(mode, |mode| *mode == Mode::Mute);
        let mode = told.unwrap_or_else(std::sync::PoisonError::into_inner);
        *mode == Mode::Pass
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
