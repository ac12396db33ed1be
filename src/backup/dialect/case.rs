//! What a dialect is given, and what it answers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Dialect;
use super::release::Release;
use crate::backup::cadence;
use crate::backup::check::is_path_part;
use crate::backup::defaults::One;
use crate::backup::injection::{Left, Why, cut};
use crate::backup::known::{Around, Secret};
use crate::backup::merge::Additions;
use crate::backup::schema::Schema;
use crate::backup::spec::{MissingSecret, ScheduleSpec};
use crate::object::{Field, Object, Unreadable};

/// The annotation of a database that begins anew under its old name.
const EPOCH: &str = "firebreak.dev/backup-epoch";

/// The label of objects that we make.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// A database that may be given backups.
#[derive(Clone, Copy)]
pub(in crate::backup) struct Case<'a> {
    pub(in crate::backup) dialect: &'static Dialect,
    pub(in crate::backup) object: &'a Object,
    pub(in crate::backup) namespace: &'a str,
    pub(in crate::backup) name: &'a str,
    pub(in crate::backup) one: &'a One,
    pub(in crate::backup) schema: &'a Schema,
    pub(in crate::backup) around: &'a dyn Around,
}

/// What a dialect would add.
#[derive(Debug, Default)]
pub(in crate::backup) struct Proposal {
    pub(in crate::backup) additions: Additions,
    pub(in crate::backup) warnings: Vec<String>,
    /// Whether the operator restarts a running database for it.
    pub(in crate::backup) restarts: bool,
    /// Whether it is never added to a database that is there already, whoever permits it.
    pub(in crate::backup) only_new: bool,
    /// Why nothing is added, where nothing is.
    pub(in crate::backup) left: Option<Left>,
}

/// The objects that make the backups of a database beside it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Companions {
    /// The objects.
    pub objects: Vec<Value>,
    /// The defaults that they are of.
    pub defaults: Option<String>,
    /// What whoever has the database should know of them, each in one line below 256 characters.
    pub warnings: Vec<String>,
}

impl Companions {
    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(cut(warning.into()));
    }
}

impl Proposal {
    pub(super) fn add(&mut self, path: &[&str], value: Value) {
        self.additions.add(path, value);
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Something is left as it is, and whoever wrote it hears why.
    pub(super) fn off(&mut self, why: impl Into<String>) {
        let why = why.into();
        self.warnings.push(why.clone());
        self.left.get_or_insert(Left::new(Why::Off, why));
    }
}

impl From<Unreadable> for Left {
    fn from(problem: Unreadable) -> Self {
        Self::new(Why::Unreadable, format!("{problem}; no backups are added"))
    }
}

/// A section of backups of which something would be refused by the operator.
pub(super) fn incomplete(field: &Field<'_>, why: &str) -> Left {
    let message = format!("{}: {why}; no backups are added", field.path());
    Left::new(Why::Incomplete, message)
}

impl<'a> Case<'a> {
    pub(super) fn spec(&self) -> Field<'a> {
        self.object.spec()
    }

    /// What was chosen to change when the database begins anew under its old name; none where nobody
    /// chose.
    pub(super) fn pinned_epoch(&self) -> Result<Option<&'a str>, Left> {
        let own = self.object.annotation(EPOCH);
        let epoch = own.or(self.one.spec.storage.epoch.as_deref());
        match epoch {
            Some(epoch) if !is_path_part(epoch) => {
                let message = format!(
                    "metadata.annotations[{EPOCH:?}]: {epoch:?}, expected letters, digits, '-', '_' and '.'; \
                     no backups are added"
                );
                Err(Left::new(Why::Unreadable, message))
            }
            Some(epoch) => Ok(Some(epoch)),
            None => Ok(None),
        }
    }

    /// The path of this database within the bucket: its namespace, its name, and what changes when it
    /// begins anew.
    pub(super) fn place(&self) -> Result<String, Left> {
        let epoch = self.pinned_epoch()?.unwrap_or("1");
        let prefix = self.one.spec.storage.s3.prefix.as_deref();
        let prefix = prefix.unwrap_or("{namespace}/{name}");
        let prefix = prefix
            .replace("{namespace}", self.namespace)
            .replace("{name}", self.name);
        Ok(format!("{prefix}/{epoch}"))
    }

    /// Whether the secret of the storage is there with these keys: what is to be said of it where
    /// backups are added without.
    pub(super) fn secret(&self, keys: &[&str]) -> Result<Option<String>, Left> {
        self.secret_of(&self.one.spec.storage.s3.credentials_secret, keys)
    }

    /// Whether a secret is there with these keys.
    pub(super) fn secret_of(&self, name: &str, keys: &[&str]) -> Result<Option<String>, Left> {
        self.secret_that(name, |found| {
            let missing = keys.iter().filter(|key| !found.contains(**key));
            let missing: Vec<&str> = missing.copied().collect();
            (!missing.is_empty()).then(|| format!("has no key {}", missing.join(" and ")))
        })
    }

    /// Whether the secret of the storage holds a file with this ending, which alone is read.
    pub(super) fn secret_of_files(&self, ending: &str) -> Result<Option<String>, Left> {
        self.secret_that(&self.one.spec.storage.s3.credentials_secret, |found| {
            let any = found.iter().any(|key| key.ends_with(ending));
            (!any).then(|| format!("has no key that ends in {ending}, and no other file is read"))
        })
    }

    fn secret_that(
        &self,
        name: &str,
        lacks: impl Fn(&BTreeSet<String>) -> Option<String>,
    ) -> Result<Option<String>, Left> {
        let named = format!("secret {}/{name}", self.namespace);
        let wrong = match self.around.secret(self.namespace, name) {
            Secret::Absent => format!("{named} is not there"),
            Secret::Untold => format!("whether {named} is there is not known"),
            Secret::Keyless => return Ok(None),
            Secret::Present(found) => match lacks(&found) {
                None => return Ok(None),
                Some(lack) => format!("{named} {lack}"),
            },
        };
        match self.one.spec.missing_secret {
            MissingSecret::Skip => {
                let message = format!("{wrong}; no backups are added");
                Err(Left::new(Why::Secret, message))
            }
            MissingSecret::Inject => {
                Ok(Some(format!("{wrong}; its backups will fail until it is")))
            }
        }
    }

    /// An object beside the database, without its spec. No label of the database is copied: a tool
    /// that tracks by one would adopt the object and prune it.
    pub(super) fn companion(&self, api_version: &str, kind: &str, schedule: &str) -> Value {
        let mut metadata = json!({
            "name": format!("{}-fb-{schedule}", self.name),
            "namespace": self.namespace,
            "labels": {MANAGED_BY: "firebreak"},
        });
        let uid = self.object.root().get("metadata").get("uid");
        // An owner without a UID would be refused.
        if let Ok(Some(uid)) = uid.text() {
            metadata["ownerReferences"] = json!([{
                "apiVersion": self.object.reference().api_version(),
                "kind": self.dialect.kind,
                "name": self.name,
                "uid": uid,
                "controller": false,
                "blockOwnerDeletion": false,
            }]);
        }
        json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
    }

    /// Whether an object beside the database is one that we made.
    pub(super) fn is_ours(&self, object: &Object) -> bool {
        let name = object.reference().name.strip_prefix(self.name);
        object.label(MANAGED_BY) == Some("firebreak")
            && name.is_some_and(|rest| rest.starts_with("-fb-"))
    }

    /// Storage that logs are archived to was reached: where it is not, they fill the disk of the
    /// database until it stops.
    pub(super) fn reached(&self) -> Result<(), Left> {
        if self.around.is_reachable(&self.one.name) {
            return Ok(());
        }
        let message = format!(
            "the storage of {} was not verified to be reachable, and logs that cannot be archived fill \
             the disk; no backups are added",
            self.one
        );
        Err(Left::new(Why::Storage, message))
    }

    /// A schedule of the defaults as the operator writes it.
    pub(super) fn cron(&self, schedule: &ScheduleSpec) -> Result<String, Left> {
        let jitter = self.one.spec.jitter_minutes;
        let moved = cadence::moved(self.namespace, self.name, jitter);
        let said = self.dialect.notation.say(&schedule.schedule, moved);
        said.map_err(|accepted| {
            let message = format!(
                "schedule {:?} of {} cannot be said to {}, which takes {accepted}; no backups are added",
                schedule.schedule, self.one, self.dialect.kind
            );
            Left::new(Why::Impossible, message)
        })
    }

    /// The image that makes backups of a server: by its whole image, by the release its tag tells,
    /// or for any.
    pub(super) fn image(&self, server: Option<&str>, release: Option<Release>) -> Option<&'a str> {
        let of_kind = |(kind, images)| self.dialect.is_named(kind).then_some(images);
        let images = self
            .one
            .spec
            .images
            .iter()
            .find_map(|(kind, images)| of_kind((kind.as_str(), images)))?;
        let series = release.map(Release::series);
        let keys = [server, series.as_deref(), Some("*")];
        let mut found = keys.into_iter().flatten().filter_map(|key| images.get(key));
        found.next().map(String::as_str)
    }

    /// A field of the defaults for this kind alone, as it is written.
    pub(super) fn own_field(&self, key: &str) -> Option<&'a Value> {
        let mut overrides = self.one.spec.overrides.iter();
        let (_, fields) = overrides.find(|(kind, _)| self.dialect.is_named(kind))?;
        fields.get(key)
    }

    /// The fields of the defaults for this kind alone that its schema knows below `section`, and
    /// those that it does not.
    pub(super) fn overrides(&self, section: &[&str]) -> (Map<String, Value>, Vec<String>) {
        let mut overrides = self.one.spec.overrides.iter();
        let found = overrides.find(|(kind, _)| self.dialect.is_named(kind));
        let (mut known, mut unknown) = (Map::new(), Vec::new());
        for (key, value) in found.into_iter().flat_map(|(_, fields)| fields) {
            let mut path: Vec<String> = section.iter().map(|key| (*key).to_owned()).collect();
            path.push(key.clone());
            if self.schema.misfits(&path, value).is_empty() {
                known.insert(key.clone(), value.clone());
            } else {
                let path = path.join(".");
                unknown.push(format!(
                    "{path} of {} does not fit this database and is not added",
                    self.one
                ));
            }
        }
        (known, unknown)
    }

    /// The credentials of the storage as operators of Percona write an S3 storage.
    pub(super) fn s3(&self) -> Map<String, Value> {
        let s3 = &self.one.spec.storage.s3;
        let mut map = Map::new();
        map.insert("credentialsSecret".to_owned(), json!(s3.credentials_secret));
        for (key, value) in [("region", &s3.region), ("endpointUrl", &s3.endpoint_url)] {
            if let Some(value) = value {
                map.insert(key.to_owned(), json!(value));
            }
        }
        map
    }

    /// How often logs are stored, in seconds.
    pub(super) fn log_interval(&self) -> Option<u64> {
        let interval = self.one.spec.point_in_time.as_ref()?.interval?;
        Some(interval.0.as_secs().max(1))
    }

    /// How a backup that is one too many goes.
    pub(super) fn retention(&self, keep: u32) -> Value {
        let deletes = self.one.spec.storage.delete_data.unwrap_or(true);
        json!({"type": "count", "count": keep, "deleteFromStorage": deletes})
    }

    /// Whether the `crVersion` of the object is at least this; it is the operator's own where none is.
    pub(super) fn cr_version_is_at_least(&self, least: Release) -> Result<bool, Left> {
        let field = self.spec().get("crVersion");
        match field.text()? {
            None | Some("") => Ok(true),
            Some(text) => Release::read(text)
                .map(|release| release >= least)
                .ok_or_else(|| field.unreadable("a release such as \"1.19.0\"").into()),
        }
    }
}
