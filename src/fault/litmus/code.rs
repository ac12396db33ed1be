//! Where an engine runs programs of its author's choice: images, commands, sidecars, probes.

use super::engine::Found;
use super::env::Env;
use super::shell::own_image;
use crate::fault::{
    Action, Aim, Effect, Fault, Intensity, Lifetime, Namespaces, Overlap, PodQuery, Target,
    Unreadable,
};
use crate::object::Field;
use crate::selector_text;

/// What the engine itself runs besides its experiments.
pub(super) fn of_engine(spec: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let components = spec.get("components");
    let runner = components.get("runner");
    image(&runner.get("image"), found)?;
    for name in ["command", "args"] {
        let field = runner.get(name);
        if !field.items()?.is_empty() {
            found.arbitrary(&field, "a command of the author's choice");
        }
    }
    for sidecar in components.get("sidecar").items()? {
        found.arbitrary(&sidecar, "a container of the author's choice");
    }
    Ok(())
}

/// What the variables of a fault reach besides its victims.
pub(super) fn of_shot(env: &Env, found: &mut Found) -> Result<(), Unreadable> {
    const ADDRESS: &str = "TARGET_NODE_IP";
    if !env.text(ADDRESS)?.is_empty() {
        found.untold(
            env.path(ADDRESS),
            "the machine at this address may be another than the target node",
        );
    }
    Ok(())
}

/// What one experiment runs besides its fault.
pub(super) fn of_experiment(item: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let spec = item.get("spec");
    image(&spec.get("components").get("experimentImage"), found)?;
    for probe in spec.get("probe").items()? {
        self::probe(&probe, found)?;
    }
    Ok(())
}

fn image(field: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let image = field.text()?.unwrap_or_default();
    if !image.is_empty() && !own_image(image) {
        found.arbitrary(field, "an image that Litmus does not bring along");
    }
    Ok(())
}

fn probe(probe: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    match probe.get("type").text()?.unwrap_or_default() {
        "cmdProbe" => found.arbitrary(probe, "a probe that runs a command"),
        "k8sProbe" => {
            let inputs = probe.get("k8sProbe/inputs");
            let operation = inputs.get("operation");
            match operation.text()?.unwrap_or_default() {
                "create" => found.arbitrary(&operation, "a probe that creates objects"),
                "delete" => deletion(&inputs, found)?,
                _ => {}
            }
        }
        _ => {}
    }
    Ok(())
}

/// A probe that deletes. Of pods, it is a kill of everything it matches; deleting anything else may
/// take away whatever hangs on it.
fn deletion(inputs: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let text = |name: &'static str| Ok(inputs.get(name).text()?.unwrap_or_default());
    let resource = (text("group")?, text("resource")?);
    if resource != ("", "pods") {
        found.arbitrary(&inputs.get("operation"), "a probe that deletes objects");
        return Ok(());
    }
    let names = text("resourceNames")?.split(',').map(str::trim);
    let names: Vec<String> = names
        .filter(|it| !it.is_empty())
        .map(str::to_owned)
        .collect();
    let namespaces = match text("namespace")? {
        "" => Namespaces::All,
        namespace => Namespaces::Named(vec![namespace.to_owned()]),
    };
    let query = PodQuery {
        namespaces,
        labels: labels(&inputs.get("labelSelector"))?,
        names: (!names.is_empty()).then_some(names),
        ..PodQuery::default()
    };
    let path = inputs.path();
    found.faults.push(Fault {
        action: Action::PodKill,
        effect: Effect::Down,
        aim: Aim::Pods(Target::all_of(query, path)),
        lifetime: Lifetime::Instant,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: path.to_owned(),
        duration_field: path.to_owned(),
        later: true,
    });
    Ok(())
}

fn labels(field: &Field<'_>) -> Result<crate::selector::LabelSelector, Unreadable> {
    let text = field.text()?.unwrap_or_default();
    selector_text::parse(text)
        .map_err(|error| field.unreadable(format!("a label selector ({error})")))
}
