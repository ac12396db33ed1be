//! The last lines of a text: what was not judged, and the counts.

use std::io::{self, Write};

use super::report::{Failure, NotChaos, PolicyOrigin, Source};
use super::style::Paint;

/// Names every input that was left aside, and why.
///
/// # Errors
/// When the output cannot be written.
pub fn left_aside(out: &mut dyn Write, skipped: &[Source], failures: &[Failure]) -> io::Result<()> {
    for Source { file, line } in skipped {
        let text = format!("{file}:{line}: no Kubernetes object, left aside");
        writeln!(out, "{}", Paint::warning(&text))?;
    }
    for failure in failures {
        writeln!(out, "{}", Paint::failure(&failure.to_string()))?;
    }
    Ok(())
}

/// Which policies were judged with.
#[must_use]
pub fn policies(names: &[String], origin: PolicyOrigin) -> String {
    let origin = match origin {
        PolicyOrigin::Given => "given",
        PolicyOrigin::World => "found in the world",
        PolicyOrigin::Shipped => "shipped with firebreak, since none was given",
    };
    format!("policies: {} ({origin})", names.join(", "))
}

/// Counts in one line: these, the ones of the rest that are not zero, and the kinds that were not
/// judged.
#[must_use]
pub fn counts(always: &[(usize, &str)], sometimes: &[(usize, &str)], others: &NotChaos) -> String {
    let present = sometimes.iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = always
        .iter()
        .chain(present)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if !others.is_empty() {
        let kinds = others.iter().map(|(kind, count)| format!("{kind} {count}"));
        let kinds: Vec<String> = kinds.collect();
        let total: usize = others.values().sum();
        parts.push(format!("{total} not chaos ({})", kinds.join(", ")));
    }
    parts.join(", ")
}
