//! What Velero backs up and restores, whole namespaces at a time.

use serde_json::Value;

use super::backup::{Success, named};
use crate::inventory::kinds::{VELERO_BACKUP, VELERO_RESTORE};
use crate::inventory::lenient::{instant, is_set, list, text, truth};
use crate::inventory::world::World;
use crate::object::Object;

/// Phases in which nothing more is done.
const ENDED: &[&str] = &[
    "Completed",
    "Deleting",
    "Failed",
    "FailedValidation",
    "PartiallyFailed",
];
/// Phases in which a restore has changed what is there.
const RESTORED: &[&str] = &["Completed", "PartiallyFailed"];
/// What must be among the resources for data to be kept.
const VOLUMES: [&str; 2] = ["persistentvolumeclaims", "persistentvolumes"];
/// Filters by which resources may be left out: those that must hold the volumes, and those that
/// must not.
const INCLUDED: &[(&str, &[&str])] = &[
    ("/spec/includedResources", &VOLUMES),
    (
        "/spec/includedNamespaceScopedResources",
        &["persistentvolumeclaims"],
    ),
    (
        "/spec/includedClusterScopedResources",
        &["persistentvolumes"],
    ),
];
const EXCLUDED: &[&str] = &[
    "/spec/excludedResources",
    "/spec/excludedNamespaceScopedResources",
    "/spec/excludedClusterScopedResources",
];
/// Fields by which some volumes may be left out, nobody can tell which.
const SELECTORS: &[&str] = &[
    "/spec/labelSelector",
    "/spec/orLabelSelectors",
    "/spec/resourcePolicy",
];

/// What Velero did to a namespace.
pub(super) struct Velero<'v> {
    backups: Vec<&'v Object>,
    restores: Vec<&'v Object>,
}

impl<'v> Velero<'v> {
    pub(super) fn of(world: &World<'v>, place: &str) -> Self {
        let touched = |it: &&Object| is_in(it.value(), place) || is_mapped_to(it.value(), place);
        Self {
            backups: world
                .all(VELERO_BACKUP)
                .filter(|it| is_in(it.value(), place))
                .collect(),
            restores: world.all(VELERO_RESTORE).filter(touched).collect(),
        }
    }

    /// The backups that hold its volumes.
    pub(super) fn successes(&self) -> Vec<Success> {
        let completed = |it: &&&Object| {
            let kept = !is_set(it.value(), "/metadata/deletionTimestamp");
            kept && phase(it) == "Completed" && holds_volumes(it.value())
        };
        let completed = self.backups.iter().filter(completed);
        completed.map(|it| success(it)).collect()
    }

    /// The restores that changed it.
    pub(super) fn restores(&self) -> Vec<Success> {
        let done = self
            .restores
            .iter()
            .filter(|it| RESTORED.contains(&phase(it)));
        done.map(|it| success(it)).collect()
    }

    /// A backup or a restore that goes on.
    pub(super) fn running(&self) -> Option<String> {
        let mut all = self.restores.iter().chain(&self.backups);
        let running = all.find(|it| !ENDED.contains(&phase(it)))?;
        Some(match phase(running) {
            "" => format!("{} of Velero has not begun", named(running)),
            phase => format!("{} of Velero is \"{phase}\"", named(running)),
        })
    }
}

fn success(object: &Object) -> Success {
    Success {
        what: format!("{} of Velero", named(object)),
        at: instant(object.value(), "/status/completionTimestamp"),
    }
}

fn phase(object: &Object) -> &str {
    text(object.value(), "/status/phase")
}

/// The words of a list.
fn words<'v>(object: &'v Value, pointer: &str) -> Vec<&'v str> {
    list(object, pointer)
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// Whether a backup or a restore is of a namespace. Of patterns only `*` alone includes, and every
/// one may exclude.
fn is_in(object: &Value, place: &str) -> bool {
    let included = words(object, "/spec/includedNamespaces");
    let excluded = words(object, "/spec/excludedNamespaces");
    let all = included.is_empty() || included.contains(&"*");
    let left_out = excluded.iter().any(|it| *it == place || it.contains('*'));
    (all || included.contains(&place)) && !left_out
}

/// Whether a restore puts something into a namespace by another name.
fn is_mapped_to(restore: &Value, place: &str) -> bool {
    let mapping = restore.pointer("/spec/namespaceMapping");
    let mapping = mapping.and_then(Value::as_object).into_iter().flatten();
    mapping
        .into_iter()
        .any(|(_, to)| to.as_str() == Some(place))
}

/// Whether a backup holds the data and not only the objects, as far as its spec tells.
fn holds_volumes(backup: &Value) -> bool {
    let included = INCLUDED.iter().all(|(pointer, wanted)| {
        let said = words(backup, pointer);
        let all = said.is_empty() || said.contains(&"*");
        all || wanted.iter().all(|it| said.contains(it))
    });
    let excluded = EXCLUDED.iter().flat_map(|pointer| words(backup, pointer));
    let mut excluded = excluded.filter(|it| *it == "*" || *it == "pods" || VOLUMES.contains(it));
    let selected = SELECTORS.iter().any(|pointer| selects(backup, pointer));
    let copied = truth(backup, "/spec/defaultVolumesToFsBackup");
    let snapshots = backup.pointer("/spec/snapshotVolumes") != Some(&Value::Bool(false));
    included && excluded.next().is_none() && !selected && (copied || snapshots)
}

fn selects(backup: &Value, pointer: &str) -> bool {
    match backup.pointer(pointer) {
        None | Some(Value::Null) => false,
        Some(Value::Object(selector)) => !selector.is_empty(),
        Some(Value::Array(selectors)) => !selectors.is_empty(),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_namespace_is_in_unless_it_is_left_out() {
        let rows = [
            (json!({}), true),
            (json!({"includedNamespaces": ["*"]}), true),
            (json!({"includedNamespaces": ["a", "db"]}), true),
            (json!({"includedNamespaces": ["a"]}), false),
            // What a pattern takes in is not for us to promise; what it leaves out may be this.
            (json!({"includedNamespaces": ["d*"]}), false),
            (json!({"excludedNamespaces": ["d*"]}), false),
            (
                json!({"includedNamespaces": ["db"], "excludedNamespaces": ["db"]}),
                false,
            ),
            (json!({"excludedNamespaces": ["a"]}), true),
        ];
        for (spec, expected) in rows {
            assert_eq!(is_in(&json!({"spec": spec}), "db"), expected, "{spec}");
        }
    }

    #[test]
    fn volumes_are_held_unless_a_filter_may_leave_them_out() {
        let rows = [
            (json!({}), true),
            (json!({"includedResources": ["*"]}), true),
            (
                json!({"includedResources": ["persistentvolumeclaims", "persistentvolumes"]}),
                true,
            ),
            (json!({"includedResources": ["pods"]}), false),
            (
                json!({"includedNamespaceScopedResources": ["configmaps"]}),
                false,
            ),
            (json!({"excludedResources": ["secrets"]}), true),
            (json!({"excludedResources": ["persistentvolumes"]}), false),
            (
                json!({"labelSelector": {"matchLabels": {"app": "web"}}}),
                false,
            ),
            (json!({"labelSelector": {}}), true),
            (json!({"orLabelSelectors": [{}]}), false),
            (json!({"resourcePolicy": {"name": "skip"}}), false),
            (json!({"snapshotVolumes": false}), false),
            (
                json!({"snapshotVolumes": false, "defaultVolumesToFsBackup": true}),
                true,
            ),
        ];
        for (spec, expected) in rows {
            assert_eq!(holds_volumes(&json!({"spec": spec})), expected, "{spec}");
        }
    }
}
