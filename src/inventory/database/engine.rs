//! Database engines, and what gives them away.

use std::collections::BTreeSet;

/// How the members of a database hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// One is written to and the others follow it; nothing of the engine's own promotes one.
    Follow,
    /// A majority decides who is written to, or lets every member be.
    Vote,
    /// Every piece of data is on a few of the members, nobody knows on which, and a majority of
    /// those few must stay.
    Spread,
}

/// What charts and images call an engine, and what we call it.
const NAMES: &[(&str, &str)] = &[
    ("cassandra", "cassandra"),
    ("chroma", "chroma"),
    ("chromadb", "chroma"),
    ("clickhouse", "clickhouse"),
    ("clickhouse-keeper", KEEPER),
    ("clickhouse-server", "clickhouse"),
    ("cockroach", "cockroachdb"),
    ("cockroachdb", "cockroachdb"),
    ("couchdb", "couchdb"),
    ("cp-kafka", "kafka"),
    ("cp-zookeeper", "zookeeper"),
    ("elasticsearch", "elasticsearch"),
    ("etcd", "etcd"),
    ("kafka", "kafka"),
    ("mariadb", "mariadb"),
    ("mariadb-galera", "mariadb-galera"),
    ("mongo", "mongodb"),
    ("mongodb", "mongodb"),
    ("mongodb-community-server", "mongodb"),
    ("mongodb-enterprise-server", "mongodb"),
    ("mongodb-sharded", "mongodb"),
    ("mssql", "mssql"),
    ("mysql", "mysql"),
    ("mysql-group-replication", "mysql-group-replication"),
    ("mysql-server", "mysql"),
    ("neo4j", "neo4j"),
    ("opensearch", "opensearch"),
    ("pd", "tidb-pd"),
    ("percona-postgresql", "postgresql"),
    ("percona-server", "mysql"),
    ("percona-server-mongodb", "mongodb"),
    ("percona-xtradb-cluster", "percona-xtradb-cluster"),
    ("pgvector", "postgresql"),
    ("postgis", "postgresql"),
    ("postgres", "postgresql"),
    ("postgresql", "postgresql"),
    ("postgresql-ha", "postgresql-ha"),
    ("postgresql-repmgr", "postgresql-ha"),
    ("qdrant", "qdrant"),
    ("rabbitmq", "rabbitmq"),
    ("redis", "redis"),
    ("redis-cluster", "redis-cluster"),
    ("redis-ha", "redis"),
    ("redis-sentinel", SENTINEL),
    ("redis-stack-server", "redis"),
    ("scylla", "scylla"),
    ("spilo", "postgresql"),
    ("tidb", "tidb"),
    ("tidb-cluster", "tidb"),
    ("tikv", "tikv"),
    ("timescaledb", "postgresql"),
    ("timescaledb-ha", "postgresql"),
    ("valkey", "valkey"),
    ("valkey-cluster", "valkey-cluster"),
    ("valkey-sentinel", SENTINEL),
    ("vitess", "vitess"),
    ("vttablet", "vitess"),
    ("weaviate", "weaviate"),
    ("zookeeper", "zookeeper"),
];

/// Those that decide for Redis or Valkey who is written to.
pub(super) const SENTINEL: &str = "redis-sentinel";
const KEEPER: &str = "clickhouse-keeper";

/// The ports that engines listen at.
const PORTS: &[(u32, &str)] = &[
    (2379, "etcd"),
    (3306, "mysql"),
    (5432, "postgresql"),
    (6379, "redis"),
    (9042, "cassandra"),
    (26257, "cockroachdb"),
    (27017, "mongodb"),
    (33060, "mysql"),
];

/// How engines hold together. All others vote, and so do those we do not know.
const WAYS: &[(&str, Way)] = &[
    ("cassandra", Way::Spread),
    ("cockroachdb", Way::Spread),
    ("elasticsearch", Way::Spread),
    ("kafka", Way::Spread),
    ("mariadb", Way::Follow),
    ("mssql", Way::Follow),
    ("mysql", Way::Follow),
    ("opensearch", Way::Spread),
    ("postgresql", Way::Follow),
    ("rabbitmq", Way::Spread),
    ("redis", Way::Follow),
    ("redis-cluster", Way::Spread),
    ("scylla", Way::Spread),
    ("tikv", Way::Spread),
    ("valkey", Way::Follow),
    ("valkey-cluster", Way::Spread),
    ("vitess", Way::Spread),
];

/// Every engine that is recognised without an operator.
#[must_use]
pub fn engines() -> Vec<&'static str> {
    let engines: BTreeSet<&'static str> = NAMES.iter().map(|(_, engine)| *engine).collect();
    engines.into_iter().collect()
}

/// The engine that a label's value names.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    let row = NAMES.iter().find(|row| row.0 == name);
    let percona = || name.starts_with("percona-").then_some("percona");
    row.map(|row| row.1).or_else(percona)
}

/// The engine of a chart, written with its version.
pub(super) fn by_chart(chart: &str) -> Option<&'static str> {
    let version = |(_, rest): &(&str, &str)| rest.starts_with(|it: char| it.is_ascii_digit());
    let name = chart.rsplit_once('-').filter(version).map(|it| it.0);
    by_name(name.unwrap_or(chart))
}

/// The engine that listens at a port.
pub(super) fn by_port(port: u32) -> Option<&'static str> {
    PORTS.iter().find(|row| row.0 == port).map(|row| row.1)
}

/// The engine in an image.
pub(super) fn by_image(image: &str) -> Option<&'static str> {
    by_chart(basename(image))
}

/// The name of an image, without its registry and its tag.
pub(super) fn basename(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}

/// How the members of an engine hold together.
pub(super) fn way(engine: &str) -> Way {
    let row = WAYS.iter().find(|row| row.0 == engine);
    row.map_or(Way::Vote, |row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_charts_lose_their_versions() {
        assert_eq!(
            by_image("registry.example:5000/a/mysql:8.4@sha256:1"),
            Some("mysql")
        );
        assert_eq!(
            by_image("percona/percona-xtradb-cluster"),
            Some("percona-xtradb-cluster")
        );
        assert_eq!(by_image("nginx:1.27"), None);
        assert_eq!(by_chart("postgresql-ha-16.0.1"), Some("postgresql-ha"));
        assert_eq!(by_chart("mysql"), Some("mysql"));
        assert_eq!(by_name("percona-something"), Some("percona"));
        assert_eq!(by_image("zalando/spilo-17:4.0-p2"), Some("postgresql"));
    }

    #[test]
    fn the_tables_are_sorted_and_agree() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(WAYS.is_sorted_by(|a, b| a.0 < b.0));
        for (engine, _) in WAYS {
            assert!(NAMES.iter().any(|row| row.1 == *engine), "{engine}");
        }
        for (_, engine) in PORTS {
            assert!(NAMES.iter().any(|row| row.1 == *engine), "{engine}");
        }
        assert_eq!(way("something"), Way::Vote);
    }
}
