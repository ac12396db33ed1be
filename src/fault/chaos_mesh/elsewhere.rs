//! The kinds of Chaos Mesh whose victims are not pods of this cluster: machines of a cloud,
//! machines with an agent, other clusters.

use super::kinds::action;
use super::site::{Found, Harm, Site};
use crate::fault::{
    Action, Aim, Effect, Fault, Intensity, Mode, NodeQuery, NodeTarget, Reading, Unreadable,
};
use crate::object::{Field, Object};

/// How the clouds name a machine: the kind, and the end of the name that a Node carries in
/// `spec.providerID`, with the fields of the chaos object in braces.
const MACHINES: &[(&str, &str)] = &[
    ("AWSChaos", "/{ec2Instance}"),
    (
        "AzureChaos",
        "/subscriptions/{subscriptionID}/resourceGroups/{resourceGroupName}\
         /providers/Microsoft.Compute/virtualMachines/{vmName}",
    ),
    ("GCPChaos", "//{project}/{zone}/{instance}"),
];

/// Reads AWSChaos, AzureChaos and GCPChaos. Each names a machine, and those that detach a disk the
/// one it is attached to: every pod that runs there is in reach.
pub(super) fn read_cloud(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let row = action(site)?;
    let harm = Harm {
        action: row.action,
        effect: row.effect,
        intensity: Intensity::default(),
        one_shot: row.one_shot,
    };
    let nodes = NodeQuery {
        machines: vec![machine(site)?],
        ..NodeQuery::default()
    };
    let target = NodeTarget {
        nodes: Some(nodes),
        hosting: None,
        mode: Mode::All,
        field: site.spec.path().to_owned(),
    };
    found.hit(site, harm, Aim::Nodes(target));
    Ok(())
}

/// The end of the name that the provider has for the machine of `site`.
fn machine(site: &Site<'_>) -> Result<String, Unreadable> {
    let rows = MACHINES.iter().filter(|(kind, _)| *kind == site.kind.name);
    let pattern = rows.map(|(_, pattern)| *pattern).collect::<String>();
    let mut name = String::new();
    for (index, part) in pattern.split(['{', '}']).enumerate() {
        // Every second part is a field.
        name += if index % 2 == 0 {
            part
        } else {
            let field = site.spec.get(part);
            let written = field.required_text()?;
            if written.is_empty() {
                return Err(field.unreadable("what the cloud calls the machine"));
            }
            written
        };
    }
    Ok(name.to_lowercase())
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
    found.faults.push(Fault::untold(spec.path(), what));
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
