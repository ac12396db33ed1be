//! What NetworkPolicies let through between pods.

use super::service::Block;
use super::{ContainerPort, Inventory, Pod, PodId, View};
use crate::fault::{
    Listing, Namespaces, NetworkPolicy, Peer, PodQuery, Port, PortNumber, Rule, Selection,
};
use crate::selector::LabelSelector;

/// A direction, as the pod sees it that a policy selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Others come to it.
    Ingress,
    /// It goes to others.
    Egress,
}

/// The NetworkPolicies of one namespace, together: what one of them lets through passes.
#[derive(Debug, Clone)]
pub struct Traffic<'i> {
    inventory: &'i Inventory,
    policies: Vec<&'i NetworkPolicy>,
}

impl<'i> Traffic<'i> {
    /// The traffic under these policies, which are of one namespace.
    pub fn new(
        inventory: &'i Inventory,
        policies: impl Iterator<Item = &'i NetworkPolicy>,
    ) -> Self {
        Self {
            inventory,
            policies: policies.collect(),
        }
    }

    /// The rules for a pod and a direction, each with the policy it is from; `None` where nothing
    /// governs it, so that everything passes. On the network of a node no policy holds.
    #[must_use]
    pub fn rules(&self, side: Side, pod: PodId) -> Option<Vec<(&'i NetworkPolicy, &'i Rule)>> {
        let pod = self.inventory.pod(pod);
        let selecting = self.policies.iter().filter(|policy| {
            !pod.host_network && pod.namespace == place(policy) && policy.pods.matches(&pod.labels)
        });
        let mut found = None;
        for policy in selecting {
            if let Some(rules) = governed(policy, side) {
                let own = found.get_or_insert_with(Vec::new);
                own.extend(rules.iter().map(|rule| (*policy, rule)));
            }
        }
        found
    }

    /// Whether `from` may talk to `to` at this port of it; at any where none is known.
    #[must_use]
    pub fn passes(&self, from: PodId, to: PodId, port: Option<&ContainerPort>) -> bool {
        let lets = |side, own, other| {
            let rules = self.rules(side, own);
            rules.is_none_or(|rules| {
                rules
                    .iter()
                    .any(|(policy, rule)| rule.fits(port) && self.admits(policy, rule, other))
            })
        };
        lets(Side::Egress, from, to) && lets(Side::Ingress, to, from)
    }

    /// Whether a rule lets another pod through, at some port.
    #[must_use]
    pub fn admits(&self, policy: &NetworkPolicy, rule: &Rule, other: PodId) -> bool {
        let pod = self.inventory.pod(other);
        let admits = |peer: &Peer| match peer {
            Peer::Pods { namespaces, pods } => {
                self.is_there(policy, namespaces.as_ref(), &pod.namespace)
                    && pods.matches(&pod.labels)
            }
            Peer::Block { within, except } => is_within(pod, within, except),
        };
        rule.peers.is_empty() || rule.peers.iter().any(admits)
    }

    /// Whether this is one of the namespaces; of the policy's own where none are said.
    fn is_there(
        &self,
        policy: &NetworkPolicy,
        namespaces: Option<&LabelSelector>,
        name: &str,
    ) -> bool {
        namespaces.map_or(name == place(policy), |labels| {
            labels.is_empty() || self.may_match(labels, name)
        })
    }

    /// Whether a namespace has these labels. What is not known of one counts as fitting.
    fn may_match(&self, labels: &LabelSelector, namespace: &str) -> bool {
        let namespace = self.inventory.namespace(namespace);
        namespace.is_none_or(|it| !it.known || labels.matches(&it.labels))
    }

    /// Whether a peer is any of the pods that fit, as far as it names pods.
    #[must_use]
    pub fn is_any(
        &self,
        policy: &NetworkPolicy,
        peer: &Peer,
        fits: impl Fn(PodId) -> bool,
    ) -> bool {
        let Peer::Pods { namespaces, pods } = peer else {
            return false;
        };
        if pods.is_empty() {
            let names = self.inventory.namespaces().map(|it| it.0);
            let mut near = names.filter(|name| self.is_there(policy, namespaces.as_ref(), name));
            // Most pods are somebody: the first that fits is soon found.
            return near.any(|name| self.inventory.placed.index.span(name).map(PodId).any(&fits));
        }
        let namespaces = match namespaces {
            None => Namespaces::Named(vec![place(policy).to_owned()]),
            Some(labels) if labels.is_empty() => Namespaces::All,
            Some(labels) => Namespaces::Labelled(labels.clone()),
        };
        let query = PodQuery {
            namespaces,
            labels: pods.clone(),
            ..PodQuery::default()
        };
        let selection = Selection {
            queries: vec![query],
            list: Listing::WithRepeats,
        };
        let found = self.inventory.select(&selection, View::Now).pods;
        found.into_iter().any(fits)
    }
}

impl Rule {
    /// Whether it is about this port of a container; about any where none is known.
    #[must_use]
    pub fn fits(&self, port: Option<&ContainerPort>) -> bool {
        let Some(port) = port else {
            return true;
        };
        let is = |listed: &Port| {
            listed.protocol == port.protocol
                && match &listed.number {
                    PortNumber::Any => true,
                    PortNumber::Between(first, last) => (*first..=*last).contains(&port.number),
                    PortNumber::Named(name) => *name == port.name,
                }
        };
        self.ports.is_empty() || self.ports.iter().any(is)
    }
}

fn governed(policy: &NetworkPolicy, side: Side) -> Option<&Vec<Rule>> {
    match side {
        Side::Ingress => policy.ingress.as_ref(),
        Side::Egress => policy.egress.as_ref(),
    }
}

/// The namespace of a policy, as `kubectl` would put it.
fn place(policy: &NetworkPolicy) -> &str {
    match policy.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    }
}

/// Whether a pod's address is in a block. One that is not known may be.
fn is_within(pod: &Pod, within: &str, except: &[String]) -> bool {
    let Ok(address) = pod.ip.parse() else {
        return true;
    };
    let holds = |text: &String| Block::read(text).is_some_and(|block| block.contains(address));
    Block::read(within).is_some_and(|block| block.contains(address)) && !except.iter().any(holds)
}
