//! What backups depend on and the watch keeps: BackupDefaults, databases, and the objects beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::backup::{self, Defaults, KIND, Problem, STORAGE_REACHABLE};
use crate::inventory::Cluster;
use crate::object::Object;
use crate::policy::spec::GROUP;

/// API group and kind.
type Kind = (&'static str, &'static str);

/// What databases and their restores do not tell.
const MORE: &[Kind] = &[
    (GROUP, KIND),
    ("barmancloud.cnpg.io", "ObjectStore"),
    ("k8s.mariadb.com", "Backup"),
    ("k8s.mariadb.com", "PointInTimeRecovery"),
];

/// What backups depend on and the watch keeps, at one instant.
#[derive(Debug, Default)]
pub struct Beside {
    defaults: Defaults,
    broken: Vec<Problem>,
    reachable: BTreeSet<String>,
    /// The objects of each kind, or why they cannot be known.
    objects: BTreeMap<Kind, Result<Vec<Arc<Object>>, String>>,
    unknown: Option<String>,
}

/// Every kind that backups depend on.
fn kinds() -> impl Iterator<Item = Kind> {
    let databases = backup::kinds().flat_map(|it| {
        let restores = it.restores.map(|restores| (it.group, restores));
        [Some((it.group, it.kind)), restores].into_iter().flatten()
    });
    databases
        .chain(backup::COMPANIONS.iter().copied())
        .chain(MORE.iter().copied())
}

impl Beside {
    /// Nothing is known, and why.
    #[must_use]
    pub fn unknown(why: &str) -> Self {
        Self {
            unknown: Some(why.to_owned()),
            ..Self::default()
        }
    }

    /// Whether it may be another when objects of this kind come and go.
    #[must_use]
    pub fn depends_on(group: &str, kind: &str) -> bool {
        kinds().any(|it| it == (group, kind))
    }

    /// What a cluster tells.
    #[must_use]
    pub fn of(cluster: &Cluster) -> Self {
        let all = |(group, kind): Kind| match cluster.unlisted(group, kind) {
            Some(why) => Err(why.to_owned()),
            None => Ok(cluster.shared(group, kind).collect()),
        };
        let objects: BTreeMap<_, Result<Vec<Arc<Object>>, _>> =
            kinds().map(|kind| (kind, all(kind))).collect();
        let written = objects.get(&(GROUP, KIND)).cloned();
        let (written, unknown) = match written {
            Some(Ok(written)) => (written, None),
            Some(Err(why)) => (Vec::new(), Some(why)),
            None => (Vec::new(), None),
        };
        let (defaults, broken) = Defaults::in_force(written.iter().map(Arc::as_ref));
        let reachable = written.iter().filter(|it| is_reachable(it));
        let reachable = reachable.map(|it| it.reference().name.clone()).collect();
        Self {
            defaults,
            broken,
            reachable,
            objects,
            unknown,
        }
    }

    /// The BackupDefaults that can be used.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// Every database that can be given backups, as far as it is known.
    pub(super) fn databases(&self) -> impl Iterator<Item = &Object> {
        let kinds = backup::kinds().map(|it| (it.group, it.kind));
        let known = kinds.filter_map(|kind| self.objects.get(&kind)?.as_ref().ok());
        known.flatten().map(Arc::as_ref)
    }

    /// What is wrong with the BackupDefaults of this name.
    pub(super) fn problems(&self, name: &str) -> Vec<String> {
        let own = self.broken.iter().filter(|it| it.object.name == name);
        own.map(|it| it.problem.to_string()).collect()
    }

    /// Every BackupDefaults there is, whether it can be used or not.
    pub fn written(&self) -> impl Iterator<Item = &Object> {
        let written = self.objects.get(&(GROUP, KIND));
        let written = written.and_then(|it| it.as_ref().ok());
        written.into_iter().flatten().map(Arc::as_ref)
    }

    /// Why it is not known which BackupDefaults there are.
    #[must_use]
    pub fn why_unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// The objects of a kind in a namespace, or everywhere; `None` where they are not known.
    #[must_use]
    pub fn objects(&self, (group, kind): (&str, &str), namespace: &str) -> Option<Vec<Object>> {
        let all = self.objects.iter().find(|(it, _)| **it == (group, kind));
        let all = all?.1.as_ref().ok()?.iter();
        let here =
            |it: &&Arc<Object>| namespace.is_empty() || it.reference().namespace == namespace;
        Some(all.filter(here).map(|it| Object::clone(it)).collect())
    }

    /// Whether the storage of BackupDefaults was verified since they were last written.
    #[must_use]
    pub fn is_reachable(&self, defaults: &str) -> bool {
        self.reachable.contains(defaults)
    }

    /// Logs what is wrong with BackupDefaults, unless that was so before.
    pub fn told(&self, before: &Self) {
        for problem in self.broken.iter().filter(|it| !before.broken.contains(it)) {
            tracing::error!(%problem, "defaults that apply to nothing until they are mended");
        }
    }
}

/// Whether the condition of a reachable storage holds of BackupDefaults as they are written now.
fn is_reachable(defaults: &Object) -> bool {
    let now = defaults.generation();
    let conditions = defaults.root().get("status").get("conditions");
    let conditions = conditions.items().unwrap_or_default();
    conditions.iter().any(|it| {
        it.get("type").text() == Ok(Some(STORAGE_REACHABLE))
            && it.get("status").text() == Ok(Some("True"))
            && now.is_some()
            && it.get("observedGeneration").integer() == Ok(now)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn defaults(name: &str, kinds: &str, observed: i64) -> Object {
        Object::new(json!({
            "apiVersion": "firebreak.dev/v1alpha1", "kind": "BackupDefaults",
            "metadata": {"name": name, "generation": 2},
            "spec": {"appliesTo": {"databases": [kinds]},
                "storage": {"name": "store", "s3": {"bucket": "b", "credentialsSecret": "keys"}},
                "schedules": [{"name": "daily", "schedule": "0 2 * * *", "keep": 7}]},
            "status": {"conditions": [{"type": "StorageReachable", "status": "True",
                "observedGeneration": observed}]},
        }))
        .unwrap()
    }

    #[test]
    fn broken_defaults_leave_the_others_in_force() {
        let mut cluster = Cluster::default();
        cluster.put(defaults("good", "PerconaXtraDBCluster", 2));
        cluster.put(defaults("bad", "Nonsense", 2));
        let beside = Beside::of(&cluster);
        let names: Vec<&str> = beside
            .defaults()
            .all()
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        assert_eq!(names, ["good"]);
        assert_eq!(beside.broken.len(), 1);
        assert_eq!(beside.written().count(), 2);
    }

    #[test]
    fn storage_is_reachable_as_it_is_written_now() {
        let mut cluster = Cluster::default();
        cluster.put(defaults("now", "Cluster", 2));
        cluster.put(defaults("before", "MariaDB", 1));
        let beside = Beside::of(&cluster);
        assert!(beside.is_reachable("now"));
        assert!(!beside.is_reachable("before"));
        assert!(!beside.is_reachable("never"));
    }

    #[test]
    fn what_cannot_be_listed_is_not_known_and_what_is_not_served_is_not_there() {
        let mut cluster = Cluster::default();
        cluster.mark(
            "postgresql.cnpg.io",
            "ScheduledBackup",
            Some("forbidden".to_owned()),
        );
        let beside = Beside::of(&cluster);
        let scheduled = beside.objects(("postgresql.cnpg.io", "ScheduledBackup"), "shop");
        assert_eq!(scheduled, None);
        let stores = beside.objects(("barmancloud.cnpg.io", "ObjectStore"), "shop");
        assert_eq!(stores, Some(Vec::new()));
        assert_eq!(beside.objects(("", "ConfigMap"), "shop"), None);
        cluster.mark(GROUP, KIND, Some("forbidden".to_owned()));
        assert_eq!(Beside::of(&cluster).why_unknown(), Some("forbidden"));
    }
}
