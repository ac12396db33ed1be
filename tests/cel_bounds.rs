//! No expression takes more stack, steps or memory than it may, whatever it says.

use firebreak::cel::{Answer, Budget, Declared, Environment, Failure, LONGEST, Scope, Value};
use serde_json::{Value as Json, json};

const STEPS: u64 = 1_000_000;

/// What the threads of the server have. The main thread has more.
const STACK: usize = 2 << 20;

struct Given(Json);

impl<'a> Scope<'a> for &'a Given {
    fn variable(&self, _: usize, _: &mut Budget) -> Answer<'a> {
        Ok(Value::of(&self.0))
    }
}

fn environment() -> Environment {
    let object = Declared {
        name: "a",
        kind: "dyn",
        says: "",
        example: "",
    };
    Environment::new(&[], &[object])
}

/// What an expression gives, as text, or why nothing, on a stack as the server has it.
fn outcome(expression: String, object: Json) -> Result<String, String> {
    let run = move || {
        let given = Given(object);
        let program = environment().compile(&expression);
        let program = program.map_err(|refusal| refusal.message)?;
        let mut budget = Budget::new(STEPS);
        let value = program.evaluate(&&given, &mut budget);
        program.blame(&&given, &mut Budget::new(STEPS));
        value
            .map(|value| format!("{value:?}"))
            .map_err(|failure| failure.to_string())
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(run);
    thread.unwrap().join().expect("no panic")
}

/// Texts that are nested, or chained, as often as they are asked to be.
const MONSTERS: &[(&str, &str, &str)] = &[
    ("(", "a", ")"),
    ("[", "1", "]"),
    ("{1: ", "a", "}"),
    ("size(", "a", ")"),
    ("[1].map(x, ", "x", ")"),
    ("[1].all(x, ", "true", ")"),
    ("[1].transformMap(i, x, ", "x", ")"),
    ("optional.of(1).optMap(x, ", "x", ")"),
    ("has(a.b) && (", "true", ")"),
    ("true ? ", "a", " : a"),
    ("false ? a : ", "a", ""),
    ("!", "true", ""),
    ("-", "1", ""),
    ("!(", "true", ")"),
    ("dyn([", "1", "])"),
    ("", "a", ".b"),
    ("", "a", ".?b"),
    ("", "a", "[0]"),
    ("", "a", "[?0]"),
    ("", "a", ".b()"),
    ("", "[1]", ".map(x, x)"),
    ("", "1", "+1"),
    ("", "1", " in [1]"),
    ("", "a", " == a"),
    ("", "true", " && true"),
    ("", "true", " || a.b"),
    ("'", "a", "'"),
    ("'\\q ", "(", ""),
    ("r'\\' ", "(", "'"),
    ("rb'\\' ' ", "(", ""),
    ("'\n", "(", ""),
    ("// ", "(", "\n"),
    ("`", "(", "`"),
    ("\u{202e}", "é", "\0"),
];

#[test]
fn nothing_is_nested_so_deep_that_it_takes_the_stack() {
    let sizes = [
        1, 2, 31, 63, 64, 65, 126, 127, 128, 129, 500, 2_000, 5_000, 16_000,
    ];
    for (open, middle, close) in MONSTERS {
        for size in sizes {
            let text = [&open.repeat(size), *middle, &close.repeat(size)].concat();
            let end = (0..=LONGEST.min(text.len())).rev();
            let end = end
                .into_iter()
                .find(|at| text.is_char_boundary(*at))
                .unwrap();
            let _ = outcome(text[..end].to_owned(), json!({}));
            let _ = outcome([*middle, &open.repeat(size.min(4_000))].concat(), json!({}));
        }
    }
}

#[test]
fn what_is_nested_no_deeper_than_it_may_be_has_a_value() {
    let chain = |size: usize| outcome(format!("1{}", "+1".repeat(size)), json!({}));
    assert_eq!(chain(127), Ok("Int(128)".to_owned()));
    assert_eq!(chain(128), Err("nested deeper than 128".to_owned()));
    let nested = |size: usize| outcome("[".repeat(size) + "1" + &"]".repeat(size), json!({}));
    assert!(nested(60).is_ok());
    assert_eq!(
        nested(70),
        Err("brackets are nested deeper than 64".to_owned())
    );
    let folds = |size: usize| {
        let text = "[1].map(x, ".repeat(size) + "x" + &")".repeat(size);
        outcome(text, json!({}))
    };
    assert!(folds(25).is_ok(), "{:?}", folds(25));
}

#[test]
fn an_object_that_is_nested_deep_is_compared_and_written() {
    let deep = (0..120).fold(json!(1), |inner, _| json!({"a": [inner]}));
    assert_eq!(
        outcome("a == a".to_owned(), deep),
        Ok("Bool(true)".to_owned())
    );
}

/// Expressions that would take very long, or very much memory.
const BOMBS: &[&str] = &[
    "lists.range(1000000000).size() > 0",
    "lists.range(2000).all(x, lists.range(2000).all(y, x + y >= 0))",
    "a.all(b, a.all(c, a.all(d, a.all(e, a.all(f, a.all(g, true))))))",
    "a.map(b, a.map(c, a.map(d, a.map(e, a.map(f, a.map(g, 'x')))))).size() > 0",
    "a.map(b, a).map(b, b.map(c, a)).map(b, b.map(c, c.map(d, a))).flatten().flatten().flatten().map(x, a.map(y, a.map(z, a))).size() > 0",
    "lists.range(3000).map(x, 'xxxxxxxxxxxxxxxxxxxx').map(x, lists.range(3000).map(y, x + x)).size() > 0",
    "lists.range(100000).map(x, lists.range(100000)).size() > 0",
    "lists.range(20000).map(x, string(x)).join('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx').split('').map(x, x + x + x + x).join('yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy').replace('x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy').replace('y', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz').size() > 0",
    "lists.range(2000).all(x, !lists.range(5000).map(x, 'a').join('').matches('(a*)*b'))",
    "lists.range(3000).sortBy(x, lists.range(3000).sum()).size() > 0",
    "lists.range(30000).distinct().size() > 0",
    "sets.equivalent(lists.range(30000), lists.range(30000))",
    "lists.range(2000) in lists.range(2000).map(x, lists.range(2000))",
    "'%s'.format([lists.range(1000000)]).size() > 0",
    "lists.range(20000).transformMap(i, x, x).transformMap(k, v, lists.range(20000)).size() > 0",
];

#[test]
fn what_would_take_too_long_is_stopped_and_never_true() {
    let object = json!(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
    for bomb in BOMBS {
        // Beside what is true, the cost is still too high.
        let hidden = format!("({bomb}) || true");
        for expression in [*bomb, &hidden] {
            let found = outcome(expression.to_owned(), object.clone());
            assert_eq!(found, Err(Failure::Exhausted.to_string()), "{expression}");
        }
    }
}

#[test]
fn the_same_expression_always_costs_the_same() {
    let given = Given(json!({"b": [3, 1, 2], "c": {"x": 1, "y": 2}}));
    let environment = environment();
    let cost = |expression: &str| {
        let program = environment.compile(expression).unwrap();
        let mut budget = Budget::new(STEPS);
        let value = program.evaluate(&&given, &mut budget);
        value.unwrap();
        STEPS - budget.left()
    };
    assert_eq!(cost("true"), 1);
    assert_eq!(cost("a.b.map(x, x)"), cost("a.b.map(y, y)"));
    assert!(cost("a.b.map(x, x)") > cost("a.b"));
    let seen: Vec<u64> = (0..3).map(|_| cost("a.c.all(k, v, v > 0)")).collect();
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

/// Words that expressions are made of, and some that they are not.
const WORDS: &[&str] = &[
    "a",
    "b",
    "x",
    "1",
    "2u",
    "0.5",
    "'s'",
    "b'\\xff'",
    "null",
    "true",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    ".",
    "?",
    ":",
    ",",
    "&&",
    "||",
    "!",
    "-",
    "+",
    "*",
    "/",
    "%",
    "==",
    "!=",
    "<",
    ">=",
    "in",
    ".?",
    "[?",
    "has(",
    ".map(x,",
    ".all(x,",
    ".exists(i, x,",
    ".size()",
    "size(",
    "dyn(",
    "duration('1h')",
    "timestamp('2026-01-01T00:00:00Z')",
    "quantity('1Gi')",
    "ip('10.0.0.1')",
    ".matches('(')",
    "optional.none()",
    ".orValue(",
    "type(",
    "'%d'.format([",
    "])",
    "//",
    "\n",
    "$",
    "\\",
    "`c-d`",
    "9223372036854775807",
    "'",
    "'''",
];

#[test]
fn words_in_any_order_have_a_value_or_none() {
    let mut random = fastrand::Rng::with_seed(5);
    let environment = environment();
    let given = Given(json!({"b": [1, "x", {"c-d": null}], "c": 1.5}));
    let mut compiled = 0;
    for _ in 0..4_000 {
        let words = (0..random.usize(1..12)).map(|_| WORDS[random.usize(..WORDS.len())]);
        let text: String = words.collect();
        if let Ok(program) = environment.compile(&text) {
            compiled += 1;
            let _ = program.evaluate(&&given, &mut Budget::new(10_000));
            let _ = program.blame(&&given, &mut Budget::new(10_000));
        }
    }
    assert!(compiled > 100, "only {compiled} of them are expressions");
}
