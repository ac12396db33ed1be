//! The flags of a program as its container gives them: arguments first, then variables named after
//! the program and the flag.

use std::collections::BTreeMap;

use crate::fault::Unreadable;
use crate::object::Field;

const SHELLS: &[&str] = &["sh", "bash", "ash", "dash", "zsh", "ksh"];

/// How a value that Kubernetes puts in begins.
const EXPANDED: &str = "$(";

const LITERAL: &str = "values that stand in the object";

/// Flags by name, each with its value.
#[derive(Debug)]
pub(super) struct Flags {
    all: BTreeMap<String, String>,
    /// Where arguments stand.
    field: String,
    /// A value that is only known where the program runs.
    unsettled: Option<Unreadable>,
}

impl Flags {
    /// The flags of a container that runs `program`; `None` where it runs something else. `image`
    /// tells whether its image is that of the program.
    pub(super) fn of(
        container: &Field<'_>,
        program: &str,
        image: bool,
    ) -> Result<Option<Self>, Unreadable> {
        let args = container.get("args");
        let command = container.get("command").texts()?.unwrap_or_default();
        let given = args.texts()?.unwrap_or_default();
        let (words, live) = words([command, given].concat());
        let runs = |word: &String| word.rsplit('/').next() == Some(program);
        if !image && !words.iter().any(runs) {
            return Ok(None);
        }
        let mut flags = Self {
            all: BTreeMap::new(),
            field: args.path().to_owned(),
            unsettled: words
                .iter()
                .find(|word| word.contains(live))
                .map(|word| Unreadable::new(args.path(), format!("\"{word}\""), LITERAL)),
        };
        flags.variables(container, program)?;
        flags.arguments(&words);
        Ok(Some(flags))
    }

    /// `PROGRAM_SOME_FLAG` is `--some-flag`.
    fn variables(&mut self, container: &Field<'_>, program: &str) -> Result<(), Unreadable> {
        let prefix = format!("{}_", program.to_uppercase());
        for variable in container.get("env").items()? {
            let name = variable.get("name").text()?.unwrap_or_default();
            let Some(flag) = name.strip_prefix(&prefix) else {
                continue;
            };
            let value = variable.get("value").text()?.unwrap_or_default();
            if variable.get("valueFrom").is_set() || value.contains(EXPANDED) {
                self.unsettled = Some(variable.unreadable(LITERAL));
            }
            let flag = flag.to_lowercase().replace('_', "-");
            self.all.insert(flag, value.to_owned());
        }
        let whole = container.get("envFrom");
        if !whole.items()?.is_empty() {
            self.unsettled = Some(whole.unreadable(LITERAL));
        }
        Ok(())
    }

    /// `--flag=value`, `--flag value`, `--flag` and `--no-flag`.
    fn arguments(&mut self, words: &[String]) {
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) else {
                continue;
            };
            let (name, value) = match (flag.split_once('='), flag.strip_prefix("no-")) {
                (Some((name, value)), _) => (name, value.to_owned()),
                (None, Some(name)) => (name, "false".to_owned()),
                (None, None) => {
                    let next = words.next_if(|next| !next.starts_with("--"));
                    (flag, next.map_or_else(|| "true".to_owned(), String::clone))
                }
            };
            self.all.insert(name.to_owned(), value);
        }
    }

    /// The value of a flag; an empty one is absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let found = self.all.get(name).map(String::as_str);
        found.filter(|text| !text.is_empty())
    }

    /// Whether a flag is on. What is neither on nor off is not what it is by default.
    pub(super) fn is_on(&self, name: &str, default: bool) -> bool {
        match self.text(name) {
            None => default && self.unsettled.is_none(),
            Some(text) => text == "true",
        }
    }

    /// Refuses flags whose values are only known where the program runs.
    pub(super) fn settled(&self) -> Result<(), Unreadable> {
        self.unsettled.clone().map_or(Ok(()), Err)
    }

    /// Where a flag stands, or would.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{} --{name}", self.field)
    }

    pub(super) fn unreadable(&self, name: &str, accepted: &str) -> Unreadable {
        let found = self.text(name).unwrap_or_default();
        Unreadable::new(self.path(name), format!("\"{found}\""), accepted)
    }
}

/// The words of a command line, and what in them stands for something else. A shell takes its text
/// apart itself.
fn words(given: Vec<String>) -> (Vec<String>, &'static str) {
    let shell = given.first().and_then(|word| word.rsplit('/').next());
    if !shell.is_some_and(|name| SHELLS.contains(&name)) {
        return (given, EXPANDED);
    }
    let bare = |word: &str| word.replace(['"', '\''], "");
    let words = given.iter().flat_map(|text| text.split_whitespace());
    (words.map(bare).collect(), "$")
}
