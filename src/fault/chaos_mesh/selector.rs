//! Chaos Mesh's selection of pods: `selector`, `mode` and `value`, exactly as its controller reads
//! them.

use crate::fault::{
    Mode, Namespaces, NodeQuery, Phases, PodField, PodQuery, Selection, Target, Unreadable,
};
use crate::object::Field;
use crate::selector::{LabelSelector, Operator, Requirement, expressions};
use crate::selector_text;

/// What an installation of Chaos Mesh is set to, as far as it changes a selection. The default is
/// the loosest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Installation {
    /// Whether namespaces must opt in with an annotation (`enableFilterNamespace`).
    pub filter_namespaces: bool,
}

/// The annotation by which a namespace opts in.
const OPT_IN: (&str, &str) = ("chaos-mesh.org/inject", "enabled");

/// The fields of a selector.
const FIELDS: &[&str] = &[
    "annotationSelectors",
    "expressionSelectors",
    "fieldSelectors",
    "labelSelectors",
    "namespaces",
    "nodeSelectors",
    "nodes",
    "podPhaseSelectors",
    "pods",
];

/// The fields of a pod that a selector may name.
const POD_FIELDS: &[(&str, PodField)] = &[
    ("metadata.name", PodField::Name),
    ("metadata.namespace", PodField::Namespace),
    ("spec.nodeName", PodField::NodeName),
    ("spec.restartPolicy", PodField::RestartPolicy),
    ("spec.schedulerName", PodField::SchedulerName),
    ("spec.serviceAccountName", PodField::ServiceAccountName),
    ("status.phase", PodField::Phase),
    ("status.podIP", PodField::PodIp),
    ("status.nominatedNodeName", PodField::NominatedNodeName),
];

/// Reads `selector`, `mode` and `value` of `holder`. A selector that names no namespace selects in
/// `namespace`, or everywhere where that is `None`.
///
/// # Errors
/// When Chaos Mesh would refuse the selection.
pub fn target(holder: &Field<'_>, namespace: Option<&str>) -> Result<Target, Unreadable> {
    let selector = holder.get("selector");
    if !selector.is_set() {
        return Err(selector.unreadable("a selector"));
    }
    Ok(Target {
        selection: selection(&selector, namespace, Installation::default())?,
        mode: mode(holder)?,
        mode_field: holder.get("mode").path().to_owned(),
        value_field: holder.get("value").path().to_owned(),
        selector_field: selector.path().to_owned(),
    })
}

/// Reads a selector.
///
/// # Errors
/// When Chaos Mesh would refuse it.
pub fn selection(
    selector: &Field<'_>,
    namespace: Option<&str>,
    installation: Installation,
) -> Result<Selection, Unreadable> {
    let by_name = selector.get("pods").entries()?;
    let queries = if by_name.is_empty() {
        vec![by_conditions(selector, namespace, installation)?]
    } else {
        let query = |(namespace, names)| pods_by_name(namespace, &names, installation);
        by_name.into_iter().map(query).collect::<Result<_, _>>()?
    };
    Ok(Selection {
        queries,
        ..Selection::default()
    })
}

/// Reads `mode` and `value` of `holder`.
///
/// # Errors
/// When the mode is not one of Chaos Mesh's, or the value does not fit it.
pub fn mode(holder: &Field<'_>) -> Result<Mode, Unreadable> {
    let mode = holder.get("mode");
    let value = holder.get("value");
    match mode.required_text()? {
        "one" => value.text().map(|_| Mode::One),
        "all" => value.text().map(|_| Mode::All),
        "fixed" => number(&value, u64::MAX).map(Mode::Fixed),
        "fixed-percent" => percent(&value).map(Mode::Percent),
        "random-max-percent" => percent(&value).map(Mode::UpToPercent),
        _ => Err(mode.unreadable("one of one, all, fixed, fixed-percent, random-max-percent")),
    }
}

fn percent(value: &Field<'_>) -> Result<u32, Unreadable> {
    let percent = number(value, 100)?;
    Ok(u32::try_from(percent).unwrap_or(100))
}

/// A whole number of 64 bits in a string, as Go's `Atoi` reads it: Rust's own parser accepts the
/// same texts.
fn number(value: &Field<'_>, most: u64) -> Result<u64, Unreadable> {
    let accepted = if most == u64::MAX {
        "a whole number above 0, in quotes"
    } else {
        "a whole number from 1 to 100, in quotes, without a percent sign"
    };
    let Ok(Some(text)) = value.text() else {
        return Err(value.unreadable(accepted));
    };
    let number = text.parse::<i64>().ok().and_then(|n| u64::try_from(n).ok());
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| value.unreadable(accepted))
}

/// The fields of a selector that the API server drops without a word, so that the selection widens.
pub(super) fn misspelt(selector: &Field<'_>) -> Vec<Unreadable> {
    let keys = selector.keys().into_iter().flatten();
    let unknown = keys.filter(|key| !FIELDS.contains(key));
    let dropped = "an unknown field, which the API server drops, so that more pods match";
    let accepted = || format!("one of {}", FIELDS.join(", "));
    unknown
        .map(|key| Unreadable::new(selector.get(key).path(), dropped, accepted()))
        .collect()
}

/// Pods by name. Nothing else in the selector counts then.
fn pods_by_name(
    namespace: &str,
    names: &Field<'_>,
    installation: Installation,
) -> Result<PodQuery, Unreadable> {
    Ok(PodQuery {
        namespaces: named_namespaces(vec![namespace.to_owned()], installation),
        names: Some(names.texts()?.unwrap_or_default()),
        ..PodQuery::default()
    })
}

fn by_conditions(
    selector: &Field<'_>,
    namespace: Option<&str>,
    installation: Installation,
) -> Result<PodQuery, Unreadable> {
    Ok(PodQuery {
        namespaces: namespaces(selector, namespace, installation)?,
        labels: labels(selector)?,
        annotations: annotations(&selector.get("annotationSelectors"))?,
        fields: fields(&selector.get("fieldSelectors"))?,
        nodes: nodes(selector)?,
        phases: phases(&selector.get("podPhaseSelectors"))?,
        ..PodQuery::default()
    })
}

fn namespaces(
    selector: &Field<'_>,
    namespace: Option<&str>,
    installation: Installation,
) -> Result<Namespaces, Unreadable> {
    let listed = selector.get("namespaces").texts()?.unwrap_or_default();
    Ok(match (listed.is_empty(), namespace) {
        (false, _) => named_namespaces(with_everywhere(listed), installation),
        (true, Some(namespace)) => named_namespaces(vec![namespace.to_owned()], installation),
        (true, None) => Namespaces::All,
    })
}

/// The entry `""` lists the pods of all namespaces, of which those of the other entries stay.
fn with_everywhere(listed: Vec<String>) -> Vec<String> {
    let mut others: Vec<String> = listed.iter().filter(|n| !n.is_empty()).cloned().collect();
    others.sort();
    others.dedup();
    let entries = |entry: String| {
        if entry.is_empty() {
            others.clone()
        } else {
            vec![entry]
        }
    };
    listed.into_iter().flat_map(entries).collect()
}

fn named_namespaces(namespaces: Vec<String>, installation: Installation) -> Namespaces {
    if installation.filter_namespaces {
        Namespaces::Annotated {
            annotation: (OPT_IN.0.to_owned(), OPT_IN.1.to_owned()),
            of: Some(namespaces),
        }
    } else {
        Namespaces::Named(namespaces)
    }
}

fn labels(selector: &Field<'_>) -> Result<LabelSelector, Unreadable> {
    let mut requirements = Vec::new();
    for (key, value) in selector.get("labelSelectors").entries()? {
        requirements.push(valid(
            &value,
            Requirement::equals(key, value.required_text()?),
        )?);
    }
    let field = selector.get("expressionSelectors");
    for requirement in expressions(&field)? {
        requirements.push(valid(&field, requirement)?);
    }
    Ok(LabelSelector { requirements })
}

fn valid(field: &Field<'_>, requirement: Requirement) -> Result<Requirement, Unreadable> {
    match selector_text::validate(&requirement) {
        Ok(()) => Ok(requirement),
        Err(error) => Err(Unreadable::new(
            field.path(),
            error.to_string(),
            LABEL_RULES,
        )),
    }
}

const LABEL_RULES: &str = "keys and values as Kubernetes labels have them";

/// Annotations are matched as if they were labels: each entry is written as `key=value` and parsed
/// as a label selector, so that a comma or a blank in the value changes the meaning.
fn annotations(field: &Field<'_>) -> Result<LabelSelector, Unreadable> {
    let mut requirements = Vec::new();
    for (key, value) in field.entries()? {
        let text = format!("{key}={}", value.required_text()?);
        if key.is_empty() {
            continue;
        }
        let parsed = selector_text::parse(&text)
            .map_err(|error| Unreadable::new(value.path(), error.to_string(), LABEL_RULES))?;
        requirements.extend(parsed.requirements);
    }
    Ok(LabelSelector { requirements })
}

fn fields(field: &Field<'_>) -> Result<Vec<(PodField, String)>, Unreadable> {
    let mut fields = Vec::new();
    for (key, value) in field.entries()? {
        let Some((_, pod_field)) = POD_FIELDS.iter().find(|(name, _)| *name == key) else {
            let names: Vec<&str> = POD_FIELDS.iter().map(|(name, _)| *name).collect();
            let accepted = format!("one of {}", names.join(", "));
            return Err(Unreadable::new(
                value.path(),
                "an unsupported field",
                accepted,
            ));
        };
        fields.push((*pod_field, value.required_text()?.to_owned()));
    }
    Ok(fields)
}

/// `nodes` or `nodeSelectors`: a node of either list will do.
fn nodes(selector: &Field<'_>) -> Result<Option<NodeQuery>, Unreadable> {
    let names = selector.get("nodes").texts()?.unwrap_or_default();
    let labels = selector
        .get("nodeSelectors")
        .text_map()?
        .unwrap_or_default();
    if names.is_empty() && labels.is_empty() {
        return Ok(None);
    }
    let labels = (!labels.is_empty()).then(|| LabelSelector::equalities(&labels));
    Ok(Some(NodeQuery {
        names,
        labels,
        ..NodeQuery::default()
    }))
}

/// Phases are joined with commas and parsed as a label selector: `Running`, `!Succeeded`.
fn phases(field: &Field<'_>) -> Result<Phases, Unreadable> {
    const ACCEPTED: &str = "phases, each as Running or !Running";
    let joined = field.texts()?.unwrap_or_default().join(",");
    let refuse = |what: String| Unreadable::new(field.path(), what, ACCEPTED);
    let parsed = selector_text::parse(&joined).map_err(|error| refuse(error.to_string()))?;
    let mut phases = Phases::default();
    for requirement in parsed.requirements {
        match requirement.operator {
            Operator::Exists => phases.include.push(requirement.key),
            Operator::DoesNotExist => phases.exclude.push(requirement.key),
            Operator::In | Operator::NotIn => return Err(refuse(format!("\"{requirement}\""))),
        }
    }
    Ok(phases)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(selector: &Value) -> Result<Selection, Unreadable> {
        let field = Field::at("spec.selector", selector);
        selection(&field, Some("db"), Installation::default())
    }

    fn only(selector: &Value) -> PodQuery {
        read(selector).unwrap().queries.remove(0)
    }

    #[test]
    fn a_selector_without_namespaces_selects_in_its_own() {
        for selector in [
            json!({}),
            json!({"namespaces": []}),
            json!({"namespaces": null}),
        ] {
            let expected = Namespaces::Named(vec!["db".to_owned()]);
            assert_eq!(only(&selector).namespaces, expected);
        }
    }

    #[test]
    fn pods_by_name_win_over_every_other_condition() {
        let query = only(&json!({"pods": {"x": ["a", "a"]}, "labelSelectors": {"!": "?"}}));
        assert_eq!(query.names, Some(vec!["a".to_owned(), "a".to_owned()]));
        assert!(query.labels.is_empty());
        let query = only(&json!({"pods": {}, "labelSelectors": {"app": "a"}}));
        assert_eq!(
            (query.names, query.labels.to_string()),
            (None, "app=a".to_owned())
        );
    }

    #[test]
    fn a_misspelt_condition_is_told_and_counts_for_nothing() {
        for typo in ["namespace", "labelSelector", "matchLabels", "phases"] {
            let selector = json!({typo: "x"});
            let told = misspelt(&Field::at("spec.selector", &selector));
            assert_eq!(told[0].field, format!("spec.selector.{typo}"));
            assert_eq!(only(&selector), only(&json!({})));
        }
    }

    #[test]
    fn the_empty_namespace_lists_the_pods_of_the_others_once_more() {
        let query = only(&json!({"namespaces": ["", "b", "a", "b"]}));
        let expected = ["a", "b", "b", "a", "b"].map(str::to_owned).to_vec();
        assert_eq!(query.namespaces, Namespaces::Named(expected));
        let query = only(&json!({"namespaces": [""]}));
        assert_eq!(query.namespaces, Namespaces::Named(Vec::new()));
    }

    #[test]
    fn an_annotation_with_a_comma_is_two_conditions() {
        let query = only(&json!({"annotationSelectors": {"team": "a,b", "": "x"}}));
        assert_eq!(query.annotations.to_string(), "team=a,b");
        assert_eq!(query.annotations.requirements.len(), 2);
        assert!(read(&json!({"annotationSelectors": {"note": "x y z"}})).is_err());
    }

    #[test]
    fn phases_are_included_and_excluded() {
        let query = only(&json!({"podPhaseSelectors": ["Running", "!Failed"]}));
        assert_eq!(query.phases.include, ["Running"]);
        assert_eq!(query.phases.exclude, ["Failed"]);
        for phases in [json!(["Running=x"]), json!(["!"]), json!(["Running", ""])] {
            assert!(read(&json!({"podPhaseSelectors": phases})).is_err());
        }
    }

    #[test]
    fn a_field_that_the_api_server_cannot_select_by_is_an_error() {
        let error = read(&json!({"fieldSelectors": {"spec.foo": "x"}})).unwrap_err();
        assert_eq!(error.field, "spec.selector.fieldSelectors[\"spec.foo\"]");
    }

    #[test]
    fn a_value_out_of_bounds_names_what_is_accepted() {
        let holder = json!({"mode": "fixed-percent", "value": "101"});
        let error = mode(&Field::at("spec", &holder)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "spec.value: \"101\", expected a whole number from 1 to 100, in quotes, without a percent sign"
        );
    }
}
