//! Objects off the wire, one at a time.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::served::Served;
use crate::object::{Object, ObjectRef};
use crate::server::decoded::Kept;

/// Text of the API server that is not what the API says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the answer cannot be read: {0}")]
pub(super) struct Malformed(String);

impl From<serde_json::Error> for Malformed {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// Why a request is refused, in the words of the API server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status {
    /// The HTTP status.
    pub code: u16,
    /// A sentence.
    pub message: String,
    /// What else is told.
    pub details: Option<Details>,
}

/// What else is told of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Details {
    /// How long to wait before asking again.
    pub retry_after_seconds: u64,
}

/// One line of a watch.
#[derive(Debug)]
pub(super) enum Event {
    /// An object as it is now, and the position of the watch.
    Applied(Object, String),
    /// An object that is gone, and the position of the watch.
    Deleted(ObjectRef, String),
    /// Nothing happened up to here; and whether the first list is complete with it.
    Bookmark(String, bool),
    /// The watch cannot go on.
    Error(Status),
}

/// What a page of a list says beside its objects.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// The position from which a watch goes on.
    pub version: String,
    /// Where the next page begins; empty on the last one.
    pub next: String,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    object: Kept,
}

/// A line of a watch of this kind.
pub(super) fn event(line: &[u8], served: &Served) -> Result<Event, Malformed> {
    let Line { kind, object } = serde_json::from_slice(line)?;
    let version = text(&object.0, "/metadata/resourceVersion");
    match kind.as_str() {
        "ADDED" | "MODIFIED" => Ok(Event::Applied(named(object, served)?, version)),
        "DELETED" => {
            let reference = named(object, served)?.reference().clone();
            Ok(Event::Deleted(reference, version))
        }
        "BOOKMARK" => {
            let end = "/metadata/annotations/k8s.io~1initial-events-end";
            Ok(Event::Bookmark(version, text(&object.0, end) == "true"))
        }
        "ERROR" => Ok(Event::Error(serde_json::from_value(object.0)?)),
        other => Err(Malformed(format!("an event of type {other:?}"))),
    }
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// The object under the name that it is watched by: in lists objects do not say what they are, and
/// their metadata alone is said to be something else.
fn named(Kept(mut value): Kept, served: &Served) -> Result<Object, Malformed> {
    value["apiVersion"] = Value::String(served.api_version());
    value["kind"] = Value::String(served.kind.clone());
    Object::new(value).map_err(|error| Malformed(error.to_string()))
}

/// Reads a page of a list, and gives each object away as soon as it is read.
pub(super) fn page(
    body: &[u8],
    served: &Served,
    mut each: impl FnMut(Object),
) -> Result<Page, Malformed> {
    let mut wrong = None;
    let mut give = |kept| match named(kept, served) {
        Ok(object) => each(object),
        Err(problem) => wrong = Some(problem),
    };
    let mut json = serde_json::Deserializer::from_slice(body);
    let page = Reading(&mut give).deserialize(&mut json)?;
    json.end()?;
    wrong.map_or(Ok(page), Err)
}

/// A list, whose objects are given to a function.
struct Reading<'f, F>(&'f mut F);

impl<'de, F: FnMut(Kept)> DeserializeSeed<'de> for Reading<'_, F> {
    type Value = Page;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Page, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Kept)> Visitor<'de> for Reading<'_, F> {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        let mut page = None;
        let mut listed = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "metadata" => {
                    let metadata = map.next_value::<Value>()?;
                    let (version, next) = (
                        text(&metadata, "/resourceVersion"),
                        text(&metadata, "/continue"),
                    );
                    page = Some(Page { version, next });
                }
                "items" => {
                    listed = true;
                    map.next_value_seed(Items(&mut *self.0))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let missing = serde::de::Error::missing_field;
        if !listed {
            return Err(missing("items"));
        }
        page.ok_or_else(|| missing("metadata"))
    }
}

/// The objects of a list.
struct Items<'f, F>(&'f mut F);

impl<'de, F: FnMut(Kept)> DeserializeSeed<'de> for Items<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Kept)> Visitor<'de> for Items<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(kept) = items.next_element::<Kept>()? {
            (self.0)(kept);
        }
        Ok(())
    }

    /// What Go writes for a list of nothing.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods() -> Served {
        Served::named("", "v1", "Pod", "pods")
    }

    #[test]
    fn managed_fields_are_never_held_and_an_object_knows_what_it_is() {
        let body = br#"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"c"},
            "items":[{"metadata":{"name":"a","namespace":"db","managedFields":[{"x":1}],"labels":{"a":"b"}},
            "spec":{"managedFields":1}}]}"#;
        let mut found = Vec::new();
        let page = page(body, &pods(), |object| found.push(object)).unwrap();
        let next = "c".to_owned();
        let version = "7".to_owned();
        assert_eq!(page, Page { version, next });
        let expected = serde_json::json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "a", "namespace": "db", "labels": {"a": "b"}},
            "spec": {"managedFields": 1}});
        assert_eq!(found[0].value(), &expected);
    }

    #[test]
    fn half_a_list_is_no_list() {
        let whole = br#"{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}]}"#;
        for end in 0..whole.len() {
            assert!(page(&whole[..end], &pods(), drop).is_err());
        }
        assert!(page(whole, &pods(), drop).is_ok());
        assert!(page(br#"{"metadata":{}}"#, &pods(), drop).is_err());
        assert!(page(br#"{"items":[]}"#, &pods(), drop).is_err());
        assert!(page(br#"{"metadata":{},"items":null}"#, &pods(), drop).is_ok());
    }

    #[test]
    fn a_line_says_what_happened() {
        let read = |line: &str| event(line.as_bytes(), &pods());
        let metadata = r#"{"metadata":{"name":"a","resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}"#;
        let line = |kind: &str| format!(r#"{{"type":"{kind}","object":{metadata}}}"#);
        assert!(matches!(read(&line("ADDED")), Ok(Event::Applied(_, at)) if at == "9"));
        assert!(matches!(read(&line("DELETED")), Ok(Event::Deleted(it, _)) if it.name == "a"));
        assert!(matches!(
            read(&line("BOOKMARK")),
            Ok(Event::Bookmark(_, true))
        ));
        let gone = r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#;
        assert!(matches!(read(gone), Ok(Event::Error(status)) if status.code == 410));
        assert!(read(&line("OTHER")).is_err());
        assert!(read("{").is_err());
    }
}
