//! `firebreak dr`: lists of disaster-recovery scenarios, checked, imported, and held against what is exercised.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{Outcome, files, schedule};
use crate::object::Object;
use crate::schedule::disaster::{self, Finding, Level, List, SCENARIO, Scenario};
use crate::yaml::{self, Document};

/// Arguments of `dr`.
#[derive(Debug, Clone, Args)]
pub struct Disasters {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Hold a list against its rules; exit 1 when one is broken
    Validate {
        /// The list, JSON
        file: PathBuf,
        /// The folder of its tests
        #[arg(long)]
        tests: Option<PathBuf>,
    },
    /// Print a SanctionedExperiment for each scenario that is automated
    Import {
        /// The list, JSON
        file: PathBuf,
        /// Their namespace
        #[arg(long)]
        namespace: String,
        /// The database that they are aimed at, KIND/NAME
        #[arg(long)]
        database: String,
        /// Another one for a scenario, by its name with underscores: SCENARIO=KIND/NAME; a workload where
        /// its kind is Deployment, StatefulSet or DaemonSet
        #[arg(long)]
        target: Vec<String>,
    },
    /// Show which scenarios are exercised, the gravest first
    Coverage {
        /// The list, JSON
        file: PathBuf,
        /// Files with SanctionedExperiments
        experiments: Vec<String>,
    },
}

/// The kinds of workloads; all others are databases.
const WORKLOADS: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];

impl Disasters {
    /// Does what is asked for.
    ///
    /// # Errors
    /// When a file cannot be read, or the output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match &self.command {
            Command::Validate { file, tests } => validate(out, file, tests.as_deref()),
            Command::Import {
                file,
                namespace,
                database,
                target,
            } => import(out, file, namespace, &Targets::parse(database, target)?),
            Command::Coverage { file, experiments } => coverage(out, file, experiments),
        }
    }
}

fn document(file: &Path) -> anyhow::Result<Document> {
    let text = files::text(file).map_err(|why| anyhow::anyhow!("{}: {why}", file.display()))?;
    let mut documents = yaml::read(&text, yaml::LARGEST).into_iter();
    let (first, rest) = (documents.next(), documents.next());
    match (first, rest) {
        (Some(Ok(document)), None) => Ok(document),
        (Some(Err(error)), _) => bail!("{}:{error}", file.display()),
        _ => bail!("{}: expected one document", file.display()),
    }
}

fn validate(out: &mut dyn Write, file: &Path, tests: Option<&Path>) -> anyhow::Result<Outcome> {
    let document = document(file)?;
    let tests = tests.map(names).transpose()?;
    let list = disaster::read(&document.value, tests.as_ref());
    for finding in &list.findings {
        writeln!(out, "{}", told(file, &document, finding))?;
    }
    let errors = list
        .findings
        .iter()
        .filter(|it| it.level == Level::Error)
        .count();
    let warnings = list.findings.len() - errors;
    let count = list.scenarios.len();
    writeln!(
        out,
        "{count} scenarios, {errors} errors, {warnings} warnings"
    )?;
    Ok(Outcome::of(errors, 0))
}

/// The names of the files in a folder.
fn names(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut names = BTreeSet::new();
    for entry in entries {
        names.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

fn told(file: &Path, document: &Document, finding: &Finding) -> String {
    let place = document.positions.locate(&finding.field);
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let field = match finding.field.as_str() {
        "" => String::new(),
        field => format!(" {field}:"),
    };
    format!(
        "{}:{place}: {level}:{field} {}",
        file.display(),
        finding.message
    )
}

/// At what scenarios are aimed.
struct Targets {
    usual: (String, String),
    others: BTreeMap<String, (String, String)>,
}

impl Targets {
    fn parse(database: &str, others: &[String]) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        for other in others {
            let Some((slug, target)) = other.split_once('=') else {
                bail!("--target {other:?}, expected SCENARIO=KIND/NAME");
            };
            all.insert(slug.to_owned(), subject(target)?);
        }
        Ok(Self {
            usual: subject(database)?,
            others: all,
        })
    }

    fn of(&self, scenario: &Scenario) -> (&str, &str, &str) {
        let (kind, name) = self.others.get(&scenario.slug).unwrap_or(&self.usual);
        let workload = WORKLOADS.contains(&kind.as_str());
        let key = if workload { "workload" } else { "database" };
        (key, kind, name)
    }
}

fn subject(text: &str) -> anyhow::Result<(String, String)> {
    match text.split_once('/') {
        Some((kind, name)) if !kind.is_empty() && !name.is_empty() => {
            Ok((kind.to_owned(), name.to_owned()))
        }
        _ => bail!("{text:?}, expected KIND/NAME"),
    }
}

fn import(
    out: &mut dyn Write,
    file: &Path,
    namespace: &str,
    targets: &Targets,
) -> anyhow::Result<Outcome> {
    let document = document(file)?;
    let list = disaster::read(&document.value, None);
    let unknown = targets
        .others
        .keys()
        .find(|slug| list.scenarios.iter().all(|it| it.slug != **slug));
    if let Some(slug) = unknown {
        bail!("--target names scenario {slug:?}, which is not in the list");
    }
    let mut failed = 0;
    for scenario in list.scenarios.iter().filter(|it| it.enabled) {
        match imported(&list, scenario, (namespace, targets)) {
            Ok(text) => write!(out, "---\n{text}")?,
            Err(why) => {
                failed += 1;
                writeln!(out, "# {}: not imported: {why}", scenario.name)?;
            }
        }
    }
    Ok(Outcome::of(0, failed))
}

/// A scenario as an experiment that would be accepted.
fn imported(
    list: &List,
    scenario: &Scenario,
    (namespace, targets): (&str, &Targets),
) -> Result<String, String> {
    let own = format!("{}.", scenario.field);
    let mut errors = list.findings.iter().filter(|it| it.level == Level::Error);
    if let Some(error) = errors.find(|it| it.field.starts_with(&own)) {
        return Err(format!("{}: {}", error.field, error.message));
    }
    let value = scenario.experiment(namespace, targets.of(scenario));
    let object = Object::new(value.clone()).map_err(|error| error.to_string())?;
    schedule::compiled(&object).map_err(|wrong| wrong.to_string())?;
    serde_saphyr::to_string(&value).map_err(|error| error.to_string())
}

fn coverage(out: &mut dyn Write, file: &Path, experiments: &[String]) -> anyhow::Result<Outcome> {
    let list = disaster::read(&document(file)?.value, None);
    let exercised = exercised(experiments)?;
    let mut scenarios: Vec<&Scenario> = list.scenarios.iter().collect();
    scenarios.sort_by_key(|it| std::cmp::Reverse(it.risk()));
    let mut covered = 0;
    for it in &scenarios {
        let by = exercised.get(&it.slug);
        covered += usize::from(by.is_some());
        let state = match (by, it.enabled) {
            (Some(name), _) => format!("exercised by {name}"),
            (None, true) => "automated by its list, and exercised by nothing here".to_owned(),
            (None, false) => format!("not automated: {}", it.why_not()),
        };
        writeln!(out, "{:>3}  {:<40}  {state}", it.risk(), it.name)?;
    }
    let all = scenarios.len();
    let percent = (covered * 100).checked_div(all).unwrap_or(0);
    let automated = scenarios.iter().filter(|it| it.enabled).count();
    writeln!(
        out,
        "{covered} of {all} scenarios are exercised ({percent} %), {automated} are automated by their list"
    )?;
    Ok(Outcome::Fine)
}

/// The experiments among manifests, by the scenario that they exercise.
fn exercised(paths: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let ours = schedule::experiments(paths)?;
    let named = ours.iter().map(|it| (it.annotation(SCENARIO), it));
    Ok(named
        .filter_map(|(slug, it)| Some((slug?.to_owned(), it.reference())))
        .map(|(slug, reference)| (slug, format!("{}/{}", reference.namespace, reference.name)))
        .collect())
}
