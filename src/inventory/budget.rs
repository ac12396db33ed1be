//! PodDisruptionBudgets: how many healthy pods they want left.

use std::collections::BTreeMap;

use serde_json::Value;

use super::lenient::count;
use super::select::labelled;
use super::world::World;
use super::{Inventory, Owner, PodId, View, narrow, workload};
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

/// What a PodDisruptionBudget says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    /// Whom it covers; nobody without a selector. One that cannot be read covers everything.
    selector: Option<LabelSelector>,
    least: Option<Amount>,
    most_gone: Option<Amount>,
    /// How many more it permits to go, as its controller last counted.
    permitted: Option<u32>,
}

/// A number of pods.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Amount {
    Pods(u32),
    /// Of those there should be, rounded up as Kubernetes does.
    Percent(u64),
    /// What cannot be read.
    Untold,
}

impl Wish {
    pub(super) fn recorded(object: &Object) -> Self {
        let selector = object.spec().get("selector");
        let read = || LabelSelector::read(&selector).unwrap_or_default();
        let amount = |field: &str| object.spec().get(field).value().map(Amount::read);
        Self {
            least: amount("minAvailable"),
            most_gone: amount("maxUnavailable"),
            permitted: count(object.value(), "/status/disruptionsAllowed"),
            selector: selector.is_set().then(read),
        }
    }

    /// How many of `expected` pods it wants healthy; all of them where it cannot be read.
    fn wanted(&self, expected: u32) -> u32 {
        match (self.least, self.most_gone) {
            (Some(amount), _) => amount.of(expected).unwrap_or(expected),
            (None, Some(amount)) => expected.saturating_sub(amount.of(expected).unwrap_or(0)),
            (None, None) => 0,
        }
    }
}

impl Amount {
    fn read(amount: &Value) -> Self {
        let percent = || amount.as_str()?.strip_suffix('%')?.parse().ok();
        match amount.as_u64() {
            Some(number) => u32::try_from(number).map_or(Self::Untold, Self::Pods),
            None => percent().map_or(Self::Untold, Self::Percent),
        }
    }

    fn of(self, expected: u32) -> Option<u32> {
        match self {
            Self::Pods(number) => Some(number),
            Self::Percent(percent) => {
                let share = u64::from(expected).saturating_mul(percent).div_ceil(100);
                u32::try_from(share).ok()
            }
            Self::Untold => None,
        }
    }
}

/// The budgets of a world over an inventory that has its pods and their health.
pub(super) fn budgets(world: &World<'_>, inventory: &Inventory) -> Vec<Budget> {
    let places = world.store.budgets.iter();
    let wishes = places.flat_map(|(place, names)| {
        let named = names.iter();
        named.map(move |(name, wish)| (place.as_str(), name.as_str(), wish))
    });
    wishes
        .filter_map(|(place, name, wish)| budget(world, inventory, (place, name), wish))
        .collect()
}

fn budget(
    world: &World<'_>,
    inventory: &Inventory,
    (place, name): (&str, &str),
    wish: &Wish,
) -> Option<Budget> {
    let selector = wish.selector.clone()?;
    let pods = inventory.select(&labelled(place, selector), View::Now).pods;
    let healthy = pods.iter().filter(|id| inventory.pod(**id).healthy).count();
    let expected = expected(world, inventory, &pods);
    let permitted = wish.permitted;
    let observed = permitted.map_or(0, |permitted| narrow(healthy).saturating_sub(permitted));
    Some(Budget {
        namespace: place.to_owned(),
        name: name.to_owned(),
        min_healthy: wish.wanted(expected).max(observed),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(spec: &Value, expected: u32) -> u32 {
        let budget = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": "x"}, "spec": spec
        });
        Wish::recorded(&Object::new(budget).unwrap()).wanted(expected)
    }

    #[test]
    fn percentages_are_rounded_up_on_both_sides() {
        assert_eq!(wanted(&json!({"minAvailable": "50%"}), 3), 2);
        assert_eq!(wanted(&json!({"maxUnavailable": "50%"}), 3), 1);
        assert_eq!(wanted(&json!({"maxUnavailable": "1%"}), 10), 9);
        assert_eq!(wanted(&json!({"minAvailable": 2}), 3), 2);
        assert_eq!(wanted(&json!({"maxUnavailable": 5}), 3), 0);
    }

    #[test]
    fn an_amount_that_cannot_be_read_wants_every_pod() {
        for spec in [json!({"minAvailable": "x"}), json!({"maxUnavailable": -1})] {
            assert_eq!(wanted(&spec, 3), 3, "{spec}");
        }
        assert_eq!(wanted(&json!({}), 3), 0);
    }
}
