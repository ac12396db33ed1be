//! Predicates over labels: Kubernetes label selectors, as objects write them and as text.

use std::collections::BTreeMap;
use std::fmt;

use crate::object::{Field, Unreadable};

/// Labels, however they are kept.
pub trait Labelled {
    /// The value of a label; `None` where there is none of this key.
    fn value_of(&self, key: &str) -> Option<&str>;
}

impl Labelled for BTreeMap<String, String> {
    fn value_of(&self, key: &str) -> Option<&str> {
        self.get(key).map(String::as_str)
    }
}

/// How a requirement compares a label with its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The label is one of the values.
    In,
    /// The label is absent or none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
}

/// One condition on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label's key.
    pub key: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what; empty for `Exists` and `DoesNotExist`.
    pub values: Vec<String>,
}

impl Requirement {
    /// The label `key` equals `value`.
    #[must_use]
    pub fn equals(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            operator: Operator::In,
            values: vec![value.into()],
        }
    }

    /// Whether the labels satisfy this condition.
    #[must_use]
    pub fn matches(&self, labels: &impl Labelled) -> bool {
        let found = labels.value_of(&self.key);
        let listed = || found.is_some_and(|found| self.values.iter().any(|value| value == found));
        match self.operator {
            Operator::In => listed(),
            Operator::NotIn => !listed(),
            Operator::Exists => found.is_some(),
            Operator::DoesNotExist => found.is_none(),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = || self.values.join(",");
        match (self.operator, self.values.as_slice()) {
            (Operator::In, [value]) => write!(f, "{}={value}", self.key),
            (Operator::In, _) => write!(f, "{} in ({})", self.key, values()),
            (Operator::NotIn, [value]) => write!(f, "{}!={value}", self.key),
            (Operator::NotIn, _) => write!(f, "{} notin ({})", self.key, values()),
            (Operator::Exists, _) => f.write_str(&self.key),
            (Operator::DoesNotExist, _) => write!(f, "!{}", self.key),
        }
    }
}

/// Conditions on labels that must all hold. Without conditions it matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    /// The conditions.
    pub requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Every label of the map equals.
    #[must_use]
    pub fn equalities(labels: &BTreeMap<String, String>) -> Self {
        let requirements = labels
            .iter()
            .map(|(key, value)| Requirement::equals(key, value));
        Self {
            requirements: requirements.collect(),
        }
    }

    /// Whether the labels satisfy every condition.
    #[must_use]
    pub fn matches(&self, labels: &impl Labelled) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.matches(labels))
    }

    /// Whether there is no condition, so that everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Reads `{matchLabels, matchExpressions}`, the shape Kubernetes uses everywhere.
    ///
    /// # Errors
    /// When a field has the wrong type, or an operator and its values do not fit.
    pub fn read(field: &Field<'_>) -> Result<Self, Unreadable> {
        let labels = field.get("matchLabels").text_map()?.unwrap_or_default();
        let mut selector = Self::equalities(&labels);
        selector
            .requirements
            .extend(expressions(&field.get("matchExpressions"))?);
        Ok(selector)
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.requirements.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(","))
    }
}

/// Reads a list of `{key, operator, values}`.
///
/// # Errors
/// When a field has the wrong type, or an operator and its values do not fit.
pub fn expressions(field: &Field<'_>) -> Result<Vec<Requirement>, Unreadable> {
    field.items()?.iter().map(expression).collect()
}

fn expression(field: &Field<'_>) -> Result<Requirement, Unreadable> {
    let key = field.get("key").required_text()?.to_owned();
    let values = field.get("values").texts()?.unwrap_or_default();
    let operator = match field.get("operator").required_text()? {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        "DoesNotExist" => Operator::DoesNotExist,
        _ => {
            let accepted = "one of In, NotIn, Exists, DoesNotExist";
            return Err(field.get("operator").unreadable(accepted));
        }
    };
    match operator {
        Operator::In | Operator::NotIn if values.is_empty() => Err(field
            .get("values")
            .unreadable("at least one value for this operator")),
        Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
            Err(field.get("values").unreadable("no value for this operator"))
        }
        Operator::In | Operator::NotIn | Operator::Exists | Operator::DoesNotExist => {
            Ok(Requirement {
                key,
                operator,
                values,
            })
        }
    }
}
