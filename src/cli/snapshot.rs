//! `firebreak snapshot`: what a decision needs of a live cluster, as files that `--world` takes.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;

use super::hash_names::{Naming, hashed, tell};
use super::live::Live;
use super::{Outcome, files};
use crate::fault::Surroundings;
use crate::hashed::Hashing;
use crate::inventory::excerpt;
use crate::object::Object;
use crate::server::watch::{Seen, Served};

/// Arguments of `snapshot`.
#[derive(Debug, Clone, Args)]
pub struct Snapshot {
    #[command(flatten)]
    live: Live,
    #[command(flatten)]
    naming: Naming,
    /// The folder to write to, a file for each kind: it is made where it is not there, and holds no
    /// manifests yet. Without it everything is written to standard output as one stream of documents
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// What is recorded of a kind.
struct Part {
    resource: String,
    objects: usize,
    documents: Vec<String>,
    doubts: Vec<String>,
}

impl Snapshot {
    /// Records the cluster. A snapshot is whole, or there is none: nobody could tell by the files what
    /// is missing in them.
    ///
    /// # Errors
    /// When the cluster does not answer, a kind cannot be listed, or something cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        if let Some(folder) = &self.output {
            must_be_free(folder)?;
        }
        let hashing = self.naming.hashing()?;
        let put = |recorded: &mut Recorded, object| {
            recorded.extend(record(&object, hashing.as_ref()).transpose());
        };
        let seen = self.live.lists(|_| true, put)?;
        let now = Timestamp::now();
        let parts = whole(seen)?;
        for part in &parts {
            tell(&part.doubts);
        }
        let names = hashing.map_or("", |_| "; its names are hashed");
        let head = format!(
            "# recorded at {now:.0} by firebreak {}: `--now {now:.0}` judges as of then{names}\n",
            env!("CARGO_PKG_VERSION")
        );
        match &self.output {
            Some(folder) => write(folder, &head, &parts, out)?,
            None => stream(&head, &parts, out)?,
        }
        Ok(Outcome::Fine)
    }
}

/// Objects as they are recorded, each with what may not mean what it did; or why one cannot be.
type Recorded = Vec<anyhow::Result<(String, Vec<String>)>>;

fn record(
    object: &Object,
    hashing: Option<&Hashing>,
) -> anyhow::Result<Option<(String, Vec<String>)>> {
    let Some(excerpt) = excerpt(object) else {
        return Ok(None);
    };
    let recorded = match hashing {
        Some(hashing) => hashed(hashing, &excerpt)?,
        None => (document(&excerpt)?, Vec::new()),
    };
    Ok(Some(recorded))
}

/// An object as a document of YAML.
///
/// # Errors
/// When it cannot be written.
pub fn document(object: &Object) -> anyhow::Result<String> {
    let text = serde_saphyr::to_string(object.value());
    text.with_context(|| format!("{} cannot be written", object.reference()))
}

fn whole(seen: Vec<Seen<Recorded>>) -> anyhow::Result<Vec<Part>> {
    let (mut parts, mut missing) = (Vec::new(), Vec::new());
    for Seen { served, objects } in seen {
        match objects {
            Err(why) => missing.push(why),
            Ok(documents) => parts.push(part(&served, documents)?),
        }
    }
    if !missing.is_empty() {
        let missing = missing.join("\n  ");
        bail!("the snapshot would not be whole, and nothing was written:\n  {missing}");
    }
    parts.retain(|part| !part.documents.is_empty());
    Ok(parts)
}

fn part(served: &Served, documents: Recorded) -> anyhow::Result<Part> {
    let recorded = documents.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (documents, doubts): (Vec<String>, Vec<Vec<String>>) = recorded.into_iter().unzip();
    let (objects, kind) = (
        documents.len(),
        (served.group.as_str(), served.kind.as_str()),
    );
    let matters = Surroundings::kinds().any(|it| it == kind);
    let nothing = (objects == 0 && matters).then(|| nothing(&served.api_version(), &served.kind));
    Ok(Part {
        resource: served.resource(),
        objects,
        documents: documents.into_iter().chain(nothing).collect(),
        doubts: doubts.concat(),
    })
}

/// That there is nothing of a kind, where that matters: what is named and is not there may else be
/// anywhere.
#[must_use]
pub fn nothing(version: &str, kind: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}List\nitems: []\n")
}

/// What is there already would be taken for a part of the cluster.
fn must_be_free(folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let there = files::below(folder);
    let failure = there.failures.into_iter().next();
    if let Some((path, error)) = failure {
        return Err(error).with_context(|| path.display().to_string());
    }
    match there.files.first() {
        Some(file) => bail!(
            "{:?} is there already, expected a folder without manifests",
            file.display().to_string()
        ),
        None => Ok(()),
    }
}

fn write(folder: &Path, head: &str, parts: &[Part], out: &mut dyn Write) -> anyhow::Result<()> {
    let told = |path: &Path| path.display().to_string();
    fs::create_dir_all(folder).with_context(|| told(folder))?;
    for part in parts {
        let path = folder.join(format!("{}.yaml", part.resource));
        let mut file = fs::File::create_new(&path).with_context(|| told(&path))?;
        let written = stream(head, std::slice::from_ref(part), &mut file);
        written.with_context(|| told(&path))?;
        writeln!(out, "{}: {}", told(&path), part.objects)?;
    }
    Ok(())
}

fn stream(head: &str, parts: &[Part], out: &mut dyn Write) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(out);
    out.write_all(head.as_bytes())?;
    for document in parts.iter().flat_map(|part| &part.documents) {
        write!(out, "---\n{document}")?;
    }
    out.flush()?;
    Ok(())
}
