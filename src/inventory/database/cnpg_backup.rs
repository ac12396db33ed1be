//! What CloudNativePG tells of backups: objects of its own, its resource, the stores of plugins.

use jiff::Timestamp;
use serde_json::Value;

use super::Evidence;
use super::backup::{Records, Success, newest};
use crate::inventory::Backup;
use crate::inventory::kinds::{CNPG_BACKUP, CNPG_SCHEDULE, OBJECT_STORE};
use crate::inventory::lenient::{condition, instant, is_set, list, text, truth};
use crate::object::Object;

pub(super) const BACKUPS: Records = Records {
    kind: CNPG_BACKUP,
    of: "/spec/cluster/name",
    state: "/status/phase",
    succeeded: "completed",
    failed: &["failed", "invalid backup definition"],
    at: "/status/stoppedAt",
};

pub(super) const ARCHIVING: &str = "ContinuousArchiving";

/// Where the operator itself keeps backups and the log, without a plugin.
pub(super) const IN_TREE: &str = "/spec/backup/barmanObjectStore";

/// Whether it is told to archive its write-ahead log.
fn archives(evidence: &Evidence<'_>) -> bool {
    let resource = evidence.value();
    let plugins = list(resource, "/spec/plugins").iter();
    let mut archivers = plugins.filter(|it| enabled(it) && truth(it, "/isWALArchiver"));
    let told = archivers.next().is_some() || is_set(resource, IN_TREE);
    told && evidence.annotation("cnpg.io/skipWalArchiving") != "enabled"
}

/// Whether a plugin is switched on, as it is where nothing is said.
pub(super) fn enabled(plugin: &Value) -> bool {
    plugin.pointer("/enabled") != Some(&Value::Bool(false))
}

pub(super) fn point_in_time(evidence: &Evidence<'_>) -> Option<bool> {
    let resource = evidence.resource?.value();
    if !archives(evidence) {
        return Some(false);
    }
    condition(resource, ARCHIVING).map(|status| status == "True")
}

/// The newest backup, which is of use only with the log that was written meanwhile.
pub(super) fn backup(evidence: &Evidence<'_>) -> Backup {
    let resource = evidence.value();
    let mut backups = BACKUPS.successes(evidence);
    // Of backups by a plugin the status says nothing; what it says is then of earlier ones.
    let in_tree = is_set(resource, IN_TREE);
    let reported = instant(resource, "/status/lastSuccessfulBackup").filter(|_| in_tree);
    let reported = reported.into_iter().chain(stored(evidence));
    backups.extend(reported.map(|at| Success {
        what: format!("Cluster {}", evidence.name),
        at: Some(at),
    }));
    let newest = newest(evidence, &backups, &[]);
    let archived = condition(resource, ARCHIVING) == Some("True") || !archives(evidence);
    match newest {
        Backup::At(_) if !archived => {
            Backup::Unknown("the write-ahead log it needs is not known to be archived".to_owned())
        }
        Backup::At(_) | Backup::Never | Backup::Unknown(_) => newest,
    }
}

/// What the object stores of its plugins say of its newest backup.
fn stored(evidence: &Evidence<'_>) -> Vec<Timestamp> {
    let plugins = list(evidence.value(), "/spec/plugins").iter();
    let stored = |plugin: &Value| {
        let store = text(plugin, "/parameters/barmanObjectName");
        let world = evidence.world;
        let store = world.find(OBJECT_STORE, evidence.namespace, store)?;
        let server = match text(plugin, "/parameters/serverName") {
            "" => evidence.name,
            name => name,
        };
        let windows = store.value().pointer("/status/serverRecoveryWindow")?;
        instant(windows.get(server)?, "/lastSuccessfulBackupTime")
    };
    plugins
        .filter(|it| enabled(it))
        .filter_map(stored)
        .collect()
}

pub(super) fn schedules(evidence: &Evidence<'_>) -> Vec<(String, Option<String>)> {
    let objects = evidence.naming(CNPG_SCHEDULE, "/spec/cluster/name");
    let running = objects.filter(|it| !truth(it.value(), "/spec/suspend"));
    let schedule = |it: &Object| (five_fields(text(it.value(), "/spec/schedule")), None);
    running.map(schedule).collect()
}

/// CloudNativePG puts seconds first, and lets the day of the week be left out: `0 2 * * *` is the
/// second minute of every hour.
fn five_fields(schedule: &str) -> String {
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    let plain = |second: &str| second.parse::<u32>().is_ok();
    match *fields.as_slice() {
        [second, minute, hour, day, month] if plain(second) => {
            format!("{minute} {hour} {day} {month} *")
        }
        [second, minute, hour, day, month, weekday] if plain(second) => {
            format!("{minute} {hour} {day} {month} {weekday}")
        }
        // Five fields that mean something else must not be read as five fields.
        [_, _, _, _, _] => format!("{schedule} *"),
        _ => schedule.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_dropped_and_five_fields_are_read_as_the_operator_does() {
        assert_eq!(five_fields("0 0 2 * * *"), "0 2 * * *");
        assert_eq!(five_fields("0 0 1 * * 0"), "0 1 * * 0");
        assert_eq!(five_fields("0 2 * * *"), "2 * * * *");
        assert_eq!(five_fields("*/5 0 2 * * *"), "*/5 0 2 * * *");
        assert_eq!(five_fields("*/5 0 2 * *"), "*/5 0 2 * * *");
        assert_eq!(five_fields("@daily"), "@daily");
    }
}
