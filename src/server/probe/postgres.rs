//! A session of PostgreSQL. Statements are sent as text, without anything prepared, so that a pooler that gives
//! each transaction another session is no trouble.

use futures::FutureExt as _;
use futures::future::{BoxFuture, Fuse};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};

use super::secrets::Login;
use super::sql::{Refused, Rows};
use super::web::chain;
use crate::schedule::spec::probe::{SqlSpec, TlsWord};
use crate::server::certs;

/// Its own port.
const PORT: u16 = 5432;
/// What asks a server to encrypt: its length, and a number that is no version of the protocol.
const ENCRYPT: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A session.
pub(super) struct Session {
    client: Client,
    /// What goes over the connection, as long as it is awaited.
    line: Fuse<BoxFuture<'static, Result<(), Error>>>,
}

impl Session {
    pub(super) async fn open(spec: &SqlSpec, login: &Login) -> Result<Self, Refused> {
        let port = spec.port.unwrap_or(PORT);
        let stream = TcpStream::connect((spec.host.as_str(), port)).await;
        let stream = stream.map_err(|error| Refused::new(error.to_string()))?;
        match spec.tls {
            TlsWord::Disable => Self::start(spec, login, stream).await,
            TlsWord::Verify | TlsWord::Encrypt => {
                let stream = encrypted(spec, login, stream).await?;
                Self::start(spec, login, stream).await
            }
        }
    }

    async fn start<S>(spec: &SqlSpec, login: &Login, stream: S) -> Result<Self, Refused>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let mut config = Config::new();
        config
            .user(&login.username)
            .password(&login.password)
            .dbname(&spec.database)
            .application_name("firebreak")
            // Where it is to be encrypted, it already is.
            .ssl_mode(SslMode::Disable);
        let started = config.connect_raw(stream, NoTls).await;
        let (client, connection) = started.map_err(|error| refused(&error))?;
        Ok(Self {
            client,
            line: connection.boxed().fuse(),
        })
    }

    pub(super) async fn run(&mut self, statement: &str) -> Result<(), Refused> {
        self.query(statement).await.map(drop)
    }

    pub(super) async fn rows(&mut self, statement: &str) -> Result<Rows, Refused> {
        let messages = self.query(statement).await?;
        let row = |message| {
            if let SimpleQueryMessage::Row(row) = message {
                Some(row)
            } else {
                None
            }
        };
        let rows = messages.into_iter().filter_map(row);
        let number = |text: Option<&str>| text.and_then(|it| it.parse::<u64>().ok());
        let pairs = rows.map(|row| Some((number(row.get(0))?, number(row.get(1))?)));
        let pairs: Option<Rows> = pairs.collect();
        pairs.ok_or_else(|| Refused::new("an answer that is no two numbers".to_owned()))
    }

    /// Takes leave of the server.
    pub(super) async fn close(self) {
        drop(self.client);
        // It is over either way.
        self.line.await.ok();
    }

    async fn query(&mut self, statement: &str) -> Result<Vec<SimpleQueryMessage>, Refused> {
        let Self { client, line } = self;
        tokio::select! {
            biased;
            ended = line => Err(match ended {
                Ok(()) => Refused::new("the connection was closed".to_owned()),
                Err(error) => refused(&error),
            }),
            answer = client.simple_query(statement) => answer.map_err(|error| refused(&error)),
        }
    }
}

/// Not a byte is read beyond the answer to the question, so nothing that was slipped in before counts.
async fn encrypted(
    spec: &SqlSpec,
    login: &Login,
    mut stream: TcpStream,
) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, Refused> {
    let failed = |error: std::io::Error| Refused::new(error.to_string());
    stream.write_all(&ENCRYPT).await.map_err(failed)?;
    if stream.read_u8().await.map_err(failed)? != b'S' {
        return Err(Refused::new("the server does not encrypt".to_owned()));
    }
    let config = match (spec.tls, &login.authority) {
        (TlsWord::Verify, Some(authority)) => certs::client(authority),
        (TlsWord::Verify, None) => certs::outside(true),
        (TlsWord::Encrypt | TlsWord::Disable, _) => certs::outside(false),
    };
    let config = config.map_err(|error| Refused::new(error.to_string()))?;
    let stream = certs::encrypt(config, &spec.host, stream).await;
    stream.map_err(|error| Refused::new(error.to_string()))
}

fn refused(error: &Error) -> Refused {
    let Some(said) = error.as_db_error() else {
        return Refused::new(chain(error));
    };
    Refused {
        no_table: *said.code() == SqlState::UNDEFINED_TABLE,
        seen: format!("{} ({})", said.message(), said.code().code()),
    }
}
