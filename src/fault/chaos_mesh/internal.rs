//! The objects that Chaos Mesh writes for itself. Written by hand, they inject without an
//! experiment, a selector or a check of permissions.

use super::network::{blocks, isolation, narrow};
use super::site::{Found, Harm, duration_at, namespace};
use super::workflow::step;
use crate::fault::experiment::EXTREME_DELAY;
use crate::fault::{
    Action, Aim, Effect, Fault, Intensity, Lifetime, Mode, Namespaces, Overlap, PodQuery, Reading,
    Selection, Target, Unreadable,
};
use crate::object::{Field, Object};

/// What the rules of an object do, each with the path of its rule.
type Harms = Vec<(String, Harm)>;

/// Reads a PodNetworkChaos.
pub(in crate::fault) fn read_network(object: &Object) -> Reading {
    on_its_pod(object, |spec| {
        let mut harms = Vec::new();
        for rule in spec.get("iptables").items()? {
            harms.push((rule.path().to_owned(), isolation(Action::NetworkPartition)));
        }
        for rule in spec.get("tcs").items()? {
            let bandwidth = rule.get("bandwidth");
            let mut shaping = blocks(&rule)?;
            if bandwidth.is_set() {
                shaping.push(narrow(Action::NetworkBandwidth, &bandwidth));
            }
            harms.extend(
                shaping
                    .into_iter()
                    .map(|harm| (rule.path().to_owned(), harm)),
            );
        }
        Ok(harms)
    })
}

/// Reads a PodIOChaos.
pub(in crate::fault) fn read_io(object: &Object) -> Reading {
    on_its_pod(object, |spec| {
        let mut harms = Vec::new();
        for rule in spec.get("actions").items()? {
            harms.push((rule.path().to_owned(), io(&rule)?));
        }
        Ok(harms)
    })
}

fn io(rule: &Field<'_>) -> Result<Harm, Unreadable> {
    let latency = duration_at(&rule.get("latency"))?;
    let intensity = Intensity {
        latency,
        ..Intensity::default()
    };
    Ok(match rule.get("type").required_text()? {
        "latency" if latency.is_some_and(|latency| latency >= EXTREME_DELAY) => {
            Harm::new(Action::IoDelay, Effect::Down, intensity)
        }
        "latency" => Harm::new(Action::IoDelay, Effect::Degraded, intensity),
        "fault" => Harm::new(Action::IoFault, Effect::Down, intensity),
        _ => Harm::new(Action::DiskCorruption, Effect::Corrupting, intensity),
    })
}

/// Reads a PodHttpChaos.
pub(in crate::fault) fn read_http(object: &Object) -> Reading {
    on_its_pod(object, |spec| {
        let harm = Harm::new(Action::HttpFault, Effect::Degraded, Intensity::default());
        let rules = spec.get("rules").items()?;
        Ok(rules
            .iter()
            .map(|rule| (rule.path().to_owned(), harm))
            .collect())
    })
}

/// Reads a WorkflowNode, which the controller turns into the object it embeds.
pub(in crate::fault) fn read_node(object: &Object) -> Reading {
    let spec = object.spec();
    let mut found = Found::default();
    step(&spec, "type", namespace(object), &mut found)?;
    let starts =
        spec.get("children").items()?.len() + spec.get("conditionalBranches").items()?.len();
    if starts > 0 {
        let workflow = spec.get("workflowName").text()?.unwrap_or_default();
        let what = format!("it starts templates of Workflow \"{workflow}\"");
        let harm = Harm::new(
            Action::ArbitraryCode,
            Effect::Corrupting,
            Intensity::default(),
        );
        found
            .faults
            .push(fault(&spec.get("children"), harm, Aim::Unknown(what)));
    }
    for fault in &mut found.faults {
        fault.later = true;
    }
    Ok(Some(found.experiment(object)))
}

/// The rules of an internal object, each a harm to the pod of the same namespace and name.
fn on_its_pod(object: &Object, harms: fn(&Field<'_>) -> Result<Harms, Unreadable>) -> Reading {
    let spec = object.spec();
    let mut found = Found::default();
    for (path, harm) in harms(&spec)? {
        let fault = fault(&spec, harm, Aim::Pods(its_pod(object)));
        found.faults.push(Fault {
            field: path,
            ..fault
        });
    }
    Ok(Some(found.experiment(object)))
}

fn fault(field: &Field<'_>, harm: Harm, aim: Aim) -> Fault {
    Fault {
        action: harm.action,
        effect: harm.effect,
        aim,
        lifetime: Lifetime::Forever,
        overlap: Overlap::AtMost(1),
        intensity: harm.intensity,
        field: field.path().to_owned(),
        duration_field: field.path().to_owned(),
        later: false,
    }
}

fn its_pod(object: &Object) -> Target {
    let reference = object.reference();
    let query = PodQuery {
        namespaces: Namespaces::Named(vec![reference.namespace.clone()]),
        names: Some(vec![reference.name.clone()]),
        ..PodQuery::default()
    };
    let field = "metadata.name".to_owned();
    Target {
        selection: Selection {
            queries: vec![query],
            ..Selection::default()
        },
        mode: Mode::All,
        mode_field: field.clone(),
        value_field: field.clone(),
        selector_field: field,
    }
}
