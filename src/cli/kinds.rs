//! `firebreak kinds`: everything that is read, from the tables that the readers and the databases
//! are looked up in.

use std::io::Write;

use clap::Args;
use serde::Serialize;

use super::report::{self, VERSION};
use super::{Format, Outcome};
use crate::fault;
use crate::inventory;

/// Arguments of `kinds`.
#[derive(Debug, Clone, Args)]
pub struct Listing {
    /// How the tables are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What `kinds --format json` writes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct KindsReport {
    version: &'static str,
    chaos: Vec<Chaos>,
    databases: Vec<Family>,
    engines: Vec<&'static str>,
}

/// A kind of chaos object.
#[derive(Debug, Serialize)]
struct Chaos {
    group: &'static str,
    /// `*` for every kind of the group that has no row of its own: it is refused.
    kind: &'static str,
}

/// The resource of a database operator.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Family {
    group: &'static str,
    kind: &'static str,
    api_versions: &'static [&'static str],
    /// The newest release of the operator whose words are known, major and minor.
    newest_known: String,
}

impl Listing {
    /// Writes the tables.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let report = KindsReport {
            version: VERSION,
            chaos: fault::kinds()
                .map(|(group, kind)| Chaos { group, kind })
                .collect(),
            databases: inventory::families().map(Family::from).collect(),
            engines: inventory::engines(),
        };
        match self.format {
            Format::Text => text(out, &report)?,
            Format::Json => report::write(out, &report)?,
        }
        Ok(Outcome::Fine)
    }
}

impl From<inventory::FamilyKind> for Family {
    fn from(family: inventory::FamilyKind) -> Self {
        let (major, minor) = family.newest;
        Self {
            group: family.group,
            kind: family.kind,
            api_versions: family.api,
            newest_known: format!("{major}.{minor}"),
        }
    }
}

fn text(out: &mut dyn Write, report: &KindsReport) -> anyhow::Result<()> {
    writeln!(out, "chaos objects, and what may be chaos")?;
    for Chaos { group, kind } in &report.chaos {
        let group = if group.is_empty() { "(core)" } else { group };
        match *kind {
            "*" => writeln!(out, "  {:<26}{group}: refused", "every other kind")?,
            kind => writeln!(out, "  {kind:<26}{group}")?,
        }
    }
    writeln!(out, "\ndatabases of operators")?;
    for family in &report.databases {
        writeln!(
            out,
            "  {:<26}{} {}, operator up to {}",
            family.kind,
            family.group,
            family.api_versions.join(", "),
            family.newest_known
        )?;
    }
    let engines = report.engines.join(", ");
    writeln!(out, "\ndatabases without an operator\n  {engines}")?;
    Ok(())
}
