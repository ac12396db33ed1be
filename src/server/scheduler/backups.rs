//! Backups before an experiment: how new the newest is, and one that is made under a name of the run.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::reach::{Failure, Reach, named};
use super::read::Open;
use crate::inventory::{self, Group};
use crate::object::{Object, ObjectRef};
use crate::schedule::observed::Backup;
use crate::schedule::pin::{MANAGED_BY, RUN, RUN_UID};
use crate::server::backup::Beside;

/// How a backup of one kind of database is asked for, and how it tells that it is made.
struct Way {
    group: &'static str,
    kind: &'static str,
    backup: &'static str,
    version: &'static str,
    /// What is asked for; none where the database says nothing of where backups go.
    spec: fn(&Object) -> Option<Value>,
    state: &'static str,
    made: &'static str,
    failed: &'static [&'static str],
    finished: &'static str,
}

const WAYS: [Way; 6] = [
    Way {
        group: "pxc.percona.com",
        kind: "PerconaXtraDBCluster",
        backup: "PerconaXtraDBClusterBackup",
        version: "v1",
        spec: |it| Some(json!({"pxcCluster": name(it), "storageName": first_storage(it)?})),
        state: "/status/state",
        made: "Succeeded",
        failed: &["Failed"],
        finished: "/status/completed",
    },
    Way {
        group: "ps.percona.com",
        kind: "PerconaServerMySQL",
        backup: "PerconaServerMySQLBackup",
        version: "v1",
        spec: |it| Some(json!({"clusterName": name(it), "storageName": first_storage(it)?})),
        state: "/status/state",
        made: "Succeeded",
        failed: &["Failed", "Error"],
        finished: "/status/completed",
    },
    Way {
        group: "psmdb.percona.com",
        kind: "PerconaServerMongoDB",
        backup: "PerconaServerMongoDBBackup",
        version: "v1",
        spec: |it| Some(json!({"clusterName": name(it), "storageName": first_storage(it)?})),
        state: "/status/state",
        made: "ready",
        failed: &["error"],
        finished: "/status/completed",
    },
    Way {
        group: "pgv2.percona.com",
        kind: "PerconaPGCluster",
        backup: "PerconaPGBackup",
        version: "v2",
        spec: |it| {
            let repo = it
                .value()
                .pointer("/spec/backups/pgbackrest/repos/0/name")?;
            Some(json!({"pgCluster": name(it), "repoName": repo}))
        },
        state: "/status/state",
        made: "Succeeded",
        failed: &["Failed"],
        finished: "/status/completed",
    },
    Way {
        group: "postgresql.cnpg.io",
        kind: "Cluster",
        backup: "Backup",
        version: "v1",
        spec: of_cnpg,
        state: "/status/phase",
        made: "completed",
        failed: &["failed"],
        finished: "/status/stoppedAt",
    },
    Way {
        group: "mysql.oracle.com",
        kind: "InnoDBCluster",
        backup: "MySQLBackup",
        version: "v2",
        spec: |it| {
            let profile = it.value().pointer("/spec/backupProfiles/0/name")?;
            Some(json!({"clusterName": name(it), "backupProfileName": profile}))
        },
        state: "/status/status",
        made: "Completed",
        failed: &["Error"],
        finished: "/status/completionTime",
    },
];

fn name(database: &Object) -> &str {
    &database.reference().name
}

/// The storage that is named first, by name.
fn first_storage(database: &Object) -> Option<&str> {
    let storages = database.value().pointer("/spec/backup/storages")?;
    let names = storages.as_object()?.keys();
    names.min().map(String::as_str)
}

fn of_cnpg(cluster: &Object) -> Option<Value> {
    let spec = cluster.spec();
    let backup = spec.get("backup");
    let plugins = spec.get("plugins").items().unwrap_or_default();
    let archives = plugins
        .iter()
        .filter_map(|it| it.get("name").text().ok().flatten());
    let plugin = archives.into_iter().find(|it| it.contains("barman"));
    let cluster = json!({"name": name(cluster)});
    match plugin {
        Some(plugin) => Some(json!({"cluster": cluster, "method": "plugin",
            "pluginConfiguration": {"name": plugin}})),
        None if backup.get("barmanObjectStore").is_set() => {
            Some(json!({"cluster": cluster, "method": "barmanObjectStore"}))
        }
        None if backup.get("volumeSnapshot").is_set() => {
            Some(json!({"cluster": cluster, "method": "volumeSnapshot"}))
        }
        None => None,
    }
}

fn way(group: &Group) -> Option<&'static Way> {
    WAYS.iter()
        .find(|way| group.api_group == way.group && group.kind == way.kind)
}

fn reference(way: &Way, group: &Group, name: &str) -> ObjectRef {
    named(
        (way.group, way.version),
        way.backup,
        (&group.namespace, name),
    )
}

/// What is known of backups. The one that a run has asked for is looked at while it waits for it.
pub(super) async fn look(reach: &Reach, open: &Open, group: Option<&Group>) -> Backup {
    let Some(group) = group else {
        return Backup::Unknown("the database cannot be seen".to_owned());
    };
    let asked = open.run.status.backup.as_ref();
    let asked = asked.filter(|it| it.finished_at.is_none());
    if let Some(name) = asked.and_then(|it| it.name.as_deref()) {
        return own(reach, (group, name), open).await;
    }
    match group.database.as_deref().map(|it| &it.backup) {
        Some(inventory::Backup::At(finished)) => Backup::At {
            finished: *finished,
            own: false,
        },
        Some(inventory::Backup::Never) => Backup::Never,
        Some(inventory::Backup::Unknown(why)) => Backup::Unknown(why.clone()),
        None => Backup::Unknown(format!("{group} is no database that is known")),
    }
}

async fn own(reach: &Reach, (group, name): (&Group, &str), open: &Open) -> Backup {
    let Some(way) = way(group) else {
        return Backup::Failed(format!("nobody knows how a {} is backed up", group.kind));
    };
    match reach.get(&reference(way, group, name)).await {
        Ok(None) => Backup::Never,
        Ok(Some(it)) if it.label(RUN_UID) != Some(open.run.uid.as_str()) => {
            Backup::Failed(format!("{name} is another's backup"))
        }
        Ok(Some(it)) => told(way, &it),
        Err(failure) => Backup::Unknown(failure.to_string()),
    }
}

fn told(way: &Way, backup: &Object) -> Backup {
    let text = |path: &str| backup.value().pointer(path).and_then(Value::as_str);
    let state = text(way.state).unwrap_or_default();
    let finished: Option<Timestamp> = text(way.finished).and_then(|it| it.parse().ok());
    match finished {
        Some(finished) if state == way.made => Backup::At {
            finished,
            own: true,
        },
        _ if way.failed.contains(&state) => Backup::Failed(format!("its state is {state:?}")),
        _ => Backup::Running,
    }
}

/// Has a backup made under this name, unless it is there.
pub(super) async fn make(
    reach: &Reach,
    open: &Open,
    (name, group, beside): (&str, &Group, &Beside),
) -> Result<(), Failure> {
    let silent = Failure::Silent;
    let way = way(group)
        .ok_or_else(|| silent(format!("nobody knows how a {} is backed up", group.kind)))?;
    let databases = beside.objects((way.group, way.kind), &group.namespace);
    let databases = databases.unwrap_or_default();
    let database = databases
        .iter()
        .find(|it| group.name == it.reference().name.as_str())
        .ok_or_else(|| silent(format!("{group} cannot be seen")))?;
    let spec = (way.spec)(database)
        .ok_or_else(|| silent(format!("{group} says nothing of where backups go")))?;
    let it = reference(way, group, name);
    let value = json!({"apiVersion": it.api_version(), "kind": it.kind, "spec": spec,
        "metadata": {"name": name, "namespace": it.namespace, "labels": {
            RUN: open.run.name, RUN_UID: open.run.uid, MANAGED_BY.0: MANAGED_BY.1}}});
    let object = Object::new(value).map_err(|error| silent(error.to_string()))?;
    match reach.create(&object, false).await {
        Ok(_) => Ok(()),
        Err(there) if there.is_conflict() => Ok(()),
        Err(other) => Err(other),
    }
}

/// The kinds of which backups are made, group and kind.
pub(in crate::server) fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    WAYS.iter().map(|way| (way.group, way.backup))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(kind: usize, spec: &Value) -> Object {
        let way = &WAYS[kind];
        let value = json!({"apiVersion": format!("{}/{}", way.group, way.version), "kind": way.kind,
            "metadata": {"name": "main", "namespace": "db"}, "spec": spec});
        Object::new(value).unwrap()
    }

    #[test]
    fn it_is_asked_for_in_the_words_of_each_operator_or_not_at_all() {
        let storages = json!({"backup": {"storages": {"b": {}, "a": {}}}});
        let of = |kind: usize, spec: &Value| (WAYS[kind].spec)(&database(kind, spec));
        assert_eq!(
            of(0, &storages),
            Some(json!({"pxcCluster": "main", "storageName": "a"}))
        );
        for (kind, way) in WAYS.iter().enumerate() {
            assert_eq!(of(kind, &json!({})), None, "{}", way.kind);
        }
        let plugin = json!({"plugins": [{"name": "barman-cloud.cloudnative-pg.io"}]});
        assert_eq!(of(4, &plugin).unwrap()["method"], "plugin");
    }

    #[test]
    fn it_is_made_when_its_operator_says_so_with_a_time() {
        let backup = |status: Value| {
            let value = json!({"apiVersion": "pxc.percona.com/v1", "kind": "PerconaXtraDBClusterBackup",
                "metadata": {"name": "drill-1", "namespace": "db"}, "status": status});
            told(&WAYS[0], &Object::new(value).unwrap())
        };
        let completed = "2026-10-01T10:00:00Z";
        assert!(matches!(
            backup(json!({"state": "Succeeded", "completed": completed})),
            Backup::At { own: true, .. }
        ));
        assert_eq!(backup(json!({"state": "Succeeded"})), Backup::Running);
        assert_eq!(backup(json!({})), Backup::Running);
        assert!(matches!(
            backup(json!({"state": "Failed"})),
            Backup::Failed(_)
        ));
    }
}
