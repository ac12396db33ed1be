//! Services, and what an address leads to.

use std::net::IpAddr;

use std::sync::Arc;

use serde_json::Value;

use super::lenient::{list, text, texts};
use super::words::{Labels, Text, Words};
use super::world::namespace;
use super::{Pod, PodId};
use crate::object::Object;

/// A Service, as far as addresses need it.
#[derive(Debug, Clone, Default)]
pub(super) struct Service {
    pub(super) address: Address,
    /// The pods behind it, ascending.
    pub(super) pods: Vec<PodId>,
}

/// What a Service says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Address {
    pub(super) namespace: Text,
    name: Text,
    /// The addresses it answers at.
    addresses: Arc<[IpAddr]>,
    /// The labels of the pods behind it. Without any, somebody else says where it leads.
    pub(super) selector: Labels,
}

impl Address {
    pub(super) fn recorded(object: &Object, words: &mut Words) -> Self {
        Self {
            namespace: words.text(namespace(object)),
            name: words.text(&object.reference().name),
            addresses: addresses(object.value()).into(),
            selector: words.labels(&texts(object.value(), "/spec/selector")),
        }
    }
}

/// Every address a Service answers at.
fn addresses(service: &Value) -> Vec<IpAddr> {
    let texts = |pointer| list(service, pointer).iter().filter_map(Value::as_str);
    let ingress = list(service, "/status/loadBalancer/ingress").iter();
    let all = [text(service, "/spec/clusterIP")]
        .into_iter()
        .chain(texts("/spec/clusterIPs"))
        .chain(texts("/spec/externalIPs"))
        .chain(ingress.map(|ingress| text(ingress, "/ip")));
    all.filter_map(|address| address.parse().ok()).collect()
}

/// What a list of addresses leads to.
#[derive(Debug, Default)]
pub(super) struct Reach {
    blocks: Vec<Block>,
    /// Pods behind Services, ascending.
    pods: Vec<PodId>,
}

impl Reach {
    /// What these addresses lead to: addresses, blocks of them, and names of Services.
    pub(super) fn new(addresses: &[String], services: &[Service]) -> Self {
        let mut reach = Self::default();
        for address in addresses {
            let behind = match Block::read(address.trim()) {
                Some(block) => {
                    reach.blocks.push(block);
                    answering(services, block)
                }
                None => named(services, address.trim()),
            };
            reach.pods.extend(behind);
        }
        reach.pods.sort_unstable();
        reach
    }

    /// Whether one of the addresses leads to this pod.
    pub(super) fn covers(&self, id: PodId, pod: &Pod) -> bool {
        let covered = |ip: IpAddr| self.blocks.iter().any(|block| block.contains(ip));
        pod.ip.parse().is_ok_and(covered) || self.pods.binary_search(&id).is_ok()
    }
}

fn answering(services: &[Service], block: Block) -> Vec<PodId> {
    let in_block = |service: &&Service| {
        service
            .address
            .addresses
            .iter()
            .any(|ip| block.contains(*ip))
    };
    let answering = services.iter().filter(in_block);
    answering.flat_map(|it| it.pods.iter().copied()).collect()
}

/// The pods behind a host name: `service`, `service.namespace`, with or without `svc` and the
/// domain of the cluster, and a pod's name in front. A name without a namespace is looked for in
/// all of them.
fn named(services: &[Service], host: &str) -> Vec<PodId> {
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let host = host.trim_end_matches('.');
    let host = host.split_once(".svc").map_or(host, |(name, _)| name);
    let parts: Vec<&str> = host.split('.').collect();
    let is = |service: &Service, name: &str, namespace: &str| {
        let Address {
            name: own,
            namespace: place,
            ..
        } = &service.address;
        own == name && (namespace.is_empty() || place == namespace)
    };
    let meant = |service: &&Service| match *parts.as_slice() {
        [name] => is(service, name, ""),
        [first, second] => is(service, first, second) || is(service, second, ""),
        [_, name, namespace] => is(service, name, namespace),
        _ => false,
    };
    let meant = services.iter().filter(meant);
    meant.flat_map(|it| it.pods.iter().copied()).collect()
}

/// A block of addresses, or one address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    address: IpAddr,
    prefix: u32,
}

impl Block {
    /// Reads `10.0.0.0/8`, `10.0.0.1`, `10.0.0.1:5432`, `[::1]:5432` and the like.
    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some((address, prefix)) = text.split_once('/') {
            let (address, prefix) = (address.parse().ok()?, prefix.parse().ok()?);
            return Some(Self { address, prefix });
        }
        let host = text.rsplit_once(':').map_or(text, |(host, _)| host);
        let host = host.trim_matches(['[', ']']);
        let address = text.parse().or_else(|_| host.parse()).ok()?;
        Some(Self {
            address,
            prefix: u32::MAX,
        })
    }

    pub(super) fn contains(self, ip: IpAddr) -> bool {
        let same = |differing: u32, length: u32| differing >= self.prefix.min(length);
        match (self.address, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same((a.to_bits() ^ b.to_bits()).leading_zeros(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                same((a.to_bits() ^ b.to_bits()).leading_zeros(), 128)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(namespace: &str, name: &str, pod: u32) -> Service {
        let address = Address {
            namespace: namespace.into(),
            name: name.into(),
            addresses: [IpAddr::from([10, 96, 0, u8::try_from(pod).unwrap()])].into(),
            ..Address::default()
        };
        Service {
            address,
            pods: vec![PodId(pod)],
        }
    }

    fn reached(address: &str) -> Vec<u32> {
        let services = [service("db", "pg", 1), service("web", "pg", 2)];
        let reach = Reach::new(&[address.to_owned()], &services);
        let mut pods: Vec<u32> = reach.pods.iter().map(|pod| pod.0).collect();
        pods.dedup();
        pods
    }

    #[test]
    fn a_service_is_found_by_every_name_it_has() {
        assert_eq!(reached("pg"), [1, 2]);
        for name in [
            "pg.db",
            "pg.db.svc",
            "pg.db.svc.cluster.local",
            "pg.db:5432",
            "pg-0.pg.db.svc",
        ] {
            assert_eq!(reached(name), [1], "{name}");
        }
        assert!(reached("other.db").is_empty());
        assert!(reached("a.b.c.d.e").is_empty());
    }

    #[test]
    fn the_address_of_a_service_leads_to_its_pods() {
        assert_eq!(reached("10.96.0.2"), [2]);
        assert_eq!(reached("10.96.0.2:80"), [2]);
        assert_eq!(reached("10.96.0.0/16"), [1, 2]);
        assert!(reached("10.97.0.0/16").is_empty());
    }

    #[test]
    fn blocks_contain_what_shares_their_prefix() {
        let contains = |block: &str, ip: &str| {
            Block::read(block).is_some_and(|block| block.contains(ip.parse().unwrap()))
        };
        assert!(contains("0.0.0.0/0", "10.0.0.1"));
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/9", "10.255.0.1"));
        assert!(contains("[fd00::1]:5432", "fd00::1"));
        assert!(contains("fd00::/8", "fd00::1"));
        assert!(!contains("0.0.0.0/0", "fd00::1"));
        assert!(!contains("10.0.0.0/x", "10.0.0.1"));
    }
}
