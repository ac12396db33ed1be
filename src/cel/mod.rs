//! Expressions in CEL as Kubernetes has it: what a rule is written in.
//!
//! `parse` turns text into a tree, `check` the tree into a program whose names, types and functions are
//! resolved, and `evaluate` runs the program over values that borrow the objects they come from.

#![allow(dead_code, reason = "the libraries stand here before what calls them")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an operation takes the types that it names and refuses every other value"
)]

mod budget;
pub mod functions;
mod instant;
mod list;
mod map;
mod order;
mod types;
mod value;

pub use budget::{Answer, Budget, Failure};
pub use instant::Instant;
pub use list::{Items, List};
pub use map::{Fields, Key, Map};
pub use types::{Record, Type};
pub use value::{Text, Value};
