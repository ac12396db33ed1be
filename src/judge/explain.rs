//! A verdict in words: the same lines from `kubectl apply` and from the command line.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Assessment, Court, Decision, Prospect, Suggestion, Verdict};
use crate::blast::{BlastRadius, Impact};
use crate::calendar::duration::format_duration;
use crate::fault::{Action, Aim, Experiment, Fault, Lifetime, Mode, Note, Target};
use crate::inventory::Inventory;
use crate::policy::{Enforcement, Violation};

/// What is said where no policy protects anything.
pub(super) const UNPROTECTED: &str =
    "no BlastRadiusPolicy is in force: nothing is protected, and everything is allowed";

/// Longest warning that the API server passes on uncut, in characters.
const LONGEST_WARNING: usize = 256;

/// How many pods a witness names.
const WITNESSES: usize = 5;

/// What could happen, a line for each database or workload.
pub(super) fn headline(
    experiment: &Experiment,
    blast: &BlastRadius,
    inventory: &Inventory,
) -> Vec<Prospect> {
    // Pods that have finished are of no group that could lose them.
    let counted = |impact: &&Impact| impact.size > 0 || impact.hits > 0;
    let impacts = blast.impacts.iter().filter(counted);
    let prospect = |impact| Prospect {
        sentence: line(experiment, impact, inventory),
        witness: witness(impact, inventory),
    };
    let unknown = blast.unknown.iter();
    let unknown = unknown.map(|unknown| Prospect::from(unknown.what.as_str()));
    let cuts = blast.faults.iter().flat_map(|reach| &reach.cuts);
    let cuts = cuts.map(|cut| Prospect::from(cut.as_str()));
    let lines: Vec<Prospect> = impacts.map(prospect).chain(cuts).chain(unknown).collect();
    if experiment.faults.is_empty() {
        return vec!["it injects nothing".into()];
    }
    match (lines.is_empty(), blast.candidates.is_empty()) {
        (false, _) => lines,
        (true, true) => vec!["it matches no pod now, and stays armed until it ends".into()],
        (true, false) => vec!["it matches only pods that have finished".into()],
    }
}

fn line(experiment: &Experiment, impact: &Impact, inventory: &Inventory) -> String {
    let reaching = impact
        .faults
        .iter()
        .filter_map(|index| experiment.faults.get(*index));
    let faults: Vec<&Fault> = reaching.collect();
    let mut text = format!(
        "it may hit {} of {} pods of {}",
        impact.hits,
        impact.size,
        inventory.group(impact.group)
    );
    if let Some(lifetime) = faults.iter().map(|fault| fault.lifetime).max_by_key(length) {
        let _ = write!(text, " {}", lasting(lifetime));
    }
    if let Some(target) = faults.first().and_then(|fault| target(fault)) {
        let _ = write!(text, " ({})", mode(target.mode));
    }
    text
}

fn witness(impact: &Impact, inventory: &Inventory) -> String {
    let pods = impact.witness.iter().take(WITNESSES);
    let names: Vec<&str> = pods.map(|pod| inventory.pod(*pod).name.as_str()).collect();
    let names = names.join(", ");
    match impact.witness.len().saturating_sub(WITNESSES) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn target(fault: &Fault) -> Option<&Target> {
    match &fault.aim {
        Aim::Pods(target) | Aim::Each { target, .. } | Aim::Cut { from: target, .. } => {
            Some(target)
        }
        Aim::Nodes(_) | Aim::Isolation(_) | Aim::Unknown(_) => None,
    }
}

fn length(lifetime: &Lifetime) -> Duration {
    match lifetime {
        Lifetime::Never | Lifetime::Instant => Duration::ZERO,
        Lifetime::For(duration) => *duration,
        Lifetime::Forever => Duration::MAX,
    }
}

/// How long a fault lasts, a phrase.
pub(crate) fn lasting(lifetime: Lifetime) -> String {
    match lifetime {
        Lifetime::For(duration) => format!("for {}", format_duration(duration)),
        Lifetime::Instant => "once".to_owned(),
        Lifetime::Forever => "without an end".to_owned(),
        Lifetime::Never => "never, since its end has passed".to_owned(),
    }
}

/// How many are drawn, a phrase.
fn mode(mode: Mode) -> String {
    match mode {
        Mode::One => "mode one".to_owned(),
        Mode::All => "mode all".to_owned(),
        Mode::Fixed(count) => format!("mode fixed, value \"{count}\""),
        Mode::Percent(percent) => format!("mode fixed-percent, value \"{percent}\""),
        Mode::UpToPercent(percent) => format!("mode random-max-percent, value \"{percent}\""),
        Mode::AtLeastOne(percent) => format!("{percent} percent, at least one"),
        Mode::Nearest { percent, most } if most < u64::MAX => {
            format!("{percent} percent, at most {most}")
        }
        Mode::Nearest { percent, .. } => format!("{percent} percent, rounded to the nearest"),
    }
}

/// What the author should know, each short enough for the API server.
pub(super) fn warnings(
    assessment: &Assessment,
    verdict: &Verdict,
    court: Court<'_>,
) -> Vec<String> {
    let experiment = &assessment.experiment;
    let mut warnings: Vec<String> = Vec::new();
    if court.policies.is_empty() {
        warnings.push(UNPROTECTED.to_owned());
        warnings.extend(experiment.refusals.iter().map(ToString::to_string));
    }
    warnings.extend(verdict.counting(Enforcement::Warn).map(summary));
    for violation in &verdict.violations {
        if let Some(exemption) = &violation.exempted_by {
            let reason = violation.word();
            warnings.push(format!("{reason} is lifted by Exemption {exemption}"));
        }
    }
    warnings.extend(experiment.notes.iter().map(note));
    warnings.extend(tool_warnings(verdict, court));
    warnings.extend(assessment.doubts(court.inventory));
    warnings.extend(on_the_network_of_a_node(assessment, court.inventory));
    warnings.extend(without_a_grace(assessment, court.inventory));
    if court.inventory.assumed() {
        warnings.push("pods were assumed from manifests, all of them healthy".to_owned());
    }
    warnings.iter().map(|warning| shortened(warning)).collect()
}

impl Assessment {
    /// Why what is known of the databases within reach may be out of date, a sentence each.
    #[must_use]
    pub fn doubts(&self, inventory: &Inventory) -> Vec<String> {
        let reached = self.blast.impacts.iter().map(|impact| impact.group);
        let doubt = |id| {
            let doubt = inventory.group(id).database.as_ref()?.doubt.as_ref()?;
            let name = inventory.group_name(id);
            Some(format!("{name} may not be understood: {doubt}"))
        };
        reached.filter_map(doubt).collect()
    }
}

/// A note as a warning.
pub(super) fn note(note: &Note) -> String {
    shortened(&format!("{}: {}", note.field, note.message))
}

/// The actions that act where a pod has its network.
const NETWORK: &[Action] = &[
    Action::NetworkPartition,
    Action::NetworkDelay,
    Action::NetworkLoss,
    Action::NetworkDuplicate,
    Action::NetworkCorrupt,
    Action::NetworkBandwidth,
];

/// A pod without a network of its own shares the fault with its node.
fn on_the_network_of_a_node(assessment: &Assessment, inventory: &Inventory) -> Option<String> {
    let Assessment { experiment, blast } = assessment;
    let faults = experiment.faults.iter().zip(&blast.faults);
    let reached = faults
        .filter(|(fault, _)| NETWORK.contains(&fault.action))
        .flat_map(|(_, reach)| &reach.candidates);
    let mut pods = reached.map(|id| inventory.pod(*id));
    let pod = pods.find(|pod| pod.host_network)?;
    Some(format!(
        "{}/{} uses the network of its node: the tool refuses it, or disturbs the whole node",
        pod.namespace, pod.name
    ))
}

/// Databases whose operator takes a primary that had no time to stop for one that is still there:
/// API group and kind.
const MISLED: &[(&str, &str)] = &[("postgresql.cnpg.io", "Cluster")];

/// A primary that is killed at once shows nothing of a failover.
fn without_a_grace(assessment: &Assessment, inventory: &Inventory) -> Vec<String> {
    let Assessment { experiment, blast } = assessment;
    let at_once = |index: &usize| {
        let intensity = experiment.faults.get(*index).map(|fault| fault.intensity);
        intensity.is_some_and(|it| it.grace == Some(Duration::ZERO))
    };
    let hit = blast.impacts.iter().filter(|impact| impact.primary);
    let killed = hit.filter(|impact| impact.faults.iter().any(at_once));
    let groups = killed.map(|impact| inventory.group(impact.group));
    let misled = groups.filter(|it| MISLED.contains(&(&it.api_group, &it.kind)));
    misled
        .map(|group| {
            format!(
                "the primary of {group} would be killed without time to stop, which misleads its \
                 operator: a gracePeriod of 1 or more shows a real failover"
            )
        })
        .collect()
}

/// What a tool does next, and its user may not expect.
fn tool_warnings(verdict: &Verdict, court: Court<'_>) -> Option<String> {
    let object = court.request.object.as_ref()?;
    let (kind, name) = object.controller()?;
    let next = match kind {
        "Schedule" => "makes no further run until it is changed",
        "WorkflowNode" => "goes on to the next step, or never ends without a deadline",
        _ => return None,
    };
    let denied = verdict.decision == Decision::Deny;
    denied.then(|| format!("{kind} {name}, whose run this is, {next}"))
}

fn summary(violation: &Violation) -> String {
    format!(
        "{} by {}: {}",
        violation.word(),
        violation.source(),
        violation.message
    )
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_WARNING {
        return text.to_owned();
    }
    let cut: String = text.chars().take(LONGEST_WARNING - 1).collect();
    format!("{cut}…")
}

impl Verdict {
    /// The verdict as people read it: what could happen, then everything that is not kept.
    #[must_use]
    pub fn explain(&self) -> String {
        let word = match self.decision {
            Decision::Allow => "allowed",
            Decision::Warn => "allowed, with warnings",
            Decision::Deny => "denied",
        };
        let mut text = format!("{} is {word}\n", self.subject);
        for line in &self.headline {
            let _ = writeln!(text, "  {}", line.sentence);
            if !line.witness.is_empty() {
                let _ = writeln!(text, "    for example {}", line.witness);
            }
        }
        let shown: Vec<&Violation> = self
            .violations
            .iter()
            .filter(|v| v.exempted_by.is_none())
            .collect();
        if !shown.is_empty() {
            text.push('\n');
        }
        let width = shown.iter().map(|v| v.word().len()).max().unwrap_or(0);
        for violation in shown {
            text.push_str(&paragraph(violation, width));
        }
        if let Some(suggestion) = &self.suggestion {
            let _ = writeln!(text, "\n  {}", suggestion.sentence());
        }
        text
    }
}

fn paragraph(violation: &Violation, width: usize) -> String {
    let source = if violation.policy.is_empty() {
        String::new()
    } else {
        format!("{}: ", violation.source())
    };
    let indent = format!("\n  {:width$}  ", "");
    let message = violation.message.replace('\n', &indent);
    let mut text = format!("  {:width$}  {source}{message}\n", violation.word());
    let place = (!violation.field.is_empty()).then(|| format!("at {}", violation.field));
    let remedy = (!violation.remedy.is_empty()).then(|| violation.remedy.clone());
    let advice: Vec<String> = place.into_iter().chain(remedy).collect();
    if !advice.is_empty() {
        let _ = writeln!(text, "  {:width$}  {}", "", advice.join("; "));
    }
    text
}

impl Suggestion {
    /// The suggestion as people read it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let changes: Vec<String> = self
            .changes
            .iter()
            .map(|change| format!("{}: {}", change.field, change.value))
            .collect();
        format!("it would be allowed with {}", changes.join(", "))
    }
}
