//! Patroni: a leader that a label tells, followers that it promotes, replication that may wait.

use serde_json::Value;

use super::evidence::Evidence;
use crate::inventory::lenient::{count, text, truth};
use crate::inventory::{Pod, PodId, Quorum, Writer};

/// What role labels call the leader: Patroni until version 4, Patroni since, and that of a cluster
/// which follows another one. Operators pin the old word.
const LEADERS: &[&str] = &["master", "primary", "standby_leader"];
/// What they call a member that follows the leader and runs.
const FOLLOWERS: &[&str] = &["replica", "sync_standby", "quorum_standby"];

/// Where a member tells how it is, in JSON.
const STATUS: &str = "status";

/// The leader by its label; right after a failover it may be two.
pub(super) fn writer(evidence: &Evidence<'_>, label: &str) -> Writer {
    let leaders = evidence.those(|pod| leads(pod, label));
    if leaders.is_empty() {
        return Writer::Untold { probable: None };
    }
    Writer::Known(leaders)
}

/// Whether the label of a member calls it the leader.
pub(super) fn leads(pod: &Pod, label: &str) -> bool {
    LEADERS.contains(&pod.label(label))
}

/// Members that would be promoted: those that follow the leader, may be promoted, and only while
/// Patroni is not paused.
pub(super) fn standbys(evidence: &Evidence<'_>, label: &str) -> Vec<PodId> {
    if is_paused(evidence) {
        return Vec::new();
    }
    evidence.those(|pod| FOLLOWERS.contains(&pod.label(label)) && !is_kept_back(pod))
}

/// Why nothing would fail over although the pods run.
pub(super) fn unhealthy(evidence: &Evidence<'_>) -> Option<String> {
    let paused = is_paused(evidence);
    paused.then(|| "Patroni is paused, so nothing would fail over".to_owned())
}

fn is_paused(evidence: &Evidence<'_>) -> bool {
    let mut members = evidence.members();
    members.any(|(_, pod)| truth(&told(pod), "/pause"))
}

/// Whether a tag keeps a member from ever being promoted.
fn is_kept_back(pod: &Pod) -> bool {
    let told = told(pod);
    truth(&told, "/tags/nofailover") || count(&told, "/tags/failover_priority") == Some(0)
}

/// What a member tells of itself; null when it tells nothing.
fn told(pod: &Pod) -> Value {
    serde_json::from_str(pod.annotation(STATUS)).unwrap_or_default()
}

/// How many followers must stay, by the settings of Patroni and by the parameters of PostgreSQL.
pub(super) fn quorum(evidence: &Evidence<'_>, patroni: &str, parameters: &[&str]) -> Quorum {
    let resource = evidence.value();
    let by_names = parameters.iter().map(|at| named(resource, at));
    let needed = by_names.chain([by_mode(evidence, patroni)]).max();
    Quorum::Standbys(needed.unwrap_or(0))
}

/// Of synchronous followers nobody tells which they are, and only those are promoted: so many must
/// stay that one of them is. Strictly, commits wait until all of them confirm.
fn by_mode(evidence: &Evidence<'_>, patroni: &str) -> u32 {
    let Some(settings) = evidence.value().pointer(patroni) else {
        return 0;
    };
    if !is_on(settings, "/synchronous_mode") {
        return 0;
    }
    let confirming = count(settings, "/synchronous_node_count").map_or(1, |it| it.max(1));
    let followers = evidence.size.saturating_sub(1);
    let to_promote = followers.saturating_sub(confirming);
    let strict = is_on(settings, "/synchronous_mode_strict");
    if strict {
        to_promote.max(confirming)
    } else {
        to_promote
    }
}

/// Whether a setting is on; what is no word for off may be.
fn is_on(settings: &Value, pointer: &str) -> bool {
    const OFF: &[&str] = &["", "off", "false", "no", "0"];
    match settings.pointer(pointer) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(word)) => !OFF.contains(&word.to_lowercase().as_str()),
        Some(_) => true,
    }
}

/// How many followers confirm each commit by `synchronous_standby_names`: `ANY 2 (a, b, c)`,
/// `FIRST 2 (a, b)`, `2 (a, b)`, or names of which one does.
fn named(resource: &Value, parameters: &str) -> u32 {
    let parameters = resource.pointer(parameters).unwrap_or(&Value::Null);
    let names = text(parameters, "/synchronous_standby_names").trim();
    if names.is_empty() {
        return 0;
    }
    let listed = names.split_once('(').map_or("", |it| it.0);
    let number = listed.split_whitespace().last();
    number.and_then(|it| it.parse().ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_tell_how_many_confirm() {
        let confirming = |names: &str| {
            let resource = json!({"parameters": {"synchronous_standby_names": names}});
            named(&resource, "/parameters")
        };
        for (names, expected) in [
            ("", 0),
            (" ", 0),
            ("*", 1),
            ("a, b", 1),
            ("ANY 2 (a, b, c)", 2),
            ("first 3 (*)", 3),
            ("2(a,b)", 2),
            ("ANY 99999999999 (*)", 1),
        ] {
            assert_eq!(confirming(names), expected, "{names}");
        }
        assert_eq!(named(&json!({"parameters": 1}), "/parameters"), 0);
    }

    #[test]
    fn what_is_no_word_for_off_may_be_on() {
        let on = |value: Value| is_on(&json!({"mode": value}), "/mode");
        for off in [
            json!(null),
            json!(false),
            json!("off"),
            json!("False"),
            json!(""),
        ] {
            assert!(!on(off.clone()), "{off}");
        }
        for maybe in [json!(true), json!("quorum"), json!(1), json!([])] {
            assert!(on(maybe.clone()), "{maybe}");
        }
        assert!(!is_on(&json!({}), "/mode"));
    }
}
