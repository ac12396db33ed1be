//! Where pods are placed: the nodes that a scheduler may choose for them.

use super::own_namespace;
use super::program::Program;
use crate::fault::{Listing, Namespaces, NodeQuery, NodeTarget, PodQuery, Selection, Unreadable};
use crate::object::Field;
use crate::selector::{LabelSelector, Requirement, expressions};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// The nodes that the pods may be placed on. What narrows the choice in a way that is not understood
/// is left out, so that there are more of them rather than fewer: taints, and rules that keep pods
/// apart.
pub(super) fn nodes(program: &Program<'_>) -> Result<NodeTarget, Unreadable> {
    let name = program.pod.get("nodeName");
    let (nodes, hosting) = match name.text()? {
        // No scheduler is asked.
        Some(name) if !name.is_empty() => (Some(named(vec![name.to_owned()])), None),
        Some(_) | None => (chosen(program)?, hosting(program)?),
    };
    Ok(NodeTarget {
        nodes,
        hosting,
        mode: program.mode,
        field: name.path().to_owned(),
    })
}

fn named(names: Vec<String>) -> NodeQuery {
    NodeQuery {
        names,
        ..NodeQuery::default()
    }
}

/// By the labels that a node must have; any node where none must.
fn chosen(program: &Program<'_>) -> Result<Option<NodeQuery>, Unreadable> {
    let selector = program.pod.get("nodeSelector").text_map()?;
    let mut labels = LabelSelector::equalities(&selector.unwrap_or_default());
    let affinity = program.pod.get("affinity").get("nodeAffinity");
    let terms = affinity.get(REQUIRED).get("nodeSelectorTerms").items()?;
    // One of several terms suffices: together they narrow the choice in no way that labels can say.
    if let [term] = &terms[..] {
        let names = field_names(&term.get("matchFields"))?;
        if let Some(names) = names {
            return Ok(Some(named(names)));
        }
        labels.requirements.extend(requirements(term)?);
    }
    Ok((!labels.is_empty()).then(|| NodeQuery {
        labels: Some(labels),
        ..NodeQuery::default()
    }))
}

/// The requirements on labels, but for those that compare numbers.
fn requirements(term: &Field<'_>) -> Result<Vec<Requirement>, Unreadable> {
    let all = term.get("matchExpressions");
    let mut found = Vec::new();
    for expression in all.items()? {
        let operator = expression.get("operator").required_text()?;
        if !["Gt", "Lt"].contains(&operator) {
            let one = serde_json::Value::Array(expression.value().cloned().into_iter().collect());
            found.extend(expressions(&Field::at(expression.path(), &one))?);
        }
    }
    Ok(found)
}

/// The names of nodes that the fields of a term must have; `None` where they say something else.
fn field_names(fields: &Field<'_>) -> Result<Option<Vec<String>>, Unreadable> {
    let fields = fields.items()?;
    let [field] = &fields[..] else {
        return Ok(None);
    };
    let by_name = field.get("key").text()? == Some("metadata.name");
    let is_in = field.get("operator").text()? == Some("In");
    let values = field.get("values").texts()?;
    Ok(values.filter(|_| by_name && is_in))
}

/// The pods beside which the scheduler has to place these.
fn hosting(program: &Program<'_>) -> Result<Option<Selection>, Unreadable> {
    let affinity = program.pod.get("affinity").get("podAffinity");
    for term in affinity.get(REQUIRED).items()? {
        if term.get("topologyKey").text()? != Some("kubernetes.io/hostname") {
            continue;
        }
        let listed = term.get("namespaces").texts()?.unwrap_or_default();
        let namespaces = match (term.get("namespaceSelector").is_set(), listed.is_empty()) {
            (true, _) => Namespaces::All,
            (false, true) => own_namespace(program.namespace),
            (false, false) => Namespaces::Named(listed),
        };
        let query = PodQuery {
            namespaces,
            labels: LabelSelector::read(&term.get("labelSelector"))?,
            ..PodQuery::default()
        };
        return Ok(Some(Selection {
            queries: vec![query],
            list: Listing::WithRepeats,
        }));
    }
    Ok(None)
}
