//! pgBackRest, as the operators of PostgreSQL run it and tell of it.

use serde_json::Value;

use super::backup::Success;
use super::evidence::Evidence;
use crate::inventory::lenient::{count, instant, list, text, truth};

const SCHEDULES: [&str; 3] = ["full", "differential", "incremental"];

/// Whether there is a repository. Without one the write-ahead log is thrown away.
pub(super) fn has_repository(resource: &Value) -> bool {
    !list(resource, "/spec/backups/pgbackrest/repos").is_empty()
}

/// The schedules of every repository.
pub(super) fn schedules(resource: &Value) -> Vec<(String, Option<String>)> {
    let repositories = list(resource, "/spec/backups/pgbackrest/repos").iter();
    let of_one = |it| SCHEDULES.map(|kind| text(it, &format!("/schedules/{kind}")).to_owned());
    let all = repositories.flat_map(of_one).filter(|it| !it.is_empty());
    all.map(|schedule| (schedule, None)).collect()
}

/// Every job that the status tells of, and what it is called.
fn jobs<'e>(evidence: &Evidence<'e>) -> Vec<(String, &'e Value)> {
    let status = "/status/pgbackrest";
    let scheduled = list(evidence.value(), &format!("{status}/scheduledBackups"));
    let name = |it| format!("scheduled backup {}", text(it, "/cronJobName"));
    let mut jobs: Vec<(String, &Value)> = scheduled.iter().map(|it| (name(it), it)).collect();
    let manual = evidence.value().pointer(&format!("{status}/manualBackup"));
    jobs.extend(manual.map(|it| (format!("manual backup {}", text(it, "/id")), it)));
    jobs
}

fn restore<'e>(evidence: &Evidence<'e>) -> Option<(String, &'e Value)> {
    let restore = evidence.value().pointer("/status/pgbackrest/restore")?;
    Some((format!("restore {}", text(restore, "/id")), restore))
}

/// The backups that the status tells of. The one that replicas are made from has no time.
pub(super) fn backups(evidence: &Evidence<'_>) -> Vec<Success> {
    let repositories = list(evidence.value(), "/status/pgbackrest/repos").iter();
    let initial = repositories.filter(|it| truth(it, "/replicaCreateBackupComplete"));
    let initial = initial.map(|it| Success {
        what: format!("the first backup in {}", text(it, "/name")),
        at: None,
    });
    let finished = jobs(evidence).into_iter().filter_map(success);
    finished.chain(initial).collect()
}

/// The restore that the status tells of, where it succeeded.
pub(super) fn restores(evidence: &Evidence<'_>) -> Vec<Success> {
    restore(evidence).and_then(success).into_iter().collect()
}

fn success((what, job): (String, &Value)) -> Option<Success> {
    let number = |field| count(job, field).unwrap_or(0);
    let succeeded = number("/succeeded") > 0 && number("/failed") == 0;
    succeeded.then(|| Success {
        what,
        at: instant(job, "/completionTime"),
    })
}

/// A restore or a backup that the status says is under way.
pub(super) fn running(evidence: &Evidence<'_>) -> Option<String> {
    let begun = |job: &Value| {
        let unfinished = job.pointer("/finished") == Some(&Value::Bool(false));
        unfinished || count(job, "/active").unwrap_or(0) > 0
    };
    let all = restore(evidence).into_iter().chain(jobs(evidence));
    let mut running = all.filter(|(_, job)| begun(job));
    running.next().map(|(what, _)| format!("{what} is running"))
}

/// Whether the log reaches a repository, as far as the status tells.
pub(super) fn archives(evidence: &Evidence<'_>) -> Option<bool> {
    if !has_repository(evidence.resource?.value()) {
        return Some(false);
    }
    let repositories = list(evidence.value(), "/status/pgbackrest/repos").iter();
    let mut created = repositories.filter(|it| truth(it, "/stanzaCreated"));
    created.next().map(|_| true)
}
