//! Which part of a false expression made it false.

use super::super::program::{Code, Step};
use super::Run;

impl<'a> Run<'_, 'a> {
    /// The smallest part that is false and makes the whole false.
    pub(super) fn blame(&mut self, step: &'a Step) -> &'a Step {
        match &step.code {
            Code::And(pair) => {
                let [a, b] = &**pair;
                let part = if self.is_false(a) { a } else { b };
                self.blame(part)
            }
            Code::Choice(parts) => {
                let [condition, yes, no] = &**parts;
                match self.truth(condition) {
                    Ok(true) => self.blame(yes),
                    Ok(false) => self.blame(no),
                    Err(_) => step,
                }
            }
            _ => step,
        }
    }

    fn is_false(&mut self, step: &'a Step) -> bool {
        self.truth(step) == Ok(false)
    }
}
