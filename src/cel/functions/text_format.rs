//! `format`, which puts values into a text, for readers of American English as Kubernetes has it:
//! `%f` parts thousands with commas, and `%e` always has six decimals, its precision being the width
//! that spaces fill it up to. A precision of more than 255 is refused; Kubernetes loses digits there.

use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::types::Type;
use crate::cel::value::Value;

use super::written::Page;
use super::{Function, function, numerals, written};

pub(super) const FUNCTIONS: &[Function] = &[function(
    &["<string>.format(list(dyn)) -> string"],
    "A text with values put in the place of its clauses: %s for any value, %d for whole numbers and %b, %o, %x, %X for them in base 2, 8 and 16, %f and %e for doubles, %% for a percent sign. A precision stands after the percent sign, as in %.2f.",
    format,
)
.shown(&[
    (
        "'this is a string: %s\\nand an integer: %d'.format(['str', 42])",
        "\"this is a string: str\\nand an integer: 42\"",
    ),
    (
        "'a double substituted with %%s: %s'.format([64.2])",
        "\"a double substituted with %s: 64.2\"",
    ),
    ("'string type: %s'.format([type('')])", "\"string type: string\""),
    (
        "'timestamp: %s'.format([timestamp('2023-02-03T23:31:20+00:00')])",
        "\"timestamp: 2023-02-03T23:31:20Z\"",
    ),
    (
        "'duration: %s'.format([duration('1h45m47s')])",
        "\"duration: 6347s\"",
    ),
    ("'%f'.format([3.14])", "\"3.140000\""),
    ("'%.2f'.format([12345.678])", "\"12,345.68\""),
    (
        "'scientific notation: %e'.format([2.71828])",
        "\"scientific notation: 2.718280×10⁰⁰\"",
    ),
    ("'5 in binary: %b'.format([5])", "\"5 in binary: 101\""),
    ("'26 in hex: %x'.format([26])", "\"26 in hex: 1a\""),
    (
        "'26 in hex (uppercase): %X'.format([26])",
        "\"26 in hex (uppercase): 1A\"",
    ),
    ("'30 in octal: %o'.format([30])", "\"30 in octal: 36\""),
    (
        "'a map inside a list: %s'.format([[dyn(1), dyn({'a': 'x', 'b': 'y'})]])",
        r#""a map inside a list: [1, {\"a\":\"x\", \"b\":\"y\"}]""#,
    ),
    (
        "'true bool: %s - false bool: %s\\nbinary bool: %b'.format([true, false, true])",
        "\"true bool: true - false bool: false\\nbinary bool: 1\"",
    ),
])];

/// Writes a value, with a precision when there is one; `Unfit` for a value of a type it does not take.
type Write = fn(&Value<'_>, Option<usize>, &mut Page<'_>) -> Result<(), Failure>;

/// What a letter after the percent sign stands for.
struct Clause {
    letter: char,
    /// What it takes: in words, and by type.
    takes: (&'static str, fn(&Type) -> bool),
    write: Write,
}

const fn clause(letter: char, takes: (&'static str, fn(&Type) -> bool), write: Write) -> Clause {
    Clause {
        letter,
        takes,
        write,
    }
}

const CLAUSES: &[Clause] = &[
    clause('s', ("what has a text", has_text), written::plain),
    clause('d', ("whole numbers", is_whole), numerals::decimal),
    clause('f', ("doubles", is_double), numerals::fixed),
    clause('e', ("doubles", is_double), numerals::scientific),
    clause(
        'b',
        ("whole numbers and bools", is_whole_or_bool),
        numerals::binary,
    ),
    clause('o', ("whole numbers", is_whole), numerals::octal),
    clause(
        'x',
        ("whole numbers, texts and bytes", has_digits),
        numerals::hex,
    ),
    clause(
        'X',
        ("whole numbers, texts and bytes", has_digits),
        numerals::upper_hex,
    ),
];

fn has_text(kind: &Type) -> bool {
    match kind {
        Type::Optional(_) | Type::Opaque(_) | Type::Record(_) => false,
        Type::List(item) => has_text(item),
        Type::Map(_, value) => has_text(value),
        _ => true,
    }
}

fn is_whole(kind: &Type) -> bool {
    matches!(kind, Type::Dyn | Type::Int | Type::Uint)
}

/// Texts are among them for what has no digits, as `'NaN'`.
fn is_double(kind: &Type) -> bool {
    matches!(kind, Type::Dyn | Type::Double | Type::String)
}

fn is_whole_or_bool(kind: &Type) -> bool {
    is_whole(kind) || *kind == Type::Bool
}

fn has_digits(kind: &Type) -> bool {
    is_whole(kind) || matches!(kind, Type::String | Type::Bytes)
}

/// A part of a format.
enum Piece<'f> {
    Text(&'f str),
    Clause(&'static Clause, Option<usize>),
}

fn format<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(format), Value::List(values)] = args else {
        return Err(Failure::Unfit);
    };
    let mut page = Page::new(budget);
    let mut given = values.iter();
    let mut rest = &**format;
    while let Some((piece, left)) = next(rest)? {
        rest = left;
        match piece {
            Piece::Text(text) => page.write(text)?,
            Piece::Clause(clause, precision) => {
                let value = given.next().ok_or_else(|| missing(values.len()))?;
                (clause.write)(&value, precision, &mut page)
                    .map_err(|failure| clause.refused(&value, failure))?;
            }
        }
    }
    Ok(Value::text(page.text))
}

impl Clause {
    /// The failure to write a value.
    fn refused(&self, value: &Value<'_>, failure: Failure) -> Failure {
        match failure {
            Failure::Unfit => self.unfit(value.type_name()),
            failure => failure,
        }
    }

    fn unfit(&self, kind: &str) -> Failure {
        let (letter, takes) = (self.letter, self.takes.0);
        wrong(format!(
            "\"%{letter}\" takes {takes}, not a value of type \"{kind}\""
        ))
    }
}

fn missing(values: usize) -> Failure {
    wrong(format!(
        "the format has more clauses than values, of which there are {values}"
    ))
}

/// Refuses a format that does not take exactly as many values as there are, of these types.
pub(in crate::cel) fn check_clauses(format: &str, kinds: &[Type]) -> Result<(), Failure> {
    let mut left = kinds.iter();
    let mut rest = format;
    while let Some((piece, after)) = next(rest)? {
        rest = after;
        if let Piece::Clause(clause, _) = piece {
            let kind = left.next().ok_or_else(|| missing(kinds.len()))?;
            if !(clause.takes.1)(kind) {
                return Err(clause.unfit(&kind.to_string()));
            }
        }
    }
    match (kinds.len(), left.len()) {
        (_, 0) => Ok(()),
        (values, more) => Err(wrong(format!(
            "the format takes {} values, but there are {values}",
            values - more
        ))),
    }
}

/// The next part of a format and what is left, unless nothing is.
fn next(format: &str) -> Result<Option<(Piece<'_>, &str)>, Failure> {
    let Some(after) = format.strip_prefix('%') else {
        let (text, left) = format.split_at(format.find('%').unwrap_or(format.len()));
        return Ok((!text.is_empty()).then_some((Piece::Text(text), left)));
    };
    if let Some(left) = after.strip_prefix('%') {
        return Ok(Some((Piece::Text("%"), left)));
    }
    let (precision, after) = precision(after)?;
    let mut letters = after.chars();
    let letter = letters
        .next()
        .ok_or_else(|| wrong("the format ends inside a clause: \"%%\" is a percent sign"))?;
    let found = CLAUSES.iter().find(|clause| clause.letter == letter);
    let clause = found.ok_or_else(|| {
        let letters: String = CLAUSES.iter().map(|clause| clause.letter).collect();
        wrong(format!(
            "\"%{letter}\" is no clause of a format: \"%\" takes one of \"{letters}%\""
        ))
    })?;
    Ok(Some((Piece::Clause(clause, precision), letters.as_str())))
}

fn precision(after: &str) -> Result<(Option<usize>, &str), Failure> {
    let Some(after) = after.strip_prefix('.') else {
        return Ok((None, after));
    };
    let end = after.find(|sign: char| !sign.is_ascii_digit());
    let (digits, rest) = after.split_at(end.unwrap_or(after.len()));
    let read = digits.parse::<u8>().map_err(|_| {
        wrong(format!(
            "\"{digits}\" is no precision: it takes a number from 0 to 255"
        ))
    })?;
    Ok((Some(usize::from(read)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &'static str, values: &[Value<'static>]) -> Result<String, Failure> {
        let args = [Value::text(text), Value::list(values.to_vec())];
        match format(&args, &mut Budget::new(1_000))? {
            Value::String(text) => Ok(text.to_string()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn percent_signs_are_written_twice() {
        let text = Value::text("text");
        assert_eq!(
            written("%%%s%%", std::slice::from_ref(&text)).unwrap(),
            "%text%"
        );
        assert_eq!(written("%% and %%", &[]).unwrap(), "% and %");
        assert_eq!(written("%%s", &[text]).unwrap(), "%s");
    }

    #[test]
    fn a_precision_is_read_where_it_means_nothing() {
        assert_eq!(written("%.3s", &[Value::text("abcdef")]).unwrap(), "abcdef");
        assert_eq!(written("%.3x", &[Value::Int(12)]).unwrap(), "c");
    }

    #[test]
    fn values_that_are_left_over_are_left_out() {
        assert_eq!(written("%d", &[Value::Int(1), Value::Int(2)]).unwrap(), "1");
        assert_eq!(written("", &[Value::Int(1)]).unwrap(), "");
    }

    #[test]
    fn a_clause_without_a_value_is_an_error() {
        let failure = written("%d %d", &[Value::Int(1)]).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "the format has more clauses than values, of which there are 1"
        );
    }

    #[test]
    fn every_clause_refuses_what_it_does_not_take() {
        for (clause, value) in [
            ("%d", Value::Double(1.0)),
            ("%d", Value::text("1")),
            ("%d", Value::Duration(1)),
            ("%b", Value::text("a")),
            ("%o", Value::Bool(true)),
            ("%o", Value::text("a")),
            ("%x", Value::Bool(true)),
            ("%X", Value::Double(0.5)),
            ("%f", Value::Int(1)),
            ("%f", Value::text("1.5")),
            ("%e", Value::Uint(1)),
            ("%s", Value::Null.some()),
        ] {
            let failure = written(clause, &[value]).unwrap_err();
            let begins = failure
                .to_string()
                .starts_with(&format!("\"{clause}\" takes "));
            assert!(begins, "{failure}");
        }
        for clause in ["%d", "%e", "%f", "%x", "%X", "%b", "%o"] {
            assert!(matches!(
                written(clause, &[Value::Null]),
                Err(Failure::Wrong(_))
            ));
        }
    }

    #[test]
    fn a_format_is_checked_before_it_has_values() {
        for (format, values) in [("", 0), ("%%", 0), ("%s", 1), ("%.2f%d", 2), ("%s %s", 2)] {
            assert_eq!(
                check_clauses(format, &[Type::Dyn, Type::Dyn][..values]),
                Ok(()),
                "{format}"
            );
        }
        for (format, values) in [
            ("", 1),
            ("%s %s", 1),
            ("%s %s", 3),
            ("%q", 1),
            ("%E", 1),
            ("%3d", 1),
            ("%é", 1),
            ("%", 1),
            ("filler %", 0),
            ("%%%", 0),
            ("%.f", 1),
            ("%.34", 1),
            ("%.256f", 1),
            ("%.99999999999999999999f", 1),
        ] {
            let kinds = [Type::Dyn, Type::Dyn, Type::Dyn];
            assert!(check_clauses(format, &kinds[..values]).is_err(), "{format}");
        }
    }

    #[test]
    fn a_clause_takes_values_of_its_types() {
        let list = |kind| Type::List(Box::new(kind));
        for (format, kind, takes) in [
            ("%d", Type::Uint, true),
            ("%d", Type::Double, false),
            ("%d", list(Type::Int), false),
            ("%b", Type::Bool, true),
            ("%b", Type::Null, false),
            ("%o", Type::Bool, false),
            ("%x", Type::Bytes, true),
            ("%X", Type::Double, false),
            ("%f", Type::String, true),
            ("%f", Type::Int, false),
            ("%e", Type::Dyn, true),
            ("%s", Type::Null, true),
            ("%s", list(Type::Type(Box::new(Type::Int))), true),
            ("%s", Type::Opaque("Quantity"), false),
            ("%s", list(Type::Optional(Box::new(Type::Int))), false),
        ] {
            let checked = check_clauses(format, std::slice::from_ref(&kind));
            assert_eq!(checked.is_ok(), takes, "{format} {kind}");
        }
    }

    #[test]
    fn what_is_written_is_paid_for() {
        let long = Value::text("x".repeat(1_000));
        let args = [Value::text("%s%s"), Value::list(vec![long.clone(), long])];
        let answer = format(&args, &mut Budget::new(150));
        assert!(matches!(answer, Err(Failure::Exhausted)));
    }
}
