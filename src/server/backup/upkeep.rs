//! What the leader does for backups: it keeps the objects that make them beside their databases, and says
//! in the status of BackupDefaults which databases have them and which have none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions,
};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::asked::{Answer, Told};
use super::beside::Beside;
use super::injector::Injector;
use super::looked::looked;
use super::status::{Found, status};
use super::steps::Step;
use crate::backup::spec::{BackupDefaults, BackupDefaultsStatus};
use crate::object::{Object, ObjectRef};
use crate::server::metrics::{Family, metrics};
use crate::server::registration::resources::of_kind;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(15);
/// How long all that is asked in one round may take.
const BUDGET: Duration = Duration::from_secs(10);

/// Whatever is done for backups, for ever.
pub async fn keep(client: Client, injector: Arc<Injector>, beside: impl Fn() -> Arc<Beside>) {
    let upkeep = Upkeep { client, injector };
    loop {
        let beside = beside();
        if beside.why_unknown().is_none() {
            upkeep.round(&beside).await;
        }
        sleep(EVERY).await;
    }
}

struct Upkeep {
    client: Client,
    injector: Arc<Injector>,
}

impl Upkeep {
    async fn round(&self, beside: &Beside) {
        let deadline = Instant::now() + BUDGET;
        let mut told = Told::new();
        let mut found = BTreeMap::<String, Found>::new();
        for database in beside.databases() {
            let look = |told: &Told| looked((database, &self.injector.operators), beside, told);
            let looked = self.injector.ask_while(&mut told, deadline, look).await;
            for step in &looked.steps {
                self.take(step).await;
            }
            if let Some(name) = looked.defaults {
                let found = found.entry(name).or_default();
                found.injected += u32::from(looked.injected);
                found.unprotected.extend(looked.unprotected);
            }
        }
        // Of what was not told, counts would say that it is not there.
        if told.values().any(|it| matches!(it, Answer::Unknown)) {
            return;
        }
        let families = [Family::Protected, Family::Unprotected];
        for family in families {
            metrics().clear(family);
        }
        for defaults in beside.written() {
            let name = &defaults.reference().name;
            let found = found.remove(name).unwrap_or_default();
            let unprotected = u32::try_from(found.unprotected.len()).unwrap_or(u32::MAX);
            for (family, count) in families.into_iter().zip([found.injected, unprotected]) {
                metrics().set(family, &[name], f64::from(count));
            }
            self.tell(defaults, found, beside).await;
        }
    }

    async fn take(&self, step: &Step) {
        let (what, reference) = match step {
            Step::Create(object) => ("made", object.reference()),
            Step::Change(of, _) => ("changed", of),
            Step::Remove(of, _) => ("removed", of),
        };
        let Some(api) = self.objects(reference) else {
            return;
        };
        let done = match step {
            Step::Create(object) => match serde_json::from_value(object.value().clone()) {
                Ok(object) => api.create(&PostParams::default(), &object).await.map(drop),
                Err(error) => Err(kube::Error::SerdeError(error)),
            },
            Step::Change(of, patch) => {
                let (how, patch) = (PatchParams::default(), Patch::Merge(patch));
                api.patch(&of.name, &how, &patch).await.map(drop)
            }
            Step::Remove(of, uid) => {
                let how = DeleteParams::default().preconditions(Preconditions {
                    uid: Some(uid.clone()),
                    resource_version: None,
                });
                api.delete(&of.name, &how).await.map(drop)
            }
        };
        match done {
            Ok(()) => tracing::info!(%reference, what, "an object that makes backups"),
            // It is there, and another's; or it was faster.
            Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => {}
            Err(error) => {
                tracing::warn!(%reference, %error, what, "an object that makes backups could not be");
            }
        }
    }

    fn objects(&self, it: &ObjectRef) -> Option<Api<DynamicObject>> {
        let rows = of_kind(&it.group, &it.kind);
        let row = rows.iter().find(|row| row.kind == it.kind)?;
        let resource = ApiResource {
            group: it.group.clone(),
            version: it.version.clone(),
            api_version: it.api_version(),
            kind: it.kind.clone(),
            plural: row.plural.to_owned(),
        };
        let client = self.client.clone();
        Some(Api::namespaced_with(client, &it.namespace, &resource))
    }

    /// Writes the status of BackupDefaults, where it is another.
    async fn tell(&self, defaults: &Object, found: Found, beside: &Beside) {
        let before = defaults.value().get("status").cloned().unwrap_or(json!({}));
        let before: BackupDefaultsStatus = serde_json::from_value(before).unwrap_or_default();
        let after = status(defaults, &before, (found, beside), Timestamp::now());
        if after == before {
            return;
        }
        let name = &defaults.reference().name;
        let all: Api<BackupDefaults> = Api::all(self.client.clone());
        let (how, patch) = (
            PatchParams::default(),
            Patch::Merge(json!({"metadata": version(defaults), "status": after})),
        );
        match all.patch_status(name, &how, &patch).await {
            Ok(_) => {}
            // Somebody else wrote a part of it; it is looked at again.
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => {
                tracing::warn!(name, %error, "the status of BackupDefaults is not written");
            }
        }
    }
}

/// What of an object's metadata refuses a write when it has changed since.
pub(super) fn version(object: &Object) -> Value {
    json!({"resourceVersion": object.value().pointer("/metadata/resourceVersion")})
}
