//! What runs programs: Pods, Jobs, CronJobs, and workloads.

use std::time::Duration;

use super::{experiment, load, marked, marked_template, script, tool, volume};
use crate::calendar::Dialect;
use crate::fault::rhythm::{self, Rhythm};
use crate::fault::{
    Experiment, Fault, Lifetime, Mode, Note, Reading, Recurrence, Surroundings, Unreadable,
};
use crate::object::{Field, Object};
use crate::selector::LabelSelector;

/// Owners whose pods are an application's, so that a label on them marks a victim.
const APPLICATIONS: &[&str] = &[
    "ReplicaSet",
    "ReplicationController",
    "StatefulSet",
    "DaemonSet",
];
/// Owners of Kubernetes itself. Another one is an operator's, which knows what it mounts.
const OWNERS: &[&str] = &["Job", "CronJob"];

/// Where programs run: the pod spec and what surrounds it.
pub(super) struct Program<'a> {
    pub(super) namespace: &'a str,
    /// The spec of the pods.
    pub(super) pod: Field<'a>,
    /// The spec of the Job, where there is one.
    pub(super) job: Option<Field<'a>>,
    /// How many of the pods run at once, of the nodes they may be placed on.
    pub(super) mode: Mode,
    /// Whether labels say that it is chaos.
    pub(super) marked: bool,
    /// Whether it is, or is part of, a workload that goes on for ever. What that does to the network
    /// or to the node it is on is taken for its purpose.
    pub(super) serves: bool,
    /// Its own pods, which may mount what they mount; `None` where it may mount everything.
    pub(super) own: Option<LabelSelector>,
    pub(super) surroundings: &'a Surroundings,
}

/// What programs do.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) faults: Vec<Fault>,
    pub(super) notes: Vec<Note>,
    /// Whether something in it can be meant for nothing but chaos.
    pub(super) declared: bool,
}

impl Findings {
    /// Faults of what is judged by its effect.
    pub(super) fn of(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    fn add(&mut self, more: Self) {
        self.faults.extend(more.faults);
        self.notes.extend(more.notes);
        self.declared |= more.declared;
    }

    fn read(self, object: &Object) -> Option<Experiment> {
        let found = !self.faults.is_empty();
        found.then(|| Experiment {
            notes: self.notes,
            declared: self.declared,
            ..experiment(object, self.faults)
        })
    }
}

/// Reads the programs that a workload runs.
pub(in crate::fault) fn read_program(object: &Object, surroundings: &Surroundings) -> Reading {
    let reference = object.reference();
    match (reference.group.as_str(), reference.kind.as_str()) {
        ("", "Pod") => read_pod(object, surroundings),
        ("batch", "Job") => read_job(object, surroundings),
        ("batch", "CronJob") => read_cron_job(object, surroundings),
        // It is on every node that its selector allows.
        ("apps", "DaemonSet") => read_workload(object, surroundings, Mode::All),
        _ => {
            let replicas = object.spec().get("replicas").integer()?.unwrap_or(1);
            let replicas = Mode::Fixed(u64::try_from(replicas).unwrap_or(0).max(1));
            read_workload(object, surroundings, replicas)
        }
    }
}

/// Reads a Pod.
fn read_pod(object: &Object, surroundings: &Surroundings) -> Reading {
    let owner = object.controller().map(|(kind, _)| kind);
    let owned = owner.is_some_and(|kind| APPLICATIONS.contains(&kind));
    let ours = owner.is_none_or(|kind| OWNERS.contains(&kind));
    let program = Program {
        namespace: &object.reference().namespace,
        pod: object.spec(),
        job: None,
        mode: Mode::Fixed(1),
        marked: marked(object) && !owned,
        serves: owned,
        own: ours.then(|| LabelSelector::equalities(&labels(&object.root()))),
        surroundings,
    };
    Ok(program.findings()?.read(object))
}

/// The labels of an object or a template; none where they cannot be read.
fn labels(object: &Field<'_>) -> std::collections::BTreeMap<String, String> {
    let labels = object.get("metadata").get("labels").text_map();
    labels.ok().flatten().unwrap_or_default()
}

/// Reads a Job.
fn read_job(object: &Object, surroundings: &Surroundings) -> Reading {
    let spec = object.spec();
    let ours = object.controller().is_none_or(|it| OWNERS.contains(&it.0));
    let program = Program {
        marked: marked(object) || marked_template(&spec.get("template")),
        own: ours.then(|| LabelSelector::equalities(&labels(&spec.get("template")))),
        ..Program::of_job(object, &spec, surroundings)?
    };
    let suspended = spec.get("suspend").boolean()?.unwrap_or(false);
    Ok(program.findings()?.read(object).map(|read| Experiment {
        dormant: suspended,
        ..read
    }))
}

/// Reads a CronJob.
fn read_cron_job(object: &Object, surroundings: &Surroundings) -> Reading {
    let spec = object.spec();
    let template = spec.get("jobTemplate");
    let job = template.get("spec");
    let by_label = [&template, &job.get("template")];
    let ours = object.controller().is_none();
    let program = Program {
        marked: marked(object) || by_label.into_iter().any(marked_template),
        own: ours.then(|| LabelSelector::equalities(&labels(&job.get("template")))),
        ..Program::of_job(object, &job, surroundings)?
    };
    let Some(mut read) = program.findings()?.read(object) else {
        return Ok(None);
    };
    let recurrence = cron(&spec)?;
    Rhythm {
        gap: recurrence.shortest_gap,
        allows_overlap: allows_overlap(&spec.get("concurrencyPolicy"))?,
    }
    .stack(&mut read.faults);
    let suspended = spec.get("suspend");
    let dormant = suspended.boolean()?.unwrap_or(false);
    let deadline = spec.get("startingDeadlineSeconds");
    if dormant && deadline.integer()?.is_none() {
        read.notes.push(Note {
            field: suspended.path().to_owned(),
            message: "without startingDeadlineSeconds, a run that was missed starts as soon as it \
                      is no longer suspended"
                .to_owned(),
        });
    }
    Ok(Some(Experiment {
        schedule: Some(recurrence),
        dormant,
        ..read
    }))
}

fn cron(spec: &Field<'_>) -> Result<Recurrence, Unreadable> {
    let field = spec.get("schedule");
    let zone = spec.get("timeZone").text()?.map(str::to_owned);
    let schedules = vec![field.required_text()?.to_owned()];
    rhythm::recurrence(schedules, field.path().to_owned(), zone, Dialect::Standard)
}

fn allows_overlap(field: &Field<'_>) -> Result<bool, Unreadable> {
    match field.text()? {
        None | Some("" | "Allow") => Ok(true),
        Some("Forbid" | "Replace") => Ok(false),
        Some(_) => Err(field.unreadable("one of Allow, Forbid, Replace")),
    }
}

/// Reads a workload: a label on it marks a victim, unless it runs what only chaos does.
fn read_workload(object: &Object, surroundings: &Surroundings, mode: Mode) -> Reading {
    let spec = object.spec();
    let template = spec.get("template");
    let ours = object.controller().is_none();
    let program = Program {
        namespace: &object.reference().namespace,
        pod: template.get("spec"),
        job: None,
        mode,
        marked: marked(object) || marked_template(&template),
        serves: true,
        own: ours.then(|| LabelSelector::equalities(&labels(&template))),
        surroundings,
    };
    Ok(program.findings()?.read(object))
}

impl<'a> Program<'a> {
    fn of_job(
        object: &'a Object,
        job: &Field<'a>,
        surroundings: &'a Surroundings,
    ) -> Result<Self, Unreadable> {
        let parallel = job.get("parallelism").integer()?.unwrap_or(1);
        Ok(Self {
            namespace: &object.reference().namespace,
            pod: job.get("template").get("spec"),
            job: Some(job.clone()),
            mode: Mode::Fixed(u64::try_from(parallel).unwrap_or(1).max(1)),
            marked: false,
            serves: false,
            own: None,
            surroundings,
        })
    }

    /// What the containers do. One that is marked as chaos and cannot be understood may do anything.
    fn findings(&self) -> Result<Findings, Unreadable> {
        let mut found = Findings::default();
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            // What is no list is no pod; the API server refuses it.
            for container in self.pod.get(list).items().unwrap_or_default() {
                found.add(self.container(&container)?);
            }
        }
        found.add(Findings::of(volume::read(self, !found.faults.is_empty())?));
        found.declared |= self.marked && !found.faults.is_empty();
        Ok(found)
    }

    fn container(&self, container: &Field<'a>) -> Result<Findings, Unreadable> {
        let loads = load::read(self, container)?;
        if !loads.is_empty() {
            return Ok(Findings {
                declared: true,
                ..Findings::of(loads)
            });
        }
        match tool::read(self, container)? {
            Some(found) => Ok(found),
            None => script::read(self, container),
        }
    }

    /// How long what a container does may last: until the deadline of the whole, or its own limit as
    /// often as it runs.
    pub(super) fn lifetime(&self, own: Option<u64>) -> Result<Lifetime, Unreadable> {
        let seconds = |field: &Field<'_>| -> Result<Option<u64>, Unreadable> {
            let number = field.get("activeDeadlineSeconds").integer()?;
            Ok(number.and_then(|number| u64::try_from(number).ok()))
        };
        let (whole, again) = match &self.job {
            None => (None, Some(1)),
            Some(job) => (seconds(job)?, rounds(job)?),
        };
        let of_pod = seconds(&self.pod)?;
        // A Pod that starts its containers anew has no other end than its deadline.
        let policy = self.pod.get("restartPolicy").text()?.unwrap_or("Always");
        let own = own.filter(|_| self.job.is_some() || policy != "Always");
        let each = [own, of_pod].into_iter().flatten().min();
        let rounds = each
            .zip(again)
            .map(|(each, again)| each.saturating_mul(again));
        let least = [whole, rounds].into_iter().flatten().min();
        // A workload starts another pod in the place of one that ended.
        let least = least.filter(|_| !self.serves);
        Ok(least.map_or(Lifetime::Forever, |seconds| {
            Lifetime::For(Duration::from_secs(seconds))
        }))
    }

    /// Where a deadline for the whole stands.
    pub(super) fn deadline(&self) -> Field<'a> {
        let holder = self.job.as_ref().unwrap_or(&self.pod);
        holder.get("activeDeadlineSeconds")
    }
}

/// How often the program may run one after the other. A retry is one more.
fn rounds(job: &Field<'_>) -> Result<Option<u64>, Unreadable> {
    let count = |name: &str, default: Option<u64>| {
        let number = job.get(name).integer()?;
        let number = number.map(|number| u64::try_from(number).unwrap_or(0));
        Ok(number.or(default))
    };
    // With as many as are parallel, one that succeeds ends the whole.
    let completions = match count("completions", None)? {
        Some(completions) => completions,
        None => count("parallelism", Some(1))?.unwrap_or(1),
    };
    let retries = match count("backoffLimitPerIndex", None)? {
        Some(each) => completions.saturating_mul(each),
        None => count("backoffLimit", Some(6))?.unwrap_or(6),
    };
    Ok(completions.checked_add(retries))
}
