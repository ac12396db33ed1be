//! Random small clusters, as objects.

use std::collections::BTreeSet;

use fastrand::Rng;
use firebreak::inventory::{Inventory, Origin};
use firebreak::object::Object;
use serde_json::{Map, Value, json};

use super::oracle::PODS;

/// Namespaces.
pub(super) const PLACES: [&str; 2] = ["a", "b"];
/// Names of workloads and databases.
pub(super) const NAMES: [&str; 3] = ["x", "y", "z"];
/// Nodes; the last one never has an object.
pub(super) const NODES: [&str; 4] = ["n0", "n1", "n2", "gone"];

/// Objects, and what they are taken for.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) objects: Vec<Object>,
    pub(super) origin: Origin,
}

impl World {
    /// A cluster of a few pods.
    pub(super) fn random(rng: &mut Rng) -> Self {
        loop {
            let world = Draft::new(rng).world();
            let pods = world.inventory().pods().len();
            if (1..=PODS).contains(&pods) {
                return world;
            }
        }
    }

    pub(super) fn inventory(&self) -> Inventory {
        Inventory::from_objects(&self.objects, self.origin)
    }
}

/// A cluster in the making.
struct Draft<'r> {
    rng: &'r mut Rng,
    origin: Origin,
    objects: Vec<Value>,
    pods: BTreeSet<(String, String)>,
}

impl<'r> Draft<'r> {
    fn new(rng: &'r mut Rng) -> Self {
        let assumed = rng.u8(..8) == 0;
        let origin = if assumed {
            Origin::Manifests
        } else {
            Origin::Recorded
        };
        Self {
            rng,
            origin,
            objects: Vec::new(),
            pods: BTreeSet::new(),
        }
    }

    fn world(mut self) -> World {
        self.nodes();
        for name in &NAMES[..self.rng.usize(1..=NAMES.len())] {
            let place = PLACES[self.rng.usize(..PLACES.len())];
            match self.rng.u8(..8) {
                0 => self.bare(place, name),
                1 => self.job(place, name),
                2 => self.deployment(place, name),
                3 => self.stateful_set(place, name, false),
                4 => self.stateful_set(place, name, true),
                5 | 6 => self.cnpg(place, name),
                _ => self.pxc(place, name),
            }
        }
        for at in 0..self.rng.usize(..=2) {
            self.budget(at);
        }
        let service = json!({"clusterIP": "10.96.0.1", "selector": {"app": "x"}});
        self.add(("v1", "Service"), ("a", "x"), json!({"spec": service}));
        World {
            objects: crate::inventory::read(self.objects),
            origin: self.origin,
        }
    }

    fn add(&mut self, (version, kind): (&str, &str), (place, name): (&str, &str), body: Value) {
        let mut object = body;
        object["apiVersion"] = json!(version);
        object["kind"] = json!(kind);
        object["metadata"]["name"] = json!(name);
        if !place.is_empty() {
            object["metadata"]["namespace"] = json!(place);
        }
        self.objects.push(object);
    }

    fn nodes(&mut self) {
        if self.rng.u8(..8) == 0 {
            return;
        }
        for name in &NODES[..self.rng.usize(1..NODES.len())] {
            let labels = json!({"topology.kubernetes.io/zone": format!("z{}", self.rng.u8(..2))});
            self.add(
                ("v1", "Node"),
                ("", name),
                json!({"metadata": {"labels": labels}}),
            );
        }
    }

    fn replicas(&mut self) -> usize {
        self.rng.usize(1..=4)
    }

    /// Labels that selectors may name.
    fn labels(&mut self, app: &str) -> Map<String, Value> {
        let tier = if self.rng.bool() { "one" } else { "two" };
        let labels = json!({"app": app, "tier": tier});
        labels.as_object().cloned().unwrap_or_default()
    }

    /// A pod in one of the states that pods are in, with these labels beside its own.
    fn pod(&mut self, (place, name): (&str, &str), owner: Option<Value>, extra: &Value) {
        let app = name.split('-').next().unwrap_or_default();
        let mut labels = self.labels(app);
        labels.extend(extra.as_object().cloned().unwrap_or_default());
        let phases = ["Running", "Running", "Pending", "Failed", "Succeeded"];
        let well = self.rng.u8(..5) != 0;
        let phase = if well {
            "Running"
        } else {
            phases[self.rng.usize(..phases.len())]
        };
        let ready = if well || self.rng.bool() {
            "True"
        } else {
            "False"
        };
        let mut spec = json!({"containers": [{"name": "main"}]});
        if self.rng.u8(..10) != 0 {
            spec["nodeName"] = json!(NODES[self.rng.usize(..NODES.len())]);
        }
        let mut metadata = json!({"labels": labels});
        if !well && self.rng.bool() {
            metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        metadata["ownerReferences"] = json!(owner.into_iter().collect::<Vec<_>>());
        let ip = format!("10.0.0.{}", self.pods.len());
        let conditions = json!([{"type": "Ready", "status": ready}]);
        let status = json!({"phase": phase, "podIP": ip, "conditions": conditions});
        self.pods.insert((place.to_owned(), name.to_owned()));
        let body = json!({"metadata": metadata, "spec": spec, "status": status});
        self.add(("v1", "Pod"), (place, name), body);
    }

    /// Pods called `<name>-<number>`, unless they are left to be assumed.
    fn members(
        &mut self,
        (place, name): (&str, &str),
        owner: &Value,
        labels: impl Fn(&mut Rng, usize) -> Value,
    ) -> usize {
        let replicas = self.replicas();
        // Sometimes one is missing.
        let present = replicas - usize::from(replicas > 1 && self.rng.u8(..8) == 0);
        if self.origin == Origin::Recorded {
            for at in 0..present {
                let extra = labels(self.rng, at);
                let pod = format!("{name}-{at}");
                self.pod((place, &pod), Some(owner.clone()), &extra);
            }
        }
        replicas
    }

    fn bare(&mut self, place: &str, name: &str) {
        self.pod((place, name), None, &json!({}));
    }

    fn job(&mut self, place: &str, name: &str) {
        let job = owner("batch/v1", "Job", name);
        let replicas = self.members((place, name), &job, |_, _| json!({}));
        let spec = json!({"parallelism": replicas});
        self.add(("batch/v1", "Job"), (place, name), json!({"spec": spec}));
    }

    fn deployment(&mut self, place: &str, name: &str) {
        let set = format!("{name}-hash");
        let replica_set = owner("apps/v1", "ReplicaSet", &set);
        let replicas = self.members((place, name), &replica_set, |_, _| json!({}));
        let owners = json!([owner("apps/v1", "Deployment", name)]);
        let body = json!({"metadata": {"ownerReferences": owners}, "spec": {"replicas": 0}});
        self.add(("apps/v1", "ReplicaSet"), (place, &set), body);
        let template = json!({"metadata": {"labels": {"app": name}}});
        let spec = json!({"replicas": replicas, "template": template});
        self.add(
            ("apps/v1", "Deployment"),
            (place, name),
            json!({"spec": spec}),
        );
    }

    /// With a mark, it is a database; its primary is labelled or not.
    fn stateful_set(&mut self, place: &str, name: &str, marked: bool) {
        let engines = ["postgresql", "mongodb", "redis", "etcd", "cassandra"];
        let engine = engines[self.rng.usize(..engines.len())];
        let told = self.rng.bool();
        let role = |_: &mut Rng, at: usize| match (marked && told, at) {
            (true, 0) => json!({"role": "primary"}),
            (true, _) => json!({"role": "replica"}),
            (false, _) => json!({}),
        };
        let set = owner("apps/v1", "StatefulSet", name);
        let replicas = self.members((place, name), &set, role);
        let mark = if marked {
            json!({"firebreak.dev/database": engine})
        } else {
            json!({})
        };
        let template = json!({"metadata": {"labels": {"app": name}}});
        let spec = json!({"replicas": replicas, "template": template});
        let body = json!({"metadata": {"annotations": mark}, "spec": spec});
        self.add(("apps/v1", "StatefulSet"), (place, name), body);
    }

    fn cnpg(&mut self, place: &str, name: &str) {
        let told = self.rng.u8(..6) != 0;
        let labels = |rng: &mut Rng, at: usize| {
            let primary = at == 0 || rng.u8(..8) == 0;
            let role = match (told, primary) {
                (false, _) => "",
                (true, true) => "primary",
                (true, false) => "replica",
            };
            json!({"cnpg.io/cluster": name, "cnpg.io/podRole": "instance",
                   "cnpg.io/instanceRole": role})
        };
        let version = "postgresql.cnpg.io/v1";
        let instances = self.members((place, name), &owner(version, "Cluster", name), labels);
        let needed = self.rng.u32(..3);
        let spec = json!({"instances": instances, "minSyncReplicas": needed});
        let mut body = json!({"spec": spec});
        if self.rng.u8(..6) == 0 {
            let fenced = json!([format!("{name}-1")]).to_string();
            body["metadata"]["annotations"] = json!({"cnpg.io/fencedInstances": fenced});
        }
        self.add((version, "Cluster"), (place, name), body);
    }

    fn pxc(&mut self, place: &str, name: &str) {
        let labels = |_: &mut Rng, _| {
            json!({"app.kubernetes.io/name": "percona-xtradb-cluster",
                   "app.kubernetes.io/instance": name, "app.kubernetes.io/component": "pxc"})
        };
        let set = format!("{name}-pxc");
        let size = self.members(
            (place, &set),
            &owner("apps/v1", "StatefulSet", &set),
            labels,
        );
        let body = json!({"spec": {"pxc": {"size": size}}});
        self.add(
            ("pxc.percona.com/v1", "PerconaXtraDBCluster"),
            (place, name),
            body,
        );
    }

    fn budget(&mut self, at: usize) {
        let selectors = [
            json!({}),
            json!({"matchLabels": {"tier": "one"}}),
            json!({"matchLabels": {"app": "x"}}),
            json!({"matchLabels": {"cnpg.io/instanceRole": "primary"}}),
        ];
        let selector = selectors[self.rng.usize(..selectors.len())].clone();
        let least = if self.rng.bool() {
            json!("50%")
        } else {
            json!(self.rng.u8(..3))
        };
        let place = PLACES[self.rng.usize(..PLACES.len())];
        let spec = json!({"selector": selector, "minAvailable": least});
        let name = format!("budget-{at}");
        let kind = "PodDisruptionBudget";
        self.add(("policy/v1", kind), (place, &name), json!({"spec": spec}));
    }
}

fn owner(version: &str, kind: &str, name: &str) -> Value {
    json!({"apiVersion": version, "kind": kind, "name": name, "controller": true})
}
