//! What the API server or Chaos Mesh would drop, default or refuse without telling the author.

use serde_json::Value;

use super::kinds::{ANY_FIELD, KINDS, Kind};
use super::schedule;
use super::selector::misspelt;
use super::site::{Found, Site};
use crate::fault::Unreadable;
use crate::object::{Field, Object};

/// Where `kubectl apply` keeps the document as its author wrote it, before anything was dropped.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The field by which documents from before 2.0 recur.
const SCHEDULER: &str = "scheduler";

/// Kinds that had another name.
const RENAMED: &[(&str, &str)] = &[("IoChaos", "IOChaos"), ("AwsChaos", "AWSChaos")];

/// Checks a spec for what would be dropped. What its author relies on is refused, the rest noted.
pub(super) fn spec(site: &Site<'_>, found: &mut Found) -> Result<(), Unreadable> {
    for key in site.spec.keys()? {
        if key != SCHEDULER && !knows(site.kind, key) {
            let dropped = "an unknown field, which the API server drops";
            found.note(site.spec.get(key).path(), dropped);
        }
    }
    refuse_dropped(&site.spec, site.kind, found);
    for selector in selectors(&site.spec) {
        note_repeats(&selector, found);
    }
    Ok(())
}

/// Checks the document that was last applied, of which the object may be a pruned copy.
pub(super) fn last_applied(object: &Object, found: &mut Found) {
    let document = object.annotation(LAST_APPLIED).map(serde_json::from_str);
    let Some(Ok::<Value, _>(document)) = document else {
        return;
    };
    let annotations = object.root().get("metadata").get("annotations");
    let spec = Field::at(annotations.get(LAST_APPLIED).path(), &document).get("spec");
    let mut specs = embedded_specs(&spec);
    specs.extend(Kind::named(&object.reference().kind).map(|kind| (kind, spec)));
    for (kind, spec) in specs {
        refuse_dropped(&spec, kind, found);
        schedule::as_meant(&spec.get(SCHEDULER), 0, found);
    }
}

/// Refuses the recurrence that is not there any more, and conditions that are misspelt.
fn refuse_dropped(spec: &Field<'_>, kind: &Kind, found: &mut Found) {
    let scheduler = spec.get(SCHEDULER);
    if scheduler.is_set() {
        let cron = scheduler.get("cron").text().ok().flatten();
        let written = cron.map_or_else(String::new, |cron| format!("\"{cron}\", "));
        found.refuse(Unreadable::new(
            scheduler.path(),
            format!("{written}a recurrence that Chaos Mesh 2 drops: this would run once, now"),
            "kind Schedule, which recurs, or no scheduler",
        ));
    }
    if kind.fields == ANY_FIELD {
        return;
    }
    for selector in selectors(spec) {
        for problem in misspelt(&selector) {
            found.refuse(problem);
        }
    }
}

/// The selectors that a spec has: its own, and that of the other side.
fn selectors<'a>(spec: &Field<'a>) -> impl Iterator<Item = Field<'a>> {
    let holders = [spec.clone(), spec.get("target")].into_iter();
    let holders = holders.filter(Field::is_set);
    let selectors = holders.map(|holder| holder.get("selector"));
    selectors.filter(Field::is_set)
}

/// The specs of experiment kinds, wherever a Schedule or a Workflow embeds them.
fn embedded_specs<'a>(spec: &Field<'a>) -> Vec<(&'static Kind, Field<'a>)> {
    let mut specs = Vec::new();
    let mut holders = vec![spec.clone()];
    while let Some(holder) = holders.pop() {
        specs.extend(KINDS.iter().map(|kind| (kind, holder.get(kind.embed))));
        holders.extend(holder.get("templates").items().unwrap_or_default());
        let nested = ["schedule", "workflow"].map(|key| holder.get(key));
        let objects = nested.into_iter().filter(is_object);
        holders.extend(objects);
    }
    specs.retain(|(_, spec)| is_object(spec));
    specs
}

fn is_object(field: &Field<'_>) -> bool {
    field.value().is_some_and(Value::is_object)
}

/// The name that a kind of another time or group has today.
pub(super) fn current_kind(kind: &str) -> Option<&'static str> {
    let renamed = RENAMED.iter().find(|(old, _)| *old == kind);
    renamed
        .map(|(_, new)| *new)
        .or_else(|| Some(Kind::named(kind)?.name))
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

fn knows(kind: &Kind, key: &str) -> bool {
    kind.fields == ANY_FIELD || kind.fields.contains(&key)
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
    let is_long = |list: &Value| list.as_array().is_some_and(|all| all.len() > 1);
    for list in lists
        .iter()
        .filter(|list| list.value().is_some_and(is_long))
    {
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
