//! Emergency stops: while one is there nothing starts in its scope, and what runs there ends.

use serde_json::Value;

use super::subject;
use crate::inventory::{Group, Inventory};
use crate::object::{Field, Object};
use crate::schedule::spec::sanctioned::{SanctionedExperimentSpec, SubjectSpec};
use crate::schedule::spec::stop::ScopeSpec;
use crate::selector::LabelSelector;

/// The emergency stops there are, or why they are not known.
pub(super) type Stops = Result<Vec<Object>, String>;

/// Why an experiment must not run, by an emergency stop in whose scope it is. What is not known is in scope.
pub(super) fn stopped(
    stops: &Stops,
    (spec, namespace): (&SanctionedExperimentSpec, &str),
    inventory: &Inventory,
) -> Option<String> {
    let stops = match stops {
        Ok(stops) => stops,
        Err(why) => return Some(format!("emergency stops cannot be read: {why}")),
    };
    let found = stops
        .iter()
        .find(|stop| covers(stop, (spec, namespace), inventory))?;
    let reason = found.spec().get("reason").text().ok().flatten();
    let reason = reason.filter(|it| !it.is_empty());
    let name = &found.reference().name;
    Some(match reason {
        Some(reason) => format!("EmergencyStop {name}: {reason}"),
        None => format!("EmergencyStop {name}"),
    })
}

/// Whether an experiment is in the scope of a stop.
pub(super) fn covers(
    stop: &Object,
    (spec, namespace): (&SanctionedExperimentSpec, &str),
    inventory: &Inventory,
) -> bool {
    let scope = stop.value().pointer("/spec/scope").cloned();
    let Ok(scope) = serde_json::from_value::<Option<ScopeSpec>>(scope.unwrap_or(Value::Null))
    else {
        return true;
    };
    let Some(scope) = scope else {
        return true;
    };
    let aimed = spec.database.as_ref().or(spec.workload.as_ref());
    let Some(aimed) = aimed else {
        return true;
    };
    let place = aimed.namespace.as_deref().unwrap_or(namespace);
    let named = scope.database.as_ref();
    named.is_none_or(|named| is_same(named, aimed, (place, inventory)))
        && fits_namespace(stop, place, inventory)
}

/// Whether a stop names what an experiment is aimed at.
fn is_same(named: &SubjectSpec, aimed: &SubjectSpec, (place, all): (&str, &Inventory)) -> bool {
    if named.namespace.as_deref().is_some_and(|it| it != place) {
        return false;
    }
    if named.kind == aimed.kind && named.name == aimed.name {
        return named.unit.is_none() || named.unit == aimed.unit;
    }
    // It may be called by another word, with or without its API group.
    let whole = |group: &Group| SubjectSpec {
        unit: Some(group.unit.to_string()),
        ..named.clone()
    };
    all.groups_in(place).any(|(_, group)| {
        subject::is_meant(aimed, group) && subject::is_meant(&whole(group), group)
    })
}

fn fits_namespace(stop: &Object, place: &str, inventory: &Inventory) -> bool {
    let Some(value) = stop.value().pointer("/spec/scope/namespaces") else {
        return true;
    };
    let field = Field::at("spec.scope.namespaces", value);
    let (Ok(selector), Some(found)) = (LabelSelector::read(&field), inventory.namespace(place))
    else {
        return true;
    };
    selector.matches(&found.labels)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory::Origin;

    fn stop(spec: &Value) -> Object {
        let value = json!({"apiVersion": "firebreak.dev/v1alpha1", "kind": "EmergencyStop",
            "metadata": {"name": "incident"}, "spec": spec});
        Object::new(value).unwrap()
    }

    fn world() -> Inventory {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "db", "labels": {"environment": "production"}}});
        Inventory::from_objects(&[Object::new(namespace).unwrap()], Origin::Recorded)
    }

    fn spec() -> SanctionedExperimentSpec {
        let value = json!({"hypothesis": "it holds", "native": {"podDelete": {}},
            "workload": {"kind": "StatefulSet", "name": "ledger"}});
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn it_stops_what_is_in_its_scope_and_what_nobody_can_tell() {
        let in_namespaces =
            |value: &str| json!({"scope": {"namespaces": {"matchLabels": {"environment": value}}}});
        let of =
            |kind: &str, name: &str| json!({"scope": {"database": {"kind": kind, "name": name}}});
        let rows = [
            (json!({}), true),
            (json!({"scope": {}}), true),
            (in_namespaces("production"), true),
            (in_namespaces("staging"), false),
            (of("StatefulSet", "ledger"), true),
            (of("StatefulSet", "other"), false),
            (json!({"scope": {"database": 3}}), true),
        ];
        for (scope, expected) in rows {
            let found = covers(&stop(&scope), (&spec(), "db"), &world());
            assert_eq!(found, expected, "{scope}");
        }
        // Of a namespace that is not known, labels may be any.
        let elsewhere = covers(&stop(&in_namespaces("staging")), (&spec(), "new"), &world());
        assert!(elsewhere);
    }

    #[test]
    fn stops_that_cannot_be_read_stop() {
        let unknown = Err("no answer".to_owned());
        assert!(stopped(&unknown, (&spec(), "db"), &world()).is_some());
        assert!(stopped(&Ok(Vec::new()), (&spec(), "db"), &world()).is_none());
        let told = stopped(
            &Ok(vec![stop(&json!({"reason": "fire"}))]),
            (&spec(), "db"),
            &world(),
        );
        assert_eq!(told, Some("EmergencyStop incident: fire".to_owned()));
    }
}
