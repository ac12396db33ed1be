//! What the workload of a chart is for, by the words of its labels.

use super::engine::{SENTINEL, Way, way};

/// What a workload is for in its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Its pods hold the data.
    Member,
    /// Its pods vote and are never written to: arbiters, witnesses, hidden members.
    Voter,
    /// Its pods decide for the others, by a majority of their own.
    Council,
    /// Its pods serve others, or none: proxies, exporters, user interfaces.
    Beside,
}

/// Parts that are beside their database, whichever that is.
const OTHERS: &[&str] = &[
    "adminer",
    "binlog-server",
    "connection-pooler",
    "exporter",
    "haproxy",
    "maxscale",
    "metrics",
    "mongos",
    "mysqlrouter",
    "orchestrator",
    "pgadmin",
    "pgbackrest",
    "pgbouncer",
    "pgpool",
    "phpmyadmin",
    "pitr",
    "pooler",
    "provisioning",
    "proxy",
    "proxysql",
    "router",
    "update-job",
];

/// Parts that make backups, and the engine they make them of where the word says so.
const BACKUPS: &[(&str, &str)] = &[
    ("backup", ""),
    ("mongodump", "mongodb"),
    ("pg_dumpall", "postgresql"),
    ("snapshotter", "etcd"),
];

/// Parts that mean something with some engines only: beginnings of the engine, the words, the part.
const PARTS: &[(&[&str], &[&str], Part)] = &[
    (
        &["mongodb"],
        &["arbiter", "shardsvr-arbiter", "hidden"],
        Part::Voter,
    ),
    (&["postgresql-ha"], &["witness"], Part::Voter),
    (&["elasticsearch", "opensearch"], &["master"], Part::Council),
    (
        &["elasticsearch", "opensearch"],
        &[
            "client",
            "coordinating",
            "coordinating-only",
            "dashboards",
            "ingest",
            "kibana",
        ],
        Part::Beside,
    ),
    (
        &["kafka"],
        &["controller", "controller-eligible"],
        Part::Council,
    ),
    (
        &["kafka"],
        &["connect", "mirror-maker", "schema-registry"],
        Part::Beside,
    ),
    (
        &["tidb"],
        &["discovery", "drainer", "monitor", "pump", "ticdc"],
        Part::Beside,
    ),
    (
        &["vitess"],
        &["vtadmin", "vtctld", "vtgate", "vtorc"],
        Part::Beside,
    ),
];

/// Parts of a release that are a database of another engine: the engine, the word, and which.
const NESTED: &[(&str, &str, &str)] = &[
    ("clickhouse", "keeper", "clickhouse-keeper"),
    ("redis", "sentinel", SENTINEL),
    ("tidb", "pd", "tidb-pd"),
    ("tidb", "tiflash", "tikv"),
    ("tidb", "tikv", "tikv"),
    ("valkey", "sentinel", SENTINEL),
    ("vitess", "etcd", "etcd"),
];

/// Words for the part that is written to for good.
const PRIMARIES: &[&str] = &["primary", "master"];
/// Words for parts of a chart whose writer never moves.
const FIXED: &[&str] = &["primary", "master", "secondary", "read", "replica", "slave"];

/// Workloads of a release that vote together: the engine, and their words.
const VOTING: &[(&str, &[&str])] = &[
    (
        "mongodb",
        &[
            "mongodb",
            "arbiter",
            "hidden",
            "shardsvr",
            "shardsvr-arbiter",
        ],
    ),
    ("postgresql-ha", &["postgresql", "witness"]),
];

/// The part a workload plays whose labels say these words.
pub(super) fn part(engine: &str, words: &[&str]) -> Part {
    let says = |some: &[&str]| some.iter().any(|word| words.contains(word));
    let mut rows = PARTS.iter().filter(|(engines, _, _)| {
        engines
            .iter()
            .any(|beginning| engine.starts_with(beginning))
    });
    let row = rows.find(|(_, some, _)| says(some));
    match row {
        Some((_, _, part)) => *part,
        None if is_beside(words) => Part::Beside,
        None => Part::Member,
    }
}

/// Whether labels say these words of no database at all.
pub(super) fn is_beside(words: &[&str]) -> bool {
    let mut words = words.iter();
    words.any(|word| {
        OTHERS.contains(word)
            || word.ends_with("-exporter")
            || BACKUPS.iter().any(|it| it.0 == *word)
    })
}

/// The engine of a part of a release.
pub(super) fn nested(engine: &'static str, words: &[&str]) -> &'static str {
    let mut rows = NESTED.iter();
    let row = rows.find(|(of, word, _)| *of == engine && words.contains(word));
    row.map_or(engine, |row| row.2)
}

/// Whether a part by this name makes backups of this engine.
pub(super) fn backs_up(word: &str, engine: &str) -> bool {
    let mut rows = BACKUPS.iter();
    rows.any(|(name, of)| *name == word && engine.starts_with(of))
}

/// Whether a workload by these words is written to for good.
pub(super) fn is_primary(engine: &str, words: &[&str]) -> bool {
    way(engine) == Way::Follow && words.iter().any(|word| PRIMARIES.contains(word))
}

/// Whether a workload by these words is part of a database whose writer never moves.
pub(super) fn is_fixed(engine: &str, words: &[&str]) -> bool {
    way(engine) == Way::Follow && words.iter().any(|word| FIXED.contains(word))
}

/// Whether a workload by these words votes with others of its release.
pub(super) fn votes_with_others(engine: &str, words: &[&str]) -> bool {
    let mut rows = VOTING.iter();
    rows.any(|(of, parts)| *of == engine && words.iter().any(|word| parts.contains(word)))
}

/// The name of a workload without what tells its part of a release.
pub(super) fn stem(name: &str) -> &str {
    const ENDS: &[&str] = &["arbiter", "data", "hidden", "replicas", "witness"];
    match name.rsplit_once('-') {
        Some((stem, end)) if ENDS.contains(&end) || FIXED.contains(&end) => stem,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_what_it_means_with_its_engine() {
        let rows: &[(&str, &str, Part)] = &[
            ("mongodb", "arbiter", Part::Voter),
            ("mysql", "arbiter", Part::Member),
            ("mongodb", "mongos", Part::Beside),
            ("postgresql-ha", "witness", Part::Voter),
            ("postgresql-ha", "pgpool", Part::Beside),
            ("elasticsearch", "master", Part::Council),
            ("elasticsearch", "data", Part::Member),
            ("elasticsearch", "ingest", Part::Beside),
            ("redis", "master", Part::Member),
            ("kafka", "broker", Part::Member),
            ("mysql", "metrics", Part::Beside),
            ("mysql", "mysqld-exporter", Part::Beside),
            ("etcd", "snapshotter", Part::Beside),
        ];
        for (engine, word, expected) in rows {
            assert_eq!(part(engine, &[word]), *expected, "{engine} {word}");
        }
        assert_eq!(nested("tidb", &["tikv"]), "tikv");
        assert_eq!(nested("tidb", &["tidb"]), "tidb");
    }

    #[test]
    fn a_dump_backs_up_its_own_engine() {
        assert!(backs_up("pg_dumpall", "postgresql-ha"));
        assert!(!backs_up("pg_dumpall", "mongodb"));
        assert!(backs_up("backup", "mysql"));
        assert!(!backs_up("metrics", "mysql"));
        assert!(!backs_up("update-job", "postgresql-ha"));
    }
}
