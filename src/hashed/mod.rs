//! Names that can be given to others: every text of an object is hashed word by word, with a salt, and
//! the same everywhere. Names that are equal stay equal, those that are made of others are still made
//! of them, and the words that verdicts depend on stay: so a verdict is the same as before.

mod digest;
mod expression;
mod text;
mod vocabulary;
mod word;

use serde_json::{Map, Value};

use crate::object::{NotAnObject, Object};
use digest::Key;
use text::Text;

/// The fields that hold labels or other names by names of their own.
const NAMED: &[&str] = &[
    "annotationSelectors",
    "annotations",
    "commonAnnotations",
    "commonLabels",
    "inheritedLabels",
    "labelSelectors",
    "labels",
    "matchLabels",
    "nodeSelector",
    "nodeSelectors",
    "pods",
];

/// The fields that hold expressions.
const EXPRESSIONS: &[&str] = &["expression", "messageExpression"];

/// Where names are those of variables, which expressions spell as their own.
const VARIABLES: &str = "variables";

/// Objects are not as deep as this; what is deeper is left out.
const DEEPEST: usize = 200;

/// Gives names others, by a salt.
#[derive(Debug, Clone, Copy)]
pub struct Hashing {
    key: Key,
}

/// An object with other names.
#[derive(Debug, Clone, PartialEq)]
pub struct Hashed {
    /// The object.
    pub object: Object,
    /// What may not mean what it did, each with its field.
    pub doubts: Vec<String>,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    above: Option<&'p Place<'p>>,
    /// Its key; of an entry of a list the name that it says, or its number.
    key: &'p str,
    listed: bool,
    depth: usize,
}

impl Hashing {
    /// Hashes with this salt. Whoever knows the salt can try names.
    #[must_use]
    pub fn new(salt: &str) -> Self {
        Self { key: Key::of(salt) }
    }

    /// A text of names.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        text::hash(self.key, text).text
    }

    /// A whole object.
    ///
    /// # Errors
    /// When what came out is no object, which is not expected of one that was.
    pub fn object(&self, object: &Object) -> Result<Hashed, NotAnObject> {
        let (mut doubts, root) = (Vec::new(), Place::ROOT);
        let value = self.value(object.value(), &root, &mut doubts);
        let subject = object.reference();
        let doubts = doubts
            .into_iter()
            .map(|doubt| format!("{subject}: {doubt}"));
        Ok(Hashed {
            doubts: doubts.collect(),
            object: Object::new(value)?.in_namespace(&self.text(&subject.namespace)),
        })
    }

    fn value(&self, value: &Value, place: &Place<'_>, doubts: &mut Vec<String>) -> Value {
        if place.depth > DEEPEST {
            return Value::Null;
        }
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            Value::String(text) => self.string(text, place, doubts).into(),
            Value::Array(entries) => {
                let entries = entries.iter().enumerate();
                let entry = |(at, entry): (usize, &Value)| {
                    let name = entry.get("name").and_then(Value::as_str);
                    let key = name.map_or_else(|| at.to_string(), str::to_owned);
                    let listed = Place {
                        listed: true,
                        ..place.below(&key)
                    };
                    self.value(entry, &listed, doubts)
                };
                entries.map(entry).collect()
            }
            Value::Object(fields) => self.fields(fields, place, doubts).into(),
        }
    }

    fn fields(
        &self,
        fields: &Map<String, Value>,
        place: &Place<'_>,
        doubts: &mut Vec<String>,
    ) -> Map<String, Value> {
        let named = place.has_names(fields);
        let field = |(key, value): (&String, &Value)| {
            let new = if named || !is_field(key) {
                self.text(key)
            } else {
                key.clone()
            };
            (new, self.value(value, &place.below(key), doubts))
        };
        fields.iter().map(field).collect()
    }

    fn string(&self, text: &str, place: &Place<'_>, doubts: &mut Vec<String>) -> String {
        if place.is_variable() {
            return text.to_owned();
        }
        let is_expression = EXPRESSIONS.contains(&place.key);
        let hash = if is_expression {
            expression::hash
        } else {
            text::hash
        };
        let Text { text, mut cut } = hash(self.key, text);
        cut.dedup();
        if !cut.is_empty() {
            let cut = cut.join(", ");
            doubts.push(format!("{} looks into words: {cut}", place.path()));
        }
        text
    }
}

impl Place<'_> {
    const ROOT: Self = Self {
        above: None,
        key: "",
        listed: false,
        depth: 0,
    };

    fn below<'n>(&'n self, key: &'n str) -> Place<'n> {
        Place {
            above: Some(self),
            key,
            listed: false,
            depth: self.depth.saturating_add(1),
        }
    }

    /// Whether the keys of these fields are names: those of labels, or of the labels that pods must
    /// have for a Service.
    fn has_names(&self, fields: &Map<String, Value>) -> bool {
        let of_texts = || fields.values().all(Value::is_string);
        let named = NAMED.contains(&self.key) || (self.key == "selector" && of_texts());
        named && !self.listed
    }

    fn is_variable(&self) -> bool {
        let list = self.above.and_then(|entry| entry.above);
        self.key == "name" && list.is_some_and(|it| it.key == VARIABLES)
    }

    fn path(&self) -> String {
        let Some(above) = self.above.filter(|it| it.above.is_some()) else {
            return self.key.to_owned();
        };
        let above = above.path();
        if self.listed {
            format!("{above}[{}]", self.key)
        } else {
            format!("{above}.{}", self.key)
        }
    }
}

/// Whether a key may be that of a field: one word, as Kubernetes spells its own.
fn is_field(key: &str) -> bool {
    key.bytes().all(|it| it.is_ascii_alphanumeric())
}
