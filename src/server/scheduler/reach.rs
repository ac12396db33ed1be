//! Requests to the API server, each with its time: who leads no longer must not be waiting for an answer.

use std::fmt;
use std::time::Duration;

use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams,
    Preconditions, PropagationPolicy,
};
use kube::{Api, Client};
use serde_json::Value;
use tokio::time::timeout;

use crate::object::{Object, ObjectRef};
use crate::policy::spec::GROUP;
use crate::server::registration::resources::of_kind;

/// How long an answer is waited for: less than what lies between the end of a leadership and that of its Lease.
pub(super) const WAIT: Duration = Duration::from_secs(4);

/// Those of our own kinds that nobody guards and nobody watches, and their plurals.
const OWN: [(&str, &str); 2] = [
    ("ExperimentRun", "experimentruns"),
    ("EmergencyStop", "emergencystops"),
];

/// Of when a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Age {
    /// As things are stored now, which is asked of the store itself.
    Now,
    /// As the API server has them at hand, which may be a moment old.
    AtHand,
}

/// Why something was not done, or not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum Failure {
    /// The API server said no.
    Refused {
        /// The status of its answer.
        code: u16,
        /// What it said.
        message: String,
    },
    /// Nobody answered, or not in words that are understood.
    Silent(String),
}

impl Failure {
    /// Whether there is no such thing.
    pub(in crate::server) fn is_missing(&self) -> bool {
        self.has(404)
    }

    /// Whether something of that name is there, or is another than it was.
    pub(in crate::server) fn is_conflict(&self) -> bool {
        self.has(409)
    }

    /// Whether it was answered with this status.
    pub(in crate::server) fn has(&self, status: u16) -> bool {
        matches!(self, Self::Refused { code, .. } if *code == status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { message, .. } => f.write_str(message),
            Self::Silent(why) => f.write_str(why),
        }
    }
}

/// Waits for an answer.
pub(in crate::server) async fn ask<T>(
    request: impl Future<Output = kube::Result<T>>,
) -> Result<T, Failure> {
    match timeout(WAIT, request).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) => Err(Failure::Refused {
            code: status.code,
            message: status.message.clone(),
        }),
        Ok(Err(error)) => Err(Failure::Silent(error.to_string())),
        Err(_) => Err(Failure::Silent(format!("no answer within {WAIT:?}"))),
    }
}

/// The API server, for objects of any kind that is known.
#[derive(Clone)]
pub(in crate::server) struct Reach {
    client: Client,
}

impl Reach {
    pub(in crate::server) fn new(client: Client) -> Self {
        Self { client }
    }

    pub(in crate::server) fn client(&self) -> Client {
        self.client.clone()
    }

    /// The object of this name as it is stored now, if there is one.
    pub(in crate::server) async fn get(&self, it: &ObjectRef) -> Result<Option<Object>, Failure> {
        let api = self.api(it)?;
        let found = ask(api.get_opt(&it.name)).await?;
        found.map(|it| read(&it)).transpose()
    }

    /// Makes an object, or has everybody say whether it could be made.
    pub(in crate::server) async fn create(
        &self,
        object: &Object,
        dry_run: bool,
    ) -> Result<Object, Failure> {
        let api = self.api(object.reference())?;
        let data = serde_json::from_value(object.value().clone());
        let data: DynamicObject = data.map_err(|error| Failure::Silent(error.to_string()))?;
        let how = PostParams {
            dry_run,
            ..PostParams::default()
        };
        read(&ask(api.create(&how, &data)).await?)
    }

    /// Writes the status of an object that was read, if it is as it was read.
    pub(in crate::server) async fn write_status(
        &self,
        object: &Object,
        status: &Value,
    ) -> Result<Object, Failure> {
        let it = object.reference();
        let api = self.api(it)?;
        let mut value = object.value().clone();
        value["status"] = status.clone();
        let data = serde_json::from_value(value);
        let data: DynamicObject = data.map_err(|error| Failure::Silent(error.to_string()))?;
        read(&ask(api.replace_status(&it.name, &PostParams::default(), &data)).await?)
    }

    /// Changes an object by a merge patch. With a uid or a version in it, no other object is changed.
    pub(in crate::server) async fn patch(
        &self,
        it: &ObjectRef,
        patch: &Value,
    ) -> Result<(), Failure> {
        let api = self.api(it)?;
        let how = PatchParams::default();
        let patch = Patch::Merge(patch);
        ask(api.patch(&it.name, &how, &patch)).await.map(drop)
    }

    /// Deletes an object, if it is the one with this uid. That it is gone already is as good.
    pub(in crate::server) async fn delete(
        &self,
        it: &ObjectRef,
        uid: &str,
        grace: Option<u32>,
    ) -> Result<(), Failure> {
        let api = self.api(it)?;
        let how = DeleteParams {
            grace_period_seconds: grace,
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        let how = how.preconditions(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        });
        match ask(api.delete(&it.name, &how)).await {
            Ok(_) => Ok(()),
            Err(gone) if gone.is_missing() || gone.is_conflict() => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Has everybody say whether an object could be deleted. Nothing is.
    pub(in crate::server) async fn try_delete(
        &self,
        it: &ObjectRef,
        uid: &str,
    ) -> Result<(), Failure> {
        let api = self.api(it)?;
        let how = DeleteParams {
            dry_run: true,
            ..DeleteParams::default()
        };
        let how = how.preconditions(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        });
        ask(api.delete(&it.name, &how)).await.map(drop)
    }

    /// The objects of a kind with these labels, as they are stored now, or as the API server has them at hand. Of a
    /// kind that is not defined there are none.
    pub(in crate::server) async fn list(
        &self,
        kind: &ObjectRef,
        labels: &str,
        age: Age,
    ) -> Result<Vec<Object>, Failure> {
        let mut how = ListParams::default();
        if !labels.is_empty() {
            how = how.labels(labels);
        }
        if age == Age::AtHand {
            how = how.match_any();
        }
        match ask(self.api(kind)?.list(&how)).await {
            Ok(found) => found.items.iter().map(|it| typed(it, kind)).collect(),
            Err(missing) if missing.is_missing() => Ok(Vec::new()),
            Err(other) => Err(other),
        }
    }

    /// Objects of a kind, in a namespace or in all.
    pub(in crate::server) fn api(&self, it: &ObjectRef) -> Result<Api<DynamicObject>, Failure> {
        let rows = of_kind(&it.group, &it.kind);
        let row = rows.iter().find(|row| row.kind == it.kind);
        let own = OWN
            .iter()
            .find(|(kind, _)| it.group == GROUP && *kind == it.kind);
        let plural = row.map(|row| row.plural).or(own.map(|(_, plural)| *plural));
        let plural =
            plural.ok_or_else(|| Failure::Silent(format!("kind {:?} is not known", it.kind)))?;
        let resource = ApiResource {
            group: it.group.clone(),
            version: it.version.clone(),
            api_version: it.api_version(),
            kind: it.kind.clone(),
            plural: plural.to_owned(),
        };
        let client = self.client();
        Ok(match it.namespace.as_str() {
            "" => Api::all_with(client, &resource),
            namespace => Api::namespaced_with(client, namespace, &resource),
        })
    }
}

/// A kind in a namespace, or in all.
pub(in crate::server) fn kind(
    (group, version): (&str, &str),
    kind: &str,
    namespace: &str,
) -> ObjectRef {
    named((group, version), kind, (namespace, ""))
}

/// An object by its name.
pub(in crate::server) fn named(
    (group, version): (&str, &str),
    kind: &str,
    (namespace, name): (&str, &str),
) -> ObjectRef {
    ObjectRef {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    }
}

fn read(object: &DynamicObject) -> Result<Object, Failure> {
    let value = serde_json::to_value(object).map_err(|error| Failure::Silent(error.to_string()))?;
    Object::new(value).map_err(|error| Failure::Silent(error.to_string()))
}

/// An object of a list, in which API servers leave out what all have in common.
fn typed(object: &DynamicObject, kind: &ObjectRef) -> Result<Object, Failure> {
    let value = serde_json::to_value(object);
    let mut value = value.map_err(|error| Failure::Silent(error.to_string()))?;
    value["apiVersion"] = Value::from(kind.api_version());
    value["kind"] = Value::from(kind.kind.as_str());
    Object::new(value).map_err(|error| Failure::Silent(error.to_string()))
}
