//! `blast`: the worst that the experiment can do, measured.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jiff::Timestamp;

use super::group::Hurt;
use super::record::{int, items, record, text, texts, truth, view};
use crate::blast::{BlastRadius, BudgetImpact, Concurrent};
use crate::cel::Value;
use crate::inventory::{Inventory, Node, NodeId, Pod, PodId};

/// The blast radius, and the cluster that its numbers point into.
#[derive(Debug)]
pub(super) struct Reach<'c> {
    blast: &'c BlastRadius,
    inventory: &'c Inventory,
    now: Timestamp,
    pods: OnceLock<Vec<Victim<'c>>>,
    groups: OnceLock<Vec<Hurt<'c>>>,
    nodes: OnceLock<Vec<Host<'c>>>,
    budgets: OnceLock<Vec<Strain<'c>>>,
    concurrent: OnceLock<Vec<Beside<'c>>>,
}

/// A pod.
#[derive(Debug)]
pub(super) struct Victim<'c> {
    pod: &'c Pod,
    inventory: &'c Inventory,
}

/// A node.
#[derive(Debug)]
struct Host<'c>(&'c Node);

/// A PodDisruptionBudget.
#[derive(Debug)]
struct Strain<'c> {
    impact: &'c BudgetImpact,
    inventory: &'c Inventory,
}

/// Another live experiment.
#[derive(Debug)]
struct Beside<'c> {
    concurrent: &'c Concurrent,
    inventory: &'c Inventory,
}

/// The pods of these ids.
pub(super) fn victims<'c>(ids: &[PodId], inventory: &'c Inventory) -> Vec<Victim<'c>> {
    let victim = |id: &PodId| Victim {
        pod: inventory.pod(*id),
        inventory,
    };
    ids.iter().map(victim).collect()
}

impl<'c> Reach<'c> {
    pub(super) fn new(blast: &'c BlastRadius, inventory: &'c Inventory, now: Timestamp) -> Self {
        Self {
            blast,
            inventory,
            now,
            pods: OnceLock::new(),
            groups: OnceLock::new(),
            nodes: OnceLock::new(),
            budgets: OnceLock::new(),
            concurrent: OnceLock::new(),
        }
    }

    fn pods(&self) -> &Vec<Victim<'c>> {
        let make = || victims(&self.blast.candidates, self.inventory);
        self.pods.get_or_init(make)
    }

    fn groups(&self) -> &Vec<Hurt<'c>> {
        let impacts = self.blast.impacts.iter();
        let make = || impacts.map(|it| Hurt::new(it, self.inventory, self.now));
        self.groups.get_or_init(|| make().collect())
    }

    fn nodes(&self) -> &Vec<Host<'c>> {
        let ids = self.blast.faults.iter().flat_map(|reach| &reach.nodes);
        let make = || {
            let ids: BTreeSet<NodeId> = ids.copied().collect();
            let nodes = ids.into_iter().map(|id| Host(self.inventory.node(id)));
            nodes.collect()
        };
        self.nodes.get_or_init(make)
    }

    fn budgets(&self) -> &Vec<Strain<'c>> {
        let inventory = self.inventory;
        let impacts = self.blast.budgets.iter();
        let make = || impacts.map(|impact| Strain { impact, inventory });
        self.budgets.get_or_init(|| make().collect())
    }

    fn concurrent(&self) -> &Vec<Beside<'c>> {
        let inventory = self.inventory;
        let found = self.blast.concurrent.iter();
        let make = || {
            found.map(|concurrent| Beside {
                concurrent,
                inventory,
            })
        };
        self.concurrent.get_or_init(|| make().collect())
    }

    /// The zones of the candidates. What is not known may be any zone: it counts as one of its own,
    /// without a name, for each node that tells none and each pod that is on no known node.
    fn zones(&self) -> Vec<&'c str> {
        let mut zones = BTreeSet::new();
        let (mut silent, mut adrift) = (BTreeSet::new(), 0);
        for pod in self.pods() {
            match pod.pod.node {
                None => adrift += 1,
                Some(id) => match self.inventory.node(id).zone.as_str() {
                    "" => drop(silent.insert(id)),
                    zone => drop(zones.insert(zone)),
                },
            }
        }
        let unnamed = std::iter::repeat_n("", silent.len() + adrift);
        unnamed.chain(zones).collect()
    }
}

record! {
    /// A pod.
    POD = "Pod" of Victim<'_> {
        "namespace": "string", |it| text(&it.pod.namespace),
            "Namespace.", "blast.pods.all(pod, pod.namespace != 'payments')";
        "name": "string", |it| text(&it.pod.name),
            "Name.", "!blast.pods.exists(pod, pod.name.endsWith('-0'))";
        "labels": "map(string, string)", |it| view(&it.pod.labels),
            "Labels.", "blast.pods.all(pod, pod.labels[?'tier'].orValue('') != 'gold')";
        "annotations": "map(string, string)", |it| view(&it.pod.annotations),
            "Annotations, but for what was last applied and what the plugins of networks note down.", "!blast.pods.exists(pod, 'do-not-disturb' in pod.annotations)";
        "node": "string", |it| text(&it.pod.node_name),
            "The node it runs on; empty where that is not known.",
            "blast.pods.map(pod, pod.node).distinct().size() <= 2";
        "zone": "string", |it| {
                let node = it.pod.node.map(|id| it.inventory.node(id));
                text(node.map_or("", |node| &node.zone))
            },
            "The zone of its node; empty where that is not known.",
            "blast.pods.all(pod, pod.zone != 'eu-1c')";
        "phase": "string", |it| text(&it.pod.phase),
            "Its phase, such as `Running`.", "blast.pods.all(pod, pod.phase == 'Running')";
        "healthy": "bool", |it| truth(it.pod.healthy),
            "Whether it serves: it is ready, not being deleted, and under no live fault that hides behind readiness.",
            "blast.pods.all(pod, pod.healthy)";
        "serviceAccount": "string", |it| text(&it.pod.service_account),
            "The account it runs as.", "blast.pods.all(pod, pod.serviceAccount != 'vault')";
        "hostNetwork": "bool", |it| truth(it.pod.host_network),
            "Whether it uses the network of its node.",
            "!blast.pods.exists(pod, pod.hostNetwork)";
        "containers": "list(string)", |it| items(&it.pod.containers),
            "The names of its containers.",
            "!blast.pods.exists(pod, 'istio-proxy' in pod.containers)";
        "assumed": "bool", |it| truth(it.pod.assumed),
            "Whether it is only assumed to exist, from the template of its workload.",
            "!blast.pods.exists(pod, pod.assumed)";
    }
}

record! {
    /// A node.
    NODE = "Node" of Host<'_> {
        "name": "string", |it| text(&it.0.name),
            "Name.", "blast.nodes.all(node, node.name != 'control-plane-1')";
        "labels": "map(string, string)", |it| it.0.known.then(|| view(&it.0.labels)).flatten(),
            "Labels; absent where the node itself is not known.",
            "blast.nodes.all(node, !('node-role.kubernetes.io/control-plane' in node.labels))";
        "zone": "string", |it| text(&it.0.zone),
            "Its zone; empty where that is not known.",
            "blast.nodes.all(node, node.zone == 'eu-1a')";
    }
}

record! {
    /// What the worst case leaves of a PodDisruptionBudget.
    BUDGET = "BudgetImpact" of Strain<'_> {
        "namespace": "string", |it| {
                let budget = it.inventory.budgets().get(it.impact.budget)?;
                text(&budget.namespace)
            },
            "Its namespace.", "blast.budgets.all(budget, budget.namespace != 'payments')";
        "name": "string", |it| {
                let budget = it.inventory.budgets().get(it.impact.budget)?;
                text(&budget.name)
            },
            "Its name.", "blast.budgets.all(budget, budget.name != 'ledger')";
        "lost": "int", |it| int(it.impact.lost),
            "The most healthy pods of it that are lost at once.",
            "blast.budgets.all(budget, budget.lost <= budget.allowed)";
        "allowed": "int", |it| int(it.impact.allowed),
            "How many it permits to be lost now.",
            "blast.budgets.all(budget, budget.allowed >= 1)";
    }
}

record! {
    /// Another live experiment that can reach the same database or workload.
    CONCURRENT = "Concurrent" of Beside<'_> {
        "kind": "string", |it| {
                let active = it.inventory.active().get(it.concurrent.active)?;
                text(&active.experiment.object.kind)
            },
            "The kind of its object.",
            "blast.concurrent.all(other, other.kind == experiment.kind)";
        "namespace": "string", |it| {
                let active = it.inventory.active().get(it.concurrent.active)?;
                text(&active.experiment.object.namespace)
            },
            "Its namespace.",
            "blast.concurrent.all(other, other.namespace == experiment.namespace)";
        "name": "string", |it| {
                let active = it.inventory.active().get(it.concurrent.active)?;
                text(&active.experiment.object.name)
            },
            "Its name.", "blast.concurrent.all(other, other.name.startsWith('background-'))";
        "group": "string", |it| {
                Some(Value::text(it.inventory.group_name(it.concurrent.group)))
            },
            "What both reach, such as `StatefulSet payments/ledger`.",
            "blast.concurrent.all(other, !other.group.startsWith('StatefulSet '))";
    }
}

record! {
    /// The worst that the experiment can do, together with what is live already. An upper bound,
    /// never an estimate.
    BLAST = "Blast" of Reach<'_> {
        "pods": "list(Pod)", |it| items(it.pods()),
            "Every pod that some draw can hit.",
            "blast.pods.all(pod, pod.labels[?'tier'].orValue('') != 'gold')";
        "hits": "int", |it| int(it.blast.pods),
            "The most pods that it hits at once.", "blast.hits <= 3";
        "nodes": "list(Node)", |it| items(it.nodes()),
            "Every node that it can take.", "blast.nodes.size() == 0";
        "nodeHits": "int", |it| int(it.blast.nodes),
            "The most nodes that it takes at once.", "blast.nodeHits <= 1";
        "namespaces": "list(string)", |it| items(&it.blast.namespaces),
            "The namespaces of these pods.", "blast.namespaces == [request.namespace]";
        "zones": "list(string)", |it| texts(it.zones()),
            "The zones of these pods. Each node whose zone is not known, and each pod whose node is not, counts as a zone of its own with an empty name.",
            "blast.zones.size() <= 1";
        "groups": "list(Group)", |it| items(it.groups()),
            "Each database and workload that it can reach.",
            "blast.groups.all(group, group.remaining >= 2)";
        "budgets": "list(BudgetImpact)", |it| {
                let told = it.inventory.budgets_untold().is_none();
                told.then(|| items(it.budgets())).flatten()
            },
            "The PodDisruptionBudgets of these pods.",
            "blast.budgets.all(budget, budget.lost <= budget.allowed)";
        "concurrent": "list(Concurrent)", |it| items(it.concurrent()),
            "Other live experiments that can reach the same databases or workloads.",
            "blast.concurrent.size() == 0";
        "unknown": "list(string)", |it| {
                texts(it.blast.unknown.iter().map(|unknown| unknown.what.as_str()))
            },
            "What could not be resolved, a sentence each.", "blast.unknown == []";
        "armed": "bool", |it| truth(it.blast.faults.iter().any(|reach| reach.armed)),
            "Whether a fault matches nothing now, and stays armed.", "!blast.armed";
    }
}
