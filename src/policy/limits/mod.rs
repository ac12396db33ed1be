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

use std::fmt;

use super::context::LimitContext;
use super::{Policy, Violation};

/// The names of the built-in limits, as policies spell them.
pub fn limit_names() -> impl Iterator<Item = &'static str> {
    LIMITS.iter().map(|limit| limit.name)
}

/// A built-in limit.
pub(super) struct Limit {
    /// As the policy spells it.
    pub(super) name: &'static str,
    /// Whether a policy sets it: of one that does not, nothing is a violation.
    pub(super) is_set: fn(&Policy) -> bool,
    /// Every violation of it.
    pub(super) check: fn(&LimitContext<'_>) -> Vec<Violation>,
}

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The limits that a policy sets.
pub(super) fn set_by(policy: &Policy) -> Vec<&'static Limit> {
    LIMITS.iter().filter(|it| (it.is_set)(policy)).collect()
}

/// Whether a policy limits databases at all.
fn databases(policy: &Policy) -> bool {
    policy.limits.database.is_some()
}

macro_rules! limits {
    ($($name:literal => $check:path, $is_set:expr;)+) => {
        /// Every built-in limit.
        pub(super) const LIMITS: &[Limit] =
            &[$(Limit { name: $name, is_set: $is_set, check: $check },)+];
    };
}

limits! {
    "every limit" => reach::unresolvable, |_| true;
    "protects" => armed::armed, |_| true;
    "protected" => reach::protected, |it| it.limits.protected;
    "optIn" => reach::opt_in, |it| it.limits.opt_in.is_some();
    "accounts" => reach::accounts, |it| it.limits.accounts.is_some();
    "actions" => reach::actions, |it| it.limits.actions.is_some();
    "effects" => reach::effects, |_| true;
    "minHealthy" => amount::min_healthy, |it| it.limits.min_healthy.is_some();
    "maxPods" => amount::max_pods, |it| it.limits.max_pods.is_some();
    "maxSharePercent" => amount::max_share, |it| it.limits.max_share_percent.is_some();
    "maxNodes" => amount::max_nodes, |it| it.limits.max_nodes.is_some();
    "maxNamespaces" => amount::max_namespaces, |it| it.limits.max_namespaces.is_some();
    "respectBudgets" => amount::budgets, |it| it.limits.respect_budgets;
    "maxConcurrent" => time::max_concurrent, |it| it.limits.max_concurrent.is_some();
    "minInterval" => time::min_interval, |it| it.limits.min_interval.is_some();
    "maxDuration" => time::max_duration, time::bounds_durations;
    "intensity" => time::intensity, |it| it.limits.intensity.is_some();
    "database.primary" => database::primary, databases;
    "database.quorum" => database::quorum, databases;
    "database.maxUnits" => units::max_units, databases;
    "database.state" => database::state, databases;
    "database.maxReplicationLag" => database::lag, databases;
    "database.backup" => backup::backup, databases;
    "windows" => windows::windows, |it| it.windows.is_some();
}
