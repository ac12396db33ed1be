//! Which part of an expression made it false, or made it err.

use super::super::budget::Failure;
use super::super::program::{Code, Step};
use super::Run;

impl<'a> Run<'_, 'a> {
    /// The smallest part that errs, or is false and makes the whole false.
    pub(super) fn blame(&mut self, step: &'a Step) -> &'a Step {
        if self.errs(step) {
            return self.culprit(step);
        }
        match &step.code {
            Code::And(pair) => {
                let [a, b] = &**pair;
                let part = if self.is_false(a) { a } else { b };
                self.blame(part)
            }
            Code::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let taken = if self.is_false(condition) { no } else { yes };
                self.blame(taken)
            }
            _ => step,
        }
    }

    fn is_false(&mut self, step: &'a Step) -> bool {
        self.truth(step) == Ok(false)
    }

    fn errs(&mut self, step: &'a Step) -> bool {
        matches!(self.step(step), Err(Failure::Wrong(_)))
    }

    /// The smallest part of an erring one that errs itself.
    fn culprit(&mut self, step: &'a Step) -> &'a Step {
        let mut parts = match &step.code {
            // Of the two sides only the one that was taken can be to blame.
            Code::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                let taken = if self.is_false(condition) { no } else { yes };
                vec![condition, taken]
            }
            _ => parts(step),
        }
        .into_iter();
        match parts.find(|part| self.errs(part)) {
            Some(part) => self.culprit(part),
            None => step,
        }
    }
}

/// The parts that are evaluated with the names that the whole is evaluated with.
fn parts(step: &Step) -> Vec<&Step> {
    match &step.code {
        Code::Constant(_) | Code::Global(_) | Code::Local(_) | Code::Choice(_) => Vec::new(),
        Code::Field(operand, _) | Code::OptionalField(operand, _) | Code::Has(operand, _) => {
            vec![operand]
        }
        Code::Index(pair, _) | Code::And(pair) | Code::Or(pair) => pair.iter().collect(),
        Code::Inside(pair, _) => pair.iter().take(1).collect(),
        Code::Call(_, _, arguments) => arguments.iter().collect(),
        Code::List(items) => items.iter().map(|(_, item)| item).collect(),
        Code::Map(entries) => entries
            .iter()
            .flat_map(|(_, key, value)| [key, value])
            .collect(),
        Code::Fold(fold) => vec![&fold.range],
    }
}

#[cfg(test)]
mod tests {
    use crate::cel::{Answer, Budget, Environment, Scope};

    struct Nothing;

    impl<'a> Scope<'a> for Nothing {
        fn variable(&self, _: usize, _: &mut Budget) -> Answer<'a> {
            unreachable!("no variable is declared")
        }
    }

    #[test]
    fn the_smallest_part_is_blamed() {
        let blamed = [
            ("1 < 2 && 2 < 1", "2 < 1"),
            ("(true && (1 > 2 || 2 > 3)) && true", "1 > 2 || 2 > 3"),
            ("true ? 1 > 2 : 2 > 1", "1 > 2"),
            ("false ? 1 / 0 == 1 : size([]) > 0", "size([]) > 0"),
            ("!(1 < 2)", "!(1 < 2)"),
            ("[1, 2].all(x, x < 2) && true", "[1, 2].all(x, x < 2)"),
            ("size(['ab'][dyn(3)]) + 1 > 0", "['ab'][dyn(3)]"),
            ("{'a': 1}.b == 1 && true", "{'a': 1}.b"),
            ("true ? {'a': 1}['c'] > 0 : 1 / 0 == 1", "{'a': 1}['c']"),
            ("[1, 0].map(x, 1 / x).size() > 0", "[1, 0].map(x, 1 / x)"),
        ];
        for (expression, part) in blamed {
            let program = Environment::default().compile(expression).unwrap();
            let found = program.blame(&Nothing, &mut Budget::new(1_000));
            assert_eq!(found, Some(part), "{expression}");
        }
    }
}
