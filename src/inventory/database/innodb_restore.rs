//! Whether a dump of an InnoDBCluster was ever restored: into another one, which names the place of the
//! dump that it begins with.

use jiff::Timestamp;
use serde_json::Value;

use super::Evidence;
use super::copy::{is_since, latest};
use super::innodb_cluster::BACKUPS;
use crate::inventory::kinds::INNODB_CLUSTER;
use crate::inventory::lenient::{instant, list, text};
use crate::inventory::world::namespace;
use crate::object::Object;

/// What dumps are stored in, by its key; what names the place there; whether it is a place of the namespace.
const STORAGES: &[(&str, &str, bool)] = &[
    ("s3", "bucketName", false),
    ("ociObjectStorage", "bucketName", false),
    ("azure", "containerName", false),
    ("persistentVolumeClaim", "claimName", true),
];

/// Where one dump is.
#[derive(PartialEq)]
struct Place<'p> {
    storage: &'static str,
    namespace: &'p str,
    endpoint: &'p str,
    bucket: &'p str,
    /// The way to it in the storage, without what is empty.
    path: Vec<&'p str>,
}

/// When a dump of this database was last loaded into another one that is online. A `clone` copies a server that
/// runs, and says nothing of backups.
pub(super) fn restored(evidence: &Evidence<'_>) -> Option<Timestamp> {
    let own = dumps(evidence);
    latest(evidence, INNODB_CLUSTER, |it| {
        let online = text(it.value(), "/status/cluster/status") == "ONLINE";
        online && loaded(it).is_some_and(|place| own.contains(&place))
    })
}

/// The dumps of this database that are finished, by where they are.
fn dumps<'e>(evidence: &Evidence<'e>) -> Vec<Place<'e>> {
    let backups = evidence.naming(BACKUPS.kind, BACKUPS.of);
    let place = |it: &'e Object| {
        let value = it.value();
        let finished = instant(value, BACKUPS.at).is_some_and(|at| is_since(evidence, at));
        let succeeded = text(value, BACKUPS.state) == BACKUPS.succeeded && finished;
        let output = text(value, "/status/output");
        let storage = profile(evidence, value)?.pointer("/dumpInstance/storage")?;
        let place = Place::of(storage, evidence.namespace, output)?;
        (succeeded && !output.is_empty()).then_some(place)
    };
    backups.filter_map(place).collect()
}

/// What a backup was told to do: by itself, or by its name among what the database says.
fn profile<'e>(evidence: &Evidence<'e>, backup: &'e Value) -> Option<&'e Value> {
    let name = text(backup, "/spec/backupProfileName");
    let own = backup.pointer("/spec/backupProfile");
    let mut known = list(evidence.value(), "/spec/backupProfiles").iter();
    own.filter(|it| !it.is_null())
        .or_else(|| known.find(|it| !name.is_empty() && text(it, "/name") == name))
}

/// The dump that a database begins with.
fn loaded(copy: &Object) -> Option<Place<'_>> {
    let dump = copy.value().pointer("/spec/initDB/dump")?;
    Place::of(dump.get("storage")?, namespace(copy), text(dump, "/path"))
}

impl<'p> Place<'p> {
    /// The place of a dump in a storage, below its prefix.
    fn of(storage: &'p Value, place: &'p str, below: &'p str) -> Option<Self> {
        let mut known = STORAGES.iter();
        let (found, (key, field, here)) =
            known.find_map(|it| Some((storage.get(it.0).filter(|it| !it.is_null())?, *it)))?;
        let bucket = found.get(field)?.as_str()?;
        let parts = text(found, "/prefix").split('/').chain(below.split('/'));
        Some(Self {
            storage: key,
            namespace: if here { place } else { "" },
            endpoint: text(found, "/endpoint").trim_end_matches('/'),
            bucket,
            path: parts.filter(|it| !it.is_empty()).collect(),
        })
    }
}
