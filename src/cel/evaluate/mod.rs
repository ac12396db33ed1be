//! Runs a program. Every step is paid for from the budget; nothing of the object is copied.

mod blame;
mod fold;
mod select;

use super::budget::{Answer, Budget, Failure, wrong};
use super::functions::Function;
use super::map::{Key, Map};
use super::program::{Code, Program, Step};
use super::signature::called;
use super::value::Value;

/// What the variables of an environment are worth in one case.
pub trait Scope<'a> {
    /// The value of the variable of this slot.
    ///
    /// # Errors
    /// Why it has none.
    fn variable(&self, slot: usize, budget: &mut Budget) -> Answer<'a>;
}

impl Program {
    /// The value of the expression.
    ///
    /// # Errors
    /// Why it has none: it errs on these values, or costs more than the budget has.
    pub fn evaluate<'a>(&'a self, scope: &dyn Scope<'a>, budget: &mut Budget) -> Answer<'a> {
        Run::new(scope, budget).step(&self.step)
    }

    /// The smallest part of an expression that made it false, or made it err.
    pub fn blame<'a>(&'a self, scope: &dyn Scope<'a>, budget: &mut Budget) -> Option<&'a str> {
        let step = Run::new(scope, budget).blame(&self.step);
        self.source.get(step.span.start..step.span.end)
    }
}

/// An evaluation.
struct Run<'s, 'a> {
    scope: &'s dyn Scope<'a>,
    budget: &'s mut Budget,
    /// The variables of the folds around, outermost first.
    locals: Vec<Value<'a>>,
}

impl<'s, 'a> Run<'s, 'a> {
    fn new(scope: &'s dyn Scope<'a>, budget: &'s mut Budget) -> Self {
        Self {
            scope,
            budget,
            locals: Vec::new(),
        }
    }

    fn step(&mut self, step: &'a Step) -> Answer<'a> {
        self.budget.charge(1)?;
        match &step.code {
            Code::Constant(value) => Ok(value.clone()),
            Code::Global(slot) => self.scope.variable(*slot, self.budget),
            Code::Local(index) => self.local(*index),
            Code::Field(operand, name) => {
                let operand = self.step(operand)?;
                select::field(&operand, name)
            }
            Code::OptionalField(operand, name) => {
                let operand = self.step(operand)?;
                select::optional_field(&operand, name)
            }
            Code::Has(operand, name) => {
                let operand = self.step(operand)?;
                select::has(&operand, name).map(Value::Bool)
            }
            Code::Index(pair, maybe) => self.index(pair, *maybe),
            Code::And(pair) => self.connective(pair, false).map(Value::Bool),
            Code::Or(pair) => self.connective(pair, true).map(Value::Bool),
            Code::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let branch = if self.truth(condition)? { yes } else { no };
                self.step(branch)
            }
            Code::Call(name, function, arguments) => self.call(name, function, arguments),
            Code::List(items) => self.list(items),
            Code::Map(entries) => self.map(entries),
            Code::Fold(fold) => self.fold(fold),
            Code::Inside(pair, flat) => self.inside(pair, *flat),
        }
    }

    fn local(&self, index: usize) -> Answer<'a> {
        let value = self.locals.get(index).cloned();
        value.ok_or_else(|| wrong("a variable is missing"))
    }

    fn truth(&mut self, step: &'a Step) -> Result<bool, Failure> {
        match self.step(step)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(no_truth(&other)),
        }
    }

    /// `a && b`, decided by `false`, or `a || b`, decided by `true`: one side that decides hides an
    /// error of the other, whichever comes first.
    fn connective(&mut self, pair: &'a [Step; 2], decisive: bool) -> Result<bool, Failure> {
        let [a, b] = pair;
        let first = self.truth(a);
        match first {
            Ok(truth) if truth == decisive => return first,
            Err(Failure::Exhausted) => return first,
            _ => {}
        }
        match (first, self.truth(b)) {
            (_, Ok(second)) if second == decisive => Ok(decisive),
            (_, Err(Failure::Exhausted)) => Err(Failure::Exhausted),
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            (Ok(_), Ok(second)) => Ok(second),
        }
    }

    fn index(&mut self, pair: &'a [Step; 2], maybe: bool) -> Answer<'a> {
        let [operand, key] = pair;
        let operand = self.step(operand)?;
        let key = self.step(key)?;
        if maybe {
            select::optional_index(&operand, &key, self.budget)
        } else {
            select::index(&operand, &key, self.budget)
        }
    }

    fn call(
        &mut self,
        name: &str,
        function: &'static Function,
        arguments: &'a [Step],
    ) -> Answer<'a> {
        // One and two values are the rule; they need no memory of their own.
        match arguments {
            [a] => {
                let given = [self.step(a)?];
                self.run(name, function, &given)
            }
            [a, b] => {
                let first = self.step(a)?;
                if let Some(value) = function.early.and_then(|early| early(&first)) {
                    return Ok(value);
                }
                let given = [first, self.step(b)?];
                self.run(name, function, &given)
            }
            more => {
                let given = more.iter().map(|step| self.step(step));
                let given: Vec<Value<'a>> = given.collect::<Result<_, _>>()?;
                self.run(name, function, &given)
            }
        }
    }

    fn run(&mut self, name: &str, function: &'static Function, given: &[Value<'a>]) -> Answer<'a> {
        (function.run)(given, self.budget).map_err(|failure| match failure {
            Failure::Unfit => {
                let types: Vec<_> = given.iter().map(Value::type_name).collect();
                wrong(format!("there is no `{}`", called(name, &types)))
            }
            failure => failure,
        })
    }

    fn list(&mut self, items: &'a [(bool, Step)]) -> Answer<'a> {
        let mut values = Vec::with_capacity(items.len());
        for (maybe, item) in items {
            let value = self.step(item)?;
            values.extend(present(*maybe, value)?);
        }
        Ok(Value::list(values))
    }

    fn map(&mut self, entries: &'a [(bool, Step, Step)]) -> Answer<'a> {
        let mut built = Vec::with_capacity(entries.len());
        for (maybe, key, value) in entries {
            let key = key_of(self.step(key)?)?;
            let value = self.step(value)?;
            built.extend(present(*maybe, value)?.map(|value| (key, value)));
        }
        // As Kubernetes has it: the specification of the language would refuse a key that stands twice.
        Ok(Value::Map(Map::latest(built)))
    }

    fn inside(&mut self, pair: &'a [Step; 2], flat: bool) -> Answer<'a> {
        let [optional, body] = pair;
        let inner = match self.step(optional)? {
            Value::Optional(Some(inner)) => inner,
            Value::Optional(None) => return Ok(Value::Optional(None)),
            other => return Err(not(&other, "an optional")),
        };
        self.locals.push((*inner).clone());
        let result = self.step(body);
        self.locals.pop();
        match (flat, result?) {
            (false, value) => Ok(value.some()),
            (true, value @ Value::Optional(_)) => Ok(value),
            (true, other) => Err(not(&other, "an optional")),
        }
    }
}

/// A value of a list or map that is written out; one that may not be there is an optional.
fn present(maybe: bool, value: Value<'_>) -> Result<Option<Value<'_>>, Failure> {
    match (maybe, value) {
        (false, value) => Ok(Some(value)),
        (true, Value::Optional(inner)) => Ok(inner.map(|inner| (*inner).clone())),
        (true, other) => Err(not(&other, "an optional")),
    }
}

fn key_of(value: Value<'_>) -> Result<Key<'_>, Failure> {
    let name = value.type_name();
    Key::of(value).ok_or_else(|| wrong(format!("a value of type {name} cannot be a key")))
}

fn build<'a>(entries: Vec<(Key<'a>, Value<'a>)>) -> Answer<'a> {
    let map = Map::build(entries);
    map.map(Value::Map)
        .map_err(|key| wrong(format!("the key {:?} stands twice", key.value())))
}

fn not(value: &Value<'_>, what: &str) -> Failure {
    wrong(format!("this is {}, not {what}", value.type_name()))
}

fn no_truth(value: &Value<'_>) -> Failure {
    not(value, "bool")
}
