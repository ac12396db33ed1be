//! Programs that load the node they run on.

use super::container::{commands, image, mentions, words};
use super::placement;
use super::program::Program;
use super::shell::Command;
use crate::fault::{Action, Aim, Effect, Fault, Intensity, Overlap, Unreadable};
use crate::object::Field;

/// Programs whose only purpose is load, with the options that limit their time.
const STRESSORS: &[(&str, &[&str])] = &[
    ("fio", &["--runtime"]),
    ("stress", &["--timeout", "-t"]),
    ("stress-ng", &["--timeout", "-t"]),
    ("sysbench", &["--time", "--max-time"]),
];

/// Those whose name is no word of another language.
const UNMISTAKABLE: &[&str] = &["stress-ng", "sysbench"];

/// What a program loads, by its options.
struct Load {
    options: &'static [&'static str],
    /// The option that says how much.
    amount: &'static str,
    effect: Effect,
    /// A limit on this resource leaves the neighbours theirs.
    resource: &'static str,
    set: fn(&mut Intensity, u32),
}

const LOADS: &[Load] = &[
    Load {
        options: &["--cpu", "-c", "--matrix", "--all", "--sequential"],
        amount: "--cpu-load",
        effect: Effect::Degraded,
        resource: "cpu",
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
        resource: "memory",
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
        resource: "ephemeral-storage",
        set: |intensity, percent| intensity.disk_fill_percent = Some(percent),
    },
];

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
    let Some(command) = stressing(container) else {
        return Ok(Vec::new());
    };
    loads(program, container, &command)
}

/// The loads that a command makes.
pub(super) fn loads(
    program: &Program<'_>,
    container: &Field<'_>,
    command: &Command,
) -> Result<Vec<Fault>, Unreadable> {
    let words = &command.words;
    let found: Vec<&Load> = LOADS.iter().filter(|load| load.is_asked(words)).collect();
    // Options that nobody knows may load anything.
    let loads = if found.is_empty() {
        LOADS.iter().collect()
    } else {
        found
    };
    let lifetime = program.lifetime(limit(command))?;
    let target = placement::nodes(program)?;
    let fault = |load: &Load| {
        let mut intensity = Intensity::default();
        (load.set)(&mut intensity, load.percent(words));
        let bounded = program.is_bounded(container, load.resource);
        Fault {
            action: Action::NodeStress,
            // What takes more than its limit goes down itself, and its neighbours are slowed.
            effect: if bounded {
                Effect::Degraded
            } else {
                load.effect
            },
            aim: Aim::Nodes(target.clone()),
            lifetime,
            overlap: Overlap::AtMost(1),
            intensity,
            field: container.path().to_owned(),
            duration_field: program.deadline().path().to_owned(),
            later: program.job.is_some(),
        }
    };
    Ok(loads.into_iter().map(fault).collect())
}

/// The command, where it is one that makes load.
fn stressing(container: &Field<'_>) -> Option<Command> {
    let told = commands(container);
    let called = told.iter().flatten().find(|it| is_stressor(it.program()));
    if let Some(command) = called {
        return Some(command.clone());
    }
    if of_image(image(container)) {
        return Some(Command {
            words: words(container),
            ..Command::default()
        });
    }
    // It runs, and how cannot be told.
    let untold = told.is_none() && mentions(container, UNMISTAKABLE);
    untold.then(Command::default)
}

/// Whether a program makes load and nothing else.
pub(super) fn is_stressor(program: &str) -> bool {
    STRESSORS.iter().any(|row| row.0 == program)
}

/// Whether an image is of such a program: named like it, or ending so.
fn of_image(image: &str) -> bool {
    let ends = |name: &str| image.strip_suffix(name).is_some_and(|it| it.ends_with('-'));
    STRESSORS.iter().any(|row| image == row.0 || ends(row.0))
}

/// The limit that the command sets itself, in seconds.
fn limit(command: &Command) -> Option<u64> {
    let row = STRESSORS.iter().find(|row| row.0 == command.program());
    // An image says what it runs by its name alone.
    let options = row.map_or(STRESSORS[2].1, |row| row.1);
    let own = option(&command.words, options).and_then(seconds);
    let outer = command.limit.as_deref().and_then(seconds);
    [own, outer].into_iter().flatten().min()
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

pub(super) fn seconds(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    // 0 means no limit.
    number.checked_mul(*factor).filter(|seconds| *seconds > 0)
}
