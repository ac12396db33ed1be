//! The part of `firebreak demo` that is about backups: one example database sent to the webhook, and what
//! it leaves with.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::Value;

use super::backups::{stored, title};
use super::client::Client;
use super::examples::{databases, review, written_defaults};
use super::report::Named;
use super::style::Paint;
use super::vicinity::Vicinity;
use crate::backup::{Around as _, applied};
use crate::fault::Accounts;
use crate::inventory::{Cluster, Inventory};
use crate::object::{Object, ObjectRef};
use crate::policy::PolicySet;
use crate::server::admission::Giver;
use crate::server::backup::{Answer, Awaited, Beside, Injector, Question, Source};
use crate::server::review;
use crate::server::view::{Outlook, View};

/// The file of the database that is shown.
const SHOWN: &str = "examples/databases/percona-xtradb.yaml";

/// What a watch would keep of the example databases.
struct Kept(Arc<Beside>);

impl Outlook for Kept {
    fn view(&self, _: Timestamp) -> View {
        View {
            inventory: Arc::new(Inventory::unlisted("nobody looks at the cluster")),
            policies: Arc::new(PolicySet::default()),
        }
    }

    fn beside(&self) -> Arc<Beside> {
        Arc::clone(&self.0)
    }
}

/// The manifests of the examples in place of an API server that is asked.
struct Manifests(Mutex<Vicinity>);

impl Manifests {
    fn told(&self, question: &Question) -> Answer {
        let vicinity = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match question {
            Question::Namespace(name) => {
                Answer::Objects(vicinity.namespace(name).into_iter().collect())
            }
            Question::Plugins => {
                let found = vicinity.objects("", "Service", "");
                found.map_or(Answer::Unknown, Answer::Objects)
            }
            Question::Secret(namespace, name) => Answer::Secret(vicinity.secret(namespace, name)),
            Question::Schema(group, version, kind) => {
                let kind = ObjectRef {
                    group: group.clone(),
                    version: version.clone(),
                    kind: kind.clone(),
                    ..ObjectRef::default()
                };
                let found = vicinity.schema(&kind).map(Arc::new);
                found.map_or(Answer::Unknown, Answer::Schema)
            }
        }
    }
}

impl Source for Manifests {
    fn answer<'a>(&'a self, question: &'a Question) -> Awaited<'a> {
        Box::pin(std::future::ready(self.told(question)))
    }
}

/// What gives the example databases backups.
///
/// # Errors
/// When an embedded file cannot be read.
pub fn giver() -> anyhow::Result<Giver> {
    let mut cluster = Cluster::default();
    for object in written_defaults()? {
        cluster.put(object);
    }
    let source = Manifests(Mutex::new(databases()?.vicinity));
    Ok(Giver {
        outlook: Arc::new(Kept(Arc::new(Beside::of(&cluster)))),
        injector: Arc::new(Injector::asking(Box::new(source), Accounts::BUILT_IN)),
    })
}

/// Sends a database that is applied without backups to the webhook at `url`, and shows what comes back.
///
/// # Errors
/// When the webhook does not answer, or does not add to it.
pub async fn show_database(out: &mut dyn Write, client: &Client, url: &str) -> anyhow::Result<()> {
    let mut all = databases()?.subjects.into_iter();
    let shown = all.find(|it| it.source.file == SHOWN).context(SHOWN)?;
    let (source, before) = (shown.source, shown.request.object.context(SHOWN)?);
    let body = serde_json::to_vec(&review(&before, "example-database"))?;
    let answer = client.post(url, body).await?;
    let patch = review::patch(&answer).context("nothing is added to the example of a database")?;
    let after = applied(before.value(), &patch).context("a patch that does not fit")?;
    let after = Object::new(after)?.in_namespace(&before.reference().namespace);
    let name = text(&answer, "/response/auditAnnotations/defaults");
    let title = title(&source, &Named::from(before.reference()));
    writeln!(
        out,
        "\n/mutate answers over HTTPS to a database that is applied without backups:\n"
    )?;
    writeln!(out, "{title} gets backups of BackupDefaults {name}")?;
    let warnings = answer
        .pointer("/response/warnings")
        .and_then(Value::as_array);
    for warning in warnings.into_iter().flatten().filter_map(Value::as_str) {
        writeln!(out, "  {}", Paint::warning(&format!("warning: {warning}")))?;
    }
    stored(out, (&source, name), (&before, &after))?;
    writeln!(out)?;
    Ok(())
}

fn text<'v>(answer: &'v Value, pointer: &str) -> &'v str {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}
