//! Patterns: against what Go's `regexp` answered, and where the two engines are known to part.

use serde_json::{Value as Json, json};

use super::*;

const RECORDED: &str = include_str!("../../../../tests/data/patterns/cases.jsonl");

/// What a pattern finds in a text, or that it is none.
fn found(pattern: &str, text: &str) -> Option<Vec<String>> {
    let pattern = compile(pattern).ok()?;
    let found = pattern.regex.find_iter(text);
    Some(found.map(|found| found.as_str().to_owned()).collect())
}

fn why(pattern: &str) -> String {
    let refused = compile(pattern).expect_err(pattern).to_string();
    assert!(refused.contains("is not a pattern: "), "{refused}");
    refused
}

/// Patterns of Go's that are refused, and it is said so.
fn left_out(why: &str) -> bool {
    ["repeats a repetition", "no group of characters"]
        .iter()
        .any(|known| why.contains(known))
}

#[test]
fn what_go_finds_is_found() {
    let mut compared = 0;
    for line in RECORDED.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let pattern = row["pattern"].as_str().unwrap();
        match compile(pattern) {
            Err(why) => assert!(
                row.get("error").is_some() || left_out(&why.to_string()),
                "{why}"
            ),
            Ok(_) => assert_eq!(row.get("error"), None, "{pattern:?} is no pattern"),
        }
        for case in row["texts"].as_array().into_iter().flatten() {
            let text = case[0].as_str().unwrap();
            let Some(found) = found(pattern, text) else {
                continue;
            };
            assert_eq!(json!(found), case[1], "{pattern:?} in {text:?}");
            compared += 1;
        }
    }
    assert!(compared > 4000, "{compared}");
}

#[test]
fn letters_and_digits_of_classes_are_those_of_ascii() {
    for (pattern, text, expected) in [
        (r"\d", "1\u{663}", vec!["1"]),
        (r"\w+", "aé_", vec!["a", "_"]),
        (r"\s", "\u{a0}\u{b} ", vec![" "]),
        (r"\bé", "é", vec![]),
        (r"[\W\d]", "é1", vec!["é", "1"]),
        (r"(?i)\w", "\u{17f}\u{212a}", vec!["\u{17f}", "\u{212a}"]),
        (r"(?i)straße", "STRAẞE", vec!["STRAẞE"]),
        (r"\p{Greek}\pL", "αβ", vec!["αβ"]),
        (r"\P{^Lu}", "aB", vec!["B"]),
    ] {
        assert_eq!(found(pattern, text).unwrap(), expected, "{pattern}");
    }
}

#[test]
fn syntax_of_go_keeps_its_meaning() {
    for (pattern, text, expected) in [
        ("a{,2}", "a{,2}", vec!["a{,2}"]),
        ("a{01}", "a{01}", vec!["a{01}"]),
        (r"\Qa.b*\E+", "a.b**", vec!["a.b**"]),
        (r"\Q(", "(", vec!["("]),
        ("[a&&b]+", "a&b", vec!["a&b"]),
        ("[a[b]]", "[]", vec!["[]"]),
        ("[]a]+", "]a", vec!["]a"]),
        ("(?:a||b)", "b", vec!["", ""]),
        (r"\101\x42\x{43}\0", "ABC\0", vec!["ABC\0"]),
        ("^*a", "a", vec!["a"]),
        ("(?U)a+", "aa", vec!["a", "a"]),
        ("(?U)a+?", "aa", vec!["aa"]),
        ("a(?i)b|c", "aBC", vec!["aB", "C"]),
        ("(a(?i)b)b", "aBb aBB", vec!["aBb"]),
        ("(?P<x>a)(?<x>b)", "ab", vec!["ab"]),
        ("#a b", "#a b", vec!["#a b"]),
        ("a$", "a\n", vec![]),
        ("(?m)^a$", "b\na\n", vec!["a"]),
        ("a.b", "a\nb a\rb", vec!["a\rb"]),
    ] {
        assert_eq!(found(pattern, text).unwrap(), expected, "{pattern}");
    }
}

#[test]
fn what_go_refuses_is_refused_with_the_reason() {
    for (pattern, reason) in [
        ("(", "not closed with `)`"),
        (")", "closes no group"),
        ("[a", "not closed with `]`"),
        ("*a", "nothing stands before `*`"),
        ("a|*", "nothing stands before `*`"),
        ("a**", "`*` repeats a repetition"),
        ("a{1001}", "from 0 to 1000"),
        ("a{2,1}", "from 0 to 1000"),
        ("a{99999999999999999999999}", "from 0 to 1000"),
        ("((a{100}){100}){100}", "more than 1000"),
        ("[b-a]", "wrong way round"),
        ("[[:alfa:]]", "no class `[:alfa:]`"),
        (r"\", "last backslash"),
        (r"\Z", "`\\Z` has no meaning"),
        (r"\C", "`\\C` has no meaning"),
        (r"\<", "<"),
        (r"\1", "what a group matched before"),
        (r"\x4", "number of no character"),
        (r"\x{110000}", "number of no character"),
        (r"\x{+41}", "number of no character"),
        (r"\p{Alphabetic}", "no group of characters `Alphabetic`"),
        ("(?x)a", "the flags"),
        ("(?=a)", "the flags"),
        ("(?<!a)", "the name of a group"),
        ("(?i-)a", "the flags"),
    ] {
        match pattern {
            // A punctuation mark after a backslash is itself.
            r"\<" => assert_eq!(found(pattern, reason).unwrap(), [reason]),
            _ => assert!(why(pattern).contains(reason), "{}", why(pattern)),
        }
    }
}

#[test]
fn a_pattern_that_is_too_large_is_refused_soon() {
    let deep = "(".repeat(10_000) + &")".repeat(10_000);
    let long = "a".repeat(30_000);
    let heavy = "(a{1000}b)".repeat(100);
    let wide = r"[\pL\pN]{1,150}".repeat(4);
    for pattern in [&deep, &long, &heavy, &wide] {
        assert!(compile(pattern).is_err(), "{pattern:.20}");
    }
    assert!(compile(r"^[\p{L}\p{N}]{1,63}$").is_ok());
    assert!(compile("^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?[.]){1,8}$").is_ok());
}

#[test]
fn any_text_is_a_pattern_or_refused() {
    let pieces = [
        "(", ")", "[", "]", "\\", "{", "1", ",", "}", "?", "P<", "^", "-", "p", "x", "é", "|", "*",
        "Q",
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let length = random.usize(0..12);
        let pattern: String = (0..length).filter_map(|_| random.choice(pieces)).collect();
        if let Ok(pattern) = compile(&pattern) {
            pattern.regex.find("aé1");
        }
    }
}

#[test]
fn a_quoted_text_finds_itself() {
    let mut random = fastrand::Rng::with_seed(8);
    for _ in 0..2_000 {
        let text: String = (0..4).map(|_| random.char('\0'..'\u{250}')).collect();
        let quoted = format!(r"^\Q{text}\E$");
        assert_eq!(found(&quoted, &text), Some(vec![text]), "{quoted:?}");
    }
}

/// What a function gives, and the steps it took.
fn ran(run: super::super::Run, args: &[Value<'_>]) -> (Result<String, Failure>, u64) {
    let mut budget = Budget::new(1_000_000);
    let answer = run(args, &mut budget).map(|value| format!("{value:?}"));
    (answer, 1_000_000 - budget.left())
}

#[test]
fn a_pattern_compiled_before_gives_the_same_and_costs_less() {
    let text = Value::text("123 abc 456");
    let compiled = Value::Opaque(Opaque::Pattern(compile("[0-9]+").unwrap()).into());
    for run in [matches, find, find_all] {
        let (now, dear) = ran(run, &[text.clone(), Value::text("[0-9]+")]);
        let (before, cheap) = ran(run, &[text.clone(), compiled.clone()]);
        assert_eq!(now, before);
        assert!(cheap < dear, "{cheap} {dear}");
    }
    assert_eq!(ran(find, &[text, Value::Int(1)]).0, Err(Failure::Unfit));
}

#[test]
fn a_limit_of_zero_finds_nothing() {
    let found = |limit| {
        let args = [Value::text("aaa"), Value::text("a"), Value::Int(limit)];
        ran(find_all, &args).0.unwrap().matches("\"a\"").count()
    };
    assert_eq!(
        [found(0), found(1), found(-1), found(i64::MIN)],
        [0, 1, 3, 3]
    );
}

#[test]
fn a_search_pays_for_the_text_and_the_pattern() {
    let long = "a".repeat(100_000);
    let (short, _) = ran(matches, &[Value::text("a"), Value::text("b{1000}")]);
    assert!(short.is_ok());
    let (dear, _) = ran(
        matches,
        &[Value::text(long.as_str()), Value::text("b{1000}")],
    );
    assert_eq!(dear, Err(Failure::Exhausted));
}

#[test]
fn a_search_that_looks_far_ahead_for_every_match_is_stopped() {
    let text = "A".repeat(1 << 18);
    let args = [Value::text(text.as_str()), Value::text(".*[^A-Z]|[A-Z]")];
    let mut once = Budget::new(200_000);
    assert!(find(&args, &mut once).is_ok());
    let all = find_all(&args, &mut Budget::new(200_000));
    assert_eq!(all.map(|_| ()), Err(Failure::Exhausted));
}
