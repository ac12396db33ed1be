//! One expression, asked by hand.

use serde_json::Value as Json;

use super::facts::Facts;
use super::run::STEPS_OF_A_RULE;
use super::shapes::environment;
use crate::cel::{Answer, Budget, Failure, Scope, to_json};

/// The value of an expression, as JSON.
///
/// # Errors
/// Why it does not compile, with its place in it, or why it has no value.
pub fn ask(expression: &str, facts: &Facts<'_>) -> Result<Json, String> {
    let program = environment().compile(expression);
    let program = program.map_err(|refusal| refusal.to_string())?;
    let mut budget = Budget::new(STEPS_OF_A_RULE);
    let value = program.evaluate(&Alone(facts), &mut budget);
    let json = value.and_then(|value| to_json(&value, &mut budget));
    json.map_err(|failure| {
        let part = program.blame(&Alone(facts), &mut Budget::new(STEPS_OF_A_RULE));
        match (failure, part) {
            (Failure::Wrong(why), Some(part)) => format!("{why}, in `{part}`"),
            (failure, _) => failure.to_string(),
        }
    })
}

/// The variables that every policy has.
struct Alone<'a, 'c>(&'a Facts<'c>);

impl<'a> Scope<'a> for Alone<'a, '_> {
    fn variable(&self, slot: usize, _: &mut Budget) -> Answer<'a> {
        let missing = || Err(Failure::Wrong("there is no such variable".into()));
        self.0.value(slot).unwrap_or_else(missing)
    }
}
