//! Objects with something odd in any place: whatever they say, reading them ends in an answer.

use firebreak::fault::{self, Surroundings};
use firebreak::object::Object;
use serde_json::{Value, json};

use crate::spec::given_objects;

/// What stands where something else should.
pub(crate) fn oddities() -> Vec<Value> {
    let long = "9".repeat(400);
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("é\u{0}="),
        json!("-9223372036854775808ns"),
        json!("@every 1ns"),
        json!(long),
        json!([]),
        json!([null]),
        json!([[]]),
        json!({}),
        json!({"": {}}),
    ]
}

/// The paths of all values inside `value`.
pub(crate) fn places(value: &Value, path: &str, places: &mut Vec<String>) {
    places.push(path.to_owned());
    let mut below = |key: &str, value: &Value| {
        let key = key.replace('~', "~0").replace('/', "~1");
        self::places(value, &format!("{path}/{key}"), places);
    };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                below(&index.to_string(), item);
            }
        }
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn an_odd_object_is_answered_and_stays_a_chaos_object() {
    let oddities = oddities();
    let mut read = 0;
    for object in given_objects() {
        let mut paths = Vec::new();
        places(object.value(), "", &mut paths);
        for path in paths.iter().filter(|path| path.starts_with("/spec")) {
            for oddity in &oddities {
                let mut value = object.value().clone();
                *value.pointer_mut(path).unwrap() = oddity.clone();
                let mangled = Object::new(value).unwrap();
                let chaos = is_chaos(&mangled);
                // An object of a chaos tool stays one, whatever its spec says.
                let of_tool = object.reference().group.contains("chaos");
                assert!(!of_tool || chaos == is_chaos(&object));
                read += 1;
            }
        }
    }
    assert!(read > 10_000, "{read}");
}

fn is_chaos(object: &Object) -> bool {
    fault::read(object, Surroundings::NONE).map_or(true, |read| read.is_some())
}
