//! What is asked, whichever kind of probe it is.

use std::time::Duration;

use kube::Client;
use tokio::time::Instant;

use super::condition::Standing;
use super::exec::{Exec, Members};
use super::http::Http;
use super::secrets::Secrets;
use super::sql::Sql;
use super::window::{Told, Wrong};
use super::{Traffic, promql, tcp};
use crate::schedule::spec::probe::{ProbeSpec, QuerySpec, TcpSpec};
use crate::server::Clock;

/// From where it is asked, and for whom.
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) now: Clock,
    pub(super) uid: String,
    pub(super) namespace: String,
    pub(super) members: Members,
}

/// What is asked.
pub(super) enum Kind {
    Http(Http),
    Tcp(TcpSpec),
    Exec(Exec),
    Sql(Box<Sql>),
    Query(QuerySpec),
    Condition(Standing),
    Nothing,
}

impl Kind {
    pub(super) fn of(question: &ProbeSpec, place: Place) -> Self {
        let ProbeSpec {
            http,
            tcp,
            exec,
            sql,
            prometheus,
            condition,
            ..
        } = question;
        let Place {
            client,
            now,
            uid,
            namespace,
            members,
        } = place;
        let secrets = || Secrets {
            client: client.clone(),
            namespace: namespace.clone(),
        };
        if let Some(spec) = http {
            Self::Http(Http::new(spec, secrets()))
        } else if let Some(spec) = tcp {
            Self::Tcp(spec.clone())
        } else if let Some(spec) = exec {
            let spec = spec.clone();
            Self::Exec(Exec {
                spec,
                client,
                members,
            })
        } else if let Some(spec) = sql {
            Self::Sql(Box::new(Sql::new(spec, secrets(), (&uid, token(&now)))))
        } else if let Some(spec) = prometheus {
            Self::Query(spec.clone())
        } else if let Some(spec) = condition {
            Self::Condition(Standing::new(client, spec, &namespace))
        } else {
            Self::Nothing
        }
    }

    /// Reads what has to be known before it can be asked.
    pub(super) async fn prepare(&self) -> Result<(), String> {
        match self {
            Self::Http(http) => http.prepare().await,
            Self::Sql(sql) => sql.prepare().await,
            Self::Tcp(_) | Self::Exec(_) | Self::Query(_) | Self::Condition(_) | Self::Nothing => {
                Ok(())
            }
        }
    }

    pub(super) async fn ask(&self) -> Told {
        match self {
            Self::Http(http) => http.ask().await,
            Self::Tcp(spec) => tcp::ask(spec).await,
            Self::Exec(exec) => exec.ask().await,
            Self::Sql(sql) => sql.ask().await,
            Self::Query(spec) => promql::ask(spec).await,
            Self::Condition(standing) => standing.ask().await,
            Self::Nothing => Err(Wrong::Failed("there is nothing to ask".to_owned())),
        }
    }

    /// What it means that there is no answer in time.
    pub(super) fn late(&self, limit: Duration) -> Wrong {
        let seen = format!("no answer in {}s", limit.as_secs_f64());
        match self {
            Self::Query(_) => Wrong::Silent(seen),
            Self::Http(_)
            | Self::Tcp(_)
            | Self::Exec(_)
            | Self::Sql(_)
            | Self::Condition(_)
            | Self::Nothing => Wrong::Failed(seen),
        }
    }

    fn sql(&self) -> Option<&Sql> {
        match self {
            Self::Sql(sql) => Some(sql),
            Self::Http(_)
            | Self::Tcp(_)
            | Self::Exec(_)
            | Self::Query(_)
            | Self::Condition(_)
            | Self::Nothing => None,
        }
    }

    /// Whether it asks as users do.
    pub(super) fn is_traffic(&self) -> bool {
        matches!(self, Self::Http(_) | Self::Tcp(_) | Self::Sql(_))
    }

    pub(super) fn is_inside(&self) -> bool {
        self.sql().is_some_and(Sql::is_inside)
    }

    pub(super) fn writes(&self) -> bool {
        self.sql().is_some_and(|it| it.writes().is_some())
    }

    pub(super) fn wrong(&self) -> Option<String> {
        self.sql()?.writes()?.wrong()
    }

    pub(super) fn account(&self, traffic: &mut Traffic) {
        let Some(writes) = self.sql().and_then(Sql::writes) else {
            return;
        };
        let found = writes.found();
        traffic.lost = found.lost;
        traffic.doubled = found.doubled;
        traffic.late = found.late;
        traffic.write_downtime = Some(writes.downtime(Instant::now()));
    }

    pub(super) async fn tidy(&self) {
        if let Some(sql) = self.sql() {
            sql.tidy().await;
        }
    }
}

/// A word that no other prober uses.
fn token(now: &Clock) -> String {
    let nanos = now().as_nanosecond();
    format!(
        "{:x}{:08x}",
        nanos & 0xffff_ffff_ffff_ffff,
        fastrand::u32(..)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_token_is_short_and_plain() {
        let clock: Clock = Arc::new(Timestamp::now);
        let token = token(&clock);
        assert!(
            token.len() <= 32 && token.chars().all(|it| it.is_ascii_hexdigit()),
            "{token}"
        );
    }
}
