//! `firebreak check`: the verdicts of the webhook, on files.

use std::io::Write;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::backups::{self, Answer};
use super::inputs::{self, Inputs, Loaded, Rules};
use super::report::{self, CheckReport, Source, Summary, VERSION};
use super::style::Paint;
use super::{Outcome, closing};
use crate::judge::{Verdict, judge};
use crate::policy::PolicySet;
use crate::request::User;

/// Arguments of `check`.
#[derive(Debug, Clone, Args)]
pub struct Check {
    /// Files, directories, or `-` for standard input: YAML, JSON, Lists, Helm output
    #[arg(required = true)]
    paths: Vec<String>,
    #[command(flatten)]
    inputs: Inputs,
    /// Policies and exemptions, files or directories, in place of those of the world or of the live
    /// cluster. Without it those apply, and where there are none, the shipped default
    #[arg(long)]
    policy: Vec<String>,
    /// Who would submit the objects, for rules about accounts; --read-as says who reads the cluster
    #[arg(long = "as", value_name = "USER", default_value = "")]
    user: String,
    /// Groups of that user
    #[arg(long = "as-group", value_name = "GROUP")]
    groups: Vec<String>,
    /// How the verdicts are written
    #[arg(
        long,
        short = 'o',
        visible_alias = "output",
        value_enum,
        default_value_t
    )]
    format: Written,
}

/// How verdicts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Written {
    /// For people.
    #[default]
    Text,
    /// For machines; the shape is versioned.
    Json,
    /// For people, with the backups that databases get as a diff of each.
    Diff,
}

/// A verdict and where its object stands.
struct Judged {
    source: Source,
    verdict: Verdict,
}

impl Check {
    /// Judges everything and writes the verdicts.
    ///
    /// # Errors
    /// When the world or a policy cannot be read, or the output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let user = User {
            name: self.user.clone(),
            groups: self.groups.clone(),
            ..User::default()
        };
        let policed = self.policy.is_empty();
        let mut loaded = self.inputs.load(&self.paths, &user, policed)?;
        let rules = inputs::policies(&self.policy, std::mem::take(&mut loaded.permitted))?;
        let answers = loaded.backups(&rules, backups::answer)?;
        let judged = judge_all(&mut loaded, &rules.set);
        let summary = summary(&judged, &loaded);
        let outcome = Outcome::of(summary.denied, summary.failed);
        let session = Session {
            judged,
            answers,
            loaded,
            rules,
            summary,
        };
        match self.format {
            Written::Text | Written::Diff => session.text(out, self.format)?,
            Written::Json => session.json(out)?,
        }
        Ok(outcome)
    }
}

fn judge_all(loaded: &mut Loaded, policies: &PolicySet) -> Vec<Judged> {
    let bar = progress(loaded.subjects.len());
    let subjects = std::mem::take(&mut loaded.subjects).into_iter();
    let judged = subjects.map(|subject| {
        bar.inc(1);
        let verdict = judge(&loaded.inventory, policies, &subject.request, loaded.now);
        let source = subject.source;
        Judged { source, verdict }
    });
    let judged = judged.collect();
    bar.finish_and_clear();
    judged
}

/// A bar on a terminal's standard error, drawn only when judging takes long.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    let style = ProgressStyle::with_template("{pos} of {len} objects judged {wide_bar}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

fn summary(judged: &[Judged], loaded: &Loaded) -> Summary {
    let mut summary = Summary {
        failed: loaded.failures.len(),
        skipped: loaded.skipped.len(),
        ..Summary::default()
    };
    for Judged { verdict, .. } in judged {
        summary.count(verdict);
    }
    summary
}

/// Everything that is written about one call.
struct Session {
    judged: Vec<Judged>,
    answers: Vec<Answer>,
    loaded: Loaded,
    rules: Rules,
    summary: Summary,
}

impl Session {
    fn policies(&self) -> Vec<String> {
        let policies = self.rules.set.policies().iter();
        policies.map(|policy| policy.name.clone()).collect()
    }

    fn json(self, out: &mut dyn Write) -> anyhow::Result<()> {
        let policies = self.policies();
        let assumed = self.loaded.inventory.assumed();
        let chaos = self.judged.into_iter();
        let results = chaos
            .filter(|judged| judged.verdict.passed.is_none())
            .map(|judged| report::result(judged.source, &judged.verdict, assumed))
            .collect();
        let report = CheckReport {
            version: VERSION,
            policies,
            policies_from: self.rules.origin,
            results,
            unprotected: self
                .answers
                .iter()
                .filter_map(Answer::unprotected)
                .collect(),
            skipped: self.loaded.skipped,
            failures: self.loaded.failures,
            summary: self.summary,
        };
        report::write(out, &report)
    }

    fn text(&self, out: &mut dyn Write, written: Written) -> anyhow::Result<()> {
        for judged in &self.judged {
            if judged.verdict.passed.is_none() {
                judged.text(out)?;
            }
        }
        if written == Written::Diff {
            for answer in &self.answers {
                answer.diff(out)?;
            }
        } else {
            backups::notices(out, &self.answers)?;
        }
        closing::left_aside(out, &self.loaded.skipped, &self.loaded.failures)?;
        let policies = closing::policies(&self.policies(), self.rules.origin);
        writeln!(out, "{policies}")?;
        closing::not_judged(out, "not judged", &self.summary.not_judged)?;
        writeln!(out, "{}", counts(&self.summary))?;
        Ok(())
    }
}

impl Judged {
    fn text(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let (Source { file, line }, verdict) = (&self.source, &self.verdict);
        let text = verdict.explain();
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let first = Paint::decision(verdict.decision, first);
        writeln!(out, "{file}:{line}: {first}\n{rest}")?;
        for warning in &verdict.warnings {
            writeln!(out, "  {}", Paint::warning(&format!("warning: {warning}")))?;
        }
        if !verdict.warnings.is_empty() {
            writeln!(out)?;
        }
        Ok(())
    }
}

fn counts(summary: &Summary) -> String {
    let unreadable = format!("denied ({} of them not understood)", summary.unreadable);
    let denied = match summary.unreadable {
        0 => "denied",
        _ => &unreadable,
    };
    closing::counts(
        summary.read,
        &[
            (summary.denied, denied),
            (summary.warned, "with warnings"),
            (summary.allowed, "allowed"),
        ],
        &[
            (closing::total(&summary.not_judged), "not judged"),
            (summary.skipped, "no object"),
            (summary.failed, "unreadable"),
        ],
    )
}
