//! Building an inventory: objects become facts, facts are sorted, counted in groups and indexed.

use std::collections::{BTreeMap, BTreeSet};

use super::index::Index;
use super::lenient::map;
use super::select::labelled;
use super::service::{Service, addresses};
use super::world::{World, namespace};
use super::{
    Group, GroupId, Inventory, Namespace, Node, NodeId, Origin, Pod, PodId, View, budget, database,
    expand, scaled, workload,
};
use crate::fault::{NetworkPolicy, Surroundings};
use crate::object::Object;
use crate::selector::LabelSelector;

pub(super) fn inventory(objects: &[Object], origin: Origin) -> Inventory {
    let world = World::new(objects, origin);
    let mut nodes = nodes(&world);
    let mut pods = pods(&world, &nodes);
    if nodes.is_empty() {
        nodes = implied(&pods);
    }
    settle(&mut pods, &mut nodes);
    let groups = groups(&world, &mut pods);
    let mut inventory = Inventory {
        namespaces: namespaces(&world, &pods),
        index: Index::new(&pods),
        assumed: pods.iter().any(|pod| pod.assumed),
        pods,
        nodes,
        groups,
        network_policies: network_policies(&world),
        scalable: scaled::scalable(&world),
        surroundings: Surroundings::of(objects),
        ..Inventory::default()
    };
    inventory.services = services(&world, &inventory);
    inventory.budgets = budget::budgets(&world, &inventory);
    inventory
}

fn nodes(world: &World<'_>) -> Vec<Node> {
    let mut nodes: Vec<Node> = world.all(("", "Node")).map(Node::recorded).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

/// The pods, by namespace and name. A recorded pod stands before an assumed one of its name.
fn pods(world: &World<'_>, nodes: &[Node]) -> Vec<Pod> {
    let recorded = |object: &Object| Pod {
        owner: workload::owner(world, object),
        ..Pod::recorded(object)
    };
    let mut pods: Vec<Pod> = world.all(("", "Pod")).map(recorded).collect();
    if world.origin == Origin::Manifests {
        let assumed = expand::pods(world, nodes, &pods);
        pods.extend(assumed);
    }
    pods.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    pods.dedup_by(|b, a| (&a.namespace, &a.name) == (&b.namespace, &b.name));
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
        .map(|group| (group.clone(), group.members))
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

fn namespaces(world: &World<'_>, pods: &[Pod]) -> BTreeMap<String, Namespace> {
    let known = world.all(("", "Namespace"));
    let known = known.map(|it| (it.reference().name.clone(), Namespace::recorded(it)));
    let mut namespaces: BTreeMap<String, Namespace> = known.collect();
    for pod in pods {
        if !namespaces.contains_key(&pod.namespace) {
            namespaces.insert(pod.namespace.clone(), Namespace::implied(&pod.namespace));
        }
    }
    namespaces
}

/// The NetworkPolicies by namespace. One that cannot be read lets nothing through and blocks nothing.
fn network_policies(world: &World<'_>) -> BTreeMap<String, Vec<NetworkPolicy>> {
    let mut found = BTreeMap::<String, Vec<NetworkPolicy>>::new();
    for object in world.all(("networking.k8s.io", "NetworkPolicy")) {
        if let Ok(policy) = NetworkPolicy::read(object) {
            let place = namespace(object).to_owned();
            found.entry(place).or_default().push(policy);
        }
    }
    found
}

fn services(world: &World<'_>, inventory: &Inventory) -> Vec<Service> {
    let service = |object: &Object| Service {
        namespace: namespace(object).to_owned(),
        name: object.reference().name.clone(),
        addresses: addresses(object.value()),
        pods: behind(object, inventory),
    };
    world.all(("", "Service")).map(service).collect()
}

/// The pods behind a Service. Without a selector somebody else says where it leads.
fn behind(service: &Object, inventory: &Inventory) -> Vec<PodId> {
    let labels = map(service.value(), "/spec/selector");
    if labels.is_empty() {
        return Vec::new();
    }
    let selection = labelled(namespace(service), LabelSelector::equalities(&labels));
    inventory.select(&selection, View::Now).pods
}
