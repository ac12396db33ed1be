//! Expressions answered as Kubernetes answers them: the same values, errors where it errs, and
//! refused where it refuses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use firebreak::calendar::parse_go_duration;
use firebreak::cel::{Answer, Budget, Declared, Environment, Scope, Value, to_json};
use serde_json::{Value as Json, json};

const STEPS: u64 = 1_000_000;

/// The variables that the answers were recorded with.
fn variables() -> [Declared; 4] {
    ["object", "oldObject", "request", "namespaceObject"].map(|name| Declared {
        name,
        kind: "dyn",
        says: "",
        example: "",
    })
}

/// What the variables are.
struct Given([Json; 4]);

impl<'a> Scope<'a> for &'a Given {
    fn variable(&self, slot: usize, _: &mut Budget) -> Answer<'a> {
        Ok(Value::of(&self.0[slot]))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cel-kubernetes")
}

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn given() -> Given {
    Given([
        serde_json::from_str(&text("object.json")).unwrap(),
        Json::Null,
        json!({"operation": "CREATE", "userInfo": {"username": "jo", "groups": ["sre"]}}),
        json!({"metadata": {"name": "db", "labels": {"team": "a"}}}),
    ])
}

/// What an expression gives: a value with its type, or at which of the two it has none.
fn answer(
    environment: &Environment,
    given: &Given,
    expression: &str,
) -> Result<(String, Json), String> {
    let program = environment
        .compile(expression)
        .map_err(|refusal| format!("refused: {}", refusal.message))?;
    let mut budget = Budget::new(STEPS);
    let value = program
        .evaluate(&given, &mut budget)
        .map_err(|failure| format!("error: {failure}"))?;
    let json = to_json(&value, &mut budget).map_err(|failure| format!("error: {failure}"))?;
    Ok((value.type_name().to_owned(), json))
}

/// Whether a value is the one that was recorded.
fn same(expected: &Json, value: &Json, kind: &str) -> bool {
    match (expected, value) {
        (Json::String(text), _) if text.starts_with('<') && text.ends_with('>') => {
            !matches!(kind, "string")
        }
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, ""))
        }
        (Json::Object(a), Json::Object(b)) if a.contains_key("empty") => {
            a.get("empty") == b.get("empty")
        }
        (Json::Object(a), Json::Object(b)) => {
            let of = |(key, value): (&String, &Json)| {
                b.get(key).is_some_and(|other| same(value, other, ""))
            };
            a.len() == b.len() && a.iter().all(of)
        }
        (Json::String(a), Json::String(b)) if a != b && kind != "string" => {
            match (parse_go_duration(a), parse_go_duration(b)) {
                (Ok(a), Ok(b)) => a.nanoseconds() == b.nanoseconds(),
                _ => false,
            }
        }
        (a, b) => a == b,
    }
}

/// How we answer otherwise; `None` where we agree.
fn difference(case: &Json, ours: &Result<(String, Json), String>) -> Option<String> {
    match (case["kind"].as_str().unwrap(), ours) {
        ("value", Ok((kind, value))) => {
            let expected = &case["value"];
            let alike = case["type"] == json!(kind) && same(expected, value, kind);
            (!alike).then(|| format!("{expected} there, {value} ({kind}) here"))
        }
        ("value", Err(why)) => Some(format!("{} there, {why}", case["value"])),
        ("compileError", Ok((_, value))) => Some(format!("refused there, {value} here")),
        ("evalError", Ok((_, value))) => Some(format!("an error there, {value} here")),
        _ => None,
    }
}

fn known() -> BTreeMap<String, String> {
    let rows = text("known.md");
    let rows = rows.lines().filter_map(|row| {
        let row = row.strip_prefix("| `")?.strip_suffix(" |")?;
        row.rsplit_once("` | ")
    });
    rows.map(|(expression, why)| (expression.replace("\\|", "|"), why.to_owned()))
        .collect()
}

#[test]
fn expressions_give_what_kubernetes_gives() {
    let environment = Environment::new(&[], &variables());
    let given = given();
    let known = known();
    let mut unknown = Vec::new();
    let mut agreed = Vec::new();
    let (mut cases, mut early) = (0, 0);
    let recorded = text("cases.jsonl") + &text("random.jsonl");
    for line in recorded.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let expression = case["expr"].as_str().unwrap();
        let ours = answer(&environment, &given, expression);
        cases += 1;
        early += usize::from(
            case["kind"] == "compileError"
                && ours.as_ref().is_err_and(|why| why.starts_with("refused")),
        );
        match (difference(&case, &ours), known.contains_key(expression)) {
            (None, true) => agreed.push(expression.to_owned()),
            (Some(difference), false) => unknown.push(format!("{expression}\n      {difference}")),
            _ => {}
        }
    }
    println!(
        "{} of {cases} expressions as Kubernetes answers them; {early} of its compile errors at compile time",
        cases - unknown.len() - known.len()
    );
    assert!(agreed.is_empty(), "take these from known.md: {agreed:#?}");
    assert!(
        unknown.is_empty(),
        "{} answers differ:\n  {}",
        unknown.len(),
        unknown.join("\n  ")
    );
}

/// Pieces that URLs are made of.
const PIECES: &[&str] = &[
    "http",
    "://",
    ":",
    "/",
    "//",
    "a",
    "b.c",
    "@",
    "[",
    "]",
    "[::1]",
    "[1.2.3.4]",
    ":80",
    ":x",
    "?",
    "#",
    "%",
    "%41",
    "%zz",
    "%25",
    "é",
    " ",
    "\"",
    "<",
    "*",
    "..",
    "\u{7f}",
    "+",
    "1",
    "fe80::1%25en0",
];

/// `isURL` tells a reader apart from its reasons, which `format.uri()` gives in Go's words.
#[test]
fn the_two_readings_of_a_url_agree() {
    let text = Declared {
        name: "text",
        kind: "string",
        says: "",
        example: "",
    };
    let environment = Environment::new(&[], &[text]);
    let program = environment.compile("isURL(text) != format.uri().validate(text).hasValue()");
    let program = program.unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..20_000 {
        let pieces = (0..random.usize(0..9)).map(|_| PIECES[random.usize(..PIECES.len())]);
        let text: String = pieces.collect();
        let given = Given([json!(text), Json::Null, Json::Null, Json::Null]);
        let value = program.evaluate(&&given, &mut Budget::new(STEPS));
        assert!(
            matches!(value, Ok(Value::Bool(true))),
            "{text:?}: {value:?}"
        );
    }
}
