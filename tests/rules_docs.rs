//! `docs/rules.md`: its tables are written from the tables of the code (`UPDATE=1` rewrites them), and
//! every example in them gives what it says.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use firebreak::cel::functions::{Function, LIBRARIES};
use firebreak::cel::{Answer, Budget, Declared, Environment, FORMS, Scope, to_json};
use firebreak::policy::rules::{SHAPES, VARIABLES};
use serde_json::Value as Json;

/// A case in which nothing is declared.
struct Nothing;

impl<'a> Scope<'a> for Nothing {
    fn variable(&self, _: usize, _: &mut Budget) -> Answer<'a> {
        unreachable!("no variable is declared")
    }
}

/// Forms and functions: how each is written, what it means, and its examples.
type Row = (
    &'static [&'static str],
    &'static str,
    &'static [(&'static str, &'static str)],
);

fn row(function: &Function) -> Row {
    (function.signatures, function.says, function.examples)
}

fn rows() -> impl Iterator<Item = Row> {
    let forms = FORMS
        .iter()
        .map(|form| (form.forms, form.says, form.examples));
    let functions = LIBRARIES.iter().flat_map(|(_, functions)| *functions);
    forms.chain(functions.map(row))
}

#[test]
fn every_example_gives_what_it_says() {
    let environment = Environment::new(&[], &[]);
    let mut wrong = Vec::new();
    for (written, says, examples) in rows() {
        if examples.is_empty() || !says.ends_with('.') {
            wrong.push(format!("{written:?}: no example, or no sentence"));
        }
        for (expression, gives) in examples {
            let found = environment.compile(expression).map_err(|it| it.to_string());
            let found = found.and_then(|program| {
                let mut budget = Budget::new(100_000);
                let value = program.evaluate(&Nothing, &mut budget);
                let json = value.and_then(|value| to_json(&value, &mut budget));
                json.map_err(|it| it.to_string())
            });
            let expected: Json = serde_json::from_str(gives).unwrap();
            if found != Ok(expected) {
                wrong.push(format!("{expression} gives {found:?}, not {gives}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A row of a table.
fn table(page: &mut String, rows: impl Iterator<Item = Row>) {
    page.push_str("| written | gives | for example |\n|---|---|---|\n");
    for (written, says, examples) in rows {
        let written = written.iter().map(|text| code(&as_written(text)));
        let written: Vec<_> = written.collect();
        let examples = examples.iter().map(|(text, gives)| {
            let gives: Json = serde_json::from_str(gives).unwrap();
            format!("{} → {}", code(text), code(&gives.to_string()))
        });
        let examples: Vec<_> = examples.collect();
        let (written, examples) = (written.join("<br>"), examples.join("<br>"));
        let says = says.replace('|', "\\|");
        writeln!(page, "| {written} | {says} | {examples} |").unwrap();
    }
}

/// A table of variables or fields.
fn declared(page: &mut String, rows: &[Declared]) {
    page.push_str("| name | type | meaning | for example |\n|---|---|---|---|\n");
    for row in rows {
        let (name, kind, example) = (code(row.name), code(row.kind), code(row.example));
        let says = row.says.replace('|', "\\|");
        writeln!(page, "| {name} | {kind} | {says} | {example} |").unwrap();
    }
}

/// A signature of an operator as the operator is written; all others as they are.
fn as_written(signature: &str) -> String {
    let operator = |signature: &str| {
        let (call, gives) = signature.split_once(" -> ")?;
        let (name, rest) = call.split_once('(')?;
        let rest = rest.strip_suffix(')')?;
        let (first, second) = rest.split_once(", ").unwrap_or((rest, ""));
        // The first type of a map's key and value is no type by itself.
        let (first, second) = match rest.strip_prefix("map(A, B), ") {
            Some(second) => ("map(A, B)", second),
            None => (first, second),
        };
        let written = match (name, name.trim_matches('_')) {
            ("_[_]", _) => format!("{first}[{second}]"),
            ("@in", _) => format!("{first} in {second}"),
            (_, sign) if sign.contains(char::is_alphanumeric) => return None,
            (_, sign) if second.is_empty() => format!("{sign}{first}"),
            (_, sign) => format!("{first} {sign} {second}"),
        };
        Some(format!("{written} -> {gives}"))
    };
    operator(signature).unwrap_or_else(|| signature.to_owned())
}

/// A piece of code in a cell of a table.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', " ");
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}

/// What stands under a heading of the page, by the name of its mark.
fn generated(mark: &str) -> String {
    let mut page = String::new();
    match mark {
        "forms" => table(
            &mut page,
            FORMS.iter().map(|it| (it.forms, it.says, it.examples)),
        ),
        "variables" => declared(&mut page, VARIABLES),
        "records" => {
            for shape in SHAPES {
                let (name, says) = (shape.name, shape.says.trim());
                writeln!(page, "\n### {name}\n\n{says}\n").unwrap();
                declared(&mut page, shape.fields);
            }
        }
        "functions" => {
            for (library, functions) in LIBRARIES {
                writeln!(page, "\n### {}\n", library.replace('_', " ")).unwrap();
                table(&mut page, functions.iter().map(row));
            }
        }
        other => panic!("no table `{other}`"),
    }
    page.trim_start().to_owned()
}

/// The page with its tables written anew.
fn rewritten(page: &str) -> String {
    let mut parts = page.split("<!-- table: ");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        let (mark, rest) = part.split_once(" -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        let table = generated(mark);
        write!(whole, "<!-- table: {mark} -->\n{table}<!-- end -->{after}").unwrap();
    }
    whole
}

#[test]
fn the_page_of_rules_is_written_from_the_tables() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = fs::read_to_string(&path).unwrap();
    let expected = rewritten(&page);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, expected).unwrap();
        return;
    }
    assert_eq!(
        page, expected,
        "docs/rules.md is out of date: `make generate`"
    );
}
