//! Macros: calls whose arguments are names and expressions rather than values.

use super::refusal::Refusal;
use super::tree::{FoldKind, FoldTree, Node, Tree};

/// A macro over values: its name, how many names it binds, and what it makes.
const FOLDS: &[(&str, usize, FoldKind)] = &[
    ("all", 1, FoldKind::All),
    ("all", 2, FoldKind::All),
    ("exists", 1, FoldKind::Exists),
    ("exists", 2, FoldKind::Exists),
    ("exists_one", 1, FoldKind::ExistsOne),
    ("existsOne", 1, FoldKind::ExistsOne),
    ("exists_one", 2, FoldKind::ExistsOne),
    ("existsOne", 2, FoldKind::ExistsOne),
    ("filter", 1, FoldKind::Filter),
    ("map", 1, FoldKind::List),
    ("sortBy", 1, FoldKind::Sort),
    ("transformList", 2, FoldKind::List),
    ("transformMap", 2, FoldKind::Map),
    ("transformMapEntry", 2, FoldKind::Entries),
];

/// The names of all macros.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let folds = FOLDS.iter().map(|(name, ..)| *name);
    folds.chain(["has", "optMap", "optFlatMap"])
}

/// Whether a macro may have a filter between its names and its body.
fn filters(kind: FoldKind) -> bool {
    matches!(kind, FoldKind::List | FoldKind::Map | FoldKind::Entries)
}

/// A call as it is written.
pub(super) struct Called<'s> {
    pub(super) source: &'s str,
    pub(super) at: usize,
    pub(super) target: Option<Box<Tree>>,
    pub(super) name: String,
    pub(super) arguments: Vec<Tree>,
}

impl Called<'_> {
    /// The node that the call is: a macro, or a call.
    pub(super) fn node(self) -> Result<Node, Refusal> {
        match (&self.target, self.name.as_str(), self.arguments.len()) {
            (None, "has", 1) => self.has(),
            (Some(_), "optMap", 2) => self.inside(false),
            (Some(_), "optFlatMap", 2) => self.inside(true),
            (Some(_), name, count) => match fold(name, count) {
                Some((names, kind)) => self.fold(names, kind),
                None => Ok(self.call()),
            },
            _ => Ok(self.call()),
        }
    }

    fn call(self) -> Node {
        Node::Call(self.target, self.name, self.arguments)
    }

    fn refuse<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::at(self.source, at, message))
    }

    fn has(mut self) -> Result<Node, Refusal> {
        match self.arguments.pop().map(|tree| (tree.at, tree.node)) {
            Some((_, Node::Field(operand, field))) => Ok(Node::Has(operand, field)),
            found => {
                let at = found.map_or(self.at, |(at, _)| at);
                self.refuse(at, "`has` takes a field, as in `has(object.spec.mode)`")
            }
        }
    }

    fn inside(mut self, flat: bool) -> Result<Node, Refusal> {
        let name = self.variable(0)?;
        match (self.target.take(), self.arguments.pop()) {
            (Some(optional), Some(body)) => Ok(Node::Inside {
                optional,
                name,
                body: Box::new(body),
                flat,
            }),
            _ => self.refuse(self.at, "an optional, a name and an expression are needed"),
        }
    }

    fn fold(mut self, names: usize, kind: FoldKind) -> Result<Node, Refusal> {
        let first = self.variable(0)?;
        let second = (names == 2).then(|| self.variable(1)).transpose()?;
        if second.as_ref() == Some(&first) {
            return self.refuse(self.at, format!("`{first}` names two things"));
        }
        let body = self.arguments.pop();
        let filter = (self.arguments.len() > names)
            .then(|| self.arguments.pop())
            .flatten();
        match (self.target.take(), body) {
            (Some(range), Some(body)) => Ok(Node::Fold(Box::new(FoldTree {
                kind,
                range: *range,
                first,
                second,
                filter,
                body,
            }))),
            _ => self.refuse(self.at, "values, a name and an expression are needed"),
        }
    }

    /// The argument that is the name of a variable.
    fn variable(&self, index: usize) -> Result<String, Refusal> {
        match self.arguments.get(index).map(|tree| (&tree.node, tree.at)) {
            Some((Node::Name(name), _)) if !name.starts_with('.') => Ok(name.clone()),
            found => {
                let at = found.map_or(self.at, |(_, at)| at);
                let name = &self.name;
                self.refuse(at, format!("`{name}` takes the name of a variable here"))
            }
        }
    }
}

fn fold(name: &str, arguments: usize) -> Option<(usize, FoldKind)> {
    let fits = |names: usize, kind: FoldKind| {
        arguments == names + 1 || (filters(kind) && arguments == names + 2)
    };
    let found = FOLDS
        .iter()
        .find(|(own, names, kind)| *own == name && fits(*names, *kind));
    found.map(|(_, names, kind)| (*names, *kind))
}
