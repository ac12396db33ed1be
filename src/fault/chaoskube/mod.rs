//! chaoskube: a program that deletes pods at random, every few minutes, for as long as it runs.
//!
//! Its flags are all it has. Unless one of them arms it, it only says what it would do. It reduces
//! the pods to one of each owner, and draws from those. Filters by name, age and time are not
//! followed: whatever else matches may be hit.

mod flags;

use std::time::Duration;

use super::rhythm::Rhythm;
use super::workload::{experiment, image, running};
use super::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Listing, Mode, Namespaces, Note,
    Overlap, OwnerQuery, PodQuery, Reading, Recurrence, Selection, Sets, Surroundings, Target,
    Tool, Unreadable,
};
use crate::calendar::{format_duration, parse_duration};
use crate::object::Object;
use crate::selector::{LabelSelector, Operator, Requirement};
use crate::selector_text;
use flags::Flags;

/// The name of its program and of its image.
const PROGRAM: &str = "chaoskube";

/// The time between two kills where no flag says it.
const INTERVAL: Duration = Duration::from_mins(10);

/// The label of every namespace that holds its name.
const NAMESPACE: &str = "kubernetes.io/metadata.name";

/// Filters that cannot be bounded.
const UNFOLLOWED: &[&str] = &["included-pod-names", "excluded-pod-names", "minimum-age"];

/// Reads the containers of a workload that run it.
pub(super) fn read(object: &Object, _: &Surroundings) -> Reading {
    let Some(template) = running(object) else {
        return Ok(None);
    };
    let mut found: Option<Experiment> = None;
    for container in template.get("spec").get("containers").items()? {
        let Some(flags) = Flags::of(&container, PROGRAM, image(&container) == PROGRAM)? else {
            continue;
        };
        let one = armed(object, &flags)?;
        found = match (found, one) {
            (Some(one), Some(other)) => Some(super::workload::join(one, other)),
            (one, other) => one.or(other),
        };
    }
    Ok(found)
}

/// What it does with these flags; `None` where it only says it.
fn armed(object: &Object, flags: &Flags) -> Result<Option<Experiment>, Unreadable> {
    if flags.is_on("dry-run", true) {
        return Ok(None);
    }
    flags.settled()?;
    let interval = interval(flags)?;
    let mut fault = kill(flags)?;
    let rhythm = Rhythm {
        gap: interval,
        allows_overlap: true,
    };
    rhythm.stack(std::slice::from_mut(&mut fault));
    fault.overlap = times(fault.overlap, programs(object)?);
    let note = |message: String| Note {
        field: flags.path("dry-run"),
        message,
    };
    let unfollowed = UNFOLLOWED.iter().filter(|name| flags.text(name).is_some());
    let ignored =
        |name: &&str| format!("--{name} is not followed: pods that it spares count as well");
    let hard = flags
        .text("grace-period")
        .is_some_and(|it| it == "0s" || it == "0");
    let hard = hard.then(|| "with a grace period of 0 nothing is shut down in order".to_owned());
    Ok(Some(Experiment {
        schedule: Some(Recurrence {
            schedules: vec![format!("@every {}", format_duration(interval))],
            field: flags.path("interval"),
            time_zone: None,
            shortest_gap: interval,
        }),
        notes: unfollowed.map(ignored).chain(hard).map(note).collect(),
        ..experiment(object, Tool::Chaoskube, vec![fault])
    }))
}

fn interval(flags: &Flags) -> Result<Duration, Unreadable> {
    let Some(text) = flags.text("interval") else {
        return Ok(INTERVAL);
    };
    let interval = parse_duration(text).ok().filter(|it| !it.is_zero());
    interval.ok_or_else(|| flags.unreadable("interval", "a duration such as 10m"))
}

/// How many programs do the same side by side; `None` where nothing bounds them.
fn programs(object: &Object) -> Result<Option<u32>, Unreadable> {
    let spec = object.spec();
    let copies = match object.reference().kind.as_str() {
        "DaemonSet" | "CronJob" => return Ok(None),
        "Job" => spec.get("parallelism"),
        "Pod" => return Ok(Some(1)),
        _ => spec.get("replicas"),
    };
    let copies = copies.integer()?.unwrap_or(1).max(1);
    Ok(u32::try_from(copies).ok())
}

fn times(overlap: Overlap, programs: Option<u32>) -> Overlap {
    match (overlap, programs) {
        (Overlap::AtMost(draws), Some(programs)) => Overlap::AtMost(draws.saturating_mul(programs)),
        (Overlap::Unbounded, _) | (_, None) => Overlap::Unbounded,
    }
}

fn kill(flags: &Flags) -> Result<Fault, Unreadable> {
    let most = match flags.text("max-kill") {
        None => 1,
        Some(text) => {
            let most = text.parse::<u32>().ok();
            most.ok_or_else(|| flags.unreadable("max-kill", "a whole number"))?
        }
    };
    let labels = flags.path("labels");
    let target = Target {
        selection: Selection {
            queries: queries(flags)?,
            list: Listing::WithRepeats,
        },
        mode: Mode::One,
        mode_field: flags.path("max-kill"),
        value_field: flags.path("max-kill"),
        selector_field: labels.clone(),
    };
    Ok(Fault {
        action: Action::PodKill,
        effect: Effect::Down,
        aim: Aim::Each {
            target,
            sets: Sets::Owners,
            most,
        },
        lifetime: Lifetime::Instant,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: labels,
        duration_field: flags.path("interval"),
        later: true,
    })
}

/// One query for each kind of owner that is asked for.
fn queries(flags: &Flags) -> Result<Vec<PodQuery>, Unreadable> {
    let (kinds, spared) = listed(flags, "kinds");
    let all = PodQuery {
        namespaces: namespaces(flags)?,
        labels: selector(flags, "labels")?,
        annotations: selector(flags, "annotations")?,
        not_owned_by: spared.iter().flat_map(|kind| owners(kind)).collect(),
        ..PodQuery::default()
    };
    if kinds.is_empty() {
        return Ok(vec![all]);
    }
    let kinds = kinds.iter().flat_map(|kind| owners(kind));
    let of = |kind| PodQuery {
        owner: Some(OwnerQuery {
            kind,
            names: None,
            scaled: None,
        }),
        ..all.clone()
    };
    Ok(kinds.map(of).collect())
}

/// The kinds of owner that stand for a kind of controller: what a ReplicaSet owns is taken to be of
/// its Deployment, where it has one.
fn owners(kind: &str) -> Vec<String> {
    let kind = kind.to_lowercase();
    if kind == "replicaset" {
        vec![kind, "deployment".to_owned()]
    } else {
        vec![kind]
    }
}

/// What a flag lists, and what it spares by a `!` in front.
fn listed(flags: &Flags, name: &str) -> (Vec<String>, Vec<String>) {
    let parts = flags.text(name).unwrap_or_default().split(',');
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    let (spared, listed): (Vec<&str>, Vec<&str>) = parts.partition(|part| part.starts_with('!'));
    let bare = |part: &str| part.trim_start_matches('!').trim().to_owned();
    let bare = |parts: Vec<&str>| parts.into_iter().map(bare).collect();
    (bare(listed), bare(spared))
}

/// In which namespaces: one that its client is confined to, those listed, those of some labels.
fn namespaces(flags: &Flags) -> Result<Namespaces, Unreadable> {
    if let Some(only) = flags.text("client-namespace-scope") {
        return Ok(Namespaces::Named(vec![only.to_owned()]));
    }
    let mut labels = selector(flags, "namespace-labels")?;
    let (listed, spared) = listed(flags, "namespaces");
    if labels.is_empty() && spared.is_empty() {
        return Ok(if listed.is_empty() {
            Namespaces::All
        } else {
            Namespaces::Named(listed)
        });
    }
    let mut by_name = |operator, values: Vec<String>| {
        if !values.is_empty() {
            labels.requirements.push(Requirement {
                key: NAMESPACE.to_owned(),
                operator,
                values,
            });
        }
    };
    by_name(Operator::In, listed);
    by_name(Operator::NotIn, spared);
    Ok(Namespaces::Labelled(labels))
}

fn selector(flags: &Flags, name: &str) -> Result<LabelSelector, Unreadable> {
    let parsed = selector_text::parse(flags.text(name).unwrap_or_default());
    parsed.map_err(|_| flags.unreadable(name, "a label selector"))
}
