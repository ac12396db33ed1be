//! The functions an expression may call: one table a library, one row a function. The rows are what
//! the compiler checks calls against and what the documentation is written from.

pub(super) mod elements;
mod arithmetic;
mod operators;
mod numbers;
mod conversions;
mod positions;
mod pieces;
mod strings;
mod written;
mod numerals;
pub(super) mod text_format;
pub(super) mod ordered;
mod lists;
mod sets;
mod optionals;
mod times;
pub(super) mod patterns;
mod url;
mod quantity;
mod network;
mod format;
mod versions;
mod jsonpatch;
pub(super) mod opaque;

use super::budget::{Answer, Budget};
use super::value::Value;

/// A function: how it is called, what it means, and what runs.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// How it is called, as in `<string>.charAt(int) -> string`. All name the same function.
    pub signatures: &'static [&'static str],
    /// What it gives, a sentence.
    pub says: &'static str,
    /// Expressions that call it and what they give, in JSON.
    pub examples: &'static [(&'static str, &'static str)],
    /// What is known of a call before it runs.
    pub literal: Literal,
    /// Runs a call. A member function has what it is called on as its first value. What it is given
    /// fits one of the signatures or is refused with `Failure::Unfit`, never taken for something else.
    pub(super) run: Run,
    /// What the first of two values decides before the second is worked out.
    pub(super) early: Option<Early>,
}

/// Runs a call.
pub(super) type Run = for<'a> fn(&[Value<'a>], &mut Budget) -> Answer<'a>;

/// What a value gives whatever comes after it, if it does.
pub(super) type Early = for<'a> fn(&Value<'a>) -> Option<Value<'a>>;

/// What is done with a call before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Literal {
    /// Nothing.
    Unread,
    /// A call with literals alone is worked out once, when the expression is compiled, unless it fails.
    Folded,
    /// The same, and an expression in which it fails does not compile.
    Checked,
    /// The value at this place is a pattern: a literal one is compiled once, and one that does not
    /// compile refuses the expression.
    Pattern(usize),
}

/// A row of a table: the signatures, what it means, what runs.
pub(super) const fn function(
    signatures: &'static [&'static str],
    says: &'static str,
    run: Run,
) -> Function {
    Function {
        signatures,
        says,
        examples: &[],
        literal: Literal::Unread,
        run,
        early: None,
    }
}

impl Function {
    /// With examples: expressions and what they give, in JSON.
    pub(super) const fn shown(self, examples: &'static [(&'static str, &'static str)]) -> Self {
        Self { examples, ..self }
    }

    /// With what the first of two values decides alone.
    pub(super) const fn early(self, early: Early) -> Self {
        Self {
            early: Some(early),
            ..self
        }
    }

    /// With what is done before it runs.
    pub(super) const fn literal(self, literal: Literal) -> Self {
        Self { literal, ..self }
    }
}

/// What a function of one value gives.
#[cfg(test)]
pub(super) fn made(run: Run, value: Value<'_>) -> Answer<'_> {
    run(&[value], &mut Budget::new(1_000))
}

/// The libraries, each a name and its functions.
pub const LIBRARIES: &[(&str, &[Function])] = &[
    ("operators", operators::FUNCTIONS),
    ("conversions", conversions::FUNCTIONS),
    ("strings", strings::FUNCTIONS),
    ("text_format", text_format::FUNCTIONS),
    ("lists", lists::FUNCTIONS),
    ("sets", sets::FUNCTIONS),
    ("optionals", optionals::FUNCTIONS),
    ("times", times::FUNCTIONS),
    ("patterns", patterns::FUNCTIONS),
    ("url", url::FUNCTIONS),
    ("quantity", quantity::FUNCTIONS),
    ("network", network::FUNCTIONS),
    ("format", format::FUNCTIONS),
    ("versions", versions::FUNCTIONS),
    ("jsonpatch", jsonpatch::FUNCTIONS),
];
