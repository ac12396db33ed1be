//! A policy's expressions, held against a case. What errs or costs too much is not kept: no
//! expression lets anything through by failing.

use std::cell::OnceCell;

use super::compile::{Rule, Rules};
use super::facts::{Facts, VARIABLES};
use crate::cel::{Answer, Budget, Failure, Program, Scope, Value};
use crate::policy::context::LimitContext;
use crate::policy::{Reason, Violation};

/// The most steps that one rule may take, those of the variables that it is the first to read among them.
pub const STEPS_OF_A_RULE: u64 = 1_000_000;

/// The most steps that all rules of one policy may take together.
pub const STEPS_OF_A_POLICY: u64 = 10_000_000;

/// The longest message that an expression may give, in bytes.
const LONGEST_MESSAGE: usize = 5 * 1024;

/// The longest piece of an expression that is shown, in characters.
const LONGEST_SHOWN: usize = 200;

/// The expressions of one policy, held against one case.
pub(in crate::policy) struct Trial<'a, 'c> {
    rules: &'a Rules,
    names: Names<'a, 'c>,
    /// The steps that are left to the policy.
    left: u64,
}

/// What the names of expressions stand for.
struct Names<'a, 'c> {
    facts: &'a Facts<'c>,
    rules: &'a Rules,
    /// The policy's own variables, worked out when they are first read.
    known: Vec<OnceCell<Answer<'a>>>,
}

impl<'a> Scope<'a> for Names<'a, '_> {
    fn variable(&self, slot: usize, budget: &mut Budget) -> Answer<'a> {
        if let Some(answer) = self.facts.value(slot) {
            return answer;
        }
        let index = slot.saturating_sub(VARIABLES.len());
        let (Some(variable), Some(known)) =
            (self.rules.variables.get(index), self.known.get(index))
        else {
            return Err(Failure::Wrong("there is no such variable".into()));
        };
        if let Some(answer) = known.get() {
            return answer.clone();
        }
        match variable.program.evaluate(self, budget) {
            // Another rule may have enough steps for it.
            Err(Failure::Exhausted) => Err(Failure::Exhausted),
            answer => known.get_or_init(|| named(&variable.name, answer)).clone(),
        }
    }
}

/// The value of a variable, or why it has none, with its name.
fn named<'a>(name: &str, answer: Answer<'a>) -> Answer<'a> {
    answer.map_err(|failure| Failure::Wrong(format!("variable \"{name}\": {failure}").into()))
}

impl<'a, 'c> Trial<'a, 'c> {
    pub(in crate::policy) fn new(rules: &'a Rules, facts: &'a Facts<'c>) -> Self {
        let known = rules.variables.iter().map(|_| OnceCell::new());
        Self {
            rules,
            names: Names {
                facts,
                rules,
                known: known.collect(),
            },
            left: STEPS_OF_A_POLICY,
        }
    }

    /// What is wrong with the conditions under which the policy is asked; `None` where it is not
    /// asked. One that does not hold outweighs one that errs, as in Kubernetes.
    pub(in crate::policy) fn conditions(
        &mut self,
        context: &LimitContext<'_>,
    ) -> Option<Vec<Violation>> {
        let mut failures = Vec::new();
        for condition in &self.rules.conditions {
            match self.truth(&condition.program).0 {
                Ok(true) => {}
                Ok(false) => return None,
                Err(failure) => {
                    let name = format!("condition {}", condition.name);
                    let violation = context.violation(Reason::RuleFailed, &name);
                    failures.push(self.failed(&condition.program, &failure, violation));
                }
            }
        }
        Some(failures)
    }

    /// Every rule that is not kept.
    pub(in crate::policy) fn rules(&mut self, context: &LimitContext<'_>) -> Vec<Violation> {
        let rules = self.rules.musts.iter();
        rules.filter_map(|rule| self.rule(context, rule)).collect()
    }

    fn rule(&mut self, context: &LimitContext<'_>, rule: &'a Rule) -> Option<Violation> {
        let name = format!("rule {}", rule.name);
        let (truth, mut budget) = self.truth(&rule.program);
        match truth {
            Ok(true) => None,
            Ok(false) => {
                let blamed = self.blamed(&rule.program);
                let violation = Violation {
                    message: self.message(rule, &mut budget),
                    remedy: format!("it is false that {blamed}"),
                    measured: blamed,
                    permitted: shown(rule.program.source()),
                    own_reason: rule.reason.clone(),
                    ..context.violation(Reason::RuleNotKept, &name)
                };
                Some(violation)
            }
            Err(failure) => {
                let violation = context.violation(Reason::RuleFailed, &name);
                Some(self.failed(&rule.program, &failure, violation))
            }
        }
    }

    /// Whether a program holds, and what is left of the steps it may take.
    fn truth(&mut self, program: &'a Program) -> (Result<bool, Failure>, Budget) {
        let mut budget = Budget::new(STEPS_OF_A_RULE.min(self.left));
        let answer = self.spend(program, &mut budget);
        let truth = answer.and_then(|value| {
            if let Value::Bool(truth) = value {
                return Ok(truth);
            }
            let found = value.type_name();
            Err(Failure::Wrong(format!("it gives {found}, no bool").into()))
        });
        (truth, budget)
    }

    /// The value of a program, paid for by the policy too.
    fn spend(&mut self, program: &'a Program, budget: &mut Budget) -> Answer<'a> {
        let before = budget.left();
        let answer = program.evaluate(&self.names, budget);
        let spent = before.saturating_sub(budget.left());
        self.left = self.left.saturating_sub(spent);
        answer
    }

    /// The violation of an expression that has no value.
    fn failed(&self, program: &'a Program, failure: &Failure, violation: Violation) -> Violation {
        let why = match failure {
            Failure::Exhausted => format!(
                "it takes more than the {STEPS_OF_A_RULE} steps that a rule may take, or the \
                 {STEPS_OF_A_POLICY} of all rules of the policy"
            ),
            Failure::Wrong(_) | Failure::Unfit => {
                format!("it errs: {failure}, in `{}`", self.blamed(program))
            }
        };
        Violation {
            measured: why.clone(),
            permitted: shown(program.source()),
            message: why,
            ..violation
        }
    }

    /// The smallest part that made a program false, or made it err; the whole where that costs too much to find.
    fn blamed(&self, program: &'a Program) -> String {
        let mut budget = Budget::new(STEPS_OF_A_RULE);
        let part = program.blame(&self.names, &mut budget);
        let found = part.filter(|_| budget.left() > 0);
        shown(found.unwrap_or(program.source()))
    }

    /// What a rule that is not kept says: what its expression for that gives, else its message, else
    /// itself.
    fn message(&mut self, rule: &'a Rule, budget: &mut Budget) -> String {
        let told = rule.teller.as_ref();
        let told = told.and_then(|teller| match self.spend(teller, budget) {
            Ok(Value::String(text)) => Some(text.trim().to_owned()),
            _ => None,
        });
        let usable = |text: &String| {
            !text.is_empty() && !text.contains(['\n', '\r']) && text.len() <= LONGEST_MESSAGE
        };
        let told = told.filter(usable).or_else(|| rule.message.clone());
        told.unwrap_or_else(|| format!("failed expression: {}", shown(rule.program.source())))
    }
}

/// A piece of an expression on one line.
fn shown(source: &str) -> String {
    let words: Vec<&str> = source.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
