//! The kinds of Chaos Mesh whose victims are not pods of this cluster: machines of a cloud,
//! machines with an agent, other clusters.

use super::kinds::action;
use super::site::{Found, Harm, Site};
use crate::fault::{Action, Aim, Effect, Fault, Intensity, Lifetime, Overlap, Reading, Unreadable};
use crate::object::{Field, Object};

/// The fields by which a cloud names its machines and disks.
const CLOUD_NAMES: &[&str] = &[
    "awsRegion",
    "ec2Instance",
    "volumeID",
    "subscriptionID",
    "resourceGroupName",
    "vmName",
    "diskName",
    "project",
    "zone",
    "instance",
    "deviceNames",
];

/// Reads AWSChaos, AzureChaos and GCPChaos. Nothing here tells which node the machine is.
pub(super) fn read_cloud(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let row = action(site)?;
    let named = CLOUD_NAMES.iter().filter_map(|name| {
        let field = site.spec.get(name);
        Some(format!("{name} {}", shown(&field)?))
    });
    let named: Vec<String> = named.collect();
    let harm = Harm {
        action: row.action,
        effect: row.effect,
        intensity: Intensity::default(),
        one_shot: row.one_shot,
    };
    let what = format!("which pods depend on {} is not known", named.join(", "));
    found.hit(site, harm, Aim::Unknown(what));
    Ok(())
}

/// Reads PhysicalMachineChaos, whose machines no Kubernetes object describes further.
pub(super) fn read_machine(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let action = site.spec.get("action").required_text()?;
    let selector = site.spec.get("selector");
    let what = match (shown(&site.spec.get("address")), selector.is_set()) {
        (Some(address), _) => format!("{action} attacks the machines at {address}"),
        (None, true) => format!("{action} attacks machines by selector"),
        (None, false) => return Err(selector.unreadable("a selector, or addresses")),
    };
    let everywhere = ["namespaces", "physicalMachines"];
    if selector.is_set() && everywhere.iter().all(|key| !filled(&selector.get(key))) {
        found.note(
            selector.get("namespaces").path(),
            "without namespaces the machines of all namespaces are selected",
        );
    }
    let harm = Harm::new(Action::MachineFault, Effect::Down, Intensity::default());
    found.hit(site, harm, Aim::Unknown(what));
    Ok(())
}

/// The cluster another one injects into, where `spec` names one.
pub(super) fn remote_cluster(spec: &Field<'_>) -> Result<Option<Aim>, Unreadable> {
    let field = spec.get("remoteCluster");
    let name = field.text()?.filter(|name| !name.is_empty());
    Ok(name.map(|name| {
        Aim::Unknown(format!(
            "it is carried out in the remote cluster \"{name}\", not here"
        ))
    }))
}

fn shown(field: &Field<'_>) -> Option<String> {
    if let Ok(Some(text)) = field.text() {
        return (!text.is_empty()).then(|| text.to_owned());
    }
    let texts = field.texts().ok()??;
    (!texts.is_empty()).then(|| texts.join(" "))
}

fn filled(field: &Field<'_>) -> bool {
    let empty = |value: &serde_json::Value| {
        value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty)
    };
    field.value().is_some_and(|value| !empty(value))
}

/// Reads a RemoteCluster: through it other objects inject where nothing here can see it.
pub(in crate::fault) fn read_cluster(object: &Object) -> Reading {
    let spec = object.spec();
    let place = spec.get("namespace").text()?.unwrap_or_default();
    let what =
        format!("it lets experiments run in another cluster, from namespace \"{place}\" there");
    let mut found = Found::default();
    found.faults.push(Fault {
        action: Action::ArbitraryCode,
        effect: Effect::Corrupting,
        aim: Aim::Unknown(what),
        lifetime: Lifetime::Forever,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: spec.path().to_owned(),
        duration_field: spec.path().to_owned(),
        later: true,
    });
    Ok(Some(found.experiment(object)))
}

/// Reads a kind that hurts nothing by itself.
pub(in crate::fault) fn read_harmless(object: &Object) -> Reading {
    let mut found = Found::default();
    let address = object.spec().get("address");
    if address.text()?.is_some() {
        found.note(
            address.path(),
            "experiments that run already will recover at the address written here",
        );
    }
    Ok(Some(found.experiment(object)))
}
