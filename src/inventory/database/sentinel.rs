//! Sentinels: those that decide for Redis and Valkey, by a majority, who is written to.

use serde_json::Value;

use super::engine::{SENTINEL, by_image};
use super::program::Program;
use super::release::Release;
use super::set::Set;
use crate::inventory::lenient::list;
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

/// Whether the pods of a workload are Sentinels and no database.
pub(super) fn is_sentinel(set: &Set<'_>, engine: Option<&str>) -> bool {
    engine == Some(SENTINEL) || (runs_one(set) && !set.programs().iter().any(serves))
}

/// Whether a container is a server that holds data.
fn serves(program: &Program) -> bool {
    let name = &program.name;
    let called = WATCHED.iter().any(|it| name.contains(it)) && !name.contains("exporter");
    let runs = by_image(&program.image).is_some_and(is_watched);
    !program.sentinel && (called || runs || program.listens(6379))
}

/// Whether its pods run a Sentinel, beside a database or alone.
pub(super) fn runs_one(set: &Set<'_>) -> bool {
    set.programs().iter().any(|it| it.sentinel)
}

/// A Sentinel listens at its port, or is called so and runs what Sentinels are made of. Other
/// programs of that name exist, and clients name theirs in their arguments.
pub(super) fn is_one(program: &Program, container: &Value) -> bool {
    let image = by_image(&program.image);
    let made_of =
        program.image.is_empty() || image.is_some_and(|it| it == SENTINEL || is_watched(it));
    let starts = || starting(container).next().is_some();
    let called = program.name.contains("sentinel") || image == Some(SENTINEL);
    program.listens(PORT) || (made_of && (called || starts()))
}

/// The words in the command of a container that start a Sentinel.
pub(super) fn starting(container: &Value) -> impl Iterator<Item = &str> {
    let command = list(container, "/command").iter();
    let words = command
        .chain(list(container, "/args"))
        .filter_map(Value::as_str);
    let words = words.flat_map(str::split_whitespace);
    words.filter(|word| COMMANDS.iter().any(|it| word.ends_with(it)))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory::words::Words;

    fn is_sentinel(container: &Value) -> bool {
        Program::read(container, &mut Words::default()).sentinel
    }

    #[test]
    fn a_client_of_a_sentinel_is_none() {
        let rows = [
            (json!({"ports": [{"containerPort": 26379}]}), true),
            (json!({"name": "sentinel"}), true),
            (json!({"image": "bitnami/redis-sentinel:8.0"}), true),
            (
                json!({"image": "redis:8", "args": ["sh", "-c", "exec redis-sentinel /s.conf"]}),
                true,
            ),
            (
                json!({"image": "redis:8", "args": ["/r.conf", "--sentinel"]}),
                true,
            ),
            (json!({"image": "redis:8"}), false),
            (
                json!({"name": "sentinel", "image": "flow/sentinel-dashboard:1.8"}),
                false,
            ),
            (
                json!({"image": "web:1", "args": ["--redis", "redis-sentinel:26379"]}),
                false,
            ),
            (json!({"image": "web:1", "args": ["--sentinel"]}), false),
        ];
        for (container, expected) in rows {
            assert_eq!(is_sentinel(&container), expected, "{container}");
        }
    }

    #[test]
    fn more_than_half_of_them_promote() {
        for (healthy, size, stand) in [(2, 3, true), (1, 3, false), (1, 2, false), (0, 0, false)] {
            let sentinels = Sentinels { healthy, size };
            assert_eq!(sentinels.stand(), stand, "{sentinels:?}");
            assert_eq!(sentinels.too_few().is_none(), stand);
        }
    }
}
