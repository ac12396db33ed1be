//! The environment of a Litmus fault: which value of a variable is in effect, and what is told of
//! those that are not read as they are written.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::number::{self, Span};
use super::shell::{grammar, is_harmless, is_number};
use crate::fault::{Note, Unreadable};
use crate::object::Field;

/// The variables of one experiment of an engine.
///
/// Those of the ChaosExperiment lie below the engine's. Where it is not in view, both the default of
/// the published one and that of the program are possible for what the engine does not set. A
/// variable that is set to nothing has the program's default, not the published one.
pub(super) struct Env {
    /// Path of the engine's list.
    path: String,
    settings: BTreeMap<String, Setting>,
    /// Whether the ChaosExperiment is in view, so that what is not set nowhere is set.
    complete: bool,
    /// What the author should know of numbers that were asked for, by variable.
    told: RefCell<BTreeMap<String, Told>>,
}

struct Setting {
    value: Written,
    /// Whether the ChaosExperiment says so, and not the engine.
    inherited: bool,
}

enum Written {
    Text(String),
    /// Taken from a Secret, a ConfigMap or a field, which this object does not show.
    Elsewhere,
}

/// What is told of a variable.
#[derive(Default)]
struct Told {
    note: Option<String>,
    refusal: Option<Unreadable>,
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
    /// Whether 0 means one nevertheless.
    pub(super) at_least_one: bool,
}

impl Knob {
    /// A knob whose two defaults are the same.
    pub(super) const fn new(name: &'static str, default: u32) -> Self {
        Self {
            name,
            chart: default,
            program: default,
            ranged: false,
            at_least_one: false,
        }
    }

    /// The percentage of a list, of which one is taken at least.
    pub(super) const fn share(name: &'static str, default: u32) -> Self {
        Self {
            at_least_one: true,
            ..Self::new(name, default)
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

    fn accepted(self) -> &'static str {
        if self.ranged {
            "a whole number of up to 9 digits without a unit, or a range such as 20-40"
        } else {
            "a whole number of up to 9 digits without a unit"
        }
    }
}

/// Variables with which an experiment could pass for another.
const IDENTITY: &[&str] = &["CHAOSENGINE", "CHAOS_UID", "EXPERIMENT_NAME"];

impl Env {
    /// Reads the variables of an experiment of an engine, over those of its `definition`.
    pub(super) fn of(
        experiment: &Field<'_>,
        definition: Option<&Field<'_>>,
    ) -> Result<Self, Unreadable> {
        let own = experiment.get("spec").get("components").get("env");
        let mut env = Self::empty(&own, definition.is_some());
        if let Some(definition) = definition {
            env.read(definition, true)?;
        }
        env.read(&own, false)?;
        env.refuse_unsafe()?;
        Ok(env)
    }

    /// Reads the list of variables at `field`, below which there is nothing.
    pub(super) fn alone(field: &Field<'_>) -> Result<Self, Unreadable> {
        let mut env = Self::empty(field, true);
        env.read(field, false)?;
        env.refuse_unsafe()?;
        Ok(env)
    }

    fn empty(field: &Field<'_>, complete: bool) -> Self {
        Self {
            path: field.path().to_owned(),
            settings: BTreeMap::new(),
            complete,
            told: RefCell::default(),
        }
    }

    /// Adds a list. Of two with one name the last counts.
    fn read(&mut self, field: &Field<'_>, inherited: bool) -> Result<(), Unreadable> {
        for item in field.items()? {
            let name = item.get("name").required_text()?;
            let value = written(&item)?;
            let setting = Setting { value, inherited };
            self.settings.insert(name.to_owned(), setting);
        }
        Ok(())
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
            let text = match &setting.value {
                Written::Text(text) => Some(text.as_str()),
                Written::Elsewhere => None,
            };
            let safe = text.is_some_and(|text| text.is_empty() || (grammar.accepts)(text));
            if safe {
                continue;
            }
            let refusal = self.unreadable(name, grammar.accepted);
            // A number that is none does no harm in a shell, and is read as some number.
            if !is_number(name) || !text.is_some_and(is_harmless) {
                return Err(refusal);
            }
            self.tell(name, None, Some(refusal));
        }
        Ok(())
    }

    fn tell(&self, name: &str, note: Option<String>, refusal: Option<Unreadable>) {
        let told = Told { note, refusal };
        self.told.borrow_mut().insert(name.to_owned(), told);
    }

    /// Refuses a variable that is read nevertheless.
    pub(super) fn refuse(&self, name: &str, accepted: &str) {
        let refusal = self.unreadable(name, accepted);
        let mut told = self.told.borrow_mut();
        told.entry(name.to_owned()).or_default().refusal = Some(refusal);
    }

    /// What the author should know of the numbers that were asked for, and those of them that are
    /// refused.
    pub(super) fn told(&self) -> (Vec<Note>, Vec<Unreadable>) {
        let (mut notes, mut refusals) = (Vec::new(), Vec::new());
        for (name, told) in self.told.borrow().iter() {
            notes.extend(told.note.as_ref().map(|message| Note {
                field: self.path(name),
                message: message.clone(),
            }));
            refusals.extend(told.refusal.clone());
        }
        (notes, refusals)
    }

    /// The path of a variable, as a denial names it.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}[{name}]", self.path)
    }

    /// An error about a variable.
    pub(super) fn unreadable(&self, name: &str, accepted: impl Into<String>) -> Unreadable {
        let setting = self.settings.get(name);
        let mut found = match setting.map(|setting| &setting.value) {
            None => "missing".to_owned(),
            Some(Written::Elsewhere) => "a value from elsewhere".to_owned(),
            Some(Written::Text(text)) => format!("\"{}\"", text.escape_debug()),
        };
        if setting.is_some_and(|setting| setting.inherited) {
            found += " in its ChaosExperiment";
        }
        Unreadable::new(self.path(name), found, accepted)
    }

    /// Whether the engine or its ChaosExperiment sets the variable, be it to nothing.
    pub(super) fn sets(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    /// Whether the variable may have the value that the published ChaosExperiment gives it.
    pub(super) fn may_be_published(&self, name: &str) -> bool {
        !self.complete && !self.sets(name)
    }

    /// The names of all variables that are set.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.settings.keys().map(String::as_str)
    }

    /// The text of a variable, empty where nothing sets it.
    pub(super) fn text(&self, name: &str) -> Result<&str, Unreadable> {
        let accepted = "a plain value: what stands elsewhere may change after admission";
        match self.settings.get(name).map(|setting| &setting.value) {
            None => Ok(""),
            Some(Written::Text(text)) if !text.contains("$(") => Ok(text),
            Some(Written::Text(_) | Written::Elsewhere) => Err(self.unreadable(name, accepted)),
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

    /// The numbers that a variable may stand for, as Litmus reads it. What a person would read
    /// otherwise is told.
    pub(super) fn number(&self, knob: Knob) -> Result<Span, Unreadable> {
        let text = self.text(knob.name)?;
        if self.may_be_published(knob.name) {
            return Ok(Span {
                least: knob.chart.min(knob.program),
                most: knob.chart.max(knob.program),
            });
        }
        if text.is_empty() {
            self.tell_default(knob);
            return Ok(Span::only(knob.program));
        }
        let reading = number::read(text, knob.ranged);
        let mut note = format!("\"{}\" {}", text.escape_debug(), reading.told());
        if knob.at_least_one && reading.span.most == 0 {
            note += ", and at least one is hit";
        } else if reading.plain {
            return Ok(reading.span);
        }
        let refusal = (!reading.plain).then(|| self.unreadable(knob.name, knob.accepted()));
        self.tell(knob.name, Some(note), refusal);
        Ok(reading.span)
    }

    /// Nothing is a number too, and not always the one that the published ChaosExperiment has.
    fn tell_default(&self, knob: Knob) {
        let own = self.settings.get(knob.name);
        if own.is_none_or(|setting| setting.inherited) {
            return;
        }
        let note = match (knob.program, knob.chart == knob.program) {
            (0, true) if knob.at_least_one => {
                "\"\" is read as 0, and at least one is hit".to_owned()
            }
            (0, true) => return,
            (_, true) => format!("\"\" is read as {}, the default", knob.program),
            (_, false) => format!(
                "\"\" is read as {}, the default of the program, not as the {} of the published ChaosExperiment",
                knob.program, knob.chart
            ),
        };
        self.tell(knob.name, Some(note), None);
    }
}

/// A value as Kubernetes would pass it on. Numbers without quotes, which occur in embedded
/// manifests, are taken as they are written.
fn written(item: &Field<'_>) -> Result<Written, Unreadable> {
    if item.get("valueFrom").is_set() {
        return Ok(Written::Elsewhere);
    }
    let value = item.get("value");
    match value.value() {
        None => Ok(Written::Text(String::new())),
        Some(Value::Number(number)) => Ok(Written::Text(number.to_string())),
        Some(Value::Bool(truth)) => Ok(Written::Text(truth.to_string())),
        Some(_) => Ok(Written::Text(value.required_text()?.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LOAD: Knob = Knob::new("LOAD", 1).program(4).ranged();

    fn layered(own: &Value, definition: Option<&Value>) -> Env {
        let experiment = json!({"spec": {"components": {"env": own}}});
        let definition = definition.map(|list| Field::at("definition", list));
        Env::of(&Field::at("", &experiment), definition.as_ref()).unwrap()
    }

    fn env(value: &Value) -> Env {
        layered(&json!([{"name": "LOAD", "value": value}]), None)
    }

    fn most(value: &Value) -> u32 {
        env(value).number(LOAD).unwrap().most
    }

    #[test]
    fn what_go_misreads_is_read_so_and_refused() {
        let env = env(&json!("50%"));
        assert_eq!(env.number(LOAD), Ok(Span::only(0)));
        let (notes, refusals) = env.told();
        assert_eq!(notes[0].message, "\"50%\" is read as 0");
        assert_eq!(refusals[0].found, "\"50%\"");
        assert_eq!(refusals[0].field, "spec.components.env[LOAD]");
        assert_eq!(most(&json!("+60")), 60);
        assert_eq!(most(&json!("20-40")), 40);
        assert_eq!(most(&json!(60)), 60);
    }

    #[test]
    fn nothing_is_the_default_of_the_program_and_absence_either_default() {
        assert_eq!(most(&json!("")), 4);
        let absent = layered(&json!([]), None);
        assert_eq!(absent.number(LOAD), Ok(Span { least: 1, most: 4 }));
    }

    #[test]
    fn the_engine_counts_over_its_definition_and_what_neither_sets_is_the_programs() {
        let definition = json!([{"name": "LOAD", "value": "2"}]);
        let number = |own: Value, definition: &Value| {
            let env = layered(&own, Some(definition));
            env.number(LOAD).unwrap()
        };
        assert_eq!(number(json!([]), &definition), Span::only(2));
        let own = json!([{"name": "LOAD", "value": "3"}]);
        assert_eq!(number(own, &definition), Span::only(3));
        let empty = json!([{"name": "LOAD", "value": ""}]);
        assert_eq!(number(empty, &definition), Span::only(4));
        assert_eq!(number(json!([]), &json!([])), Span::only(4));
    }

    #[test]
    fn a_value_from_elsewhere_is_refused() {
        let list = json!([{"name": "LOAD", "valueFrom": {"configMapKeyRef": {}}}]);
        assert!(layered(&list, None).number(LOAD).is_err());
        assert!(env(&json!("$(X)")).number(LOAD).is_err());
    }
}
