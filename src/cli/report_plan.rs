//! What experiments would hit, as the command line writes it for machines. These shapes are a
//! promise too.

use serde::Serialize;

use super::report::{Failure, Named, NotJudged, Source};
use crate::inventory::{Backup, Inventory, PodId};
use crate::judge::Assessment;
use crate::object::ObjectRef;

/// What `plan --format json` writes.
#[derive(Debug, Serialize)]
pub struct PlanReport {
    /// Version of this shape.
    pub version: &'static str,
    /// One plan a chaos object, in order of file and line.
    pub results: Vec<Plan>,
    /// Documents in directories that are no Kubernetes objects, and were not measured.
    pub skipped: Vec<Source>,
    /// Inputs that could not be read.
    pub failures: Vec<Failure>,
    /// Counts.
    pub summary: PlanSummary,
}

/// Counts over all inputs of `plan`.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanSummary {
    /// Objects read: all that were measured and all that were not.
    pub read: usize,
    /// Chaos objects measured.
    pub measured: usize,
    /// Chaos objects that cannot be read or resolved, and inputs that could not be read.
    pub failed: usize,
    /// Documents in directories that are no Kubernetes objects.
    pub skipped: usize,
    /// Objects that were not measured, by reason and kind.
    pub not_judged: NotJudged,
}

/// What one object would hit.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Where it stands.
    pub source: Source,
    /// What it is.
    pub object: Named,
    /// Each database or workload it can reach, in the worst case.
    pub groups: Vec<GroupPlan>,
    /// Every candidate pod, `namespace/name`.
    pub pods: Vec<String>,
    /// Every candidate node.
    pub nodes: Vec<String>,
    /// How long: `5m`, `once`, or `null` without an end.
    pub duration: Option<String>,
    /// Effect classes.
    pub effects: Vec<&'static str>,
    /// Actions.
    pub actions: Vec<&'static str>,
    /// The pods of one worst draw.
    pub witness: Vec<String>,
    /// What cannot be read or resolved, a sentence each.
    pub unreadable: Vec<String>,
    /// What the author should know.
    pub warnings: Vec<String>,
    /// Whether pods were assumed from manifests.
    pub assumed: bool,
}

/// The worst case for one database or workload.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupPlan {
    /// Kind.
    pub kind: String,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The part of the resource it is, such as a replica set; `null` where the resource is one
    /// database.
    pub unit: Option<String>,
    /// Which database it is; `null` for a workload.
    pub engine: Option<String>,
    /// Why it was taken for a database; `null` for a workload.
    pub recognised_by: Option<String>,
    /// When its newest backup finished; `null` where there is none or it cannot be told.
    pub backup: Option<String>,
    /// When its backups were last restored, in place or into a new database (then when that one was made); `null` where nothing tells of a restore.
    pub restored: Option<String>,
    /// Members it should have.
    pub size: u32,
    /// Members healthy now.
    pub healthy: u32,
    /// The most members hit at once.
    pub hits: u32,
    /// The fewest healthy members left.
    pub remaining: u32,
    /// Whether a member that may be writing can be hit.
    pub primary_at_risk: bool,
    /// Whether it keeps the members it needs; `null` where it needs none in particular.
    pub quorum_kept: Option<bool>,
}

impl PlanSummary {
    /// Counts a plan. One that hits nothing known but something unknown is no plan.
    pub fn count(&mut self, plan: &Plan) {
        if plan.groups.is_empty() && !plan.unreadable.is_empty() {
            self.failed += 1;
        } else {
            self.measured += 1;
        }
    }
}

/// The plan for one object that was read and measured.
#[must_use]
pub fn plan(source: Source, found: &Assessment, inventory: &Inventory) -> Plan {
    let (experiment, blast) = (&found.experiment, &found.blast);
    let names = |pods: &[PodId]| pods.iter().map(|pod| pod_name(inventory, *pod)).collect();
    let faults = &experiment.faults;
    let nodes = blast.faults.iter().flat_map(|fault| &fault.nodes);
    let refused = experiment.refusals.iter().map(ToString::to_string);
    let notes = experiment.notes.iter();
    let notes = notes.map(|note| format!("{}: {}", note.field, note.message));
    let unknown = blast.unknown.iter().map(|unknown| unknown.what.clone());
    Plan {
        source,
        object: Named::from(&experiment.object),
        groups: blast
            .impacts
            .iter()
            .map(|impact| group(impact, inventory))
            .collect(),
        pods: names(&blast.candidates),
        nodes: sorted(
            nodes
                .map(|node| inventory.node(*node).name.to_string())
                .collect(),
        ),
        duration: blast.lifetime.and_then(duration),
        effects: sorted(faults.iter().map(|fault| fault.effect.name()).collect()),
        actions: sorted(faults.iter().map(|fault| fault.action.name()).collect()),
        witness: names(&blast.witness),
        unreadable: refused.chain(unknown).collect(),
        warnings: notes.chain(found.doubts(inventory)).collect(),
        assumed: inventory.assumed(),
    }
}

/// The plan for an object that cannot be read.
#[must_use]
pub fn unreadable(source: Source, object: &ObjectRef, problem: &str) -> Plan {
    Plan {
        source,
        object: Named::from(object),
        groups: Vec::new(),
        pods: Vec::new(),
        nodes: Vec::new(),
        duration: None,
        effects: Vec::new(),
        actions: Vec::new(),
        witness: Vec::new(),
        unreadable: vec![problem.to_owned()],
        warnings: Vec::new(),
        assumed: false,
    }
}

fn group(impact: &crate::blast::Impact, inventory: &Inventory) -> GroupPlan {
    let group = inventory.group(impact.group);
    let database = group.database.as_ref();
    GroupPlan {
        kind: group.kind.to_string(),
        namespace: group.namespace.to_string(),
        name: group.name.to_string(),
        unit: Some(group.unit.to_string()).filter(|unit| !unit.is_empty()),
        engine: database.map(|it| it.engine.clone()),
        recognised_by: database.map(|it| it.recognised_by.clone()),
        backup: database.and_then(|it| finished(&it.backup)),
        restored: database.and_then(|it| it.restored).map(|at| at.to_string()),
        size: impact.size,
        healthy: impact.healthy,
        hits: impact.hits,
        remaining: impact.remaining,
        primary_at_risk: impact.primary,
        quorum_kept: impact.quorum_kept,
    }
}

fn finished(backup: &Backup) -> Option<String> {
    match backup {
        Backup::At(at) => Some(at.to_string()),
        Backup::Never | Backup::Unknown(_) => None,
    }
}

/// `namespace/name` of a pod.
#[must_use]
pub fn pod_name(inventory: &Inventory, pod: PodId) -> String {
    let pod = inventory.pod(pod);
    format!("{}/{}", pod.namespace, pod.name)
}

fn duration(lifetime: crate::fault::Lifetime) -> Option<String> {
    use crate::fault::Lifetime;
    match lifetime {
        Lifetime::For(duration) => Some(crate::calendar::duration::format_duration(duration)),
        Lifetime::Instant => Some("once".to_owned()),
        Lifetime::Never => Some("0s".to_owned()),
        Lifetime::Forever => None,
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
