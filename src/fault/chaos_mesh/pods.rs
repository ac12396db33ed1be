//! The kinds of Chaos Mesh that do one thing to the pods they select.

use std::time::Duration;

use super::kinds::action;
use super::site::{Found, Harm, Site, delay_at, duration_at};
use crate::fault::experiment::EXTREME_DELAY;
use crate::fault::{Action, Effect, Intensity, Unreadable};

/// What the author of an action should know, and the field it is about.
const NOTES: &[(Action, &str, &str)] = &[
    (
        Action::BlockDelay,
        "volumeName",
        "the delay acts on the node's block device: other pods with a volume there are slowed too",
    ),
    (
        Action::KernelFault,
        "failKernRequest",
        "Chaos Mesh 2.8 appears to fail at this injection and to retry it; judged as if it worked",
    ),
];

/// Reads any of these kinds: the table of actions says what it does, this what is particular.
pub(super) fn read(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let row = action(site)?;
    if row.action == Action::ContainerKill {
        require_containers(site)?;
    }
    let latency = latency(site)?;
    let fatal = fills_memory(site) || latency.is_some_and(|latency| latency >= EXTREME_DELAY);
    let least = if fatal { Effect::Down } else { row.effect };
    let harm = Harm {
        action: row.action,
        effect: row.effect.max(least),
        intensity: Intensity {
            latency,
            grace: grace(site, row.action)?,
            ..Intensity::default()
        },
        one_shot: row.one_shot,
    };
    for (_, field, message) in NOTES.iter().filter(|(action, _, _)| *action == row.action) {
        found.note(site.spec.get(field).path(), *message);
    }
    found.hit(site, harm, site.pods()?);
    Ok(())
}

fn require_containers(site: &Site<'_>) -> Result<(), Unreadable> {
    let field = site.spec.get("containerNames");
    let names = field.texts()?.unwrap_or_default();
    if names.is_empty() {
        return Err(field.unreadable("the names of the containers to kill"));
    }
    Ok(())
}

/// The time a killed pod has to stop: none, unless it is given one.
fn grace(site: &Site<'_>, action: Action) -> Result<Option<Duration>, Unreadable> {
    if action != Action::PodKill {
        return Ok(None);
    }
    let seconds = site.spec.get("gracePeriod").integer()?.unwrap_or(0);
    Ok(Some(Duration::from_secs(
        u64::try_from(seconds).unwrap_or(0),
    )))
}

/// The delay each kind adds, wherever it writes it.
fn latency(site: &Site<'_>) -> Result<Option<Duration>, Unreadable> {
    match site.kind.name {
        "IOChaos" | "HTTPChaos" => duration_at(&site.spec.get("delay")),
        "BlockChaos" => delay_at(&site.spec.get("delay")),
        "JVMChaos" => {
            let milliseconds = site.spec.get("latency").integer()?;
            Ok(milliseconds.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))))
        }
        _ => Ok(None),
    }
}

/// Filling the memory of a Java machine gets it killed.
fn fills_memory(site: &Site<'_>) -> bool {
    site.kind.name == "JVMChaos" && site.spec.get("memType").is_set()
}
