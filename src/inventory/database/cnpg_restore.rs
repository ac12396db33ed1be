//! Whether a backup of CloudNativePG was ever restored: into another Cluster, which names the backup
//! that it is made from, or the archive.

use jiff::Timestamp;
use serde_json::Value;

use super::Evidence;
use super::cnpg_backup::{BACKUPS, IN_TREE, enabled};
use super::copy::{is_since, latest};
use crate::inventory::kinds::{CNPG, OBJECT_STORE};
use crate::inventory::lenient::{condition, count, instant, list, text};
use crate::inventory::world::{World, namespace};
use crate::object::Object;

pub(super) const HEALTHY: &str = "Cluster in healthy state";

/// Where a server keeps its backups and its log, as its Cluster says it.
struct Archive<'w> {
    server: &'w str,
    store: Store<'w>,
}

enum Store<'w> {
    /// In an object of the plugin, by namespace and name.
    Object(&'w str, &'w str),
    /// In the Cluster itself.
    Within(&'w Value),
}

/// When a backup or the archive of this database was last made into another one that serves.
pub(super) fn restored(evidence: &Evidence<'_>) -> Option<Timestamp> {
    let own = own(evidence);
    latest(evidence, CNPG, |it| {
        let recovery = it.value().pointer("/spec/bootstrap/recovery");
        recovery.is_some_and(|recovery| {
            let by_backup = || is_backup_of(evidence, it, text(recovery, "/backup/name"));
            let by_archive = || is_among(evidence.world, &own, source(it, recovery));
            serves(it.value()) && (by_backup() || by_archive())
        })
    })
}

/// Where this database keeps its own.
fn own<'e>(evidence: &Evidence<'e>) -> Vec<Archive<'e>> {
    let resource = evidence.value();
    let plugins = list(resource, "/spec/plugins").iter();
    let by_plugin = plugins.filter(|it| enabled(it));
    let by_plugin =
        by_plugin.filter_map(|it| Archive::of_plugin(it, evidence.namespace, evidence.name));
    let within = resource.pointer(IN_TREE);
    let within = within.map(|it| Archive::within(it, evidence.name));
    by_plugin.chain(within).collect()
}

/// The archive that a Cluster is recovered from.
fn source<'w>(copy: &'w Object, recovery: &'w Value) -> Option<Archive<'w>> {
    let name = text(recovery, "/source");
    let mut known = list(copy.value(), "/spec/externalClusters").iter();
    let external = known.find(|it| !name.is_empty() && text(it, "/name") == name)?;
    let within = external.get("barmanObjectStore");
    match (external.get("plugin"), within) {
        (Some(plugin), _) => Archive::of_plugin(plugin, namespace(copy), &copy.reference().name),
        (None, within) => Some(Archive::within(within?, name)),
    }
}

impl<'w> Archive<'w> {
    fn of_plugin(plugin: &'w Value, place: &'w str, default: &'w str) -> Option<Self> {
        let store = text(plugin, "/parameters/barmanObjectName");
        let server = text(plugin, "/parameters/serverName");
        (!store.is_empty()).then_some(Self {
            server: if server.is_empty() { default } else { server },
            store: Store::Object(place, store),
        })
    }

    fn within(settings: &'w Value, default: &'w str) -> Self {
        let server = text(settings, "/serverName");
        Self {
            server: if server.is_empty() { default } else { server },
            store: Store::Within(settings),
        }
    }

    /// The endpoint and the path, where they are known.
    fn place(&self, world: &World<'w>) -> Option<[&'w str; 2]> {
        let settings = match self.store {
            Store::Within(settings) => settings,
            Store::Object(place, name) => {
                let store = world.find(OBJECT_STORE, place, name)?;
                store.value().pointer("/spec/configuration")?
            }
        };
        let place = ["/endpointURL", "/destinationPath"];
        let place = place.map(|it| text(settings, it).trim_end_matches('/'));
        (!place[1].is_empty()).then_some(place)
    }
}

/// Whether one is the same place under the same name. Stores are looked up only where the name fits.
fn is_among<'w>(world: &World<'w>, own: &[Archive<'w>], other: Option<Archive<'w>>) -> bool {
    let Some(other) = other else {
        return false;
    };
    let mut named = own.iter().filter(|it| it.server == other.server);
    named.any(|it| {
        let place = it.place(world);
        place.is_some() && place == other.place(world)
    })
}

/// Whether a Backup beside the copy is a finished one of this database, of its present life.
fn is_backup_of(evidence: &Evidence<'_>, copy: &Object, name: &str) -> bool {
    let mut own = evidence.naming(BACKUPS.kind, BACKUPS.of);
    let found = own
        .find(|it| it.reference().name == name)
        .map(Object::value);
    namespace(copy) == evidence.namespace
        && found.is_some_and(|it| {
            let finished = instant(it, BACKUPS.at);
            text(it, BACKUPS.state) == BACKUPS.succeeded
                && finished.is_some_and(|at| is_since(evidence, at))
        })
}

/// Whether a Cluster is up, so that what it is made from was restored.
fn serves(resource: &Value) -> bool {
    text(resource, "/status/phase") == HEALTHY
        && condition(resource, "Ready") == Some("True")
        && count(resource, "/status/readyInstances").unwrap_or(0) > 0
}
