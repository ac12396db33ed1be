//! Which members of databases a NetworkPolicy would newly cut off, and from whom.
//!
//! A policy is held against those in force: only what passed before and is blocked after counts, so
//! that the policies of an application, which keep its database together, harm nobody. What may have
//! passed before is what passes without a policy of its name, and what passes with the one there is.

use std::cell::RefCell;

use super::draw::sorted;
use crate::fault::{
    Isolation, Listing, NetworkPolicy, Peer, PodQuery, Port, PortNumber, Rule, Selection, Ties,
};
use crate::inventory::{ContainerPort, Group, Inventory, PodId, Side, Traffic, View};
use crate::selector::{LabelSelector, Operator, Requirement};

/// Those who are cut off.
#[derive(Debug, Default)]
pub(super) struct Severed {
    /// Members that the policy selects.
    pub(super) from: Vec<PodId>,
    /// Whom the database loses with them, or in their place: the members at the other end where they
    /// go on serving, else themselves.
    pub(super) to: Vec<PodId>,
    /// What is cut, a sentence for the first of each kind.
    pub(super) cuts: Vec<String>,
}

/// Ports at which API servers answer.
const API_SERVER: &[u32] = &[443, 6443, 8443, 16443];
const DNS: u32 = 53;

/// API groups of databases whose members ask the API server who leads.
const LED_BY_API_SERVER: &[&str] = &[
    "acid.zalan.do",
    "pgv2.percona.com",
    "postgres-operator.crunchydata.com",
    "postgresql.cnpg.io",
    "stackgres.io",
];

const NAME: &str = "app.kubernetes.io/name";

/// What the pods of a database's operator are called, by the API group of the database.
const OPERATORS: &[(&str, &[&str])] = &[
    ("acid.zalan.do", &["postgres-operator"]),
    ("k8s.mariadb.com", &["mariadb-operator"]),
    ("moco.cybozu.com", &["moco"]),
    ("mysql.oracle.com", &["mysql-operator"]),
    (
        "pgv2.percona.com",
        &["percona-postgresql-operator", "pg-operator"],
    ),
    (
        "postgres-operator.crunchydata.com",
        &["pgo", "postgres-operator"],
    ),
    ("postgresql.cnpg.io", &["cloudnative-pg"]),
    (
        "ps.percona.com",
        &["percona-server-mysql-operator", "ps-operator"],
    ),
    (
        "psmdb.percona.com",
        &["percona-server-mongodb-operator", "psmdb-operator"],
    ),
    (
        "pxc.percona.com",
        &["percona-xtradb-cluster-operator", "pxc-operator"],
    ),
    ("stackgres.io", &["stackgres-operator"]),
];

/// Labels that tell who resolves names.
const RESOLVERS: &[(&str, &[&str])] = &[
    ("k8s-app", &["kube-dns", "coredns", "node-local-dns"]),
    (NAME, &["coredns"]),
];

/// Who would be cut off. Costs nothing where the policy selects no member of a database.
pub(super) fn severed(isolation: &Isolation, inventory: &Inventory) -> Severed {
    let policy = &isolation.policy;
    let place = match policy.namespace.as_str() {
        "" => "default",
        namespace => namespace,
    };
    let selects = |pod: &PodId| policy.pods.matches(&inventory.pod(*pod).labels);
    let mut severed = Severed::default();
    for (_, group) in inventory.groups_in(place) {
        if group.database.is_none() {
            continue;
        }
        let members: Vec<PodId> = group.members.iter().copied().filter(selects).collect();
        if !members.is_empty() {
            let change = Change::new(policy, inventory, group, place);
            change.sever(&members, isolation.ties, &mut severed);
        }
    }
    severed.from = sorted(std::mem::take(&mut severed.from));
    severed.to = sorted(std::mem::take(&mut severed.to));
    severed
}

/// The traffic of one database before and after.
struct Change<'c> {
    inventory: &'c Inventory,
    policy: &'c NetworkPolicy,
    group: &'c Group,
    before: [Traffic<'c>; 2],
    after: Traffic<'c>,
    /// The peers of which it is known whether they are outside the database.
    outside: RefCell<Vec<(&'c Peer, bool)>>,
}

impl<'c> Change<'c> {
    fn new(
        policy: &'c NetworkPolicy,
        inventory: &'c Inventory,
        group: &'c Group,
        place: &str,
    ) -> Self {
        let all = inventory.network_policies_in(place);
        let others = || all.iter().filter(|other| other.name != policy.name);
        Self {
            inventory,
            policy,
            group,
            before: [
                Traffic::new(inventory, others()),
                Traffic::new(inventory, all.iter()),
            ],
            after: Traffic::new(inventory, others().chain([policy])),
            outside: RefCell::default(),
        }
    }

    /// Whether something passed before and is blocked after.
    fn is_new(&self, passes: impl Fn(&Traffic<'c>) -> bool) -> bool {
        !passes(&self.after) && self.before.iter().any(passes)
    }

    fn sever(&self, members: &[PodId], ties: Ties, severed: &mut Severed) {
        let mut told: Vec<Tie> = Vec::new();
        for pod in members {
            let cut = match ties {
                Ties::Vital => self.vital(*pod, severed),
                Ties::Helpful => self.helpful(*pod),
            };
            if cut.is_empty() {
                continue;
            }
            severed.from.push(*pod);
            for (tie, sentence) in cut {
                if !told.contains(&tie) {
                    told.push(tie);
                    severed.cuts.push(sentence);
                }
            }
        }
    }

    /// What a member would lose without which it does not serve.
    fn vital(&self, pod: PodId, severed: &mut Severed) -> Vec<(Tie, String)> {
        let name = &self.inventory.pod(pod).name;
        let mut cut = Vec::new();
        let mut ends = Vec::new();
        for other in self.group.members.iter().filter(|other| **other != pod) {
            if let Some(sentence) = self.apart(pod, *other).or_else(|| self.apart(*other, pod)) {
                ends.push(*other);
                cut.push((Tie::Member, sentence));
            }
        }
        if self.is_new(|traffic| self.is_reached(traffic, pod)) {
            let sentence = format!("no pod outside the database could reach {name} any more");
            cut.push((Tie::Everybody, sentence));
        }
        let led = LED_BY_API_SERVER.contains(&self.group.api_group.as_str());
        if led && self.is_new(|traffic| asks_the_api_server(traffic, pod)) {
            let sentence =
                format!("{name} could no longer reach the API server, which says who leads");
            cut.push((Tie::ApiServer, sentence));
        }
        if !cut.is_empty() {
            let alone = ends.is_empty() || !self.is_reached(&self.after, pod);
            severed.to.extend(if alone { vec![pod] } else { ends });
        }
        cut
    }

    /// What a member would lose without which it does not recover.
    fn helpful(&self, pod: PodId) -> Vec<(Tie, String)> {
        let name = &self.inventory.pod(pod).name;
        let mut cut = Vec::new();
        if self.group.members.len() > 1 && self.is_new(|traffic| self.resolves(traffic, pod)) {
            let sentence = format!("{name} could no longer resolve names");
            cut.push((Tie::Names, sentence));
        }
        for operator in self.operators() {
            if let Some(sentence) = self.apart(operator, pod) {
                cut.push((Tie::Operator, sentence));
            }
        }
        cut
    }

    /// At which port one pod would no longer reach another, a sentence.
    fn apart(&self, from: PodId, to: PodId) -> Option<String> {
        let mut ports = ports(self.inventory, to).into_iter();
        let port = ports.find(|port| {
            let port = *port;
            self.is_new(|traffic| traffic.passes(from, to, port))
        })?;
        let at = port.map_or_else(String::new, |port| format!(" at port {}", port.number));
        let name = |id| &self.inventory.pod(id).name;
        Some(format!(
            "{} could no longer reach {}{at}",
            name(from),
            name(to)
        ))
    }

    /// Whether any pod outside the database, or anybody outside the cluster, may reach a member.
    fn is_reached(&self, traffic: &Traffic<'c>, pod: PodId) -> bool {
        let anybody = || self.inventory.pods().len() > self.group.members.len();
        let Some(rules) = traffic.rules(Side::Ingress, pod) else {
            return anybody();
        };
        let ports = ports(self.inventory, pod);
        let lets = |(policy, rule): &(&'c NetworkPolicy, &'c Rule)| {
            let outside = |peer: &'c Peer| self.is_outside(traffic, policy, peer);
            ports.iter().any(|port| rule.fits(*port))
                && (rule.peers.is_empty() && anybody() || rule.peers.iter().any(outside))
        };
        rules.iter().any(lets)
    }

    /// Whether a peer is somebody outside the database. It is the same for every member, and asked
    /// once.
    fn is_outside(&self, traffic: &Traffic<'c>, policy: &NetworkPolicy, peer: &'c Peer) -> bool {
        let known = |known: &&(&Peer, bool)| std::ptr::eq(known.0, peer);
        let found = self.outside.borrow().iter().find(known).map(|it| it.1);
        found.unwrap_or_else(|| {
            let member = |id: &PodId| self.group.members.contains(id);
            let outside = is_block(peer) || traffic.is_any(policy, peer, |id| !member(&id));
            self.outside.borrow_mut().push((peer, outside));
            outside
        })
    }

    /// Whether a member may ask who resolves names. Where it is not known who does, any pod may.
    fn resolves(&self, traffic: &Traffic<'c>, pod: PodId) -> bool {
        let Some(rules) = traffic.rules(Side::Egress, pod) else {
            return true;
        };
        let resolvers = self.labelled(RESOLVERS);
        let lets = |(policy, rule): &(&NetworkPolicy, &Rule)| {
            let unknown = resolvers.is_empty() || rule.peers.iter().any(is_block);
            let mut answering = resolvers.iter();
            covers(&rule.ports, &[DNS])
                && (unknown || answering.any(|id| traffic.admits(policy, rule, *id)))
        };
        rules.iter().any(lets)
    }

    fn operators(&self) -> Vec<PodId> {
        let group = self.group.api_group.as_str();
        let row = OPERATORS.iter().find(|row| row.0 == group);
        let comes_in = self.policy.ingress.is_some();
        row.filter(|_| comes_in)
            .map_or_else(Vec::new, |row| self.labelled(&[(NAME, row.1)]))
    }

    /// The pods with one of these values of one of these labels, in any namespace.
    fn labelled(&self, labels: &[(&str, &[&str])]) -> Vec<PodId> {
        let query = |(key, values): &(&str, &[&str])| {
            let requirement = Requirement {
                key: (*key).to_owned(),
                operator: Operator::In,
                values: values.iter().map(|value| (*value).to_owned()).collect(),
            };
            PodQuery {
                labels: LabelSelector {
                    requirements: vec![requirement],
                },
                ..PodQuery::default()
            }
        };
        let selection = Selection {
            queries: labels.iter().map(query).collect(),
            list: Listing::WithRepeats,
        };
        self.inventory.select(&selection, View::Now).pods
    }
}

/// What is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    Member,
    Everybody,
    ApiServer,
    Names,
    Operator,
}

/// The ports of a pod at which it is talked to; one that is not known where it names none.
fn ports(inventory: &Inventory, pod: PodId) -> Vec<Option<&ContainerPort>> {
    let ports = &inventory.pod(pod).ports;
    if ports.is_empty() {
        vec![None]
    } else {
        ports.iter().map(Some).collect()
    }
}

/// Whether a member may ask the API server, which only addresses lead to.
fn asks_the_api_server(traffic: &Traffic<'_>, pod: PodId) -> bool {
    let Some(rules) = traffic.rules(Side::Egress, pod) else {
        return true;
    };
    let lets = |rule: &Rule| {
        covers(&rule.ports, API_SERVER)
            && (rule.peers.is_empty() || rule.peers.iter().any(is_block))
    };
    rules.iter().any(|(_, rule)| lets(rule))
}

/// Whether a peer is a block of addresses, behind which anybody may be.
fn is_block(peer: &Peer) -> bool {
    match peer {
        Peer::Pods { .. } => false,
        Peer::Block { .. } => true,
    }
}

/// Whether one of the numbers is among the ports. A name may stand for it.
fn covers(ports: &[Port], numbers: &[u32]) -> bool {
    let covers = |port: &Port| match &port.number {
        PortNumber::Any | PortNumber::Named(_) => true,
        PortNumber::Between(first, last) => numbers
            .iter()
            .any(|number| (*first..=*last).contains(number)),
    };
    ports.is_empty() || ports.iter().any(covers)
}
