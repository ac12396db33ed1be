//! `experiment`: what the chaos object would do, whoever wrote it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::record::{int, items, maybe, record, span, text, texts, truth, view};
use crate::cel::Value;
use crate::fault::{
    Aim, Experiment, Fault, Intensity, Lifetime, Mode, Namespaces, NodeQuery, PodQuery, Recurrence,
    Target, Tool,
};

/// What the chaos object would do.
#[derive(Debug)]
pub(super) struct Plan<'c> {
    experiment: &'c Experiment,
    faults: Vec<Part<'c>>,
    targets: Vec<Goal<'c>>,
}

/// One fault of it.
#[derive(Debug)]
struct Part<'c>(&'c Fault);

/// One target, as written.
#[derive(Debug)]
struct Goal<'c> {
    of: &'static str,
    field: &'c str,
    mode: Mode,
    queries: &'c [PodQuery],
    nodes: Option<&'c NodeQuery>,
}

impl<'c> Plan<'c> {
    pub(super) fn new(experiment: &'c Experiment) -> Self {
        Self {
            experiment,
            faults: experiment.faults.iter().map(Part).collect(),
            targets: experiment.faults.iter().flat_map(goals).collect(),
        }
    }

    /// The longest that any of its faults lasts; `None` where nothing ends one.
    fn duration(&self) -> Option<Duration> {
        let mut lengths = self.experiment.faults.iter().map(|it| length(it.lifetime));
        let longest = |longest: Duration, length: Option<Duration>| Some(longest.max(length?));
        lengths.try_fold(Duration::ZERO, longest)
    }
}

/// How long a fault lasts; `None` where nothing ends it.
fn length(lifetime: Lifetime) -> Option<Duration> {
    match lifetime {
        Lifetime::For(duration) => Some(duration),
        Lifetime::Instant | Lifetime::Never => Some(Duration::ZERO),
        Lifetime::Forever => None,
    }
}

/// What a fault is aimed at, where it is a selection.
fn goals(fault: &Fault) -> Vec<Goal<'_>> {
    match &fault.aim {
        Aim::Pods(target) | Aim::Each { target, .. } => vec![Goal::pods(target)],
        Aim::Cut { from, to } => vec![Goal::pods(from), Goal::pods(to)],
        Aim::Nodes(target) => vec![Goal {
            of: "Nodes",
            field: &target.field,
            mode: target.mode,
            queries: target.hosting.as_ref().map_or(&[], |it| &it.queries),
            nodes: target.nodes.as_ref(),
        }],
        Aim::Isolation(_) | Aim::Unknown(_) => Vec::new(),
    }
}

impl<'c> Goal<'c> {
    fn pods(target: &'c Target) -> Self {
        Self {
            of: "Pods",
            field: &target.selector_field,
            mode: target.mode,
            queries: &target.selection.queries,
            nodes: None,
        }
    }

    /// The namespaces it names; `None` where one of its queries is not bound to names.
    fn namespaces(&self) -> Option<BTreeSet<&'c str>> {
        let named = self.queries.iter().map(|query| match &query.namespaces {
            Namespaces::Named(names)
            | Namespaces::Annotated {
                of: Some(names), ..
            } => Some(names),
            Namespaces::All | Namespaces::Labelled(_) | Namespaces::Annotated { of: None, .. } => {
                None
            }
        });
        let named: Option<Vec<_>> = named.collect();
        let names = named.filter(|all| !all.is_empty())?.into_iter().flatten();
        Some(names.map(String::as_str).collect())
    }

    fn names(&self) -> impl Iterator<Item = &'c str> {
        let pods = self
            .queries
            .iter()
            .flat_map(|query| query.names.iter().flatten());
        let nodes = self.nodes.into_iter().flat_map(|nodes| &nodes.names);
        pods.chain(nodes).map(String::as_str)
    }

    /// The labels of each query, as `kubectl --selector` has them.
    fn labels(&self) -> Vec<Value<'c>> {
        let pods = self.queries.iter().map(|query| query.labels.to_string());
        let nodes = self.nodes.into_iter().flat_map(|nodes| &nodes.labels);
        let nodes = nodes.map(ToString::to_string);
        let told = pods.chain(nodes).filter(|text| !text.is_empty());
        told.map(Value::text).collect()
    }
}

/// The number that stands beside a mode.
fn number(mode: Mode) -> Option<i64> {
    match mode {
        Mode::One | Mode::All => None,
        Mode::Fixed(count) => Some(i64::try_from(count).unwrap_or(i64::MAX)),
        Mode::Percent(percent)
        | Mode::UpToPercent(percent)
        | Mode::AtLeastOne(percent)
        | Mode::Nearest { percent, .. } => Some(percent.into()),
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::One => "one",
        Mode::All => "all",
        Mode::Fixed(_) => "fixed",
        Mode::Percent(_) | Mode::AtLeastOne(_) | Mode::Nearest { .. } => "fixed-percent",
        Mode::UpToPercent(_) => "random-max-percent",
    }
}

/// The tool's name as rules spell it.
fn tool(tool: Tool) -> &'static str {
    match tool {
        Tool::ChaosMesh => "ChaosMesh",
        Tool::Litmus => "Litmus",
        Tool::Argo => "Argo",
        Tool::ChaosBlade => "ChaosBlade",
        Tool::Krkn => "Krkn",
        Tool::KubeMonkey => "KubeMonkey",
        Tool::Chaoskube => "Chaoskube",
        Tool::Kubernetes => "Kubernetes",
    }
}

record! {
    /// How strong a fault is. What the tool does not say is not there, or `null`.
    INTENSITY = "Intensity" of Intensity {
        "cpuPercent": "int", |it| it.cpu_percent.and_then(int),
            "Load on the processor, in percent of what the pod or node may use.",
            "experiment.faults.all(fault, fault.intensity.?cpuPercent.orValue(0) <= 80)";
        "memoryPercent": "int", |it| it.memory_percent.and_then(int),
            "Memory taken, in percent of the limit.",
            "experiment.faults.all(fault, fault.intensity.?memoryPercent.orValue(0) <= 80)";
        "diskFillPercent": "int", |it| it.disk_fill_percent.and_then(int),
            "Disk filled, in percent.",
            "experiment.faults.all(fault, fault.intensity.?diskFillPercent.orValue(0) <= 80)";
        "lossPercent": "int", |it| it.loss_percent.and_then(int),
            "Packets lost or corrupted, in percent.",
            "experiment.faults.all(fault, fault.intensity.?lossPercent.orValue(0) <= 50)";
        "latency": "duration", |it| span(it.latency),
            "Delay added to each packet or call.",
            "experiment.faults.all(fault, fault.intensity.latency == null || fault.intensity.latency <= duration('2s'))";
        "grace": "duration", |it| span(it.grace),
            "How long a pod that is deleted has to stop by itself.",
            "experiment.faults.all(fault, fault.intensity.grace != duration('0s'))";
    }
}

record! {
    /// One harmful thing inside an experiment.
    FAULT = "Fault" of Part<'_> {
        "action": "string", |it| text(it.0.action.name()),
            "Its kind, under one name whichever tool causes it; policies.md lists them.",
            "experiment.faults.all(fault, fault.action != 'KernelFault')";
        "effect": "string", |it| text(it.0.effect.name()),
            "What it does to a pod it hits: `Degraded`, `Isolated`, `Down` or `Corrupting`.",
            "!experiment.faults.exists(fault, fault.effect == 'Corrupting')";
        "duration": "duration", |it| span(length(it.0.lifetime)),
            "How long it lasts; nothing for what acts in an instant, `null` where nothing ends it.",
            "experiment.faults.all(fault, fault.duration != null && fault.duration <= duration('10m'))";
        "later": "bool", |it| truth(it.0.later),
            "Whether it selects its victims some time after it is admitted.",
            "!experiment.faults.exists(fault, fault.later && fault.effect == 'Down')";
        "field": "string", |it| text(&it.0.field),
            "The field of the chaos object that describes it.",
            "experiment.faults.all(fault, fault.field.startsWith('spec'))";
        "intensity": "Intensity", |it| view(&it.0.intensity),
            "How strong it is, as far as the tool says.",
            "experiment.faults.all(fault, fault.intensity.?cpuPercent.orValue(0) <= 80)";
    }
}

record! {
    /// What a fault selects, as written.
    TARGET = "Target" of Goal<'_> {
        "of": "string", |it| text(it.of),
            "What is drawn: `Pods` or `Nodes`.",
            "experiment.targets.all(target, target.of == 'Pods')";
        "mode": "string", |it| text(mode(it.mode)),
            "How many are drawn: `one`, `all`, `fixed`, `fixed-percent` or `random-max-percent`.",
            "experiment.targets.all(target, target.mode != 'all')";
        "value": "int", |it| number(it.mode).and_then(int),
            "The number or percentage of the mode; absent for `one` and `all`.",
            "experiment.targets.all(target, target.?value.orValue(1) <= 50)";
        "namespaces": "list(string)", |it| it.namespaces().and_then(texts),
            "The namespaces it names; absent where it is not bound to names.",
            "experiment.targets.all(target, has(target.namespaces) && target.namespaces.size() == 1)";
        "names": "list(string)", |it| texts(it.names()),
            "The pods or nodes it names; empty where it selects by anything else.",
            "experiment.targets.all(target, target.names.size() <= 3)";
        "labels": "list(string)", |it| Some(Value::list(it.labels())),
            "The labels it selects by, as `kubectl --selector` writes them.",
            "experiment.targets.all(target, target.labels != [] || target.names != [])";
        "field": "string", |it| text(it.field),
            "The field of the chaos object that holds the selection.",
            "experiment.targets.all(target, target.field.startsWith('spec'))";
    }
}

record! {
    /// When an experiment recurs.
    SCHEDULE = "Schedule" of Recurrence {
        "schedules": "list(string)", |it| items(&it.schedules),
            "The schedules as written.",
            "experiment.schedule == null || experiment.schedule.schedules.size() == 1";
        "timeZone": "string", |it| text(it.time_zone.as_deref().unwrap_or_default()),
            "Its IANA zone; empty where the object names none.",
            "experiment.schedule == null || experiment.schedule.timeZone != ''";
        "shortestGap": "duration", |it| span(Some(it.shortest_gap)),
            "The shortest time between two runs.",
            "experiment.schedule == null || experiment.schedule.shortestGap >= duration('1h')";
    }
}

record! {
    /// What the chaos object would do.
    EXPERIMENT = "Experiment" of Plan<'_> {
        "source": "string", |it| text(tool(it.experiment.tool)),
            "The tool: `ChaosMesh`, `Litmus`, `Argo`, `ChaosBlade`, `Krkn`, `KubeMonkey`, `Chaoskube`, or `Kubernetes` itself.",
            "experiment.source in ['ChaosMesh', 'Litmus']";
        "kind": "string", |it| text(&it.experiment.object.kind),
            "The kind of the chaos object.", "experiment.kind != 'Workflow'";
        "namespace": "string", |it| text(&it.experiment.object.namespace),
            "Its namespace; empty for what is cluster-scoped.",
            "experiment.namespace == 'chaos-testing'";
        "name": "string", |it| text(&it.experiment.object.name),
            "Its name; empty while `generateName` has not been resolved.",
            "experiment.name.matches('^(drill|game-day)-')";
        "actions": "list(string)", |it| {
                let actions = it.experiment.faults.iter().map(|fault| fault.action.name());
                texts(actions.collect::<BTreeSet<_>>())
            },
            "The actions of its faults, each once; policies.md lists them.",
            "!('KernelFault' in experiment.actions)";
        "effects": "list(string)", |it| {
                let effects = it.experiment.faults.iter().map(|fault| fault.effect.name());
                texts(effects.collect::<BTreeSet<_>>())
            },
            "What its faults do to pods they hit, each once: `Degraded`, `Isolated`, `Down`, `Corrupting`.",
            "experiment.effects.all(effect, effect in ['Degraded', 'Isolated'])";
        "duration": "duration", |it| span(it.duration()),
            "The longest that any of its faults lasts; `null` where nothing ends one.",
            "experiment.duration != null && experiment.duration <= duration('10m')";
        "faults": "list(Fault)", |it| items(&it.faults),
            "Every fault that may be live; a sequence is listed whole.",
            "experiment.faults.size() <= 3";
        "targets": "list(Target)", |it| items(&it.targets),
            "What its faults select, as written.",
            "experiment.targets.all(target, target.mode == 'one')";
        "schedule": "Schedule", |it| maybe(it.experiment.schedule.as_ref()),
            "When it recurs; `null` where it does not.",
            "experiment.schedule == null";
        "dormant": "bool", |it| truth(it.experiment.dormant),
            "Whether nothing is injected when the object is applied, because it is paused or stopped.",
            "!experiment.dormant";
        "declared": "bool", |it| truth(it.experiment.declared),
            "Whether the object says that it is chaos; a pod deleted by hand does not.",
            "experiment.declared";
    }
}
