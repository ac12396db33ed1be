//! The fence before the cluster: what says that it is of a run is made only while that run is injecting it. The
//! run is read from the store itself, so that who stood still for a while finds that time has gone on.

use kube::Client;

use super::choose::same_spec;
use super::native::RUN_NAMESPACE;
use super::promise::reference;
use super::reach::Reach;
use super::read::{RUN, Stored, own};
use crate::judge::{self, Verdict};
use crate::object::Object;
use crate::policy::Reason;
use crate::request::{Operation, Request};
use crate::schedule::pin::{self, FENCE, RUN_UID};
use crate::schedule::spec::status::PhaseWord;

/// Where the label is by which an object says whose it is.
const FIELD: &str = "metadata.labels";

/// Reads the runs that objects say they are of.
pub struct Fence(Reach);

/// What the fence says to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    /// It is what the run injects; whether it may be is judged as of any other.
    Fits,
    /// It is what the run injects, and was judged as what the run does with it.
    Judged,
    /// It is not; a phrase.
    Refused(String),
}

impl Fence {
    /// One that reads runs by this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(Reach::new(client))
    }

    /// The verdict on the creation of something that says it is of a run; `None` where it is to be judged like
    /// everything else.
    pub async fn verdict(&self, request: &Request) -> Option<Verdict> {
        let object = claimed(request)?;
        match self.said(object).await {
            Said::Fits => None,
            Said::Judged => Some(Verdict::passed(
                request,
                "it is a part of a run, which was judged",
            )),
            Said::Refused(why) => Some(judge::forbid(request, Reason::NotOfItsRun, FIELD, &why)),
        }
    }

    async fn said(&self, object: &Object) -> Said {
        let it = object.reference();
        let place = object.annotation(RUN_NAMESPACE).unwrap_or(&it.namespace);
        let name = object.label(pin::RUN).unwrap_or(&it.name);
        match self.0.get(&own(RUN, (place, name))).await {
            Ok(Some(run)) => match Stored::read(run) {
                Ok(run) => said(object, &run),
                Err(problem) => Said::Refused(format!("its run cannot be read: {problem}")),
            },
            Ok(None) => Said::Refused(format!("there is no run {place}/{name}")),
            Err(failure) => Said::Refused(format!("its run cannot be read: {failure}")),
        }
    }
}

/// What is made and says that it is of a run. Nothing comes of a dry run, and what a controller makes of an object
/// was judged with that.
fn claimed(request: &Request) -> Option<&Object> {
    let creates = request.operation == Operation::Create && request.subresource.is_empty();
    let object = request
        .object
        .as_ref()
        .filter(|_| creates && !request.dry_run)?;
    let claims = object.label(RUN_UID).is_some() || object.annotation(FENCE).is_some();
    (claims && !object.is("", "Pod")).then_some(object)
}

fn said(object: &Object, run: &Stored) -> Said {
    let status = &run.status;
    let refused = |why: &str| Said::Refused(format!("{} {why}", run.object.reference()));
    let Some(made) = &status.chaos_object else {
        return refused("makes no chaos object");
    };
    if object.label(RUN_UID) != Some(run.uid()) {
        return refused("is another run than the one of its label");
    }
    if status.phase != PhaseWord::Injecting {
        return Said::Refused(format!(
            "{} is {:?}, and not Injecting",
            run.object.reference(),
            status.phase
        ));
    }
    if status.fence.is_none() || object.annotation(FENCE) != status.fence.as_deref() {
        return refused("has another fence");
    }
    if made.uid.is_some() {
        return refused("has made its chaos object already");
    }
    if reference(made) != *object.reference() {
        return refused("makes another object");
    }
    match (
        object.is("networking.k8s.io", "NetworkPolicy"),
        same_spec(object.value(), &made.object),
    ) {
        (true, true) => Said::Judged,
        (true, false) => refused("makes it with another spec"),
        (false, _) => Said::Fits,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::request::User;

    fn chaos(kind: &str) -> Value {
        let api = match kind {
            "NetworkPolicy" => "networking.k8s.io/v1",
            "Pod" => "v1",
            _ => "chaos-mesh.org/v1alpha1",
        };
        json!({"apiVersion": api, "kind": kind,
            "metadata": {"name": "drill-1", "namespace": "db", "labels": {"firebreak.dev/run": "drill-1", RUN_UID: "u"},
                "annotations": {FENCE: "f"}},
            "spec": {"action": "pod-kill"}})
    }

    fn run(kind: &str, change: &Value) -> Stored {
        let made = chaos(kind);
        let mut status = json!({"phase": "Injecting", "fence": "f", "chaosObject": {
            "apiVersion": made["apiVersion"], "kind": kind, "namespace": "db", "name": "drill-1",
            "object": made}});
        for (key, value) in change.as_object().unwrap() {
            status[key] = value.clone();
        }
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "ExperimentRun",
            "metadata": {"name": "drill-1", "namespace": "db", "uid": "u"},
            "spec": {"experiment": "drill"}, "status": status});
        Stored::read(Object::new(value).unwrap()).unwrap()
    }

    fn object(value: Value) -> Object {
        Object::new(value).unwrap()
    }

    #[test]
    fn only_what_a_run_injects_now_gets_through() {
        let fits = |change: Value| {
            said(&object(chaos("PodChaos")), &run("PodChaos", &change)) == Said::Fits
        };
        assert!(fits(json!({})));
        assert!(!fits(json!({"phase": "Reserving"})));
        assert!(!fits(json!({"phase": "Active"})));
        assert!(!fits(json!({"fence": "g"})));
        assert!(!fits(json!({"fence": null})));
        assert!(!fits(json!({"chaosObject": null})));
    }

    #[test]
    fn what_the_run_did_not_write_down_is_another_object() {
        let mut other = chaos("PodChaos");
        other["metadata"]["name"] = json!("drill-2");
        let said_to = said(&object(other), &run("PodChaos", &json!({})));
        assert!(matches!(said_to, Said::Refused(_)), "{said_to:?}");
        let policy = run("NetworkPolicy", &json!({}));
        assert_eq!(said(&object(chaos("NetworkPolicy")), &policy), Said::Judged);
        let mut wider = chaos("NetworkPolicy");
        wider["spec"] = json!({"podSelector": {}});
        let said_to = said(&object(wider), &policy);
        assert!(matches!(said_to, Said::Refused(_)), "{said_to:?}");
    }

    #[test]
    fn what_does_not_say_that_it_is_of_a_run_is_judged_like_everything_else() {
        let request = |value: Value| Request::create(object(value), User::named("jane"));
        assert!(claimed(&request(chaos("PodChaos"))).is_some());
        assert!(claimed(&request(chaos("Pod"))).is_none());
        let mut dry = request(chaos("PodChaos"));
        dry.dry_run = true;
        assert!(claimed(&dry).is_none());
        let mut plain = chaos("PodChaos");
        plain["metadata"] = json!({"name": "it", "namespace": "db"});
        assert!(claimed(&request(plain)).is_none());
    }
}
