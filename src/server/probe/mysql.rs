//! A session of MySQL, MariaDB or Percona.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error, OptsBuilder, SslOpts};

use super::secrets::Login;
use super::sql::{Refused, Rows};
use crate::schedule::spec::probe::{SqlSpec, TlsWord};

/// Its own port.
const PORT: u16 = 3306;
/// The longest message, in bytes. It is said here so that a session does not begin with asking for it.
const PACKET: usize = 16 << 20;
/// After how long without a statement a session is over, in seconds; the same.
const IDLE: usize = 60;
/// There is no such table.
const NO_TABLE: u16 = 1146;

/// A session.
pub(super) struct Session(Conn);

impl Session {
    pub(super) async fn open(spec: &SqlSpec, login: &Login) -> Result<Self, Refused> {
        let options = OptsBuilder::default()
            .ip_or_hostname(spec.host.clone())
            .tcp_port(spec.port.unwrap_or(PORT))
            .user(Some(login.username.clone()))
            .pass(Some(login.password.clone()))
            .db_name(Some(spec.database.clone()))
            .ssl_opts(encryption(spec.tls, login))
            .max_allowed_packet(Some(PACKET))
            .wait_timeout(Some(IDLE))
            // It is the host that is probed, even where that is this one.
            .prefer_socket(false);
        let opened = Conn::new(options).await;
        opened.map(Self).map_err(|error| refused(&error))
    }

    pub(super) async fn run(&mut self, statement: &str) -> Result<(), Refused> {
        let done = self.0.query_drop(statement).await;
        done.map_err(|error| refused(&error))
    }

    pub(super) async fn rows(&mut self, statement: &str) -> Result<Rows, Refused> {
        let rows: Result<Vec<(u64, u64)>, Error> = self.0.query(statement).await;
        let rows = rows.map_err(|error| refused(&error))?;
        Ok(rows.into_iter().collect())
    }

    /// Takes leave of the server.
    pub(super) async fn close(self) {
        // It is over either way.
        self.0.disconnect().await.ok();
    }
}

/// How a connection is encrypted. A server that does not encrypt where it should is refused.
fn encryption(word: TlsWord, login: &Login) -> Option<SslOpts> {
    let options = SslOpts::default();
    match (word, &login.authority) {
        (TlsWord::Disable, _) => None,
        (TlsWord::Encrypt, _) => Some(options.with_danger_accept_invalid_certs(true)),
        (TlsWord::Verify, None) => Some(options),
        (TlsWord::Verify, Some(authority)) => {
            let authority = authority.clone().into_bytes().into();
            let options = options.with_disable_built_in_roots(true);
            Some(options.with_root_certs(vec![authority]))
        }
    }
}

fn refused(error: &Error) -> Refused {
    match error {
        Error::Server(said) => Refused {
            no_table: said.code == NO_TABLE,
            seen: format!("{} ({})", said.message, said.code),
        },
        Error::Driver(_) | Error::Io(_) | Error::Other(_) | Error::Url(_) => {
            Refused::new(error.to_string())
        }
    }
}
