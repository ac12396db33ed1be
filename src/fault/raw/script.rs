//! Shell scripts, as far as they can be told from their text: commands without variables, loops and
//! patterns. What cannot be told may do anything.

use super::{all_of, own_namespace};
use crate::fault::{Action, Aim, Effect, Fault, Intensity, Lifetime, Overlap, PodQuery, Target};
use crate::object::Field;
use crate::selector::LabelSelector;
use crate::selector_text;

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh"];

/// The program by which Argo starts those of its templates.
const LAUNCHER: &str = "argoexec";

/// Programs that hurt nothing, whatever their words.
const HARMLESS: &[&str] = &["echo", "sleep", "date", "true", "set"];

/// Commands of kubectl that only look.
const LOOKING: &[&str] = &["get", "describe", "wait", "logs", "top", "version"];

/// Characters that make a shell do more than run the words that stand there.
const LIVE: &[char] = &[
    '$', '`', '(', ')', '{', '}', '<', '>', '*', '?', '[', ']', '\\',
];

/// The flags of `kubectl delete` that do not choose what is deleted.
const DELETE_FLAGS: &[&str] = &[
    "--force",
    "--now",
    "--wait",
    "--ignore-not-found",
    "--grace-period",
    "--timeout",
];

/// What a container of the author's choice does.
pub(super) fn read(namespace: &str, container: &Field<'_>) -> Vec<Fault> {
    let commands = simple_commands(container);
    let deletions: Option<Vec<Vec<Target>>> = commands
        .map(|commands| {
            let each = |command: &Vec<String>| deletion(namespace, command, container.path());
            commands.iter().map(each).collect()
        })
        .unwrap_or_default();
    let Some(targets) = deletions else {
        let what = "what this program does cannot be told from the object, so it may do anything the service account may";
        let aim = Aim::Unknown(what.to_owned());
        return vec![fault(container, Action::ArbitraryCode, aim)];
    };
    let kill = |target| fault(container, Action::PodKill, Aim::Pods(target));
    targets.into_iter().flatten().map(kill).collect()
}

fn fault(container: &Field<'_>, action: Action, aim: Aim) -> Fault {
    let kills = action == Action::PodKill;
    Fault {
        action,
        effect: if kills {
            Effect::Down
        } else {
            Effect::Corrupting
        },
        aim,
        lifetime: if kills {
            Lifetime::Instant
        } else {
            Lifetime::Forever
        },
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: container.path().to_owned(),
        duration_field: container.path().to_owned(),
        later: true,
    }
}

/// The commands that a container runs, word by word; `None` where its text does not tell.
pub(super) fn simple_commands(container: &Field<'_>) -> Option<Vec<Vec<String>>> {
    let mut words = container.get("command").texts().ok().flatten()?;
    words.extend(container.get("args").texts().ok()?.unwrap_or_default());
    let mut program = words.first()?.rsplit('/').next().unwrap_or_default();
    if program == LAUNCHER {
        // A pod of an Argo workflow: what stands behind the dashes is what its template says.
        words = words.split_off(
            words
                .iter()
                .position(|word| word == "--")?
                .saturating_add(1),
        );
        program = words.first()?.rsplit('/').next().unwrap_or_default();
    }
    if !SHELLS.contains(&program) {
        return Some(vec![words]);
    }
    let [_, flag, text] = &words[..] else {
        return None;
    };
    if !flag.starts_with('-') || !flag.ends_with('c') || text.contains(LIVE) {
        return None;
    }
    let commands = text.split(['\n', ';', '&', '|']).map(str::trim);
    let real = commands.filter(|command| !command.is_empty() && !command.starts_with('#'));
    Some(real.map(words_of).collect())
}

fn words_of(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}

/// Which pods a command deletes; `None` where it may do something else.
fn deletion(namespace: &str, command: &[String], field: &str) -> Option<Vec<Target>> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let (program, rest) = words.split_first()?;
    let program = program.rsplit('/').next().unwrap_or_default();
    if HARMLESS.contains(&program) {
        return Some(Vec::new());
    }
    if program != "kubectl" {
        return None;
    }
    match rest {
        ["rollout", "status", ..] => Some(Vec::new()),
        [verb, ..] if LOOKING.contains(verb) => Some(Vec::new()),
        ["delete", rest @ ..] => deleted_pods(namespace, rest, field).map(|target| vec![target]),
        _ => None,
    }
}

/// `pod NAME... -n NAMESPACE`, or all pods, or those with labels; and nothing that chooses
/// otherwise.
fn deleted_pods(namespace: &str, words: &[&str], field: &str) -> Option<Target> {
    let mut namespace = namespace.to_owned();
    let mut names = Vec::new();
    let mut labels: Option<LabelSelector> = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (flag, value) = word
            .split_once('=')
            .map_or((*word, None), |(f, v)| (f, Some(v)));
        match flag {
            "-n" | "--namespace" => value
                .or_else(|| words.next().copied())?
                .clone_into(&mut namespace),
            "-l" | "--selector" => {
                let text = value.or_else(|| words.next().copied())?;
                labels = Some(selector_text::parse(text.trim_matches(['\'', '"'])).ok()?);
            }
            "--all" => labels = labels.or_else(|| Some(LabelSelector::default())),
            _ if DELETE_FLAGS.contains(&flag) => {}
            _ if flag.starts_with('-') => return None,
            _ => names.push(*word),
        }
    }
    let bare: Option<Vec<&str>> = match names.split_first()? {
        (&("pod" | "pods" | "po"), names) => Some(names.to_vec()),
        _ => names.iter().map(|name| name.strip_prefix("pod/")).collect(),
    };
    let names = bare.filter(|names| names.iter().all(|name| is_name(name)))?;
    // kubectl refuses names beside labels, and neither of them.
    if names.is_empty() != labels.is_some() {
        return None;
    }
    let named = labels.is_none().then_some(names);
    let query = PodQuery {
        namespaces: own_namespace(&namespace),
        names: named.map(|names| names.into_iter().map(str::to_owned).collect()),
        labels: labels.unwrap_or_default(),
        ..PodQuery::default()
    };
    is_name(&namespace).then(|| all_of(query, field))
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    !text.is_empty() && text.chars().all(plain)
}
