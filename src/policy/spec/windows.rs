//! `spec.windows` of a BlastRadiusPolicy, as its user writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::{Moment, Span};

/// When chaos is allowed. A schedule is not held against it when it is created: each of its runs is, when it starts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowsSpec {
    /// IANA zone of the hours and schedules below; absent: `UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub time_zone: Option<String>,
    /// The hours in which chaos is allowed; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub allow: Option<Vec<Hours>>,
    /// When no chaos may run, not even a part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub blackouts: Vec<BlackoutSpec>,
}

/// Hours of some days of the week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hours {
    /// Which days; absent: every day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 7))]
    pub days: Option<Vec<Day>>,
    /// When it opens, such as `09:00`.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), length(max = 5))]
    pub from: String,
    /// When it closes, such as `16:00`; `24:00` is the end of the day. At or before `from` it closes on the next day.
    #[schemars(
        regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
        length(max = 5)
    )]
    pub to: String,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// A time in which no chaos may run: recurring (`schedule` and `duration`), once (`from` and `to`), or while the database backs itself up (`fromDatabaseBackups`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.schedule) ? 1 : 0) + (has(self.from) || has(self.to) ? 1 : 0) + (has(self.fromDatabaseBackups) && self.fromDatabaseBackups ? 1 : 0) == 1",
    "message": "one of: schedule with duration, from with to, fromDatabaseBackups: true",
}, {
    "rule": "!has(self.schedule) || has(self.duration)",
    "message": "a schedule needs a duration",
}, {
    "rule": "has(self.from) == has(self.to)",
    "message": "from and to belong together",
}]))]
pub struct BlackoutSpec {
    /// Its name, for messages.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// When it begins: five cron fields, such as `0 0 28 * *`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub schedule: Option<String>,
    /// How long it lasts, where it has a `schedule`; how long a backup is taken to last, where it is `fromDatabaseBackups` (absent: 1h).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Span>,
    /// When it begins, where it happens once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// When it ends, where it happens once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
    /// `true`: it is open while a schedule of the database's own backups says that one runs.
    #[serde(default)]
    pub from_database_backups: bool,
    /// `true`: what runs when it begins is stopped.
    #[serde(default)]
    pub halt_running: bool,
}
