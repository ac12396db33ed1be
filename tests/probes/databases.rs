//! Real databases under probes that read and write: what is lost, doubled and late when a server is restarted,
//! restored and cut off, and whom a probe trusts.

use std::time::Duration;

use firebreak::schedule::spec::status::ResultWord;
use mysql_async::prelude::Queryable as _;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, NoTls};

use super::engines::{Engine, PASSWORD, Server, USER};
use super::relay::Relay;
use super::{Asked, PATIENCE, probe, put_secret};
use crate::fake_api::FakeApi;

/// The database that there is from the beginning.
fn database(engine: Engine) -> &'static str {
    match engine {
        Engine::PostgreSQL => "postgres",
        Engine::MariaDB => "shop",
    }
}

fn sql(engine: Engine, port: u16, change: &Value) -> Value {
    let word = match engine {
        Engine::PostgreSQL => "PostgreSQL",
        Engine::MariaDB => "MySQL",
    };
    let mut spec = json!({"engine": word, "host": "127.0.0.1", "port": port,
        "database": database(engine), "credentialsSecret": "login", "tls": "Disable"});
    for (name, value) in change.as_object().unwrap() {
        spec[name] = value.clone();
    }
    let mut probe = probe("sql", spec);
    probe["timeout"] = json!("1s");
    probe["interval"] = json!("1s");
    probe["over"] = json!("3s");
    probe
}

/// A session of PostgreSQL. While it recovers it accepts connections, and lets nobody in.
async fn inside(port: u16) -> (Client, Connection<TcpStream, NoTlsStream>) {
    let mut config = tokio_postgres::Config::new();
    config.user(USER).password(PASSWORD).dbname("postgres");
    let begun = Instant::now();
    loop {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        match config.connect_raw(stream, NoTls).await {
            Ok(session) => return session,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Somebody else in the database.
async fn run(engine: Engine, port: u16, statement: &str) -> u64 {
    match engine {
        Engine::PostgreSQL => {
            let (client, connection) = inside(port).await;
            let connection = tokio::spawn(connection);
            let said = client.simple_query(statement).await.unwrap();
            let count = said.iter().find_map(|it| {
                if let tokio_postgres::SimpleQueryMessage::Row(row) = it {
                    row.get(0)?.parse().ok()
                } else {
                    None
                }
            });
            drop(client);
            drop(connection.await);
            count.unwrap_or(0)
        }
        Engine::MariaDB => {
            let options = mysql_async::OptsBuilder::default()
                .ip_or_hostname("127.0.0.1")
                .tcp_port(port)
                .user(Some(USER))
                .pass(Some(PASSWORD))
                .db_name(Some("shop"))
                .prefer_socket(false);
            let mut session = mysql_async::Conn::new(options).await.unwrap();
            let count: Option<u64> = session.query_first(statement).await.unwrap();
            session.disconnect().await.unwrap();
            count.unwrap_or(0)
        }
    }
}

/// Waits until there are so many rows.
async fn there(engine: Engine, server: &Server, is: impl Fn(u64) -> bool) {
    let begun = Instant::now();
    loop {
        let count = rows(engine, server.port).await;
        if is(count) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "still {count} rows");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn rows(engine: Engine, port: u16) -> u64 {
    run(engine, port, "SELECT count(*) FROM firebreak_probe").await
}

fn login(api: &FakeApi, password: &str, authority: &str) {
    let login = [
        ("username", USER),
        ("password", password),
        ("ca.crt", authority),
    ];
    put_secret(api, "login", &login);
}

/// Writes through everything that can happen to a server, in this order: its answers get lost, it crashes and
/// comes back, somebody writes a row twice, and an old snapshot of it is restored.
async fn told_apart(engine: Engine, name: &str) {
    let Some(mut server) = Server::start(engine, name) else {
        return;
    };
    let relay = Relay::to(server.port).await;
    let api = FakeApi::default();
    login(&api, PASSWORD, &server.authority);
    let change = json!({"mode": "WriteThenRead"});
    let asked = Asked::new(&api, &[sql(engine, relay.port, &change)]);
    let good = asked.until(ResultWord::Good).await;
    assert!(good.seen.ends_with("was written and read"), "{good:?}");
    assert_eq!(good.data, None);

    // What is not acknowledged and is there is late, and nothing is wrong with it.
    relay.loses(true);
    asked.once(|it| it.seen.contains("no answer in 1s")).await;
    relay.loses(false);
    let traffic = asked.measured(|it| it.late > 0).await;
    assert_eq!((traffic.lost, traffic.doubled), (0, 0), "{traffic:?}");

    // A crash loses nothing that was acknowledged, and nothing can be written meanwhile.
    let before = traffic.write_downtime.unwrap();
    server.crash();
    asked.prober.anew("0b5c");
    let seen = asked.until(ResultWord::Bad).await.seen;
    assert!(!seen.contains(USER) && !seen.contains(PASSWORD), "{seen}");
    server.serve();
    asked.prober.anew("0b5c");
    let good = asked.until(ResultWord::Good).await;
    assert_eq!(good.data, None);
    let down = asked
        .measured(|it| it.write_downtime.is_some_and(|it| it > before))
        .await;
    assert_eq!((down.lost, down.doubled), (0, 0), "{down:?}");

    // A row that is there twice.
    let twice = "INSERT INTO firebreak_probe (run, writer, seq) \
                 SELECT run, writer, seq FROM firebreak_probe ORDER BY seq LIMIT 1";
    run(engine, server.port, twice).await;
    let traffic = asked.measured(|it| it.doubled > 0).await;
    assert_eq!((traffic.lost, traffic.doubled), (0, 1), "{traffic:?}");
    let wrong = asked.says().await.remove(0).data.unwrap();
    assert!(wrong.starts_with("rows there twice: 1 (number "), "{wrong}");

    // Rows that were acknowledged after a snapshot was taken are lost when that is restored.
    server.stop();
    server.keep();
    server.serve();
    let kept = rows(engine, server.port).await;
    there(engine, &server, |count| count >= kept + 2).await;
    server.stop();
    server.restore();
    server.serve();
    let traffic = asked.measured(|it| it.lost >= 2).await;
    assert_eq!(traffic.doubled, 1, "{traffic:?}");
    let wrong = asked.says().await.remove(0).data.unwrap();
    assert!(wrong.starts_with("acknowledged rows lost: "), "{wrong}");

    forgotten(engine, &server, asked).await;
}

/// A probe that writes goes on when nobody names it, and takes its rows with it.
async fn forgotten(engine: Engine, server: &Server, mut asked: Asked) {
    let spec = asked.probes.pop().unwrap();
    let says = asked.says().await;
    assert_eq!((says.len(), says[0].name.as_str()), (1, "sql"));
    assert!(says[0].data.is_some(), "{says:?}");
    assert_ne!(says[0].result, ResultWord::Bad);
    asked.probes.push(spec);
    asked.prober.anew("0b5c");
    asked.until(ResultWord::Good).await;
    asked.prober.forget("0b5c");
    there(engine, server, |count| count == 0).await;
}

/// Whom a probe trusts, and what it tells.
async fn trusted(engine: Engine, name: &str) {
    let Some(server) = Server::start(engine, name) else {
        return;
    };
    let api = FakeApi::default();
    let asked = |change: Value| Asked::new(&api, &[sql(engine, server.port, &change)]);
    let failed = async |change: Value, words: &str| {
        let says = asked(change).seen(ResultWord::Bad, words).await;
        assert!(
            !says.seen.contains(USER) && !says.seen.contains(PASSWORD),
            "{says:?}"
        );
    };
    failed(
        json!({}),
        "the Secret \"login\" cannot be read: 404 NotFound",
    )
    .await;

    login(&api, PASSWORD, &server.authority);
    for tls in ["Verify", "Encrypt", "Disable"] {
        let good = asked(json!({"tls": tls})).until(ResultWord::Good).await;
        assert_eq!(good.seen, "answered", "{tls}");
    }
    // It is a certificate of the address, and not of the name.
    failed(json!({"tls": "Verify", "host": "localhost"}), "certificate").await;
    login(&api, PASSWORD, &Server::stranger());
    failed(json!({"tls": "Verify"}), "certificate").await;
    asked(json!({"tls": "Encrypt"}))
        .until(ResultWord::Good)
        .await;

    let [stranger, nowhere] = match engine {
        Engine::PostgreSQL => ["28P01", "3D000"],
        Engine::MariaDB => ["1045", "1044"],
    };
    login(&api, "another", &server.authority);
    failed(json!({"tls": "Verify"}), stranger).await;
    login(&api, PASSWORD, &server.authority);
    failed(json!({"tls": "Verify", "database": "nowhere"}), nowhere).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_doubled_and_late_rows_of_postgresql_are_told_apart() {
    told_apart(Engine::PostgreSQL, "pg-writes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_doubled_and_late_rows_of_mariadb_are_told_apart() {
    told_apart(Engine::MariaDB, "maria-writes").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_is_trusted_as_it_is_asked_for() {
    trusted(Engine::PostgreSQL, "pg-tls").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_is_trusted_as_it_is_asked_for() {
    trusted(Engine::MariaDB, "maria-tls").await;
}
