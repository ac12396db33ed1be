//! Fields and indices.

use super::super::program::{Code, Step};
use super::super::refusal::{Refusal, nearest};
use super::super::tree::{Node, Tree};
use super::super::types::Type;
use super::super::value::Text;
use super::{Checked, Checker, Typed};

impl Checker<'_> {
    pub(super) fn field(&mut self, tree: &Tree, operand: &Tree, name: &str) -> Checked {
        if let Some((code, kind)) = self.qualified(tree)? {
            let span = tree.span;
            let step = Step { code, span };
            return Ok(Typed { step, kind });
        }
        let (operand, kind) = self.selected(tree, operand, name)?;
        let code = Code::Field(operand, text(name));
        Ok(typed(tree, code, kind))
    }

    pub(super) fn optional_field(&mut self, tree: &Tree, operand: &Tree, name: &str) -> Checked {
        let (operand, kind) = self.selected(tree, operand, name)?;
        let code = Code::OptionalField(operand, text(name));
        Ok(typed(tree, code, optional(kind)))
    }

    pub(super) fn has(&mut self, tree: &Tree, operand: &Tree, name: &str) -> Checked {
        let (operand, _) = self.selected(tree, operand, name)?;
        Ok(typed(tree, Code::Has(operand, text(name)), Type::Bool))
    }

    /// What a field is selected from, and the type of the field.
    fn selected(
        &mut self,
        tree: &Tree,
        operand: &Tree,
        name: &str,
    ) -> Result<(Box<Step>, Type), Refusal> {
        if matches!(&operand.node, Node::Name(name) if name == "variables")
            && self.environment.slot("variables").is_none()
        {
            return self.unknown_variable(name, tree);
        }
        let operand = self.tree(operand)?;
        let kind = match self.types.known(&operand.kind) {
            Type::Optional(inner) => optional(self.field_of(tree, &inner, name)?),
            kind => self.field_of(tree, &kind, name)?,
        };
        Ok((Box::new(operand.step), kind))
    }

    /// The type of a field of a value of this type.
    fn field_of(&self, tree: &Tree, kind: &Type, name: &str) -> Result<Type, Refusal> {
        match kind {
            Type::Map(_, value) => Ok((**value).clone()),
            Type::Dyn | Type::Param(_) => Ok(Type::Dyn),
            Type::Record(record) => record.field(name).cloned().map_or_else(
                || {
                    let near = nearest(name, record.fields.iter().map(|(name, _)| *name));
                    let message = format!("{} has no field `{name}`{near}", record.name);
                    self.refuse(tree.at, message)
                },
                Ok,
            ),
            kind => self.refuse(tree.at, format!("{kind} has no fields, so no `{name}`")),
        }
    }

    /// `operand[key]` or `operand[?key]`.
    pub(super) fn index(
        &mut self,
        tree: &Tree,
        (operand, key): (&Tree, &Tree),
        maybe: bool,
    ) -> Checked {
        let operand = self.tree(operand)?;
        let key = self.tree(key)?;
        let (inner, was_optional) = match self.types.known(&operand.kind) {
            Type::Optional(inner) => (*inner, true),
            kind => (kind, false),
        };
        let (taken, gives) = match &inner {
            Type::List(item) => (Type::Int, (**item).clone()),
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            Type::Dyn | Type::Param(_) => (Type::Dyn, Type::Dyn),
            kind => return self.refuse(tree.at, format!("{kind} has no values by key or place")),
        };
        if !self.types.accept(&key.kind, &taken) {
            let (found, taken) = (self.types.settle(&key.kind), self.types.settle(&taken));
            let message = format!("{inner} is looked up by {taken}, not by {found}");
            return self.refuse(tree.at, message);
        }
        let kind = if maybe || was_optional {
            optional(gives)
        } else {
            gives
        };
        let pair = Box::new([operand.step, key.step]);
        Ok(typed(tree, Code::Index(pair, maybe), kind))
    }
}

fn typed(tree: &Tree, code: Code, kind: Type) -> Typed {
    Typed {
        step: Step {
            code,
            span: tree.span,
        },
        kind,
    }
}

/// An optional of this type; an optional of an optional is one optional.
fn optional(kind: Type) -> Type {
    match kind {
        Type::Optional(_) => kind,
        kind => Type::Optional(Box::new(kind)),
    }
}

fn text(name: &str) -> Text<'static> {
    Text::Shared(name.into())
}
