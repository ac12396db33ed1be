//! Building an inventory: objects become facts, facts are sorted, counted in groups and indexed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::Index;
use super::kinds;
use super::pod::Facts;
use super::select::labelled;
use super::service::{Address, Service};
use super::words::Text;
use super::world::{World, namespace};
use super::{
    Group, GroupId, Inventory, Namespace, Node, NodeId, Origin, Placed, Pod, PodId, View, budget,
    database, expand, scaled, workload,
};
use crate::fault::{NetworkPolicy, Surroundings};
use crate::selector::LabelSelector;

pub(super) fn inventory(world: &World<'_>, around: Arc<Surroundings>) -> Inventory {
    let mut nodes: Vec<Node> = world.store.nodes.values().cloned().collect();
    let mut pods = pods(world, &nodes);
    if nodes.is_empty() {
        nodes = implied(&pods);
    }
    settle(&mut pods, &mut nodes);
    let groups = groups(world, &mut pods);
    let placed = Placed {
        namespaces: namespaces(world, &pods),
        index: Index::new(&pods),
        assumed: pods.iter().any(|pod| pod.assumed),
        nodes,
        groups,
        network_policies: network_policies(world),
        scalable: scaled::scalable(world),
        surroundings: around,
        ..Placed::default()
    };
    let mut inventory = Inventory {
        pods: Arc::new(pods),
        placed: Arc::new(placed),
        ..Inventory::default()
    };
    let services = services(world, &inventory);
    let budgets = budget::budgets(world, &inventory);
    let placed = Arc::make_mut(&mut inventory.placed);
    (placed.services, placed.budgets) = (services, budgets);
    inventory
}

/// The pods, by namespace and name. A recorded pod stands before an assumed one of its name.
fn pods(world: &World<'_>, nodes: &[Node]) -> Vec<Pod> {
    let recorded = |facts: &Arc<Facts>| Pod::recorded(facts, workload::owner(world, facts));
    let mut pods: Vec<Pod> = world.pods().map(recorded).collect();
    if world.origin == Origin::Manifests {
        let assumed = expand::pods(world, nodes, &pods);
        pods.extend(assumed);
        pods.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        pods.dedup_by(|b, a| (&a.namespace, &a.name) == (&b.namespace, &b.name));
    }
    pods
}

/// The nodes that pods say they run on, where no node is in the inventory itself; one that stands
/// for all where pods are assumed and none says.
fn implied(pods: &[Pod]) -> Vec<Node> {
    let placed = |pod: &&Pod| pod.assumed || !pod.node_name.is_empty();
    let names = pods.iter().filter(placed).map(|pod| pod.node_name.as_str());
    let names: BTreeSet<&str> = names.collect();
    names.into_iter().map(Node::implied).collect()
}

/// Puts pods on their nodes, and those that may be anywhere on every node.
fn settle(pods: &mut [Pod], nodes: &mut [Node]) {
    for (id, pod) in (0..).zip(pods) {
        let found = nodes.binary_search_by(|node| node.name.cmp(&pod.node_name));
        if pod.assumed && pod.node_name.is_empty() {
            for node in nodes.iter_mut() {
                node.pods.push(PodId(id));
            }
        } else if let Ok(at) = found {
            pod.node = u32::try_from(at).ok().map(NodeId);
            nodes[at].pods.push(PodId(id));
        }
    }
}

/// Every database and workload; each pod learns the one it is counted in.
fn groups(world: &World<'_>, pods: &mut [Pod]) -> Vec<Group> {
    let databases = database::groups(world, pods).into_iter();
    let mut groups: Vec<(Group, Vec<PodId>)> = databases
        .map(|group| {
            let members = group.members.clone();
            (group, members)
        })
        .collect();
    let mut claimed = vec![false; pods.len()];
    for id in groups.iter().flat_map(|(_, all)| all) {
        claimed[id.0 as usize] = true;
    }
    groups.extend(workload::groups(world, pods, &claimed));
    groups.sort_by(|(a, _), (b, _)| key(a).cmp(&key(b)));
    for (id, (_, all)) in (0..).zip(&groups) {
        for pod in all {
            pods[pod.0 as usize].group = GroupId(id);
        }
    }
    groups.into_iter().map(|(group, _)| group).collect()
}

fn key(group: &Group) -> [&str; 5] {
    let Group {
        namespace,
        kind,
        name,
        api_group,
        unit,
        ..
    } = group;
    [namespace, kind, name, api_group, unit]
}

fn namespaces(world: &World<'_>, pods: &[Pod]) -> BTreeMap<Text, Arc<Namespace>> {
    let mut namespaces = world.store.namespaces.clone();
    for pod in pods {
        if !namespaces.contains_key(&pod.namespace) {
            let implied = Arc::new(Namespace::implied(&pod.namespace));
            namespaces.insert(pod.namespace.clone(), implied);
        }
    }
    namespaces
}

/// The NetworkPolicies by namespace. One that cannot be read lets nothing through and blocks nothing.
fn network_policies(world: &World<'_>) -> BTreeMap<String, Vec<NetworkPolicy>> {
    let mut found = BTreeMap::<String, Vec<NetworkPolicy>>::new();
    for object in world.all(kinds::NETWORK_POLICY) {
        if let Ok(policy) = NetworkPolicy::read(object) {
            let place = namespace(object).to_owned();
            found.entry(place).or_default().push(policy);
        }
    }
    found
}

fn services(world: &World<'_>, inventory: &Inventory) -> Vec<Service> {
    let service = |address: &Address| Service {
        address: address.clone(),
        pods: behind(address, inventory),
    };
    let places = world.store.services.values();
    places.flat_map(BTreeMap::values).map(service).collect()
}

/// The pods behind a Service. Without a selector somebody else says where it leads.
fn behind(address: &Address, inventory: &Inventory) -> Vec<PodId> {
    let labels = address.selector.iter();
    let labels: BTreeMap<String, String> = labels
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    if labels.is_empty() {
        return Vec::new();
    }
    let selection = labelled(&address.namespace, LabelSelector::equalities(&labels));
    inventory.select(&selection, View::Now).pods
}
