//! A pod deleted by hand: the oldest chaos tool there is.

use super::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Listing, Mode, Namespaces,
    Overlap, PodQuery, Selection, Target, Tool, Unreadable,
};
use crate::object::Object;

/// What the deletion of `object` does; `None` where that is no fault.
///
/// # Errors
/// When the object has no name, so that its victim cannot be told.
pub fn read_removal(object: &Object) -> Result<Option<Experiment>, Unreadable> {
    if !object.is("", "Pod") {
        return Ok(None);
    }
    let reference = object.reference();
    if reference.name.is_empty() {
        return Err(Unreadable::new(
            "metadata.name",
            "missing",
            "the name of the pod",
        ));
    }
    Ok(Some(Experiment {
        object: reference.clone(),
        tool: Tool::Kubernetes,
        faults: vec![kill(&reference.namespace, &reference.name)],
        schedule: None,
        notes: Vec::new(),
        refusals: Vec::new(),
        dormant: false,
        declared: false,
    }))
}

fn kill(namespace: &str, name: &str) -> Fault {
    let query = PodQuery {
        namespaces: Namespaces::Named(vec![namespace.to_owned()]),
        names: Some(vec![name.to_owned()]),
        ..PodQuery::default()
    };
    let target = Target {
        selection: Selection {
            queries: vec![query],
            list: Listing::WithRepeats,
        },
        mode: Mode::All,
        mode_field: String::new(),
        value_field: String::new(),
        selector_field: "metadata.name".to_owned(),
    };
    Fault {
        action: Action::PodKill,
        effect: Effect::Down,
        aim: Aim::Pods(target),
        lifetime: Lifetime::Instant,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: "metadata.name".to_owned(),
        duration_field: String::new(),
        later: false,
    }
}
