//! The small values that policies are written in, each with its text and its schema.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::calendar::{format_duration, parse_duration};
use crate::fault::{Action, Effect};

use crate::policy::Reason;
use crate::policy::rules::is_reason;

/// A value that a policy writes as text.
trait Word: Sized {
    /// What would be accepted, for errors.
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Option<Self>;

    fn word(&self) -> Cow<'static, str>;
}

fn read<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<W, D::Error> {
    let refused =
        |found: &Value| serde::de::Error::custom(format_args!("{found}, expected {}", W::EXPECTED));
    let value = Value::deserialize(deserializer)?;
    value
        .as_str()
        .and_then(W::parse)
        .ok_or_else(|| refused(&value))
}

macro_rules! words {
    ($($name:ident: $schema:expr;)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.word())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read(deserializer)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.word())
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

words! {
    Span: json_schema!({
        "type": "string",
        "maxLength": 32,
        "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
    });
    Moment: json_schema!({"type": "string", "format": "date-time", "maxLength": 40});
    ActionName: json_schema!({"type": "string", "enum": names(Action::ALL, Action::name)});
    EffectName: json_schema!({"type": "string", "enum": names(&EffectName::ALL, Effect::name)});
    Permit: json_schema!({"type": "string", "maxLength": 63, "pattern": "^[A-Z][A-Za-z0-9]*$"});
}

/// The names of `all`, for an enumeration in a schema.
fn names<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().copied().map(name).collect()
}

/// A length of time, such as `90s`, `10m` or `1h30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Word for Span {
    const EXPECTED: &'static str = "a duration such as \"90s\", \"10m\" or \"1h30m\"";

    fn parse(text: &str) -> Option<Self> {
        parse_duration(text).ok().map(Self)
    }

    fn word(&self) -> Cow<'static, str> {
        format_duration(self.0).into()
    }
}

/// An instant, as RFC 3339 writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub jiff::Timestamp);

impl Word for Moment {
    const EXPECTED: &'static str = "a time such as \"2026-12-18T00:00:00Z\"";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }

    fn word(&self) -> Cow<'static, str> {
        self.0.to_string().into()
    }
}

/// The name of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActionName(pub Action);

impl Word for ActionName {
    const EXPECTED: &'static str = "an action such as \"PodKill\" (`docs/policies.md` lists them)";

    fn parse(text: &str) -> Option<Self> {
        let known = Action::ALL.iter().find(|action| action.name() == text);
        known.copied().map(Self)
    }

    fn word(&self) -> Cow<'static, str> {
        self.0.name().into()
    }
}

/// The name of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EffectName(pub Effect);

impl EffectName {
    const ALL: [Effect; 4] = [
        Effect::Degraded,
        Effect::Isolated,
        Effect::Down,
        Effect::Corrupting,
    ];
}

impl Word for EffectName {
    const EXPECTED: &'static str = "one of \"Degraded\", \"Isolated\", \"Down\", \"Corrupting\"";

    fn parse(text: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|effect| effect.name() == text);
        known.copied().map(Self)
    }

    fn word(&self) -> Cow<'static, str> {
        self.0.name().into()
    }
}

/// A reason that an exemption may lift: one that a policy can give, or a rule of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permit(pub String);

impl Word for Permit {
    const EXPECTED: &'static str =
        "the reason of a violation such as \"PrimaryAtRisk\", or of a rule, one at a time";

    fn parse(text: &str) -> Option<Self> {
        let mut known = Reason::ALL.iter();
        let known = known.find(|reason| reason.name() == text);
        let permitted = known.is_none_or(|reason| !reason.needs_no_policy());
        (permitted && is_reason(text)).then(|| Self(text.to_owned()))
    }

    fn word(&self) -> Cow<'static, str> {
        self.0.clone().into()
    }
}

/// A number of pods, or a percentage of a workload or database such as `60%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// This many.
    Pods(u32),
    /// This percentage, rounded up.
    Percent(u32),
}

impl Count {
    const EXPECTED: &'static str = "a whole number, or a percentage from \"0%\" to \"100%\"";

    /// How many that is, of `size`.
    #[must_use]
    pub fn of(self, size: u32) -> u32 {
        match self {
            Self::Pods(pods) => pods,
            Self::Percent(percent) => {
                let pods = (u64::from(size) * u64::from(percent)).div_ceil(100);
                u32::try_from(pods).unwrap_or(u32::MAX)
            }
        }
    }

    fn parse(value: &Value) -> Option<Self> {
        if let Some(pods) = value.as_u64() {
            return u32::try_from(pods).ok().map(Self::Pods);
        }
        let digits = value.as_str()?.strip_suffix('%')?;
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        let percent = digits.parse().ok().filter(|percent| *percent <= 100)?;
        whole.then_some(Self::Percent(percent))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pods(pods) => write!(f, "{pods}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pods(pods) => serializer.serialize_u32(*pods),
            Self::Percent(_) => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value).ok_or_else(|| {
            let expected = Self::EXPECTED;
            serde::de::Error::custom(format_args!("{value}, expected {expected}"))
        })
    }
}

impl JsonSchema for Count {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "x-kubernetes-int-or-string": true,
            "pattern": "^([0-9]|[1-9][0-9]|100)%$",
            "minimum": 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_percentage_is_rounded_up() {
        let sixty: Count = from_value(json!("60%")).unwrap();
        assert_eq!((sixty.of(3), sixty.of(5), sixty.of(0)), (2, 3, 0));
    }

    #[test]
    fn a_count_is_whole_and_a_percentage_at_most_a_hundred() {
        for wrong in [
            json!(-1),
            json!(1.5),
            json!("2"),
            json!("101%"),
            json!("+5%"),
        ] {
            from_value::<Count>(wrong).unwrap_err();
        }
    }

    #[test]
    fn a_duration_without_a_unit_is_refused_with_what_would_be_accepted() {
        let error = from_value::<Span>(json!("10")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"10\", expected a duration such as \"90s\", \"10m\" or \"1h30m\""
        );
    }

    #[test]
    fn no_exemption_lifts_what_needs_no_policy() {
        for right in ["PrimaryAtRisk", "RuleFailed", "OwnerMissing"] {
            from_value::<Permit>(json!(right)).unwrap();
        }
        for wrong in [
            "*",
            "InventoryUnavailable",
            "ForgedStatus",
            "ownerMissing",
            "",
        ] {
            from_value::<Permit>(json!(wrong)).unwrap_err();
        }
    }
}
