//! Chaos Mesh: a selection of exact names stands in place of all other conditions, and all of them are hit.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Victim;
use crate::fault::Experiment;
use crate::object::Unreadable;

/// The kinds that select pods.
pub(super) const KINDS: &[&str] = &[
    "PodChaos",
    "NetworkChaos",
    "StressChaos",
    "IOChaos",
    "TimeChaos",
    "KernelChaos",
    "DNSChaos",
    "HTTPChaos",
    "JVMChaos",
    "BlockChaos",
];

pub(super) fn pin(
    value: &mut Value,
    victims: &[Victim<'_>],
    _: &Experiment,
) -> Result<(), Unreadable> {
    let spec = value.get_mut("spec").and_then(Value::as_object_mut);
    let spec = spec.ok_or_else(|| Unreadable::new("spec.template.spec", "absent", "a map"))?;
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for victim in victims {
        names.entry(victim.namespace).or_default().push(victim.name);
    }
    spec.insert("selector".to_owned(), json!({"pods": names}));
    spec.insert("mode".to_owned(), json!("all"));
    spec.remove("value");
    Ok(())
}
