//! Regular expressions in RE2's syntax, matched in linear time.

mod class;
mod scripts;
mod syntax;

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::opaque::Opaque;
use super::{Function, Literal, function};
use crate::cel::budget::{Answer, Budget, Failure, wrong};
use crate::cel::value::{Text, Value};
use syntax::Rewritten;

/// How many bytes a compiled pattern may take.
const LARGEST: usize = 4 << 20;
/// How much a pattern may weigh, in characters with its repetitions written out.
const HEAVIEST: usize = 20_000;
/// How far a search may look beyond the match that it finds, in bytes, for one step.
const AHEAD: usize = 512;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
    /// How many characters it has when its repetitions are written out.
    weight: usize,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.regex.as_str() == other.regex.as_str()
    }
}

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        &[
            "matches(string, string) -> bool",
            "<string>.matches(string) -> bool",
        ],
        "Whether a pattern matches somewhere in a text; `^` and `$` bind it to the ends.",
        matches,
    )
    .shown(&[
        ("'ledger-0'.matches('^ledger-[0-9]+$')", "true"),
        ("'my ledger-0'.matches('ledger')", "true"),
        ("matches('LEDGER', 'ledger')", "false"),
        ("matches('LEDGER', '(?i)ledger')", "true"),
    ])
    .literal(Literal::Pattern(1)),
    function(
        &["<string>.find(string) -> string"],
        "The first part of a text that a pattern matches; empty where it matches none.",
        find,
    )
    .shown(&[
        ("'abc 123'.find('[0-9]+')", "\"123\""),
        ("'abc 123'.find('[0-9]*')", "\"\""),
        ("'abc 123'.find('xyz')", "\"\""),
    ])
    .literal(Literal::Pattern(1)),
    function(
        &[
            "<string>.findAll(string) -> list(string)",
            "<string>.findAll(string, int) -> list(string)",
        ],
        "The parts of a text that a pattern matches, one after the other; at most so many, where a limit of 0 or more is given.",
        find_all,
    )
    .shown(&[
        ("'123 abc 456'.findAll('[0-9]+')", "[\"123\", \"456\"]"),
        ("'123 abc 456'.findAll('[0-9]+', 1)", "[\"123\"]"),
        ("'123 abc 456'.findAll('[0-9]+', -1)", "[\"123\", \"456\"]"),
        ("'123 abc 456'.findAll('xyz')", "[]"),
    ])
    .literal(Literal::Pattern(1)),
];

/// Compiles a pattern.
pub(in crate::cel) fn compile(text: &str) -> Result<Pattern, Failure> {
    build(&read(text)?, text)
}

/// A pattern in the syntax of the crate that matches it.
fn read(text: &str) -> Result<Rewritten, Failure> {
    let rewritten = match text.len() {
        0..=HEAVIEST => syntax::rewrite(text),
        _ => return Err(wrong("a pattern is longer than 20,000 bytes")),
    };
    match rewritten {
        Ok(rewritten) if rewritten.weight > HEAVIEST => Err(refused(
            text,
            "its repetitions amount to more than 20,000 characters",
        )),
        rewritten => rewritten.map_err(|why| refused(text, &why)),
    }
}

fn build(read: &Rewritten, text: &str) -> Result<Pattern, Failure> {
    let mut builder = RegexBuilder::new(&read.text);
    let regex = builder.size_limit(LARGEST).build();
    Ok(Pattern {
        regex: regex.map_err(|_| refused(text, "it is too large or too deep"))?,
        weight: read.weight,
    })
}

fn refused(text: &str, why: &str) -> Failure {
    wrong(format!("{text:?} is not a pattern: {why}"))
}

/// The pattern that a value is, compiled now unless it was before.
fn pattern<'v>(value: &'v Value<'_>, budget: &mut Budget) -> Result<Cow<'v, Pattern>, Failure> {
    match value {
        Value::String(text) => {
            budget.charge_text(text.len())?;
            let rewritten = read(text)?;
            budget.charge(rewritten.weight)?;
            build(&rewritten, text).map(Cow::Owned)
        }
        Value::Opaque(opaque) => match &**opaque {
            Opaque::Pattern(pattern) => Ok(Cow::Borrowed(pattern)),
            _ => Err(Failure::Unfit),
        },
        _ => Err(Failure::Unfit),
    }
}

impl Pattern {
    /// Pays for one search: the length of the text times the length of the pattern.
    fn charge(&self, text: &str, budget: &mut Budget) -> Result<(), Failure> {
        let along = text.len().saturating_add(1).div_ceil(10);
        budget.charge(along.saturating_mul(self.weight.div_ceil(4).max(1)))
    }
}

fn matches<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text), by] = args else {
        return Err(Failure::Unfit);
    };
    let pattern = pattern(by, budget)?;
    pattern.charge(text, budget)?;
    Ok(Value::Bool(pattern.regex.is_match(text)))
}

fn find<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let [Value::String(text), by] = args else {
        return Err(Failure::Unfit);
    };
    let pattern = pattern(by, budget)?;
    pattern.charge(text, budget)?;
    let found = pattern.regex.find(text);
    Ok(found.map_or(Value::text(""), |found| part(text, found.range())))
}

fn find_all<'a>(args: &[Value<'a>], budget: &mut Budget) -> Answer<'a> {
    let (text, by, limit) = match args {
        [Value::String(text), by] => (text, by, -1),
        [Value::String(text), by, Value::Int(limit)] => (text, by, *limit),
        _ => return Err(Failure::Unfit),
    };
    let pattern = pattern(by, budget)?;
    pattern.charge(text, budget)?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    for found in pattern.regex.find_iter(text).take(limit) {
        let rest = text.len().saturating_sub(found.end());
        budget.charge((rest / AHEAD).saturating_add(1))?;
        budget.charge_text(found.len())?;
        parts.push(part(text, found.range()));
    }
    Ok(Value::list(parts))
}

/// A part of a text: borrowed where the text is.
fn part<'a>(text: &Text<'a>, range: std::ops::Range<usize>) -> Value<'a> {
    match text {
        Text::Borrowed(text) => Value::text(text.get(range).unwrap_or_default()),
        Text::Shared(text) => Value::text(text.get(range).unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests;
