//! Which of the kinds that a decision depends on are served, and in which version.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use kube::Client;
use serde::Deserialize;

use super::decode::Malformed;
use super::served::Served;
use super::wire::{self, Trouble};
use crate::inventory::watched;
use crate::policy::spec::GROUP;

/// API group and kind; the kind is `*` for every kind of the group.
type Kind = (&'static str, &'static str);

/// Stands for every kind of a group.
const ANY_KIND: &str = "*";

/// What verdicts are made of beside the inventory.
const POLICIES: &[Kind] = &[
    (GROUP, "BackupDefaults"),
    (GROUP, "BlastRadiusPolicy"),
    (GROUP, "Exemption"),
];

/// What is never asked for, whoever wants it.
const NEVER: Kind = ("", "Secret");

/// Where kinds are defined. Their names say enough.
const DEFINITIONS: (&str, &str) = ("apiextensions.k8s.io", "CustomResourceDefinition");

/// Every kind to look for.
static KINDS: LazyLock<BTreeSet<Kind>> = LazyLock::new(|| {
    let kinds = watched().chain(POLICIES.iter().copied());
    kinds.filter(|kind| *kind != NEVER).collect()
});

/// Whether any kind of this group is looked for.
pub(super) fn is_watched(group: &str) -> bool {
    KINDS.iter().any(|(wanted, _)| *wanted == group)
}

/// The kinds that are looked for in a group that does not say what it serves: none can be known.
pub(super) fn unseen(group: &str) -> impl Iterator<Item = Served> {
    let kinds = KINDS.iter().filter(move |(wanted, _)| *wanted == group);
    kinds.map(move |(_, kind)| Served {
        watchable: false,
        ..Served::named(group, "", kind, kind)
    })
}

/// What is served.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The kinds.
    pub(super) kinds: BTreeSet<Served>,
    /// Groups that are served, but do not say what they serve.
    pub(super) silent: Vec<String>,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    name: String,
    versions: Vec<Version>,
    preferred_version: Option<Version>,
}

#[derive(Deserialize, PartialEq)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
    kind: String,
    #[serde(default)]
    verbs: Vec<String>,
}

/// Asks what is served.
pub(super) async fn discover(client: &Client) -> Result<Found, Trouble> {
    let body = wire::get(client, "/apis").await?;
    let groups: Groups = serde_json::from_slice(&body).map_err(Malformed::from)?;
    let mut found = Found::default();
    let core = resources(client, "", "v1").await?;
    found.add("", "v1", core);
    for group in groups.groups.iter().filter(|group| is_watched(&group.name)) {
        if let Err(why) = look(client, group, &mut found).await {
            tracing::debug!(group = group.name, %why, "a group does not say what it serves");
            found.silent.push(group.name.clone());
        }
    }
    let (group, kind) = DEFINITIONS;
    found.kinds.insert(Served {
        names_only: true,
        ..Served::named(group, "v1", kind, "customresourcedefinitions")
    });
    Ok(found)
}

/// The kinds of a group, each in the version that the API server prefers among those that have it.
async fn look(client: &Client, group: &Group, found: &mut Found) -> Result<(), Trouble> {
    let preferred = group.preferred_version.iter();
    let others = group.versions.iter();
    let others = others.filter(|version| group.preferred_version.as_ref() != Some(*version));
    for Version { version } in preferred.chain(others) {
        match resources(client, &group.name, version).await {
            Ok(resources) => found.add(&group.name, version, resources),
            // It went away meanwhile.
            Err(Trouble::Refused(status)) if status.code == 404 => {}
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(())
}

async fn resources(client: &Client, group: &str, version: &str) -> Result<Vec<Resource>, Trouble> {
    let path = match group {
        "" => format!("/api/{version}"),
        _ => format!("/apis/{group}/{version}"),
    };
    let body = wire::get(client, &path).await?;
    let all: Resources = serde_json::from_slice(&body).map_err(Malformed::from)?;
    Ok(all.resources)
}

impl Found {
    fn add(&mut self, group: &str, version: &str, resources: Vec<Resource>) {
        for Resource { name, kind, verbs } in resources {
            let wanted = |(of, one): &Kind| *of == group && (*one == kind || *one == ANY_KIND);
            let known = |it: &Served| it.group == group && it.kind == kind;
            let is_part = name.contains('/');
            if is_part || !KINDS.iter().any(wanted) || self.kinds.iter().any(known) {
                continue;
            }
            let able = |verb: &str| verbs.iter().any(|it| it == verb);
            self.kinds.insert(Served {
                watchable: able("list") && able("watch"),
                ..Served::named(group, version, &kind, &name)
            });
        }
    }
}
