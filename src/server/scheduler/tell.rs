//! What people are told: an Event beside the object, and a line in the log.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};

use super::reach::{Reach, ask};
use crate::object::Object;

/// The longest message of an Event, in bytes.
const LONGEST: usize = 1_000;
/// Where Events of what is in no namespace are kept.
const DEFAULT: &str = "default";

/// Tells people about an object. That they cannot be told keeps nothing from being done.
pub(super) async fn tell(
    reach: &Reach,
    about: &Object,
    (reason, message): (&str, &str),
    now: Timestamp,
) {
    let it = about.reference();
    tracing::warn!(object = %it, reason, message, "told");
    let namespace = match it.namespace.as_str() {
        "" => DEFAULT,
        namespace => namespace,
    };
    let events: Api<Event> = Api::namespaced(reach.client(), namespace);
    let (how, event) = (PostParams::default(), event(about, (reason, message), now));
    if let Err(failure) = ask(events.create(&how, &event)).await {
        tracing::debug!(object = %it, %failure, "an Event was not made");
    }
}

fn event(about: &Object, (reason, message): (&str, &str), now: Timestamp) -> Event {
    let it = about.reference();
    let namespace = match it.namespace.as_str() {
        "" => DEFAULT,
        namespace => namespace,
    };
    let end = message.floor_char_boundary(LONGEST);
    Event {
        metadata: ObjectMeta {
            generate_name: Some("firebreak-".to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        involved_object: ObjectReference {
            api_version: Some(it.api_version()),
            kind: Some(it.kind.clone()),
            name: Some(it.name.clone()),
            namespace: Some(it.namespace.clone()),
            uid: about.uid().map(str::to_owned),
            ..ObjectReference::default()
        },
        reason: Some(reason.to_owned()),
        message: message.get(..end).map(str::to_owned),
        type_: Some("Warning".to_owned()),
        source: Some(EventSource {
            component: Some("firebreak".to_owned()),
            host: None,
        }),
        first_timestamp: Some(Time(now)),
        last_timestamp: Some(Time(now)),
        count: Some(1),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_message_is_cut_between_two_characters() {
        let run = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "ExperimentRun",
            "metadata": {"name": "drill-1", "namespace": "db", "uid": "u"}});
        let run = Object::new(run).unwrap();
        let long = "ü".repeat(LONGEST);
        let made = event(&run, ("Blind", &long), Timestamp::UNIX_EPOCH);
        assert_eq!(made.message.unwrap().len(), LONGEST);
        assert_eq!(made.involved_object.name.as_deref(), Some("drill-1"));
    }
}
