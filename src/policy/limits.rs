//! The built-in limits, in one table: a new limit is one line here and one function.

use super::context::LimitContext;
use super::{
    Violation, limits_amount, limits_armed, limits_backup, limits_database, limits_reach,
    limits_time, limits_windows,
};

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
    "every limit" => limits_reach::unresolvable,
    "protects" => limits_armed::armed,
    "protected" => limits_reach::protected,
    "optIn" => limits_reach::opt_in,
    "accounts" => limits_reach::accounts,
    "actions" => limits_reach::actions,
    "effects" => limits_reach::effects,
    "minHealthy" => limits_amount::min_healthy,
    "maxPods" => limits_amount::max_pods,
    "maxSharePercent" => limits_amount::max_share,
    "maxNodes" => limits_amount::max_nodes,
    "maxNamespaces" => limits_amount::max_namespaces,
    "respectBudgets" => limits_amount::budgets,
    "maxConcurrent" => limits_time::max_concurrent,
    "minInterval" => limits_time::min_interval,
    "maxDuration" => limits_time::max_duration,
    "intensity" => limits_time::intensity,
    "database.primary" => limits_database::primary,
    "database.quorum" => limits_database::quorum,
    "database.state" => limits_database::state,
    "database.maxReplicationLag" => limits_database::lag,
    "database.backup" => limits_backup::backup,
    "windows" => limits_windows::windows,
}
