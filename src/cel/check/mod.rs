//! From a tree to a program: finds what every name means, and refuses what could never have a value.

mod calls;
mod literals;
mod names;
mod selections;

use super::environment::Environment;
use super::lexis::NESTING;
use super::macros;
use super::program::{Code, Fold, Program, Step};
use super::refusal::Refusal;
use super::tree::{FoldKind, FoldTree, Node, Tree};
use super::types::Type;
use super::unify::Unifier;

/// Checks a parsed expression.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn check(
    environment: &Environment,
    source: &str,
    tree: &Tree,
) -> Result<Program, Refusal> {
    let mut checker = Checker {
        environment,
        source,
        types: Unifier::default(),
        locals: Vec::new(),
        reads: Vec::new(),
        literals: Vec::new(),
        depth: 0,
        nesting: 0,
        formats: 0,
        listed: Vec::new(),
    };
    let typed = checker.tree(tree)?;
    checker.literals_are_alike()?;
    let output = checker.types.settle(&typed.kind);
    Ok(Program {
        source: source.to_owned(),
        step: typed.step,
        output,
        reads: checker.reads,
        nesting: checker.nesting,
    })
}

/// A part of the program, with its type as far as it is known.
struct Typed {
    step: Step,
    kind: Type,
}

struct Checker<'e> {
    environment: &'e Environment,
    source: &'e str,
    types: Unifier,
    /// The variables of the folds around, outermost first.
    locals: Vec<(String, Type)>,
    /// The slots that are read.
    reads: Vec<usize>,
    /// The types of the values of each list or map that is written out, in the order they stand.
    literals: Vec<Vec<(usize, Type)>>,
    /// How many parts stand around the one that is checked.
    depth: usize,
    nesting: usize,
    /// How many calls of `format` stand around: in them the values of a list may be of different types.
    formats: usize,
    /// The types of the values of the list that was written out last.
    listed: Vec<Type>,
}

type Checked = Result<Typed, Refusal>;

impl Checker<'_> {
    fn refuse<T>(&self, at: usize, message: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::at(self.source, at, message))
    }

    /// Notes that the expression is nested so much deeper here.
    fn reaches(&mut self, more: usize, at: usize) -> Result<(), Refusal> {
        let depth = self.depth + more;
        self.nesting = self.nesting.max(depth);
        if depth <= NESTING {
            return Ok(());
        }
        let message =
            format!("nested {depth} deep with the variables that it reads; at most {NESTING}");
        self.refuse(at, message)
    }

    fn tree(&mut self, tree: &Tree) -> Checked {
        self.reaches(1, tree.at)?;
        self.depth += 1;
        let checked = self.node(tree);
        self.depth -= 1;
        checked
    }

    fn node(&mut self, tree: &Tree) -> Checked {
        let typed = |code: Code, kind: Type| Typed {
            step: Step {
                code,
                span: tree.span,
            },
            kind,
        };
        match &tree.node {
            Node::Literal(value) => Ok(typed(Code::Constant(value.clone()), literals::kind(value))),
            Node::Name(name) => {
                let found = self.name(name, tree)?;
                Ok(typed(found.0, found.1))
            }
            Node::Field(operand, field) => self.field(tree, operand, field),
            Node::OptionalField(operand, field) => self.optional_field(tree, operand, field),
            Node::Has(operand, field) => self.has(tree, operand, field),
            Node::OptionalIndex(pair) => self.index(tree, (&pair[0], &pair[1]), true),
            Node::And(pair) => {
                let pair = self.truths(pair)?;
                Ok(typed(Code::And(pair), Type::Bool))
            }
            Node::Or(pair) => {
                let pair = self.truths(pair)?;
                Ok(typed(Code::Or(pair), Type::Bool))
            }
            Node::Choice(parts) => self.choice(tree, parts),
            Node::Call(target, name, arguments) => {
                self.call(tree, (target.as_deref(), name, arguments))
            }
            Node::List(items) => self.list(tree, items),
            Node::Map(entries) => self.map(tree, entries),
            Node::Message(name) => self.message(tree, name),
            Node::Fold(fold) => self.fold(tree, fold),
            Node::Inside {
                optional,
                name,
                body,
                flat,
            } => self.inside(tree, (optional, name, body, *flat)),
        }
    }

    /// An expression that must be true or false.
    fn truth(&mut self, tree: &Tree) -> Result<Step, Refusal> {
        let typed = self.tree(tree)?;
        if self.types.accept(&typed.kind, &Type::Bool) {
            return Ok(typed.step);
        }
        let kind = self.types.settle(&typed.kind);
        self.refuse(tree.at, format!("this is {kind}, where bool is needed"))
    }

    fn truths(&mut self, pair: &[Tree; 2]) -> Result<Box<[Step; 2]>, Refusal> {
        let [a, b] = pair;
        Ok(Box::new([self.truth(a)?, self.truth(b)?]))
    }

    fn choice(&mut self, tree: &Tree, parts: &[Tree; 3]) -> Checked {
        let [condition, yes, no] = parts;
        let condition = self.truth(condition)?;
        let yes = self.tree(yes)?;
        let no = self.tree(no)?;
        let letter = self.types.fresh();
        let given = [yes.kind.clone(), no.kind.clone()];
        if !self
            .types
            .accepts(&given, &[letter.clone(), letter.clone()])
        {
            let [yes, no] = given.map(|kind| self.types.settle(&kind));
            let message = format!("one side of the choice is {yes}, the other {no}");
            return self.refuse(tree.at, message);
        }
        Ok(Typed {
            step: Step {
                code: Code::Choice(Box::new([condition, yes.step, no.step])),
                span: tree.span,
            },
            kind: self.types.known(&letter),
        })
    }

    fn message(&mut self, tree: &Tree, name: &str) -> Checked {
        let message = if name == "Object" || name == "JSONPatch" {
            format!("`{name}{{…}}` makes a change, and a rule changes nothing")
        } else {
            format!("there is no message `{name}`")
        };
        self.refuse(tree.at, message)
    }

    /// The types that a fold names for each value of a range.
    fn ranged(&mut self, range: &Type, pairs: bool, tree: &Tree) -> Result<(Type, Type), Refusal> {
        match (self.types.known(range), pairs) {
            (Type::List(item), false) => Ok((*item, Type::Dyn)),
            (Type::List(item), true) => Ok((Type::Int, *item)),
            (Type::Map(key, value), _) => Ok((*key, *value)),
            (Type::Dyn | Type::Param(_), _) => Ok((Type::Dyn, Type::Dyn)),
            (kind, _) => {
                let message = format!("this is {kind}, where a list or map is needed");
                self.refuse(tree.at, message)
            }
        }
    }

    fn fold(&mut self, tree: &Tree, fold: &FoldTree) -> Checked {
        let range = self.tree(&fold.range)?;
        let pairs = fold.second.is_some();
        let (first, second) = self.ranged(&range.kind, pairs, &fold.range)?;
        if let (FoldKind::Sort, kind @ Type::Map(..)) = (fold.kind, self.types.known(&range.kind)) {
            let message = format!("this is {kind}, where a list is needed");
            return self.refuse(fold.range.at, message);
        }
        let outer = self.locals.len();
        self.locals.push((fold.first.clone(), first.clone()));
        if let Some(name) = &fold.second {
            self.locals.push((name.clone(), second));
        }
        let filter = fold.filter.as_ref();
        let filter = filter.map(|filter| self.truth(filter)).transpose()?;
        let holds = matches!(
            fold.kind,
            FoldKind::All | FoldKind::Exists | FoldKind::ExistsOne | FoldKind::Filter
        );
        let body = if holds {
            let step = self.truth(&fold.body)?;
            let kind = Type::Bool;
            Typed { step, kind }
        } else {
            self.tree(&fold.body)?
        };
        self.locals.truncate(outer);
        let kind = self.folded(fold, &first, &body.kind)?;
        Ok(Typed {
            step: Step {
                code: Code::Fold(Box::new(Fold {
                    kind: fold.kind,
                    range: range.step,
                    pairs,
                    filter,
                    body: body.step,
                })),
                span: tree.span,
            },
            kind,
        })
    }

    /// The type of what a fold gives.
    fn folded(&mut self, fold: &FoldTree, first: &Type, body: &Type) -> Result<Type, Refusal> {
        let list = |kind: Type| Type::List(Box::new(kind));
        Ok(match fold.kind {
            FoldKind::All | FoldKind::Exists | FoldKind::ExistsOne => Type::Bool,
            FoldKind::Filter => list(first.clone()),
            FoldKind::List => list(body.clone()),
            FoldKind::Map => Type::Map(Box::new(first.clone()), Box::new(body.clone())),
            FoldKind::Entries => match self.types.known(body) {
                Type::Map(key, value) => Type::Map(key, value),
                Type::Dyn | Type::Param(_) => Type::Map(Box::new(Type::Dyn), Box::new(Type::Dyn)),
                kind => {
                    let message = format!("this is {kind}, where a map of entries is needed");
                    return self.refuse(fold.body.at, message);
                }
            },
            FoldKind::Sort => match self.types.known(body) {
                kind @ (Type::List(_)
                | Type::Map(..)
                | Type::Null
                | Type::Optional(_)
                | Type::Type(_)
                | Type::Opaque(_)
                | Type::Record(_)) => {
                    let message = format!("{kind} has no order to sort by");
                    return self.refuse(fold.body.at, message);
                }
                _ => list(first.clone()),
            },
        })
    }

    fn inside(
        &mut self,
        tree: &Tree,
        (optional, name, body, flat): (&Tree, &str, &Tree, bool),
    ) -> Checked {
        let target = self.tree(optional)?;
        let inner = match self.types.known(&target.kind) {
            Type::Optional(inner) => *inner,
            Type::Dyn | Type::Param(_) => Type::Dyn,
            kind => {
                let message = format!("this is {kind}, where an optional is needed");
                return self.refuse(optional.at, message);
            }
        };
        self.locals.push((name.to_owned(), inner));
        let result = self.tree(body)?;
        self.locals.pop();
        let kind = match (flat, self.types.known(&result.kind)) {
            (false, kind) => Type::Optional(Box::new(kind)),
            (true, kind @ (Type::Optional(_) | Type::Dyn | Type::Param(_))) => kind,
            (true, kind) => {
                let message = format!("this is {kind}, where an optional is needed");
                return self.refuse(body.at, message);
            }
        };
        Ok(Typed {
            step: Step {
                code: Code::Inside(Box::new([target.step, result.step]), flat),
                span: tree.span,
            },
            kind,
        })
    }
}

/// The names of everything that can be called.
fn callable() -> impl Iterator<Item = &'static str> {
    let functions = super::signature::names().filter(|name| name.starts_with(char::is_alphabetic));
    functions.chain(macros::names())
}
