//! URLs: against what Go's `net/url` answered, and where others would answer otherwise.

use serde_json::{Value as Json, json};

use super::*;
use crate::cel::functions::Run;

const RECORDED: &str = include_str!("../../../../tests/data/urls/cases.jsonl");

fn ran<'a>(run: Run, args: &[Value<'a>]) -> Answer<'a> {
    run(args, &mut Budget::new(100_000))
}

/// What a function gives of the URL that a text is, in JSON.
fn asked(name: &str, text: &str) -> Option<Json> {
    let url = ran(url, &[Value::text(text)]).ok()?;
    let named = |function: &&Function| function.signatures[0].contains(&format!(".{name}("));
    let function = FUNCTIONS.iter().find(named).unwrap();
    Some(in_json(&ran(function.run, &[url]).ok()?))
}

fn in_json(value: &Value<'_>) -> Json {
    match value {
        Value::String(text) => json!(**text),
        Value::List(items) => items.iter().map(|item| in_json(&item)).collect(),
        Value::Map(map) => {
            let entries = map.entries().into_iter();
            let name = |key: &Value<'_>| in_json(key).as_str().unwrap().to_owned();
            entries
                .map(|(key, value)| (name(&key), in_json(&value)))
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_go_reads_is_read() {
    let parts = [
        ("scheme", "getScheme"),
        ("host", "getHost"),
        ("hostname", "getHostname"),
        ("port", "getPort"),
        ("path", "getEscapedPath"),
        ("query", "getQuery"),
    ];
    let mut compared = 0;
    for line in RECORDED.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let text = row["text"].as_str().unwrap();
        assert_eq!(read::is_url(text), row["is"] == true, "{text:?}");
        let read = ran(url, &[Value::text(text)]).is_ok();
        assert_eq!(read, row.get("scheme").is_some(), "{text:?}");
        for (part, name) in parts {
            // What is no UTF-8 was recorded with another character in its place.
            let Some(there) = row
                .get(part)
                .filter(|there| !there.to_string().contains('\u{fffd}'))
            else {
                continue;
            };
            assert_eq!(
                asked(name, text).as_ref(),
                Some(there),
                "{name} of {text:?}"
            );
            compared += 1;
        }
    }
    assert!(compared > 3000, "{compared}");
}

#[test]
fn urls_are_equal_when_they_are_written_alike() {
    for (one, other, equal) in [
        ("http://a/b", "HTTP://a/b", true),
        ("http://a/ b", "http://a/%20b", true),
        ("http://a/b", "http://A/b", false),
        ("http://u%2Dv@a/", "http://u-v@a/", true),
        ("http://a/#", "http://a/", true),
        ("http://a/?", "http://a/", false),
        ("x:/a", "x:///a", false),
        ("http://a/#b", "http://a/#c", false),
    ] {
        let equals = Url::read(one).unwrap() == Url::read(other).unwrap();
        assert_eq!(equals, equal, "{one} {other}");
    }
}

#[test]
fn a_reason_says_what_is_wrong() {
    for (text, why) in [
        ("", "empty"),
        ("../a", "neither a scheme nor"),
        ("://a", "begins with a colon"),
        ("http://a:b/", "port is no number"),
        ("http://a b/", "characters that no host has"),
        ("http://[::1/", "not closed"),
        ("http://[1.2.3.4]/", "no IPv6 address"),
        ("http://a[::1]/", "whole IPv6 address"),
        ("http://a/%zz", "two hexadecimal digits"),
        ("http://a/\n", "control characters"),
        ("http://a<b@c/", "its user"),
    ] {
        assert!(Url::read(text).unwrap_err().contains(why), "{text:?}");
    }
}

#[test]
fn a_fragment_that_is_broken_is_found_where_it_is_read() {
    assert!(read::is_url("http://a/?b#%zz"));
    assert!(Url::read("http://a/?b#%zz").is_err());
}

#[test]
fn what_is_no_utf8_is_an_error_and_no_other_text() {
    for name in ["getHost", "getHostname"] {
        assert_eq!(asked(name, "http://%ff/"), None);
        assert_eq!(asked(name, "http://%C3%A9/"), Some(json!("é")));
    }
    assert_eq!(asked("getQuery", "http://a/?b=%ff"), None);
    assert_eq!(
        asked("getEscapedPath", "http://a/%ff b"),
        Some(json!("/%FF%20b"))
    );
}

#[test]
fn a_query_of_too_many_parameters_is_refused() {
    let many = |count| format!("/?{}", "a&".repeat(count));
    assert!(asked("getQuery", &many(9_999)).is_some());
    assert_eq!(asked("getQuery", &many(10_000)), None);
}

#[test]
fn other_values_are_not_taken_for_urls() {
    assert_eq!(ran(query, &[Value::text("/")]).err(), Some(Failure::Unfit));
    assert_eq!(ran(url, &[Value::Int(1)]).err(), Some(Failure::Unfit));
}
