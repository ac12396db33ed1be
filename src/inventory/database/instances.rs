//! The pods that the Crunchy operator makes of a resource, and Percona's, which grew from it:
//! instances, a host for repositories, proxies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{asked, pgbackrest};
use crate::inventory::expand::{MOST, labelled, suffix};
use crate::inventory::lenient::{count, list, map, text};
use crate::inventory::world::namespace;
use crate::inventory::{Owner, Pod};
use crate::object::Object;

pub(super) const CLUSTER: &str = "postgres-operator.crunchydata.com/cluster";
pub(super) const ROLE: &str = "postgres-operator.crunchydata.com/role";
const DATA: &str = "postgres-operator.crunchydata.com/data";
const INSTANCE: &str = "postgres-operator.crunchydata.com/instance";
const INSTANCE_SET: &str = "postgres-operator.crunchydata.com/instance-set";
const PATRONI: &str = "postgres-operator.crunchydata.com/patroni";
const PGBACKREST: &str = "postgres-operator.crunchydata.com/pgbackrest";
const REPO_HOST: &str = "postgres-operator.crunchydata.com/pgbackrest-dedicated";

const SETS: &str = "/spec/instances";

/// The cluster whose data a pod holds. Proxies, hosts of repositories and jobs hold none.
pub(super) fn cluster_of(pod: &Pod) -> Option<&str> {
    let name = pod.label(CLUSTER);
    (pod.label(DATA) == "postgres" && !name.is_empty()).then_some(name)
}

/// How many instances all sets ask for; one each that does not say.
pub(super) fn size(resource: &Value) -> Option<u32> {
    let sets = list(resource, SETS);
    let sizes = sets.iter().map(|it| count(it, "/replicas").unwrap_or(1));
    (!sets.is_empty()).then(|| sizes.fold(0, u32::saturating_add))
}

/// What the two operators do each in its own way.
pub(super) struct Ways {
    /// What the role label calls the leader.
    pub(super) leader: &'static str,
    /// Labels of its own on the pods of a component.
    pub(super) labels: fn(&Object, &str) -> Vec<(&'static str, String)>,
    /// Whether there is a host for repositories.
    pub(super) repo_host: fn(&Value) -> bool,
    /// How many proxies it makes of a resource that does not say.
    pub(super) proxies: fn(&Value) -> u32,
}

impl Ways {
    /// Every pod the operator would make.
    pub(super) fn expand(&self, object: &Object) -> Vec<Pod> {
        let mut pods = self.instances(object);
        if (self.repo_host)(object.value()) {
            pods.push(self.host(object));
        }
        pods.extend(self.pgbouncers(object));
        pods
    }

    /// Each instance is a StatefulSet of one pod. The first one leads.
    fn instances(&self, object: &Object) -> Vec<Pod> {
        let sets = list(object.value(), SETS).iter().zip(0_u32..);
        let all = sets.flat_map(|(set, at)| {
            let name = match text(set, "/name") {
                "" => format!("{at:02}"),
                name => name.to_owned(),
            };
            let one = move |index| (set, name.clone(), index);
            (0..asked(set, "/replicas", 1)).map(one)
        });
        let limit = usize::try_from(MOST).unwrap_or(usize::MAX);
        let leads = std::iter::once(self.leader).chain(std::iter::repeat("replica"));
        let roles = all.take(limit).zip(leads);
        roles
            .map(|((set, name, index), role)| self.instance(object, set, (&name, index, role)))
            .collect()
    }

    fn instance(&self, object: &Object, set: &Value, which: (&str, u32, &str)) -> Pod {
        let (set_name, index, role) = which;
        let cluster = &object.reference().name;
        let stem = format!("{cluster}-{set_name}");
        let name = format!("{stem}-{}", suffix(&stem, index));
        let labels = [
            (DATA, "postgres".to_owned()),
            (INSTANCE, name.clone()),
            (INSTANCE_SET, set_name.to_owned()),
            (PATRONI, format!("{cluster}-ha")),
            (ROLE, role.to_owned()),
        ];
        let mut containers = vec!["database", "replication-cert-copy"];
        if pgbackrest::has_repository(object.value()) {
            containers.extend(["pgbackrest", "pgbackrest-config"]);
        }
        let own = ["/containers", "/sidecars"].map(|pointer| list(set, pointer));
        containers.extend(own.iter().copied().flatten().map(|it| text(it, "/name")));
        let part = Part {
            component: "pg",
            metadata: set.pointer("/metadata"),
            labels: &labels,
            containers: &containers,
            account: format!("{cluster}-instance"),
        };
        self.alone(object, name, &part)
    }

    /// The only pod of a StatefulSet.
    fn alone(&self, object: &Object, name: String, part: &Part<'_>) -> Pod {
        let template = self.template(object, part);
        let pod = format!("{name}-0");
        let owner = Owner::app("StatefulSet", name);
        labelled(Pod::assumed(&template, namespace(object), pod, owner))
    }

    fn host(&self, object: &Object) -> Pod {
        let name = format!("{}-repo-host", object.reference().name);
        let labels = [
            (DATA, "pgbackrest".to_owned()),
            (PGBACKREST, String::new()),
            (REPO_HOST, String::new()),
        ];
        let part = Part {
            component: "pgbackrest",
            metadata: object.value().pointer("/spec/backups/pgbackrest/metadata"),
            labels: &labels,
            containers: &["pgbackrest", "pgbackrest-config"],
            account: String::new(),
        };
        self.alone(object, name, &part)
    }

    fn pgbouncers(&self, object: &Object) -> Vec<Pod> {
        let name = format!("{}-pgbouncer", object.reference().name);
        let part = Part {
            component: "pgbouncer",
            metadata: object.value().pointer("/spec/proxy/pgBouncer/metadata"),
            labels: &[(ROLE, "pgbouncer".to_owned())],
            containers: &["pgbouncer", "pgbouncer-config"],
            account: String::new(),
        };
        let template = self.template(object, &part);
        let pod = |index| {
            let owner = Owner::app("Deployment", name.clone());
            let name = format!("{name}-{}", suffix(&name, index));
            Pod::assumed(&template, namespace(object), name, owner)
        };
        let default = (self.proxies)(object.value());
        let number = asked(object.value(), "/spec/proxy/pgBouncer/replicas", default);
        (0..number).map(pod).collect()
    }

    fn template(&self, object: &Object, part: &Part<'_>) -> Value {
        let inherited = |what: &str| {
            let mut all = map(object.value(), &format!("/spec/metadata/{what}"));
            let own = part.metadata.map(|it| map(it, &format!("/{what}")));
            all.extend(own.unwrap_or_default());
            all
        };
        let mut labels: BTreeMap<String, String> = inherited("labels");
        let cluster = (CLUSTER, object.reference().name.clone());
        let own = (self.labels)(object, part.component);
        let own = own.into_iter().chain(part.labels.iter().cloned());
        let own = own.chain([cluster]);
        labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
        let containers = part.containers.iter().map(|it| json!({"name": it}));
        json!({
            "metadata": {"labels": labels, "annotations": inherited("annotations")},
            "spec": {
                "serviceAccountName": part.account,
                "containers": containers.collect::<Vec<Value>>(),
            },
        })
    }
}

/// A part of a cluster, as far as its pods differ from those of other parts.
struct Part<'p> {
    component: &'p str,
    metadata: Option<&'p Value>,
    labels: &'p [(&'static str, String)],
    containers: &'p [&'p str],
    account: String,
}
