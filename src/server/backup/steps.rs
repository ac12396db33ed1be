//! What is to be done so that the objects beside a database are those that make its backups.
//!
//! Only what we made, and nobody has changed since, is ever changed or removed. What we wrote stands in an
//! annotation: as long as all of it is still there, whatever has been added to it came by default.

use serde_json::{Map, Value, json};

use crate::backup::{Left, Why};
use crate::object::{Object, ObjectRef};

/// The annotation with the spec as we wrote it.
const WRITTEN: &str = "firebreak.dev/written";

/// One thing to be done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Make this object.
    Create(Object),
    /// Merge this into an object that we made.
    Change(ObjectRef, Value),
    /// Remove an object that we made, by its UID.
    Remove(ObjectRef, String),
}

/// What is to be done, with what there should be or why there is nothing, and what we made before.
pub(super) fn steps(wanted: Result<&[Value], &Left>, made: &[Object]) -> Vec<Step> {
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(left) if ends(left.why) => &[],
        // It may be otherwise soon, and backups go on meanwhile.
        Err(_) => return Vec::new(),
    };
    let of = |it: &Value| made.iter().find(|made| is_named(made, it));
    let kept = wanted.iter().filter_map(|it| step(it, of(it)));
    let excess = made
        .iter()
        .filter(|made| !wanted.iter().any(|it| is_named(made, it)));
    let removed = excess.filter(|it| is_untouched(it)).map(|it| {
        let uid = it.uid().unwrap_or_default();
        Step::Remove(it.reference().clone(), uid.to_owned())
    });
    kept.chain(removed).collect()
}

/// Whether what we made goes with a reason.
fn ends(why: Why) -> bool {
    [Why::NoDefaults, Why::OptedOut].contains(&why)
}

fn is_named(made: &Object, wanted: &Value) -> bool {
    let it = made.reference();
    wanted["kind"] == it.kind.as_str() && wanted["metadata"]["name"] == it.name.as_str()
}

fn step(wanted: &Value, made: Option<&Object>) -> Option<Step> {
    let Some(made) = made else {
        let mut object = wanted.clone();
        object["metadata"]["annotations"] = json!({WRITTEN: wanted["spec"].to_string()});
        return Object::new(object).ok().map(Step::Create);
    };
    let spec = made.value().get("spec").unwrap_or(&Value::Null);
    if holds(spec, &wanted["spec"]) || !is_untouched(made) {
        return None;
    }
    let mut merged = dropped(made, &wanted["spec"]);
    let fields = wanted["spec"].as_object().into_iter().flatten();
    merged.extend(fields.map(|(key, value)| (key.clone(), value.clone())));
    let annotations = json!({WRITTEN: wanted["spec"].to_string()});
    let patch = json!({"metadata": {"annotations": annotations}, "spec": merged});
    Some(Step::Change(made.reference().clone(), patch))
}

/// What we wrote before and do not write now, as a merge takes it away.
fn dropped(made: &Object, wanted: &Value) -> Map<String, Value> {
    let before = written(made).unwrap_or_default();
    let keys = before.as_object().into_iter().flat_map(Map::keys);
    let gone = keys.filter(|key| wanted.get(*key).is_none());
    gone.map(|key| (key.clone(), Value::Null)).collect()
}

fn written(made: &Object) -> Option<Value> {
    serde_json::from_str(made.annotation(WRITTEN)?).ok()
}

/// Whether all that we wrote of an object is still there.
fn is_untouched(made: &Object) -> bool {
    let spec = made.value().get("spec").unwrap_or(&Value::Null);
    written(made).is_some_and(|written| holds(spec, &written))
}

/// Whether a value has all that another has; what is in a list has to be the same.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| value.get(key).is_some_and(|it| holds(it, wanted))),
        (value, wanted) => value == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, schedule: &str) -> Value {
        json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "ScheduledBackup",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"schedule": schedule, "cluster": {"name": "db1"}}})
    }

    /// What became of an object that we made: with a default, and with what somebody wrote.
    fn made(name: &str, edits: &Value) -> Object {
        let created = steps(Ok(&[wanted(name, "daily")]), &[]);
        let [Step::Create(object)] = &created[..] else {
            panic!("nothing is made");
        };
        let mut object = object.value().clone();
        object["metadata"]["uid"] = json!("u-1");
        object["spec"]["cluster"]["default"] = json!(true);
        for (key, value) in edits.as_object().unwrap() {
            object["spec"][key] = value.clone();
        }
        Object::new(object).unwrap()
    }

    fn left(why: Why) -> Left {
        Left {
            why,
            message: String::new(),
        }
    }

    #[test]
    fn what_is_there_as_it_should_be_is_left_as_it_is() {
        let made = made("a", &json!({}));
        assert_eq!(steps(Ok(&[wanted("a", "daily")]), &[made]), []);
    }

    #[test]
    fn what_should_be_another_is_changed_unless_somebody_has_changed_it() {
        let weekly = [wanted("a", "weekly")];
        let steps_of = |edits: Value| steps(Ok(&weekly), &[made("a", &edits)]);
        let changed = steps_of(json!({}));
        let [Step::Change(of, patch)] = &changed[..] else {
            panic!("nothing is changed");
        };
        assert_eq!(of.name, "a");
        assert_eq!(patch["spec"]["schedule"], "weekly");
        assert_eq!(steps_of(json!({"schedule": "hourly"})), []);
    }

    #[test]
    fn what_is_not_written_any_more_is_taken_away() {
        let mut less = wanted("a", "daily");
        less["spec"] = json!({"schedule": "weekly"});
        let changed = steps(Ok(&[less]), &[made("a", &json!({}))]);
        let [Step::Change(_, patch)] = &changed[..] else {
            panic!("nothing is changed");
        };
        assert_eq!(
            patch["spec"],
            json!({"schedule": "weekly", "cluster": null})
        );
    }

    #[test]
    fn it_goes_with_its_defaults_unless_somebody_has_changed_it() {
        let gone = |why: Why, edits: Value| steps(Err(&left(why)), &[made("a", &edits)]).len();
        assert_eq!(gone(Why::NoDefaults, json!({})), 1);
        assert_eq!(gone(Why::OptedOut, json!({})), 1);
        assert_eq!(
            gone(Why::OptedOut, json!({"suspend": true, "schedule": "x"})),
            0
        );
        for why in Why::ALL.into_iter().filter(|why| !ends(*why)) {
            assert_eq!(gone(why, json!({})), 0, "{why:?}");
        }
    }

    #[test]
    fn of_several_only_those_that_are_too_many_go() {
        let made = [made("a", &json!({})), made("b", &json!({}))];
        let found = steps(Ok(&[wanted("a", "daily")]), &made);
        let [Step::Remove(of, uid)] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!((of.name.as_str(), uid.as_str()), ("b", "u-1"));
    }
}
