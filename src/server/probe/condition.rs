//! A condition in the status of an object, as controllers write it.

use std::sync::{Mutex, PoisonError};

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersion;
use kube::discovery::{Scope, pinned_kind};
use serde_json::Value;

use super::secrets::{named, why};
use super::window::{Told, Wrong};
use crate::schedule::spec::probe::ConditionProbeSpec;

/// An object whose condition is looked at.
pub(super) struct Standing {
    client: Client,
    spec: ConditionProbeSpec,
    namespace: String,
    /// Where its kind is found, once that is known.
    resource: Mutex<Option<(ApiResource, Scope)>>,
}

impl Standing {
    pub(super) fn new(client: Client, spec: &ConditionProbeSpec, namespace: &str) -> Self {
        let own = spec.namespace.as_deref();
        Self {
            client,
            namespace: own.unwrap_or(namespace).to_owned(),
            spec: spec.clone(),
            resource: Mutex::new(None),
        }
    }

    pub(super) async fn ask(&self) -> Told {
        let object = self.object().await.map_err(Wrong::Failed)?;
        said(&self.spec, &object.data)
    }

    async fn object(&self) -> Result<DynamicObject, String> {
        named(&self.spec.name)?;
        named(&self.namespace)?;
        let (resource, scope) = self.resource().await?;
        let client = self.client.clone();
        let api: Api<DynamicObject> = match scope {
            Scope::Cluster => Api::all_with(client, &resource),
            Scope::Namespaced => Api::namespaced_with(client, &self.namespace, &resource),
        };
        let ConditionProbeSpec { kind, name, .. } = &self.spec;
        let object = api.get(name).await;
        object.map_err(|error| format!("{kind} {name:?} cannot be read: {}", why(&error)))
    }

    async fn resource(&self) -> Result<(ApiResource, Scope), String> {
        let known = self
            .resource
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let ConditionProbeSpec {
            api_version, kind, ..
        } = &self.spec;
        let version: GroupVersion = api_version
            .parse()
            .map_err(|_| format!("{api_version:?} is no API version"))?;
        api_version.split('/').try_for_each(named)?;
        let found = pinned_kind(&self.client, &version.with_kind(kind)).await;
        let (resource, about) =
            found.map_err(|error| format!("{api_version} {kind} is not known: {}", why(&error)))?;
        let found = (resource, about.scope);
        let mut kept = self.resource.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(found.clone());
        Ok(found)
    }
}

/// What the newest condition of that type says.
fn said(spec: &ConditionProbeSpec, object: &Value) -> Told {
    let conditions = object["status"]["conditions"].as_array();
    let conditions = conditions.map_or(&[][..], Vec::as_slice);
    // Some controllers append to a history, so that the last one counts.
    let mut newest = conditions.iter().rev();
    let Some(condition) = newest.find(|it| it["type"] == spec.of_type.as_str()) else {
        return Err(Wrong::Failed(format!(
            "there is no condition {}",
            spec.of_type
        )));
    };
    let status = condition["status"].as_str().unwrap_or("nothing");
    let wanted = spec.status.as_deref().unwrap_or("True");
    let seen = format!("{} is {status}", spec.of_type);
    if status == wanted {
        return Ok(seen);
    }
    let reason = condition["reason"].as_str().filter(|it| !it.is_empty());
    Err(Wrong::Failed(
        reason.map_or(seen.clone(), |it| format!("{seen}: {it}")),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: Option<&str>, conditions: &Value) -> Result<String, String> {
        let spec = ConditionProbeSpec {
            of_type: "Ready".to_owned(),
            status: status.map(str::to_owned),
            ..ConditionProbeSpec::default()
        };
        let object = json!({"status": {"conditions": conditions}});
        said(&spec, &object).map_err(|wrong| match wrong {
            Wrong::Failed(seen) | Wrong::Silent(seen) => seen,
        })
    }

    #[test]
    fn a_condition_is_as_it_should_be_or_not() {
        let ready =
            json!([{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]);
        assert_eq!(told(None, &ready).unwrap(), "Ready is True");
        assert_eq!(told(Some("False"), &ready).unwrap_err(), "Ready is True");
        let not = json!([{"type": "Ready", "status": "False", "reason": "Failover"}]);
        assert_eq!(told(None, &not).unwrap_err(), "Ready is False: Failover");
        assert!(told(Some("False"), &not).is_ok());
        for none in [
            json!(null),
            json!([]),
            json!([{"type": "Other", "status": "True"}]),
        ] {
            assert_eq!(
                told(None, &none).unwrap_err(),
                "there is no condition Ready"
            );
        }
    }

    #[test]
    fn of_a_history_the_last_one_counts() {
        let history =
            json!([{"type": "Ready", "status": "True"}, {"type": "Ready", "status": "False"}]);
        assert!(told(None, &history).is_err());
    }
}
