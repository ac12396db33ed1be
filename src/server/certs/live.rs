//! The certificate that is presented now, and the handshakes it is presented in.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::callers::Callers;
use super::facts::Facts;
use super::pair::Pair;
use super::{Unusable, provider};

/// What is spoken, best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Which HTTP both sides have agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

/// A connection after its handshake.
pub struct Secured {
    /// What is read and written.
    pub stream: TlsStream<TcpStream>,
    /// Which HTTP is spoken.
    pub protocol: Protocol,
    /// The names in the caller's certificate; none where it was not asked for.
    pub caller: Vec<String>,
}

/// The certificate that is presented now. It is replaced while connections go on.
pub struct Live {
    parts: Mutex<Parts>,
    served: ArcSwapOption<ServerConfig>,
    changes: watch::Sender<u64>,
}

struct Parts {
    pair: Option<Pair>,
    asked: Asked,
    /// What is wrong with the newest pair, and with the newest authority.
    troubles: [Option<String>; 2],
}

/// Whether callers are asked for a certificate.
enum Asked {
    No,
    /// They are, but by which authority is not known.
    NotYet,
    By(Callers),
}

impl Live {
    /// Nothing is presented yet. With `asks`, nothing is either before it is known who may call.
    #[must_use]
    pub fn new(asks: bool) -> Self {
        let asked = if asks { Asked::NotYet } else { Asked::No };
        Self {
            parts: Mutex::new(Parts {
                pair: None,
                asked,
                troubles: [None, None],
            }),
            served: ArcSwapOption::empty(),
            changes: watch::Sender::new(0),
        }
    }

    /// Presents this pair from the next handshake on; what is no pair changes nothing.
    ///
    /// # Errors
    /// What was wrong with it.
    pub fn present(&self, pair: Result<Pair, Unusable>) -> Result<(), Unusable> {
        self.change(|parts| {
            parts.troubles[0] = pair
                .as_ref()
                .err()
                .map(|error| format!("certificate: {error}"));
            parts.pair = Some(pair?);
            Ok(())
        })
    }

    /// Asks callers for a certificate of these authorities; what is none changes nothing.
    ///
    /// # Errors
    /// What was wrong with them.
    pub fn ask(&self, callers: Result<Callers, Unusable>) -> Result<(), Unusable> {
        self.change(|parts| {
            let trouble = |error: &Unusable| format!("clientAuthority: {error}");
            parts.troubles[1] = callers.as_ref().err().map(trouble);
            parts.asked = Asked::By(callers?);
            Ok(())
        })
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Parts) -> Result<(), Unusable>,
    ) -> Result<(), Unusable> {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut parts).and_then(|()| parts.served());
        let outcome = changed.map(|served| self.served.store(served.map(Arc::new)));
        drop(parts);
        self.changes.send_modify(|count| *count += 1);
        outcome
    }

    /// How often something was to be changed, whether or not it was.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What the certificate says of itself that is presented now.
    #[must_use]
    pub fn facts(&self) -> Option<Facts> {
        self.served.load().as_ref()?;
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.pair.as_ref().map(|pair| pair.facts.clone())
    }

    /// What keeps connections from being accepted, or nothing does.
    #[must_use]
    pub fn missing(&self, now: Timestamp) -> Option<String> {
        match self.facts() {
            Some(facts) if facts.until > now => None,
            Some(facts) => Some(format!("the certificate expired at {}", facts.until)),
            None => {
                let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
                let troubles: Vec<&str> = parts
                    .troubles
                    .iter()
                    .flatten()
                    .map(String::as_str)
                    .collect();
                Some(match troubles.as_slice() {
                    [] => "no certificate yet".to_owned(),
                    troubles => troubles.join("; "),
                })
            }
        }
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// When there is no certificate yet, or the two sides do not agree.
    pub async fn secure(&self, stream: TcpStream) -> io::Result<Secured> {
        let Some(config) = self.served.load_full() else {
            return Err(io::Error::other("no certificate yet"));
        };
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let session = stream.get_ref().1;
        let protocol = match session.alpn_protocol() {
            Some(b"h2") => Protocol::Http2,
            Some(_) | None => Protocol::Http1,
        };
        let shown = session.peer_certificates().and_then(|chain| chain.first());
        let facts = shown.and_then(|certificate| Facts::read(certificate).ok());
        let caller = facts.map_or_else(Vec::new, |facts| facts.names);
        Ok(Secured {
            stream,
            protocol,
            caller,
        })
    }
}

impl Parts {
    /// How hands are shaken with these parts; not at all while one is missing.
    fn served(&self) -> Result<Option<ServerConfig>, Unusable> {
        let verifier = match &self.asked {
            Asked::No => Arc::new(NoClientAuth),
            Asked::NotYet => return Ok(None),
            Asked::By(callers) => Arc::clone(&callers.verifier),
        };
        let Some(pair) = &self.pair else {
            return Ok(None);
        };
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Unusable::Refused(error.to_string()))?;
        let mut config = config
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(Only(Arc::clone(&pair.certified))));
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Some(config))
    }
}

/// One certificate, whoever is asked for.
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl fmt::Debug for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Only").finish_non_exhaustive()
    }
}
