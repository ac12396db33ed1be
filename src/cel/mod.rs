//! Expressions in CEL as Kubernetes has it: what a rule is written in.
//!
//! `parse` turns text into a tree, `check` the tree into a program whose names, types and functions are
//! resolved, and `evaluate` runs the program over values that borrow the objects they come from.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an operation takes the types that it names and refuses every other value"
)]

mod budget;
mod check;
mod environment;
mod evaluate;
mod forms;
pub mod functions;
mod instant;
mod json;
mod lexis;
mod list;
mod macros;
mod map;
mod order;
mod parse;
mod program;
mod refusal;
mod signature;
mod tree;
mod types;
mod unify;
mod value;

pub use budget::{Answer, Budget, Failure};
pub use environment::{Declared, Environment, Shape};
pub use evaluate::Scope;
pub use forms::{FORMS, Form};
pub use instant::Instant;
pub use json::to_json;
pub use lexis::{LONGEST, NESTING};
pub use list::{Items, List};
pub use map::{Fields, Key, Map};
pub use program::Program;
pub use refusal::Refusal;
pub use types::{Record, Type};
pub use value::{Text, Value};
