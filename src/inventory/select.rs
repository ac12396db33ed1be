//! Selections: which pods and nodes a tool would find.

use std::collections::BTreeSet;
use std::ops::Range;

use super::index::{Span, within};
use super::pod::is_dropped;
use super::scaled::Scaled;
use super::service::Reach;
use super::{Candidates, Inventory, Namespace, Node, NodeId, Pod, PodId, View};
use crate::fault::{
    Listing, Namespaces, NodeQuery, NodeTarget, OwnerQuery, Phases, PodField, PodQuery, Selection,
    Taint,
};
use crate::selector::{LabelSelector, Operator, Requirement};

impl Inventory {
    /// The pods that a selection matches. Costs what it matches, not what exists.
    ///
    /// Where pods are only assumed to exist, nothing is known of what changes by itself, and every
    /// view is [`View::Later`].
    #[must_use]
    pub fn select(&self, selection: &Selection, view: View) -> Candidates {
        let mut found = Vec::new();
        for query in &selection.queries {
            let Some(search) = Search::new(self, query, self.view(view)) else {
                return Candidates {
                    fails: true,
                    ..Candidates::default()
                };
            };
            search.run(&mut found);
        }
        self.candidates(found, selection.list)
    }

    /// The nodes that a node target may hit, ascending.
    #[must_use]
    pub fn select_nodes(&self, target: &NodeTarget, view: View) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = match &target.nodes {
            None => self.node_ids().collect(),
            Some(query) => self.matching_nodes(query),
        };
        if let (Some(hosting), View::Now) = (&target.hosting, self.view(view)) {
            let pods = self.select(hosting, view).pods;
            let hosts: BTreeSet<NodeId> = pods.iter().filter_map(|id| self.pod(*id).node).collect();
            nodes.retain(|node| hosts.contains(node));
        }
        nodes
    }

    fn view(&self, view: View) -> View {
        if self.assumed() { View::Later } else { view }
    }

    fn node_ids(&self) -> impl Iterator<Item = NodeId> {
        (0..).zip(&self.placed.nodes).map(|(id, _)| NodeId(id))
    }

    /// The nodes with one of the names or with the labels, ascending.
    fn matching_nodes(&self, query: &NodeQuery) -> Vec<NodeId> {
        let labelled = |node: &Node| {
            let labels = query.labels.as_ref();
            labels.is_some_and(|labels| !node.known || labels.matches(&node.labels))
        };
        let fits = |id: &NodeId| {
            let node = self.node(*id);
            let machine = |name: &String| node.machine.ends_with(name.as_str());
            let named = |name: &String| node.name == *name;
            if query.machines.is_empty() {
                node.name.is_empty() || query.names.iter().any(named) || labelled(node)
            } else {
                query.machines.iter().any(machine)
            }
        };
        self.node_ids().filter(fits).collect()
    }

    fn candidates(&self, found: Vec<PodId>, list: Listing) -> Candidates {
        let repeats = found.len();
        let mut pods = found;
        pods.sort_unstable();
        pods.dedup();
        let listed = match list {
            Listing::WithRepeats => repeats,
            Listing::ByName => {
                let names = pods.iter().map(|id| self.pod(*id).name.as_str());
                names.collect::<BTreeSet<_>>().len()
            }
        };
        Candidates {
            pods,
            listed,
            fails: false,
        }
    }
}

/// One query, made ready to be asked of many pods.
struct Search<'s> {
    inventory: &'s Inventory,
    query: &'s PodQuery,
    /// Whether what changes by itself is taken to match.
    later: bool,
    /// The nodes a pod may run on, ascending; any when `None`.
    nodes: Option<Vec<NodeId>>,
    reach: Option<Reach>,
    scaled: Option<Scaled<'s>>,
}

impl<'s> Search<'s> {
    /// `None` when the tool itself would fail, because a node it names does not exist.
    fn new(inventory: &'s Inventory, query: &'s PodQuery, view: View) -> Option<Self> {
        let later = view == View::Later;
        let nodes = query.nodes.as_ref().filter(|_| !later);
        if nodes.is_some_and(|nodes| nodes.names.iter().any(|name| inventory.lacks_node(name))) {
            return None;
        }
        let addresses = query.addresses.as_ref().filter(|_| !later);
        let scaled = query.owner.as_ref().and_then(|owner| {
            let scaling = (owner.kind.as_str(), owner.scaled.as_ref()?);
            Some(Scaled::new(
                scaling,
                &query.namespaces,
                &inventory.placed.scalable,
                later,
            ))
        });
        Some(Self {
            inventory,
            query,
            later,
            nodes: nodes.map(|nodes| inventory.matching_nodes(nodes)),
            reach: addresses.map(|addresses| Reach::new(addresses, &inventory.placed.services)),
            scaled,
        })
    }

    /// Appends the answers, repeats included.
    fn run(&self, found: &mut Vec<PodId>) {
        for span in self.spans() {
            match &self.query.names {
                Some(names) => self.by_name(&span, names, found),
                None => self.by_index(&span, found),
            }
        }
    }

    /// Where to look, a span for each time a namespace is listed.
    fn spans(&self) -> Vec<Span> {
        let index = &self.inventory.placed.index;
        match &self.query.namespaces {
            Namespaces::All => Vec::from([self.inventory.span()]),
            Namespaces::Named(names) => names.iter().map(|name| index.span(name)).collect(),
            Namespaces::Labelled(labels) => {
                self.spans_where(|namespace| labels.matches(&namespace.labels))
            }
            Namespaces::Annotated {
                annotation: (key, value),
                of,
            } => {
                let carries = |namespace: &Namespace| namespace.annotations.get(key) == Some(value);
                match of {
                    None => self.spans_where(carries),
                    Some(names) => {
                        let listed = names.iter().filter(|name| self.admits(name, carries));
                        listed.map(|name| index.span(name)).collect()
                    }
                }
            }
        }
    }

    fn spans_where(&self, fits: impl Fn(&Namespace) -> bool) -> Vec<Span> {
        let names = self.inventory.placed.namespaces.keys();
        let fitting = names.filter(|name| self.admits(name, &fits));
        let index = &self.inventory.placed.index;
        fitting.map(|name| index.span(name)).collect()
    }

    /// Whether a namespace fits. What is not known of one counts as fitting.
    fn admits(&self, name: &str, fits: impl Fn(&Namespace) -> bool) -> bool {
        let namespace = self.inventory.namespace(name);
        namespace.is_some_and(|namespace| !namespace.known || fits(namespace))
    }

    fn by_name(&self, span: &Span, names: &[String], found: &mut Vec<PodId>) {
        let ids = names
            .iter()
            .filter_map(|name| self.inventory.find_in(span, name));
        found.extend(ids.filter(|id| self.matches(*id)));
    }

    /// Goes through the shortest list that every answer is on.
    fn by_index(&self, span: &Span, found: &mut Vec<PodId>) {
        if let Some(lists) = self.shortest(span) {
            let pods = lists.into_iter().flatten().copied();
            found.extend(pods.filter(|id| self.matches(*id)));
        } else {
            let pods = span.clone().map(PodId);
            found.extend(pods.filter(|id| self.matches(*id)));
        }
    }

    /// The lists that together hold every answer in `span`, where they are shorter than `span`.
    fn shortest<'i>(&'i self, span: &'i Span) -> Option<Vec<&'i [PodId]>> {
        let index = &self.inventory.placed.index;
        let one_of = |it: &&Requirement| it.operator == Operator::In;
        let labelled = self.query.labels.requirements.iter().filter(one_of);
        let labelled = labelled.map(|it| index.listed(it, span).collect());
        let hosted = self.nodes.iter().map(|nodes| self.hosted(nodes, span));
        let length = |lists: &Vec<&[PodId]>| lists.iter().map(|list| list.len()).sum::<usize>();
        let shortest = labelled.chain(hosted).min_by_key(length)?;
        (length(&shortest) < span.len()).then_some(shortest)
    }

    fn hosted<'i>(&'i self, nodes: &[NodeId], span: &Span) -> Vec<&'i [PodId]> {
        let pods = |id: &NodeId| within(&self.inventory.node(*id).pods, span);
        nodes.iter().map(pods).collect()
    }

    fn matches(&self, id: PodId) -> bool {
        let (pod, query) = (self.inventory.pod(id), self.query);
        query.labels.matches(&pod.labels)
            && !query
                .except
                .iter()
                .any(|labels| labels.matches(&pod.labels))
            && annotated(query, pod)
            && query.owner.as_ref().is_none_or(|owner| owns(owner, pod))
            && self.scaled.as_ref().is_none_or(|it| it.concerns(pod))
            && !query.not_owned_by.iter().any(|kind| owned_by(kind, pod))
            && !query
                .expelled_by
                .as_ref()
                .is_some_and(|taint| puts_up(pod, taint))
            && query.fields.iter().all(|field| self.holds(field, pod))
            && (self.later || phase_fits(&query.phases, pod))
            && mounts(query, pod)
            && self.on_node(pod)
            && self
                .reach
                .as_ref()
                .is_none_or(|reach| reach.covers(id, pod))
    }

    fn holds(&self, (field, value): &(PodField, String), pod: &Pod) -> bool {
        (self.later && field.is_volatile()) || read(*field, pod) == value
    }

    fn on_node(&self, pod: &Pod) -> bool {
        let Some(nodes) = &self.nodes else {
            return true;
        };
        pod.node
            .is_some_and(|node| nodes.binary_search(&node).is_ok())
    }
}

/// Whether it has the annotations. Of those that are not kept any may be there.
fn annotated(query: &PodQuery, pod: &Pod) -> bool {
    let mut asked = query.annotations.requirements.iter();
    asked.all(|it| is_dropped(&it.key) || it.matches(&pod.annotations))
}

fn mounts(query: &PodQuery, pod: &Pod) -> bool {
    let claims = query.claims.as_ref();
    claims.is_none_or(|claims| claims.iter().any(|claim| pod.mounts(claim)))
}

fn owns(query: &OwnerQuery, pod: &Pod) -> bool {
    let named = query.names.as_ref();
    let name = |name: &String| pod.owner.as_ref().is_some_and(|owner| owner.name == *name);
    owned_by(&query.kind, pod) && named.is_none_or(|names| names.iter().any(name))
}

fn puts_up(pod: &Pod, taint: &Taint) -> bool {
    pod.tolerations.iter().any(|it| it.covers(taint))
}

fn owned_by(kind: &str, pod: &Pod) -> bool {
    let owner = pod.owner.as_ref();
    owner.is_some_and(|owner| owner.kind.eq_ignore_ascii_case(kind))
}

fn phase_fits(phases: &Phases, pod: &Pod) -> bool {
    let among = |phases: &[String]| phases.iter().any(|phase| pod.phase == *phase);
    (phases.include.is_empty() || among(&phases.include)) && !among(&phases.exclude)
}

fn read(field: PodField, pod: &Pod) -> &str {
    match field {
        PodField::Name => &pod.name,
        PodField::Namespace => &pod.namespace,
        PodField::NodeName => &pod.node_name,
        PodField::RestartPolicy => &pod.restart_policy,
        PodField::SchedulerName => &pod.scheduler,
        PodField::ServiceAccountName => &pod.service_account,
        PodField::Phase => &pod.phase,
        PodField::PodIp => &pod.ip,
        PodField::NominatedNodeName => &pod.nominated_node,
    }
}

/// A selection of the pods of one namespace that have these labels.
pub(super) fn labelled(namespace: &str, labels: LabelSelector) -> Selection {
    let query = PodQuery {
        namespaces: Namespaces::Named(vec![namespace.to_owned()]),
        labels,
        ..PodQuery::default()
    };
    Selection {
        queries: vec![query],
        list: Listing::WithRepeats,
    }
}

/// The pod called `name` among those of one namespace, which are sorted by name.
pub(super) fn find(pods: &[Pod], span: &Range<u32>, name: &str) -> Option<PodId> {
    let namespace = pods.get(span.start as usize..span.end as usize)?;
    let at = namespace.binary_search_by(|pod| pod.name.as_str().cmp(name));
    u32::try_from(at.ok()?)
        .ok()
        .map(|at| PodId(span.start + at))
}
