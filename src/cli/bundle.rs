//! `firebreak manifests`: what the API server is told of us, generated from the tables.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::Outcome;
use crate::server::registration::injections::injections;
use crate::server::registration::rights::rights;
use crate::server::registration::webhooks::{Conditions, deletions, webhooks};

/// Arguments of `manifests`.
#[derive(Debug, Clone, Args)]
pub struct Bundle {
    #[command(subcommand)]
    part: Part,
}

/// A generated file of the installation.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Part {
    /// Print the configuration of the webhooks
    Webhooks(Age),
    /// Print the configuration of the webhooks that guard the deletion of pods
    Deletions(Age),
    /// Print the configuration of the webhook that gives databases backups
    Backups(Age),
    /// Print the roles and their bindings
    Rbac,
}

/// For which API servers.
#[derive(Debug, Clone, Copy, Args)]
pub struct Age {
    /// Leave out match conditions, which API servers before 1.30 may not know
    #[arg(long)]
    pub without_conditions: bool,
}

impl Bundle {
    /// Writes the objects as YAML documents.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        out.write_all(text(self.part)?.as_bytes())?;
        Ok(Outcome::Fine)
    }
}

/// The YAML documents of a part.
///
/// # Errors
/// When an object cannot be written.
pub fn text(part: Part) -> anyhow::Result<String> {
    let mut text = String::new();
    for object in objects(part) {
        text += "---\n";
        text += &serde_saphyr::to_string(&object)?;
    }
    Ok(text)
}

fn objects(part: Part) -> Vec<Value> {
    match part {
        Part::Webhooks(age) => vec![webhooks(age.conditions())],
        Part::Deletions(age) => vec![deletions(age.conditions())],
        Part::Backups(age) => vec![injections(age.conditions())],
        Part::Rbac => rights(),
    }
}

impl Age {
    fn conditions(self) -> Conditions {
        if self.without_conditions {
            Conditions::Unknown
        } else {
            Conditions::Known
        }
    }
}
