//! Lists of disaster-recovery scenarios as teams keep them beside their tests, in JSON: held against their own
//! rules, and read into sanctioned experiments.
//!
//! A list is an array of maps, or a map that holds one. Texts are free but where they are named here; what is
//! not automated says why.

mod experiment;
mod fields;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;

use crate::calendar::parse_duration;
use fields::{ALWAYS, AUTOMATED, Holds};

/// The annotation of an experiment with the scenario that it exercises.
pub const SCENARIO: &str = "firebreak.dev/scenario";

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It breaks a rule.
    Error,
    /// It may be meant.
    Warning,
}

/// Something that is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// The field, such as `[3].poll_interval`.
    pub field: String,
    /// What is wrong, and what would be accepted.
    pub message: String,
}

/// A scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its name as it is written.
    pub name: String,
    /// The name in lower case, with `_` between its words.
    pub slug: String,
    /// Whether it is automated.
    pub enabled: bool,
    /// Where it stands, such as `[3]`.
    pub field: String,
    /// All it says.
    pub said: BTreeMap<String, Value>,
}

/// What a list holds, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct List {
    /// Its scenarios, in their order.
    pub scenarios: Vec<Scenario>,
    /// What is wrong, in the order of the list.
    pub findings: Vec<Finding>,
}

/// Reads a list. `tests` are the names of the test files that there are, where they are to be held against it.
#[must_use]
pub fn read(document: &Value, tests: Option<&BTreeSet<String>>) -> List {
    let mut list = List::default();
    let Some((path, items)) = items(document) else {
        list.add(Level::Error, "", "no list of scenarios".to_owned());
        return list;
    };
    for (at, item) in items.iter().enumerate() {
        let field = format!("{path}[{at}]");
        list.scenario(field, item);
    }
    list.twice();
    if let Some(tests) = tests {
        list.against(tests);
    }
    list
}

/// The list, and where it stands.
fn items(document: &Value) -> Option<(String, &Vec<Value>)> {
    if let Some(items) = document.as_array() {
        return Some((String::new(), items));
    }
    let mut lists = document.as_object()?.iter();
    lists.find_map(|(key, value)| Some((key.clone(), value.as_array()?)))
}

/// A name in lower case, its words joined; what is no letter, digit or space vanishes.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if (letter.is_whitespace() || letter == '-' || letter == '_') && !slug.ends_with('_')
        {
            slug.push('_');
        }
    }
    slug.trim_matches('_').to_owned()
}

impl List {
    fn add(&mut self, level: Level, field: &str, message: String) {
        let field = field.to_owned();
        self.findings.push(Finding {
            level,
            field,
            message,
        });
    }

    fn scenario(&mut self, field: String, item: &Value) {
        let Some(map) = item.as_object() else {
            return self.add(Level::Error, &field, "no map".to_owned());
        };
        let enabled = map
            .get("test_enabled")
            .and_then(Value::as_bool)
            .unwrap_or(false);
        let automated: &[(&str, Holds)] = if enabled { &AUTOMATED } else { &[] };
        for (name, holds) in ALWAYS.iter().chain(automated) {
            let place = format!("{field}.{name}");
            match map.get(*name) {
                None => self.add(Level::Error, &place, "absent, and required".to_owned()),
                Some(value) => {
                    if let Some(wrong) = holds.refuses(value) {
                        self.add(Level::Error, &place, wrong);
                    }
                }
            }
        }
        let known = |key: &str| {
            ALWAYS
                .iter()
                .chain(&AUTOMATED)
                .any(|(name, _)| *name == key)
        };
        for key in map.keys().filter(|key| !known(key)) {
            let place = format!("{field}.{key}");
            self.add(Level::Warning, &place, "no field that is known".to_owned());
        }
        let name = map
            .get("scenario")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let scenario = Scenario {
            name: name.to_owned(),
            slug: slug(name),
            enabled,
            field,
            said: map
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        };
        self.consistent(&scenario);
        self.scenarios.push(scenario);
    }

    /// What the fields of a scenario say of each other.
    fn consistent(&mut self, it: &Scenario) {
        let place = |name: &str| format!("{}.{name}", it.field);
        let file = it.text("test_file");
        match (it.enabled, file) {
            (true, None) => self.add(
                Level::Error,
                &place("test_file"),
                "absent, though its test is enabled".to_owned(),
            ),
            (false, Some(_)) => self.add(
                Level::Error,
                &place("test_file"),
                "a file, though its test is not enabled; expected null".to_owned(),
            ),
            (true, Some(file)) => self.named(it, file),
            (false, None) => {}
        }
        if let (Some(poll), Some(whole)) = (it.number("poll_interval"), it.number("mttr_seconds"))
            && poll >= whole
        {
            let message = format!("{poll}, expected less than mttr_seconds, {whole}");
            self.add(Level::Error, &place("poll_interval"), message);
        }
        if let (Some(each), Some(whole)) = (
            it.number("chaos_interval"),
            it.number("total_chaos_duration"),
        ) && each > whole
        {
            let message = format!("{each}, expected at most total_chaos_duration, {whole}");
            self.add(Level::Error, &place("chaos_interval"), message);
        }
        if let (Some(expected), Some(seconds)) = (
            it.text("mttr_expected").and_then(duration),
            it.number("mttr_seconds"),
        ) && expected != Duration::from_secs(seconds)
        {
            let message = format!("{}s, and mttr_expected is {}s", seconds, expected.as_secs());
            self.add(Level::Warning, &place("mttr_seconds"), message);
        }
        for name in ["rto_target", "rpo_target"] {
            if let Some(text) = it.text(name)
                && duration(text).is_none()
            {
                let message =
                    format!("{text:?} is no duration, so that nothing can be held against it");
                self.add(Level::Warning, &place(name), message);
            }
        }
    }

    fn named(&mut self, it: &Scenario, file: &str) {
        let place = format!("{}.test_file", it.field);
        let expected = format!("test_dr_{}.py", it.slug);
        let middle = file
            .strip_prefix("test_dr_")
            .and_then(|it| it.strip_suffix(".py"));
        if middle.is_none() {
            let message = format!("{file:?}, expected test_dr_<scenario>.py, here {expected}");
            self.add(Level::Error, &place, message);
        } else if file != expected {
            let message = format!("{file:?}, though its scenario would make it {expected}");
            self.add(Level::Warning, &place, message);
        }
    }

    fn twice(&mut self) {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for it in self.scenarios.clone() {
            if let Some(other) = seen.insert(it.slug.clone(), it.field.clone()) {
                let place = format!("{}.scenario", it.field);
                self.add(
                    Level::Error,
                    &place,
                    format!("{:?}, the same as at {other}", it.name),
                );
            }
        }
    }

    /// The test files that there are: each that is named is there, and each that is there is named.
    fn against(&mut self, tests: &BTreeSet<String>) {
        let named: BTreeSet<String> = self
            .scenarios
            .iter()
            .filter_map(|it| it.text("test_file").map(str::to_owned))
            .collect();
        for it in self.scenarios.clone() {
            if let Some(file) = it.text("test_file").filter(|file| !tests.contains(*file)) {
                let place = format!("{}.test_file", it.field);
                self.add(Level::Error, &place, format!("{file:?} is not there"));
            }
        }
        let ours = tests.iter().filter(|file| file.starts_with("test_dr_"));
        for file in ours.filter(|file| !named.contains(*file)) {
            let message = format!("test file {file:?} belongs to no scenario");
            self.add(Level::Error, "", message);
        }
    }
}

/// A duration as people write it in a list: `15m`, `15 minutes`, `< 2 min`.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim().trim_start_matches(['<', '≤', '~', '=']).trim();
    if let Ok(duration) = parse_duration(text) {
        return Some(duration);
    }
    let end = text.find(|it: char| !it.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let seconds = match unit.trim().trim_end_matches('s') {
        "econd" | "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" | "hr" | "h" => 3_600,
        "day" | "d" => 86_400,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    Some(Duration::from_secs(number.saturating_mul(seconds)))
}

impl Scenario {
    fn text(&self, name: &str) -> Option<&str> {
        self.said.get(name).and_then(Value::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.said.get(name).and_then(Value::as_u64)
    }

    /// How much it matters, for sorting: likelihood times impact, the higher the more.
    #[must_use]
    pub fn risk(&self) -> u32 {
        let rank = |name: &str, words: &[&str]| {
            let word = self.text(name).unwrap_or_default();
            let at = words.iter().position(|it| *it == word);
            at.map_or(0, |at| u32::try_from(at).unwrap_or(0) + 1)
        };
        rank("likelihood", &["Low", "Medium", "High"])
            * rank("business_impact", &["Low", "Medium", "High", "Critical"])
    }

    /// Why it is not automated.
    #[must_use]
    pub fn why_not(&self) -> &str {
        self.text("test_description").unwrap_or_default()
    }
}
