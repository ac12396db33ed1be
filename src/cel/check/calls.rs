//! Calls: which function, whether it takes what it is given, and what is known of the answer.

use std::sync::Arc;

use super::super::budget::{Budget, Failure};
use super::super::functions::opaque::Opaque;
use super::super::functions::{Literal, ordered, patterns, text_format};
use super::super::program::{Code, Step};
use super::super::refusal::{Refusal, nearest};
use super::super::signature::{self, Entry, called, sign};
use super::super::tree::{Node, Tree};
use super::super::types::Type;
use super::super::value::Value;
use super::names::{dotted, root};
use super::{Checked, Checker, Typed, callable};

/// A call as it is written: on what, of what, with what.
type Written<'t> = (Option<&'t Tree>, &'t str, &'t [Tree]);

/// What a call that is worked out beforehand may cost.
const BEFOREHAND: u64 = 10_000;

impl Checker<'_> {
    pub(super) fn call(&mut self, tree: &Tree, written: Written<'_>) -> Checked {
        let (target, name, arguments) = written;
        if let ("_[_]", [operand, key]) = (name, arguments) {
            return self.index(tree, (operand, key), false);
        }
        let found = self.function(tree, target, name)?;
        let target = target.filter(|_| found.member);
        let mut given = Vec::with_capacity(arguments.len() + 1);
        let formats = usize::from(name == "format");
        self.formats += formats;
        for part in target.into_iter().chain(arguments) {
            given.push(self.tree(part)?);
        }
        self.formats -= formats;
        let kinds: Vec<Type> = given.iter().map(|it| it.kind.clone()).collect();
        let kind = self.overload(tree, &found, &kinds)?;
        if let ("format", Some(format), [values]) = (found.name, target, arguments) {
            self.format(tree, format, values)?;
        }
        let mut steps: Vec<Step> = given.into_iter().map(|it| it.step).collect();
        if found.name == "sum" {
            steps.push(Step {
                code: Code::Constant(ordered::zero(&kind)),
                span: tree.span,
            });
        }
        let code = self.beforehand(tree, &found, steps)?;
        Ok(Typed {
            step: Step {
                code,
                span: tree.span,
            },
            kind,
        })
    }

    /// The function that is called.
    fn function(&self, tree: &Tree, target: Option<&Tree>, name: &str) -> Result<Found, Refusal> {
        let prefix = target.and_then(dotted);
        let full = prefix.map(|prefix| format!("{}.{name}", prefix.trim_start_matches('.')));
        let qualified = full.as_deref().and_then(Found::named);
        if let Some(found) = qualified {
            return Ok(found);
        }
        let member = target.is_some();
        match Found::named(name.trim_start_matches('.')) {
            Some(found) => Ok(Found { member, ..found }),
            None => self.unknown_function(tree, target, name),
        }
    }

    fn unknown_function<T>(
        &self,
        tree: &Tree,
        target: Option<&Tree>,
        name: &str,
    ) -> Result<T, Refusal> {
        let prefix = target.and_then(dotted).unwrap_or_default();
        let root = target.and_then(root);
        if let Some(why) = root.and_then(super::names::elsewhere) {
            return self.refuse(tree.at, why);
        }
        let full = format!("{prefix}.{name}");
        let near = [nearest(&full, callable()), nearest(name, callable())];
        let near = near.into_iter().find(|near| !near.is_empty());
        let near = near.unwrap_or_default();
        self.refuse(tree.at, format!("there is no function `{name}`{near}"))
    }

    /// The type that a call gives, if the function takes what it is given.
    fn overload(&mut self, tree: &Tree, found: &Found, given: &[Type]) -> Result<Type, Refusal> {
        let mut gives: Option<Type> = None;
        for signature in &found.entry.signatures {
            if signature.member != found.member {
                continue;
            }
            let mut letters = Vec::new();
            let takes = signature.takes.iter();
            let takes = takes.map(|kind| self.types.instance(kind, &mut letters));
            let takes: Vec<Type> = takes.collect();
            if self.types.accepts(given, &takes) {
                let kind = self.types.instance(&signature.gives, &mut letters);
                let kind = self.types.known(&kind);
                gives = Some(match gives {
                    Some(other) if other != kind => Type::Dyn,
                    _ => kind,
                });
            }
        }
        match gives {
            Some(kind) => Ok(kind),
            None => self.refuse(tree.at, self.unfit(found, given)),
        }
    }

    /// Refuses a format that is written out where the values that are written out do not go into it.
    fn format(&self, tree: &Tree, format: &Tree, values: &Tree) -> Result<(), Refusal> {
        let (Node::Literal(Value::String(format)), Node::List(_)) = (&format.node, &values.node)
        else {
            return Ok(());
        };
        let kinds = self.listed.iter().map(|kind| self.types.settle(kind));
        let checked = text_format::check_clauses(format, &kinds.collect::<Vec<_>>());
        checked.or_else(|why| self.refuse(tree.at, why.to_string()))
    }

    /// Why no signature takes these types.
    fn unfit(&self, found: &Found, given: &[Type]) -> String {
        let kinds = given.iter().map(|kind| self.types.settle(kind).to_string());
        let kinds: Vec<String> = kinds.collect();
        let name = found.name;
        let called = match kinds.split_first() {
            Some((target, rest)) if found.member => format!("{target}.{}", called(name, rest)),
            _ => called(name, &kinds),
        };
        let known = found.entry.signatures.iter().map(|it| it.text);
        let known: Vec<&str> = known.take(4).collect();
        if sign(name).is_some() {
            return format!("there is no `{called}`");
        }
        format!("there is no `{called}`; there is `{}`", known.join("`, `"))
    }

    /// Works out what does not depend on the object.
    fn beforehand(
        &self,
        tree: &Tree,
        found: &Found,
        mut steps: Vec<Step>,
    ) -> Result<Code, Refusal> {
        let function = found.entry.function;
        if let Literal::Pattern(index) = function.literal {
            self.pattern(tree, steps.get_mut(index))?;
        }
        let folds = matches!(function.literal, Literal::Folded | Literal::Checked);
        let constants = steps.iter().map(constant).collect::<Option<Vec<_>>>();
        if let (true, Some(values)) = (folds, constants) {
            match (function.run)(&values, &mut Budget::new(BEFOREHAND)) {
                Ok(value) => return Ok(Code::Constant(value)),
                Err(Failure::Wrong(why)) if function.literal == Literal::Checked => {
                    return self.refuse(tree.at, why);
                }
                Err(_) => {}
            }
        }
        Ok(Code::Call(found.name, function, steps))
    }

    /// Compiles a pattern that is written out.
    fn pattern(&self, tree: &Tree, step: Option<&mut Step>) -> Result<(), Refusal> {
        let Some(step) = step else { return Ok(()) };
        let Code::Constant(Value::String(text)) = &step.code else {
            return Ok(());
        };
        match patterns::compile(text) {
            Ok(pattern) => {
                let opaque = Opaque::Pattern(pattern);
                step.code = Code::Constant(Value::Opaque(Arc::new(opaque)));
                Ok(())
            }
            Err(why) => self.refuse(tree.at, why.to_string()),
        }
    }
}

/// A function that was found.
struct Found {
    name: &'static str,
    entry: &'static Entry,
    /// Whether it is called on a value; otherwise what stands before a dot is part of its name.
    member: bool,
}

impl Found {
    fn named(name: &str) -> Option<Self> {
        signature::find(name).map(|(name, entry)| Self {
            name,
            entry,
            member: false,
        })
    }
}

fn constant(step: &Step) -> Option<Value<'static>> {
    match &step.code {
        Code::Constant(value) => Some(value.clone()),
        _ => None,
    }
}
