//! From the expressions that a user writes to programs that can be held against a case.

use super::shapes::environment;
use super::words::{IDENTIFIER, NAME, REASON, Spelling};
use crate::cel::{Environment, Program, Type};
use crate::object::Unreadable;
use crate::policy::spec::{BlastRadiusPolicySpec, ConditionSpec, RuleSpec, VariableSpec};

/// How many variables, rules or conditions a policy may have.
const MOST: usize = 64;

/// The longest message, in bytes.
const LONGEST_MESSAGE: usize = 1024;

/// What an object has for Kubernetes and not for us. To say that it is not there would be another answer.
const UNREAD: &str = "managedFields";

/// The expressions of one policy, compiled.
#[derive(Debug, Default)]
pub(in crate::policy) struct Rules {
    /// The policy is not asked unless they hold.
    pub(super) conditions: Vec<Named>,
    /// The policy's own variables; each may read those before it.
    pub(super) variables: Vec<Named>,
    /// What must hold.
    pub(super) musts: Vec<Rule>,
}

/// A program with a name.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) program: Program,
}

/// A rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) message: Option<String>,
    /// The program that gives the message.
    pub(super) teller: Option<Program>,
    /// The word that the policy gives for it.
    pub(super) reason: Option<String>,
}

impl Rules {
    /// The expressions of a policy.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub(in crate::policy) fn compile(
        written: &BlastRadiusPolicySpec,
    ) -> Result<Self, Vec<Unreadable>> {
        let mut compiler = Compiler {
            environment: environment(),
            problems: Vec::new(),
        };
        // Conditions come first: they see no variable of the policy, as in Kubernetes.
        let rules = Self {
            conditions: compiler.conditions(&written.match_conditions),
            variables: compiler.variables(&written.variables),
            musts: compiler.rules(&written.rules),
        };
        if compiler.problems.is_empty() {
            Ok(rules)
        } else {
            Err(compiler.problems)
        }
    }
}

/// Compiles expression after expression, and keeps what is wrong with them.
struct Compiler {
    environment: Environment,
    problems: Vec<Unreadable>,
}

/// An expression: the field it stands in, and what it belongs to.
struct Place<'a> {
    field: String,
    what: &'static str,
    name: &'a str,
}

impl Compiler {
    fn refuse(&mut self, field: String, found: impl Into<String>, expected: &str) {
        let problem = Unreadable::new(field, found, expected);
        self.problems.push(problem);
    }

    /// Refuses too many of them, and a name that is none or stands in the list before.
    fn names(&mut self, list: &str, names: &[&String], spelling: &Spelling) {
        if names.len() > MOST {
            let expected = format!("at most {MOST}");
            self.refuse(
                list.to_owned(),
                format!("{} of them", names.len()),
                &expected,
            );
        }
        for (index, name) in names.iter().enumerate() {
            let field = || format!("{list}[{index}].name");
            if !(spelling.fits)(name) {
                self.refuse(field(), format!("{name:?}"), spelling.expected);
            } else if names.iter().take(index).any(|other| other == name) {
                self.refuse(
                    field(),
                    format!("{name:?}, a second time"),
                    "a name of its own",
                );
            }
        }
    }

    fn program(&mut self, place: &Place<'_>, source: &str) -> Option<Program> {
        if source.contains(UNREAD) {
            let found = format!("{} {:?} reads {UNREAD}", place.what, place.name);
            let expected =
                "an expression without them: they are passed over while an object is read";
            self.refuse(place.field.clone(), found, expected);
            return None;
        }
        match self.environment.compile(source) {
            Ok(program) => Some(program),
            Err(refusal) => {
                let found = format!("{} {:?}, {refusal}", place.what, place.name);
                self.refuse(place.field.clone(), found, "");
                None
            }
        }
    }

    /// A program that gives a value of exactly this type, as Kubernetes asks for.
    fn typed(
        &mut self,
        place: &Place<'_>,
        source: &str,
        (kind, expected): (&Type, &str),
    ) -> Option<Program> {
        let program = self.program(place, source)?;
        if program.output() == kind {
            return Some(program);
        }
        let found = match program.output() {
            Type::Dyn => "gives what may be of any type".to_owned(),
            Type::Null
            | Type::Bool
            | Type::Int
            | Type::Uint
            | Type::Double
            | Type::String
            | Type::Bytes
            | Type::Timestamp
            | Type::Duration
            | Type::List(_)
            | Type::Map(..)
            | Type::Optional(_)
            | Type::Type(_)
            | Type::Opaque(_)
            | Type::Record(_)
            | Type::Param(_) => format!("gives `{}`", program.output()),
        };
        let found = format!("{} {:?} {found}", place.what, place.name);
        self.refuse(place.field.clone(), found, expected);
        None
    }

    fn conditions(&mut self, written: &[ConditionSpec]) -> Vec<Named> {
        const LIST: &str = "spec.matchConditions";
        let names: Vec<&String> = written.iter().map(|it| &it.name).collect();
        self.names(LIST, &names, &NAME);
        let mut conditions = Vec::new();
        for (index, it) in written.iter().enumerate() {
            let place = Place {
                field: format!("{LIST}[{index}].expression"),
                what: "condition",
                name: &it.name,
            };
            let program = self.typed(&place, &it.expression, TRUTH);
            conditions.extend(program.map(|program| Named {
                name: it.name.clone(),
                program,
            }));
        }
        conditions
    }

    fn variables(&mut self, written: &[VariableSpec]) -> Vec<Named> {
        const LIST: &str = "spec.variables";
        let names: Vec<&String> = written.iter().map(|it| &it.name).collect();
        self.names(LIST, &names, &IDENTIFIER);
        let mut variables = Vec::new();
        for (index, it) in written.iter().enumerate() {
            let place = Place {
                field: format!("{LIST}[{index}].expression"),
                what: "variable",
                name: &it.name,
            };
            // What reads a variable that does not compile is not wrong for that.
            let program = self.program(&place, &it.expression);
            let stand_in = || self.environment.compile("dyn(null)").ok();
            let Some(program) = program.or_else(stand_in) else {
                continue;
            };
            let name = it.name.clone();
            self.environment
                .declare(&format!("variables.{name}"), &program);
            variables.push(Named { name, program });
        }
        variables
    }

    fn rules(&mut self, written: &[RuleSpec]) -> Vec<Rule> {
        const LIST: &str = "spec.rules";
        let names: Vec<&String> = written.iter().map(|it| &it.name).collect();
        self.names(LIST, &names, &NAME);
        let rules = written.iter().enumerate();
        let rules = rules.filter_map(|(index, it)| self.rule(&format!("{LIST}[{index}]"), it));
        rules.collect()
    }

    fn rule(&mut self, field: &str, written: &RuleSpec) -> Option<Rule> {
        let place = |part: &str| Place {
            field: format!("{field}.{part}"),
            what: "rule",
            name: &written.name,
        };
        self.words(&place, written);
        let expression = written.expression.as_str();
        let program = self.typed(&place("expression"), expression, TRUTH);
        let told = written.message_expression.as_deref();
        let teller = told.and_then(|it| self.typed(&place("messageExpression"), it, TEXT));
        Some(Rule {
            name: written.name.clone(),
            program: program?,
            message: written.message.clone(),
            teller,
            reason: written.reason.clone(),
        })
    }

    /// Refuses a reason or a message that is none.
    fn words<'a>(&mut self, place: &impl Fn(&str) -> Place<'a>, written: &RuleSpec) {
        let reason = written.reason.as_deref();
        if let Some(reason) = reason.filter(|it| !(REASON.fits)(it)) {
            self.refuse(
                place("reason").field,
                format!("{reason:?}"),
                REASON.expected,
            );
        }
        let message = written.message.as_deref();
        if let Some(message) = message.filter(|it| !is_message(it)) {
            let expected = format!("one line of at most {LONGEST_MESSAGE} bytes");
            self.refuse(place("message").field, format!("{message:?}"), &expected);
        }
    }
}

const TRUTH: (&Type, &str) = (&Type::Bool, "a bool, such as `value == true` gives");

const TEXT: (&Type, &str) = (&Type::String, "a string, such as `string(value)` gives");

fn is_message(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(['\n', '\r']) && text.len() <= LONGEST_MESSAGE
}
