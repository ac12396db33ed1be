//! What expressions may name: variables and the types of records. Compiles expressions.

use std::sync::Arc;

use super::check::check;
use super::parse::parse;
use super::program::Program;
use super::refusal::Refusal;
use super::signature;
use super::types::{Record, Type};

/// A type of records.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What it is, a sentence.
    pub says: &'static str,
    /// Its fields.
    pub fields: &'static [Declared],
}

/// A variable or a field.
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// Its type in words, as in `list(string)`; shapes by their names.
    pub kind: &'static str,
    /// What it is, a sentence.
    pub says: &'static str,
    /// A rule that reads it.
    pub example: &'static str,
}

/// What expressions may name.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    pub(super) variables: Vec<Variable>,
}

/// A declared variable.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) kind: Type,
    /// How deep the expression behind it is nested.
    pub(super) nesting: usize,
}

impl Environment {
    /// An environment of these variables. A shape may name only shapes before it; a word that names
    /// no type is `dyn`.
    #[must_use]
    pub fn new(shapes: &[Shape], variables: &[Declared]) -> Self {
        let mut records: Vec<Type> = Vec::new();
        for shape in shapes {
            let fields = shape.fields.iter();
            let fields = fields.map(|field| (field.name, word(field.kind, &records)));
            let record = Record {
                name: shape.name,
                fields: fields.collect(),
            };
            records.push(Type::Record(Arc::new(record)));
        }
        let variable = |declared: &Declared| Variable {
            name: declared.name.to_owned(),
            kind: word(declared.kind, &records),
            nesting: 0,
        };
        Self {
            variables: variables.iter().map(variable).collect(),
        }
    }

    /// Declares a further variable, such as `variables.owner`, that gives what a program gives.
    pub fn declare(&mut self, name: &str, program: &Program) {
        self.variables.push(Variable {
            name: name.to_owned(),
            kind: program.output.clone(),
            nesting: program.nesting,
        });
    }

    /// Where a variable stands among those declared.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|own| own.name == name)
    }

    /// Compiles an expression.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn compile(&self, source: &str) -> Result<Program, Refusal> {
        check(self, source, &parse(source)?)
    }
}

fn word(word: &str, records: &[Type]) -> Type {
    signature::kind(word, records).unwrap_or(Type::Dyn)
}
