//! Whether the storage of BackupDefaults takes backups: asked by the leader, where an annotation wants it.
//!
//! Some operators stop a database whose first backup fails. So those are given backups only when an object
//! could be written to the bucket and deleted again. For that the keys are needed, and only for that: they are
//! read from a secret in firebreak's own namespace, of the name that the secret has beside databases, and
//! never kept.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::time::sleep;

use super::beside::Beside;
use super::bucket::{Keys, Unreachable, probe};
use super::upkeep::version;
use crate::backup::STORAGE_REACHABLE;
use crate::backup::spec::{BackupDefaults, BackupDefaultsSpec, BackupDefaultsStatus};
use crate::object::Object;

/// The annotation of BackupDefaults that wants it asked.
const WANTED: &str = "firebreak.dev/verify-storage";
/// How often it is looked whether something is to be asked.
const EVERY: Duration = Duration::from_secs(15);
/// For how long an answer is good.
const GOOD: SignedDuration = SignedDuration::from_hours(24);
/// After how long a bucket that could not be reached is tried again.
const AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// Asks the storages that are to be verified, for ever.
pub async fn verify(client: Client, namespace: String, beside: impl Fn() -> Arc<Beside>) {
    loop {
        for defaults in beside().written().filter(|it| is_due(it, Timestamp::now())) {
            if let Err(error) = verify_one(&client, &namespace, defaults).await {
                let name = &defaults.reference().name;
                tracing::warn!(name, %error, "whether storage is reachable could not be written down");
            }
        }
        sleep(EVERY).await;
    }
}

/// Whether it is to be asked: it is wanted, and was not asked of what is written now, or too long ago.
fn is_due(defaults: &Object, now: Timestamp) -> bool {
    if defaults.annotation(WANTED) != Some("true") {
        return false;
    }
    let conditions = status(defaults).conditions;
    let known = conditions.iter().find(|it| it.type_ == STORAGE_REACHABLE);
    known.is_none_or(|known| {
        let good = if known.status == "True" { GOOD } else { AGAIN };
        let age = now.duration_since(known.last_transition_time.0);
        known.observed_generation != defaults.generation() || age > good || age.is_negative()
    })
}

async fn verify_one(client: &Client, namespace: &str, defaults: &Object) -> kube::Result<()> {
    let name = &defaults.reference().name;
    let written = defaults.spec().value().cloned().unwrap_or_default();
    let Ok(spec) = serde_json::from_value::<BackupDefaultsSpec>(written) else {
        // Its other condition says what is wrong with it.
        return Ok(());
    };
    let found = ask(client, namespace, &spec).await;
    match &found {
        Ok(()) => tracing::info!(name, "the storage of backups is reachable"),
        Err(why) => {
            let (reason, why) = (why.reason, &why.message);
            tracing::warn!(name, reason, why, "the storage of backups is not reachable");
        }
    }
    let mut conditions = status(defaults).conditions;
    conditions.retain(|it| it.type_ != STORAGE_REACHABLE);
    conditions.push(condition(&found, defaults.generation(), Timestamp::now()));
    // Whoever writes the rest of the status is not to lose this, nor this the rest.
    let patch = json!({"metadata": version(defaults), "status": {"conditions": conditions}});
    let (all, how) = (
        Api::<BackupDefaults>::all(client.clone()),
        PatchParams::default(),
    );
    match all.patch_status(name, &how, &Patch::Merge(patch)).await {
        // It is asked again as it is then.
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        written => written.map(drop),
    }
}

fn status(defaults: &Object) -> BackupDefaultsStatus {
    let status = defaults.value().get("status").cloned().unwrap_or(json!({}));
    serde_json::from_value(status).unwrap_or_default()
}

async fn ask(
    client: &Client,
    namespace: &str,
    spec: &BackupDefaultsSpec,
) -> Result<(), Unreachable> {
    let s3 = &spec.storage.s3;
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let missing = |message: String| Unreachable {
        reason: "NoKeys",
        message,
    };
    let place = format!("secret {namespace}/{}", s3.credentials_secret);
    let secret = secrets.get(&s3.credentials_secret).await;
    let secret = secret.map_err(|error| missing(format!("{place}: {error}")))?;
    let data = secret.data.unwrap_or_default();
    let key = |key: &str| {
        let value = data
            .get(key)
            .and_then(|it| String::from_utf8(it.0.clone()).ok());
        value.ok_or_else(|| missing(format!("{place} has no text under {key}")))
    };
    let keys = Keys {
        id: key("AWS_ACCESS_KEY_ID")?,
        secret: key("AWS_SECRET_ACCESS_KEY")?,
    };
    probe(s3, keys, &spec.storage.name).await
}

/// What is told. The time is that of the answer, not of the last other one: it says until when it is good.
fn condition(
    found: &Result<(), Unreachable>,
    generation: Option<i64>,
    now: Timestamp,
) -> Condition {
    let (status, reason, message) = match found {
        Ok(()) => (
            "True",
            "WrittenAndDeleted",
            "an object was written and deleted".to_owned(),
        ),
        Err(why) => ("False", why.reason, why.message.clone()),
    };
    Condition {
        type_: STORAGE_REACHABLE.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message,
        observed_generation: generation,
        last_transition_time: Time(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(wanted: &str, conditions: &serde_json::Value) -> Object {
        Object::new(json!({
            "apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
            "metadata": {"name": "store", "generation": 2, "annotations": {WANTED: wanted}},
            "status": {"conditions": conditions},
        }))
        .unwrap()
    }

    fn known(status: &str, observed: i64, at: &str) -> serde_json::Value {
        json!([{"type": STORAGE_REACHABLE, "status": status, "observedGeneration": observed,
            "reason": "Any", "message": "", "lastTransitionTime": at}])
    }

    #[test]
    fn it_is_asked_where_that_is_wanted_and_again_when_it_is_old() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let due =
            |wanted, conditions: &serde_json::Value| is_due(&defaults(wanted, conditions), now);
        assert!(due("true", &json!([])));
        assert!(!due("false", &json!([])));
        let asked = [
            ("True", 2, "2026-11-20T12:00:01Z", false),
            ("True", 2, "2026-11-20T11:59:59Z", true),
            ("True", 1, "2026-11-21T11:59:59Z", true),
            ("False", 2, "2026-11-21T11:55:01Z", false),
            ("False", 2, "2026-11-21T11:54:59Z", true),
            ("True", 2, "2026-11-21T13:00:00Z", true),
        ];
        for (status, observed, at, expected) in asked {
            assert_eq!(
                due("true", &known(status, observed, at)),
                expected,
                "{status} {observed} {at}"
            );
        }
    }

    #[test]
    fn what_was_found_is_told_with_the_time_of_the_answer() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        let why = Unreachable {
            reason: "WriteRefused",
            message: "PUT: 403 Forbidden".to_owned(),
        };
        let told = condition(&Err(why), Some(2), now);
        assert_eq!(
            (told.status.as_str(), told.reason.as_str()),
            ("False", "WriteRefused")
        );
        assert_eq!(
            (told.observed_generation, told.last_transition_time.0),
            (Some(2), now)
        );
        assert_eq!(condition(&Ok(()), None, now).status, "True");
    }
}
