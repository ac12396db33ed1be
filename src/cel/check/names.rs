//! What names mean: variables of folds, declared variables, types.

use super::super::program::Code;
use super::super::refusal::{Refusal, nearest};
use super::super::signature::named_type;
use super::super::tree::{Node, Tree};
use super::super::types::Type;
use super::super::value::Value;
use super::Checker;

/// Names that rules elsewhere have and rules here have not, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "authorizer",
        "`authorizer` asks the API server, and a rule reads nothing but what it is given, so that the same case always has the same verdict; `limits.accounts` says who may start chaos",
    ),
    (
        "params",
        "`params` belongs to a ValidatingAdmissionPolicy with a paramKind; write the value into the policy, as a variable",
    ),
    (
        "self",
        "`self` belongs to the schema of a CustomResourceDefinition; the object is `object`",
    ),
    (
        "oldSelf",
        "`oldSelf` belongs to the schema of a CustomResourceDefinition; the object before is `oldObject`",
    ),
    (
        "math",
        "the `math` functions are not among those of Kubernetes",
    ),
    (
        "base64",
        "the `base64` functions are not among those of Kubernetes",
    ),
    (
        "cel",
        "`cel.bind` is not among the macros of Kubernetes; write a variable of the policy",
    ),
];

impl Checker<'_> {
    /// What a name means.
    pub(super) fn name(&mut self, name: &str, tree: &Tree) -> Result<(Code, Type), Refusal> {
        if let Some(found) = self.local(name) {
            return Ok(found);
        }
        let plain = name.trim_start_matches('.');
        match self.variable(plain, tree)? {
            Some(found) => Ok(found),
            None => match typed(plain) {
                Some(found) => Ok(found),
                None => self.unknown(plain, tree),
            },
        }
    }

    fn local(&self, name: &str) -> Option<(Code, Type)> {
        let index = self.locals.iter().rposition(|(own, _)| own == name)?;
        let (_, kind) = self.locals.get(index)?;
        Some((Code::Local(index), kind.clone()))
    }

    /// The declared variable of this name.
    fn variable(&mut self, name: &str, tree: &Tree) -> Result<Option<(Code, Type)>, Refusal> {
        let environment = self.environment;
        let Some(slot) = environment.slot(name) else {
            return Ok(None);
        };
        let Some(variable) = environment.variables.get(slot) else {
            return Ok(None);
        };
        self.reaches(variable.nesting, tree.at)?;
        if !self.reads.contains(&slot) {
            self.reads.push(slot);
        }
        Ok(Some((Code::Global(slot), variable.kind.clone())))
    }

    /// What a chain of fields such as `variables.owner` or `google.protobuf.Duration` means as one
    /// name; `None` where it is none.
    pub(super) fn qualified(&mut self, tree: &Tree) -> Result<Option<(Code, Type)>, Refusal> {
        let Some(name) = dotted(tree) else {
            return Ok(None);
        };
        let root = name.split('.').next().unwrap_or_default();
        if self.local(root).is_some() {
            return Ok(None);
        }
        let plain = name.trim_start_matches('.');
        let found = self.variable(plain, tree)?;
        Ok(found.or_else(|| typed(plain)))
    }

    fn unknown<T>(&self, name: &str, tree: &Tree) -> Result<T, Refusal> {
        if let Some(why) = elsewhere(name) {
            return self.refuse(tree.at, why);
        }
        let declared = self.environment.variables.iter();
        let declared = declared.map(|variable| variable.name.as_str());
        let locals = self.locals.iter().map(|(name, _)| name.as_str());
        let near = nearest(name, locals.chain(declared));
        self.refuse(tree.at, format!("there is no variable `{name}`{near}"))
    }

    /// Refuses a field of `variables` that is no variable.
    pub(super) fn unknown_variable<T>(&self, name: &str, tree: &Tree) -> Result<T, Refusal> {
        let declared = self.environment.variables.iter();
        let declared = declared.filter_map(|variable| variable.name.strip_prefix("variables."));
        let near = nearest(name, declared);
        let message = format!("there is no variable `{name}` before this{near}");
        self.refuse(tree.at, message)
    }
}

/// Why a name that rules elsewhere have is not here.
pub(super) fn elsewhere(name: &str) -> Option<&'static str> {
    let found = ELSEWHERE.iter().find(|(own, _)| *own == name);
    found.map(|(_, why)| *why)
}

fn typed(name: &str) -> Option<(Code, Type)> {
    let (name, kind) = named_type(name)?;
    let code = Code::Constant(Value::Type(name));
    Some((code, Type::Type(Box::new(kind))))
}

/// The name that a chain of fields spells.
pub(super) fn dotted(tree: &Tree) -> Option<String> {
    match &tree.node {
        Node::Name(name) => Some(name.clone()),
        Node::Field(operand, field) => dotted(operand).map(|name| format!("{name}.{field}")),
        _ => None,
    }
}

/// The name that a chain of fields and calls begins with.
pub(super) fn root(tree: &Tree) -> Option<&str> {
    let mut tree = tree;
    loop {
        tree = match &tree.node {
            Node::Name(name) => return Some(name),
            Node::Field(operand, _) | Node::Call(Some(operand), ..) => operand,
            _ => return None,
        };
    }
}
