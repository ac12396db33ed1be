//! What a Litmus fault hits: the ways in which faults choose from the target text.
//!
//! Labels of one target are a union, each element a selector of its own: `app=pg,!role` means
//! `app=pg` *or* no role, and a trailing comma means everything of that owner kind.

use super::env::{Env, Knob};

use super::text::{ANY_KIND, Entry, Members, POD_KIND, entries};
use crate::fault::{
    Aim, Effect, Listing, Mode, Namespaces, OwnerQuery, PodQuery, Scaling, Selection, Target,
    Unreadable,
};
use crate::selector::{LabelSelector, Operator, Requirement};
use crate::selector_text;

const PODS_PERCENT: Knob = Knob::share("PODS_AFFECTED_PERC", 0).ranged();
const PODS_PERCENT_PLAIN: Knob = Knob::share("PODS_AFFECTED_PERC", 0);
const WORKLOADS_PERCENT: Knob = Knob::share("APP_AFFECT_PERC", 100);
const REPLICAS: Knob = Knob::new("REPLICA_COUNT", 5).program(0);

/// Where a fault looks for its victims.
pub(super) struct Aimer<'a> {
    pub(super) env: &'a Env,
    pub(super) entries: Vec<Entry>,
    /// Where pods are that are named without a target.
    namespace: String,
    /// The field that holds the target.
    pub(super) field: String,
    /// Whether the fault may be of a version that asks no target for its kind.
    old: bool,
}

/// A choice of victims, and how many there may be, where that can be told without looking.
pub(super) struct Choice<T> {
    pub(super) target: T,
    pub(super) count: Option<u32>,
}

impl<'a> Aimer<'a> {
    /// Reads the targets of an experiment: those of its engine, unless its variables replace them.
    pub(super) fn new(
        env: &'a Env,
        engine: &(String, String),
        namespace: &str,
        old: bool,
    ) -> Result<Self, Unreadable> {
        let (text, field) = if env.sets("TARGETS") {
            if old {
                let accepted =
                    "no such variable: faults from before 3.0, as these may be, do not know it";
                return Err(env.unreadable("TARGETS", accepted));
            }
            (env.text("TARGETS")?.to_owned(), env.path("TARGETS"))
        } else {
            engine.clone()
        };
        let home = match env.text("CHAOS_NAMESPACE")? {
            "" => namespace,
            home => home,
        };
        Ok(Self {
            env,
            entries: entries(&text, &field)?,
            namespace: home.to_owned(),
            field,
            old,
        })
    }

    /// Whether a target has several labels, of which each selects by itself.
    pub(super) fn joins_labels(&self) -> bool {
        let several = |entry: &Entry| match &entry.members {
            Members::Labels(elements) => elements.len() > 1,
            Members::Names(_) => false,
        };
        self.entries.iter().any(several)
    }

    /// The selection that most pod faults share; `plain` is the older form of it.
    pub(super) fn pods(&self, plain: bool) -> Result<Choice<Target>, Unreadable> {
        let named = self.env.list("TARGET_PODS")?;
        if !named.is_empty() {
            return Ok(self.named(named));
        }
        let node_label = if plain { None } else { self.node_label()? };
        let knob = if plain {
            PODS_PERCENT_PLAIN
        } else {
            PODS_PERCENT
        };
        let percent = self.env.number(knob)?.most;
        let mut queries = self.queries()?;
        for query in &mut queries {
            query.nodes.clone_from(&node_label);
        }
        // Named pods are all hit, unless a node label is given too.
        let explicit = self.entries.iter().any(|entry| entry.kind == POD_KIND);
        let all = explicit && node_label.is_none();
        let mut target = self.target(queries, self.env.path(PODS_PERCENT.name));
        if !all {
            target.mode = Mode::AtLeastOne(percent);
            target.selection.list = Listing::ByName;
        }
        Ok(Choice {
            count: if all { self.named_only() } else { few(percent) },
            target,
        })
    }

    /// Exactly these pods, all of them, in the namespace of the first target. Nothing else counts.
    fn named(&self, names: Vec<String>) -> Choice<Target> {
        let first = self.entries.first();
        let namespace = first.map_or(&self.namespace, |entry| &entry.namespace);
        let path = self.env.path("TARGET_PODS");
        let count = u32::try_from(names.len()).ok();
        let query = PodQuery {
            namespaces: namespaces(namespace),
            names: Some(names),
            ..PodQuery::default()
        };
        let target = Target {
            selector_field: path.clone(),
            ..self.target(vec![query], path)
        };
        Choice { target, count }
    }

    fn target(&self, queries: Vec<PodQuery>, amount: String) -> Target {
        Target {
            selection: Selection {
                queries,
                list: Listing::WithRepeats,
            },
            mode: Mode::All,
            mode_field: amount.clone(),
            value_field: amount,
            selector_field: self.field.clone(),
        }
    }

    /// How many pods are named, where nothing but pods is.
    fn named_only(&self) -> Option<u32> {
        let count = |entry: &Entry| match &entry.members {
            Members::Names(names) if entry.kind == POD_KIND => Some(names.len()),
            Members::Names(_) | Members::Labels(_) => None,
        };
        let counts: Option<Vec<usize>> = self.entries.iter().map(count).collect();
        u32::try_from(counts?.iter().sum::<usize>()).ok()
    }

    fn queries(&self) -> Result<Vec<PodQuery>, Unreadable> {
        match &self.entries[..] {
            [] => Err(self.no_target()),
            [only] if only.kind == ANY_KIND => Ok(vec![everything(only)]),
            entries => {
                let mut queries = Vec::new();
                for entry in entries {
                    queries.extend(self.entry(entry)?);
                }
                Ok(queries)
            }
        }
    }

    pub(super) fn no_target(&self) -> Unreadable {
        Unreadable::new(
            self.field.clone(),
            "no target",
            "a namespace, label and kind, or pods named in TARGET_PODS",
        )
    }

    fn entry(&self, entry: &Entry) -> Result<Vec<PodQuery>, Unreadable> {
        let query = || PodQuery {
            namespaces: namespaces(&entry.namespace),
            ..PodQuery::default()
        };
        let owner = |names: Option<Vec<String>>| {
            (!self.old || names.is_some()).then(|| OwnerQuery {
                kind: entry.kind.clone(),
                names,
                ..OwnerQuery::default()
            })
        };
        match &entry.members {
            Members::Names(names) if names.is_empty() => Err(self.no_target()),
            Members::Names(names) if entry.kind == POD_KIND => Ok(vec![PodQuery {
                names: Some(names.clone()),
                ..query()
            }]),
            Members::Names(names) => {
                let mut queries = vec![PodQuery {
                    owner: owner(Some(names.clone())),
                    ..query()
                }];
                if self.old {
                    let labels = self.labels(&names.join(","))?;
                    queries.push(PodQuery { labels, ..query() });
                }
                Ok(queries)
            }
            Members::Labels(elements) => elements
                .iter()
                .map(|element| {
                    Ok(PodQuery {
                        labels: self.labels(element)?,
                        owner: owner(None),
                        ..query()
                    })
                })
                .collect(),
        }
    }

    pub(super) fn labels(&self, element: &str) -> Result<LabelSelector, Unreadable> {
        selector_text::parse(element).map_err(|error| {
            let accepted = format!("a list of key=value, each a selector of its own ({error})");
            Unreadable::new(self.field.clone(), format!("\"{element}\""), accepted)
        })
    }

    /// The first target, which has to be given by labels: names crash the fault.
    pub(super) fn first_label(&self) -> Result<(&Entry, &str), Unreadable> {
        let entry = self.entries.first().ok_or_else(|| self.no_target())?;
        match &entry.members {
            Members::Labels(elements) => {
                let element = elements.first().map(String::as_str).unwrap_or_default();
                Ok((entry, element))
            }
            Members::Names(_) => Err(Unreadable::new(
                self.field.clone(),
                "a target without a label",
                "a label: this fault crashes over names, and over a namespace alone",
            )),
        }
    }

    /// Every pod with the first label, whoever owns it. Nothing else counts.
    pub(super) fn partition(&self) -> Result<Target, Unreadable> {
        let (entry, element) = self.first_label()?;
        if entry.namespace.is_empty() {
            return Err(self.no_target());
        }
        let (key, value) = element.split_once('=').unwrap_or((element, ""));
        let labels = if key.is_empty() {
            LabelSelector::default()
        } else {
            self.labels(&format!("{key}={value}"))?
        };
        let query = PodQuery {
            namespaces: namespaces(&entry.namespace),
            labels,
            ..PodQuery::default()
        };
        Ok(self.target(vec![query], self.field.clone()))
    }

    /// The pods that go when workloads are scaled down, and those that new ones join when they are
    /// scaled up. The label is one of the workload's own, and the first workloads are taken.
    pub(super) fn workloads(&self) -> Result<Vec<(Aim, Effect)>, Unreadable> {
        let (entry, element) = self.first_label()?;
        if !["deployment", "statefulset"].contains(&entry.kind.as_str()) {
            let found = format!("\"{}\"", entry.kind);
            let accepted = "deployment or statefulset";
            return Err(Unreadable::new(self.field.clone(), found, accepted));
        }
        let replicas = self.env.number(REPLICAS)?;
        let percent = self.env.number(WORKLOADS_PERCENT)?.most;
        let labels = self.labels(element)?;
        let aim = |keeps: Option<u32>| {
            let scaled = Scaling {
                labels: labels.clone(),
                percent,
                keeps,
            };
            let owner = OwnerQuery {
                kind: entry.kind.clone(),
                scaled: Some(scaled),
                ..OwnerQuery::default()
            };
            let query = PodQuery {
                namespaces: namespaces(&entry.namespace),
                owner: Some(owner),
                ..PodQuery::default()
            };
            Aim::Pods(self.target(vec![query], self.env.path(REPLICAS.name)))
        };
        let mut aims = vec![(aim(Some(replicas.least)), Effect::Down)];
        if replicas.most > 0 {
            aims.push((aim(None), Effect::Degraded));
        }
        Ok(aims)
    }

    /// The pods of a Kafka cluster, as its own variables name them, and of the target.
    pub(super) fn broker(&self) -> Result<Target, Unreadable> {
        let mut queries = match &self.entries[..] {
            [] => Vec::new(),
            _ => self.queries()?,
        };
        let home = self.env.text("KAFKA_NAMESPACE")?;
        let labels = self.env.text("KAFKA_LABEL")?;
        let broker = self.env.list("KAFKA_BROKER")?;
        if !home.is_empty() && !labels.is_empty() {
            queries.push(PodQuery {
                namespaces: namespaces(home),
                labels: self.labels(labels)?,
                ..PodQuery::default()
            });
        }
        if !home.is_empty() && !broker.is_empty() {
            queries.push(PodQuery {
                namespaces: namespaces(home),
                names: Some(broker),
                ..PodQuery::default()
            });
        }
        if queries.is_empty() {
            return Err(self.no_target());
        }
        Ok(self.target(queries, self.env.path("KAFKA_BROKER")))
    }
}

/// How many are hit at this percentage, where the size of the list does not matter.
pub(super) fn few(percent: u32) -> Option<u32> {
    (percent == 0).then_some(1)
}

/// Kubernetes lists all namespaces where none is named.
pub(super) fn namespaces(namespace: &str) -> Namespaces {
    match namespace {
        "" => Namespaces::All,
        _ => Namespaces::Named(vec![namespace.to_owned()]),
    }
}

/// Every pod of the namespace but those of Litmus itself.
fn everything(entry: &Entry) -> PodQuery {
    let chaos = Requirement {
        key: "chaosUID".to_owned(),
        operator: Operator::Exists,
        values: Vec::new(),
    };
    let empty = Requirement {
        operator: Operator::NotIn,
        values: vec![String::new()],
        ..chaos.clone()
    };
    let operator = Requirement::equals("name", "chaos-operator");
    PodQuery {
        namespaces: namespaces(&entry.namespace),
        except: vec![
            LabelSelector {
                requirements: vec![chaos, empty],
            },
            LabelSelector {
                requirements: vec![operator],
            },
        ],
        ..PodQuery::default()
    }
}
