//! `firebreak check`: the verdicts of the webhook, on files.

use std::io::Write;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::inputs::{self, Inputs, Loaded, Subject};
use super::report::{self, CheckReport, Failure, Summary, VERSION};
use super::style::Paint;
use super::{Format, Outcome};
use crate::judge::{Verdict, judge};
use crate::policy::PolicySet;
use crate::request::User;

/// Arguments of `check`.
#[derive(Debug, Clone, Args)]
pub struct Check {
    #[command(flatten)]
    inputs: Inputs,
    /// Policies and exemptions, files or directories. Without it those of the world apply, and
    /// where there are none, the shipped default
    #[arg(long)]
    policy: Vec<String>,
    /// Who would submit the objects, for rules about accounts
    #[arg(long = "as", value_name = "USER", default_value = "")]
    user: String,
    /// Groups of that user
    #[arg(long = "as-group", value_name = "GROUP")]
    groups: Vec<String>,
    /// How the verdicts are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A verdict and where its object stands.
struct Judged {
    subject: Subject,
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
        };
        let mut loaded = self.inputs.load(&user)?;
        let policies = inputs::policies(&self.policy, &loaded.policies)?;
        let failures = std::mem::take(&mut loaded.failures);
        let assumed = loaded.inventory.assumed();
        let judged = judge_all(loaded, &policies);
        let summary = summary(&judged, &failures);
        let outcome = Outcome::of(summary.denied, summary.failed);
        match self.format {
            Format::Text => text(out, &judged, &failures, &summary)?,
            Format::Json => json(out, judged, failures, (summary, assumed))?,
        }
        Ok(outcome)
    }
}

fn judge_all(loaded: Loaded, policies: &PolicySet) -> Vec<Judged> {
    let bar = progress(loaded.subjects.len());
    let Loaded {
        subjects,
        inventory,
        now,
        ..
    } = loaded;
    let judged = subjects.into_iter().map(|subject| {
        bar.inc(1);
        let verdict = judge(&inventory, policies, &subject.request, now);
        Judged { subject, verdict }
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

fn summary(judged: &[Judged], failures: &[Failure]) -> Summary {
    let mut summary = Summary {
        failed: failures.len(),
        ..Summary::default()
    };
    for Judged { verdict, .. } in judged {
        if verdict.passed.is_some() {
            *summary
                .not_chaos
                .entry(verdict.subject.kind.clone())
                .or_default() += 1;
        } else {
            summary.count(verdict.decision);
        }
    }
    summary
}

fn json(
    out: &mut dyn Write,
    judged: Vec<Judged>,
    failures: Vec<Failure>,
    (summary, assumed): (Summary, bool),
) -> anyhow::Result<()> {
    let chaos = judged
        .into_iter()
        .filter(|judged| judged.verdict.passed.is_none());
    let results = chaos
        .map(|judged| report::result(judged.subject.source, &judged.verdict, assumed))
        .collect();
    let report = CheckReport {
        version: VERSION,
        results,
        failures,
        summary,
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    writeln!(out)?;
    Ok(())
}

fn text(
    out: &mut dyn Write,
    judged: &[Judged],
    failures: &[Failure],
    summary: &Summary,
) -> anyhow::Result<()> {
    for Judged { subject, verdict } in judged {
        if verdict.passed.is_none() {
            let source = &subject.source;
            let text = verdict.explain();
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            writeln!(
                out,
                "{}:{}: {}\n{rest}",
                source.file,
                source.line,
                Paint::decision(verdict.decision, first)
            )?;
            for warning in &verdict.warnings {
                writeln!(out, "  {}", Paint::warning(&format!("warning: {warning}")))?;
            }
            if !verdict.warnings.is_empty() {
                writeln!(out)?;
            }
        }
    }
    for failure in failures {
        writeln!(out, "{}", Paint::failure(&failure.to_string()))?;
    }
    writeln!(out, "{}", closing(summary))?;
    Ok(())
}

/// The counts in one line, with the kinds that were not judged.
fn closing(summary: &Summary) -> String {
    let mut parts = vec![
        format!("{} denied", summary.denied),
        format!("{} with warnings", summary.warned),
        format!("{} allowed", summary.allowed),
    ];
    if summary.failed > 0 {
        parts.push(format!("{} unreadable", summary.failed));
    }
    if !summary.not_chaos.is_empty() {
        let kinds: Vec<String> = summary
            .not_chaos
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        let total: usize = summary.not_chaos.values().sum();
        parts.push(format!("{total} not chaos ({})", kinds.join(", ")));
    }
    parts.join(", ")
}
