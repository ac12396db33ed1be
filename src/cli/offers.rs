//! `firebreak plan --backup`: what databases that are there could be given, for people to apply.
//!
//! Nothing is changed. Each offer is a merge patch of whole keys that were left out, so that it takes
//! nothing away, and a command that can be pasted.

use std::fmt::Write as _;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::backups::{missing_definition, title};
use super::inputs::Loaded;
use super::report::{self, Failure, Named, Source, VERSION};
use super::sight::Asked;
use super::style::Paint;
use super::vicinity::database;
use super::{Format, closing};
use crate::backup::{self, Around, Companions, Why, merge_patch};
use crate::object::Object;

/// What `plan --backup --format json` writes.
#[derive(Debug, Serialize)]
struct OfferReport {
    version: &'static str,
    results: Vec<Offered>,
    skipped: Vec<Source>,
    failures: Vec<Failure>,
    summary: OfferSummary,
}

/// Counts over all databases.
#[derive(Debug, Default, Serialize)]
struct OfferSummary {
    read: usize,
    offered: usize,
    complete: usize,
    left: usize,
    skipped: usize,
    failed: usize,
}

/// What one database could be given.
#[derive(Debug, Serialize)]
pub struct Offered {
    source: Source,
    object: Named,
    /// Why it has no backups; `null` where it has.
    unprotected: Option<String>,
    /// The BackupDefaults that this is of.
    defaults: Option<String>,
    /// A merge patch; `null` where nothing is added to the database itself.
    patch: Option<Value>,
    /// Objects to be made beside it.
    companions: Vec<Value>,
    /// Commands that apply both.
    commands: Vec<String>,
    /// Whether its operator would restart it for the patch.
    restarts: bool,
    warnings: Vec<String>,
    assumed: Vec<String>,
    /// Why nothing is offered, or empty.
    left: String,
}

/// What a database could be given.
#[must_use]
pub fn offer(asked: &Asked<'_>) -> Option<Offered> {
    let object = asked.subject.request.object.as_ref()?;
    let mut offered = offered(object, asked)?;
    offered.assumed = asked.assumed();
    Some(offered)
}

fn offered(object: &Object, asked: &Asked<'_>) -> Option<Offered> {
    let (defaults, known) = (asked.defaults, asked.known);
    let kind = database(object)?;
    let offer = backup::offer(object, defaults, known);
    let left = offer.injection.left.as_ref();
    let applied = offer.injection.applied(object);
    let after = applied.and_then(|it| Object::new(it).ok());
    let beside = backup::companions(after.as_ref().unwrap_or(object), defaults, known);
    let unmade = beside.as_ref().err().map(|it| it.message.clone());
    let mut beside = beside.unwrap_or_default();
    beside.objects.retain(|it| !is_there(it, known.around));
    if beside.objects.is_empty() {
        beside = Companions::default();
    }
    let patch = left.is_none().then(|| merge_patch(&offer.injection.patch));
    let mut why: Vec<String> = match left {
        _ if !beside.objects.is_empty() => Vec::new(),
        Some(left) if left.why == Why::Companions => unmade.into_iter().collect(),
        Some(left) => vec![left.message.clone()],
        None => Vec::new(),
    };
    if asked.is_undefined() && left.is_some_and(|it| it.why == Why::Unknown) {
        why.push(missing_definition(object));
    }
    let told = left.map(|it| it.message.clone());
    let warnings = offer.injection.warnings.into_iter().chain(beside.warnings);
    Some(Offered {
        source: asked.subject.source.clone(),
        object: Named::from(object.reference()),
        unprotected: backup::unprotected(object, known.around),
        defaults: offer.injection.defaults.or(beside.defaults),
        commands: commands(&kind.resource(), object, patch.as_ref(), &beside.objects),
        patch,
        companions: beside.objects,
        restarts: offer.restarts,
        warnings: warnings.filter(|it| Some(it) != told.as_ref()).collect(),
        assumed: Vec::new(),
        left: why.join("; "),
    })
}

/// Whether an object that would be made is there already.
fn is_there(object: &Value, around: &dyn Around) -> bool {
    let Ok(object) = Object::new(object.clone()) else {
        return false;
    };
    let it = object.reference();
    let found = around.objects(&it.group, &it.kind, &it.namespace);
    let mut found = found.into_iter().flatten();
    found.any(|other| other.reference().name == it.name)
}

fn commands(
    resource: &str,
    object: &Object,
    patch: Option<&Value>,
    beside: &[Value],
) -> Vec<String> {
    let it = object.reference();
    let patch = patch.map(|patch| {
        format!(
            "kubectl patch {resource} {} --namespace {} --type merge --patch {}",
            quoted(&it.name),
            quoted(&it.namespace),
            quoted(&patch.to_string())
        )
    });
    let made = beside
        .iter()
        .map(|object| format!("kubectl create --filename - <<'EOF'\n{}\nEOF", yaml(object)));
    patch.into_iter().chain(made).collect()
}

fn yaml(value: &Value) -> String {
    // What was read as YAML or JSON can be written as YAML.
    let text = serde_saphyr::to_string(value).unwrap_or_default();
    text.trim_end().to_owned()
}

/// A word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Writes what databases could be given.
///
/// # Errors
/// When it cannot be written.
pub fn write(
    out: &mut dyn Write,
    (results, loaded): (Vec<Offered>, Loaded),
    format: Format,
) -> anyhow::Result<()> {
    let mut summary = OfferSummary {
        skipped: loaded.skipped.len(),
        failed: loaded.failures.len(),
        ..OfferSummary::default()
    };
    for offered in &results {
        summary.read += 1;
        match offered {
            it if it.gets() => summary.offered += 1,
            it if it.unprotected.is_none() => summary.complete += 1,
            _ => summary.left += 1,
        }
    }
    let report = OfferReport {
        version: VERSION,
        results,
        skipped: loaded.skipped,
        failures: loaded.failures,
        summary,
    };
    match format {
        Format::Json => report::write(out, &report),
        Format::Text => text(out, &report),
    }
}

fn text(out: &mut dyn Write, report: &OfferReport) -> anyhow::Result<()> {
    for offered in &report.results {
        writeln!(out, "{}", offered.describe()?)?;
    }
    closing::left_aside(out, &report.skipped, &report.failures)?;
    let summary = &report.summary;
    let line = closing::counts(
        summary.read,
        &[(summary.offered, "could be given backups")],
        &[
            (summary.complete, "have them"),
            (summary.left, "are left as they are"),
            (summary.skipped, "no object"),
            (summary.failed, "unreadable"),
        ],
    );
    writeln!(out, "{line}")?;
    Ok(())
}

impl Offered {
    fn gets(&self) -> bool {
        self.patch.is_some() || !self.companions.is_empty()
    }

    fn describe(&self) -> anyhow::Result<String> {
        let mut text = title(&self.source, &self.object);
        match &self.unprotected {
            Some(why) => writeln!(text, " has no backups: {why}")?,
            None => writeln!(text, " has backups")?,
        }
        if !self.gets() {
            writeln!(text, "  nothing is offered: {}", self.left)?;
            return Ok(text);
        }
        let name = self.defaults.as_deref().unwrap_or_default();
        let effect = match (&self.patch, self.restarts) {
            (None, _) => "the database itself stays as it is",
            (Some(_), false) => "its operator does not restart it for that",
            (Some(_), true) => "its operator RESTARTS it for that: choose the hour",
        };
        writeln!(
            text,
            "  BackupDefaults {name} would give it these; {effect}"
        )?;
        for warning in &self.warnings {
            writeln!(text, "  {}", Paint::warning(&format!("warning: {warning}")))?;
        }
        for assumed in &self.assumed {
            writeln!(text, "  assumed: {assumed}")?;
        }
        if let Some(patch) = &self.patch {
            writeln!(text, "\n    {}", yaml(patch).replace('\n', "\n    "))?;
        }
        for command in &self.commands {
            write!(text, "\n{command}\n")?;
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_shell_is_one_word() {
        assert_eq!(quoted("db-1"), "db-1");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's $(x)"), r"'it'\''s $(x)'");
    }
}
