//! Workflow: templates that start each other. What may be live at once is bounded by everything
//! that can be reached from the entry.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::kinds::Kind;
use super::lint;
use super::schedule::{schedule, times};
use super::site::{Found, Site, duration_at, namespace};
use crate::fault::{Fault, Lifetime, Overlap, Reading, Unreadable};
use crate::object::{Field, Object};

/// The most steps a Workflow may expand to.
const MOST_STEPS: usize = 1_000;

/// The kinds of template that are no experiment.
const STEPS: &str = "Task, Serial, Parallel, Suspend, Schedule, StatusCheck";

/// The templates of a Workflow.
struct Templates<'a> {
    fields: Vec<Field<'a>>,
    by_name: BTreeMap<&'a str, usize>,
}

/// How a template is reached.
#[derive(Default)]
struct Reach {
    visits: u32,
    /// The longest that a visit may last; `None` where one has no end.
    end: Option<Duration>,
}

/// Reads a Workflow.
pub(in crate::fault) fn read(object: &Object) -> Reading {
    let mut found = Found::default();
    expand(&object.spec(), namespace(object), &mut found)?;
    lint::last_applied(object, &mut found);
    Ok(Some(found.experiment(object)))
}

/// Reads the spec of a Workflow and tells how long all of it may last.
pub(super) fn expand(
    spec: &Field<'_>,
    namespace: Option<&str>,
    found: &mut Found,
) -> Result<Lifetime, Unreadable> {
    let templates = Templates::read(&spec.get("templates"))?;
    let entry = templates.named(&spec.get("entry"))?;
    let (reached, span) = templates.reach(entry)?;
    let before = found.faults.len();
    for (index, field) in templates.fields.iter().enumerate() {
        match reached.get(&index) {
            None => found.note(field.path(), aside(field, namespace)),
            Some(reach) => {
                let first = found.faults.len();
                step(field, "templateType", namespace, found)?;
                for fault in found.faults.iter_mut().skip(first) {
                    reach.bound(fault);
                }
                note_endless_kill(field, reach, found);
            }
        }
    }
    if found.faults.len() > before {
        for index in reached.keys() {
            note_neighbours(&templates.fields[*index], found)?;
        }
    }
    Ok(span)
}

/// Reads what one template, or the node of one, does by itself. `type_key` holds its type.
pub(super) fn step(
    field: &Field<'_>,
    type_key: &str,
    namespace: Option<&str>,
    found: &mut Found,
) -> Result<(), Unreadable> {
    let kind = field.get(type_key);
    match kind.required_text()? {
        "Serial" | "Parallel" | "StatusCheck" => Ok(()),
        "Suspend" => field.get("deadline").required_text().map(|_| ()),
        "Task" => {
            found.faults.push(task(field));
            Ok(())
        }
        "Schedule" => nested_schedule(&field.get("schedule"), namespace, found),
        name => {
            let accepted = || kind.unreadable(format!("one of {STEPS}, {}", Kind::names()));
            let kind = Kind::named(name).ok_or_else(accepted)?;
            experiment(kind, field, namespace, found)
        }
    }
}

fn experiment(
    kind: &'static Kind,
    field: &Field<'_>,
    namespace: Option<&str>,
    found: &mut Found,
) -> Result<(), Unreadable> {
    let spec = field.get(kind.embed);
    let duration = spec.get("duration");
    if duration.is_set() {
        return Err(duration
            .unreadable("no duration: inside a Workflow the deadline of the template ends it"));
    }
    lint::unused_specs(field, kind.embed, found);
    let first = found.faults.len();
    Site::new(kind, spec, namespace)?.read(found)?;
    for fault in found.faults.iter_mut().skip(first) {
        field
            .get("deadline")
            .path()
            .clone_into(&mut fault.duration_field);
    }
    Ok(())
}

/// What a template would do that nothing starts, as the templates are now.
fn aside(field: &Field<'_>, namespace: Option<&str>) -> String {
    let mut found = Found::default();
    if let Err(problem) = step(field, "templateType", namespace, &mut found) {
        return format!("not reachable from the entry, and not readable: {problem}");
    }
    let actions: BTreeSet<&str> = found.faults.iter().map(|it| it.action.name()).collect();
    let actions: Vec<&str> = actions.into_iter().collect();
    match actions.as_slice() {
        [] => "not reachable from the entry".to_owned(),
        actions => format!(
            "not reachable from the entry, so not judged: it would cause {}",
            actions.join(", ")
        ),
    }
}

/// Steps that follow each other overlap.
fn note_neighbours(field: &Field<'_>, found: &mut Found) -> Result<(), Unreadable> {
    let children = field.get("children");
    let serial = field.get("templateType").text()? == Some("Serial");
    if serial && children.items()?.len() > 1 {
        found.note(
            children.path(),
            "a step begins while the one before it recovers, so all of them count together",
        );
    }
    Ok(())
}

/// A kill does not end the step that makes it.
fn note_endless_kill(field: &Field<'_>, reach: &Reach, found: &mut Found) {
    let kills = |fault: &Fault| fault.lifetime == Lifetime::Instant;
    if reach.end.is_none() && found.faults.last().is_some_and(kills) {
        found.note(
            field.get("deadline").path(),
            "without a deadline this step never ends, and what comes after never begins",
        );
    }
}

fn nested_schedule(
    spec: &Field<'_>,
    namespace: Option<&str>,
    found: &mut Found,
) -> Result<(), Unreadable> {
    let kind = spec.get("type");
    match kind.required_text()? {
        "Workflow" => return Err(kind.unreadable("an experiment kind: a Workflow may not nest")),
        "AzureChaos" | "BlockChaos" => found.note(
            kind.path(),
            "Chaos Mesh 2.8 loses the spec of this kind here, so that it cannot work",
        ),
        _ => {}
    }
    if !spec.get("concurrencyPolicy").is_set() {
        found.note(
            spec.get("concurrencyPolicy").path(),
            "missing, and not defaulted here: the Schedule is refused when the step begins",
        );
    }
    schedule(spec, namespace, found)
}

/// A pod of the author's choice, and what it may do.
fn task(field: &Field<'_>) -> Fault {
    let what = "it runs a container of its author's choice";
    Fault {
        duration_field: field.get("deadline").path().to_owned(),
        ..Fault::untold(field.get("task").path(), what)
    }
}

impl Reach {
    fn visit(&mut self, end: Option<Duration>) {
        self.end = match (self.visits, self.end, end) {
            (0, _, end) => end,
            (_, Some(one), Some(other)) => Some(one.max(other)),
            _ => None,
        };
        self.visits = self.visits.saturating_add(1);
    }

    /// Bounds a fault of a template by the deadlines, and counts it as often as it is reached.
    fn bound(&self, fault: &mut Fault) {
        fault.later = true;
        fault.overlap = times(fault.overlap, Overlap::AtMost(self.visits));
        fault.lifetime = match (fault.lifetime, self.end) {
            (Lifetime::Forever, Some(end)) => Lifetime::For(end),
            (Lifetime::For(own), Some(end)) => Lifetime::For(own.min(end)),
            (lifetime, _) => lifetime,
        };
    }
}

impl<'a> Templates<'a> {
    fn read(field: &Field<'a>) -> Result<Self, Unreadable> {
        let fields = field.items()?;
        let mut by_name = BTreeMap::new();
        for (index, field) in fields.iter().enumerate() {
            let name = field.get("name");
            if by_name.insert(name.required_text()?, index).is_some() {
                return Err(name.unreadable("a name that no other template has"));
            }
        }
        Ok(Self { fields, by_name })
    }

    /// The template that `field` names.
    fn named(&self, field: &Field<'_>) -> Result<usize, Unreadable> {
        let index = self.by_name.get(field.required_text()?).copied();
        index.ok_or_else(|| field.unreadable("the name of a template"))
    }

    /// Every template that is reached from `entry`, and how long all of it may last.
    fn reach(&self, entry: usize) -> Result<(BTreeMap<usize, Reach>, Lifetime), Unreadable> {
        let mut reached: BTreeMap<usize, Reach> = BTreeMap::new();
        let mut leaves = Vec::new();
        let mut steps = 1;
        let mut pending = vec![(entry, None, Vec::new())];
        while let Some((index, above_ends, above)) = pending.pop() {
            let field = &self.fields[index];
            let end = shorter(above_ends, duration_at(&field.get("deadline"))?);
            reached.entry(index).or_default().visit(end);
            if !holds_steps(field)? {
                leaves.push(end);
            }
            let children = children(field)?;
            steps += children.len();
            if steps > MOST_STEPS {
                let found = format!("more than {MOST_STEPS} steps");
                return Err(Unreadable::new(
                    field.path(),
                    found,
                    "a Workflow of fewer steps",
                ));
            }
            let path: Vec<usize> = above.into_iter().chain([index]).collect();
            for child in children {
                let index = self.named(&child)?;
                if path.contains(&index) {
                    return Err(child.unreadable("a template that does not lead back here"));
                }
                pending.push((index, end, path.clone()));
            }
        }
        let total = leaves
            .into_iter()
            .try_fold(Duration::ZERO, |sum, end| Some(sum.saturating_add(end?)));
        let own = reached.get(&entry).and_then(|reach| reach.end);
        let span = shorter(total, own).map_or(Lifetime::Forever, Lifetime::For);
        Ok((reached, span))
    }
}

/// Whether a template only holds others, and ends with them.
fn holds_steps(field: &Field<'_>) -> Result<bool, Unreadable> {
    let kind = field.get("templateType").required_text()?;
    Ok(["Serial", "Parallel"].contains(&kind))
}

/// The fields that name what a template may start.
fn children<'a>(field: &Field<'a>) -> Result<Vec<Field<'a>>, Unreadable> {
    if holds_steps(field)? {
        return field.get("children").items();
    }
    if field.get("templateType").required_text()? != "Task" {
        return Ok(Vec::new());
    }
    let branches = field.get("conditionalBranches").items()?;
    Ok(branches.iter().map(|branch| branch.get("target")).collect())
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
