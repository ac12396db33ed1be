//! Programs that load the node they run on.

use std::time::Duration;

use super::script::simple_commands;
use super::{Program, own_namespace};
use crate::fault::{
    Action, Aim, Effect, Fault, Intensity, Lifetime, Listing, Mode, Namespaces, NodeQuery,
    NodeTarget, Overlap, PodQuery, Selection, Unreadable,
};
use crate::object::Field;
use crate::selector::LabelSelector;

/// Programs, and images of that name, whose only purpose is load.
const STRESSORS: &[&str] = &["stress-ng", "stress", "fio", "sysbench"];

/// What a program loads, by its options.
struct Load {
    options: &'static [&'static str],
    /// The option that says how much.
    amount: &'static str,
    effect: Effect,
    set: fn(&mut Intensity, u32),
}

const LOADS: &[Load] = &[
    Load {
        options: &["--cpu", "-c", "--matrix", "--all", "--sequential"],
        amount: "--cpu-load",
        effect: Effect::Degraded,
        set: |intensity, percent| intensity.cpu_percent = Some(percent),
    },
    Load {
        options: &[
            "--vm",
            "-m",
            "--bigheap",
            "--brk",
            "--malloc",
            "--all",
            "--sequential",
        ],
        amount: "--vm-bytes",
        effect: Effect::Down,
        set: |intensity, percent| intensity.memory_percent = Some(percent),
    },
    Load {
        options: &[
            "--hdd",
            "-d",
            "--io",
            "-i",
            "--iomix",
            "--fallocate",
            "--all",
            "--sequential",
        ],
        amount: "--hdd-bytes",
        effect: Effect::Down,
        set: |intensity, percent| intensity.disk_fill_percent = Some(percent),
    },
];

const TIMEOUTS: &[&str] = &["--timeout", "-t"];

/// Units of a time limit, in seconds.
const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("s", 1),
    ("m", 60),
    ("h", 3_600),
    ("d", 86_400),
    ("w", 604_800),
    ("y", 31_556_926),
];

/// The loads that a container makes; none where it runs something else.
pub(super) fn read(program: &Program<'_>, container: &Field<'_>) -> Result<Vec<Fault>, Unreadable> {
    let Some(words) = stressing(container) else {
        return Ok(Vec::new());
    };
    let found: Vec<&Load> = LOADS.iter().filter(|load| load.is_asked(&words)).collect();
    // Options that nobody knows may load anything.
    let loads = if found.is_empty() {
        LOADS.iter().collect()
    } else {
        found
    };
    let lifetime = lifetime(program, &words)?;
    let target = nodes(program)?;
    let fault = |load: &Load| {
        let mut intensity = Intensity::default();
        (load.set)(&mut intensity, load.percent(&words));
        Fault {
            action: Action::NodeStress,
            effect: load.effect,
            aim: Aim::Nodes(target.clone()),
            lifetime,
            overlap: Overlap::AtMost(1),
            intensity,
            field: container.path().to_owned(),
            duration_field: deadline(program).path().to_owned(),
            later: program.job.is_some(),
        }
    };
    Ok(loads.into_iter().map(fault).collect())
}

/// The words behind the program, where it is one that makes load.
fn stressing(container: &Field<'_>) -> Option<Vec<String>> {
    let is_stressor = |name: &str| {
        let bare = name.rsplit('/').next().unwrap_or_default();
        STRESSORS.contains(&bare)
    };
    let commands = simple_commands(container).unwrap_or_default();
    let called = commands
        .iter()
        .find(|words| words.first().is_some_and(|word| is_stressor(word)));
    if let Some(words) = called {
        return Some(words.clone());
    }
    let image = container
        .get("image")
        .text()
        .ok()
        .flatten()
        .unwrap_or_default();
    let untagged = image.split('@').next().unwrap_or_default();
    let name = untagged.rsplit('/').next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default();
    let words = || {
        container
            .get("args")
            .texts()
            .ok()
            .flatten()
            .unwrap_or_default()
    };
    is_stressor(name).then(words)
}

/// The value of an option, as `--name value` or `--name=value`.
fn option<'a>(words: &'a [String], names: &[&str]) -> Option<&'a str> {
    words
        .iter()
        .enumerate()
        .find_map(|(index, word)| match word.split_once('=') {
            Some((name, value)) if names.contains(&name) => Some(value),
            _ if names.contains(&word.as_str()) => {
                words.get(index.saturating_add(1)).map(String::as_str)
            }
            _ => None,
        })
}

impl Load {
    fn is_asked(&self, words: &[String]) -> bool {
        words.iter().any(|word| {
            let name = word.split('=').next().unwrap_or_default();
            self.options.contains(&name) || name == self.amount
        })
    }

    /// The percentage that is asked for. An amount without a percentage may be all there is.
    fn percent(&self, words: &[String]) -> u32 {
        let text = option(words, &[self.amount]);
        let number = |text: &str| text.trim_end_matches('%').parse::<u32>().ok();
        let relative = |text: &&str| text.ends_with('%') || self.amount == "--cpu-load";
        text.filter(relative).and_then(number).unwrap_or(100)
    }
}

/// Where a deadline for the whole stands.
fn deadline<'a>(program: &Program<'a>) -> Field<'a> {
    let holder = program.job.as_ref().unwrap_or(&program.pod);
    holder.get("activeDeadlineSeconds")
}

/// The deadline of the whole, or the program's own limit as often as it runs.
fn lifetime(program: &Program<'_>, words: &[String]) -> Result<Lifetime, Unreadable> {
    let own = option(words, TIMEOUTS).and_then(seconds);
    let whole = deadline(program)
        .integer()?
        .and_then(|n| u64::try_from(n).ok());
    let again = match &program.job {
        None => Some(1),
        Some(job) => rounds(job)?,
    };
    let limited = own
        .zip(again)
        .map(|(own, rounds)| own.saturating_mul(rounds));
    // A Pod that starts its containers anew has no other end than its deadline.
    let restarts = program.job.is_none()
        && program.pod.get("restartPolicy").text()?.unwrap_or("Always") == "Always";
    let limits = [whole, limited.filter(|_| !restarts)];
    let least = limits.into_iter().flatten().min();
    Ok(least.map_or(Lifetime::Forever, |seconds| {
        Lifetime::For(Duration::from_secs(seconds))
    }))
}

/// How often the program may run one after the other. A retry is one more.
fn rounds(job: &Field<'_>) -> Result<Option<u64>, Unreadable> {
    let count = |name: &str, default: u64| {
        let number = job.get(name).integer()?;
        Ok(number.map_or(default, |number| u64::try_from(number).unwrap_or(0)))
    };
    let completions = count("completions", 1)?;
    let retries = count("backoffLimit", 6)?;
    Ok(completions.checked_add(retries))
}

fn seconds(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    // 0 means no limit.
    number.checked_mul(*factor).filter(|seconds| *seconds > 0)
}

/// The nodes that the pods may be placed on.
fn nodes(program: &Program<'_>) -> Result<NodeTarget, Unreadable> {
    let pod = &program.pod;
    let name = pod.get("nodeName");
    let nodes = match name.text()? {
        Some(name) if !name.is_empty() => Some(NodeQuery {
            names: vec![name.to_owned()],
            labels: None,
            ..NodeQuery::default()
        }),
        _ => pod.get("nodeSelector").text_map()?.map(|labels| NodeQuery {
            names: Vec::new(),
            labels: Some(LabelSelector::equalities(&labels)),
            ..NodeQuery::default()
        }),
    };
    let parallel = match &program.job {
        None => Some(1),
        Some(job) => job.get("parallelism").integer()?,
    };
    Ok(NodeTarget {
        nodes,
        hosting: hosting(program)?,
        mode: Mode::Fixed(
            parallel
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or(1)
                .max(1),
        ),
        field: name.path().to_owned(),
    })
}

/// The pods beside which the scheduler has to place these.
fn hosting(program: &Program<'_>) -> Result<Option<Selection>, Unreadable> {
    let affinity = program.pod.get("affinity").get("podAffinity");
    let terms = affinity
        .get("requiredDuringSchedulingIgnoredDuringExecution")
        .items()?;
    for term in terms {
        if term.get("topologyKey").text()? != Some("kubernetes.io/hostname") {
            continue;
        }
        let listed = term.get("namespaces").texts()?.unwrap_or_default();
        let namespaces = match (term.get("namespaceSelector").is_set(), listed.is_empty()) {
            (true, _) => Namespaces::All,
            (false, true) => own_namespace(program.namespace),
            (false, false) => Namespaces::Named(listed),
        };
        let query = PodQuery {
            namespaces,
            labels: LabelSelector::read(&term.get("labelSelector"))?,
            ..PodQuery::default()
        };
        return Ok(Some(Selection {
            queries: vec![query],
            list: Listing::WithRepeats,
        }));
    }
    Ok(None)
}
