//! What is added to an object, as a JSON Patch; the only door to the `json-patch` crate.
//!
//! Only `add` is ever used, and only for keys that are missing or `null`: whatever a user wrote stays
//! as it is, so that no apply of theirs and no patch of ours undo each other.

use std::collections::{BTreeMap, BTreeSet};

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation};
use serde_json::{Map, Value, json};

pub use json_patch::Patch;

use super::defaults::One;

/// The annotation that tells what was added to an object, and by which defaults.
pub const ANNOTATION: &str = "firebreak.dev/backup-injected";

/// Whole keys to be added to an object, by their path.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Additions(BTreeMap<Vec<String>, Value>);

/// Where something cannot be added, because no map stands above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoPlace(pub(super) String);

impl Additions {
    pub(super) fn add(&mut self, path: &[&str], value: Value) {
        let path = path.iter().map(|key| (*key).to_owned()).collect();
        self.0.insert(path, value);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[String], &Value)> {
        self.0.iter().map(|(path, value)| (path.as_slice(), value))
    }

    /// What the annotation of an object says that gets these, and had `before` from us.
    pub(super) fn note(&self, one: &One, before: &[String]) -> String {
        let added = self.0.keys().map(|path| pointer(path).to_string());
        let added: BTreeSet<String> = added.chain(before.iter().cloned()).collect();
        json!({"added": added, "generation": one.generation, "policy": one.name}).to_string()
    }

    /// The patch that adds these to `object`. What is set there already is left as it is.
    pub(super) fn patch(self, object: &Value) -> Result<Patch, NoPlace> {
        let mut after = object.clone();
        let mut operations = Vec::new();
        for (path, value) in self.0 {
            for depth in 1..path.len() {
                if is_left_out(&after, &path[..depth]) {
                    put(&mut after, &path[..depth], &json!({}), &mut operations)?;
                }
            }
            if is_left_out(&after, &path) {
                put(&mut after, &path, &value, &mut operations)?;
            }
        }
        Ok(Patch(operations))
    }
}

/// The pointers that the annotation of an object tells; none where there is no annotation of ours.
pub(super) fn noted(annotation: &str) -> Vec<String> {
    let note: Option<Value> = serde_json::from_str(annotation).ok();
    let added = note.as_ref().and_then(|note| note.get("added")?.as_array());
    let pointers = added.into_iter().flatten().filter_map(Value::as_str);
    pointers.map(str::to_owned).collect()
}

/// What was added to `old` by us, is missing in `new`, and has its place there still.
pub(super) fn lost(pointers: &[String], old: &Value, new: &Value) -> Additions {
    let mut lost = BTreeMap::new();
    for pointer in pointers {
        let Ok(parsed) = PointerBuf::parse(pointer.as_str()) else {
            continue;
        };
        let path: Vec<String> = parsed
            .tokens()
            .map(|token| token.decoded().into_owned())
            .collect();
        let Some((_, above)) = path.split_last() else {
            continue;
        };
        let has_place = at(new, above).is_some_and(Value::is_object);
        match at(old, &path) {
            Some(value) if !value.is_null() && has_place && is_left_out(new, &path) => {
                lost.insert(path, value.clone());
            }
            Some(_) | None => {}
        }
    }
    Additions(lost)
}

/// The object after the patch; `None` where it does not fit the object.
#[must_use]
pub fn applied(object: &Value, patch: &Patch) -> Option<Value> {
    let mut after = object.clone();
    json_patch::patch(&mut after, patch).ok()?;
    Some(after)
}

/// The path that an operation adds at, and its value.
pub fn additions(patch: &Patch) -> impl Iterator<Item = (String, &Value)> {
    patch.iter().filter_map(|operation| match operation {
        PatchOperation::Add(add) => Some((add.path.to_string(), &add.value)),
        PatchOperation::Remove(_)
        | PatchOperation::Replace(_)
        | PatchOperation::Move(_)
        | PatchOperation::Copy(_)
        | PatchOperation::Test(_) => None,
    })
}

/// What a patch adds, as the one map that a merge patch is.
#[must_use]
pub fn merge_patch(patch: &Patch) -> Value {
    let mut whole = json!({});
    for (pointer, value) in additions(patch) {
        let pointer = PointerBuf::parse(pointer).ok();
        if let Some(at) = pointer.and_then(|pointer| place(&mut whole, &pointer)) {
            *at = value.clone();
        }
    }
    whole
}

/// The place of a pointer, with the maps above it.
fn place<'v>(whole: &'v mut Value, pointer: &PointerBuf) -> Option<&'v mut Value> {
    pointer.tokens().try_fold(whole, |at, token| {
        if at.is_null() {
            *at = json!({});
        }
        let map = at.as_object_mut()?;
        Some(
            map.entry(token.decoded().into_owned())
                .or_insert(Value::Null),
        )
    })
}

/// An `add` of our own annotation over its former value.
pub(super) fn renote(patch: &mut Patch, note: String) {
    let path = ["metadata", "annotations", ANNOTATION].map(str::to_owned);
    patch.0.push(PatchOperation::Add(AddOperation {
        path: pointer(&path),
        value: Value::String(note),
    }));
}

fn pointer(path: &[String]) -> PointerBuf {
    PointerBuf::from_tokens(path.iter().map(String::as_str))
}

/// The value at a path of keys.
pub(super) fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

fn is_left_out(object: &Value, path: &[String]) -> bool {
    at(object, path).is_none_or(Value::is_null)
}

fn put(
    object: &mut Value,
    path: &[String],
    value: &Value,
    operations: &mut Vec<PatchOperation>,
) -> Result<(), NoPlace> {
    let no_place = || NoPlace(path.join("."));
    let (key, above) = path.split_last().ok_or_else(no_place)?;
    let mut map: &mut Map<String, Value> = object.as_object_mut().ok_or_else(no_place)?;
    for key in above {
        let inner = map.get_mut(key).and_then(Value::as_object_mut);
        map = inner.ok_or_else(no_place)?;
    }
    map.insert(key.clone(), value.clone());
    operations.push(PatchOperation::Add(AddOperation {
        path: pointer(path),
        value: value.clone(),
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(object: &Value, additions: &[(&[&str], Value)]) -> (Value, Vec<String>) {
        let mut all = Additions::default();
        for (path, value) in additions {
            all.add(path, value.clone());
        }
        let patch = all.patch(object).unwrap();
        let paths = super::additions(&patch).map(|(path, _)| path).collect();
        (applied(object, &patch).unwrap(), paths)
    }

    #[test]
    fn parents_come_first_and_keys_are_escaped() {
        let path: &[&str] = &["metadata", "annotations", "a/b~c"];
        let (after, paths) = patched(&json!({"metadata": {}}), &[(path, json!("x"))]);
        assert_eq!(after, json!({"metadata": {"annotations": {"a/b~c": "x"}}}));
        assert_eq!(
            paths,
            ["/metadata/annotations", "/metadata/annotations/a~1b~0c"]
        );
    }

    #[test]
    fn null_is_left_out_and_anything_else_is_set() {
        for set in [json!({}), json!([]), json!(""), json!(false), json!(0)] {
            let object = json!({"spec": {"a": set}});
            assert_eq!(patched(&object, &[(&["spec", "a"], json!(1))]).0, object);
        }
        let (after, _) = patched(&json!({"spec": {"a": null}}), &[(&["spec", "a"], json!(1))]);
        assert_eq!(after, json!({"spec": {"a": 1}}));
    }

    #[test]
    fn a_merge_patch_adds_the_same() {
        let mut all = Additions::default();
        all.add(&["metadata", "annotations", "a/b~c"], json!("x"));
        all.add(&["spec", "a"], json!([{"b": 1}]));
        let patch = all
            .patch(&json!({"metadata": {}, "spec": {"c": 1}}))
            .unwrap();
        let merged =
            json!({"metadata": {"annotations": {"a/b~c": "x"}}, "spec": {"a": [{"b": 1}]}});
        assert_eq!(merge_patch(&patch), merged);
    }

    #[test]
    fn what_has_no_map_above_it_has_no_place() {
        let mut all = Additions::default();
        all.add(&["spec", "a"], json!(1));
        assert_eq!(
            all.patch(&json!({"spec": "text"})),
            Err(NoPlace("spec.a".to_owned()))
        );
    }

    #[test]
    fn a_note_that_is_not_ours_tells_nothing() {
        assert!(noted("no json").is_empty());
        assert!(noted("[1]").is_empty());
        assert_eq!(noted(r#"{"added":["/spec/a",1]}"#), ["/spec/a"]);
    }

    #[test]
    fn what_was_lost_comes_back_where_it_still_has_a_place() {
        let old = json!({"spec": {"a": {"b": 1, "c": 2}}});
        let pointers = ["/spec/a/b", "/spec/a/c", "no pointer", ""].map(str::to_owned);
        let found = |new: Value| lost(&pointers, &old, &new).0.len();
        assert_eq!(found(json!({"spec": {"a": {"c": 3}}})), 1);
        assert_eq!(found(json!({"spec": {"a": {}}})), 2);
        assert_eq!(found(json!({"spec": {}})), 0);
    }
}
