//! `firebreak plan`: what an experiment would hit. No policy is asked.

use std::fmt::Write as _;
use std::io::Write;

use clap::Args;
use jiff::Timestamp;

use super::inputs::{self, Inputs, Loaded};
use super::offers;
use super::report::{self, Source, VERSION};
use super::report_plan::{self, GroupPlan, Plan, PlanReport, PlanSummary};
use super::{Format, Outcome, closing};
use crate::inventory::Inventory;
use crate::judge::{Verdict, judge};
use crate::policy::PolicySet;
use crate::request::{Request, User};

/// Arguments of `plan`.
#[derive(Debug, Clone, Args)]
pub struct Planning {
    /// Files, directories, or `-` for standard input: YAML, JSON, Lists, Helm output. With --backup they
    /// may be left out where a cluster is given, whose databases are then meant
    #[arg(required_unless_present = "backup")]
    paths: Vec<String>,
    #[command(flatten)]
    inputs: Inputs,
    /// Show which backups databases that are there could be given, each as a patch and as commands of
    /// kubectl. Nothing is changed
    #[arg(long)]
    backup: bool,
    /// BackupDefaults, files or directories, in place of those of the world or of the live cluster
    #[arg(long, requires = "backup")]
    policy: Vec<String>,
    /// How the plans are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Planning {
    /// Measures everything and writes what it would hit.
    ///
    /// # Errors
    /// When the world cannot be read, or the output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let policed = self.backup && self.policy.is_empty();
        let loaded = self.inputs.load(&self.paths, &User::default(), policed)?;
        if self.backup {
            return self.offer(loaded, out);
        }
        let mut summary = PlanSummary {
            failed: loaded.failures.len(),
            skipped: loaded.skipped.len(),
            ..PlanSummary::default()
        };
        let mut results = Vec::new();
        for subject in loaded.subjects {
            summary.read += 1;
            let verdict = measured(&subject.request, &loaded.inventory, loaded.now);
            // What is judged without being measured is a policy, which causes no chaos either.
            let unmeasured = verdict.assessment.is_none() && verdict.warnings.is_empty();
            if verdict.passed.is_some() || unmeasured {
                let why = verdict.passed.unwrap_or("no chaos object");
                report::pass(&mut summary.not_judged, why, &verdict.subject.kind);
            } else {
                let plan = plan(subject.source, &verdict, &loaded.inventory);
                summary.count(&plan);
                results.push(plan);
            }
        }
        let report = PlanReport {
            version: VERSION,
            results,
            skipped: loaded.skipped,
            failures: loaded.failures,
            summary,
        };
        match self.format {
            Format::Text => text(out, &report)?,
            Format::Json => report::write(out, &report)?,
        }
        Ok(Outcome::of(0, report.summary.failed))
    }

    fn offer(&self, mut loaded: Loaded, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let rules = inputs::policies(&self.policy, std::mem::take(&mut loaded.permitted))?;
        let offers = loaded.backups(&rules, offers::offer)?;
        let failed = loaded.failures.len();
        offers::write(out, (offers, loaded), self.format)?;
        Ok(Outcome::of(0, failed))
    }
}

/// What the judge reads and measures; without a policy it has nothing to object to.
fn measured(request: &Request, inventory: &Inventory, now: Timestamp) -> Verdict {
    judge(inventory, &PolicySet::default(), request, now)
}

fn plan(source: Source, verdict: &Verdict, inventory: &Inventory) -> Plan {
    if let Some(found) = &verdict.assessment {
        return report_plan::plan(source, found, inventory);
    }
    let problem = verdict.warnings.first();
    let problem = problem.map_or("unreadable", String::as_str);
    report_plan::unreadable(source, &verdict.subject, problem)
}

fn text(out: &mut dyn Write, report: &PlanReport) -> anyhow::Result<()> {
    for plan in &report.results {
        writeln!(out, "{}", describe(plan))?;
    }
    closing::left_aside(out, &report.skipped, &report.failures)?;
    let summary = &report.summary;
    closing::not_judged(out, "not measured", &summary.not_judged)?;
    let line = closing::counts(
        summary.read,
        &[(summary.measured, "measured")],
        &[
            (closing::total(&summary.not_judged), "not measured"),
            (summary.skipped, "no object"),
            (summary.failed, "unreadable"),
        ],
    );
    writeln!(out, "{line}")?;
    Ok(())
}

/// What happens to one database or workload.
fn describe_group(text: &mut String, group: &GroupPlan) {
    let _ = writeln!(
        text,
        "  {} {}/{}{}: hits {} of {}, {} of {} healthy left{}{}",
        group.kind,
        group.namespace,
        group.name,
        group
            .unit
            .as_ref()
            .map_or_else(String::new, |unit| format!(" ({unit})")),
        group.hits,
        group.size,
        group.remaining,
        group.healthy,
        if group.primary_at_risk {
            ", primary at risk"
        } else {
            ""
        },
        if group.quorum_kept == Some(false) {
            ", quorum lost"
        } else {
            ""
        },
    );
    if let (Some(engine), Some(reason)) = (&group.engine, &group.recognised_by) {
        let _ = writeln!(text, "    {engine}, recognised by {reason}");
        let backup = group.backup.as_deref().unwrap_or("not known");
        let restored = group.restored.as_deref().unwrap_or("not known");
        let _ = writeln!(text, "    last backup {backup}, last restore {restored}");
    }
}

fn describe(plan: &Plan) -> String {
    let object = &plan.object;
    let mut text = format!(
        "{}:{}: {} {}/{}\n",
        plan.source.file, plan.source.line, object.kind, object.namespace, object.name
    );
    for problem in &plan.unreadable {
        let _ = writeln!(text, "  {problem}");
    }
    if !plan.actions.is_empty() {
        let duration = plan.duration.as_deref().unwrap_or("without an end");
        let _ = writeln!(
            text,
            "  {} ({}), {duration}",
            plan.actions.join(", "),
            plan.effects.join(", ")
        );
    }
    for group in &plan.groups {
        describe_group(&mut text, group);
    }
    if plan.groups.is_empty() && plan.nodes.is_empty() && plan.unreadable.is_empty() {
        text.push_str("  it matches no pod now, and stays armed until it ends\n");
    }
    let lists = [
        ("candidates", &plan.pods),
        ("nodes", &plan.nodes),
        ("for example", &plan.witness),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        let _ = writeln!(text, "  {name}: {}", list.join(", "));
    }
    for warning in &plan.warnings {
        let _ = writeln!(text, "  warning: {warning}");
    }
    text
}
