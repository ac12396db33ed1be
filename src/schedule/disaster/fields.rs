//! The fields of a scenario, and what each may hold.

use serde_json::Value;

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holds {
    Text,
    Words,
    Truth,
    TextOrNull,
    OneOf(&'static [&'static str]),
    Count,
}

/// The fields of every scenario.
pub(super) const ALWAYS: [(&str, Holds); 15] = [
    ("scenario", Holds::Text),
    ("primary_recovery_method", Holds::Text),
    ("alternate_fallback", Holds::Text),
    ("detection_signals", Holds::Words),
    ("rto_target", Holds::Text),
    ("rpo_target", Holds::Text),
    ("mttr_expected", Holds::Text),
    ("expected_data_loss", Holds::Text),
    ("likelihood", Holds::OneOf(&["Low", "Medium", "High"])),
    (
        "business_impact",
        Holds::OneOf(&["Low", "Medium", "High", "Critical"]),
    ),
    ("affected_components", Holds::Words),
    ("notes_assumptions", Holds::Words),
    ("test_enabled", Holds::Truth),
    ("test_file", Holds::TextOrNull),
    ("test_description", Holds::Text),
];

/// The fields of those that are automated.
pub(super) const AUTOMATED: [(&str, Holds); 8] = [
    ("chaos_type", Holds::Text),
    ("target_label", Holds::Text),
    ("app_kind", Holds::Text),
    (
        "expected_recovery",
        Holds::OneOf(&[
            "cluster_ready",
            "statefulset_ready",
            "service_endpoints",
            "pods_running",
        ]),
    ),
    ("mttr_seconds", Holds::Count),
    ("poll_interval", Holds::Count),
    ("total_chaos_duration", Holds::Count),
    ("chaos_interval", Holds::Count),
];

impl Holds {
    /// What is wrong with a value.
    pub(super) fn refuses(self, value: &Value) -> Option<String> {
        let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        let (fits, accepted) = match self {
            Self::Text => (is_text(value), "a text".to_owned()),
            Self::Words => {
                let list = value.as_array().is_some_and(|all| all.iter().all(is_text));
                (
                    value.is_string() || list,
                    "a text, or a list of texts".to_owned(),
                )
            }
            Self::Truth => (value.is_boolean(), "true or false".to_owned()),
            Self::TextOrNull => (
                is_text(value) || value.is_null(),
                "a file name or null".to_owned(),
            ),
            Self::OneOf(words) => {
                let one = value.as_str().is_some_and(|text| words.contains(&text));
                (one, format!("one of {}", words.join(", ")))
            }
            Self::Count => (
                value.as_u64().is_some_and(|it| it > 0),
                "a whole number above zero".to_owned(),
            ),
        };
        (!fits).then(|| format!("{value}, expected {accepted}"))
    }
}
