//! NetworkPolicies against brute force: whoever is cut off is found by asking for every two pods
//! whether they may talk, before and after.

use std::collections::BTreeSet;

use fastrand::Rng;
use firebreak::blast::measure;
use firebreak::fault::{self, Surroundings};
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use serde_json::{Value, json};

const MEMBERS: usize = 3;

/// A pod: its namespace and labels. The members come first.
struct Pod {
    namespace: &'static str,
    app: &'static str,
    index: usize,
}

const PODS: [Pod; 6] = [
    pod("db", "mongodb", 0),
    pod("db", "mongodb", 1),
    pod("db", "mongodb", 2),
    pod("db", "tool", 0),
    pod("web", "api", 0),
    pod("web", "mongodb", 1),
];

const fn pod(namespace: &'static str, app: &'static str, index: usize) -> Pod {
    Pod {
        namespace,
        app,
        index,
    }
}

/// A selector over pods.
#[derive(Debug, Clone, Copy)]
enum Select {
    All,
    App(&'static str),
    Index(usize),
}

/// In which namespaces a peer is.
#[derive(Debug, Clone, Copy)]
enum Place {
    Own,
    Any,
    Named(&'static str),
}

/// Whom a rule lets through.
#[derive(Debug, Clone, Copy)]
struct Peer {
    namespace: Place,
    pods: Select,
}

/// A rule; the flag says whether its port is that of the database.
#[derive(Debug, Clone)]
struct Rule {
    peers: Vec<Peer>,
    port: Option<bool>,
}

#[derive(Debug, Clone)]
struct Policy {
    pods: Select,
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
}

impl Select {
    fn random(rng: &mut Rng) -> Self {
        match rng.u8(..4) {
            0 => Self::All,
            1 => Self::App("mongodb"),
            2 => Self::App(if rng.bool() { "api" } else { "tool" }),
            _ => Self::Index(rng.usize(..MEMBERS)),
        }
    }

    fn fits(self, pod: &Pod) -> bool {
        match self {
            Self::All => true,
            Self::App(app) => pod.app == app,
            Self::Index(index) => pod.index == index,
        }
    }

    fn json(self) -> Value {
        match self {
            Self::All => json!({}),
            Self::App(app) => json!({"matchLabels": {"app": app}}),
            Self::Index(index) => {
                let value = index.to_string();
                json!({"matchExpressions": [{"key": "index", "operator": "In", "values": [value]}]})
            }
        }
    }
}

impl Peer {
    fn random(rng: &mut Rng) -> Self {
        let namespace = match rng.u8(..4) {
            0 | 1 => Place::Own,
            2 => Place::Any,
            _ => Place::Named(if rng.bool() { "web" } else { "db" }),
        };
        Self {
            namespace,
            pods: Select::random(rng),
        }
    }

    fn admits(self, pod: &Pod) -> bool {
        let there = match self.namespace {
            Place::Own => pod.namespace == "db",
            Place::Any => true,
            Place::Named(name) => name == pod.namespace,
        };
        there && self.pods.fits(pod)
    }

    fn json(self) -> Value {
        let mut peer = json!({"podSelector": self.pods.json()});
        match self.namespace {
            Place::Own => {}
            Place::Any => peer["namespaceSelector"] = json!({}),
            Place::Named(name) => {
                let labels = json!({"kubernetes.io/metadata.name": name});
                peer["namespaceSelector"] = json!({"matchLabels": labels});
            }
        }
        peer
    }
}

impl Rule {
    fn random(rng: &mut Rng) -> Self {
        let peers = (0..rng.usize(..3)).map(|_| Peer::random(rng)).collect();
        let port = (rng.u8(..3) == 0).then(|| rng.u8(..4) != 0);
        Self { peers, port }
    }

    fn admits(&self, pod: &Pod) -> bool {
        let anybody = self.peers.is_empty();
        self.port != Some(false) && (anybody || self.peers.iter().any(|peer| peer.admits(pod)))
    }

    fn json(&self, peers: &str) -> Value {
        let listed: Vec<Value> = self.peers.iter().map(|peer| peer.json()).collect();
        let mut rule = json!({ peers: listed });
        if let Some(right) = self.port {
            rule["ports"] = json!([{"port": if right { 27017 } else { 1 }}]);
        }
        rule
    }
}

impl Policy {
    fn random(rng: &mut Rng) -> Self {
        let mut rules = || {
            let rules = (0..rng.usize(..3)).map(|_| Rule::random(rng));
            Some(rules.collect::<Vec<_>>())
        };
        let (ingress, egress) = (rules(), rules());
        let types = rng.u8(..3);
        Self {
            pods: Select::random(rng),
            ingress: ingress.filter(|_| types != 1),
            egress: egress.filter(|_| types != 2),
        }
    }

    fn object(&self, name: &str) -> Object {
        let mut spec = json!({"podSelector": self.pods.json()});
        let mut types = Vec::new();
        for (direction, key, peers, rules) in [
            ("Ingress", "ingress", "from", &self.ingress),
            ("Egress", "egress", "to", &self.egress),
        ] {
            if let Some(rules) = rules {
                types.push(direction);
                let rules: Vec<Value> = rules.iter().map(|rule| rule.json(peers)).collect();
                spec[key] = json!(rules);
            }
        }
        spec["policyTypes"] = json!(types);
        object(
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": "db"}, "spec": spec}),
        )
    }

    fn selects(&self, pod: &Pod) -> bool {
        pod.namespace == "db" && self.pods.fits(pod)
    }
}

fn object(value: Value) -> Object {
    Object::new(value).unwrap()
}

/// Whether the policies let `own` talk to `other`, in the direction that `rules` are about.
fn lets(
    policies: &[Policy],
    rules: fn(&Policy) -> Option<&Vec<Rule>>,
    own: &Pod,
    other: &Pod,
) -> bool {
    let governing = policies.iter().filter(|policy| policy.selects(own));
    let governing: Vec<&Vec<Rule>> = governing.filter_map(rules).collect();
    let admits = |rules: &&Vec<Rule>| rules.iter().any(|rule| rule.admits(other));
    governing.is_empty() || governing.iter().any(admits)
}

fn comes_in(policies: &[Policy], own: &Pod, other: &Pod) -> bool {
    lets(policies, |policy| policy.ingress.as_ref(), own, other)
}

fn passes(policies: &[Policy], from: &Pod, to: &Pod) -> bool {
    let goes_out = lets(policies, |policy| policy.egress.as_ref(), from, to);
    goes_out && comes_in(policies, to, from)
}

fn is_reached(policies: &[Policy], member: &Pod) -> bool {
    let mut outside = PODS.iter().skip(MEMBERS);
    outside.any(|pod| comes_in(policies, member, pod))
}

/// Every member that is cut off, and who is lost with it.
fn cut_off(before: &[Policy], policy: &Policy) -> BTreeSet<String> {
    let mut after = before.to_vec();
    after.push(policy.clone());
    let is_new = |passes: &dyn Fn(&[Policy]) -> bool| passes(before) && !passes(&after);
    let mut lost = BTreeSet::new();
    let members = PODS.iter().take(MEMBERS);
    for own in members.clone().filter(|pod| policy.selects(pod)) {
        let apart = |other: &&Pod| {
            other.index != own.index
                && (is_new(&|all| passes(all, own, other))
                    || is_new(&|all| passes(all, other, own)))
        };
        let ends: Vec<usize> = members.clone().filter(apart).map(|pod| pod.index).collect();
        if ends.is_empty() && !is_new(&|all| is_reached(all, own)) {
            continue;
        }
        lost.insert(own.index);
        if is_reached(&after, own) {
            lost.extend(ends);
        }
    }
    lost.into_iter()
        .map(|index| format!("mongo-{index}"))
        .collect()
}

fn world(policies: &[Policy]) -> Inventory {
    let mut objects: Vec<Object> = ["db", "web"]
        .map(|name| {
            object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        })
        .into();
    objects.push(object(
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "mongo", "namespace": "db"},
        "spec": {"replicas": MEMBERS, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}}),
    ));
    let ports = json!([{"containerPort": 27017}]);
    for (at, pod) in PODS.iter().enumerate() {
        let index = pod.index.to_string();
        let mut metadata = json!({"namespace": pod.namespace, "name": format!("other-{at}"),
            "labels": {"app": pod.app, "index": index}});
        if at < MEMBERS {
            metadata["name"] = json!(format!("mongo-{at}"));
            metadata["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": "StatefulSet",
                "name": "mongo", "controller": true}]);
        }
        let spec = json!({"containers": [{"name": "main", "ports": ports}]});
        let ready = json!([{"type": "Ready", "status": "True"}]);
        objects.push(object(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
            "spec": spec, "status": {"phase": "Running", "conditions": ready}}),
        ));
    }
    let named = policies.iter().enumerate();
    objects.extend(named.map(|(at, policy)| policy.object(&format!("policy-{at}"))));
    Inventory::from_objects(&objects, Origin::Recorded)
}

#[test]
fn a_network_policy_cuts_off_whom_brute_force_finds() {
    let mut rng = Rng::with_seed(5);
    let mut cutting = 0;
    for _ in 0..5_000 {
        let before: Vec<Policy> = (0..rng.usize(..3))
            .map(|_| Policy::random(&mut rng))
            .collect();
        let policy = Policy::random(&mut rng);
        let inventory = world(&before);
        let read = fault::read(&policy.object("new"), Surroundings::NONE).unwrap();
        let found: BTreeSet<String> = read.map_or_else(BTreeSet::new, |experiment| {
            let blast = measure(&experiment, &inventory);
            let pods = blast.faults[0].candidates.iter();
            pods.map(|id| inventory.pod(*id).name.to_string()).collect()
        });
        let expected = cut_off(&before, &policy);
        assert_eq!(found, expected, "{policy:#?}\nbeside {before:#?}");
        cutting += usize::from(!expected.is_empty());
    }
    assert!((500..4_500).contains(&cutting), "{cutting}");
}
