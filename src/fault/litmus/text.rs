//! The target text that Litmus' operator builds from an engine, and that its faults take apart:
//! `kind:namespace:[names or labels]`, joined by semicolons.

use crate::fault::Unreadable;
use crate::object::Field;

/// The kind that stands for any pod of the namespace.
pub(super) const ANY_KIND: &str = "KIND";
/// The kind of pods that are named themselves.
pub(super) const POD_KIND: &str = "pod";

/// One part of the target text, `kind:namespace:[names or labels]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) members: Members,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Members {
    Names(Vec<String>),
    Labels(Vec<String>),
}

/// The target text that the operator builds from an engine, and the field it comes from.
pub(super) fn target_text(
    spec: &Field<'_>,
    namespace: &str,
) -> Result<(String, String), Unreadable> {
    let selectors = spec.get("selectors");
    let workloads = selectors.get("workloads");
    let pods = selectors.get("pods");
    if workloads.is_set() {
        return Ok((join(&workloads, workload)?, workloads.path().to_owned()));
    }
    if pods.is_set() {
        return Ok((join(&pods, named_pods)?, pods.path().to_owned()));
    }
    if selectors.is_set() {
        return Err(selectors.unreadable("workloads or pods"));
    }
    let info = spec.get("appinfo");
    let text = |name: &'static str| Ok(info.get(name).text()?.unwrap_or_default());
    let (kind, home, labels) = (text("appkind")?, text("appns")?, text("applabel")?);
    let path = info.path().to_owned();
    if [kind, home, labels].iter().all(|part| part.is_empty()) {
        return Ok((String::new(), path));
    }
    let kind = if kind.is_empty() { ANY_KIND } else { kind };
    let home = if home.is_empty() { namespace } else { home };
    Ok((format!("{kind}:{home}:[{labels}]"), path))
}

fn join(
    list: &Field<'_>,
    entry: fn(&Field<'_>) -> Result<String, Unreadable>,
) -> Result<String, Unreadable> {
    let entries: Result<Vec<String>, Unreadable> = list.items()?.iter().map(entry).collect();
    Ok(entries?.join(";"))
}

fn workload(entry: &Field<'_>) -> Result<String, Unreadable> {
    let text = |name: &'static str| Ok(entry.get(name).text()?.unwrap_or_default());
    let (names, labels) = (text("names")?, text("labels")?);
    let members = if names.is_empty() { labels } else { names };
    Ok(format!(
        "{}:{}:[{members}]",
        text("kind")?,
        text("namespace")?
    ))
}

fn named_pods(entry: &Field<'_>) -> Result<String, Unreadable> {
    let text = |name: &'static str| Ok(entry.get(name).text()?.unwrap_or_default());
    Ok(format!(
        "{POD_KIND}:{}:[{}]",
        text("namespace")?,
        text("names")?
    ))
}

/// Takes a target text apart as the faults do. A text with more or fewer parts crashes them.
pub(super) fn entries(text: &str, field: &str) -> Result<Vec<Entry>, Unreadable> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let entry = |part: &str| {
        let parts = part.trim().split(':').collect::<Vec<_>>();
        // The fourth says how labels are combined. Most versions do not look, and take the union.
        let ([kind, namespace, members] | [kind, namespace, members, "union" | "intersection"]) =
            parts[..]
        else {
            let found = format!("\"{}\"", part.trim());
            let accepted = "kind:namespace:[names or labels], joined by semicolons";
            return Err(Unreadable::new(field, found, accepted));
        };
        let bare = members.strip_prefix('[').unwrap_or(members);
        let bare = bare.strip_suffix(']').unwrap_or(bare);
        let list = || bare.split(',').map(str::to_owned).collect();
        Ok(Entry {
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            members: match bare {
                "" => Members::Names(Vec::new()),
                _ if bare.contains('=') => Members::Labels(list()),
                _ => Members::Names(list()),
            },
        })
    };
    text.split(';').map(entry).collect()
}
