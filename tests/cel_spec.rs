//! The conformance cases of the language itself, where they are at hand: each gives what it should,
//! or stands among those that are known not to, with the reason.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use firebreak::cel::{Answer, Budget, Declared, Environment, Instant, Key, Map, Scope, Value};
use serde_json::Value as Json;

const STEPS: u64 = 1_000_000;

/// A value as the cases write it; `None` for a message or an enum of protobuf.
fn value(json: &Json) -> Option<Value<'static>> {
    let v = &json["v"];
    let text = || v.as_str().unwrap_or_default().to_owned();
    Some(match json["t"].as_str()? {
        "null" => Value::Null,
        "bool" => Value::Bool(v.as_bool()?),
        "int" => Value::Int(text().parse().ok()?),
        "uint" => Value::Uint(text().parse().ok()?),
        "double" => Value::Double(text().parse().ok()?),
        "string" => Value::text(text()),
        "bytes" => Value::Bytes(unhex(&text())?.into()),
        "type" => Value::Type(Box::leak(text().into_boxed_str())),
        "list" => Value::list(v.as_array()?.iter().map(value).collect::<Option<_>>()?),
        "map" => {
            let entries = v.as_array()?.iter();
            let entries =
                entries.map(|entry| Some((Key::of(value(&entry[0])?)?, value(&entry[1])?)));
            Value::Map(Map::build(entries.collect::<Option<_>>()?).ok()?)
        }
        "duration" => {
            let (seconds, nanos) = (v[0].as_i64()?, v[1].as_i64()?);
            Value::Duration(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?)
        }
        "timestamp" => {
            let nanos = i32::try_from(v[1].as_i64()?).ok()?;
            Value::Timestamp(Instant::of(v[0].as_i64()?, nanos)?)
        }
        _ => return None,
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// The variables of a case, by slot.
struct Given(Vec<Value<'static>>);

impl<'a> Scope<'a> for &'a Given {
    fn variable(&self, slot: usize, _: &mut Budget) -> Answer<'a> {
        Ok(self.0[slot].clone())
    }
}

/// What became of a case: `Ok`, or what it gave instead of what it should.
fn outcome(case: &Json) -> Result<(), String> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for (name, binding) in case["bindings"].as_object().unwrap() {
        names.push(Declared {
            name: Box::leak(name.clone().into_boxed_str()),
            kind: "dyn",
            says: "",
            example: "",
        });
        values.push(value(binding).ok_or("a message of protobuf is given")?);
    }
    let given = Given(values);
    let environment = Environment::new(&[], &names);
    let program = environment.compile(case["expr"].as_str().unwrap());
    let erring = case["matcher"] == "eval_error";
    let program = match program {
        Err(_) if erring => return Ok(()),
        Err(refusal) => return Err(format!("refused: {}", refusal.message)),
        Ok(program) => program,
    };
    if case["check_only"] == true {
        return Ok(());
    }
    match program.evaluate(&&given, &mut Budget::new(STEPS)) {
        Err(_) if erring => Ok(()),
        Err(failure) => Err(format!("error: {failure}")),
        Ok(found) if erring => Err(format!("{found:?} where an error is due")),
        Ok(found) => {
            let expected = match case["matcher"].as_str() {
                Some("true") => Some(Value::Bool(true)),
                _ => value(&case["value"]),
            };
            let expected = expected.ok_or("a message of protobuf is due")?;
            alike(&expected, &found)
                .then_some(())
                .ok_or_else(|| format!("{found:?} where {expected:?} is due"))
        }
    }
}

/// Whether two values are the same, types and all.
fn alike(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => {
            a.partial_cmp(b).is_some_and(Ordering::is_eq) || (a.is_nan() && b.is_nan())
        }
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| alike(&a, &b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let other =
                |key: &Value<'_>, value: &Value<'_>| b.get(key).is_some_and(|it| alike(value, &it));
            a.len() == b.len() && a.entries().iter().all(|(key, value)| other(key, value))
        }
        _ => format!("{a:?}") == format!("{b:?}"),
    }
}

/// The cases, by name; `None` where they are not at hand.
#[expect(clippy::print_stdout, reason = "a test that did not run says so")]
fn cases() -> Option<BTreeMap<String, Json>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/upstream/cel-spec");
    if !folder.is_dir() {
        println!("skipped: ../shared/upstream is not here");
        return None;
    }
    let mut cases = BTreeMap::new();
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "json"));
    files.sort();
    for path in files {
        let file: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in file["tests"].as_array().unwrap() {
            let word = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
            let stem = path.file_stem().unwrap().to_string_lossy();
            let name = format!("{stem}/{}/{}", word("section"), word("name"));
            let mut unique = name.clone();
            let mut count = 1;
            while cases.contains_key(&unique) {
                count += 1;
                unique = format!("{name}#{count}");
            }
            cases.insert(unique, case.clone());
        }
    }
    Some(cases)
}

/// The cases that are known to differ, each with its reason. A row may name a whole file or section.
fn known() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cel-spec/known.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text.lines().filter_map(|row| {
        let (name, why) = row
            .strip_prefix("| `")?
            .strip_suffix(" |")?
            .split_once("` | ")?;
        Some((name.to_owned(), why.to_owned()))
    });
    rows.collect()
}

#[test]
fn the_language_gives_what_its_specification_says() {
    let Some(cases) = cases() else { return };
    let known = known();
    let is_known = |name: &str| known.iter().any(|(own, _)| own == name);
    let mut failed = Vec::new();
    let mut mended = Vec::new();
    let mut passed = 0;
    for (name, case) in &cases {
        match (outcome(case), is_known(name)) {
            (Ok(()), false) => passed += 1,
            (Ok(()), true) => mended.push(name),
            (Err(_), true) => {}
            (Err(why), false) => failed.push(format!("{name}\t{}\t{why}", case["expr"])),
        }
    }
    let gone = known.iter().filter(|(name, _)| !cases.contains_key(name));
    let gone: Vec<_> = gone.collect();
    println!(
        "{passed} of {} cases of the specification; {} known to differ",
        cases.len(),
        known.len()
    );
    assert!(gone.is_empty(), "no such cases: {gone:#?}");
    assert!(mended.is_empty(), "take these from known.md: {mended:#?}");
    assert!(
        failed.is_empty(),
        "{} cases fail:\n{}",
        failed.len(),
        failed.join("\n")
    );
}
