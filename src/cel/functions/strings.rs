//! Texts. Positions and lengths count characters (Unicode code points), never bytes.
//!
//! `indexOf` and `lastIndexOf` are functions of lists too: their rows stand here, once, and
//! `positions` looks at what they are called on. A text has no `reverse`: Kubernetes does not have it.

use super::{Function, function, pieces, positions};
use crate::cel::budget::{Answer, Budget, Failure};
use crate::cel::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &["<string>.startsWith(string) -> bool"],
        "Whether a text begins with another.",
        starts_with,
    )
    .shown(&[
        ("'chaos-mesh'.startsWith('chaos')", "true"),
        ("'chaos-mesh'.startsWith('')", "true"),
    ]),
    function(
        &["<string>.endsWith(string) -> bool"],
        "Whether a text ends with another.",
        ends_with,
    )
    .shown(&[
        ("'chaos-mesh'.endsWith('mesh')", "true"),
        ("'chaos-mesh'.endsWith('Mesh')", "false"),
    ]),
    function(
        &["<string>.contains(string) -> bool"],
        "Whether a text holds another.",
        contains,
    )
    .shown(&[
        ("'pod-kill'.contains('-')", "true"),
        ("'pod-kill'.contains('_')", "false"),
    ]),
    function(
        &["<string>.charAt(int) -> string"],
        "The character at a position; nothing right after the last, an error elsewhere.",
        positions::char_at,
    )
    .shown(&[
        ("'hello'.charAt(4)", "\"o\""),
        ("'hello'.charAt(5)", "\"\""),
        ("'ÿß€😀'.charAt(2)", "\"€\""),
    ]),
    function(
        &[
            "<string>.indexOf(string) -> int",
            "<string>.indexOf(string, int) -> int",
            "<list(A)>.indexOf(A) -> int",
        ],
        "Where a text, or a value of a list, is found first, or first from a position on; -1 when it is not. The empty text is where the search begins.",
        positions::index_of,
    )
    .shown(&[
        ("'hello mellow'.indexOf('')", "0"),
        ("'hello mellow'.indexOf('ello')", "1"),
        ("'hello mellow'.indexOf('jello')", "-1"),
        ("'hello mellow'.indexOf('', 2)", "2"),
        ("'hello mellow'.indexOf('ello', 2)", "7"),
        ("'hello mellow'.indexOf('ello', 20)", "-1"),
        ("[1, 2, 2, 3].indexOf(2)", "1"),
        ("[1.0].indexOf(1.1)", "-1"),
        ("[].indexOf('string')", "-1"),
    ]),
    function(
        &[
            "<string>.lastIndexOf(string) -> int",
            "<string>.lastIndexOf(string, int) -> int",
            "<list(A)>.lastIndexOf(A) -> int",
        ],
        "Where a text, or a value of a list, is found last, or begins last up to a position; -1 when it is not. The empty text is where the search begins.",
        positions::last_index_of,
    )
    .shown(&[
        ("'hello mellow'.lastIndexOf('')", "12"),
        ("'hello mellow'.lastIndexOf('ello')", "7"),
        ("'hello mellow'.lastIndexOf('jello')", "-1"),
        ("'hello mellow'.lastIndexOf('ello', 6)", "1"),
        ("['a', 'b', 'b', 'c'].lastIndexOf('b')", "2"),
    ]),
    function(
        &[
            "<string>.substring(int) -> string",
            "<string>.substring(int, int) -> string",
        ],
        "The part of a text from a position on, or up to another, which is not in it.",
        positions::substring,
    )
    .shown(&[
        ("'tacocat'.substring(4)", "\"cat\""),
        ("'tacocat'.substring(7)", "\"\""),
        ("'tacocat'.substring(0, 4)", "\"taco\""),
        ("'ÿß€😀'.substring(1, 3)", "\"ß€\""),
    ]),
    function(
        &["<string>.lowerAscii() -> string"],
        "A text with the letters A to Z made small.",
        lower_ascii,
    )
    .shown(&[
        ("'TacoCat'.lowerAscii()", "\"tacocat\""),
        ("'TacoCÆt Xii'.lowerAscii()", "\"tacocÆt xii\""),
    ]),
    function(
        &["<string>.upperAscii() -> string"],
        "A text with the letters a to z made capital.",
        upper_ascii,
    )
    .shown(&[
        ("'TacoCat'.upperAscii()", "\"TACOCAT\""),
        ("'TacoCÆt Xii'.upperAscii()", "\"TACOCÆT XII\""),
    ]),
    function(
        &["<string>.trim() -> string"],
        "A text without the white space at its ends.",
        trim,
    )
    .shown(&[("'  \\ttrim\\n    '.trim()", "\"trim\"")]),
    function(
        &[
            "<string>.replace(string, string) -> string",
            "<string>.replace(string, string, int) -> string",
        ],
        "A text with another put for what it holds: everywhere, or at the first so many places.",
        pieces::replace,
    )
    .shown(&[
        ("'hello hello'.replace('he', 'we')", "\"wello wello\""),
        ("'hello hello'.replace('he', 'we', -1)", "\"wello wello\""),
        ("'hello hello'.replace('he', 'we', 1)", "\"wello hello\""),
        ("'hello hello'.replace('he', 'we', 0)", "\"hello hello\""),
        ("'abc'.replace('', '-')", "\"-a-b-c-\""),
    ]),
    function(
        &[
            "<string>.split(string) -> list(string)",
            "<string>.split(string, int) -> list(string)",
        ],
        "The parts of a text between separators: all, or so many, the last with all that is left. The empty separator parts all characters.",
        pieces::split,
    )
    .shown(&[
        (
            "'hello hello hello'.split(' ')",
            "[\"hello\", \"hello\", \"hello\"]",
        ),
        ("'hello hello hello'.split(' ', 0)", "[]"),
        (
            "'hello hello hello'.split(' ', 1)",
            "[\"hello hello hello\"]",
        ),
        (
            "'hello hello hello'.split(' ', 2)",
            "[\"hello\", \"hello hello\"]",
        ),
        (
            "'hello hello hello'.split(' ', -1)",
            "[\"hello\", \"hello\", \"hello\"]",
        ),
    ]),
    function(
        &[
            "<list(string)>.join() -> string",
            "<list(string)>.join(string) -> string",
        ],
        "The texts of a list as one, with or without another between them.",
        pieces::join,
    )
    .shown(&[
        ("['hello', 'mellow'].join()", "\"hellomellow\""),
        ("['hello', 'mellow'].join(' ')", "\"hello mellow\""),
        ("[].join()", "\"\""),
        ("[].join('/')", "\"\""),
    ]),
    function(
        &["strings.quote(string) -> string"],
        "A text in double quotes, with the escapes that an expression writes it with.",
        quote,
    )
    .shown(&[
        (
            "strings.quote('single-quote with \"double quote\"')",
            r#""\"single-quote with \\\"double quote\\\"\"""#,
        ),
        (
            "strings.quote('two escape sequences \\a\\n')",
            r#""\"two escape sequences \\a\\n\"""#,
        ),
    ]),
];

fn starts_with<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text), Value::String(start)] => {
            budget.charge_text(start.len())?;
            Ok(Value::Bool(text.starts_with(&**start)))
        }
        _ => Err(Failure::Unfit),
    }
}

fn ends_with<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text), Value::String(end)] => {
            budget.charge_text(end.len())?;
            Ok(Value::Bool(text.ends_with(&**end)))
        }
        _ => Err(Failure::Unfit),
    }
}

fn contains<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    match args {
        [Value::String(text), Value::String(part)] => {
            budget.charge_text(text.len().saturating_add(part.len()))?;
            Ok(Value::Bool(text.contains(&**part)))
        }
        _ => Err(Failure::Unfit),
    }
}

fn lower_ascii<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len())?;
    Ok(Value::text(text.to_ascii_lowercase()))
}

fn upper_ascii<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len())?;
    Ok(Value::text(text.to_ascii_uppercase()))
}

fn trim<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text)] = args else {
        return Err(Failure::Unfit);
    };
    budget.charge_text(text.len())?;
    let start = text.len() - text.trim_start().len();
    let end = start + text.trim().len();
    Ok(Value::String(text.part(start..end)))
}

/// What is escaped, and how.
const ESCAPES: &[(char, &str)] = &[
    ('\u{7}', "\\a"),
    ('\u{8}', "\\b"),
    ('\u{c}', "\\f"),
    ('\n', "\\n"),
    ('\r', "\\r"),
    ('\t', "\\t"),
    ('\u{b}', "\\v"),
    ('\\', "\\\\"),
    ('"', "\\\""),
];

/// The escape of a character that has one.
pub(super) fn escape(of: char) -> Option<&'static str> {
    let found = ESCAPES.iter().find(|(own, _)| *own == of);
    found.map(|(_, escape)| *escape)
}

fn quote<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text)] = args else {
        return Err(Failure::Unfit);
    };
    // No character becomes longer than twice what it is, and two quotes are added.
    budget.charge_text(text.len().saturating_mul(2).saturating_add(2))?;
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for character in text.chars() {
        match escape(character) {
            Some(escape) => quoted.push_str(escape),
            None => quoted.push(character),
        }
    }
    quoted.push('"');
    Ok(Value::text(quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(run: crate::cel::functions::Run, text: &'static str) -> String {
        match run(&[Value::text(text)], &mut Budget::new(100)).unwrap() {
            Value::String(text) => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn white_space_is_what_unicode_says() {
        assert_eq!(ask(trim, " \u{c}\n\r\t\u{b}text  "), "text");
        assert_eq!(
            ask(trim, "\u{85}\u{a0}\u{1680}text\u{2000}\u{2009}"),
            "text"
        );
        assert_eq!(
            ask(trim, "\u{200a}text\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}"),
            "text"
        );
        let kept = "\u{180e}text\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}";
        assert_eq!(ask(trim, kept), kept);
        assert_eq!(ask(trim, " \t "), "");
    }

    #[test]
    fn only_what_an_expression_escapes_is_escaped() {
        assert_eq!(
            ask(quote, "\u{7}\u{8}\u{c}\n\r\t\u{b}"),
            r#""\a\b\f\n\r\t\v""#
        );
        assert_eq!(ask(quote, "\0\u{7f}\u{200b}'"), "\"\0\u{7f}\u{200b}'\"");
        assert_eq!(ask(quote, "\\ starts with"), r#""\\ starts with""#);
    }

    #[test]
    fn letters_beyond_ascii_keep_their_case() {
        assert_eq!(ask(lower_ascii, "ſKÆ"), "ſkÆ");
        assert_eq!(ask(upper_ascii, "ıæk"), "ıæK");
    }

    #[test]
    fn other_values_are_refused() {
        for function in FUNCTIONS {
            for args in [&[][..], &[Value::Null], &[Value::Int(1), Value::Int(1)]] {
                let answer = (function.run)(args, &mut Budget::new(100));
                assert!(
                    matches!(answer, Err(Failure::Unfit)),
                    "{}",
                    function.signatures[0]
                );
            }
        }
    }
}
