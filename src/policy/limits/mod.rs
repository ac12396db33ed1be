//! The built-in limits, in one table: a new limit is one line here and one function.

mod amount;
mod armed;
mod backup;
mod database;
mod reach;
mod time;
mod units;
mod windows;

pub(super) use backup::age_of;

use super::Violation;
use super::context::LimitContext;

/// The names of the built-in limits, as policies spell them.
pub fn limit_names() -> impl Iterator<Item = &'static str> {
    LIMITS.iter().map(|limit| limit.name)
}

/// A built-in limit.
pub(super) struct Limit {
    /// As the policy spells it.
    pub(super) name: &'static str,
    /// Every violation of it.
    pub(super) check: fn(&LimitContext<'_>) -> Vec<Violation>,
}

macro_rules! limits {
    ($($name:literal => $check:path,)+) => {
        /// Every built-in limit.
        pub(super) const LIMITS: &[Limit] = &[$(Limit { name: $name, check: $check },)+];
    };
}

limits! {
    "every limit" => reach::unresolvable,
    "protects" => armed::armed,
    "protected" => reach::protected,
    "optIn" => reach::opt_in,
    "accounts" => reach::accounts,
    "actions" => reach::actions,
    "effects" => reach::effects,
    "minHealthy" => amount::min_healthy,
    "maxPods" => amount::max_pods,
    "maxSharePercent" => amount::max_share,
    "maxNodes" => amount::max_nodes,
    "maxNamespaces" => amount::max_namespaces,
    "respectBudgets" => amount::budgets,
    "maxConcurrent" => time::max_concurrent,
    "minInterval" => time::min_interval,
    "maxDuration" => time::max_duration,
    "intensity" => time::intensity,
    "database.primary" => database::primary,
    "database.quorum" => database::quorum,
    "database.maxUnits" => units::max_units,
    "database.state" => database::state,
    "database.maxReplicationLag" => database::lag,
    "database.backup" => backup::backup,
    "windows" => windows::windows,
}
