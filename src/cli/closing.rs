//! The last lines of a text: what was not judged, and the counts.

use std::io::{self, Write};

use super::report::{Failure, NotJudged, PolicyOrigin, Source};
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
    match names {
        [] => "policies: not known".to_owned(),
        _ => format!("policies: {} ({origin})", names.join(", ")),
    }
}

/// Names the kinds that were not judged, a line for each reason.
///
/// # Errors
/// When the output cannot be written.
pub fn not_judged(out: &mut dyn Write, word: &str, others: &NotJudged) -> io::Result<()> {
    for (why, kinds) in others {
        let kinds = kinds.iter().map(|(kind, count)| format!("{kind} {count}"));
        let kinds: Vec<String> = kinds.collect();
        writeln!(out, "{word}, {why}: {}", kinds.join(", "))?;
    }
    Ok(())
}

/// How many were not judged.
#[must_use]
pub fn total(others: &NotJudged) -> usize {
    others.values().flat_map(|kinds| kinds.values()).sum()
}

/// Counts in one line: how many objects were read, these of them, and the ones of the rest that are
/// not zero.
#[must_use]
pub fn counts(read: usize, always: &[(usize, &str)], sometimes: &[(usize, &str)]) -> String {
    let present = sometimes.iter().filter(|(count, _)| *count > 0);
    let parts = always.iter().chain(present);
    let parts: Vec<String> = parts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    format!("{read} read: {}", parts.join(", "))
}
