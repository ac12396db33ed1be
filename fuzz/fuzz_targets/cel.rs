//! Any text as an expression, over any object: it compiles or is refused, has a value or errs, costs
//! no more than its budget, and costs and gives the same the second time.
//!
//! What the fuzzer makes is an expression, a line that is `---`, and an object in JSON.

#![no_main]

use firebreak::cel::{Answer, Budget, Declared, Environment, Scope, Value, to_json};
use libfuzzer_sys::fuzz_target;
use serde_json::Value as Json;

const STEPS: u64 = 20_000;

const VARIABLES: [Declared; 2] = [variable("object"), variable("oldObject")];

const fn variable(name: &'static str) -> Declared {
    Declared {
        name,
        kind: "dyn",
        says: "",
        example: "",
    }
}

struct Given([Json; 2]);

impl<'a> Scope<'a> for &'a Given {
    fn variable(&self, slot: usize, _: &mut Budget) -> Answer<'a> {
        Ok(Value::of(&self.0[slot]))
    }
}

fuzz_target!(|data: &str| {
    let (expression, object) = data.split_once("\n---\n").unwrap_or((data, "{}"));
    let Ok(object) = serde_json::from_str(object) else {
        return;
    };
    let given = Given([object, Json::Null]);
    let environment = Environment::new(&[], &VARIABLES);
    let Ok(program) = environment.compile(expression) else {
        return;
    };
    let run = || {
        let mut budget = Budget::new(STEPS);
        let answer = program.evaluate(&&given, &mut budget);
        let written = answer.and_then(|value| to_json(&value, &mut Budget::new(STEPS)));
        (written, budget.left())
    };
    let first = run();
    assert_eq!(first, run(), "the same expression over the same object");
    program.blame(&&given, &mut Budget::new(STEPS));
});
