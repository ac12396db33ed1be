//! `firebreak hash-names`, and the option of `snapshot`: objects that can be given to others.

use std::hash::{BuildHasher as _, RandomState};
use std::io::Write;

use anyhow::bail;
use clap::Args;

use super::Outcome;
use super::live::say;
use super::manifests::{Manifest, Reader};
use super::snapshot::{document, nothing};
use crate::hashed::Hashing;
use crate::object::Object;

/// Arguments of `hash-names`.
#[derive(Debug, Clone, Args)]
pub struct HashNames {
    /// Files, directories, or `-` for standard input, as `check` takes them
    #[arg(required_unless_present = "text")]
    paths: Vec<String>,
    /// The salt of the snapshot that they belong to
    #[arg(long, value_name = "TEXT")]
    salt: String,
    /// A name alone, for an option such as `check --as`
    #[arg(long, value_name = "NAME", conflicts_with = "paths")]
    text: Option<String>,
}

impl HashNames {
    /// Writes everything that was read with other names, as one stream of documents. All of it can be
    /// read, or nothing is written.
    ///
    /// # Errors
    /// When something cannot be read or written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let hashing = salted(&self.salt)?;
        if let Some(text) = &self.text {
            writeln!(out, "{}", hashing.text(text))?;
            return Ok(Outcome::Fine);
        }
        let reading = Reader::default().read(&self.paths, &mut std::io::stdin().lock());
        if let Some(failure) = reading.failures.first() {
            bail!("{failure}");
        }
        for Manifest { object, .. } in &reading.manifests {
            let (text, doubts) = hashed(&hashing, object)?;
            tell(&doubts);
            write!(out, "---\n{text}")?;
        }
        for (group, kind) in &reading.none {
            let version = if group.is_empty() {
                "v1".to_owned()
            } else {
                format!("{group}/v1")
            };
            write!(out, "---\n{}", nothing(&version, kind))?;
        }
        Ok(Outcome::Fine)
    }
}

/// Whose names a snapshot has.
#[derive(Debug, Clone, Args)]
pub struct Naming {
    /// Put other names in the place of all names, so that the snapshot can be given to others; the
    /// verdicts are the same (docs/live.md)
    #[arg(long)]
    pub hash_names: bool,
    /// What names are hashed with: the same salt gives the same names. Without it a new one is drawn
    /// and told on standard error
    #[arg(long, value_name = "TEXT", requires = "hash_names")]
    salt: Option<String>,
}

impl Naming {
    /// What gives other names, where that is asked for.
    ///
    /// # Errors
    /// When the salt is none.
    pub fn hashing(&self) -> anyhow::Result<Option<Hashing>> {
        match &self.salt {
            _ if !self.hash_names => Ok(None),
            Some(salt) => salted(salt).map(Some),
            None => {
                let salt = drawn();
                say(&format!(
                    "names are hashed with the salt {salt}: keep it, and give it to nobody; \
                     `hash-names --salt {salt}` gives other files the same names"
                ));
                salted(&salt).map(Some)
            }
        }
    }
}

fn salted(salt: &str) -> anyhow::Result<Hashing> {
    if salt.is_empty() {
        bail!("--salt \"\", expected a text that nobody can guess");
    }
    Ok(Hashing::new(salt))
}

/// A salt that nobody can guess: hashed with keys that the operating system drew.
fn drawn() -> String {
    let state = RandomState::new();
    let halves = (0..2).map(|half| format!("{:016x}", state.hash_one(half)));
    halves.collect()
}

/// An object with other names as a document, and what may not mean what it did.
///
/// # Errors
/// When it cannot be written.
pub fn hashed(hashing: &Hashing, object: &Object) -> anyhow::Result<(String, Vec<String>)> {
    let hashed = hashing.object(object)?;
    Ok((document(&hashed.object)?, hashed.doubts))
}

/// Tells what may not mean what it did.
pub fn tell(doubts: &[String]) {
    for doubt in doubts {
        say(&format!(
            "{doubt}; names are hashed by whole words, so that it may not mean the same"
        ));
    }
}
