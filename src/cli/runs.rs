//! `firebreak run`, `stop`, `approve` and `status`: runs of sanctioned experiments, on a cluster that carries them
//! out. The commands only write down what is wanted; the leader of the cluster does it.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

use super::Outcome;
use super::live::Live;
use crate::schedule::spec::run::ExperimentRunSpec;
use crate::schedule::spec::status::{ExperimentRunStatus, OutcomeWord, PhaseWord};
use crate::schedule::spec::stop::{EmergencyStop, EmergencyStopSpec};
use crate::schedule::spec::{ExperimentRun, SanctionedExperiment};

/// How often it is looked how far a run is.
const LOOK: Duration = Duration::from_secs(1);
/// How long one request may take.
const WAIT: Duration = Duration::from_secs(30);
/// The emergency stop that `stop --all` makes.
const ALL: &str = "stop-all";

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
pub struct Running {
    /// The SanctionedExperiment
    name: String,
    /// Its namespace
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// Wait until the run is over. Exit 0: passed, 1: failed, 2: aborted, 3: inconclusive, 4: skipped, 5: error
    #[arg(long)]
    wait: bool,
    /// Check everything and choose the targets, and inject nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    live: Live,
}

/// Arguments of `stop`.
#[derive(Debug, Clone, Args)]
pub struct Stopping {
    /// The run
    #[arg(required_unless_present = "all")]
    run: Option<String>,
    /// Its namespace
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// End everything that runs and start nothing any more, by an EmergencyStop
    #[arg(long, conflicts_with = "run")]
    all: bool,
    /// Why, for those who find it stopped
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    live: Live,
}

/// Arguments of `approve`.
#[derive(Debug, Clone, Args)]
pub struct Approving {
    /// The run
    run: String,
    /// Its namespace
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// Who agrees; else whoever the API server says you are
    #[arg(long)]
    by: Option<String>,
    #[command(flatten)]
    live: Live,
}

/// Arguments of `status`.
#[derive(Debug, Clone, Args)]
pub struct Telling {
    /// Only this namespace
    #[arg(short, long)]
    namespace: Option<String>,
    /// Go on and tell what changes
    #[arg(short, long)]
    watch: bool,
    #[command(flatten)]
    live: Live,
}

/// Waits for an answer, not for ever.
async fn ask<T>(request: impl Future<Output = kube::Result<T>>) -> anyhow::Result<T> {
    let answer = tokio::time::timeout(WAIT, request).await;
    let answer = answer.with_context(|| format!("no answer within {WAIT:?}"))?;
    Ok(answer?)
}

impl Running {
    /// Makes a run, and waits for it where that is asked for.
    ///
    /// # Errors
    /// When it cannot be made or read.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        self.live.asking(async |client| {
            let runs: Api<ExperimentRun> = Api::namespaced(client.clone(), &self.namespace);
            let name = self.make(client, &runs).await?;
            writeln!(out, "{}/{name} is made", self.namespace)?;
            if self.wait {
                follow(&runs, &name, out).await
            } else {
                Ok(Outcome::Fine)
            }
        })?
    }

    async fn make(&self, client: Client, runs: &Api<ExperimentRun>) -> anyhow::Result<String> {
        let experiments: Api<SanctionedExperiment> = Api::namespaced(client, &self.namespace);
        let found = ask(experiments.get_opt(&self.name)).await?;
        if found.is_none() {
            bail!(
                "there is no SanctionedExperiment {}/{}",
                self.namespace,
                self.name
            );
        }
        // Those of ticks count minutes, so that no name is that of one of them.
        let name = format!("{}-{}", self.name, Timestamp::now().as_second());
        let spec = ExperimentRunSpec {
            experiment: self.name.clone(),
            dry_run: self.dry_run,
            ..ExperimentRunSpec::default()
        };
        let run = ExperimentRun::new(&name, spec);
        ask(runs.create(&PostParams::default(), &run)).await?;
        Ok(name)
    }
}

/// Tells what happens to a run until it is over.
async fn follow(
    runs: &Api<ExperimentRun>,
    name: &str,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let mut told: Option<Timestamp> = None;
    loop {
        let found = ask(runs.get_opt(name)).await?;
        let Some(run) = found else {
            bail!("{name} is gone");
        };
        let status = run.status.unwrap_or_default();
        for it in &status.timeline {
            if told.is_none_or(|told| it.at.0 > told) {
                writeln!(out, "{}  {:?}  {}", it.at.0, it.phase, it.what)?;
            }
        }
        told = status.timeline.last().map(|it| it.at.0).or(told);
        out.flush()?;
        if status.phase == PhaseWord::Closed {
            writeln!(out, "{}", ended(&status))?;
            return Ok(Outcome::Ended(code(status.outcome)));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// How a run ended, in a line.
fn ended(status: &ExperimentRunStatus) -> String {
    let outcome = status
        .outcome
        .map_or_else(String::new, |it| format!("{it:?}"));
    let reason = status.reason.as_deref().unwrap_or_default();
    let message = status.message.as_deref().unwrap_or_default();
    format!("{outcome} ({reason}): {message}")
}

/// The exit code of an end.
fn code(outcome: Option<OutcomeWord>) -> u8 {
    match outcome {
        Some(OutcomeWord::Passed) => 0,
        Some(OutcomeWord::Failed) => 1,
        Some(OutcomeWord::Aborted) => 2,
        Some(OutcomeWord::Inconclusive) => 3,
        Some(OutcomeWord::Skipped) => 4,
        Some(OutcomeWord::Error) | None => 5,
    }
}

impl Stopping {
    /// Ends a run, or all of them.
    ///
    /// # Errors
    /// When that cannot be written down.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        self.live.asking(async |client| {
            match &self.run {
                Some(run) => self.one(client, run, out).await?,
                None => self.everything(client, out).await?,
            }
            Ok(Outcome::Fine)
        })?
    }

    async fn one(&self, client: Client, name: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        let runs: Api<ExperimentRun> = Api::namespaced(client, &self.namespace);
        let patch = Patch::Merge(json!({"spec": {"abort": true}}));
        ask(runs.patch(name, &PatchParams::default(), &patch)).await?;
        writeln!(out, "{}/{name} is being ended", self.namespace)?;
        Ok(())
    }

    async fn everything(&self, client: Client, out: &mut dyn Write) -> anyhow::Result<()> {
        let stops: Api<EmergencyStop> = Api::all(client);
        let spec = EmergencyStopSpec {
            reason: self.reason.clone(),
            scope: None,
        };
        let stop = EmergencyStop::new(ALL, spec);
        let made = tokio::time::timeout(WAIT, stops.create(&PostParams::default(), &stop)).await;
        match made.with_context(|| format!("no answer within {WAIT:?}"))? {
            Ok(_) => {}
            // Whoever was faster has stopped it.
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error.into()),
        }
        writeln!(
            out,
            "everything is being ended, and nothing starts until `kubectl delete emergencystop {ALL}`"
        )?;
        Ok(())
    }
}

impl Approving {
    /// Agrees to a run.
    ///
    /// # Errors
    /// When that cannot be written down, or nobody can tell who agrees.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        self.live.asking(async |client| {
            let by = match &self.by {
                Some(by) => by.clone(),
                None => whoami(client.clone()).await?,
            };
            let runs: Api<ExperimentRun> = Api::namespaced(client, &self.namespace);
            let patch = Patch::Merge(json!({"spec": {"approvedBy": by}}));
            ask(runs.patch(&self.run, &PatchParams::default(), &patch)).await?;
            writeln!(out, "{}/{} is approved by {by}", self.namespace, self.run)?;
            Ok(Outcome::Fine)
        })?
    }
}

/// Who the API server takes us for.
async fn whoami(client: Client) -> anyhow::Result<String> {
    let reviews: Api<SelfSubjectReview> = Api::all(client);
    let asked = SelfSubjectReview::default();
    let review = ask(reviews.create(&PostParams::default(), &asked)).await;
    let review = review.context("nobody can tell who you are, expected --by")?;
    let user = review.status.and_then(|it| it.user_info);
    let name = user.and_then(|it| it.username);
    name.context("nobody can tell who you are, expected --by")
}

impl Telling {
    /// Tells how far every run is.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        self.live.asking(async |client| {
            let runs: Api<ExperimentRun> = match &self.namespace {
                Some(namespace) => Api::namespaced(client.clone(), namespace),
                None => Api::all(client.clone()),
            };
            let stops: Api<EmergencyStop> = Api::all(client);
            let mut told = BTreeMap::new();
            loop {
                tell(&runs, &stops, (&mut told, out)).await?;
                if !self.watch {
                    return Ok(Outcome::Fine);
                }
                tokio::time::sleep(LOOK).await;
            }
        })?
    }
}

/// Writes a line for each thing that is not as it was told before.
async fn tell(
    runs: &Api<ExperimentRun>,
    stops: &Api<EmergencyStop>,
    (told, out): (&mut BTreeMap<String, String>, &mut dyn Write),
) -> anyhow::Result<()> {
    let all = ListParams::default();
    let mut rows = Vec::new();
    for stop in ask(stops.list(&all)).await? {
        let reason = &stop.spec.reason;
        rows.push((format!("EmergencyStop {}", stop.name_any()), reason.clone()));
    }
    for run in ask(runs.list(&all)).await? {
        let place = run.namespace().unwrap_or_default();
        let status = run.status.clone().unwrap_or_default();
        rows.push((format!("{place}/{}", run.name_any()), row(&status)));
    }
    for (name, row) in rows {
        if told.get(&name) != Some(&row) {
            writeln!(out, "{name}  {row}")?;
            told.insert(name, row);
        }
    }
    out.flush()?;
    Ok(())
}

/// How far a run is, in a line.
fn row(status: &ExperimentRunStatus) -> String {
    let pinned = status.pinned.iter().flatten();
    let targets: Vec<&str> = pinned.map(|it| it.name.as_str()).collect();
    let took = status.recovery.as_ref().and_then(|it| it.took.as_deref());
    let parts = [
        format!("{:?}", status.phase),
        status
            .outcome
            .map_or_else(String::new, |it| format!("{it:?}")),
        status.reason.clone().unwrap_or_default(),
        targets.join(","),
        took.map_or_else(String::new, |it| format!("recovered in {it}")),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_has_an_exit_code_of_its_own() {
        let all = [
            OutcomeWord::Passed,
            OutcomeWord::Failed,
            OutcomeWord::Aborted,
            OutcomeWord::Inconclusive,
            OutcomeWord::Skipped,
            OutcomeWord::Error,
        ];
        let codes = all.map(|it| code(Some(it)));
        assert_eq!(codes, [0, 1, 2, 3, 4, 5]);
        assert_eq!(code(None), 5);
    }

    #[test]
    fn a_run_that_has_just_been_made_is_pending() {
        assert_eq!(row(&ExperimentRunStatus::default()), "Pending");
    }
}
