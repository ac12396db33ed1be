//! Reviews without end, asked as the API server asks: HTTP/1.1 over TLS, on connections that are kept.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use firebreak::server::certs;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::control_plane::lock;
use super::webhook::HOST;
use super::{Bed, within};

/// So many ask at the same time,
const ASKERS: usize = 8;
/// and each so often on one connection.
const A_CONNECTION: usize = 25;
/// Who is wrong so often need not be asked again.
const ENOUGH: usize = 20;
/// How long the reviews may take that are still to come.
const LONGEST: Duration = Duration::from_mins(10);

/// What is asked, and what is to be answered.
pub(crate) struct Question {
    pub(crate) review: Value,
    /// For what it is denied, where it is.
    pub(crate) denied: Option<&'static str>,
}

/// What became of the reviews.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) right: usize,
    /// Other verdicts than were to be expected.
    pub(crate) wrong: Vec<String>,
    /// No verdict at all.
    pub(crate) failed: Vec<String>,
}

struct Shared {
    door: SocketAddr,
    questions: Vec<Question>,
    trusted: Mutex<Arc<ClientConfig>>,
    ended: AtomicBool,
    tally: Mutex<Tally>,
}

/// Reviews without end.
pub(crate) struct Load {
    shared: Arc<Shared>,
    askers: Vec<JoinHandle<()>>,
}

/// A connection, and how often it was used.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    used: usize,
}

impl Bed {
    /// Begins to ask whoever is behind a port on this machine and has a certificate of this authority.
    pub(crate) fn ask(&self, port: u16, questions: Vec<Question>, authority: &str) -> Load {
        let shared = Arc::new(Shared {
            door: (Ipv4Addr::LOCALHOST, port).into(),
            questions,
            trusted: Mutex::new(trusting(authority)),
            ended: AtomicBool::new(false),
            tally: Mutex::default(),
        });
        let asker = |at: usize| self.runtime.spawn(asker(Arc::clone(&shared), at));
        let askers = (0..ASKERS).map(asker).collect();
        Load { shared, askers }
    }

    /// Ends it when at least so many reviews were answered.
    pub(crate) fn answered(&self, load: Load, at_least: usize) -> Tally {
        within(LONGEST, "enough reviews are answered", || {
            let tally = lock(&load.shared.tally);
            if tally.right >= at_least || tally.is_enough() {
                Ok(())
            } else {
                Err(tally.right)
            }
        });
        load.shared.ended.store(true, Ordering::SeqCst);
        for asker in load.askers {
            self.wait(asker).expect("an asker ends");
        }
        std::mem::take(&mut lock(&load.shared.tally))
    }
}

impl Load {
    /// Trusts these authorities alone, from the next connection on.
    pub(crate) fn trust(&self, authorities: &str) {
        *lock(&self.shared.trusted) = trusting(authorities);
    }
}

impl Tally {
    fn is_enough(&self) -> bool {
        self.wrong.len() + self.failed.len() >= ENOUGH
    }

    /// Fails unless every review was answered as it should be.
    pub(crate) fn must_be_right(&self) {
        let (wrong, failed) = (&self.wrong, &self.failed);
        println!("{} reviews", self.right);
        assert!(
            failed.is_empty(),
            "failed beside {}: {failed:#?}",
            self.right
        );
        assert!(wrong.is_empty(), "wrong beside {}: {wrong:#?}", self.right);
    }
}

impl Question {
    /// How the answer differs from what is to be answered.
    fn differs(&self, answer: &str) -> Option<String> {
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        let response = &answer["response"];
        let denied = response["status"]["message"].as_str().unwrap_or_default();
        let right = match self.denied {
            None => response["allowed"] == true,
            Some(why) => response["allowed"] == false && denied.contains(why),
        };
        let right = right && response["uid"] == self.review["request"]["uid"];
        (!right).then(|| format!("{:?}: {answer}", self.denied))
    }
}

fn trusting(authorities: &str) -> Arc<ClientConfig> {
    let mut config = certs::client(authorities).expect("certificates");
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

async fn asker(shared: Arc<Shared>, first: usize) {
    let mut kept = None;
    for question in shared.questions.iter().cycle().skip(first) {
        if shared.ended.load(Ordering::SeqCst) {
            return;
        }
        let answer = shared.answer(&mut kept, question).await;
        let mut tally = lock(&shared.tally);
        match answer.map(|answer| question.differs(&answer)) {
            Ok(None) => tally.right += 1,
            Ok(Some(wrong)) => tally.wrong.push(wrong),
            Err(failed) => tally.failed.push(failed),
        }
        if tally.is_enough() {
            return;
        }
    }
}

impl Shared {
    /// The answer, on the connection that was kept while that is open.
    async fn answer(
        &self,
        kept: &mut Option<Connection>,
        question: &Question,
    ) -> Result<String, String> {
        let body = question.review.to_string();
        loop {
            let open = kept
                .take()
                .filter(|it| it.used < A_CONNECTION && !it.sender.is_closed());
            let mut connection = match open {
                Some(open) => open,
                None => self.connect().await?,
            };
            connection.used += 1;
            let request = Request::post("/validate?timeout=5s")
                .header(header::HOST, HOST)
                .header(header::CONTENT_TYPE, "application/json");
            let request = request.body(Full::from(body.clone())).expect("a request");
            match connection.sender.try_send_request(request).await {
                Ok(response) => {
                    let close = response.headers().get(header::CONNECTION);
                    let stays = close.is_none_or(|it| it != "close");
                    let answer = read(response).await;
                    *kept = stays.then_some(connection);
                    return answer;
                }
                Err(mut error) => {
                    // It was closed before anything was sent: so the API server asks again, too.
                    let unsent = error.take_message().is_some();
                    if connection.used == 1 || !unsent {
                        return Err(format!("{:?}", error.into_error()));
                    }
                }
            }
        }
    }

    async fn connect(&self) -> Result<Connection, String> {
        let stream = TcpStream::connect(self.door).await;
        let stream = stream.map_err(|error| format!("connect: {error}"))?;
        let connector = TlsConnector::from(Arc::clone(&lock(&self.trusted)));
        let name = ServerName::try_from(HOST).expect("a name");
        let stream = connector.connect(name, stream).await;
        let stream = stream.map_err(|error| format!("handshake: {error}"))?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| format!("http: {error}"))?;
        tokio::spawn(connection);
        Ok(Connection { sender, used: 0 })
    }
}

async fn read(response: Response<Incoming>) -> Result<String, String> {
    let status = response.status();
    let body = response.into_body().collect().await;
    let body = body.map_err(|error| format!("answer: {error}"))?.to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    if status == StatusCode::OK {
        Ok(text)
    } else {
        Err(format!("{status}: {text}"))
    }
}
