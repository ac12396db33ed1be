//! What was set, and where: a flag goes before a variable, and that before the file.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::table::{Accepts, SETTINGS, Setting};
use crate::calendar::parse_duration;
use crate::yaml::{self, Positions};

/// Where a setting was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nowhere.
    Default,
    /// In the file, at this line and column.
    File(String),
    /// In this variable.
    Variable(String),
    /// With this flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => f.write_str(place),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// A value as it was set; one text, or several where it is a list.
#[derive(Debug, Clone)]
pub(super) struct Set {
    pub(super) texts: Vec<String>,
    pub(super) origin: Origin,
}

/// Where settings come from.
pub struct Sources<'s> {
    /// The file: its name, and what it says.
    pub file: Option<(&'s str, &'s str)>,
    /// The value of a variable.
    pub variable: &'s dyn Fn(&str) -> Option<String>,
    /// The flags that were given, by key.
    pub flags: &'s BTreeMap<&'static str, String>,
}

/// Everything that was set, and everything that is wrong with it.
pub(super) struct Given {
    pub(super) set: BTreeMap<&'static str, Set>,
    pub(super) problems: Vec<String>,
}

impl Given {
    /// What these sources say.
    pub(super) fn of(sources: &Sources<'_>) -> Self {
        let mut given = Self {
            set: BTreeMap::new(),
            problems: Vec::new(),
        };
        for setting in SETTINGS {
            given.put(setting, split(setting, setting.default), Origin::Default);
        }
        if let Some((name, text)) = sources.file {
            given.read_file(name, text);
        }
        for setting in SETTINGS {
            let (flag, variable) = (setting.flag(), setting.variable());
            if let Some(text) = (sources.variable)(&variable) {
                given.put(setting, split(setting, &text), Origin::Variable(variable));
            }
            if let Some(text) = sources.flags.get(setting.key) {
                given.put(setting, split(setting, text), Origin::Flag(flag));
            }
        }
        given
    }

    fn put(&mut self, setting: &Setting, texts: Vec<String>, origin: Origin) {
        self.set.insert(setting.key, Set { texts, origin });
    }

    fn read_file(&mut self, name: &str, text: &str) {
        let mut documents = yaml::read(text, yaml::LARGEST).into_iter();
        match (documents.next(), documents.next()) {
            (None, _) => {}
            (Some(Err(error)), _) => self.problems.push(format!("{name}:{error}")),
            (Some(Ok(_)), Some(_)) => {
                let problem = format!("{name}: more than one document, expected one");
                self.problems.push(problem);
            }
            (Some(Ok(document)), None) => {
                let file = File {
                    name,
                    positions: &document.positions,
                };
                self.read_section(&file, "", &document.value);
            }
        }
    }

    fn read_section(&mut self, file: &File<'_>, section: &str, value: &Value) {
        let Value::Object(members) = value else {
            if !value.is_null() {
                let here = file.at(section);
                self.problems
                    .push(format!("{here}: {value}, expected keys and their values"));
            }
            return;
        };
        for (name, value) in members {
            let key = match section {
                "" => name.clone(),
                _ => format!("{section}.{name}"),
            };
            self.read_key(file, &key, value);
        }
    }

    fn read_key(&mut self, file: &File<'_>, key: &str, value: &Value) {
        let place = file.at(key);
        if let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) {
            match texts(setting, value) {
                Some(texts) => self.put(setting, texts, Origin::File(place)),
                None => self
                    .problems
                    .push(refusal(&place, setting, &value.to_string())),
            }
        } else if is_section(key) {
            self.read_section(file, key, value);
        } else {
            let near = nearest(key);
            self.problems
                .push(format!("{place}: \"{key}\" is not a setting{near}"));
        }
    }

    /// The value of a text.
    pub(super) fn text(&self, key: &str) -> String {
        let set = self.set.get(key);
        set.and_then(|set| set.texts.first())
            .cloned()
            .unwrap_or_default()
    }

    /// The value of a text that may be missing.
    pub(super) fn optional(&self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|text| !text.is_empty())
    }

    /// The value of a path that may be missing.
    pub(super) fn path(&self, key: &str) -> Option<PathBuf> {
        self.optional(key).map(PathBuf::from)
    }

    /// The values of a list.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        self.set
            .get(key)
            .map_or_else(Vec::new, |set| set.texts.clone())
    }

    /// A text that may not be missing.
    pub(super) fn name(&mut self, key: &'static str) -> String {
        self.parsed(key, |text| (!text.is_empty()).then(|| text.to_owned()))
            .unwrap_or_default()
    }

    /// An address.
    pub(super) fn address(&mut self, key: &'static str) -> SocketAddr {
        self.parsed(key, |text| text.parse().ok())
            .unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// A span of time, as long as its setting wants it at least.
    pub(super) fn span(&mut self, key: &'static str) -> Duration {
        let setting = SETTINGS.iter().find(|setting| setting.key == key);
        let least = match setting.map(|setting| setting.accepts) {
            Some(Accepts::AtLeast(seconds)) => seconds,
            Some(_) | None => 0,
        };
        let least = Duration::from_secs(least);
        let read = |text: &str| parse_duration(text).ok().filter(|span| *span >= least);
        self.parsed(key, read).unwrap_or_default()
    }

    /// One of some words, as what it stands for.
    pub(super) fn word<T: Copy + Default>(&mut self, key: &'static str, words: &[(&str, T)]) -> T {
        let meant = |text: &str| words.iter().find(|(word, _)| *word == text);
        self.parsed(key, |text| meant(text).map(|(_, meaning)| *meaning))
            .unwrap_or_default()
    }

    fn parsed<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(key);
        let parsed = parse(&text);
        if parsed.is_none() {
            self.refuse(key, &format!("{text:?}"));
        }
        parsed
    }

    fn refuse(&mut self, key: &str, written: &str) {
        let setting = SETTINGS.iter().find(|setting| setting.key == key);
        if let (Some(setting), Some(set)) = (setting, self.set.get(key)) {
            let problem = refusal(&set.origin.to_string(), setting, written);
            self.problems.push(problem);
        }
    }
}

/// The file that is read.
struct File<'f> {
    name: &'f str,
    positions: &'f Positions,
}

impl File<'_> {
    fn at(&self, key: &str) -> String {
        format!("{}:{}", self.name, self.positions.locate(key))
    }
}

fn refusal(place: &str, setting: &Setting, written: &str) -> String {
    let (key, words) = (setting.key, setting.accepts.words());
    format!("{place}: {key}: {written}, expected {words}")
}

fn is_section(key: &str) -> bool {
    SETTINGS.iter().any(|setting| {
        setting
            .key
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// The known key that is nearest, where one is near.
fn nearest(key: &str) -> String {
    let far = |known: &&Setting| strsim::osa_distance(key, known.key);
    let found = SETTINGS.iter().min_by_key(far);
    let near = found.filter(|known| far(known) <= key.chars().count().div_ceil(3));
    near.map_or_else(String::new, |known| {
        format!("; did you mean \"{}\"?", known.key)
    })
}

/// The texts that the file gives for a setting; none where it gives something else.
fn texts(setting: &Setting, value: &Value) -> Option<Vec<String>> {
    match (setting.accepts, value) {
        (Accepts::Texts, Value::Array(items)) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect()
        }
        (_, Value::Null) => Some(split(setting, setting.default)),
        (Accepts::Texts, _) => None,
        (_, Value::String(text)) => Some(vec![text.clone()]),
        (_, _) => None,
    }
}

/// The texts of a flag, a variable or a default.
fn split(setting: &Setting, text: &str) -> Vec<String> {
    match setting.accepts {
        Accepts::Texts => {
            let texts = text.split(',').map(str::trim);
            let texts = texts.filter(|text| !text.is_empty());
            texts.map(str::to_owned).collect()
        }
        Accepts::Address
        | Accepts::Text
        | Accepts::Path
        | Accepts::Span
        | Accepts::AtLeast(_)
        | Accepts::Word(_) => {
            vec![text.to_owned()]
        }
    }
}
