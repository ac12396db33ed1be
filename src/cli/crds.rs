//! `firebreak crds`: the CustomResourceDefinitions, generated from the types.

use std::io::Write;

use super::Outcome;
use crate::schedule;

/// Writes every definition as one YAML document.
///
/// # Errors
/// When the output cannot be written.
pub fn run(out: &mut dyn Write) -> anyhow::Result<Outcome> {
    for crd in schedule::crds() {
        writeln!(out, "---\n{}", serde_saphyr::to_string(&crd)?.trim_end())?;
    }
    Ok(Outcome::Fine)
}
