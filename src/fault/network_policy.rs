//! A NetworkPolicy: which pods it selects, and whom it lets them talk to.

use std::net::IpAddr;

use super::Unreadable;
use crate::object::{Field, Object};
use crate::selector::LabelSelector;

/// A NetworkPolicy. A pod that some policy selects may talk, in the directions that policy governs,
/// only to those that one of the policies selecting it lets through.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkPolicy {
    /// Namespace, and that of the pods it selects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The pods it selects.
    pub pods: LabelSelector,
    /// Who may come in; `None` where it does not govern that direction.
    pub ingress: Option<Vec<Rule>>,
    /// Where they may go; `None` where it does not govern that direction.
    pub egress: Option<Vec<Rule>>,
}

/// What is let through: these peers at these ports. An empty list is all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// At the other end.
    pub peers: Vec<Peer>,
    /// Of the pod that is talked to.
    pub ports: Vec<Port>,
}

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq)]
pub enum Peer {
    /// Pods of the namespaces that match, of the policy's own where none are said.
    Pods {
        /// The namespaces.
        namespaces: Option<LabelSelector>,
        /// The pods.
        pods: LabelSelector,
    },
    /// Addresses.
    Block {
        /// Those of this block.
        within: String,
        /// But not of these.
        except: Vec<String>,
    },
}

/// A port, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Which of that protocol.
    pub number: PortNumber,
}

/// Which ports of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortNumber {
    /// All of them.
    Any,
    /// From the first to the last.
    Between(u32, u32),
    /// The one that the container calls so.
    Named(String),
}

const DIRECTIONS: &str = "one of Ingress, Egress";
const PROTOCOLS: &[&str] = &["TCP", "UDP", "SCTP"];
const PORTS: &str = "a port from 1 to 65535, or the name of one";

impl NetworkPolicy {
    /// Reads a NetworkPolicy.
    ///
    /// # Errors
    /// When a field has the wrong type, or says what no NetworkPolicy may say.
    pub fn read(object: &Object) -> Result<Self, Unreadable> {
        let spec = object.spec();
        let (ingress, egress) = (spec.get("ingress"), spec.get("egress"));
        let rules = (rules(&ingress, "from")?, rules(&egress, "to")?);
        let types = types(&spec.get("policyTypes"))?;
        // Ingress is governed unless the types say otherwise, egress where types or rules name it.
        let governs = |direction: &str, default: bool| match types.as_slice() {
            [] => default,
            types => types.iter().any(|each| each == direction),
        };
        Ok(Self {
            namespace: object.reference().namespace.clone(),
            name: object.reference().name.clone(),
            pods: LabelSelector::read(&spec.get("podSelector"))?,
            egress: governs("Egress", !rules.1.is_empty()).then_some(rules.1),
            ingress: governs("Ingress", true).then_some(rules.0),
        })
    }

    /// Whether it blocks anything for the pods it selects.
    #[must_use]
    pub fn isolates(&self) -> bool {
        let blocks = |rules: &Vec<Rule>| !rules.iter().any(Rule::lets_all);
        [&self.ingress, &self.egress]
            .into_iter()
            .flatten()
            .any(blocks)
    }
}

impl Rule {
    /// Whether it lets everything through.
    fn lets_all(&self) -> bool {
        self.peers.is_empty() && self.ports.is_empty()
    }
}

fn types(field: &Field<'_>) -> Result<Vec<String>, Unreadable> {
    let types = field.texts()?.unwrap_or_default();
    let known = |each: &String| ["Ingress", "Egress"].contains(&each.as_str());
    if types.iter().all(known) {
        Ok(types)
    } else {
        Err(field.unreadable(DIRECTIONS))
    }
}

/// The rules of a direction. One that is null says nothing, and lets nothing through.
fn rules(field: &Field<'_>, peers: &str) -> Result<Vec<Rule>, Unreadable> {
    let rules = field.items()?;
    let rule = |rule: &Field<'_>| {
        Ok(Rule {
            peers: each(&rule.get(peers), peer)?,
            ports: each(&rule.get("ports"), port)?,
        })
    };
    rules.iter().filter(|it| it.is_set()).map(rule).collect()
}

fn each<T>(
    field: &Field<'_>,
    read: fn(&Field<'_>) -> Result<T, Unreadable>,
) -> Result<Vec<T>, Unreadable> {
    field.items()?.iter().map(read).collect()
}

fn peer(field: &Field<'_>) -> Result<Peer, Unreadable> {
    const EXPECTED: &str = "a podSelector, a namespaceSelector or both, or an ipBlock alone";
    let (pods, namespaces) = (field.get("podSelector"), field.get("namespaceSelector"));
    let block = field.get("ipBlock");
    let selects = pods.is_set() || namespaces.is_set();
    if selects == block.is_set() {
        return Err(field.unreadable(EXPECTED));
    }
    if block.is_set() {
        return self::block(&block);
    }
    let named = namespaces.is_set();
    Ok(Peer::Pods {
        namespaces: named
            .then(|| LabelSelector::read(&namespaces))
            .transpose()?,
        pods: LabelSelector::read(&pods)?,
    })
}

fn block(field: &Field<'_>) -> Result<Peer, Unreadable> {
    let within = cidr(&field.get("cidr"))?;
    let except = each(&field.get("except"), cidr)?;
    Ok(Peer::Block { within, except })
}

fn cidr(field: &Field<'_>) -> Result<String, Unreadable> {
    let text = field.required_text()?;
    let read = |(address, prefix): (&str, &str)| {
        let longest = match address.parse().ok()? {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        prefix
            .parse()
            .ok()
            .filter(|prefix: &u32| *prefix <= longest)
    };
    text.split_once('/')
        .and_then(read)
        .ok_or_else(|| field.unreadable("a block of addresses such as 10.0.0.0/8"))?;
    Ok(text.to_owned())
}

fn port(field: &Field<'_>) -> Result<Port, Unreadable> {
    let protocol = field.get("protocol");
    let name = protocol.text()?.unwrap_or("TCP");
    if !PROTOCOLS.contains(&name) {
        return Err(protocol.unreadable("one of TCP, UDP, SCTP"));
    }
    Ok(Port {
        protocol: name.to_owned(),
        number: port_number(&field.get("port"), &field.get("endPort"))?,
    })
}

fn port_number(field: &Field<'_>, end: &Field<'_>) -> Result<PortNumber, Unreadable> {
    let Some(value) = field.value() else {
        return if end.is_set() {
            Err(end.unreadable("a port beside it"))
        } else {
            Ok(PortNumber::Any)
        };
    };
    if let Some(name) = value.as_str() {
        return if name.is_empty() || end.is_set() {
            Err(field.unreadable(PORTS))
        } else {
            Ok(PortNumber::Named(name.to_owned()))
        };
    }
    let first = number(field)?;
    let last = if end.is_set() { number(end)? } else { first };
    if last < first {
        return Err(end.unreadable(format!("a port from {first} on")));
    }
    Ok(PortNumber::Between(first, last))
}

fn number(field: &Field<'_>) -> Result<u32, Unreadable> {
    let number = field
        .integer()?
        .and_then(|number| u16::try_from(number).ok());
    match number {
        Some(number) if number > 0 => Ok(number.into()),
        Some(_) | None => Err(field.unreadable(PORTS)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(spec: &Value) -> Result<NetworkPolicy, Unreadable> {
        let metadata = json!({"name": "x", "namespace": "db"});
        let value = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": metadata, "spec": spec});
        NetworkPolicy::read(&Object::new(value).unwrap())
    }

    #[test]
    fn the_directions_are_those_of_the_types_else_of_the_rules() {
        let governed = |spec: Value| {
            let policy = read(&spec).unwrap();
            (policy.ingress.is_some(), policy.egress.is_some())
        };
        assert_eq!(governed(json!({})), (true, false));
        assert_eq!(governed(json!({"egress": []})), (true, false));
        assert_eq!(governed(json!({"egress": [{}]})), (true, true));
        assert_eq!(governed(json!({"policyTypes": []})), (true, false));
        assert_eq!(governed(json!({"policyTypes": ["Egress"]})), (false, true));
        let ignored = json!({"policyTypes": ["Ingress"], "egress": [{"ports": [{"port": 53}]}]});
        assert_eq!(governed(ignored), (true, false));
    }

    #[test]
    fn a_rule_without_peers_and_ports_leaves_its_direction_open() {
        let isolates = |spec: Value| read(&spec).unwrap().isolates();
        assert!(isolates(json!({})));
        assert!(isolates(json!({"ingress": [null]})));
        assert!(!isolates(json!({"ingress": [{}]})));
        assert!(!isolates(json!({"ingress": [{"from": [], "ports": null}]})));
        assert!(isolates(json!({"ingress": [{"ports": [{"port": 1}]}]})));
        assert!(isolates(
            json!({"ingress": [{}], "egress": [{"to": [{"podSelector": {}}]}]})
        ));
    }

    #[test]
    fn what_no_policy_may_say_is_unreadable() {
        let ingress = |rule: Value| json!({"ingress": [rule]});
        let cases = [
            (json!({"policyTypes": ["Ingres"]}), "spec.policyTypes"),
            (ingress(json!({"from": [{}]})), "spec.ingress[0].from[0]"),
            (
                ingress(json!({"from": [{"podSelector": {}, "ipBlock": {"cidr": "::/0"}}]})),
                "spec.ingress[0].from[0]",
            ),
            (
                ingress(json!({"from": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]})),
                "spec.ingress[0].from[0].ipBlock.cidr",
            ),
            (
                ingress(json!({"ports": [{"port": 0}]})),
                "spec.ingress[0].ports[0].port",
            ),
            (
                ingress(json!({"ports": [{"port": 9, "endPort": 8}]})),
                "spec.ingress[0].ports[0].endPort",
            ),
            (
                ingress(json!({"ports": [{"protocol": "ICMP"}]})),
                "spec.ingress[0].ports[0].protocol",
            ),
        ];
        for (spec, field) in cases {
            assert_eq!(read(&spec).unwrap_err().field, field, "{spec}");
        }
    }
}
