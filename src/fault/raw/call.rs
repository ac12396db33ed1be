//! A call of kubectl: its words, and what its flags choose.

use super::own_namespace;
use crate::fault::Namespaces;
use crate::selector::LabelSelector;
use crate::selector_text;

/// Flags with a value that chooses what is hit, or where, or whether anything is.
const CHOOSING: &[(&str, &str)] = &[
    ("-n", "namespace"),
    ("--namespace", "namespace"),
    ("-l", "selector"),
    ("--selector", "selector"),
    ("--dry-run", "dry-run"),
    ("-f", "file"),
    ("--filename", "file"),
];
/// Flags with a value that chooses nothing.
const VALUED: &[&str] = &[
    "--cascade",
    "--current-replicas",
    "--field-selector",
    "--grace-period",
    "--output",
    "--pod-selector",
    "--replicas",
    "--request-timeout",
    "--resource-version",
    "--skip-wait-for-delete-timeout",
    "--timeout",
    "-o",
];
/// Flags without a value that choose nothing.
const PLAIN: &[&str] = &[
    "--delete-emptydir-data",
    "--delete-local-data",
    "--disable-eviction",
    "--force",
    "--ignore-daemonsets",
    "--ignore-not-found",
    "--now",
    "--overwrite",
    "--recursive",
    "--server-side",
    "--wait",
    "-R",
];

/// A call, its flags taken apart.
pub(super) struct Call<'c> {
    /// What is no flag.
    pub(super) words: Vec<String>,
    /// In which namespaces.
    pub(super) namespaces: Namespaces,
    /// Of which labels.
    pub(super) selector: Option<LabelSelector>,
    /// Whether all there are of a kind are meant.
    pub(super) all: bool,
    /// What is read from a file.
    pub(super) file: Option<String>,
    /// Whether nothing is done.
    pub(super) dry: bool,
    /// Whether every flag is known.
    pub(super) told: bool,
    /// Where it stands.
    pub(super) field: &'c str,
}

impl<'c> Call<'c> {
    /// Takes the words behind `kubectl` apart; `None` where a flag lacks its value.
    pub(super) fn read(namespace: &str, words: &[String], field: &'c str) -> Option<Self> {
        let mut call = Self {
            words: Vec::new(),
            namespaces: own_namespace(namespace),
            selector: None,
            all: false,
            file: None,
            dry: false,
            told: true,
            field,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') || word == "-" {
                call.words.push(word.clone());
                continue;
            }
            let (flag, value) = parted(word);
            match flag {
                "-A" | "--all-namespaces" => call.namespaces = Namespaces::All,
                "--all" => call.all = value != Some("false"),
                _ if PLAIN.contains(&flag) => {}
                // On its own it is the safe one.
                "--dry-run" if value.is_none() => call.dry = true,
                _ if !takes_value(flag) => call.told = false,
                _ => {
                    let value = match value {
                        Some(value) => value.to_owned(),
                        None => words.next()?.clone(),
                    };
                    call.told &= call.choose(flag, value).is_some();
                }
            }
        }
        Some(call)
    }

    fn choose(&mut self, flag: &str, value: String) -> Option<()> {
        let Some((_, what)) = CHOOSING.iter().find(|row| row.0 == flag) else {
            return VALUED.contains(&flag).then_some(());
        };
        match *what {
            "namespace" if is_name(&value) => self.namespaces = Namespaces::Named(vec![value]),
            "selector" => self.selector = Some(selector_text::parse(&value).ok()?),
            "dry-run" => self.dry = value != "none",
            "file" => self.file = Some(value),
            _ => return None,
        }
        Some(())
    }
}

fn takes_value(flag: &str) -> bool {
    VALUED.contains(&flag) || CHOOSING.iter().any(|row| row.0 == flag)
}

/// A flag and the value that is written with it.
fn parted(word: &str) -> (&str, Option<&str>) {
    if let Some((flag, value)) = word.split_once('=')
        && (flag.starts_with("--") || flag.len() == 2)
    {
        return (flag, Some(value));
    }
    match word.split_at_checked(2) {
        Some((flag, value)) if !word.starts_with("--") && !value.is_empty() => (flag, Some(value)),
        Some(_) | None => (word, None),
    }
}

/// Whether a word is a name, and nothing else.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    !text.is_empty() && text.chars().all(plain)
}
