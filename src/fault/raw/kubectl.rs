//! Commands of kubectl: what they do, word by word.

use super::call::{Call, is_name};
use super::fault;
use super::partition::LABELS;
use super::program::Program;
use super::shell::Command;
use crate::fault::{
    Action, Aim, Effect, Fault, Lifetime, Mode, Namespaces, NodeQuery, NodeTarget, OwnerQuery,
    PodQuery, Surroundings, Target,
};
use crate::object::Object;
use crate::yaml;

/// Commands that take nothing away.
const HARMLESS: &[&str] = &[
    "api-resources",
    "api-versions",
    "cluster-info",
    // It moves nobody.
    "cordon",
    "describe",
    "diff",
    "events",
    "explain",
    "get",
    "logs",
    "top",
    "uncordon",
    "version",
    "wait",
];

/// Kinds as they are written, and what they are.
const KINDS: &[(&[&str], Kind)] = &[
    (&["all"], Kind::Everything),
    (&["pod", "pods", "po"], Kind::Pod),
    (
        &["deployment", "deployments", "deploy"],
        Kind::Workload("deployment"),
    ),
    (
        &["statefulset", "statefulsets", "sts"],
        Kind::Workload("statefulset"),
    ),
    (
        &["daemonset", "daemonsets", "ds"],
        Kind::Workload("daemonset"),
    ),
    (
        &["replicaset", "replicasets", "rs"],
        Kind::Workload("replicaset"),
    ),
    (&["job", "jobs"], Kind::Workload("job")),
    (&["cronjob", "cronjobs", "cj"], Kind::Nothing),
    (&["namespace", "namespaces", "ns"], Kind::Namespace),
    (&["node", "nodes", "no"], Kind::Node),
    (
        &["persistentvolumeclaim", "persistentvolumeclaims", "pvc"],
        Kind::Claim,
    ),
    (
        &["networkpolicy", "networkpolicies", "netpol"],
        Kind::NetworkPolicy,
    ),
];

/// What is deleted with an object of a kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What runs, and what makes it run.
    Everything,
    Pod,
    /// The pods of an owner of this kind.
    Workload(&'static str),
    Namespace,
    Node,
    Claim,
    NetworkPolicy,
    /// Nothing that serves.
    Nothing,
}

const KILL: (Action, Effect) = (Action::PodKill, Effect::Down);
const DAMAGE: (Action, Effect) = (Action::VolumeLoss, Effect::Corrupting);
const SCALE: (Action, Effect) = (Action::Scale, Effect::Down);
const DRAIN: (Action, Effect) = (Action::NodeDrain, Effect::Down);

/// What a command does; `None` where it may do something else.
pub(super) fn read(program: &Program<'_>, command: &Command, field: &str) -> Option<Vec<Fault>> {
    let call = Call::read(program.namespace, command.words.get(1..)?, field)?;
    if call.dry {
        return Some(Vec::new());
    }
    let words: Vec<&str> = call.words.iter().map(String::as_str).collect();
    if let [verb, ..] = words.as_slice()
        && HARMLESS.contains(verb)
    {
        return Some(Vec::new());
    }
    call.told.then_some(())?;
    match words.as_slice() {
        ["rollout", "status" | "history", ..]
        | ["auth", "can-i" | "whoami", ..]
        | ["config", "view" | "current-context" | "get-contexts", ..] => Some(Vec::new()),
        ["rollout", "restart", rest @ ..] => call.pods(rest, KILL, Lifetime::Instant),
        ["delete", rest @ ..] => call.delete(rest),
        ["scale", rest @ ..] => call.pods(rest, SCALE, Lifetime::Forever),
        ["drain", nodes @ ..] => call.nodes(nodes, DRAIN),
        ["taint", "node" | "nodes" | "no", rest @ ..] => call.taint(rest),
        ["apply" | "create" | "replace"] => call.apply(command.input.as_deref()?),
        _ => None,
    }
}

impl Call<'_> {
    fn query(&self) -> PodQuery {
        PodQuery {
            namespaces: self.namespaces.clone(),
            ..PodQuery::default()
        }
    }

    fn hits(&self, query: PodQuery, kind: (Action, Effect), lifetime: Lifetime) -> Fault {
        let aim = Aim::Pods(Target::all_of(query, self.field));
        fault(self.field, kind, aim, lifetime)
    }

    /// `TYPE NAME...`, `TYPE/NAME...`, `TYPE,TYPE`.
    fn delete(&self, words: &[&str]) -> Option<Vec<Fault>> {
        let objects = self.objects(words)?;
        let mut faults = Vec::new();
        for (kind, names) in objects {
            faults.extend(self.deleted(kind, names)?);
        }
        Some(faults)
    }

    fn deleted(&self, kind: Kind, names: Option<Vec<String>>) -> Option<Vec<Fault>> {
        let (query, kind, lifetime) = match kind {
            Kind::Nothing => return Some(Vec::new()),
            // What is told of other policies it may take away is what they let in.
            Kind::NetworkPolicy => return self.ends_chaos().then(Vec::new),
            Kind::Node => {
                let names: Vec<String> = names.unwrap_or_default();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                return self.nodes(&names, DRAIN);
            }
            Kind::Pod => {
                let labels = self.selector.clone().unwrap_or_default();
                let query = PodQuery {
                    names,
                    labels,
                    ..self.query()
                };
                (query, KILL, Lifetime::Instant)
            }
            Kind::Everything => (self.query(), KILL, Lifetime::Forever),
            Kind::Workload(kind) => (self.owned(kind, names), KILL, Lifetime::Forever),
            Kind::Namespace => {
                let namespaces = names.map_or(Namespaces::All, Namespaces::Named);
                let query = PodQuery {
                    namespaces,
                    ..PodQuery::default()
                };
                (query, DAMAGE, Lifetime::Forever)
            }
            Kind::Claim => {
                let query = PodQuery {
                    claims: names,
                    ..self.query()
                };
                (query, DAMAGE, Lifetime::Forever)
            }
        };
        Some(vec![self.hits(query, kind, lifetime)])
    }

    /// The pods of owners of a kind. Labels of owners are not those of their pods, so that a selector
    /// says nothing.
    fn owned(&self, kind: &str, names: Option<Vec<String>>) -> PodQuery {
        PodQuery {
            owner: Some(OwnerQuery {
                kind: kind.to_owned(),
                names,
                scaled: None,
            }),
            ..self.query()
        }
    }

    /// Whether it takes away what chaos has left, by the labels of that.
    fn ends_chaos(&self) -> bool {
        let requirements = self.selector.iter().flat_map(|it| &it.requirements);
        requirements.clone().count() > 0
            && requirements
                .into_iter()
                .all(|it| LABELS.contains(&it.key.as_str()))
    }

    /// The pods of workloads, scaled or restarted.
    fn pods(
        &self,
        words: &[&str],
        kind: (Action, Effect),
        lifetime: Lifetime,
    ) -> Option<Vec<Fault>> {
        let hit = |(of, names): (Kind, Option<Vec<String>>)| match of {
            Kind::Workload(of) => Some(self.hits(self.owned(of, names), kind, lifetime)),
            Kind::Everything
            | Kind::Pod
            | Kind::Namespace
            | Kind::Node
            | Kind::Claim
            | Kind::NetworkPolicy
            | Kind::Nothing => None,
        };
        self.objects(words)?.into_iter().map(hit).collect()
    }

    /// The objects that words name, with their names; without, all that the flags choose.
    fn objects(&self, words: &[&str]) -> Option<Vec<(Kind, Option<Vec<String>>)>> {
        if self.file.is_some() {
            return None;
        }
        let slashed = |word: &&str| -> Option<(Kind, Option<Vec<String>>)> {
            let (kind, name) = word.split_once('/')?;
            is_name(name).then_some(())?;
            Some((kind_of(kind)?, Some(vec![name.to_owned()])))
        };
        let (first, names) = words.split_first()?;
        if first.contains('/') {
            return words.iter().map(slashed).collect();
        }
        let chosen = self.all || self.selector.is_some();
        if names.is_empty() != chosen || !names.iter().all(|name| is_name(name)) {
            return None;
        }
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let named = |kind: &str| {
            let names = (!chosen).then(|| names.clone());
            Some((kind_of(kind)?, names))
        };
        first.split(',').map(named).collect()
    }

    fn nodes(&self, names: &[&str], kind: (Action, Effect)) -> Option<Vec<Fault>> {
        let bare = |name: &&str| {
            let name = name.strip_prefix("node/").unwrap_or(name);
            is_name(name).then(|| name.to_owned())
        };
        let names: Vec<String> = names.iter().map(bare).collect::<Option<_>>()?;
        let query = NodeQuery {
            names,
            labels: self.selector.clone(),
            ..NodeQuery::default()
        };
        let some = !query.names.is_empty() || query.labels.is_some();
        (some || self.all).then_some(())?;
        let target = NodeTarget {
            nodes: some.then_some(query),
            hosting: None,
            mode: Mode::All,
            field: self.field.to_owned(),
        };
        let aim = Aim::Nodes(target);
        Some(vec![fault(self.field, kind, aim, Lifetime::Forever)])
    }

    /// Nodes, and behind them the taints: one that ends in `-` is taken away.
    fn taint(&self, words: &[&str]) -> Option<Vec<Fault>> {
        let is_taint = |word: &&&str| word.contains([':', '=']) || word.ends_with('-');
        let taints: Vec<&&str> = words.iter().filter(is_taint).collect();
        let nodes: Vec<&str> = words.iter().filter(|it| !is_taint(it)).copied().collect();
        if taints.is_empty() {
            return None;
        }
        // Any other keeps pods from coming, and moves nobody.
        let evicts = taints.iter().any(|it| it.ends_with(":NoExecute"));
        if evicts {
            self.nodes(&nodes, DRAIN)
        } else {
            Some(Vec::new())
        }
    }

    /// The objects of a here-document. One that runs programs is as untold as they are.
    fn apply(&self, text: &str) -> Option<Vec<Fault>> {
        const PROGRAMS: &[&str] = &["", "apps", "batch", "argoproj.io"];
        (self.file.as_deref() == Some("-")).then_some(())?;
        let mut faults = Vec::new();
        for document in yaml::read(text, yaml::LARGEST) {
            let object = Object::new(document.ok()?.value).ok()?;
            let object = match &self.namespaces {
                Namespaces::Named(names) => object.in_namespace(names.first()?),
                Namespaces::All | Namespaces::Labelled(_) | Namespaces::Annotated { .. } => object,
            };
            let group = object.reference().group.as_str();
            if PROGRAMS.contains(&group) || object.reference().kind == "List" {
                return None;
            }
            let read = crate::fault::read(&object, Surroundings::NONE).ok()??;
            (read.schedule.is_none() && read.refusals.is_empty()).then_some(())?;
            faults.extend(read.faults.into_iter().map(|it| Fault {
                field: self.field.to_owned(),
                duration_field: self.field.to_owned(),
                later: true,
                ..it
            }));
        }
        Some(faults)
    }
}

fn kind_of(word: &str) -> Option<Kind> {
    let bare = word
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    // Taking a chaos object away ends it.
    if bare.ends_with("chaos") || bare.starts_with("chaosengine") {
        return Some(Kind::Nothing);
    }
    let row = KINDS.iter().find(|row| row.0.contains(&bare.as_str()));
    row.map(|row| row.1)
}
