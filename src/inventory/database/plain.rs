//! Databases without an operator: StatefulSets recognised by what they say and hold.

use std::collections::BTreeMap;

use serde_json::Value;

use super::engine;
use super::release::Release;
use crate::inventory::lenient::{count, is_set, list, map, text};
use crate::inventory::world::World;
use crate::inventory::{Group, Owner, Pod, PodId};
use crate::object::Object;

/// The annotation or label that makes pods a database of the engine it names.
const OVERRIDE: &str = "firebreak.dev/database";

pub(super) const COMPONENT: &str = "app.kubernetes.io/component";
pub(super) const INSTANCE: &str = "app.kubernetes.io/instance";

/// Labels that may name an engine.
const NAMES: [&str; 3] = ["app.kubernetes.io/name", "app", "k8s-app"];
/// Labels that may name a chart.
const CHARTS: [&str; 2] = ["helm.sh/chart", "chart"];

/// Components that are not members: proxies and exporters.
const OTHERS: &[&str] = &[
    "exporter",
    "haproxy",
    "maxscale",
    "metrics",
    "mongos",
    "mysqlrouter",
    "pgbouncer",
    "pgpool",
    "pitr",
    "pooler",
    "proxy",
    "proxysql",
    "router",
];
/// Components that make backups.
pub(super) const BACKUPS: &[&str] = &["backup", "mongodump", "pg_dumpall", "update-job"];
/// Components of charts whose primary is fixed.
const FIXED: &[&str] = &["primary", "master", "secondary", "read", "replica", "slave"];
/// Components of charts whose StatefulSets vote together.
const VOTERS: &[&str] = &["mongodb", "arbiter", "hidden"];

/// The pods of one workload that no operator's database claims.
pub(super) struct Set<'s> {
    pub(super) namespace: &'s str,
    pub(super) owner: Owner,
    workload: Option<&'s Object>,
    /// What tells the most about all of them: the workload's template, else one of them.
    template: &'s Value,
    pub(super) pods: Vec<(PodId, &'s Pod)>,
}

/// The databases among the pods that no operator claims.
pub(super) fn groups(world: &World<'_>, pods: &[Pod], claimed: &[bool]) -> Vec<Group> {
    let mut found = BTreeMap::<(&str, String), Release<'_>>::new();
    for set in sets(world, pods, claimed) {
        let Some((engine, reason)) = set.recognise(world) else {
            continue;
        };
        let key = (set.namespace, set.database(&engine));
        let known = found.entry(key).or_insert(Release::new(engine, reason));
        known.sets.push(set);
    }
    found
        .into_values()
        .filter_map(|it| it.group(world, pods))
        .collect()
}

fn sets<'s>(world: &World<'s>, pods: &'s [Pod], claimed: &[bool]) -> Vec<Set<'s>> {
    const NOTHING: &Value = &Value::Null;
    let mut workloads = BTreeMap::<(&str, Owner), Vec<(PodId, &Pod)>>::new();
    for ((id, pod), claimed) in (0..).zip(pods).zip(claimed) {
        if !claimed && !pod.is_finished() {
            let bare = || Owner {
                kind: "Pod".to_owned(),
                name: pod.name.clone(),
                ..Owner::default()
            };
            let owner = pod.owner.clone().unwrap_or_else(bare);
            workloads
                .entry((&pod.namespace, owner))
                .or_default()
                .push((PodId(id), pod));
        }
    }
    let set = |((namespace, owner), pods): ((&'s str, Owner), Vec<(PodId, &'s Pod)>)| {
        let workload = world.find(owner.resource(), namespace, &owner.name);
        let first = pods
            .first()
            .and_then(|it| world.find(("", "Pod"), namespace, &it.1.name));
        let template = workload.and_then(|it| it.value().pointer("/spec/template"));
        let template = template.or(first.map(Object::value)).unwrap_or(NOTHING);
        Set {
            namespace,
            owner,
            workload,
            template,
            pods,
        }
    };
    workloads.into_iter().map(set).collect()
}

impl<'s> Set<'s> {
    /// Its pods, with their ids.
    pub(super) fn members(&self) -> impl Iterator<Item = (PodId, &'s Pod)> {
        self.pods.iter().copied()
    }

    /// The engine, and why it was taken for one.
    fn recognise(&self, world: &World<'_>) -> Option<(String, String)> {
        let own = self.own_mark(OVERRIDE);
        if let Some(engine) = own {
            return Some((engine.to_owned(), format!("{OVERRIDE}={engine}")));
        }
        let component = self.label(COMPONENT);
        let other = OTHERS.contains(&component) || BACKUPS.contains(&component);
        if other || self.owner.kind != "StatefulSet" {
            return None;
        }
        if let Some(engine) = self.namespace_mark(world, OVERRIDE) {
            return Some((
                engine.to_owned(),
                format!("{OVERRIDE}={engine} on its namespace"),
            ));
        }
        let kept = self.keeps_data(world) || component == "arbiter";
        let engine = kept.then(|| self.named().or_else(|| self.probable()))?;
        engine.map(|(engine, reason)| (engine.to_owned(), reason))
    }

    fn named(&self) -> Option<(&'static str, String)> {
        let found = |key: &&str, read: fn(&str) -> Option<&'static str>| {
            let value = self.label(key);
            Some((
                read(value)?,
                format!("a StatefulSet with volumes, labelled {key}={value}"),
            ))
        };
        let names = NAMES.iter().find_map(|key| found(key, engine::by_name));
        names.or_else(|| CHARTS.iter().find_map(|key| found(key, engine::by_chart)))
    }

    /// By a port or an image, which is no more than likely.
    fn probable(&self) -> Option<(&'static str, String)> {
        let containers = list(self.template, "/spec/containers");
        let ports = containers.iter().flat_map(|it| list(it, "/ports"));
        let ports = ports.filter_map(|it| count(it, "/containerPort"));
        let by_port = |port: u32| {
            let reason = format!("probably: a StatefulSet with volumes that listens at {port}");
            Some((engine::by_port(port)?, reason))
        };
        let by_image = |container: &Value| {
            let image = text(container, "/image");
            let reason = format!("probably: a StatefulSet with volumes that runs \"{image}\"");
            Some((engine::by_image(image)?, reason))
        };
        let mut ports = ports;
        ports
            .find_map(by_port)
            .or_else(|| containers.iter().find_map(by_image))
    }

    /// Whether its pods have volumes of their own.
    fn keeps_data(&self, world: &World<'_>) -> bool {
        let claims = |it: &Object| !list(it.value(), "/spec/volumeClaimTemplates").is_empty();
        let claimed = |(_, pod): &(PodId, &Pod)| {
            let pod = world.find(("", "Pod"), self.namespace, &pod.name);
            let volumes = pod.map_or(&[][..], |it| list(it.value(), "/spec/volumes"));
            volumes
                .iter()
                .any(|it| is_set(it, "/persistentVolumeClaim"))
        };
        self.workload.is_some_and(claims) || self.pods.iter().any(claimed)
    }

    /// A label of its pods, else of the workload, empty when there is none.
    pub(super) fn label(&self, key: &str) -> &'s str {
        let of_pods = self.pods.iter().map(|(_, pod)| pod.label(key));
        let of_workload = self.workload.and_then(|it| it.label(key));
        let mut labels = of_pods.chain(of_workload).filter(|it| !it.is_empty());
        labels.next().unwrap_or_default()
    }

    /// What its user says of it: an annotation or label of a pod or of the workload.
    pub(super) fn own_mark(&self, key: &str) -> Option<&'s str> {
        let pod = |pod: &'s Pod| pod.annotations.get(key).or_else(|| pod.labels.get(key));
        let mut of_pods = self
            .pods
            .iter()
            .filter_map(|it| pod(it.1))
            .map(String::as_str);
        let workload = || {
            self.workload
                .and_then(|it| it.annotation(key).or_else(|| it.label(key)))
        };
        of_pods.next().or_else(workload).filter(|it| !it.is_empty())
    }

    /// What its user says of everything in the namespace.
    pub(super) fn namespace_mark<'w>(&self, world: &World<'w>, key: &str) -> Option<&'w str> {
        let namespace = world.cluster_wide(("", "Namespace"), self.namespace)?;
        namespace.annotation(key).or_else(|| namespace.label(key))
    }

    /// What tells its database from others: its release, where a chart spreads one database over
    /// several StatefulSets; else itself.
    fn database(&self, engine: &str) -> String {
        let (instance, component) = (self.label(INSTANCE), self.label(COMPONENT));
        let fixed = engine::is_replicated(engine) && FIXED.contains(&component);
        let spread = fixed || (engine == "mongodb" && VOTERS.contains(&component));
        if spread && !instance.is_empty() {
            return format!("release {instance} {engine}");
        }
        format!("{} {}", self.owner.kind, self.owner.name)
    }

    /// Whether its template gives every pod this label, so that it never moves. What is not known
    /// to move is fixed.
    pub(super) fn fixes(&self, key: &str) -> bool {
        let template = self
            .workload
            .and_then(|it| it.value().pointer("/spec/template"));
        let labels = |template: &Value| map(template, "/metadata/labels");
        template.is_none_or(|template| labels(template).contains_key(key))
    }
}
