//! Where an engine runs programs of its author's choice: images, commands, sidecars, probes.

use std::time::Duration;

use super::engine::Found;
use super::env::Env;
use super::shell::own_image;
use crate::fault::{Fault, Lifetime, Unreadable};
use crate::object::Field;

/// Operations of a probe that change the cluster.
const CHANGES: &[&str] = &["create", "delete"];

/// What the engine itself runs besides its experiments.
pub(super) fn of_engine(spec: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let components = spec.get("components");
    let runner = components.get("runner");
    image(&runner.get("image"), found)?;
    for name in ["command", "args"] {
        let field = runner.get(name);
        if !field.items()?.is_empty() {
            arbitrary(&field, "a command of the author's choice", found);
        }
    }
    for sidecar in components.get("sidecar").items()? {
        arbitrary(&sidecar, "a container of the author's choice", found);
    }
    Ok(())
}

/// What one experiment runs besides its fault.
pub(super) fn of_experiment(item: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    const ADDRESS: &str = "TARGET_NODE_IP";
    let env = Env::of(item)?;
    let spec = item.get("spec");
    image(&spec.get("components").get("experimentImage"), found)?;
    if !env.text(ADDRESS)?.is_empty() {
        push(
            env.path(ADDRESS),
            "the machine at this address may be another than the target node",
            found,
        );
    }
    for probe in spec.get("probe").items()? {
        self::probe(&probe, found)?;
    }
    Ok(())
}

fn image(field: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let image = field.text()?.unwrap_or_default();
    if !image.is_empty() && !own_image(image) {
        arbitrary(field, "an image that Litmus does not bring along", found);
    }
    Ok(())
}

fn probe(probe: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    match probe.get("type").text()?.unwrap_or_default() {
        "cmdProbe" => arbitrary(probe, "a probe that runs a command", found),
        "k8sProbe" => {
            let operation = probe.get("k8sProbe/inputs").get("operation");
            if CHANGES.contains(&operation.text()?.unwrap_or_default()) {
                arbitrary(&operation, "a probe that changes the cluster", found);
            }
        }
        _ => {}
    }
    Ok(())
}

fn arbitrary(field: &Field<'_>, what: &str, found: &mut Found) {
    push(
        field.path().to_owned(),
        &format!("{what} may do anything the service account may"),
        found,
    );
}

fn push(field: String, why: &str, found: &mut Found) {
    let whole = |window: Duration| Lifetime::For(window);
    found.faults.push(Fault {
        lifetime: found.window.map_or(Lifetime::Forever, whole),
        later: false,
        ..Fault::untold(field, why)
    });
}
