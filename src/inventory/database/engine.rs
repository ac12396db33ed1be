//! Database engines, and what gives them away.

/// What charts and images call an engine, and what we call it.
const NAMES: &[(&str, &str)] = &[
    ("cassandra", "cassandra"),
    ("clickhouse", "clickhouse"),
    ("cockroach", "cockroachdb"),
    ("cockroachdb", "cockroachdb"),
    ("elasticsearch", "elasticsearch"),
    ("etcd", "etcd"),
    ("kafka", "kafka"),
    ("mariadb", "mariadb"),
    ("mariadb-galera", "mariadb-galera"),
    ("mongo", "mongodb"),
    ("mongodb", "mongodb"),
    ("mysql", "mysql"),
    ("mysql-server", "mysql"),
    ("opensearch", "opensearch"),
    ("pd", "tidb"),
    ("percona-postgresql", "postgresql"),
    ("percona-server", "mysql"),
    ("percona-server-mongodb", "mongodb"),
    ("percona-xtradb-cluster", "percona-xtradb-cluster"),
    ("postgres", "postgresql"),
    ("postgresql", "postgresql"),
    ("postgresql-ha", "postgresql-ha"),
    ("rabbitmq", "rabbitmq"),
    ("redis", "redis"),
    ("tidb", "tidb"),
    ("tikv", "tidb"),
    ("valkey", "valkey"),
    ("vitess", "vitess"),
];

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

/// Engines that have one writer and replicas, and no vote among them unless something is added.
const REPLICATED: &[&str] = &["mariadb", "mysql", "postgresql", "redis", "valkey"];

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
    let image = image.split('@').next().unwrap_or_default();
    let name = image.rsplit('/').next().unwrap_or_default();
    by_name(name.split(':').next().unwrap_or_default())
}

/// Whether one member is written to and the others follow it. Of every other engine, and of those
/// we do not know, a majority must stay.
pub(super) fn is_replicated(engine: &str) -> bool {
    REPLICATED.contains(&engine)
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
    }
}
