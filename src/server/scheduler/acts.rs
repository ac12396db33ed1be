//! What firebreak injects without an object: pods removed, a workload scaled, nodes cordoned. Each bears its own
//! bounds, instances by their uid and numbers that are absolute, so that doing it twice is doing it once.

use kube::Api;
use kube::api::{DeleteParams, EvictParams, Preconditions};
use serde_json::{Value, json};

use super::reach::{Failure, Reach, ask, named};
use super::read::Open;
use crate::object::{Object, ObjectRef};
use crate::schedule::observed::{Member, Verdict};
use crate::schedule::spec::native::{NativeSpec, RemovalWord};
use crate::schedule::spec::status::{PinnedPod, UndoStatus, UndoWord};

/// Marks a node that a run has cordoned, with the uid of the run.
const CORDONED: &str = "firebreak.dev/cordoned-by";

/// Removes these instances of pods.
pub(super) async fn remove(
    reach: &Reach,
    open: &Open,
    pinned: &[PinnedPod],
) -> Result<(), Failure> {
    let delete = native(open).and_then(|it| it.pod_delete.clone());
    let Some(delete) = delete else {
        return Ok(());
    };
    let grace = delete.grace.map(|it| it.0.as_secs());
    let grace = grace.and_then(|it| u32::try_from(it).ok());
    for pod in pinned {
        match delete.how {
            RemovalWord::Delete => {
                let it = named(("", "v1"), "Pod", (&pod.namespace, &pod.name));
                reach.delete(&it, &pod.uid, grace).await?;
            }
            RemovalWord::Evict => evict(reach, pod, grace).await?,
        }
    }
    Ok(())
}

/// Whether the removal of these pods would be let through, by the rights of our account and by whoever guards pods.
pub(super) async fn tried(reach: &Reach, native: &NativeSpec, members: &[&Member]) -> Verdict {
    if native.pod_delete.is_none() {
        return Verdict::Allowed;
    }
    for member in members {
        let it = named(("", "v1"), "Pod", (&member.namespace, &member.name));
        match reach.try_delete(&it, &member.uid).await {
            Ok(()) => {}
            Err(failure) if failure.has(403) => return Verdict::Denied(failure.to_string()),
            Err(failure) => return Verdict::Unavailable(failure.to_string()),
        }
    }
    Verdict::Allowed
}

/// Evicts this instance of a pod, as its budget permits.
async fn evict(reach: &Reach, pod: &PinnedPod, grace: Option<u32>) -> Result<(), Failure> {
    let pods: Api<k8s_openapi::api::core::v1::Pod> =
        Api::namespaced(reach.client(), &pod.namespace);
    let delete = DeleteParams {
        grace_period_seconds: grace,
        preconditions: Some(Preconditions {
            uid: Some(pod.uid.clone()),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    let how = EvictParams {
        delete_options: Some(delete),
        ..EvictParams::default()
    };
    match ask(pods.evict(&pod.name, &how)).await {
        Ok(_) => Ok(()),
        Err(gone) if gone.is_missing() || gone.is_conflict() => Ok(()),
        Err(other) => Err(other),
    }
}

/// Scales the workload, or cordons the nodes, as the run says.
pub(super) async fn apply(reach: &Reach, open: &Open) -> Result<(), Failure> {
    let pinned = open.run.status.pinned.as_deref().unwrap_or_default();
    for undo in &open.run.status.undo {
        match undo.what {
            UndoWord::Scale => {
                let down = u32::try_from(pinned.len()).unwrap_or(u32::MAX);
                let fewer = undo.replicas.unwrap_or_default().saturating_sub(down);
                scale(reach, undo, fewer).await?;
            }
            UndoWord::Uncordon => cordon(reach, (open, &undo.name)).await?,
            UndoWord::Delete => {}
        }
    }
    let drains = native(open).and_then(|it| it.drain.as_ref());
    if drains.is_some_and(|it| it.evict) {
        for pod in pinned {
            evict(reach, pod, None).await?;
        }
    }
    Ok(())
}

fn native(open: &Open) -> Option<&NativeSpec> {
    open.spec()?.native.as_ref()
}

/// What is to be put back, named.
fn reference(undo: &UndoStatus) -> ObjectRef {
    let api_version = undo.api_version.as_str();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    named((group, version), &undo.kind, (&undo.namespace, &undo.name))
}

async fn scale(reach: &Reach, undo: &UndoStatus, replicas: u32) -> Result<(), Failure> {
    let it = reference(undo);
    let patch = json!({"spec": {"replicas": replicas}});
    reach.patch(&it, &patch).await
}

/// Cordons a node, unless somebody else has: what others have done is not ours to take back.
async fn cordon(reach: &Reach, (open, name): (&Open, &str)) -> Result<(), Failure> {
    let it = named(("", "v1"), "Node", ("", name));
    let Some(node) = reach.get(&it).await? else {
        return Ok(());
    };
    if is_cordoned(&node) {
        return Ok(());
    }
    let version = node.at(&["metadata", "resourceVersion"]);
    let patch = json!({"metadata": {"resourceVersion": version,
        "annotations": {CORDONED: open.run.uid}}, "spec": {"unschedulable": true}});
    reach.patch(&it, &patch).await
}

fn is_cordoned(node: &Object) -> bool {
    node.at(&["spec", "unschedulable"]) == Some(&Value::Bool(true))
}

/// Whether something is as it was before.
pub(super) async fn is_back(reach: &Reach, undo: &UndoStatus) -> Result<bool, Failure> {
    let found = reach.get(&reference(undo)).await?;
    let Some(found) = found else {
        // What is gone is not to be put back.
        return Ok(true);
    };
    Ok(match undo.what {
        UndoWord::Delete => false,
        UndoWord::Uncordon => found.annotation(CORDONED).is_none(),
        UndoWord::Scale => {
            let replicas = found.at(&["spec", "replicas"]).and_then(Value::as_u64);
            replicas >= undo.replicas.map(u64::from)
        }
    })
}

/// Puts something back.
pub(super) async fn put_back(reach: &Reach, open: &Open, undo: &UndoStatus) -> Result<(), Failure> {
    let it = reference(undo);
    match undo.what {
        UndoWord::Scale => scale(reach, undo, undo.replicas.unwrap_or_default()).await,
        UndoWord::Uncordon => {
            let Some(node) = reach.get(&it).await? else {
                return Ok(());
            };
            if node.annotation(CORDONED) != Some(open.run.uid.as_str()) {
                return Ok(());
            }
            let version = node.at(&["metadata", "resourceVersion"]);
            let patch = json!({"metadata": {"resourceVersion": version,
                "annotations": {CORDONED: null}}, "spec": {"unschedulable": null}});
            reach.patch(&it, &patch).await
        }
        UndoWord::Delete => match reach.get(&it).await? {
            None => Ok(()),
            Some(found) => {
                reach
                    .delete(&it, found.uid().unwrap_or_default(), None)
                    .await
            }
        },
    }
}
