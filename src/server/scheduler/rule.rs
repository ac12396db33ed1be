//! Whether a SanctionedExperiment that somebody writes can be used as it is written.

use crate::fault::Surroundings;
use crate::judge::{self, Verdict};
use crate::policy::PolicyError;
use crate::policy::spec::GROUP;
use crate::request::{Operation, Request};
use crate::schedule::sanctioned::{KIND, Sanctioned};

/// The verdict on a SanctionedExperiment; `None` where a request writes none. What templates refer to may be
/// applied after it, so that what is missing there is found when a run begins.
#[must_use]
pub fn verdict(request: &Request) -> Option<Verdict> {
    let writes = match request.operation {
        Operation::Create | Operation::Update => request.subresource.is_empty(),
        Operation::Delete | Operation::Connect => false,
    };
    let written = request.object.as_ref().filter(|_| writes)?;
    if !written.is(GROUP, KIND) {
        return None;
    }
    if written.at(&["metadata", "deletionTimestamp"]).is_some() {
        return Some(Verdict::passed(request, "it is being deleted"));
    }
    let wrong = Sanctioned::compile(written, Surroundings::NONE).err();
    let errors = wrong.into_iter().flatten().map(|problem| PolicyError {
        object: written.reference().clone(),
        problem,
    });
    Some(judge::compiled(request, errors.collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::judge::Decision;
    use crate::object::Object;
    use crate::request::User;

    fn judged(kind: &str, spec: &Value) -> Option<Decision> {
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": kind,
            "metadata": {"name": "drill", "namespace": "db"}, "spec": spec});
        let request = Request::create(Object::new(value).unwrap(), User::named("jane"));
        verdict(&request).map(|it| it.decision)
    }

    #[test]
    fn what_cannot_be_run_is_refused_when_it_is_applied() {
        let mut spec = json!({"hypothesis": "it holds", "native": {"podDelete": {}},
            "workload": {"kind": "StatefulSet", "name": "ledger"}});
        assert_eq!(judged(KIND, &spec), Some(Decision::Allow));
        spec["schedules"] = json!([{"schedule": "0 0 31 2 *"}]);
        assert_eq!(judged(KIND, &spec), Some(Decision::Deny));
    }

    #[test]
    fn what_stops_is_never_judged() {
        assert_eq!(judged("EmergencyStop", &json!({"scope": 3})), None);
    }
}
