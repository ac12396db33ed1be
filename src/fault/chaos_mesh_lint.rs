//! What the API server or Chaos Mesh would drop, default or refuse without telling the author.

use super::Unreadable;
use super::chaos_mesh::{Found, Site};
use super::chaos_mesh_kinds::{KINDS, Kind};
use super::chaos_mesh_selector::selection;
use crate::object::{Field, Object};

/// Where `kubectl apply` keeps the document as its author wrote it, before anything was dropped.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

const NO_SCHEDULER: &str = "no scheduler: Chaos Mesh 2 ignores recurrence here and would run this \
    once, now; use kind Schedule";

/// Kinds that had another name.
const RENAMED: &[(&str, &str)] = &[("IoChaos", "IOChaos"), ("AwsChaos", "AWSChaos")];

/// Checks a spec for what would be dropped. Dropped recurrence is an error, other fields are noted.
pub(super) fn spec(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    refuse_scheduler(&site.spec)?;
    for (key, field) in site.spec.entries()? {
        if !knows(site.kind, key) {
            found.note(field.path(), "an unknown field, which the API server drops");
        }
    }
    for holder in [&site.spec, &site.spec.get("target")] {
        note_repeats(&holder.get("selector"), found);
    }
    Ok(())
}

/// Checks the document that was last applied, of which the object may be a pruned copy.
pub(super) fn last_applied(object: &Object) -> Result<(), Unreadable> {
    let Some(text) = object.annotation(LAST_APPLIED) else {
        return Ok(());
    };
    let Ok(document) = serde_json::from_str::<serde_json::Value>(text) else {
        return Ok(());
    };
    let path = object
        .root()
        .get("metadata")
        .get("annotations")
        .get(LAST_APPLIED);
    let spec = Field::at(path.path(), &document).get("spec");
    refuse_scheduler(&spec)?;
    for holder in [&spec, &spec.get("target")] {
        let selector = holder.get("selector");
        if selector.is_set() {
            selection(
                &selector,
                None,
                super::chaos_mesh_selector::Installation::default(),
            )?;
        }
    }
    Ok(())
}

/// What to write instead of a kind that is not known.
pub(super) fn current_kind(kind: &str) -> String {
    let renamed = RENAMED.iter().find(|(old, _)| *old == kind);
    let known = renamed
        .map(|(_, new)| *new)
        .or_else(|| Some(Kind::named(kind)?.name));
    match known {
        Some(name) => format!("{name} of chaos-mesh.org/v1alpha1"),
        None => "a kind of Chaos Mesh 2, as chaos-mesh.org/v1alpha1".to_owned(),
    }
}

/// Notes the specs under `holder` that are there beside the one in use.
pub(super) fn unused_specs(holder: &Field<'_>, used: &str, found: &mut Found) {
    let embeds = KINDS
        .iter()
        .map(|kind| kind.embed)
        .chain(["workflow", "schedule"]);
    for embed in embeds.filter(|embed| *embed != used) {
        let field = holder.get(embed);
        // `schedule` is the cron expression of a Schedule.
        if field.value().is_some_and(serde_json::Value::is_object) {
            found.note(field.path(), "ignored: the type names another spec");
        }
    }
}

fn refuse_scheduler(spec: &Field<'_>) -> Result<(), Unreadable> {
    let scheduler = spec.get("scheduler");
    if scheduler.is_set() {
        return Err(scheduler.unreadable(NO_SCHEDULER));
    }
    Ok(())
}

fn knows(kind: &Kind, key: &str) -> bool {
    kind.fields == "*" || kind.fields.split_whitespace().any(|field| field == key)
}

/// A namespace or a pod that is listed twice is drawn twice.
fn note_repeats(selector: &Field<'_>, found: &mut Found) {
    let pods = selector.get("pods");
    let mut lists = vec![selector.get("namespaces")];
    lists.extend(
        pods.entries()
            .unwrap_or_default()
            .into_iter()
            .map(|(_, names)| names),
    );
    for list in lists {
        let mut entries = list.texts().ok().flatten().unwrap_or_default();
        let listed = entries.len();
        entries.sort();
        entries.dedup();
        if entries.len() < listed {
            found.note(
                list.path(),
                "an entry is repeated: its pods count twice, and may be hit twice",
            );
        }
    }
}
