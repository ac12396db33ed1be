//! Sentinels: those that decide for Redis and Valkey, by a majority, who is written to.

use serde_json::Value;

use super::engine::SENTINEL;
use super::release::Release;
use super::set::Set;
use crate::inventory::lenient::{count, list, text};
use crate::inventory::narrow;

/// Engines that do not promote a replica by themselves, and that Sentinels do it for.
const WATCHED: [&str; 2] = ["redis", "valkey"];
const PORT: u32 = 26379;
/// Words in a command that start one.
const COMMANDS: [&str; 3] = ["redis-sentinel", "valkey-sentinel", "--sentinel"];

/// The Sentinels that watch over a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sentinels {
    healthy: u32,
    size: u32,
}

impl Sentinels {
    /// Whether they are enough to promote a replica.
    pub(super) fn stand(self) -> bool {
        self.healthy > self.size / 2
    }

    /// Why they would promote none.
    pub(super) fn too_few(self) -> Option<String> {
        let Self { healthy, size } = self;
        let why = format!(
            "{healthy} of {size} Sentinels are healthy, too few to promote one of its replicas"
        );
        (!self.stand()).then_some(why)
    }
}

/// Whether it needs Sentinels for another member to take over.
pub(super) fn is_watched(engine: &str) -> bool {
    WATCHED.contains(&engine)
}

/// Whether the pods of a workload are Sentinels and nothing else.
pub(super) fn is_sentinel(set: &Set<'_>, engine: Option<&str>) -> bool {
    let containers = set.containers();
    let server = |it: &Value| text(it, "/name") == "redis" || listens(it, 6379);
    engine == Some(SENTINEL) || (runs_one(set) && !containers.iter().any(server))
}

/// Whether its pods run a Sentinel, beside a database or alone.
pub(super) fn runs_one(set: &Set<'_>) -> bool {
    set.containers().iter().any(is_one)
}

fn is_one(container: &Value) -> bool {
    let command = list(container, "/command").iter();
    let mut words = command
        .chain(list(container, "/args"))
        .filter_map(Value::as_str);
    let starts = words.any(|word| COMMANDS.iter().any(|it| word.contains(it)));
    text(container, "/name") == "sentinel" || listens(container, PORT) || starts
}

fn listens(container: &Value, port: u32) -> bool {
    let mut ports = list(container, "/ports").iter();
    ports.any(|it| count(it, "/containerPort") == Some(port))
}

/// The Sentinels of a database: those of its release, else the only ones beside the only database
/// they may be of.
pub(super) fn of(release: &Release<'_>, all: &[Release<'_>]) -> Option<Sentinels> {
    let beside = |it: &&Release<'_>| it.namespace() == release.namespace();
    let sentinels = || all.iter().filter(beside).filter(|it| it.engine == SENTINEL);
    let instance = release.instance();
    let mut own = sentinels().filter(|it| !instance.is_empty() && it.instance() == instance);
    let found = own.next().or_else(|| {
        let watched = all
            .iter()
            .filter(beside)
            .filter(|it| is_watched(&it.engine));
        let mut others = sentinels();
        let only = others.next().filter(|_| others.next().is_none())?;
        (watched.count() == 1).then_some(only)
    })?;
    let healthy = found.members().filter(|it| it.pod.healthy).count();
    Some(Sentinels {
        healthy: narrow(healthy),
        size: found.size,
    })
}
