//! The environment of a Litmus fault: which value of a variable is in effect, numbers as Go reads
//! them, and which texts may be pasted into the shell of a privileged helper.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shell::grammar;
use crate::fault::Unreadable;
use crate::object::Field;

/// The variables of one experiment of an engine.
///
/// The ChaosExperiment, whose variables lie below the engine's, is not in view. Where the engine
/// does not set a variable, both the chart's default and that of the program are possible; where it
/// sets it to nothing, the program's default counts, not the chart's.
pub(super) struct Env {
    /// Path of the list.
    path: String,
    settings: BTreeMap<String, Setting>,
}

enum Setting {
    Text(String),
    /// Taken from a Secret, a ConfigMap or a field, which this object does not show.
    Elsewhere,
}

/// A variable that holds a number, and what it is when the engine does not say.
#[derive(Clone, Copy)]
pub(super) struct Knob {
    pub(super) name: &'static str,
    /// What the published ChaosExperiment sets.
    pub(super) chart: u32,
    /// What the program takes for an empty value.
    pub(super) program: u32,
    /// Whether `20-40` means a random number between the two.
    pub(super) ranged: bool,
}

impl Knob {
    /// A knob whose two defaults are the same.
    pub(super) const fn new(name: &'static str, default: u32) -> Self {
        Self {
            name,
            chart: default,
            program: default,
            ranged: false,
        }
    }

    /// The same knob, where the program has another default than the chart.
    pub(super) const fn program(mut self, default: u32) -> Self {
        self.program = default;
        self
    }

    /// The same knob, where the program understands ranges.
    pub(super) const fn ranged(mut self) -> Self {
        self.ranged = true;
        self
    }
}

/// The numbers that a variable may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) least: u32,
    pub(super) most: u32,
}

/// Variables with which an experiment could pass for another.
const IDENTITY: &[&str] = &["CHAOSENGINE", "CHAOS_UID", "EXPERIMENT_NAME"];

impl Env {
    /// Reads the variables of an experiment of an engine.
    pub(super) fn of(experiment: &Field<'_>) -> Result<Self, Unreadable> {
        Self::read(&experiment.get("spec").get("components").get("env"))
    }

    /// Reads the list of variables at `field`. Of two with one name the last counts.
    fn read(field: &Field<'_>) -> Result<Self, Unreadable> {
        let mut env = Self {
            path: field.path().to_owned(),
            settings: BTreeMap::new(),
        };
        for item in field.items()? {
            let name = item.get("name").required_text()?;
            let setting = setting(&item)?;
            env.settings.insert(name.to_owned(), setting);
        }
        env.refuse_unsafe()?;
        Ok(env)
    }

    fn refuse_unsafe(&self) -> Result<(), Unreadable> {
        for (name, setting) in &self.settings {
            if IDENTITY.contains(&name.as_str()) {
                let accepted = "no such variable: it hides the experiment from the engine's stop";
                return Err(self.unreadable(name, accepted));
            }
            let Some(grammar) = grammar(name) else {
                continue;
            };
            let safe = match setting {
                Setting::Text(text) => text.is_empty() || (grammar.accepts)(text),
                Setting::Elsewhere => false,
            };
            if !safe {
                return Err(self.unreadable(name, grammar.accepted));
            }
        }
        Ok(())
    }

    /// The path of a variable, as a denial names it.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}[{name}]", self.path)
    }

    /// An error about a variable.
    pub(super) fn unreadable(&self, name: &str, accepted: impl Into<String>) -> Unreadable {
        let found = match self.settings.get(name) {
            None => "missing".to_owned(),
            Some(Setting::Elsewhere) => "a value from elsewhere".to_owned(),
            Some(Setting::Text(text)) => format!("\"{}\"", text.escape_debug()),
        };
        Unreadable::new(self.path(name), found, accepted)
    }

    /// Whether the engine sets the variable, be it to nothing.
    pub(super) fn sets(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    /// The text of a variable, empty where the engine does not set it.
    pub(super) fn text(&self, name: &str) -> Result<&str, Unreadable> {
        let accepted = "a plain value: what stands elsewhere may change after admission";
        match self.settings.get(name) {
            None => Ok(""),
            Some(Setting::Text(text)) if !text.contains("$(") => Ok(text),
            Some(Setting::Text(_) | Setting::Elsewhere) => Err(self.unreadable(name, accepted)),
        }
    }

    /// The items of a list, trimmed and without the blank ones.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Unreadable> {
        let items = self.text(name)?.split(',').map(str::trim);
        Ok(items
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// The numbers that a variable may stand for.
    pub(super) fn number(&self, knob: Knob) -> Result<Span, Unreadable> {
        let text = self.text(knob.name)?;
        if !self.sets(knob.name) {
            return Ok(Span {
                least: knob.chart.min(knob.program),
                most: knob.chart.max(knob.program),
            });
        }
        if text.is_empty() {
            return Ok(Span {
                least: knob.program,
                most: knob.program,
            });
        }
        let single = digits(text.strip_prefix('+').unwrap_or(text)).map(|n| (n, n));
        let ranged = || knob.ranged.then(|| range(text)).flatten();
        let accepted = if knob.ranged {
            "a whole number of up to 9 digits without a unit, or a range such as 20-40"
        } else {
            "a whole number of up to 9 digits without a unit"
        };
        single
            .or_else(ranged)
            .map(|(least, most)| Span { least, most })
            .ok_or_else(|| self.unreadable(knob.name, accepted))
    }
}

/// A value as Kubernetes would pass it on. Numbers without quotes, which occur in embedded
/// manifests, are taken as they are written.
fn setting(item: &Field<'_>) -> Result<Setting, Unreadable> {
    if item.get("valueFrom").is_set() {
        return Ok(Setting::Elsewhere);
    }
    let value = item.get("value");
    match value.value() {
        None => Ok(Setting::Text(String::new())),
        Some(Value::Number(number)) => Ok(Setting::Text(number.to_string())),
        Some(Value::Bool(truth)) => Ok(Setting::Text(truth.to_string())),
        Some(_) => Ok(Setting::Text(value.required_text()?.to_owned())),
    }
}

/// A number of 1 to 9 digits, which no parser of Litmus misreads.
pub(super) fn digits(text: &str) -> Option<u32> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// `20-40`, both ends included.
pub(super) fn range(text: &str) -> Option<(u32, u32)> {
    let (least, most) = text.split_once('-')?;
    let (least, most) = (digits(least)?, digits(most)?);
    (least <= most).then_some((least, most))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LOAD: Knob = Knob::new("LOAD", 1).program(4).ranged();

    fn env(value: &Value) -> Env {
        let list = json!([{"name": "LOAD", "value": value}]);
        Env::read(&Field::at("env", &list)).unwrap()
    }

    fn most(value: &Value) -> Option<u32> {
        env(value).number(LOAD).ok().map(|span| span.most)
    }

    #[test]
    fn numbers_that_go_would_misread_are_refused() {
        let unsafe_numbers = [
            " 60",
            "60 ",
            "60s",
            "1m",
            "1.5",
            "1_000",
            "50%",
            "-5",
            "40-20",
            "1-2-3",
            "99999999999999999999",
            "$(X)",
        ];
        for text in unsafe_numbers {
            assert_eq!(most(&json!(text)), None, "{text}");
        }
        assert_eq!(most(&json!("+60")), Some(60));
        assert_eq!(most(&json!("007")), Some(7));
        assert_eq!(most(&json!("20-40")), Some(40));
        assert_eq!(most(&json!(60)), Some(60));
    }

    #[test]
    fn nothing_is_the_default_of_the_program_and_absence_either_default() {
        assert_eq!(most(&json!("")), Some(4));
        let none = json!([]);
        let env = Env::read(&Field::at("env", &none)).unwrap();
        assert_eq!(env.number(LOAD), Ok(Span { least: 1, most: 4 }));
    }

    #[test]
    fn an_error_names_the_variable() {
        let error = env(&json!("5m")).number(LOAD).unwrap_err();
        assert_eq!(error.field, "env[LOAD]");
        assert_eq!(error.found, "\"5m\"");
    }

    #[test]
    fn a_value_from_elsewhere_is_refused() {
        let list = json!([{"name": "LOAD", "valueFrom": {"configMapKeyRef": {}}}]);
        let env = Env::read(&Field::at("env", &list)).unwrap();
        assert!(env.number(LOAD).is_err());
    }
}
