//! The replica sets of Percona Server for MongoDB as a resource asks for them.

use serde_json::Value;

use super::assumed::{COMPONENT, INSTANCE, MANAGED_BY, NAME, PART_OF, Part};
use crate::inventory::Pod;
use crate::inventory::lenient::{count, list, text, truth};
use crate::object::Object;

/// How many members a replica set has that does not say.
pub(super) const SIZE: u32 = 3;

/// The replica set of the config servers; its name is the operator's.
pub(super) const CONFIG: &str = "cfg";

pub(super) const REPLSET: &str = "app.kubernetes.io/replset";

/// What the pods of a replica set can be: component, the field that describes them, the ending of
/// their StatefulSet, and their container.
pub(super) struct Role {
    pub(super) component: &'static str,
    pub(super) field: &'static str,
    pub(super) ending: &'static str,
    pub(super) container: &'static str,
    size: u32,
}

pub(super) const MONGOD: Role = Role {
    component: "mongod",
    field: "",
    ending: "",
    container: "mongod",
    size: SIZE,
};

pub(super) const ARBITER: Role = Role {
    component: "arbiter",
    field: "/arbiter",
    ending: "-arbiter",
    container: "mongod-arbiter",
    size: 1,
};

pub(super) const HIDDEN: Role = Role {
    component: "hidden",
    field: "/hidden",
    ending: "-hidden",
    container: "mongod-hidden",
    size: 1,
};

/// Holds the data and has no voice: neither its loss nor its presence counts for the others.
pub(super) const NON_VOTING: Role = Role {
    component: "nonVoting",
    field: "/nonvoting",
    ending: "-nv",
    container: "mongod-nv",
    size: 1,
};

pub(super) const ROLES: &[Role] = &[MONGOD, ARBITER, HIDDEN, NON_VOTING];

/// A replica set as a resource describes it, and its name.
pub(super) struct Replset {
    pub(super) name: String,
    /// Where the resource describes it.
    spec: String,
}

/// The replica sets of a resource, those of the config servers included.
pub(super) fn replsets(resource: &Value) -> Vec<Replset> {
    let written = list(resource, "/spec/replsets").iter().enumerate();
    let shard = |(index, replset): (usize, &Value)| Replset {
        name: match text(replset, "/name") {
            "" => format!("rs{index}"),
            name => name.to_owned(),
        },
        spec: format!("/spec/replsets/{index}"),
    };
    let config = truth(resource, "/spec/sharding/enabled").then(|| Replset {
        name: CONFIG.to_owned(),
        spec: "/spec/sharding/configsvrReplSet".to_owned(),
    });
    written.map(shard).chain(config).collect()
}

impl Replset {
    /// How many pods of a role it asks for.
    pub(super) fn size(&self, resource: &Value, role: &Role) -> u32 {
        let field = format!("{}{}", self.spec, role.field);
        let arbiter = role.component == ARBITER.component;
        let wanted = role.field.is_empty() || truth(resource, &format!("{field}/enabled"));
        if !wanted || (arbiter && self.name == CONFIG) {
            return 0;
        }
        count(resource, &format!("{field}/size")).unwrap_or(role.size)
    }

    /// How many pods it asks for that vote: the data, hidden or not, and the arbiters.
    pub(super) fn voters(&self, resource: &Value) -> u32 {
        let voters = [MONGOD, ARBITER, HIDDEN];
        let sizes = voters.iter().map(|role| self.size(resource, role));
        sizes.fold(0, u32::saturating_add)
    }

    /// The votes of members elsewhere, of which nothing is known.
    pub(super) fn elsewhere(&self, resource: &Value) -> u32 {
        let nodes = list(resource, &format!("{}/externalNodes", self.spec)).iter();
        let votes = nodes.map(|node| count(node, "/votes").unwrap_or(1));
        votes.fold(0, u32::saturating_add)
    }
}

/// Every unit of a resource, and how many members it should have.
pub(super) fn asked(resource: &Value) -> Vec<(String, u32)> {
    let units = |replset: Replset| {
        let silent = replset.size(resource, &NON_VOTING);
        let silent = (silent > 0).then(|| (without_votes(&replset.name), silent));
        let voters = replset.voters(resource);
        std::iter::once((replset.name, voters)).chain(silent)
    };
    replsets(resource).into_iter().flat_map(units).collect()
}

pub(super) fn without_votes(replset: &str) -> String {
    format!("{replset} {}", NON_VOTING.component)
}

/// The pods of every replica set, and the proxies before them.
pub(super) fn expand(object: &Object) -> Vec<Pod> {
    let resource = object.value();
    if truth(resource, "/spec/pause") {
        return Vec::new();
    }
    let replsets = replsets(resource);
    let parts = replsets.iter().flat_map(|replset| {
        let roles = ROLES.iter().filter(|role| replset.size(resource, role) > 0);
        roles.map(|role| part(object, replset, role))
    });
    let mongos = truth(resource, "/spec/sharding/enabled").then(|| mongos(object));
    parts.chain(mongos).flat_map(|it| it.pods(object)).collect()
}

fn part<'p>(object: &'p Object, replset: &'p Replset, role: &Role) -> Part<'p> {
    let config = replset.name == CONFIG && role.component == MONGOD.component;
    let mut labels = labels(object, if config { CONFIG } else { role.component });
    labels.push((REPLSET, &replset.name));
    let mut containers = vec![role.container];
    let stores = role.component != ARBITER.component;
    if stores && truth(object.value(), "/spec/backup/enabled") {
        containers.push("backup-agent");
    }
    Part {
        workload: "StatefulSet",
        name: format!(
            "{}-{}{}",
            object.reference().name,
            replset.name,
            role.ending
        ),
        spec: format!("{}{}", replset.spec, role.field),
        size: role.size,
        labels,
        containers,
    }
}

fn mongos(object: &Object) -> Part<'_> {
    Part {
        workload: "StatefulSet",
        name: format!("{}-mongos", object.reference().name),
        spec: "/spec/sharding/mongos".to_owned(),
        size: SIZE,
        labels: labels(object, "mongos"),
        containers: vec!["mongos"],
    }
}

fn labels<'p>(object: &'p Object, component: &'static str) -> Vec<(&'p str, &'p str)> {
    vec![
        (NAME, "percona-server-mongodb"),
        (INSTANCE, &object.reference().name),
        (COMPONENT, component),
        (MANAGED_BY, "percona-server-mongodb-operator"),
        (PART_OF, "percona-server-mongodb"),
    ]
}
