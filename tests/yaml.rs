//! YAML and JSON mean what kubectl makes of them, every field keeps its place, and no text, however
//! hostile, costs more than its bound.

use std::fmt::Write as _;

use firebreak::yaml::{self, Document, SyntaxError};
use serde_json::{Value, json};

/// A manifest with a little of everything.
pub(crate) const POD_CHAOS: &str = "\
# Source: chart/templates/kill.yaml
apiVersion: chaos-mesh.org/v1alpha1
kind: PodChaos
metadata:
  name: kill
  labels: {app.kubernetes.io/name: x, team: db}
spec:
  action: pod-kill # a comment
  mode: all
  selector:
    namespaces: [payments, billing]
    expressionSelectors:
    - key: tier
      operator: In
      values:
        - database
  note: |
    mode: one
    # no comment
  duration: \"5m\"
";

fn documents(text: &str) -> Vec<Result<Document, SyntaxError>> {
    yaml::read(text, yaml::LARGEST)
}

fn values(text: &str) -> Vec<Value> {
    let value = |document: Result<Document, SyntaxError>| document.unwrap().value;
    documents(text).into_iter().map(value).collect()
}

/// The only error of a text, with its place in front.
fn error(text: &str) -> String {
    let mut errors = documents(text).into_iter().filter_map(Result::err);
    let error = errors.next().expect("an error").to_string();
    assert!(errors.next().is_none(), "more than one error in {text:?}");
    error
}

#[test]
fn every_field_has_its_line_and_column() {
    let documents = documents(POD_CHAOS);
    let document = documents[0].as_ref().unwrap();
    assert_eq!(document.line, 2);
    let places = [
        ("", "2:1"),
        ("metadata.labels[\"app.kubernetes.io/name\"]", "6:12"),
        ("metadata.labels.team", "6:39"),
        ("spec", "7:1"),
        ("spec.mode", "9:3"),
        ("spec.selector.namespaces[1]", "11:28"),
        ("spec.selector.expressionSelectors[0]", "13:7"),
        ("spec.selector.expressionSelectors[0].values[0]", "16:11"),
        ("spec.duration", "20:3"),
        ("spec.value", "7:1"),
    ];
    for (path, place) in places {
        assert_eq!(document.positions.locate(path).to_string(), place, "{path}");
    }
}

#[test]
fn every_path_a_reader_may_report_is_found() {
    let object = firebreak::object::Object::new(values(POD_CHAOS).remove(0)).unwrap();
    let documents = documents(POD_CHAOS);
    let positions = &documents[0].as_ref().unwrap().positions;
    let mut waiting = vec![object.root()];
    let mut seen = 0;
    while let Some(field) = waiting.pop() {
        seen += 1;
        assert!(positions.below(field.path()).is_some(), "{}", field.path());
        waiting.extend(field.items().unwrap_or_default());
        let entries = field.entries().unwrap_or_default();
        waiting.extend(entries.into_iter().map(|(_, field)| field));
    }
    assert_eq!(seen, 23);
}

#[test]
fn scalars_mean_what_kubectl_makes_of_them() {
    let text = "{a: yes, b: 'yes', c: 017, d: \"5\", e: ~, f: , g: 5.0, h: !!str 5, i: !!int \"5\",\n\
                j: 2001-12-14, 1: k, true: l, m: !own 7, n: 1_000}";
    let expected = json!({
        "a": true, "b": "yes", "c": 15, "d": "5", "e": null, "f": null, "g": 5, "h": "5", "i": 5,
        "j": "2001-12-14", "1": "k", "true": "l", "m": "7", "false": 1000
    });
    assert_eq!(values(text), [expected]);
}

#[test]
fn block_scalars_are_text() {
    let text = "a: |\n  yes\nb: >-\n  one\n  two\nc: |+\n  1\n\nd: \"x\\ty\"\n";
    let expected = json!({"a": "yes\n", "b": "one two", "c": "1\n\n", "d": "x\ty"});
    assert_eq!(values(text), [expected]);
}

#[test]
fn merges_overrule_what_stands_above_them_as_for_kubectl() {
    let text = "x: &x {mode: all, value: 1}\ny: &y {mode: one, extra: 2}\n\
                above: {mode: fixed, <<: *x}\nbelow: {<<: *x, mode: fixed}\n\
                both: {<<: [*x, *y]}\nquoted: {'<<': 1}\n";
    let value = values(text).remove(0);
    assert_eq!(value["above"], json!({"mode": "all", "value": 1}));
    assert_eq!(value["below"], json!({"mode": "fixed", "value": 1}));
    assert_eq!(
        value["both"],
        json!({"mode": "all", "value": 1, "extra": 2})
    );
    assert_eq!(value["quoted"], json!({"<<": 1}));
    let documents = documents(text);
    let positions = &documents[0].as_ref().unwrap().positions;
    assert_eq!(positions.locate("above.mode").line, 1);
    assert_eq!(positions.locate("below.mode").line, 4);
}

#[test]
fn documents_are_parted_as_helm_and_editors_write_them() {
    let text = "\u{feff}---\r\n# Source: a.yaml\r\na: 1\r\n--- # next\r\n\r\n---\r\n# nothing\r\n---\r\n\
                b: 2\r\n...\r\n---\r\n{\"c\": 3}\r\n{\"d\": 4}\r\n--- {e: 5}\r\n---\r\n~\r\n";
    let found: Vec<(usize, Value)> = documents(text)
        .into_iter()
        .map(|document| document.map(|document| (document.line, document.value)))
        .collect::<Result<_, _>>()
        .unwrap();
    let expected = [
        (3, json!({"a": 1})),
        (9, json!({"b": 2})),
        (12, json!({"c": 3})),
        (13, json!({"d": 4})),
        (14, json!({"e": 5})),
    ];
    assert_eq!(found, expected);
}

#[test]
fn long_runs_of_comments_are_no_obstacle() {
    let comments = "  # commented: out\n".repeat(100);
    let text = format!("spec:\n{comments}  mode: all\n  list:\n{comments}  - 1\n{comments}  - 2\n");
    let documents = documents(&text);
    let document = documents[0].as_ref().unwrap();
    assert_eq!(
        document.value,
        json!({"spec": {"mode": "all", "list": [1, 2]}})
    );
    assert_eq!(document.positions.locate("spec.mode").to_string(), "102:3");
    assert_eq!(
        document.positions.locate("spec.list[1]").to_string(),
        "305:5"
    );
}

#[test]
fn what_is_malformed_names_its_place_and_what_was_expected() {
    let cases = [
        ("a: 1\nb: [1,\n", "2:4: unclosed bracket"),
        ("a: 1\na: 2\n", "2:1: key \"a\" is written twice in one map"),
        (
            "yes: 1\ntrue: 2\n",
            "2:1: key \"true\" is written twice in one map",
        ),
        (
            "{\"a\": 1,\n \"a\": 2}",
            "2:2: key \"a\" is written twice in one map",
        ),
        ("{\"a\": 1,\n \"b\" 2}", "2:6: expected `:`"),
        ("a: *b\n", "1:4: an alias without an anchor, expected &name"),
        (
            "a: &a [*a]\n",
            "1:8: the alias refers to a value that contains it",
        ),
        (
            "a: &a\n  <<: *a\n",
            "2:7: the alias refers to a value that contains it",
        ),
        ("<<: 1\n", "1:5: the value of <<, expected a map"),
        ("~: 1\n", "1:1: null as a key, expected a string"),
        ("? [a]\n: 1\n", "1:3: a list as a key, expected a string"),
        ("a: .nan\n", "1:4: .nan, expected a number JSON can hold"),
        ("a: !!int x\n", "1:10: \"x\", expected a whole number"),
        (
            "a: !!binary eA==\n",
            "1:13: tag !!binary, expected the text itself",
        ),
        ("a: b: c\n", "1:5: a second ': ' in one line"),
        ("a:\n\t- b\n", "2:2: a tab as indentation"),
        ("a: x\0b\n", "1:5: character U+0000"),
        ("# x\u{2028}a: 1\nb: 2", "1:4: character U+2028"),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }
}

#[test]
fn a_chart_that_was_not_rendered_says_so() {
    let whole = "apiVersion: v1\nkind: Pod\n{{- if .Values.on }}\nspec: 1\n{{- end }}\n";
    let value = "apiVersion: v1\nmetadata:\n  name: {{ .Release.Name }}\n";
    assert!(error(whole).starts_with("3:1: template placeholder \"{{- if .Values.on }}\""));
    assert!(error(value).starts_with("3:9: template placeholder \"{{ .Release.Name }}\""));
    assert!(error(value).ends_with("render the chart with `helm template` first"));
    // Argo fills these in itself.
    assert_eq!(values("a: 'x-{{workflow.name}}'").len(), 1);
}

#[test]
fn a_broken_document_hides_no_other() {
    let outcomes: Vec<bool> = documents("a: 1\n---\nb: [\n---\nc: 3\n")
        .iter()
        .map(Result::is_ok)
        .collect();
    assert_eq!(outcomes, [true, false, true]);
}

/// `levels` anchors, each of which is used nine times in the next one.
fn bomb(levels: u32, node: &str) -> String {
    let mut text = format!("a0: &a0 {node}\n");
    for level in 1..=levels {
        let uses = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(text, "a{level}: &a{level} [{uses}]").unwrap();
    }
    text
}

fn nodes(value: &Value) -> usize {
    let below: usize = match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(entries) => entries.values().map(nodes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    1 + below
}

#[test]
fn aliases_multiply_no_further_than_their_bound() {
    let bounded = values(&bomb(4, "x")).remove(0);
    assert!(nodes(&bounded) > 9_usize.pow(4) && nodes(&bounded) < 100_000);
    for levels in [5, 9, 60] {
        let error = error(&bomb(levels, "x"));
        assert!(
            error.contains("aliases copy more than 100000 values"),
            "{error}"
        );
    }
    let text = format!("{{k: '{}'}}", "x".repeat(1 << 20));
    assert!(error(&bomb(2, &text)).contains("8 MiB of text"));
    // Nested anchors multiply without any alias: each holds all below it.
    let nested = format!(
        "{}{}{}",
        "&a [".repeat(120),
        "1,".repeat(10_000),
        "]".repeat(120)
    );
    assert!(error(&format!("x: {nested}")).contains("aliases copy more than"));
    let merges = format!("a: &a {{k: 1}}\nb: [{}]\n", "{<<: *a},".repeat(60_000));
    assert!(error(&merges).contains("aliases copy more than"));
}

#[test]
fn depth_and_size_are_bounded() {
    let shapes = [
        ("[", "]"),
        ("{a: ", "}"),
        ("[[{\"a\":", "}]]"),
        ("- ", ""),
        ("? ", ""),
    ];
    for (open, close) in shapes {
        let text = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        let error = error(&text);
        assert!(
            error.contains("nested more than 128 levels") || error.contains("where a key belongs")
        );
    }
    let through_aliases = format!(
        "a: &a {}1{}\nb: {}*a{}",
        "[".repeat(100),
        "]".repeat(100),
        "[".repeat(100),
        "]".repeat(100)
    );
    assert!(error(&through_aliases).contains("nested more than 128 levels"));
    let large = format!("a: {}\n---\nb: 1\n", "x".repeat(yaml::LARGEST));
    let outcomes = documents(&large);
    let refused = outcomes[0].as_ref().unwrap_err().to_string();
    assert_eq!(
        refused,
        "1:1: a document of 3145732 bytes, expected no more than 3145728"
    );
    assert!(outcomes[1].is_ok());
}

/// A text with one to four small accidents.
fn accident(random: &mut fastrand::Rng, text: &str) -> String {
    const PIECES: [&str; 36] = [
        "'",
        "\"",
        "- ",
        ": ",
        "\t",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a ",
        "<<: ",
        "!!int ",
        "!",
        "|",
        ">",
        "\n",
        "  ",
        "#",
        "? ",
        ",",
        "%",
        "@",
        "...",
        "---",
        "~",
        "0x",
        "1e9",
        "\r",
        "\\",
        "\u{feff}",
        "ü",
        "\u{85}",
        "{{",
        "\0",
        "\u{1f600}",
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..random.usize(1..=4) {
        let at = random.usize(..=chars.len());
        let until = (at + random.usize(..6)).min(chars.len());
        let piece = PIECES[random.usize(..PIECES.len())];
        match random.u8(..3) {
            0 => drop(chars.drain(at..until)),
            1 => drop(chars.splice(at..at, piece.chars())),
            _ => drop(chars.splice(at..until, piece.chars())),
        }
    }
    chars.into_iter().collect()
}

#[test]
fn no_accident_makes_it_panic() {
    let merged = "a: &a {mode: all}\nb: [*a, {<<: *a, x: 017}]\n---\nc: !!str 5\n--- \n- d\n";
    let json = "{\"kind\": \"List\", \"items\": [{\"a\": [1, -2.5e3, null, \"\\u00fc\"]}]}";
    let mut random = fastrand::Rng::with_seed(7);
    let (mut read, mut refused) = (0, 0);
    for round in 0..20_000 {
        let base = [POD_CHAOS, merged, json][round % 3];
        for document in documents(&accident(&mut random, base)) {
            let Ok(document) = document else {
                refused += 1;
                continue;
            };
            read += 1;
            let here = document.positions.locate("spec.selector.namespaces[1]");
            assert!(here >= document.positions.start() && document.line > 0);
        }
    }
    assert!(
        read > 1000 && refused > 1000,
        "{read} read, {refused} refused"
    );
}
