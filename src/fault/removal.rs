//! A pod deleted or evicted by hand: the oldest chaos tool there is.

use super::{
    Action, Aim, Effect, Experiment, Fault, Intensity, Lifetime, Namespaces, Note, Overlap,
    PodQuery, Target, Tool, Unreadable,
};
use crate::object::{Object, ObjectRef};

const NAME: &str = "metadata.name";

/// What is said of a deletion that does not wait.
const AT_ONCE: &str = "a grace period of 0 frees the name at once: nothing is shut down in order, \
    and its successor may start while it still runs";

/// What the deletion of a pod does, or an Eviction of one, which names it; `None` where that is no
/// fault. `grace` is how many seconds it is given, where the request says so.
///
/// # Errors
/// When the object has no name, so that its victim cannot be told.
pub fn read_removal(object: &Object, grace: Option<i64>) -> Result<Option<Experiment>, Unreadable> {
    if !object.is("", "Pod") && !object.is("policy", "Eviction") {
        return Ok(None);
    }
    let reference = object.reference();
    if reference.name.is_empty() {
        return Err(Unreadable::new(NAME, "missing", "the name of the pod"));
    }
    let note = (grace == Some(0)).then(|| Note {
        field: "gracePeriodSeconds".to_owned(),
        message: AT_ONCE.to_owned(),
    });
    Ok(Some(Experiment {
        object: reference.clone(),
        tool: Tool::Kubernetes,
        faults: vec![kill(reference)],
        schedule: None,
        notes: note.into_iter().collect(),
        refusals: Vec::new(),
        dormant: false,
        declared: false,
    }))
}

fn kill(pod: &ObjectRef) -> Fault {
    let query = PodQuery {
        namespaces: Namespaces::Named(vec![pod.namespace.clone()]),
        names: Some(vec![pod.name.clone()]),
        ..PodQuery::default()
    };
    let target = Target {
        mode_field: String::new(),
        value_field: String::new(),
        ..Target::all_of(query, NAME)
    };
    Fault {
        action: Action::PodKill,
        effect: Effect::Down,
        aim: Aim::Pods(target),
        lifetime: Lifetime::Instant,
        overlap: Overlap::AtMost(1),
        intensity: Intensity::default(),
        field: NAME.to_owned(),
        duration_field: String::new(),
        later: false,
    }
}
