//! `firebreak plan`: what an experiment would hit. No policy is asked.

use std::fmt::Write as _;
use std::io::Write;

use clap::Args;

use super::inputs::{Inputs, Subject};
use super::report::{self, Plan, PlanReport, VERSION};
use super::style::Paint;
use super::{Format, Outcome};
use crate::inventory::Inventory;
use crate::judge::{Verdict, judge};
use crate::policy::PolicySet;
use crate::request::User;

/// Arguments of `plan`.
#[derive(Debug, Clone, Args)]
pub struct Planning {
    #[command(flatten)]
    inputs: Inputs,
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
        let loaded = self.inputs.load(&User::default())?;
        let plan = |subject| plan(subject, &loaded.inventory, loaded.now);
        let results: Vec<Plan> = loaded.subjects.into_iter().filter_map(plan).collect();
        let failed = loaded.failures.len();
        let unreadable = results
            .iter()
            .filter(|plan| plan.groups.is_empty() && !plan.unreadable.is_empty());
        let outcome = Outcome::of(0, failed + unreadable.count());
        let report = PlanReport {
            version: VERSION,
            results,
            failures: loaded.failures,
        };
        match self.format {
            Format::Text => text(out, &report)?,
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, &report)?;
                writeln!(out)?;
            }
        }
        Ok(outcome)
    }
}

fn plan(subject: Subject, inventory: &Inventory, now: jiff::Timestamp) -> Option<Plan> {
    let verdict: Verdict = judge(inventory, &PolicySet::default(), &subject.request, now);
    if verdict.passed.is_some() {
        return None;
    }
    let Some(found) = &verdict.assessment else {
        let problem = verdict
            .warnings
            .first()
            .map_or("unreadable", String::as_str);
        return Some(report::unreadable(
            subject.source,
            &verdict.subject,
            problem,
        ));
    };
    Some(report::plan(subject.source, found, inventory))
}

fn text(out: &mut dyn Write, report: &PlanReport) -> anyhow::Result<()> {
    for plan in &report.results {
        writeln!(out, "{}", describe(plan))?;
    }
    for failure in &report.failures {
        writeln!(out, "{}", Paint::failure(&failure.to_string()))?;
    }
    Ok(())
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
        let _ = writeln!(
            text,
            "  {} {}/{}: hits {} of {}, {} of {} healthy left{}{}",
            group.kind,
            group.namespace,
            group.name,
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
