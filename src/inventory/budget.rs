//! PodDisruptionBudgets: how many healthy pods they want left.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lenient::count;
use super::select::labelled;
use super::workload;
use super::world::{World, namespace};
use super::{Inventory, Owner, PodId, View, narrow};
use crate::object::Object;
use crate::selector::LabelSelector;

/// A PodDisruptionBudget.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Budget {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The pods it covers, ascending.
    pub pods: Vec<PodId>,
    /// How many healthy pods it wants left.
    pub min_healthy: u32,
}

/// The budgets of a world over an inventory that has its pods and their health.
pub(super) fn budgets(world: &World<'_>, inventory: &Inventory) -> Vec<Budget> {
    let objects = world.all(("policy", "PodDisruptionBudget"));
    objects
        .filter_map(|object| budget(world, inventory, object))
        .collect()
}

/// `None` for a budget without a selector, which covers nothing. A selector that cannot be read
/// covers everything.
fn budget(world: &World<'_>, inventory: &Inventory, object: &Object) -> Option<Budget> {
    let selector = object.spec().get("selector");
    selector.is_set().then_some(())?;
    let selector = LabelSelector::read(&selector).unwrap_or_default();
    let place = namespace(object);
    let pods = inventory.select(&labelled(place, selector), View::Now).pods;
    let healthy = pods.iter().filter(|id| inventory.pod(**id).healthy).count();
    let expected = expected(world, inventory, &pods);
    let permitted = count(object.value(), "/status/disruptionsAllowed");
    let observed = permitted.map_or(0, |permitted| narrow(healthy).saturating_sub(permitted));
    Some(Budget {
        namespace: place.to_owned(),
        name: object.reference().name.clone(),
        min_healthy: wanted(object.spec().value(), expected).max(observed),
        pods,
    })
}

/// How many pods the workloads of these pods should have together.
fn expected(world: &World<'_>, inventory: &Inventory, pods: &[PodId]) -> u32 {
    let mut bare: u32 = 0;
    let mut workloads = BTreeMap::<(&str, &Owner), usize>::new();
    for pod in pods.iter().map(|id| inventory.pod(*id)) {
        match &pod.owner {
            Some(owner) => *workloads.entry((&pod.namespace, owner)).or_default() += 1,
            None => bare = bare.saturating_add(1),
        }
    }
    let sizes = workloads
        .iter()
        .map(|((place, owner), present)| workload::size(world, place, owner, *present));
    sizes.fold(bare, u32::saturating_add)
}

/// How many of `expected` pods a spec wants healthy; all of them where it cannot be read.
fn wanted(spec: Option<&Value>, expected: u32) -> u32 {
    let amount = |field: &str| spec?.get(field).filter(|value| !value.is_null());
    match (amount("minAvailable"), amount("maxUnavailable")) {
        (Some(amount), _) => pods(amount, expected).unwrap_or(expected),
        (None, Some(amount)) => expected.saturating_sub(pods(amount, expected).unwrap_or(0)),
        (None, None) => 0,
    }
}

/// A number of pods, or a percentage of `expected`, rounded up as Kubernetes does.
fn pods(amount: &Value, expected: u32) -> Option<u32> {
    if let Some(number) = amount.as_u64() {
        return u32::try_from(number).ok();
    }
    let text = amount.as_str()?;
    let percent: u64 = text.strip_suffix('%')?.parse().ok()?;
    let share = u64::from(expected).saturating_mul(percent).div_ceil(100);
    u32::try_from(share).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn percentages_are_rounded_up_on_both_sides() {
        let wanted = |spec: Value, expected| wanted(Some(&spec), expected);
        assert_eq!(wanted(json!({"minAvailable": "50%"}), 3), 2);
        assert_eq!(wanted(json!({"maxUnavailable": "50%"}), 3), 1);
        assert_eq!(wanted(json!({"maxUnavailable": "1%"}), 10), 9);
        assert_eq!(wanted(json!({"minAvailable": 2}), 3), 2);
        assert_eq!(wanted(json!({"maxUnavailable": 5}), 3), 0);
    }

    #[test]
    fn an_amount_that_cannot_be_read_wants_every_pod() {
        for spec in [json!({"minAvailable": "x"}), json!({"maxUnavailable": -1})] {
            assert_eq!(wanted(Some(&spec), 3), 3, "{spec}");
        }
        assert_eq!(wanted(Some(&json!({})), 3), 0);
    }
}
