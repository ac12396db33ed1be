//! What the API server or Chaos Mesh would drop, default or refuse without telling the author.

use super::kinds::{ANY_FIELD, KINDS, Kind};
use super::selector::refuse_unknown_fields;
use super::site::{Found, Site};
use crate::fault::Unreadable;
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
    let document = object.annotation(LAST_APPLIED).map(serde_json::from_str);
    let Some(Ok::<serde_json::Value, _>(document)) = document else {
        return Ok(());
    };
    let annotations = object.root().get("metadata").get("annotations");
    let spec = Field::at(annotations.get(LAST_APPLIED).path(), &document).get("spec");
    let mut specs = embedded_specs(&spec);
    if object.reference().kind != "PhysicalMachineChaos" {
        specs.push(spec);
    }
    for spec in specs {
        refuse_scheduler(&spec)?;
        for holder in [&spec, &spec.get("target")] {
            refuse_unknown_fields(&holder.get("selector"))?;
        }
    }
    Ok(())
}

/// The specs that select pods, wherever a Schedule or a Workflow embeds them.
fn embedded_specs<'a>(spec: &Field<'a>) -> Vec<Field<'a>> {
    let mut specs = Vec::new();
    let mut holders = vec![spec.clone()];
    while let Some(holder) = holders.pop() {
        let selecting = KINDS.iter().filter(|kind| kind.fields != ANY_FIELD);
        specs.extend(selecting.map(|kind| holder.get(kind.embed)));
        holders.extend(holder.get("templates").items().unwrap_or_default());
        let nested = ["schedule", "workflow"].map(|key| holder.get(key));
        let objects = nested.into_iter().filter(is_object);
        holders.extend(objects);
    }
    specs.retain(is_object);
    specs
}

fn is_object(field: &Field<'_>) -> bool {
    field.value().is_some_and(serde_json::Value::is_object)
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
        if is_object(&field) {
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
    kind.fields == ANY_FIELD || kind.fields.split_whitespace().any(|field| field == key)
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
