//! What an expression says, before its names and types are known. Macros are nodes of their own.

use super::refusal::Span;
use super::value::Value;

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) node: Node,
    /// Where it stands.
    pub(super) span: Span,
    /// Where a caret points: the operator of an operation, the bracket of a call.
    pub(super) at: usize,
}

/// What it is.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A value as it is written.
    Literal(Value<'static>),
    /// A name; one that begins with a dot is not looked for among the names of folds.
    Name(String),
    /// `operand.field`.
    Field(Box<Tree>, String),
    /// `operand.?field`.
    OptionalField(Box<Tree>, String),
    /// `has(operand.field)`.
    Has(Box<Tree>, String),
    /// `operand[?key]`.
    OptionalIndex(Box<[Tree; 2]>),
    /// `a && b`.
    And(Box<[Tree; 2]>),
    /// `a || b`.
    Or(Box<[Tree; 2]>),
    /// `a ? b : c`.
    Choice(Box<[Tree; 3]>),
    /// A call, an operator's too: on what, of what, with what.
    Call(Option<Box<Tree>>, String, Vec<Tree>),
    /// A list; `true` for what is left out when it is not there.
    List(Vec<(bool, Tree)>),
    /// A map; `true` as in a list.
    Map(Vec<(bool, Tree, Tree)>),
    /// `Name{…}`.
    Message(String),
    /// A macro over the values of a list or map.
    Fold(Box<FoldTree>),
    /// `optional.optMap(name, body)` or, where it gives an optional, `optFlatMap`.
    Inside {
        optional: Box<Tree>,
        name: String,
        body: Box<Tree>,
        flat: bool,
    },
}

/// A macro over the values of a list or map.
#[derive(Debug, Clone)]
pub(super) struct FoldTree {
    pub(super) kind: FoldKind,
    pub(super) range: Tree,
    pub(super) first: String,
    pub(super) second: Option<String>,
    pub(super) filter: Option<Tree>,
    pub(super) body: Tree,
}

/// What a macro makes of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FoldKind {
    /// Whether all hold.
    All,
    /// Whether one holds.
    Exists,
    /// Whether exactly one holds.
    ExistsOne,
    /// Those that hold.
    Filter,
    /// A list of what each gives.
    List,
    /// A map from each key to what it gives.
    Map,
    /// A map of the entries that each gives.
    Entries,
    /// The list in the order of what each gives.
    Sort,
}
