//! `firebreak rules`: expressions of rules, tried by hand.

use std::io::Write;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::inputs::{self, world};
use super::manifests::Reader;
use super::{Outcome, report};
use crate::blast;
use crate::fault;
use crate::inventory::Inventory;
use crate::object::Object;
use crate::policy::rules::{Facts, Known, ask};
use crate::request::{Operation, Request, User};

/// Arguments of `rules`.
#[derive(Debug, Clone, Args)]
pub struct RulesCommand {
    #[command(subcommand)]
    command: RulesTask,
}

#[derive(Debug, Clone, Subcommand)]
enum RulesTask {
    /// Print what an expression gives for an object, as JSON
    Eval(Eval),
}

/// Arguments of `rules eval`.
#[derive(Debug, Clone, Args)]
struct Eval {
    /// The expression, as it stands in a policy
    expression: String,
    /// The object, or an AdmissionReview of it: a file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    object: String,
    /// The object before, for an update
    #[arg(long, value_name = "FILE")]
    old: Option<String>,
    /// The cluster: files or directories of `kubectl get -o yaml`. Without it `blast` and
    /// `namespaceObject` are not known, and an expression that reads them errs
    #[arg(long)]
    world: Vec<String>,
    /// Who would submit the object
    #[arg(long, value_name = "NAME", default_value = "")]
    user: String,
    /// Groups of that user
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Namespace of objects that name none
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// The instant of the judgement, RFC 3339; now by default
    #[arg(long)]
    now: Option<Timestamp>,
}

impl RulesCommand {
    /// Runs the task.
    ///
    /// # Errors
    /// When an input cannot be read, or the expression has no value.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match &self.command {
            RulesTask::Eval(eval) => eval.run(out),
        }
    }
}

impl Eval {
    fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let reader = Reader {
            namespace: &self.namespace,
            ..Reader::default()
        };
        let inventory = match self.world.as_slice() {
            [] => Inventory::unlisted("no world is given; `--world` names one"),
            paths => world(&reader, paths)?,
        };
        let request = self.request(&reader)?;
        let now = self.now.unwrap_or_else(Timestamp::now);
        let experiment = experiment(&request, &inventory);
        let experiment = experiment.as_ref().map_err(Clone::clone);
        let blast = match (inventory.unavailable(), &experiment) {
            (Some(why), _) => Err(why.to_owned()),
            (None, Ok(experiment)) => Ok(blast::measure(experiment, &inventory)),
            (None, Err(why)) => Err(why.clone()),
        };
        let blast = blast.as_ref().map_err(Clone::clone);
        let facts = Facts::new((&request, &inventory, now), experiment, blast);
        let value = ask(&self.expression, &facts).map_err(anyhow::Error::msg)?;
        report::write(out, &value)?;
        Ok(Outcome::Fine)
    }

    fn request(&self, reader: &Reader<'_>) -> anyhow::Result<Request> {
        let user = User {
            groups: self.groups.clone(),
            ..User::named(&self.user)
        };
        let request = inputs::request(one(reader, &self.object)?, &user)?;
        let Some(old) = &self.old else {
            return Ok(request);
        };
        Ok(Request {
            operation: Operation::Update,
            old_object: Some(one(reader, old)?),
            ..request
        })
    }
}

/// The one object of a file.
fn one(reader: &Reader<'_>, path: &str) -> anyhow::Result<Object> {
    let paths = [path.to_owned()];
    let reading = reader.read(&paths, &mut std::io::stdin().lock());
    if let Some(failure) = reading.failures.first() {
        bail!("{failure}");
    }
    let count = reading.manifests.len();
    let mut manifests = reading.manifests.into_iter();
    let first = manifests.next().filter(|_| count == 1);
    let object = first.map(|manifest| manifest.object);
    object.with_context(|| format!("{path}: {count} objects, expected one"))
}

/// What the request would do, or why that is not known.
fn experiment(request: &Request, inventory: &Inventory) -> Known<fault::Experiment> {
    let object = request.object.as_ref().or(request.old_object.as_ref());
    let object = object.ok_or_else(|| "there is no object".to_owned())?;
    let reading = match &request.object {
        Some(object) => fault::read(object, inventory.surroundings()),
        None => fault::read_removal(object, request.grace),
    };
    let experiment = reading.map_err(|problem| problem.to_string())?;
    experiment.ok_or_else(|| format!("{} is no chaos object", object.reference()))
}
