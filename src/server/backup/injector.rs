//! The answer to a database that is written, with what is known of the cluster.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use kube::Client;
use tokio::time::{Instant, timeout_at};

use super::asked::{Answer, Asking, Question, Source, Told};
use super::beside::Beside;
use super::lookup::Lookup;
use crate::backup::{Injection, Known, Left, Schema, Why, inject};
use crate::fault::{Accounts, OPERATORS};
use crate::object::ObjectRef;
use crate::request::Request;

/// How long all that is asked of the API server for one answer may take.
const BUDGET: Duration = Duration::from_secs(2);

/// How long it may take for those who can wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often the core is asked again at most. What it asks depends on what it was told, three times in a
/// row at most.
const ROUNDS: u32 = 6;

/// Who answers.
pub struct Injector {
    source: Box<dyn Source>,
    /// The accounts of the databases' operators.
    pub(super) operators: Vec<String>,
}

impl Injector {
    /// One that asks by this client and knows these accounts.
    #[must_use]
    pub fn new(client: Client, accounts: &Accounts) -> Self {
        Self::asking(Box::new(Lookup::new(client)), accounts)
    }

    /// One that asks this source.
    #[must_use]
    pub fn asking(source: Box<dyn Source>, accounts: &Accounts) -> Self {
        let named = |name: &str| format!("system:serviceaccount:*:{name}");
        let known = OPERATORS.iter().map(|name| named(name));
        let added = accounts.operators.iter();
        let added = added.flat_map(|pattern| [pattern.clone(), named(pattern)]);
        Self {
            source,
            operators: known.chain(added).collect(),
        }
    }

    /// What is added to the database of a request, and what is said.
    pub async fn injection(&self, request: &Request, beside: &Beside) -> Injection {
        let deadline = Instant::now() + BUDGET;
        let attempt = |told: &Told| self.attempt(request, beside, told);
        self.ask_while(&mut Told::new(), deadline, attempt).await
    }

    /// What comes of an attempt that is told all that it misses, as far as somebody tells.
    pub(super) async fn ask_while<T>(
        &self,
        told: &mut Told,
        deadline: Instant,
        attempt: impl Fn(&Told) -> (T, BTreeSet<Question>),
    ) -> T {
        for _ in 0..ROUNDS {
            let (found, missed) = attempt(told);
            if missed.is_empty() {
                return found;
            }
            told.extend(self.ask(missed, deadline).await);
        }
        attempt(told).0
    }

    /// What `tell` says with all that is known around an object, for those who can wait: it is asked
    /// again until it misses nothing.
    pub async fn settled<T>(
        &self,
        object: &ObjectRef,
        beside: &Beside,
        tell: impl Fn(&Known<'_>) -> T,
    ) -> T {
        let question = schema_of(object);
        let mut missed = BTreeSet::from([question.clone()]);
        let mut told = Told::new();
        let mut rounds = 0;
        loop {
            told.extend(self.ask(missed, Instant::now() + PATIENCE).await);
            let around = Asking::new(beside, &told);
            let answer = tell(&Known {
                schema: schema_in(&told, &question),
                around: &around,
                operators: &self.operators,
            });
            missed = around.missed();
            rounds += 1;
            if missed.is_empty() || rounds > ROUNDS {
                return answer;
            }
        }
    }

    async fn ask(&self, missed: BTreeSet<Question>, deadline: Instant) -> Vec<(Question, Answer)> {
        let each = missed.into_iter().map(|question| async {
            let answer = timeout_at(deadline, self.source.answer(&question)).await;
            let answer = answer.unwrap_or_else(|_| {
                tracing::warn!(?question, "no answer in time to what backups depend on");
                Answer::Unknown
            });
            (question, answer)
        });
        join_all(each).await
    }

    /// The answer by what was told so far, and what it would have been good to know.
    fn attempt(
        &self,
        request: &Request,
        beside: &Beside,
        told: &Told,
    ) -> (Injection, BTreeSet<Question>) {
        let around = Asking::new(beside, told);
        let question = schema(request);
        let known = Known {
            schema: schema_in(told, &question),
            around: &around,
            operators: &self.operators,
        };
        let injection = inject(request, beside.defaults(), &known);
        let mut missed = around.missed();
        let why = injection.left.as_ref().map(|left| left.why);
        if why == Some(Why::Unknown) && !told.contains_key(&question) {
            missed.insert(question);
        }
        match beside.why_unknown() {
            Some(unknown) if why == Some(Why::NoDefaults) => (unseen(unknown), missed),
            Some(_) | None => (injection, missed),
        }
    }
}

/// The schema of the object of a request.
fn schema(request: &Request) -> Question {
    let written = request
        .object
        .as_ref()
        .map(crate::object::Object::reference);
    schema_of(written.unwrap_or(&request.target))
}

fn schema_of(it: &ObjectRef) -> Question {
    Question::Schema(it.group.clone(), it.version.clone(), it.kind.clone())
}

/// The schema that was told.
fn schema_in<'t>(told: &'t Told, question: &Question) -> Option<&'t Schema> {
    match told.get(question) {
        Some(Answer::Schema(schema)) => Some(schema.as_ref()),
        Some(Answer::Objects(_) | Answer::Secret(_) | Answer::Unknown) | None => None,
    }
}

/// It is not known which defaults apply.
fn unseen(why: &str) -> Injection {
    let message =
        format!("which BackupDefaults there are is not known ({why}); no backups are added");
    Injection {
        warnings: vec![message.clone()],
        left: Some(Left {
            why: Why::Unknown,
            message,
        }),
        ..Injection::default()
    }
}
