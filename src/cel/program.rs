//! An expression, checked: every name is a place, every call a function.

use super::functions::Function;
use super::refusal::Span;
use super::tree::FoldKind;
use super::types::Type;
use super::value::{Text, Value};

/// An expression that can be evaluated any number of times, from any thread.
#[derive(Debug)]
pub struct Program {
    pub(super) source: String,
    pub(super) step: Step,
    pub(super) output: Type,
    pub(super) reads: Vec<usize>,
    pub(super) nesting: usize,
}

impl Program {
    /// The expression as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The type of what it gives.
    #[must_use]
    pub fn output(&self) -> &Type {
        &self.output
    }

    /// Whether it reads the variable of this slot.
    #[must_use]
    pub fn reads(&self, slot: usize) -> bool {
        self.reads.contains(&slot)
    }

    /// How deep it is nested, counting the variables it reads.
    #[must_use]
    pub fn nesting(&self) -> usize {
        self.nesting
    }
}

/// A part of a program, and where it stands.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) code: Code,
    pub(super) span: Span,
}

/// What a part does.
#[derive(Debug)]
pub(super) enum Code {
    /// A value that does not depend on anything.
    Constant(Value<'static>),
    /// A declared variable, by slot.
    Global(usize),
    /// A variable of a fold, counted from the outermost.
    Local(usize),
    /// A field.
    Field(Box<Step>, Text<'static>),
    /// A field that may not be there.
    OptionalField(Box<Step>, Text<'static>),
    /// Whether a field is there.
    Has(Box<Step>, Text<'static>),
    /// A value of a list or map; `true` for one that may not be there.
    Index(Box<[Step; 2]>, bool),
    /// Whether both hold.
    And(Box<[Step; 2]>),
    /// Whether one holds.
    Or(Box<[Step; 2]>),
    /// One or the other.
    Choice(Box<[Step; 3]>),
    /// A call.
    Call(&'static str, &'static Function, Vec<Step>),
    /// A list.
    List(Vec<(bool, Step)>),
    /// A map.
    Map(Vec<(bool, Step, Step)>),
    /// A macro over values.
    Fold(Box<Fold>),
    /// What an optional holds, put through an expression; `true` where that gives an optional itself.
    Inside(Box<[Step; 2]>, bool),
}

/// A macro over values.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) kind: FoldKind,
    pub(super) range: Step,
    /// Whether keys or places and values are named, not one of them alone.
    pub(super) pairs: bool,
    pub(super) filter: Option<Step>,
    pub(super) body: Step,
}
