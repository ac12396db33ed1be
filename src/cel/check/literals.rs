//! Values as they are written, and lists and maps of them.

use super::super::program::{Code, Step};
use super::super::refusal::Refusal;
use super::super::tree::Tree;
use super::super::types::Type;
use super::super::value::Value;
use super::{Checked, Checker, Typed};

/// The type of a value as it is written.
pub(super) fn kind(value: &Value<'_>) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Uint(_) => Type::Uint,
        Value::Double(_) => Type::Double,
        Value::String(_) => Type::String,
        Value::Bytes(_) => Type::Bytes,
        _ => Type::Dyn,
    }
}

/// The type of a value of a list; one that may not be there is an optional.
fn listed(((maybe, _), (_, kind)): (&(bool, Tree), &(usize, Type))) -> Type {
    match maybe {
        true => Type::Optional(Box::new(kind.clone())),
        false => kind.clone(),
    }
}

impl Checker<'_> {
    pub(super) fn list(&mut self, tree: &Tree, items: &[(bool, Tree)]) -> Checked {
        let mut steps = Vec::with_capacity(items.len());
        let mut kinds = Vec::with_capacity(items.len());
        for (maybe, item) in items {
            let (step, kind) = self.entry(*maybe, item)?;
            steps.push((*maybe, step));
            kinds.push((item.at, kind));
        }
        let kind = self.joined(&kinds);
        self.listed = items.iter().zip(&kinds).map(listed).collect();
        if self.formats == 0 {
            self.literals.push(kinds);
        }
        Ok(Typed {
            step: Step {
                code: Code::List(steps),
                span: tree.span,
            },
            kind: Type::List(Box::new(kind)),
        })
    }

    pub(super) fn map(&mut self, tree: &Tree, entries: &[(bool, Tree, Tree)]) -> Checked {
        let mut steps = Vec::with_capacity(entries.len());
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for (maybe, key, value) in entries {
            let at = (key.at, value.at);
            let key = self.tree(key)?;
            let (step, kind) = self.entry(*maybe, value)?;
            keys.push((at.0, key.kind));
            values.push((at.1, kind));
            steps.push((*maybe, key.step, step));
        }
        let kind = Type::Map(Box::new(self.joined(&keys)), Box::new(self.joined(&values)));
        if self.formats == 0 {
            self.literals.extend([keys, values]);
        }
        Ok(Typed {
            step: Step {
                code: Code::Map(steps),
                span: tree.span,
            },
            kind,
        })
    }

    /// A value of a list or map, and its type; what may not be there is written as an optional.
    fn entry(&mut self, maybe: bool, tree: &Tree) -> Result<(Step, Type), Refusal> {
        let typed = self.tree(tree)?;
        if !maybe {
            return Ok((typed.step, typed.kind));
        }
        match self.types.known(&typed.kind) {
            Type::Optional(inner) => Ok((typed.step, *inner)),
            Type::Dyn | Type::Param(_) => Ok((typed.step, Type::Dyn)),
            kind => self.refuse(
                tree.at,
                format!("this is {kind}, where an optional is needed"),
            ),
        }
    }

    /// The type that all have in common.
    fn joined(&mut self, kinds: &[(usize, Type)]) -> Type {
        let mut kinds = kinds.iter().map(|(_, kind)| kind);
        let Some(first) = kinds.next() else {
            return self.types.fresh();
        };
        kinds.fold(first.clone(), |joined, kind| self.types.join(&joined, kind))
    }

    /// Refuses a list or map whose values are of different types, as Kubernetes does.
    pub(super) fn literals_are_alike(&self) -> Result<(), Refusal> {
        for values in &self.literals {
            let mut kinds = values
                .iter()
                .map(|(at, kind)| (at, self.types.settle(kind)));
            let Some((_, first)) = kinds.next() else {
                continue;
            };
            if let Some((at, kind)) = kinds.find(|(_, kind)| *kind != first) {
                let message = format!(
                    "the first value is {first} and this is {kind}; put `dyn(…)` around each to mix types"
                );
                return self.refuse(*at, message);
            }
        }
        Ok(())
    }
}
