//! What databases get of the backup defaults: the answer of the webhook, on manifests.

use std::io::Write;

use serde::Serialize;
use similar::TextDiff;

use super::inputs::Subject;
use super::report::{Named, Source};
use super::sight::{Asked, by_files};
use super::snapshot::document;
use super::style::Paint;
use super::vicinity::{Vicinity, database};
use crate::backup::{self, Companions, Defaults, Injection, Why, additions};
use crate::object::Object;
use crate::request::Request;

/// How many lines stand around a change.
const CONTEXT: usize = 3;

/// What one database gets.
pub struct Answer {
    source: Source,
    before: Object,
    after: Object,
    injection: Injection,
    beside: Companions,
    /// Why it has no backups as it is written.
    lacks: Option<String>,
    /// What else whoever reads this should know.
    notes: Vec<String>,
    assumed: Vec<String>,
}

/// A database without backups.
#[derive(Debug, Clone, Serialize)]
pub struct Unprotected {
    /// Where it stands.
    pub source: Source,
    /// What it is.
    pub object: Named,
    /// Why it has none.
    pub reason: String,
    /// The BackupDefaults of which it gets some when it is applied; `null` where it gets none.
    pub defaults: Option<String>,
    /// Why it gets none, or empty.
    pub left: String,
}

/// What each database among the subjects gets by manifests; whatever is no database is left aside.
#[must_use]
pub fn answers(subjects: &[Subject], defaults: &Defaults, vicinity: &Vicinity) -> Vec<Answer> {
    by_files(subjects, defaults, (vicinity, answer))
}

/// What a database gets.
#[must_use]
pub fn answer(asked: &Asked<'_>) -> Option<Answer> {
    let (request, defaults, known) = (&asked.subject.request, asked.defaults, asked.known);
    let before = request.object.clone()?;
    database(&before)?;
    let injection = backup::inject(request, defaults, known);
    let mut notes = Vec::new();
    if asked.is_undefined() && is(&injection, Why::Unknown) {
        notes.push(missing_definition(&before));
    }
    let after = patched(request, &injection).unwrap_or_else(|| before.clone());
    let beside = backup::companions(&after, defaults, known);
    let beside = beside.unwrap_or_else(|left| {
        if !is(&injection, left.why) && injection.left.is_none() || is(&injection, Why::Companions)
        {
            notes.push(left.message);
        }
        Companions::default()
    });
    Some(Answer {
        source: asked.subject.source.clone(),
        lacks: backup::unprotected(&before, known.around),
        assumed: asked.assumed(),
        before,
        after,
        injection,
        beside,
        notes,
    })
}

/// What an object is called, and where it stands.
#[must_use]
pub fn title(Source { file, line }: &Source, it: &Named) -> String {
    let place = match line {
        0 => String::new(),
        line => format!("{file}:{line}: "),
    };
    format!("{place}{} {}/{}", it.kind, it.namespace, it.name)
}

fn is(injection: &Injection, why: Why) -> bool {
    injection.left.as_ref().is_some_and(|left| left.why == why)
}

/// What the author can do about a schema that is not known.
#[must_use]
pub fn missing_definition(object: &Object) -> String {
    let reference = object.reference();
    format!(
        "the schema of {} is not here: give the CustomResourceDefinition of {} too",
        reference.kind, reference.group
    )
}

/// The object as it is stored.
fn patched(request: &Request, injection: &Injection) -> Option<Object> {
    let before = request.object.as_ref()?;
    let after = Object::new(injection.applied(before)?).ok()?;
    Some(after.in_namespace(&request.target.namespace))
}

impl Answer {
    /// The database as it is written.
    #[must_use]
    pub fn object(&self) -> &Object {
        &self.before
    }

    /// Whether anything is added to it or beside it.
    #[must_use]
    pub fn gets(&self) -> bool {
        !self.injection.patch.is_empty() || !self.beside.objects.is_empty()
    }

    fn title(&self) -> String {
        title(&self.source, &Named::from(self.before.reference()))
    }

    fn left(&self) -> String {
        let left = self.injection.left.as_ref();
        let message = left.filter(|it| it.why != Why::Companions);
        let message = message.map(|it| it.message.clone());
        message
            .into_iter()
            .chain(self.notes.clone())
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// What it gets in few words: the pointers and kinds of what is added, or why nothing is.
    #[must_use]
    pub fn gist(&self) -> String {
        let pointers = additions(&self.injection.patch).map(|(pointer, _)| pointer);
        let pointers = pointers.filter(|it| it.starts_with("/spec"));
        let beside = self.beside.objects.iter();
        let kinds = beside.filter_map(|it| it.get("kind")?.as_str().map(str::to_owned));
        let mut added: Vec<String> = pointers.chain(kinds).collect();
        added.dedup();
        match &self.injection.left {
            Some(left) if added.is_empty() => format!("Leave {}", left.why.name()),
            Some(_) | None => format!("Add {}", added.join(", ")),
        }
    }

    /// What is said of it where it has no backups.
    #[must_use]
    pub fn unprotected(&self) -> Option<Unprotected> {
        let reason = self.lacks.clone()?;
        let gets = self.gets();
        Some(Unprotected {
            source: self.source.clone(),
            object: Named::from(self.before.reference()),
            reason,
            defaults: gets.then(|| self.defaults()).flatten(),
            left: if gets { String::new() } else { self.left() },
        })
    }

    /// The defaults that it gets backups of.
    fn defaults(&self) -> Option<String> {
        self.injection
            .defaults
            .clone()
            .or_else(|| self.beside.defaults.clone())
    }

    /// Writes what is added, as a diff of what is stored.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn diff(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        match (self.gets(), self.defaults()) {
            (true, Some(name)) => {
                writeln!(
                    out,
                    "{} gets backups of BackupDefaults {name}",
                    self.title()
                )?;
            }
            (true | false, _) => {
                writeln!(out, "{} is left as it is: {}", self.title(), self.left())?;
            }
        }
        self.remarks(out)?;
        if !self.injection.patch.is_empty() {
            let name = self.defaults().unwrap_or_default();
            stored(out, (&self.source, &name), (&self.before, &self.after))?;
        }
        for object in &self.beside.objects {
            let object = Object::new(object.clone())?;
            let it = object.reference();
            let titles = (
                "/dev/null".to_owned(),
                format!("{} {}/{}", it.kind, it.namespace, it.name),
            );
            unified(out, ("", &document(&object)?), &titles)?;
        }
        writeln!(out)?;
        Ok(())
    }

    fn remarks(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let left = self.injection.left.as_ref().map(|it| &it.message);
        let warnings = self.injection.warnings.iter().chain(&self.beside.warnings);
        for warning in warnings.filter(|it| Some(*it) != left) {
            writeln!(out, "  {}", Paint::warning(&format!("warning: {warning}")))?;
        }
        for assumed in &self.assumed {
            writeln!(out, "  assumed: {assumed}")?;
        }
        Ok(())
    }
}

/// Writes what becomes of a database by BackupDefaults of this name, as a diff of what is stored.
///
/// # Errors
/// When it cannot be written.
pub fn stored(
    out: &mut dyn Write,
    (Source { file, line }, name): (&Source, &str),
    (before, after): (&Object, &Object),
) -> anyhow::Result<()> {
    let titles = (
        format!("{file}:{line}"),
        format!("with BackupDefaults {name}"),
    );
    unified(out, (&document(before)?, &document(after)?), &titles)
}

fn unified(
    out: &mut dyn Write,
    (before, after): (&str, &str),
    (old, new): &(String, String),
) -> anyhow::Result<()> {
    let diff = TextDiff::from_lines(before, after);
    let mut diff = diff.unified_diff();
    write!(out, "{}", diff.context_radius(CONTEXT).header(old, new))?;
    Ok(())
}

/// Says of each database that it has no backups, and what would give it some.
///
/// # Errors
/// When it cannot be written.
pub fn notices(out: &mut dyn Write, answers: &[Answer]) -> anyhow::Result<()> {
    let mut any = false;
    for answer in answers {
        let Some(found) = answer.unprotected() else {
            continue;
        };
        let what = match &found.defaults {
            Some(name) => format!("BackupDefaults {name} would give it some"),
            None => found.left,
        };
        let text = format!(
            "{} has no backups: {}; {what}",
            answer.title(),
            found.reason
        );
        writeln!(out, "{}", Paint::warning(&text))?;
        any = true;
    }
    if any {
        writeln!(out)?;
    }
    Ok(())
}
